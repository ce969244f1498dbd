//! Strict-Transport-Security fields, and saved stores.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| petition_tests::fuzz::hsts(data));
