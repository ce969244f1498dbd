//! Responses and requests as another parser reads them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| petition_tests::fuzz::differential(data));
