//! The connection pool: idle connections by key, and counts of open ones.
//!
//! Plain data, to be kept behind a lock. Every call is short and returns the connections to close,
//! so that closing happens outside the lock. The most recently used connection is reused first, the
//! least recently used one evicted first. [`Pool::take`] and [`Pool::put`] cost time in proportion
//! to the idle connections of one key, not to the number of keys.
//!
//! The key must include everything that distinguishes connections: origin, proxy with its
//! credentials, TLS configuration, bind address. The pool only compares keys.
//!
//! Left out: whether a connection is clean enough for reuse, and the liveness probe before reuse
//! (RFC 9112 §9.2). Waiters for a full pool ([`Take::Full`]) and their deadlines belong to the
//! engine.

mod expiry;
mod hasher;
mod idle;
#[cfg(test)]
mod tests;

use crate::time::{Duration, Instant};
use expiry::Expiry;
use hasher::QuickHasher;
use idle::{BuildIdentity, Entry, EntryId, IdleList};
use std::collections::HashMap;
use std::hash::{Hash, Hasher};

/// Limits on the connections of a pool.
///
/// ```
/// use petition_core::route::pool::PoolLimits;
///
/// let limits = PoolLimits::DEFAULT.idle_total(64).open_per_key(Some(8));
/// assert_eq!((limits.idle_total, limits.open_per_key), (64, Some(8)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PoolLimits {
    /// The maximum number of idle connections. Default: 16.
    pub idle_total: usize,
    /// The maximum number of idle connections per key. Default: 6.
    pub idle_per_key: usize,
    /// How long a connection may be idle. Default: 15 s, below the idle limit of common servers.
    pub idle_time: Duration,
    /// The maximum age of a connection at reuse. Default: 5 min.
    pub age: Duration,
    /// The maximum number of open connections, idle or in use. Default: no limit, so that a thread
    /// that holds a response can always send another request.
    pub open_total: Option<usize>,
    /// The maximum number of open connections per key, idle or in use. Default: no limit.
    pub open_per_key: Option<usize>,
}

impl PoolLimits {
    /// The defaults that the fields document.
    pub const DEFAULT: PoolLimits = PoolLimits {
        idle_total: 16,
        idle_per_key: 6,
        idle_time: Duration::from_secs(15),
        age: Duration::from_secs(300),
        open_total: None,
        open_per_key: None,
    };

    /// Sets the maximum number of idle connections.
    #[must_use]
    pub const fn idle_total(mut self, connections: usize) -> PoolLimits {
        self.idle_total = connections;
        self
    }

    /// Sets the maximum number of idle connections per key.
    #[must_use]
    pub const fn idle_per_key(mut self, connections: usize) -> PoolLimits {
        self.idle_per_key = connections;
        self
    }

    /// Sets how long a connection may be idle.
    #[must_use]
    pub const fn idle_time(mut self, time: Duration) -> PoolLimits {
        self.idle_time = time;
        self
    }

    /// Sets the maximum age of a connection at reuse.
    #[must_use]
    pub const fn age(mut self, age: Duration) -> PoolLimits {
        self.age = age;
        self
    }

    /// Sets the maximum number of open connections, idle or in use. `None`: no limit.
    #[must_use]
    pub const fn open_total(mut self, connections: Option<usize>) -> PoolLimits {
        self.open_total = connections;
        self
    }

    /// Sets the maximum number of open connections per key, idle or in use. `None`: no limit.
    #[must_use]
    pub const fn open_per_key(mut self, connections: Option<usize>) -> PoolLimits {
        self.open_per_key = connections;
        self
    }
}

impl Default for PoolLimits {
    fn default() -> Self {
        PoolLimits::DEFAULT
    }
}

/// A borrowed form of the key `K`, for lookups that build no key.
///
/// It must hash exactly as the key that it [matches](Lookup::matches), as with
/// [`std::borrow::Borrow`].
pub trait Lookup<K>: Hash {
    /// Whether `self` stands for `key`.
    fn matches(&self, key: &K) -> bool;

    /// Builds the key that `self` stands for. Called when a connection opens under
    /// [`PoolLimits::open_per_key`], which counts by key.
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

/// A connection with its key and age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pooled<K, T> {
    /// The key of the requests that may use it.
    pub key: K,
    /// The connection.
    pub item: T,
    /// When the connection was opened.
    pub opened_at: Instant,
}

/// Identifies an idle connection until the pool returns it; see [`Pool::insert`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleId(EntryId);

/// The result of [`Pool::take`].
#[derive(Debug, PartialEq, Eq)]
pub enum Take<K, T> {
    /// Reuse this idle connection. It still counts as open.
    Reuse {
        /// The connection.
        pooled: Pooled<K, T>,
    },
    /// Open a new connection. It counts as open until it leaves the pool or [`Pool::closed`]
    /// reports it.
    Open {
        /// An idle connection to close, which made room.
        evicted: Option<T>,
    },
    /// A limit on open connections is reached, and no idle one can make room. Retry after a
    /// [`Pool::put`] or a [`Pool::closed`].
    Full,
}

/// Counts of a pool since its creation, and its current size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PoolStatistics {
    /// Connections reused.
    pub reused: u64,
    /// Connections opened, or attempted.
    pub opened: u64,
    /// Connections returned for closing because they were idle too long or too old.
    pub expired: u64,
    /// Connections returned for closing to make room.
    pub evicted: u64,
    /// Connections idle now.
    pub idle: usize,
    /// Connections open now, idle or in use.
    pub open: usize,
}

/// A pool of idle connections `T` by key `K`. See the [module documentation](self).
#[derive(Debug)]
pub struct Pool<K, T> {
    limits: PoolLimits,
    idle_list: IdleList<K, T>,
    expiry: Expiry,
    /// The number of open connections per key, by hash of the key. Maintained only under a limit
    /// per key.
    open_by_key: HashMap<u64, Vec<(K, usize)>, BuildIdentity>,
    open: usize,
    reused: u64,
    opened: u64,
    expired: u64,
    evicted: u64,
}

impl<K: Hash + Eq, T> Pool<K, T> {
    /// Creates an empty pool.
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

    /// Returns the limits.
    pub const fn limits(&self) -> &PoolLimits {
        &self.limits
    }

    /// Takes a connection for `key`. Connections that have expired at `now` are never reused; they
    /// stay until [`Pool::expire`] or an eviction returns them. Does not allocate unless
    /// [`PoolLimits::open_per_key`] is set.
    pub fn take<Q: Lookup<K> + ?Sized>(&mut self, key: &Q, now: Instant) -> Take<K, T> {
        let hash = hash_of(key);
        let fresh = |entry: &Entry<K, T>| entry.expires > now && key.matches(&entry.pooled.key);
        if let Some(idle) = self.idle_list.take_newest_where(hash, fresh) {
            self.reused += 1;
            return Take::Reuse { pooled: idle.pooled };
        }

        self.open_at(hash, key)
    }

    /// Takes a new connection for `key`: as [`Pool::take`], but never [`Take::Reuse`].
    pub fn open<Q: Lookup<K> + ?Sized>(&mut self, key: &Q) -> Take<K, T> {
        self.open_at(hash_of(key), key)
    }

    /// Whether the limit per key forbids another connection for this key, not only the total limit.
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
            // Connections still idle under this key have expired: one makes room.
            let slot = self.idle_list.oldest_where(hash, |entry| key.matches(&entry.pooled.key));
            evicted = self.evict(slot);
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

    /// Returns a connection that is idle from `now` on to the pool. The result must be closed:
    /// another connection that made room, or `pooled.item` itself if the pool does not accept it.
    /// It no longer counts as open.
    ///
    /// `idle_hint` is the server's `Keep-Alive: timeout=`. It can only shorten
    /// [`PoolLimits::idle_time`]. A margin of half of it, at most 1 s, is subtracted, since the
    /// server's clock started earlier.
    #[must_use = "the returned connection must be closed"]
    pub fn put(&mut self, pooled: Pooled<K, T>, now: Instant, idle_hint: Option<Duration>) -> Option<T> {
        match self.insert(pooled, now, idle_hint) {
            Ok((_, evicted)) => evicted,
            Err(item) => Some(item),
        }
    }

    /// Puts a connection as [`Pool::put`] does. Returns an id for [`Pool::remove`], and a
    /// connection that made room and must be closed.
    ///
    /// # Errors
    /// `pooled.item` itself, if the pool does not accept it.
    pub fn insert(
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
            self.count_closed(hash, &pooled.key);
            return Err(pooled.item);
        }
        if self.limits.idle_total == 0 || self.limits.idle_per_key == 0 {
            self.evicted += 1;
            self.count_closed(hash, &pooled.key);
            return Err(pooled.item);
        }

        let (id, of_hash) = self.idle_list.put(hash, pooled, expires);
        let beyond = of_hash > self.limits.idle_per_key;
        let beyond = beyond.then(|| self.idle_list.oldest_beyond(id, self.limits.idle_per_key)).flatten();
        let full = self.idle_list.len() > self.limits.idle_total;
        let evicted = self.evict(beyond.or(self.idle_list.oldest().filter(|_| full)));
        self.expiry.add(expires, id, &self.idle_list);
        Ok((IdleId(id), evicted))
    }

    /// Removes an idle connection that the peer closed. It no longer counts as open. Returns `None`
    /// if the pool has already returned it.
    pub fn remove(&mut self, idle: IdleId) -> Option<T> {
        let slot = self.idle_list.slot_of(idle.0)?;
        let entry = self.idle_list.remove(slot)?;
        self.count_closed(entry.hash, &entry.pooled.key);
        Some(entry.pooled.item)
    }

    /// Reports that a taken connection was closed or never opened, which frees its slot. `key` is
    /// the one that it was taken with. Not for connections that the pool itself returned for
    /// closing.
    pub fn closed<Q: Lookup<K> + ?Sized>(&mut self, key: &Q) {
        self.open = self.open.saturating_sub(1);
        if !self.open_by_key.is_empty() {
            self.count_closed_of_key(hash_of(key), |known| key.matches(known));
        }
    }

    /// Removes and returns, for closing, the connections that are idle too long or too old at
    /// `now`. Does not allocate if there are none.
    pub fn expire(&mut self, now: Instant) -> Vec<T> {
        let mut out = Vec::new();
        while let Some(slot) = self.expiry.next_due(now, &self.idle_list) {
            if let Some(entry) = self.idle_list.remove(slot) {
                self.expired += 1;
                self.count_closed(entry.hash, &entry.pooled.key);
                out.push(entry.pooled.item);
            }
        }
        out
    }

    /// Returns when to call [`Pool::expire`] next; `None` if no connection is idle. Never later
    /// than the first expiry. It may be earlier if the connection due then has been reused.
    pub fn next_expiry(&self) -> Option<Instant> {
        if self.idle_list.len() == 0 { None } else { self.expiry.earliest() }
    }

    /// Removes and returns all idle connections, for closing.
    pub fn clear(&mut self) -> Vec<T> {
        let mut out = Vec::with_capacity(self.idle_list.len());
        while let Some(entry) = self.idle_list.oldest().and_then(|slot| self.idle_list.remove(slot)) {
            self.evicted += 1;
            self.count_closed(entry.hash, &entry.pooled.key);
            out.push(entry.pooled.item);
        }
        out
    }

    /// Iterates over the idle connections.
    pub fn idle(&self) -> impl Iterator<Item = &T> {
        self.idle_list.entries().map(|entry| &entry.pooled.item)
    }

    /// Returns the pool's statistics.
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

    fn evict(&mut self, slot: Option<u32>) -> Option<T> {
        let entry = self.idle_list.remove(slot?)?;
        self.evicted += 1;
        self.count_closed(entry.hash, &entry.pooled.key);
        Some(entry.pooled.item)
    }

    /// Counts one open connection less.
    fn count_closed(&mut self, hash: u64, key: &K) {
        self.open = self.open.saturating_sub(1);
        if !self.open_by_key.is_empty() {
            self.count_closed_of_key(hash, |known| known == key);
        }
    }

    /// Counts one open connection less for a key.
    fn count_closed_of_key(&mut self, hash: u64, is_key: impl Fn(&K) -> bool) {
        let Some(of_hash) = self.open_by_key.get_mut(&hash) else { return };
        if let Some((_, open)) = of_hash.iter_mut().find(|(known, _)| is_key(known)) {
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

/// Hashes with a fixed key. Two keys with equal hashes share a chain, and nothing else. The chain
/// is no longer than the limit on idle connections, or the number of open ones. Keys that peers
/// choose must contain a hash of their own that peers cannot predict, as
/// [`Route`](crate::route::Route) does.
fn hash_of<Q: Hash + ?Sized>(key: &Q) -> u64 {
    let mut hasher = QuickHasher::default();
    key.hash(&mut hasher);
    hasher.finish()
}
