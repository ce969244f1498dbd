//! The storage of the jar: an arena indexed by site, by expiry and by last use.
//!
//! - Cookies of one site are stored in the order of a Cookie field: longest path first, then
//!   oldest. A request visits one site and sorts nothing.
//! - Expired cookies are found in the order of their expiry.
//! - Two lists, for Secure and for other cookies, run from the least to the most recently used; the
//!   next to evict is at the front.
//!
//! Every operation is O(log n) in the size of the jar and linear in the cookies of one site. A
//! limit bounds the latter. The jar decides which cookies to store and evict.

use super::stored::StoredCookie;
use crate::time::UnixTime;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The index of a cookie in the arena; valid until it is removed.
pub(super) type Id = usize;

/// All cookies.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    arena: Arena,
    sites: BTreeMap<Arc<str>, Vec<Id>>,
    expiry: BTreeSet<(UnixTime, Id)>,
    next_order: u64,
}

/// The cookies and their lists by last use.
#[derive(Clone, Debug, Default)]
struct Arena {
    slots: Vec<Option<Node>>,
    free: Vec<Id>,
    by_use: [UseList; 2],
    next_use: u64,
}

/// A list from the least to the most recently used cookie.
#[derive(Clone, Copy, Debug, Default)]
struct UseList {
    first: Option<Id>,
    last: Option<Id>,
}

#[derive(Clone, Debug)]
struct Node {
    cookie: StoredCookie,
    site: Arc<str>,
    /// Distinguishes cookies created in the same second.
    created_order: u64,
    /// Grows with every use.
    used_order: u64,
    before: Option<Id>,
    after: Option<Id>,
}

impl Node {
    fn header_order(&self) -> (Reverse<usize>, UnixTime, u64) {
        (Reverse(self.cookie.path.len()), self.cookie.created, self.created_order)
    }
}

impl Store {
    pub(super) fn len(&self) -> usize {
        self.arena.slots.len() - self.arena.free.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn get(&self, id: Id) -> Option<&StoredCookie> {
        self.arena.node(id).map(|node| &node.cookie)
    }

    /// Returns the cookies of a site, in the order of a Cookie field.
    pub(super) fn site(&self, site: &str) -> impl Iterator<Item = (Id, &StoredCookie)> + Clone {
        let ids = self.sites.get(site).map(Vec::as_slice).unwrap_or_default();
        ids.iter().filter_map(|&id| Some((id, self.get(id)?)))
    }

    /// Returns the number of cookies of a site.
    pub(super) fn site_len(&self, site: &str) -> usize {
        self.sites.get(site).map_or(0, Vec::len)
    }

    /// Returns all cookies, site by site, each in the order of a Cookie field.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Id, &StoredCookie)> {
        self.sites.values().flatten().filter_map(|&id| Some((id, self.get(id)?)))
    }

    /// Calls `choose` with each cookie of a site in the order of a Cookie field. Cookies for which
    /// it returns true count as used at `now`.
    pub(super) fn use_each(&mut self, site: &str, now: UnixTime, mut choose: impl FnMut(&StoredCookie) -> bool) {
        let Some(ids) = self.sites.get(site) else { return };
        for &id in ids {
            if self.arena.node(id).is_some_and(|node| choose(&node.cookie)) {
                self.arena.touch(id, now);
            }
        }
    }

    /// Returns a number greater than every `created_order` so far.
    pub(super) fn next_created_order(&mut self) -> u64 {
        self.next_order += 1;
        self.next_order
    }

    /// Adds a cookie as the most recently used one. `created_order` is that of the cookie it
    /// replaces, if any.
    pub(super) fn insert(&mut self, site: &str, cookie: StoredCookie, created_order: Option<u64>) {
        let site = match self.sites.get_key_value(site) {
            Some((site, _)) => site.clone(),
            None => Arc::from(site),
        };
        let created_order = created_order.unwrap_or_else(|| self.next_created_order());
        let expires = cookie.expires;
        let node = Node { cookie, site: site.clone(), created_order, used_order: 0, before: None, after: None };
        let order = node.header_order();
        let id = self.arena.add(node);
        let Store { arena, sites, .. } = self;
        let ids = sites.entry(site).or_default();
        let at = ids.partition_point(|&id| arena.node(id).is_some_and(|node| node.header_order() < order));
        ids.insert(at, id);
        if let Some(expires) = expires {
            self.expiry.insert((expires, id));
        }
    }

    /// Removes a cookie. Returns its `created_order` too, for its replacement.
    pub(super) fn remove(&mut self, id: Id) -> Option<(StoredCookie, u64)> {
        let node = self.arena.take(id)?;
        if let Some(expires) = node.cookie.expires {
            self.expiry.remove(&(expires, id));
        }
        if let Some(ids) = self.sites.get_mut(&node.site) {
            ids.retain(|&other| other != id);
            if ids.is_empty() {
                self.sites.remove(&node.site);
            }
        }
        Some((node.cookie, node.created_order))
    }

    /// Returns the cookie that expires first, if it has expired.
    pub(super) fn expired(&self, now: UnixTime) -> Option<Id> {
        self.expiry.first().filter(|(expires, _)| *expires <= now).map(|&(_, id)| id)
    }

    /// Returns the jar's least recently used cookie that is, or is not, Secure.
    pub(super) fn least_used(&self, secure: bool) -> Option<Id> {
        self.arena.by_use[usize::from(secure)].first
    }

    /// Returns a site's least recently used cookie that is, or is not, Secure.
    pub(super) fn least_used_of(&self, site: &str, secure: bool) -> Option<Id> {
        let nodes = self.sites.get(site)?.iter().filter_map(|&id| Some((id, self.arena.node(id)?)));
        nodes.filter(|(_, node)| node.cookie.secure == secure).min_by_key(|(_, node)| node.used_order).map(|(id, _)| id)
    }

    /// Returns all cookies from the least to the most recently used, each with its rank by creation
    /// (0 is the oldest).
    pub(super) fn by_use(&self) -> Vec<(&StoredCookie, usize)> {
        let mut nodes: Vec<&Node> = self.arena.slots.iter().flatten().collect();
        nodes.sort_unstable_by_key(|node| (node.cookie.created, node.created_order));
        let mut ranked: Vec<_> = nodes.into_iter().zip(0..).collect();
        ranked.sort_unstable_by_key(|(node, _)| node.used_order);
        ranked.into_iter().map(|(node, rank)| (&node.cookie, rank)).collect()
    }

    /// Reorders the lists by the time of the last access; within one second the order stays.
    pub(super) fn sort_by_access(&mut self) {
        let mut ids: Vec<_> = (0..self.arena.slots.len()).filter(|&id| self.arena.node(id).is_some()).collect();
        ids.sort_by_key(|&id| self.arena.node(id).map(|node| (node.cookie.last_access, node.used_order)));
        for id in ids {
            self.arena.unlink(id);
            self.arena.link_last(id);
        }
    }
}

impl Arena {
    fn node(&self, id: Id) -> Option<&Node> {
        self.slots.get(id)?.as_ref()
    }

    fn node_mut(&mut self, id: Id) -> Option<&mut Node> {
        self.slots.get_mut(id)?.as_mut()
    }

    fn add(&mut self, node: Node) -> Id {
        let id = self.free.pop().unwrap_or(self.slots.len());
        match self.slots.get_mut(id) {
            Some(slot) => *slot = Some(node),
            None => self.slots.push(Some(node)),
        }
        self.link_last(id);
        id
    }

    fn take(&mut self, id: Id) -> Option<Node> {
        self.unlink(id);
        let node = self.slots.get_mut(id)?.take()?;
        self.free.push(id);
        Some(node)
    }

    fn touch(&mut self, id: Id, now: UnixTime) {
        self.unlink(id);
        self.link_last(id);
        if let Some(node) = self.node_mut(id) {
            node.cookie.last_access = now;
        }
    }

    fn unlink(&mut self, id: Id) {
        let Some(node) = self.node(id) else { return };
        let (before, after, list) = (node.before, node.after, usize::from(node.cookie.secure));
        match before.and_then(|before| self.node_mut(before)) {
            Some(node) => node.after = after,
            None => self.by_use[list].first = after,
        }
        match after.and_then(|after| self.node_mut(after)) {
            Some(node) => node.before = before,
            None => self.by_use[list].last = before,
        }
    }

    fn link_last(&mut self, id: Id) {
        self.next_use += 1;
        let used_order = self.next_use;
        let Some(node) = self.slots.get_mut(id).and_then(Option::as_mut) else { return };
        let list = &mut self.by_use[usize::from(node.cookie.secure)];
        let before = list.last.replace(id);
        list.first.get_or_insert(id);
        (node.used_order, node.before, node.after) = (used_order, before, None);
        if let Some(node) = before.and_then(|before| self.node_mut(before)) {
            node.after = Some(id);
        }
    }
}

#[cfg(test)]
impl Store {
    /// Panics unless all indexes agree.
    pub(super) fn check(&self) {
        let ids: BTreeSet<Id> = (0..self.arena.slots.len()).filter(|&id| self.arena.node(id).is_some()).collect();
        assert_eq!(ids.len(), self.len());
        assert_eq!(self.iter().map(|(id, _)| id).collect::<BTreeSet<_>>(), ids);
        let expiry = ids.iter().filter_map(|&id| Some((self.get(id)?.expires?, id))).collect::<BTreeSet<_>>();
        assert_eq!(self.expiry, expiry);
        let mut linked = BTreeSet::new();
        for (secure, list) in [(false, self.arena.by_use[0]), (true, self.arena.by_use[1])] {
            let (mut before, mut at) = (None, list.first);
            while let Some(id) = at {
                let node = self.arena.node(id).unwrap();
                assert_eq!((node.before, node.cookie.secure), (before, secure));
                assert!(before.is_none_or(|before| self.arena.node(before).unwrap().used_order < node.used_order));
                assert!(linked.insert(id));
                (before, at) = (at, node.after);
            }
            assert_eq!(list.last, before);
        }
        assert_eq!(linked, ids);
        for (site, ids) in &self.sites {
            assert!(!ids.is_empty());
            assert!(ids.iter().all(|&id| self.arena.node(id).unwrap().site == *site));
            assert!(ids.is_sorted_by_key(|&id| self.arena.node(id).unwrap().header_order()));
        }
    }
}
