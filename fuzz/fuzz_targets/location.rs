//! Location fields as a server sends them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| petition_tests::fuzz::location(data));
