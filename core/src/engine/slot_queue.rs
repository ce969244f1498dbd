//! Transfers that wait for a place among the connections: first come, first served, for each route and over all (T88).
//!
//! Who waits for a route whose own limit is met cannot be helped by a place of another; so only the fronts of the other routes are looked at
//! when a place becomes free, the longest waiting first, and no more of them than there are places.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasherDefault;

use super::TransferId;
use crate::route::Route;

/// Gives the order over all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

/// Who waits, by route.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    // With fixed keys, so that runs repeat.
    queues: HashMap<Route, Queue, BuildHasherDefault<DefaultHasher>>,
    /// The fronts of the queues that are not held back.
    fronts: BTreeMap<Ticket, TransferId>,
    tickets: u64,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: BTreeMap<Ticket, TransferId>,
    /// The limit of this route is met.
    held_back: bool,
}

impl Waiting {
    /// `held_back`: it is the limit of this route that is met.
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

    /// Whether anybody waits for this route.
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

    /// A connection of this route is over or idle: its front is no longer held back.
    pub(super) fn freed(&mut self, route: &Route) {
        if let Some(queue) = self.queues.get_mut(route)
            && std::mem::take(&mut queue.held_back)
            && let Some((ticket, id)) = queue.waiting.first_key_value()
        {
            self.fronts.insert(*ticket, *id);
        }
    }

    /// The longest waiting of those that are not held back.
    pub(super) fn first(&self) -> Option<TransferId> {
        self.fronts.first_key_value().map(|(_, id)| *id)
    }

    /// The limit of this route is met after all.
    pub(super) fn hold_back(&mut self, route: &Route) {
        if let Some(queue) = self.queues.get_mut(route) {
            queue.held_back = true;
            if let Some((ticket, _)) = queue.waiting.first_key_value() {
                self.fronts.remove(ticket);
            }
        }
    }

    /// It waits no longer. The next of its route takes its turn.
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
