//! The test kit: servers, proxies and certificates on loopback, foreign servers, and two simulated
//! worlds.
//!
//! - [`server::Scripted`] follows a script byte by byte and can stall, split, reset and close.
//! - [`httpbin::Httpbin`] answers as httpbin does, plain or under TLS.
//! - [`tls`] makes certificates at run time and endpoints that misbehave.
//! - [`proxy::Proxy`] forwards and tunnels, and can refuse.
//! - [`foreign_servers`] starts nginx, OpenSSL, tinyproxy, Squid and microsocks where they are installed.
//! - [`memory`] drives transfers against scripted peers in virtual time.
//! - [`sim`] plays random scenarios against model servers in virtual time.
//! - [`fuzz`] holds the bodies of the fuzz targets.
//! - [`support`] holds what the tests of the transports share.
//!
//! Every wait has a limit: a wait that exceeds [`net::PATIENCE`] panics and says what it waited
//! for. No test needs to sleep. The servers do not use Petition's own code, so that they can judge
//! it.
#![forbid(unsafe_code)]

pub mod foreign_servers;
pub mod fuzz;
pub mod httpbin;
pub mod memory;
pub mod mutations;
pub mod net;
mod network;
pub mod proxy;
pub mod raw;
pub mod rng;
pub mod server;
pub mod sim;
pub mod support;
pub mod tls;
