//! Content-Disposition fields from a server.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| petition_tests::fuzz::disposition(data));
