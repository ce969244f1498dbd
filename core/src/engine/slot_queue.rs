//! The queue of transfers that wait for a connection slot: first come, first served, per route and
//! overall.
//!
//! Transfers that wait for a route at its own limit cannot use another route's slot. When a slot
//! becomes free, only the fronts of the other routes are considered, the longest-waiting first, and
//! no more of them than there are free slots.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasherDefault;

use super::TransferId;
use crate::route::Route;

/// A position in the overall order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

/// The waiting transfers, by route.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    // Hashed with fixed keys, so that runs repeat.
    queues: HashMap<Route, Queue, BuildHasherDefault<DefaultHasher>>,
    /// The fronts of the queues that are not held back.
    fronts: BTreeMap<Ticket, TransferId>,
    tickets: u64,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: BTreeMap<Ticket, TransferId>,
    /// Whether this route is at its limit.
    held_back: bool,
}

impl Waiting {
    /// Adds a transfer to the queue. `held_back` says that the route is at its own limit.
    pub(super) fn push(&mut self, route: &Route, id: TransferId, held_back: bool) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        match self.queues.get_mut(route) {
            Some(queue) => drop(queue.waiting.insert(ticket, id)),
            None => {
                self.queues.insert(route.clone(), Queue { waiting: BTreeMap::from([(ticket, id)]), held_back });
                if !held_back {
                    self.fronts.insert(ticket, id);
                }
            }
        }
        ticket
    }

    /// Whether any transfer waits for this route.
    pub(super) fn has(&self, route: &Route) -> bool {
        !self.is_empty() && self.queues.contains_key(route)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.queues.values().map(|queue| queue.waiting.len()).sum()
    }

    /// Records that a connection of this route closed or became idle: its front is no longer held
    /// back.
    pub(super) fn freed(&mut self, route: &Route) {
        if let Some(queue) = self.queues.get_mut(route)
            && std::mem::take(&mut queue.held_back)
            && let Some((ticket, id)) = queue.waiting.first_key_value()
        {
            self.fronts.insert(*ticket, *id);
        }
    }

    /// Returns the longest-waiting transfer that is not held back.
    pub(super) fn first(&self) -> Option<TransferId> {
        self.fronts.first_key_value().map(|(_, id)| *id)
    }

    /// Records that this route is at its limit.
    pub(super) fn hold_back(&mut self, route: &Route) {
        if let Some(queue) = self.queues.get_mut(route) {
            queue.held_back = true;
            if let Some((ticket, _)) = queue.waiting.first_key_value() {
                self.fronts.remove(ticket);
            }
        }
    }

    /// Removes a transfer. The next one of its route moves to the front.
    pub(super) fn remove(&mut self, route: &Route, ticket: Ticket) {
        let Some(queue) = self.queues.get_mut(route) else { return };
        queue.waiting.remove(&ticket);
        let was_front = self.fronts.remove(&ticket).is_some();
        match queue.waiting.first_key_value() {
            None => drop(self.queues.remove(route)),
            Some((ticket, id)) if was_front => drop(self.fronts.insert(*ticket, *id)),
            Some(_) => {}
        }
    }
}
