//! Transfers that wait for a place among the connections: first come, first served, for each route and over all (T88).

use std::collections::{BTreeMap, VecDeque};

use super::TransferId;
use crate::transfer::Route;

/// Who waits, by route. Tickets give the order over all.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    queues: Vec<(Route, VecDeque<(u64, TransferId)>)>,
    tickets: u64,
    len: usize,
}

impl Waiting {
    pub(super) fn push(&mut self, route: &Route, id: TransferId) {
        let entry = (self.tickets, id);
        self.tickets += 1;
        self.len += 1;
        match self.queues.iter_mut().find(|(key, _)| key == route) {
            Some((_, queue)) => queue.push_back(entry),
            None => self.queues.push((route.clone(), VecDeque::from([entry]))),
        }
    }

    /// Whether anybody waits for this route.
    pub(super) fn has(&self, route: &Route) -> bool {
        self.queues.iter().any(|(key, _)| key == route)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first of each route, the longest waiting first.
    pub(super) fn fronts(&self) -> Vec<TransferId> {
        let fronts: BTreeMap<u64, TransferId> =
            self.queues.iter().filter_map(|(_, queue)| queue.front().copied()).collect();
        fronts.into_values().collect()
    }

    pub(super) fn remove(&mut self, id: TransferId) -> bool {
        let before = self.len;
        for (_, queue) in &mut self.queues {
            let were = queue.len();
            queue.retain(|(_, waiting)| *waiting != id);
            self.len -= were - queue.len();
        }
        self.queues.retain(|(_, queue)| !queue.is_empty());
        self.len < before
    }
}
