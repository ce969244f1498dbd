//! Sequences of operations on a link.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| petition_tests::fuzz::link_ops(data));
