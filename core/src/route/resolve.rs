//! Name resolution: the interface that transports call, and static answers.
//!
//! The look-up itself happens outside core; the transports provide the system's resolver.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// A resolver: maps names to addresses.
pub trait Resolver: Send + Sync {
    /// Returns the addresses if they are known without blocking. A transport calls this first, on
    /// its own thread.
    fn known(&self, _host: &str, _port: u16) -> Option<Vec<SocketAddr>> {
        None
    }

    /// Returns the addresses of `host` with `port`, the preferred first. May block, for at most
    /// `left` if given. `host` is never an address.
    ///
    /// # Errors
    /// If the name has no addresses or the look-up failed; [`io::ErrorKind::TimedOut`] if `left`
    /// elapsed.
    fn resolve(&self, host: &str, port: u16, left: Option<Duration>) -> io::Result<Vec<SocketAddr>>;
}

/// A resolver with static answers, and an optional fallback for all other names.
///
/// ```
/// use petition_core::route::resolve::{Resolver, StaticResolver};
///
/// let resolver = StaticResolver::new().with("a.test", ["127.0.0.1".parse()?]);
/// assert_eq!(resolver.resolve("A.test", 80, None)?, ["127.0.0.1:80".parse()?]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct StaticResolver {
    answers: BTreeMap<String, Vec<IpAddr>>,
    other: Option<Box<dyn Resolver>>,
}

impl StaticResolver {
    /// Creates a resolver without answers, which knows no name.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds these addresses for this name, which compares ignoring case.
    #[must_use]
    pub fn with(mut self, name: &str, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        self.answers.insert(name.to_ascii_lowercase(), addresses.into_iter().collect());
        self
    }

    /// Sets the resolver for all other names.
    #[must_use]
    pub fn or(mut self, other: impl Resolver + 'static) -> Self {
        self.other = Some(Box::new(other));
        self
    }
}

impl fmt::Debug for StaticResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticResolver").field("answers", &self.answers).finish_non_exhaustive()
    }
}

impl Resolver for StaticResolver {
    fn known(&self, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        match self.answers.get(&host.to_ascii_lowercase()) {
            Some(addresses) => Some(addresses.iter().map(|ip| SocketAddr::new(*ip, port)).collect()),
            None => self.other.as_ref()?.known(host, port),
        }
    }

    fn resolve(&self, host: &str, port: u16, left: Option<Duration>) -> io::Result<Vec<SocketAddr>> {
        match (self.known(host, port), &self.other) {
            (Some(addresses), _) => Ok(addresses),
            (None, Some(other)) => other.resolve(host, port, left),
            (None, None) => Err(io::Error::new(io::ErrorKind::NotFound, "the static resolver does not know this name")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn static_answers_precede_the_fallback_in_order() {
        let resolver =
            StaticResolver::new().with("A.test", [Ipv4Addr::new(10, 0, 0, 2).into(), Ipv4Addr::LOCALHOST.into()]);
        let found = resolver.resolve("a.TEST", 80, None).unwrap();
        assert_eq!(found, ["10.0.0.2:80".parse().unwrap(), "127.0.0.1:80".parse().unwrap()]);
        assert_eq!(resolver.resolve("b.test", 80, None).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(StaticResolver::new().or(resolver).known("a.test", 1).unwrap().len(), 2);
    }
}
