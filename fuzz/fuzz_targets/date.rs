//! Cookie and HTTP dates.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| petition_tests::fuzz::date(data));
