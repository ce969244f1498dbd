//! URLs as a caller gives them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| petition_tests::fuzz::url(data));
