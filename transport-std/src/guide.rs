//! Shows sessions, requests, responses, cookies, TLS, proxies, deadlines and errors by example.
//!
#![doc = include_str!("guide.md")]
