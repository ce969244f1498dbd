//! When which idle connection expires: a heap that learns late of what was taken out in between.
//!
//! Taking out costs nothing here; a heap that is mostly stale is swept, so that each entry pays for a bounded share of
//! the sweeps and the heap stays within twice the idle connections and a few more.

use super::idle::{IdleList, Ticket};
use crate::time::Instant;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Stale entries that are not worth a sweep.
const SLACK: usize = 32;

#[derive(Debug)]
pub(super) struct Expiry(BinaryHeap<Reverse<(Instant, Ticket)>>);

impl Expiry {
    pub(super) fn new() -> Self {
        Expiry(BinaryHeap::new())
    }

    pub(super) fn add<K, T>(&mut self, expires: Instant, ticket: Ticket, idle_list: &IdleList<K, T>) {
        if self.0.len() >= 2 * idle_list.len() + SLACK {
            self.0.retain(|Reverse((_, ticket))| idle_list.place(*ticket).is_some());
        }
        self.0.push(Reverse((expires, ticket)));
    }

    /// The place of an entry that has expired at `now`. It is not named again.
    pub(super) fn next_due<K, T>(&mut self, now: Instant, idle_list: &IdleList<K, T>) -> Option<u32> {
        while let Some(top) = self.0.peek_mut() {
            let Reverse((expires, ticket)) = *top;
            let place = idle_list.place(ticket);
            if place.is_some() && expires > now {
                return None;
            }
            std::collections::binary_heap::PeekMut::pop(top);
            if place.is_some() {
                return place;
            }
        }
        None
    }

    /// No later than the first expiry.
    pub(super) fn earliest(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse((expires, _))| *expires)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
