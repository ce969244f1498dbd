//! Layers of a byte path against any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| petition_tests::fuzz::layers(data));
