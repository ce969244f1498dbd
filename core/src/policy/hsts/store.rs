//! The hosts that asked for https, and until when.

use std::collections::BTreeMap;

use url::{Host, Url};

use super::field;
use crate::time::UnixTime;

/// How many hosts are stored. Beyond that, the host whose entry ends first is forgotten.
const MAX_ENTRIES: usize = 2_000;

/// The longest name of DNS. Longer hosts are not stored, which bounds the cost of a look-up.
const MAX_HOST_BYTES: usize = 253;

/// The hosts of a session that are reached over https only (RFC 6797). Stores at most 2000 hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HstsStore {
    entries: BTreeMap<Box<str>, HstsEntry>,
}

/// What is stored for one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HstsEntry {
    /// The entry applies before this time.
    pub expires: UnixTime,
    /// Whether it applies to the host's sub-domains too.
    pub include_subdomains: bool,
}

impl HstsStore {
    /// Whether requests for this host go over https at this time: the host has an entry, or a
    /// domain above it has one that includes its sub-domains. Never for an IP address.
    pub fn applies(&self, url: &Url, now: UnixTime) -> bool {
        if self.entries.is_empty() {
            return false;
        }
        let Some(host) = host_of(url) else { return false };
        let is_valid = |name: &str| self.entries.get(name).filter(|entry| now < entry.expires);
        let mut above = host;
        is_valid(host).is_some()
            || std::iter::from_fn(|| {
                above = above.split_once('.')?.1;
                Some(above)
            })
            .any(|name| is_valid(name).is_some_and(|entry| entry.include_subdomains))
    }

    /// Changes the scheme of a URL to https if [`applies`](HstsStore::applies) is true; then
    /// returns true. Port 80 becomes 443, and other ports stay (RFC 6797 §8.3).
    pub fn upgrade(&self, url: &mut Url, now: UnixTime) -> bool {
        if url.scheme() != "http" || !self.applies(url, now) {
            return false;
        }
        // A URL without a port has port 80 under http, and 443 under https.
        url.set_scheme("https").is_ok()
    }

    /// Stores what the Strict-Transport-Security field of a response asks for, or forgets its host
    /// if `max-age` is 0. `url` is the URL of the request. Ignores http URLs, IP addresses and
    /// malformed fields. If a response has several fields, only its first counts.
    ///
    /// The caller vouches that TLS reported no error, not even one that it was told to accept.
    pub fn receive(&mut self, url: &Url, field: &[u8], now: UnixTime) {
        let Some(host) = host_of(url).filter(|_| url.scheme() == "https") else { return };
        let Some(directives) = field::parse(field) else { return };
        if directives.max_age == 0 {
            self.entries.remove(host);
            return;
        }
        let expires = now.saturating_add(directives.max_age);
        self.put(host, HstsEntry { expires, include_subdomains: directives.include_subdomains }, now);
    }

    /// Returns the hosts with their entries, sorted by host. They may have expired.
    pub fn iter(&self) -> impl Iterator<Item = (&str, HstsEntry)> {
        self.entries.iter().map(|(host, entry)| (&**host, *entry))
    }

    /// Returns the number of stored hosts.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no host is stored.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets all hosts.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    pub(super) fn put(&mut self, host: &str, entry: HstsEntry, now: UnixTime) {
        if self.entries.len() >= MAX_ENTRIES && !self.entries.contains_key(host) {
            self.entries.retain(|_, entry| now < entry.expires);
            if self.entries.len() >= MAX_ENTRIES {
                let first = self.entries.iter().min_by_key(|(_, entry)| entry.expires);
                if let Some(first) = first.map(|(host, _)| host.clone()) {
                    self.entries.remove(&first);
                }
            }
        }
        self.entries.insert(host.into(), entry);
    }
}

/// Returns the canonical name of a URL's host: lower case, A-labels, no trailing dot. `None` for an
/// IP address and for a name that DNS does not allow.
pub(super) fn host_of(url: &Url) -> Option<&str> {
    let Some(Host::Domain(host)) = url.host() else { return None };
    let host = host.strip_suffix('.').unwrap_or(host);
    (!host.is_empty() && host.len() <= MAX_HOST_BYTES).then_some(host)
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
