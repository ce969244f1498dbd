//! The hosts that asked for https, and until when.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use url::{Host, Url};

use super::field;
use crate::http_date::civil::LAST_SECOND;
use crate::time::UnixTime;

/// The maximum number of stored hosts.
const MAX_ENTRIES: usize = 2_000;

/// The maximum length of a DNS name. Longer hosts are not stored, which bounds a search's cost.
const MAX_HOST_BYTES: usize = 253;

/// The hosts of a session that are reached over https only (RFC 6797).
///
/// Stores at most 2,000 hosts. Beyond that, the entry that expires first is removed. See the option
/// [`hsts`](crate::Options::hsts).
///
/// ```
/// use petition_core::policy::hsts::HstsStore;
/// use petition_core::{UnixTime, Url};
///
/// let (mut store, now) = (HstsStore::default(), UnixTime(1_000));
/// store.receive(&"https://example.com/".parse()?, b"max-age=31536000", now);
/// let mut url: Url = "http://example.com/page".parse()?;
/// assert!(store.upgrade(&mut url, now));
/// assert_eq!(url.as_str(), "https://example.com/page");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HstsStore {
    entries: BTreeMap<Arc<str>, HstsEntry>,
    /// The hosts, ordered by the expiry of their entries.
    by_end: BTreeSet<(UnixTime, Arc<str>)>,
}

/// The entry of one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HstsEntry {
    /// The entry applies before this time.
    pub expires: UnixTime,
    /// Whether it also applies to the host's subdomains.
    pub include_subdomains: bool,
}

impl HstsStore {
    /// Returns whether requests for this host go over https at this time: the host has an entry, or
    /// a parent domain has one that includes its subdomains. False for an IP address.
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

    /// Changes the scheme of an http URL to https if [`applies`](HstsStore::applies) is true.
    /// Returns whether it changed the URL. Port 80 becomes 443; other ports stay (RFC 6797 §8.3).
    pub fn upgrade(&self, url: &mut Url, now: UnixTime) -> bool {
        if url.scheme() != "http" || !self.applies(url, now) {
            return false;
        }
        // A URL without a port has port 80 under http, and 443 under https.
        url.set_scheme("https").is_ok()
    }

    /// Stores the host of a response with this Strict-Transport-Security field, or removes its
    /// entry if `max-age` is 0. `url` is the URL of the request. Ignores http URLs, IP addresses
    /// and malformed fields. If a response has several such fields, pass only the first.
    ///
    /// The caller guarantees that TLS reported no error, not even one that is configured to be
    /// accepted.
    pub fn receive(&mut self, url: &Url, field: &[u8], now: UnixTime) {
        let Some(host) = host_of(url).filter(|_| url.scheme() == "https") else { return };
        let Some(directives) = field::parse(field) else { return };
        if directives.max_age == 0 {
            self.remove(host);
            return;
        }
        let expires = end(now, directives.max_age);
        self.put(host, HstsEntry { expires, include_subdomains: directives.include_subdomains });
    }

    /// Returns the hosts with their entries, sorted by host. Entries may have expired.
    pub fn iter(&self) -> impl Iterator<Item = (&str, HstsEntry)> {
        self.entries.iter().map(|(host, entry)| (&**host, *entry))
    }

    /// Returns the number of stored hosts.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether no host is stored.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Removes all hosts.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.by_end.clear();
    }

    pub(super) fn get(&self, host: &str) -> Option<&HstsEntry> {
        self.entries.get(host)
    }

    /// Stores an entry. If the store is full, this removes the entry with the earliest expiry, so
    /// expired entries go first.
    pub(super) fn put(&mut self, host: &str, entry: HstsEntry) {
        self.remove(host);
        if self.entries.len() >= MAX_ENTRIES
            && let Some((_, first)) = self.by_end.pop_first()
        {
            self.entries.remove(&first);
        }
        let host: Arc<str> = host.into();
        self.by_end.insert((entry.expires, host.clone()));
        self.entries.insert(host, entry);
    }

    fn remove(&mut self, host: &str) {
        if let Some((host, entry)) = self.entries.remove_entry(host) {
            self.by_end.remove(&(entry.expires, host));
        }
    }
}

impl fmt::Debug for HstsStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Returns the expiry of an entry. Beyond the year 9999, it never expires.
fn end(now: UnixTime, max_age: u64) -> UnixTime {
    let end = now.saturating_add(max_age);
    if end.0 > LAST_SECOND { UnixTime(u64::MAX) } else { end }
}

/// Returns the canonical name of a URL's host: lower case, A-labels, no trailing dot. `None` for an
/// IP address and for a name that DNS does not allow.
pub(super) fn host_of(url: &Url) -> Option<&str> {
    let Some(Host::Domain(host)) = url.host() else { return None };
    let host = host.strip_suffix('.').unwrap_or(host);
    let has_labels = host.split('.').all(|label| !label.is_empty());
    (has_labels && host.len() <= MAX_HOST_BYTES).then_some(host)
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
