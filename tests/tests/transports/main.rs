//! Properties of both transports.
#![forbid(unsafe_code)]

mod authentication;
mod caller_code;
mod connectors;
mod cookie_files;
mod errors;
mod events;
mod examples;
mod fields;
mod forked;
mod hsts;
mod multipart;
mod names;
mod origins;
mod proxy_environment;
mod redaction;
mod secrets;
mod socks;
mod trust;
#[cfg(unix)]
mod unix_sockets;
