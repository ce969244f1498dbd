//! The pool: idle connections by key, and how many are open.
//!
//! Plain data, to be kept behind a lock: every call is short and hands out what is to be closed, so that closing
//! happens after the lock is released. The connection used last is given out first, the one unused longest
//! is evicted first. The cost of [`Pool::take`] and [`Pool::put`] grows with the idle connections of one key, not
//! with the number of keys.
//!
//! The key must say everything that tells two connections apart: origin, proxy with its credentials, TLS configuration, bind
//! address. The pool compares keys and knows nothing of them. Left out: whether a connection is clean enough to be put
//! here, the look for leftover bytes or an end of stream before it is used again (RFC 9112 §9.2), and who waits
//! when the pool is [`Take::Full`]: waiters and their deadlines are the engine's.

mod expiry;
mod hasher;
mod idle;
#[cfg(test)]
mod tests;

use crate::time::{Duration, Instant};
use expiry::Expiry;
use hasher::QuickHasher;
use idle::{BuildSame, Entry, IdleList, Ticket};
use std::collections::HashMap;
use std::hash::{Hash, Hasher};

/// How much a pool may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PoolLimits {
    /// Idle connections. Default 16.
    pub idle_total: usize,
    /// Idle connections of one key. Default 6.
    pub idle_per_key: usize,
    /// How long a connection may be idle: below the idle limit of usual servers. Default 15 s.
    pub idle_time: Duration,
    /// How old a connection may be when it is used again. Default 5 min.
    pub age: Duration,
    /// Open connections, idle or in use. Default: no limit, so that a thread that holds one response can always ask for another.
    pub open_total: Option<usize>,
    /// Open connections of one key, idle or in use. Default: no limit.
    pub open_per_key: Option<usize>,
}

impl PoolLimits {
    /// The defaults, as each field states them.
    pub const DEFAULT: PoolLimits = PoolLimits {
        idle_total: 16,
        idle_per_key: 6,
        idle_time: Duration::from_secs(15),
        age: Duration::from_secs(300),
        open_total: None,
        open_per_key: None,
    };
}

impl Default for PoolLimits {
    fn default() -> Self {
        PoolLimits::DEFAULT
    }
}

/// A form of the key `K` that a lookup can use, so that no key need be built for it.
///
/// It must hash exactly as the key that it [matches](Lookup::matches) does, as with [`std::borrow::Borrow`].
pub trait Lookup<K>: Hash {
    /// True when `self` stands for `key`.
    fn matches(&self, key: &K) -> bool;

    /// The key that `self` stands for. Asked for when a connection is opened under [`PoolLimits::open_per_key`], which counts by key.
    fn to_key(&self) -> K;
}

impl<K: Hash + Eq + Clone> Lookup<K> for K {
    fn matches(&self, key: &K) -> bool {
        self == key
    }

    fn to_key(&self) -> K {
        self.clone()
    }
}

/// A connection and what the pool has to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pooled<K, T> {
    /// What it may be used for.
    pub key: K,
    /// The connection.
    pub item: T,
    /// When it was opened.
    pub opened_at: Instant,
}

/// Names an idle connection, until it is handed out; see [`Pool::shelve`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleId(Ticket);

/// The answer to [`Pool::take`].
#[derive(Debug, PartialEq, Eq)]
pub enum Take<K, T> {
    /// An idle connection. It stays counted as open.
    Reuse {
        /// The connection.
        pooled: Pooled<K, T>,
    },
    /// Open a new one: it is counted from now on, until it is put and leaves the pool, or [`Pool::closed`] is told.
    Open {
        /// To be closed to make room.
        evicted: Option<T>,
    },
    /// A limit on open connections is met and nothing idle can make room. Ask again after a [`Pool::put`]
    /// or a [`Pool::closed`].
    Full,
}

/// What a pool has done since it was made, and what it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PoolStatistics {
    /// Connections that were given out again.
    pub reused: u64,
    /// Times a new connection was to be opened.
    pub opened: u64,
    /// Connections handed out to be closed because they were idle too long or too old.
    pub expired: u64,
    /// Connections handed out to be closed to make room.
    pub evicted: u64,
    /// Connections that are idle now.
    pub idle: usize,
    /// Connections that are open now, idle or in use.
    pub open: usize,
}

/// Idle connections `T` by key `K`. See the module's documentation.
#[derive(Debug)]
pub struct Pool<K, T> {
    limits: PoolLimits,
    idle_list: IdleList<K, T>,
    expiry: Expiry,
    /// How many connections of each key are open, by its hash; kept only when there is a limit for it.
    open_by_key: HashMap<u64, Vec<(K, usize)>, BuildSame>,
    open: usize,
    reused: u64,
    opened: u64,
    expired: u64,
    evicted: u64,
}

impl<K: Hash + Eq, T> Pool<K, T> {
    /// An empty pool.
    pub fn new(limits: PoolLimits) -> Self {
        Pool {
            limits,
            idle_list: IdleList::new(),
            expiry: Expiry::new(),
            open_by_key: HashMap::default(),
            open: 0,
            reused: 0,
            opened: 0,
            expired: 0,
            evicted: 0,
        }
    }

    /// Its limits.
    pub const fn limits(&self) -> &PoolLimits {
        &self.limits
    }

    /// Asks for a connection to use for `key`. Nothing that has expired at `now` is given out; it stays
    /// until [`Pool::expire`] or an eviction hands it out. Does not allocate unless [`PoolLimits::open_per_key`] is set.
    pub fn take<Q: Lookup<K> + ?Sized>(&mut self, key: &Q, now: Instant) -> Take<K, T> {
        let hash = hash_of(key);
        let fresh = |entry: &Entry<K, T>| entry.expires > now && key.matches(&entry.pooled.key);
        if let Some(idle) = self.idle_list.take_newest_where(hash, fresh) {
            self.reused += 1;
            return Take::Reuse { pooled: idle.pooled };
        }

        self.open_at(hash, key)
    }

    /// As [`Pool::take`], for a request that is to have a connection of its own: never [`Take::Reuse`].
    pub fn open<Q: Lookup<K> + ?Sized>(&mut self, key: &Q) -> Take<K, T> {
        self.open_at(hash_of(key), key)
    }

    /// Whether it is the limit of this key that forbids another connection, and not only the one for all keys.
    pub fn key_is_full<Q: Lookup<K> + ?Sized>(&self, key: &Q) -> bool {
        self.is_full_at(hash_of(key), key)
    }

    fn is_full_at<Q: Lookup<K> + ?Sized>(&self, hash: u64, key: &Q) -> bool {
        self.limits.open_per_key.is_some_and(|limit| {
            let of_hash = self.open_by_key.get(&hash).map_or(&[][..], Vec::as_slice);
            let open = of_hash.iter().find(|(known, _)| key.matches(known)).map_or(0, |(_, open)| *open);
            open >= limit
        })
    }

    fn open_at<Q: Lookup<K> + ?Sized>(&mut self, hash: u64, key: &Q) -> Take<K, T> {
        let mut evicted = None;
        if self.is_full_at(hash, key) {
            // What is still idle under this key has expired: it makes room.
            let place = self.idle_list.oldest_where(hash, |entry| key.matches(&entry.pooled.key));
            evicted = self.evict(place);
            if evicted.is_none() {
                return Take::Full;
            }
        }
        if evicted.is_none() && self.limits.open_total.is_some_and(|limit| self.open >= limit) {
            evicted = self.evict(self.idle_list.oldest());
            if evicted.is_none() {
                return Take::Full;
            }
        }
        self.opened += 1;
        self.open += 1;
        if self.limits.open_per_key.is_some() {
            let of_hash = self.open_by_key.entry(hash).or_default();
            match of_hash.iter_mut().find(|(known, _)| key.matches(known)) {
                Some((_, open)) => *open += 1,
                None => of_hash.push((key.to_key(), 1)),
            }
        }
        Take::Open { evicted }
    }

    /// Takes in a connection that is idle from `now` on. What comes back is to be closed: another one that made
    /// room, or `pooled.item` itself when it cannot be kept. Either is no longer counted as open.
    ///
    /// `idle_hint` is what the server announced as `Keep-Alive: timeout=`. Of it a margin is taken off, half of it
    /// and at most 1 s, since the server's clock started earlier; it can only shorten [`PoolLimits::idle_time`].
    #[must_use = "what comes back is to be closed"]
    pub fn put(&mut self, pooled: Pooled<K, T>, now: Instant, idle_hint: Option<Duration>) -> Option<T> {
        match self.shelve(pooled, now, idle_hint) {
            Ok((_, evicted)) => evicted,
            Err(item) => Some(item),
        }
    }

    /// As [`Pool::put`], with a name for [`Pool::remove`] and what made room for it.
    ///
    /// # Errors
    /// `pooled.item` itself, when it cannot be kept.
    pub fn shelve(
        &mut self,
        pooled: Pooled<K, T>,
        now: Instant,
        idle_hint: Option<Duration>,
    ) -> Result<(IdleId, Option<T>), T> {
        let hash = hash_of(&pooled.key);
        let idle_time = idle_hint.map_or(self.limits.idle_time, |hint| {
            self.limits.idle_time.min(hint.saturating_sub((hint / 2).min(Duration::from_secs(1))))
        });
        let expires = (now + idle_time).min(pooled.opened_at + self.limits.age);
        if expires <= now {
            self.expired += 1;
            self.left(hash, &pooled.key);
            return Err(pooled.item);
        }
        if self.limits.idle_total == 0 || self.limits.idle_per_key == 0 {
            self.evicted += 1;
            self.left(hash, &pooled.key);
            return Err(pooled.item);
        }

        let (ticket, of_hash) = self.idle_list.put(hash, pooled, expires);
        let beyond = of_hash > self.limits.idle_per_key;
        let beyond = beyond.then(|| self.idle_list.oldest_beyond(ticket, self.limits.idle_per_key)).flatten();
        let full = self.idle_list.len() > self.limits.idle_total;
        let evicted = self.evict(beyond.or(self.idle_list.oldest().filter(|_| full)));
        self.expiry.add(expires, ticket, &self.idle_list);
        Ok((IdleId(ticket), evicted))
    }

    /// An idle connection has ended by itself: it is idle no longer, nor counted as open. `None` when it was handed out before.
    pub fn remove(&mut self, idle: IdleId) -> Option<T> {
        let place = self.idle_list.place(idle.0)?;
        let entry = self.idle_list.remove(place)?;
        self.left(entry.hash, &entry.pooled.key);
        Some(entry.pooled.item)
    }

    /// A connection that was taken or opened is closed, or was never made: its place is free. `key` is the one it
    /// was asked for with. Not for what the pool itself handed out to be closed.
    pub fn closed<Q: Lookup<K> + ?Sized>(&mut self, key: &Q) {
        self.open = self.open.saturating_sub(1);
        if !self.open_by_key.is_empty() {
            self.forget(hash_of(key), |known| key.matches(known));
        }
    }

    /// Everything that has been idle too long or is too old at `now`, to be closed. Does not allocate when there is nothing.
    pub fn expire(&mut self, now: Instant) -> Vec<T> {
        let mut out = Vec::new();
        while let Some(place) = self.expiry.next_due(now, &self.idle_list) {
            if let Some(entry) = self.idle_list.remove(place) {
                self.expired += 1;
                self.left(entry.hash, &entry.pooled.key);
                out.push(entry.pooled.item);
            }
        }
        out
    }

    /// When [`Pool::expire`] is to be called next; `None` when nothing is idle. Never later than the first
    /// expiry; it may be earlier, when what was to expire then has been used again.
    pub fn next_expiry(&self) -> Option<Instant> {
        if self.idle_list.len() == 0 { None } else { self.expiry.earliest() }
    }

    /// Everything idle, to be closed.
    pub fn clear(&mut self) -> Vec<T> {
        let mut out = Vec::with_capacity(self.idle_list.len());
        while let Some(entry) = self.idle_list.oldest().and_then(|place| self.idle_list.remove(place)) {
            self.evicted += 1;
            self.left(entry.hash, &entry.pooled.key);
            out.push(entry.pooled.item);
        }
        out
    }

    /// All that is idle.
    pub fn idle(&self) -> impl Iterator<Item = &T> {
        self.idle_list.entries().map(|entry| &entry.pooled.item)
    }

    /// What it has done and what it holds.
    pub fn statistics(&self) -> PoolStatistics {
        PoolStatistics {
            reused: self.reused,
            opened: self.opened,
            expired: self.expired,
            evicted: self.evicted,
            idle: self.idle_list.len(),
            open: self.open,
        }
    }

    fn evict(&mut self, place: Option<u32>) -> Option<T> {
        let entry = self.idle_list.remove(place?)?;
        self.evicted += 1;
        self.left(entry.hash, &entry.pooled.key);
        Some(entry.pooled.item)
    }

    /// One connection less is open.
    fn left(&mut self, hash: u64, key: &K) {
        self.open = self.open.saturating_sub(1);
        if !self.open_by_key.is_empty() {
            self.forget(hash, |known| known == key);
        }
    }

    /// One connection less of a key is counted.
    fn forget(&mut self, hash: u64, is_it: impl Fn(&K) -> bool) {
        let Some(of_hash) = self.open_by_key.get_mut(&hash) else { return };
        if let Some((_, open)) = of_hash.iter_mut().find(|(known, _)| is_it(known)) {
            *open = open.saturating_sub(1);
        }
        of_hash.retain(|(_, open)| *open > 0);
        if of_hash.is_empty() {
            self.open_by_key.remove(&hash);
        }
    }
}

impl<K: Hash + Eq, T> Default for Pool<K, T> {
    fn default() -> Self {
        Pool::new(PoolLimits::DEFAULT)
    }
}

/// With a fixed key: two keys that share a hash share a chain, and nothing else. The chain is no longer than the pool's limit on idle
/// connections, or the number of open ones. A key that peers choose is to bring a hash of its own that they cannot foresee, as
/// [`Route`](crate::route::Route) does.
fn hash_of<Q: Hash + ?Sized>(key: &Q) -> u64 {
    let mut hasher = QuickHasher::default();
    key.hash(&mut hasher);
    hasher.finish()
}
