//! Sequences of operations on an engine.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| petition_tests::fuzz::engine_ops(data));
