//! The expiry times of idle connections: a heap whose stale entries are removed lazily.
//!
//! Removing a connection leaves its heap entry stale. A heap that is mostly stale is swept, so each
//! entry pays a bounded share of the sweeps. The heap stays within twice the idle connections plus
//! a constant.

use super::idle::{EntryId, IdleList};
use crate::time::Instant;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How many stale entries are tolerated before a sweep.
const SLACK: usize = 32;

#[derive(Debug)]
pub(super) struct Expiry(BinaryHeap<Reverse<(Instant, EntryId)>>);

impl Expiry {
    pub(super) fn new() -> Self {
        Expiry(BinaryHeap::new())
    }

    pub(super) fn add<K, T>(&mut self, expires: Instant, id: EntryId, idle_list: &IdleList<K, T>) {
        if self.0.len() >= 2 * idle_list.len() + SLACK {
            self.0.retain(|Reverse((_, id))| idle_list.slot_of(*id).is_some());
        }
        self.0.push(Reverse((expires, id)));
    }

    /// Returns the slot of an entry that has expired at `now`, and forgets the entry.
    pub(super) fn next_due<K, T>(&mut self, now: Instant, idle_list: &IdleList<K, T>) -> Option<u32> {
        while let Some(top) = self.0.peek_mut() {
            let Reverse((expires, id)) = *top;
            let slot = idle_list.slot_of(id);
            if slot.is_some() && expires > now {
                return None;
            }
            std::collections::binary_heap::PeekMut::pop(top);
            if slot.is_some() {
                return slot;
            }
        }
        None
    }

    /// Returns a time no later than the first expiry.
    pub(super) fn earliest(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse((expires, _))| *expires)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
