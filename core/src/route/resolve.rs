//! Name resolution: the interface that transports call.
//!
//! The look-up itself happens outside core; the transports provide the system's resolver. Core asks
//! for it only if the name has no [static address](super::static_addresses), and is neither an IP
//! address nor a loopback name.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// A resolver: maps names to addresses.
pub trait Resolver: Send + Sync {
    /// Returns the addresses of `host` with `port`, the preferred first. May block, for at most
    /// `left` if given. `host` is never an address.
    ///
    /// # Errors
    /// If the name has no addresses or the look-up failed; [`io::ErrorKind::TimedOut`] if `left`
    /// elapsed.
    fn resolve(&self, host: &str, port: u16, left: Option<Duration>) -> io::Result<Vec<SocketAddr>>;
}
