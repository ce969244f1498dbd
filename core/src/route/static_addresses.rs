//! Static addresses: the addresses of names without a look-up, like curl's `--resolve`.
//!
//! They apply wherever this client would look up a name: the host of a URL, a proxy, or a target of
//! [`ConnectTo`](super::connect_to::ConnectTo), including origins behind a SOCKS proxy that
//! receives addresses. The address policy applies to them as to any answer.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::host_port::{HostPortError, parse_name, without_dot};

/// Addresses that replace the look-up of names. Cloning is cheap.
///
/// A request's entries are added to the session's, and replace those for the same name and port.
///
/// ```
/// use petition_core::route::static_addresses::StaticAddresses;
///
/// let mut names = StaticAddresses::new();
/// names.set("api.example", 443, ["192.0.2.1".parse()?])?;
/// assert_eq!(names.find("API.example.", 443), Some(vec!["192.0.2.1:443".parse()?]));
/// assert_eq!(names.find("api.example", 80), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaticAddresses(Option<Arc<BTreeMap<Box<str>, Vec<Entry>>>>);

/// The addresses of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// `None` for every port without an entry of its own.
    port: Option<u16>,
    /// `None` if the name is looked up, even if the session has addresses for it.
    addresses: Option<Arc<[IpAddr]>>,
}

impl StaticAddresses {
    /// Creates an empty list: every name is looked up.
    pub const fn new() -> Self {
        StaticAddresses(None)
    }

    /// Sets the addresses of a name for this port, the preferred one first. If there are none,
    /// every connection to the name fails with
    /// [`NoAddresses`](super::dial::DialError::NoAddresses).
    ///
    /// # Errors
    /// If `host` is not a valid name, or is an address.
    pub fn set(
        &mut self,
        host: &str,
        port: u16,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Result<(), HostPortError> {
        self.insert(host, Some(port), Some(addresses.into_iter().collect()))
    }

    /// Sets the addresses of a name for every port that has no addresses of its own.
    ///
    /// # Errors
    /// As [`StaticAddresses::set`].
    pub fn set_all_ports(
        &mut self,
        host: &str,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Result<(), HostPortError> {
        self.insert(host, None, Some(addresses.into_iter().collect()))
    }

    /// Removes all addresses of a name, including the session's. The name is looked up.
    ///
    /// # Errors
    /// As [`StaticAddresses::set`].
    pub fn remove(&mut self, host: &str) -> Result<(), HostPortError> {
        let name = parse_name(host)?;
        self.entries().insert(name, vec![Entry { port: None, addresses: None }]);
        Ok(())
    }

    /// Returns the addresses of a name, with this port; `None` if the name is looked up.
    pub fn find(&self, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        let name = without_dot(host).to_ascii_lowercase();
        let entries = self.0.as_ref()?.get(&*name)?;
        let of = |wanted| entries.iter().find(|entry| entry.port == wanted);
        let addresses = of(Some(port)).or_else(|| of(None))?.addresses.as_ref()?;
        Some(addresses.iter().map(|ip| SocketAddr::new(*ip, port)).collect())
    }

    /// Whether no name has an entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns this level's list layered over `lower`.
    pub(crate) fn layered_over(&self, lower: &StaticAddresses) -> StaticAddresses {
        let (Some(own), Some(_)) = (&self.0, &lower.0) else {
            return if self.is_empty() { lower.clone() } else { self.clone() };
        };
        let mut merged = lower.clone();
        for (name, entries) in &**own {
            let below = merged.entries().entry(name.clone()).or_default();
            if entries.iter().any(|entry| entry.port.is_none()) {
                below.clear();
            }
            entries.iter().for_each(|entry| put(below, entry.clone()));
        }
        merged
    }

    fn insert(&mut self, host: &str, port: Option<u16>, addresses: Option<Arc<[IpAddr]>>) -> Result<(), HostPortError> {
        let name = parse_name(host)?;
        put(self.entries().entry(name).or_default(), Entry { port, addresses });
        Ok(())
    }

    fn entries(&mut self) -> &mut BTreeMap<Box<str>, Vec<Entry>> {
        Arc::make_mut(self.0.get_or_insert_default())
    }
}

/// Adds an entry, or replaces the one for the same port.
fn put(entries: &mut Vec<Entry>, entry: Entry) {
    match entries.iter_mut().find(|known| known.port == entry.port) {
        Some(known) => *known = entry,
        None => entries.push(entry),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn found(names: &StaticAddresses, host: &str, port: u16) -> Option<Vec<String>> {
        Some(names.find(host, port)?.iter().map(SocketAddr::to_string).collect())
    }

    #[test]
    fn addresses_belong_to_a_name_and_its_port() {
        let mut names = StaticAddresses::new();
        assert!(names.is_empty());
        names.set("Bücher.test", 443, [ip("192.0.2.1"), ip("2001:db8::1")]).unwrap();
        names.set_all_ports("a.test.", [ip("192.0.2.2")]).unwrap();
        names.set("a.test", 80, []).unwrap();
        let both = ["192.0.2.1:443", "[2001:db8::1]:443"].map(str::to_owned);
        assert_eq!(found(&names, "xn--bcher-kva.test", 443), Some(both.to_vec()));
        assert_eq!(found(&names, "xn--bcher-kva.test", 80), None);
        assert_eq!(found(&names, "A.TEST.", 8080), Some(vec!["192.0.2.2:8080".to_owned()]));
        assert_eq!(found(&names, "a.test", 80), Some(vec![]));
        assert_eq!(found(&names, "b.a.test", 80), None);
        names.set("a.test", 80, [ip("192.0.2.3")]).unwrap();
        assert_eq!(found(&names, "a.test", 80), Some(vec!["192.0.2.3:80".to_owned()]));
        assert_eq!(names.set("127.0.0.1", 80, []), Err(HostPortError::Address));
    }

    #[test]
    fn upper_level_replaces_names_port_by_port() {
        let (mut session, mut request) = (StaticAddresses::new(), StaticAddresses::new());
        session.set("a.test", 80, [ip("192.0.2.1")]).unwrap();
        session.set("a.test", 443, [ip("192.0.2.2")]).unwrap();
        session.set("b.test", 80, [ip("192.0.2.3")]).unwrap();
        session.set("c.test", 80, [ip("192.0.2.4")]).unwrap();
        assert_eq!(request.layered_over(&session), session);
        request.set("a.test", 80, [ip("192.0.2.5")]).unwrap();
        request.remove("b.test").unwrap();
        request.set_all_ports("c.test", [ip("192.0.2.6")]).unwrap();
        let merged = request.layered_over(&session);
        assert_eq!(found(&merged, "a.test", 80), Some(vec!["192.0.2.5:80".to_owned()]));
        assert_eq!(found(&merged, "a.test", 443), Some(vec!["192.0.2.2:443".to_owned()]));
        assert_eq!(found(&merged, "b.test", 80), None);
        assert_eq!(found(&merged, "c.test", 80), Some(vec!["192.0.2.6:80".to_owned()]));
        assert_eq!(request.layered_over(&StaticAddresses::new()), request);
    }
}
