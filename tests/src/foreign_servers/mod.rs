//! Foreign servers and proxies on loopback, where they are installed.
//!
//! Each helper returns `None`, and prints why, if its program is missing; the test then returns. If
//! the environment variable `PETITION_REQUIRE_PEERS` is set, a missing program is a failure, so
//! that CI skips none silently.

mod origins;
mod process;
mod proxies;
mod servers;

pub use self::origins::{LOGIN, Origin, Program, Settings, TlsVersion};
pub use self::process::Process;
pub use self::proxies::{microsocks, squid, squid_with_digest, tinyproxy};
pub use self::servers::{Nginx, nginx, openssl_server, openssl_server_with_weak_certificate};
