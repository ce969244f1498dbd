//! The test kit: servers, proxies and certificates on loopback, and the finding of foreign peers.
//!
//! - [`server::Scripted`] follows a script byte by byte and can stall, split, reset and close.
//! - [`httpbin::Httpbin`] answers as httpbin does, plain or under TLS.
//! - [`tls`] makes certificates at run time and endpoints that misbehave.
//! - [`proxy::Proxy`] forwards and tunnels, and can refuse.
//! - [`foreign_servers`] starts nginx, OpenSSL, tinyproxy and Squid where they are installed.
//! - [`support`] is what the tests of `petition-std` share.
//!
//! No wait of the kit is without end: what does not come within [`net::PATIENCE`] panics with what was waited for. No
//! test needs to sleep. Nothing here uses Petition's own code, so that it can judge it; but for [`memory`], which drives its
//! machines in a world in memory with a virtual clock, and [`support`].
#![forbid(unsafe_code)]

pub mod foreign_servers;
pub mod fuzz;
pub mod httpbin;
pub mod memory;
pub mod mutations;
pub mod net;
pub mod proxy;
pub mod raw;
pub mod rng;
pub mod server;
pub mod sim;
pub mod support;
pub mod tls;
