//! Sequences of operations on an HTTP/1.1 connection.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| petition_tests::fuzz::connection_ops(data));
