//! Challenges of responses, and netrc texts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| petition_tests::fuzz::challenge(data));
