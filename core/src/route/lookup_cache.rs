//! The look-up cache: answers of the resolver that later connections reuse.
//!
//! The resolver reports no time to live (`getaddrinfo` has none), so the caller sets one. Only
//! addresses are cached. After a failed look-up or an answer without addresses, the next request
//! looks up the name again.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::time::Instant;

/// The maximum number of addresses in a cached answer. A longer answer is used, but not cached.
const MAX_ADDRESSES: usize = 64;

/// The time to live of cached look-ups, and their maximum number.
///
/// The [`AddressPolicy`](super::address_policy::AddressPolicy) of each request applies to cached
/// addresses. If every cached address fails, the name is looked up again at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookupCache {
    ttl: Duration,
    entries: usize,
}

impl LookupCache {
    /// Caches answers until they are this old. At most 256 names are cached.
    pub const fn new(ttl: Duration) -> LookupCache {
        LookupCache { ttl, entries: 256 }
    }

    /// Sets the maximum number of cached names. Beyond it, a new answer replaces the oldest.
    #[must_use]
    pub const fn entries(mut self, most: usize) -> LookupCache {
        self.entries = most;
        self
    }
}

/// A name and a port.
type Name = (Arc<str>, u16);

/// The cached answers of a session.
#[derive(Debug, Default)]
pub(crate) struct KnownNames {
    answers: BTreeMap<Name, Answer>,
    /// The names by the number of their answer, oldest first.
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
    /// Returns the cached addresses of a name. Removes them and returns `None` if they are too old.
    pub(crate) fn find(&mut self, host: &str, port: u16, cache: LookupCache, now: Instant) -> Option<&[SocketAddr]> {
        let name = (Arc::from(host), port);
        if now - self.answers.get(&name)?.since >= cache.ttl {
            self.remove(&name);
            return None;
        }
        self.answers.get(&name).map(|answer| &*answer.addresses)
    }

    /// Caches an answer, and replaces an earlier one for the same name.
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
        // If the clock goes backwards, no answer expires.
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
