//! The test kit does what it says.
#![forbid(unsafe_code)]

mod httpbin;
mod peers;
mod proxy;
mod scripted;
mod tls;
