//! Sequences of operations on a transfer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| petition_tests::fuzz::transfer_ops(data));
