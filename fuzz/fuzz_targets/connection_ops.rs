//! Sequences of operations upon a connection of HTTP/1.1.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| petition_tests::fuzz::connection_ops(data));
