//! The idle connections in two orders: those of one hash, newest first, and all of them, oldest first.
//!
//! A slab with links, so that putting and removing allocate only when the idle_list is fuller than it ever was.

use super::Pooled;
use crate::time::Instant;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

#[derive(Debug)]
pub(super) struct Entry<K, T> {
    pub(super) pooled: Pooled<K, T>,
    pub(super) expires: Instant,
    pub(super) hash: u64,
    stamp: u32,
    /// Of the same hash.
    older_of_hash: Option<u32>,
    older: Option<u32>,
    newer: Option<u32>,
}

/// The entries of one hash; perhaps none, since the next connection of that hash is likely to come back soon.
#[derive(Clone, Copy, Debug, Default)]
struct Chain {
    newest: Option<u32>,
    len: usize,
}

/// Empty chains that are not worth a sweep.
const SLACK: usize = 32;

/// A place and what tells its present entry from earlier ones, but for those of four thousand million puts ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket {
    stamp: u32,
    place: u32,
}

#[derive(Debug)]
pub(super) struct IdleList<K, T> {
    slots: Vec<Option<Entry<K, T>>>,
    free: Vec<u32>,
    of_hash: HashMap<u64, Chain, BuildSame>,
    newest: Option<u32>,
    oldest: Option<u32>,
    len: usize,
    stamp: u32,
}

impl<K, T> IdleList<K, T> {
    pub(super) fn new() -> Self {
        IdleList {
            slots: Vec::new(),
            free: Vec::new(),
            of_hash: HashMap::default(),
            newest: None,
            oldest: None,
            len: 0,
            stamp: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry<K, T>> {
        self.slots.iter().flatten()
    }

    /// The place of the entry that was put first.
    pub(super) fn oldest(&self) -> Option<u32> {
        self.oldest
    }

    /// Takes out the newest of those entries.
    pub(super) fn take_newest_where(&mut self, hash: u64, which: impl Fn(&Entry<K, T>) -> bool) -> Option<Entry<K, T>> {
        let chain = self.of_hash.get_mut(&hash)?;
        let (mut newer, mut at) = (None, chain.newest);
        let (place, older) = loop {
            let place = at?;
            let entry = self.slots.get(place as usize)?.as_ref()?;
            if which(entry) {
                break (place, entry.older_of_hash);
            }
            (newer, at) = (Some(place), entry.older_of_hash);
        };
        chain.len -= 1;
        match newer {
            None => chain.newest = older,
            Some(newer) => self.slots.get_mut(newer as usize)?.as_mut()?.older_of_hash = older,
        }
        self.take(place)
    }

    pub(super) fn oldest_where(&self, hash: u64, which: impl Fn(&Entry<K, T>) -> bool) -> Option<u32> {
        self.chain(hash).filter(|(_, entry)| which(entry)).last().map(|(place, _)| place)
    }

    /// The oldest of the entries that have the key of this one, where they are more than `limit`.
    pub(super) fn oldest_beyond(&self, ticket: Ticket, limit: usize) -> Option<u32>
    where
        K: PartialEq,
    {
        let entry = self.get(ticket.place)?;
        let mut of_key = self.chain(entry.hash).filter(|(_, other)| other.pooled.key == entry.pooled.key);
        let (beyond, _) = of_key.nth(limit)?;
        Some(of_key.last().map_or(beyond, |(oldest, _)| oldest))
    }

    /// The place of a ticket, if its entry is still there.
    pub(super) fn place(&self, ticket: Ticket) -> Option<u32> {
        self.get(ticket.place).is_some_and(|entry| entry.stamp == ticket.stamp).then_some(ticket.place)
    }

    /// Also says how many entries have this hash now: at least as many as have the key.
    pub(super) fn put(&mut self, hash: u64, pooled: Pooled<K, T>, expires: Instant) -> (Ticket, usize) {
        self.stamp = self.stamp.wrapping_add(1);
        let stamp = self.stamp;
        let place = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        if self.of_hash.len() >= 2 * self.slots.len() + SLACK {
            self.of_hash.retain(|_, chain| chain.len > 0);
        }
        let chain = self.of_hash.entry(hash).or_default();
        chain.len += 1;
        let of_hash = chain.len;
        let older_of_hash = chain.newest.replace(place);
        let older = self.newest.replace(place);
        match older.and_then(|older| self.get_mut(older)) {
            Some(entry) => entry.newer = Some(place),
            None => self.oldest = Some(place),
        }
        let entry = Entry { pooled, expires, hash, stamp, older_of_hash, older, newer: None };
        if let Some(slot) = self.slots.get_mut(place as usize) {
            *slot = Some(entry);
            self.len += 1;
        }
        (Ticket { stamp, place }, of_hash)
    }

    pub(super) fn remove(&mut self, place: u32) -> Option<Entry<K, T>> {
        let entry = self.take(place)?;
        self.unlink_from_hash(place, &entry);
        Some(entry)
    }

    /// Takes an entry out of the order of all, but not out of those of its hash.
    fn take(&mut self, place: u32) -> Option<Entry<K, T>> {
        let entry = self.slots.get_mut(place as usize)?.take()?;
        self.free.push(place);
        self.len -= 1;
        match entry.older.and_then(|older| self.get_mut(older)) {
            Some(older) => older.newer = entry.newer,
            None => self.oldest = entry.newer,
        }
        match entry.newer.and_then(|newer| self.get_mut(newer)) {
            Some(newer) => newer.older = entry.older,
            None => self.newest = entry.older,
        }
        Some(entry)
    }

    fn unlink_from_hash(&mut self, place: u32, entry: &Entry<K, T>) {
        let Some(chain) = self.of_hash.get_mut(&entry.hash) else { return };
        chain.len -= 1;
        if chain.newest == Some(place) {
            chain.newest = entry.older_of_hash;
            return;
        }
        let mut at = chain.newest;
        while let Some(newer) = at.and_then(|at| self.get_mut(at)) {
            if newer.older_of_hash == Some(place) {
                newer.older_of_hash = entry.older_of_hash;
                return;
            }
            at = newer.older_of_hash;
        }
    }

    fn chain(&self, hash: u64) -> impl Iterator<Item = (u32, &Entry<K, T>)> {
        let mut at = self.of_hash.get(&hash).and_then(|chain| chain.newest);
        std::iter::from_fn(move || {
            let place = at?;
            let entry = self.get(place)?;
            at = entry.older_of_hash;
            Some((place, entry))
        })
    }

    fn get(&self, place: u32) -> Option<&Entry<K, T>> {
        self.slots.get(place as usize)?.as_ref()
    }

    fn get_mut(&mut self, place: u32) -> Option<&mut Entry<K, T>> {
        self.slots.get_mut(place as usize)?.as_mut()
    }
}

/// For keys that are hashes already.
pub(super) type BuildSame = BuildHasherDefault<Same>;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Same(u64);

impl Hasher for Same {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_chains_are_swept_at_twice_the_slots() {
        let mut idle_list = IdleList::new();
        let now = Instant::from_origin(crate::time::Duration::ZERO);
        let put = |idle_list: &mut IdleList<(), ()>, hash| {
            idle_list.put(hash, Pooled { key: (), item: (), opened_at: now }, now).0.place
        };
        for hash in 0..40 {
            put(&mut idle_list, hash);
        }
        let mut most = 0;
        for hash in 40..1_000 {
            let place = put(&mut idle_list, hash);
            idle_list.remove(place);
            most = most.max(idle_list.of_hash.len());
        }
        // A sweep looks at every chain, so at least as many connections as there are slots come between two sweeps.
        assert_eq!((idle_list.slots.len(), most), (41, 2 * 41 + SLACK));
        assert_eq!((idle_list.len(), idle_list.of_hash.values().filter(|chain| chain.len > 0).count()), (40, 40));
    }
}
