//! The cache of look-ups: answers of the resolver that later connections use again.
//!
//! A resolver tells no time to live (`getaddrinfo` has none), so the caller sets one. Only addresses
//! are kept. A failed look-up and a name without addresses are looked up again by the next request.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::time::Instant;

/// The most addresses of one kept answer. A longer one is used, but not kept.
const MAX_ADDRESSES: usize = 64;

/// How long the answers of look-ups are used again, and how many are kept.
///
/// The [`AddressPolicy`](super::address_policy::AddressPolicy) of each request applies to kept
/// addresses. If none of them can be connected to, the name is looked up again at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookupCache {
    ttl: Duration,
    entries: usize,
}

impl LookupCache {
    /// Uses an answer for later connections until it is this old. At most 256 names are kept.
    pub const fn new(ttl: Duration) -> LookupCache {
        LookupCache { ttl, entries: 256 }
    }

    /// Sets how many names are kept. One more replaces the oldest answer.
    #[must_use]
    pub const fn entries(mut self, most: usize) -> LookupCache {
        self.entries = most;
        self
    }
}

/// A name and a port.
type Name = (Arc<str>, u16);

/// The answers that a session keeps.
#[derive(Debug, Default)]
pub(crate) struct KnownNames {
    answers: BTreeMap<Name, Answer>,
    /// The names by the number of their answer, the oldest first.
    order: BTreeMap<u64, Name>,
    next: u64,
}

#[derive(Debug)]
struct Answer {
    number: u64,
    since: Instant,
    addresses: Box<[SocketAddr]>,
}

impl KnownNames {
    /// Returns the addresses of a name, unless they are too old. An old answer is removed.
    pub(crate) fn find(&mut self, host: &str, port: u16, cache: LookupCache, now: Instant) -> Option<&[SocketAddr]> {
        let name = (Arc::from(host), port);
        if now - self.answers.get(&name)?.since >= cache.ttl {
            self.remove(&name);
            return None;
        }
        self.answers.get(&name).map(|answer| &*answer.addresses)
    }

    /// Keeps an answer, in place of an earlier one.
    pub(crate) fn insert(&mut self, host: &str, port: u16, addresses: &[SocketAddr], cache: LookupCache, now: Instant) {
        let name: Name = (host.into(), port);
        self.remove(&name);
        if addresses.is_empty() || addresses.len() > MAX_ADDRESSES || cache.entries == 0 {
            return;
        }
        while self.answers.len() >= cache.entries
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.answers.remove(&oldest);
        }
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.order.insert(number, name.clone());
        self.answers.insert(name, Answer { number, since: now, addresses: addresses.into() });
    }

    fn remove(&mut self, name: &Name) {
        if let Some(answer) = self.answers.remove(name) {
            self.order.remove(&answer.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CACHE: LookupCache = LookupCache::new(Duration::from_secs(60)).entries(2);

    fn at(seconds: u64) -> Instant {
        Instant::from_origin(Duration::from_secs(seconds))
    }

    fn address(last: u8) -> SocketAddr {
        ([192, 0, 2, last], 80).into()
    }

    #[test]
    fn answer_is_used_until_it_is_too_old() {
        let mut names = KnownNames::default();
        names.insert("a.test", 80, &[address(1), address(2)], CACHE, at(10));
        assert_eq!(names.find("a.test", 80, CACHE, at(69)), Some(&[address(1), address(2)][..]));
        assert_eq!(names.find("a.test", 81, CACHE, at(69)), None);
        // A clock that goes back makes nothing older.
        assert!(names.find("a.test", 80, CACHE, at(0)).is_some());
        let shorter = LookupCache::new(Duration::from_secs(5));
        assert_eq!(names.find("a.test", 80, shorter, at(15)), None);
        assert_eq!(names.find("a.test", 80, CACHE, at(15)), None, "it was removed");
        names.insert("a.test", 80, &[address(1)], LookupCache::new(Duration::ZERO), at(20));
        assert_eq!(names.find("a.test", 80, LookupCache::new(Duration::ZERO), at(20)), None);
    }

    #[test]
    fn oldest_answer_makes_room_for_another() {
        let mut names = KnownNames::default();
        for (host, second) in [("a", 0), ("b", 1), ("a", 2), ("c", 3)] {
            names.insert(host, 80, &[address(second)], CACHE, at(second.into()));
            assert_eq!(names.answers.len(), names.order.len());
        }
        let found = ["a", "b", "c"].map(|host| names.find(host, 80, CACHE, at(4)).map(<[SocketAddr]>::to_vec));
        assert_eq!(found, [Some(vec![address(2)]), None, Some(vec![address(3)])]);
        names.insert("d", 80, &[address(4)], CACHE.entries(1), at(4));
        assert_eq!((names.answers.len(), names.order.len()), (1, 1));
        names.insert("e", 80, &[address(5)], CACHE.entries(0), at(4));
        assert!(names.find("e", 80, CACHE, at(4)).is_none() && names.find("d", 80, CACHE, at(4)).is_some());
    }

    #[test]
    fn t85_empty_and_endless_answers_are_not_kept() {
        let mut names = KnownNames::default();
        names.insert("a.test", 80, &[address(1)], CACHE, at(0));
        names.insert("a.test", 80, &[], CACHE, at(1));
        names.insert("b.test", 80, &vec![address(1); MAX_ADDRESSES + 1], CACHE, at(1));
        assert!(names.answers.is_empty() && names.order.is_empty(), "{names:?}");
        names.insert("b.test", 80, &vec![address(1); MAX_ADDRESSES], CACHE, at(1));
        assert_eq!(names.answers.len(), 1);
    }
}
