//! Tests of the test kit.
#![forbid(unsafe_code)]

mod foreign_servers;
mod httpbin;
mod proxy;
mod scripted;
mod tls;
