//! The test kit: scripted and httpbin-like servers, and the drivers of the conformance material.
#![forbid(unsafe_code)]
