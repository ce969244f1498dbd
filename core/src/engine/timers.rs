//! Timers for many deadlines, few of which ever fire: a heap that changes only when a deadline
//! moves closer.
//!
//! Nearly every input postpones a deadline (progress restarts the idle time), and the next transfer
//! in the same slot has a later one. Postponing costs nothing: the old entry stays, and when it is
//! due, the slot's deadline is checked again. The cost of a turn thus does not depend on the number
//! of waiting transfers.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::Instant;

/// How many stale entries are tolerated before a sweep.
const SLACK: usize = 64;

/// Timer entries by time, for the slots of a slab.
#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, u32)>>,
    /// The effective entry of each slot: the earliest, never later than the deadline.
    armed: Vec<Option<Instant>>,
}

impl Timers {
    /// Ensures that the slot is checked by `deadline`.
    pub(super) fn arm(&mut self, index: usize, deadline: Instant) {
        if self.armed.len() <= index {
            self.armed.resize(index + 1, None);
        }
        if let (Some(armed), Ok(index)) = (self.armed.get_mut(index), u32::try_from(index))
            && armed.is_none_or(|entry| deadline < entry)
        {
            *armed = Some(deadline);
            self.heap.push(Reverse((deadline, index)));
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    /// Returns when the first entry is due, which may be too early.
    pub(super) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Removes the first entry that is due at `now`, and returns its slot. The slot has no entry
    /// then.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<usize> {
        loop {
            if self.next()? > now {
                return None;
            }
            let Reverse((at, index)) = self.heap.pop()?;
            if let Some(armed) = self.armed.get_mut(index as usize)
                && *armed == Some(at)
            {
                *armed = None;
                return Some(index as usize);
            }
        }
    }

    /// Drops stale entries if there are more than `count` transfers account for. `is_taken` says
    /// whether a slot is in use.
    pub(super) fn trim(&mut self, count: usize, is_taken: impl Fn(usize) -> bool) {
        if self.heap.len() <= 2 * count + SLACK {
            return;
        }
        let armed = &mut self.armed;
        self.heap.retain(|Reverse((at, index))| {
            let Some(entry) = armed.get_mut(*index as usize).filter(|entry| **entry == Some(*at)) else { return false };
            let taken = is_taken(*index as usize);
            if !taken {
                *entry = None;
            }
            taken
        });
        if self.heap.is_empty() && self.heap.capacity() > SLACK {
            *self = Timers::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_origin(crate::time::Duration::from_secs(seconds))
    }

    #[test]
    fn nearest_deadline_of_each_slot_counts() {
        let mut timers = Timers::default();
        assert_eq!((timers.next(), timers.pop_due(at(99))), (None, None));
        timers.arm(1, at(30));
        timers.arm(0, at(20));
        timers.arm(0, at(40));
        timers.arm(1, at(10));
        assert_eq!((timers.next(), timers.len()), (Some(at(10)), 3), "a later one costs nothing");
        assert_eq!(timers.pop_due(at(9)), None);
        assert_eq!(timers.pop_due(at(10)), Some(1));
        assert_eq!(timers.pop_due(at(19)), None);
        assert_eq!(timers.pop_due(at(35)), Some(0));
        assert_eq!(timers.pop_due(at(35)), None, "the entry at 30 was left behind");
        timers.arm(1, at(50));
        assert_eq!((timers.next(), timers.pop_due(at(50))), (Some(at(50)), Some(1)));
    }

    #[test]
    fn stale_entries_are_dropped() {
        let mut timers = Timers::default();
        for index in 0..200 {
            timers.arm(index, at(500 - index as u64));
        }
        timers.trim(100, |_| false);
        assert_eq!(timers.len(), 200, "that many are tolerated");
        timers.trim(10, |index| index % 2 == 0);
        assert_eq!((timers.len(), timers.next()), (100, Some(at(302))));
        timers.arm(1, at(600));
        assert_eq!(timers.len(), 101, "an emptied slot can be armed again");
        timers.trim(0, |_| false);
        assert_eq!((timers.len(), timers.heap.capacity()), (0, 0), "the storage is freed");
    }
}
