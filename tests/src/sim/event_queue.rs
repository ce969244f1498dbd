//! What is to happen, in the order of time; of one time, in the order in which it was put down.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::world::Scheduled;

#[derive(Default)]
pub(super) struct EventQueue {
    heap: BinaryHeap<Entry>,
    sequence: u64,
}

struct Entry {
    at: Duration,
    sequence: u64,
    scheduled: Scheduled,
}

impl EventQueue {
    pub(super) fn add(&mut self, at: Duration, scheduled: Scheduled) {
        self.sequence += 1;
        self.heap.push(Entry { at, sequence: self.sequence, scheduled });
    }

    /// When something happens next.
    pub(super) fn next(&self) -> Option<Duration> {
        self.heap.peek().map(|entry| entry.at)
    }

    /// Takes what has happened by now, one after the other.
    pub(super) fn due(&mut self, now: Duration) -> Option<Scheduled> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|entry| entry.scheduled)
    }
}

impl Ord for Entry {
    /// The earliest is the greatest.
    fn cmp(&self, other: &Entry) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Entry {}
