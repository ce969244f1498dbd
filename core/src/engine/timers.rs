//! Many deadlines of which few are ever met: a heap that is touched only when a deadline comes nearer.
//!
//! Nearly every input moves a deadline away (something has moved; the idle time begins anew). Such a move costs nothing here: the old
//! entry stays, and when it is due the transfer is asked again. So the cost of a turn does not depend on how many
//! transfers wait.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::TransferId;
use crate::time::Instant;

/// So many entries without use are borne with.
const SLACK: usize = 64;

/// Entries by time. For each transfer the earliest entry is never later than its deadline.
#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, TransferId)>>,
}

impl Timers {
    /// Sees to it that `id` is looked at by `deadline`. `armed` is the transfer's own note of its earliest entry.
    pub(super) fn arm(&mut self, id: TransferId, armed: &mut Option<Instant>, deadline: Option<Instant>) {
        if let Some(at) = deadline
            && armed.is_none_or(|entry| at < entry)
        {
            *armed = Some(at);
            self.heap.push(Reverse((at, id)));
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    /// When the first entry is due; it may turn out to be too early.
    pub(super) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes out the first entry that is due at `now`.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<(Instant, TransferId)> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }

    /// Drops the entries that nobody waits for any more, when they are more than those of `count` transfers.
    pub(super) fn trim(&mut self, count: usize, mut live: impl FnMut(Instant, TransferId) -> bool) {
        if self.heap.len() > 2 * count + SLACK {
            self.heap.retain(|Reverse((at, id))| live(*at, *id));
        }
        if self.heap.is_empty() && self.heap.capacity() > SLACK {
            self.heap = BinaryHeap::new();
        }
    }
}
