//! The test kit does what it says.
#![forbid(unsafe_code)]

mod foreign_servers;
mod httpbin;
mod proxy;
mod scripted;
mod tls;
