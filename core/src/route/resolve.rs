//! Names to addresses: what a transport asks, and answers that are given beforehand.
//!
//! The look-up itself is the world's business; the transports bring the system's resolver.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Looks up names.
pub trait Resolver: Send + Sync {
    /// The addresses, if they are known without waiting for anything. A transport asks this first, on its own thread.
    fn known(&self, _host: &str, _port: u16) -> Option<Vec<SocketAddr>> {
        None
    }

    /// The addresses of `host` with `port`, the most wanted first; within `left` if that is given. `host` is never an address.
    /// May block.
    ///
    /// # Errors
    /// When the name has no addresses or the look-up failed; [`io::ErrorKind::TimedOut`] when time ran out.
    fn resolve(&self, host: &str, port: u16, left: Option<Duration>) -> io::Result<Vec<SocketAddr>>;
}

/// Answers given beforehand, and another resolver for every other name.
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
    /// No answers yet; every name is unknown.
    pub fn new() -> Self {
        Self::default()
    }

    /// These addresses for this name, in any case of its letters.
    #[must_use]
    pub fn with(mut self, name: &str, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        self.answers.insert(name.to_ascii_lowercase(), addresses.into_iter().collect());
        self
    }

    /// Every other name goes to this resolver.
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
            (None, None) => Err(io::Error::new(io::ErrorKind::NotFound, "the name is not among the static answers")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn static_answers_come_first_and_keep_their_order() {
        let resolver =
            StaticResolver::new().with("A.test", [Ipv4Addr::new(10, 0, 0, 2).into(), Ipv4Addr::LOCALHOST.into()]);
        let found = resolver.resolve("a.TEST", 80, None).unwrap();
        assert_eq!(found, ["10.0.0.2:80".parse().unwrap(), "127.0.0.1:80".parse().unwrap()]);
        assert_eq!(resolver.resolve("b.test", 80, None).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(StaticResolver::new().or(resolver).known("a.test", 1).unwrap().len(), 2);
    }
}
