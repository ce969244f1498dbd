//! The idle list: connections in two orders, by hash from newest to oldest, and all from oldest to
//! newest.
//!
//! A slab with links: inserting allocates only when the list outgrows its largest size so far.

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
    /// The next older entry with the same hash.
    older_of_hash: Option<u32>,
    older: Option<u32>,
    newer: Option<u32>,
}

/// The entries of one hash. Empty chains remain for a while, since the next connection of that hash
/// is likely to return soon.
#[derive(Clone, Copy, Debug, Default)]
struct Chain {
    newest: Option<u32>,
    len: usize,
}

/// How many empty chains are tolerated before a sweep.
const SLACK: usize = 32;

/// A slot and a stamp that tells its current entry from earlier ones. Stamps repeat after 2^32
/// insertions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EntryId {
    stamp: u32,
    slot: u32,
}

#[derive(Debug)]
pub(super) struct IdleList<K, T> {
    slots: Vec<Option<Entry<K, T>>>,
    free: Vec<u32>,
    of_hash: HashMap<u64, Chain, BuildIdentity>,
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

    /// Returns the slot of the oldest entry.
    pub(super) fn oldest(&self) -> Option<u32> {
        self.oldest
    }

    /// Removes and returns the newest entry with this hash that matches.
    pub(super) fn take_newest_where(
        &mut self,
        hash: u64,
        matches: impl Fn(&Entry<K, T>) -> bool,
    ) -> Option<Entry<K, T>> {
        let chain = self.of_hash.get_mut(&hash)?;
        let (mut newer, mut at) = (None, chain.newest);
        let (slot, older) = loop {
            let slot = at?;
            let entry = self.slots.get(slot as usize)?.as_ref()?;
            if matches(entry) {
                break (slot, entry.older_of_hash);
            }
            (newer, at) = (Some(slot), entry.older_of_hash);
        };
        chain.len -= 1;
        match newer {
            None => chain.newest = older,
            Some(newer) => self.slots.get_mut(newer as usize)?.as_mut()?.older_of_hash = older,
        }
        self.take(slot)
    }

    pub(super) fn oldest_where(&self, hash: u64, matches: impl Fn(&Entry<K, T>) -> bool) -> Option<u32> {
        self.chain(hash).filter(|(_, entry)| matches(entry)).last().map(|(slot, _)| slot)
    }

    /// Returns the slot of the oldest entry with the key of this one, if more than `limit` entries
    /// have that key.
    pub(super) fn oldest_beyond(&self, id: EntryId, limit: usize) -> Option<u32>
    where
        K: PartialEq,
    {
        let entry = self.get(id.slot)?;
        let mut of_key = self.chain(entry.hash).filter(|(_, other)| other.pooled.key == entry.pooled.key);
        let (beyond, _) = of_key.nth(limit)?;
        Some(of_key.last().map_or(beyond, |(oldest, _)| oldest))
    }

    /// Returns the slot of an entry that is still present.
    pub(super) fn slot_of(&self, id: EntryId) -> Option<u32> {
        self.get(id.slot).is_some_and(|entry| entry.stamp == id.stamp).then_some(id.slot)
    }

    /// Inserts a connection. Returns its id, and how many entries have its hash: no fewer than have
    /// its key.
    pub(super) fn put(&mut self, hash: u64, pooled: Pooled<K, T>, expires: Instant) -> (EntryId, usize) {
        self.stamp = self.stamp.wrapping_add(1);
        let stamp = self.stamp;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        if self.of_hash.len() >= 2 * self.slots.len() + SLACK {
            self.of_hash.retain(|_, chain| chain.len > 0);
        }
        let chain = self.of_hash.entry(hash).or_default();
        chain.len += 1;
        let of_hash = chain.len;
        let older_of_hash = chain.newest.replace(slot);
        let older = self.newest.replace(slot);
        match older.and_then(|older| self.get_mut(older)) {
            Some(entry) => entry.newer = Some(slot),
            None => self.oldest = Some(slot),
        }
        let entry = Entry { pooled, expires, hash, stamp, older_of_hash, older, newer: None };
        if let Some(free) = self.slots.get_mut(slot as usize) {
            *free = Some(entry);
            self.len += 1;
        }
        (EntryId { stamp, slot }, of_hash)
    }

    pub(super) fn remove(&mut self, slot: u32) -> Option<Entry<K, T>> {
        let entry = self.take(slot)?;
        self.unlink_from_hash(slot, &entry);
        Some(entry)
    }

    /// Removes an entry from its slot and from the order of all entries, but not from its hash's
    /// chain.
    fn take(&mut self, slot: u32) -> Option<Entry<K, T>> {
        let entry = self.slots.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
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

    fn unlink_from_hash(&mut self, slot: u32, entry: &Entry<K, T>) {
        let Some(chain) = self.of_hash.get_mut(&entry.hash) else { return };
        chain.len -= 1;
        if chain.newest == Some(slot) {
            chain.newest = entry.older_of_hash;
            return;
        }
        let mut at = chain.newest;
        while let Some(newer) = at.and_then(|at| self.get_mut(at)) {
            if newer.older_of_hash == Some(slot) {
                newer.older_of_hash = entry.older_of_hash;
                return;
            }
            at = newer.older_of_hash;
        }
    }

    fn chain(&self, hash: u64) -> impl Iterator<Item = (u32, &Entry<K, T>)> {
        let mut at = self.of_hash.get(&hash).and_then(|chain| chain.newest);
        std::iter::from_fn(move || {
            let slot = at?;
            let entry = self.get(slot)?;
            at = entry.older_of_hash;
            Some((slot, entry))
        })
    }

    fn get(&self, slot: u32) -> Option<&Entry<K, T>> {
        self.slots.get(slot as usize)?.as_ref()
    }

    fn get_mut(&mut self, slot: u32) -> Option<&mut Entry<K, T>> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }
}

/// The hasher for keys that are already hashes.
pub(super) type BuildIdentity = BuildHasherDefault<IdentityHasher>;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
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
            idle_list.put(hash, Pooled { key: (), item: (), opened_at: now }, now).0.slot
        };
        for hash in 0..40 {
            put(&mut idle_list, hash);
        }
        let mut most = 0;
        for hash in 40..1_000 {
            let slot = put(&mut idle_list, hash);
            idle_list.remove(slot);
            most = most.max(idle_list.of_hash.len());
        }
        // A sweep visits every chain, so at least as many insertions as there are slots lie between
        // two sweeps.
        assert_eq!((idle_list.slots.len(), most), (41, 2 * 41 + SLACK));
        assert_eq!((idle_list.len(), idle_list.of_hash.values().filter(|chain| chain.len > 0).count()), (40, 40));
    }
}
