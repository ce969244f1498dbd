use super::*;

fn at(ms: u64) -> Instant {
    Instant::from_origin(Duration::from_millis(ms))
}

fn pooled(key: &str, item: u32) -> Pooled<String, u32> {
    Pooled { key: key.into(), item, opened_at: at(0) }
}

/// A borrowed key that needs no `String`.
#[derive(Hash)]
struct Name<'a>(&'a str);

impl Lookup<String> for Name<'_> {
    fn matches(&self, key: &String) -> bool {
        self.0 == key
    }

    fn to_key(&self) -> String {
        self.0.into()
    }
}

/// A key whose hash is constant.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Colliding(u32);

impl Hash for Colliding {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u8(0);
    }
}

type Named = Pool<String, u32>;

fn reused(pool: &mut Named, key: &str, now: Instant) -> Option<u32> {
    match pool.take(&Name(key), now) {
        Take::Reuse { pooled, .. } => Some(pooled.item),
        Take::Open { .. } | Take::Full => None,
    }
}

#[test]
fn most_recent_connection_is_reused_first() {
    let mut pool = Named::default();
    for (item, ms) in [(1, 0), (2, 1), (3, 2)] {
        assert_eq!(pool.put(pooled("a", item), at(ms), None), None);
    }
    assert_eq!(reused(&mut pool, "b", at(10)), None);
    assert_eq!(pool.take(&Name("a"), at(10)), Take::Reuse { pooled: pooled("a", 3) });
    assert_eq!(reused(&mut pool, "a", at(10)), Some(2));
    assert_eq!(reused(&mut pool, "a", at(10)), Some(1));
    assert_eq!(pool.take(&String::from("a"), at(10)), Take::Open { evicted: None });
    let expected = PoolStatistics { reused: 3, opened: 2, open: 2, ..PoolStatistics::default() };
    assert_eq!(pool.statistics(), expected);
}

#[test]
fn t9_keys_with_equal_hashes_are_distinct() {
    let mut pool: Pool<Colliding, u32> = Pool::default();
    for n in 0..5 {
        assert_eq!(pool.put(Pooled { key: Colliding(n), item: n, opened_at: at(0) }, at(0), None), None);
    }
    assert_eq!(pool.take(&Colliding(9), at(1)), Take::Open { evicted: None });
    for n in [2, 0, 4, 1, 3] {
        let Take::Reuse { pooled, .. } = pool.take(&Colliding(n), at(1)) else { panic!("{n}") };
        assert_eq!(pooled.item, n);
    }
}

#[test]
fn connections_expire_by_idleness_hint_or_age() {
    let s = Duration::from_secs;
    for (opened_at, put, hint, lasts_until) in [
        (0, 0, None, 15_000),
        (0, 0, Some(s(60)), 15_000),
        (0, 0, Some(s(5)), 4_000),
        (0, 0, Some(s(1)), 500),
        (0, 299_000, None, 300_000),
    ] {
        let mut pool = Named::default();
        let connection = Pooled { opened_at: at(opened_at), ..pooled("a", 1) };
        assert_eq!(pool.put(connection, at(put), hint), None);
        assert_eq!(pool.next_expiry(), Some(at(lasts_until)));
        assert!(pool.expire(at(lasts_until - 1)).is_empty());
        assert_eq!(reused(&mut pool, "a", at(lasts_until)), None, "expired, though not yet collected");
        assert_eq!(pool.expire(at(lasts_until)), [1]);
        assert_eq!((pool.next_expiry(), pool.statistics().expired), (None, 1));
    }
    let mut pool = Named::default();
    assert_eq!(pool.put(pooled("a", 1), at(300_000), None), Some(1), "too old");
    assert_eq!(pool.put(pooled("a", 1), at(0), Some(Duration::ZERO)), Some(1), "the server keeps none");
}

#[test]
fn fresh_connection_behind_an_expired_one_is_found() {
    let mut pool = Named::default();
    assert_eq!(pool.put(pooled("a", 1), at(0), None), None);
    assert_eq!(pool.put(pooled("a", 2), at(0), Some(Duration::from_secs(2))), None);
    assert_eq!(reused(&mut pool, "a", at(5_000)), Some(1));
}

#[test]
fn least_recently_used_connection_makes_room() {
    let limits = PoolLimits { idle_total: 3, idle_per_key: 2, ..PoolLimits::DEFAULT };
    let mut pool = Named::new(limits);
    assert_eq!(pool.put(pooled("a", 1), at(0), None), None);
    assert_eq!(pool.put(pooled("b", 2), at(1), None), None);
    assert_eq!(pool.put(pooled("b", 3), at(2), None), None);
    assert_eq!(pool.put(pooled("b", 4), at(3), None), Some(2), "the key's own limit");
    assert_eq!(pool.put(pooled("c", 5), at(4), None), Some(1), "the limit of all");
    assert_eq!(pool.put(pooled("c", 6), at(5), None), Some(3));
    assert_eq!((pool.statistics().idle, pool.statistics().evicted), (3, 3));
    let mut none = Named::new(PoolLimits { idle_total: 0, ..PoolLimits::DEFAULT });
    assert_eq!(none.put(pooled("a", 1), at(0), None), Some(1));
    let mut none = Named::new(PoolLimits { idle_per_key: 0, ..PoolLimits::DEFAULT });
    assert_eq!(none.put(pooled("a", 1), at(0), None), Some(1));
}

#[test]
fn t88_full_pool_reports_it_until_a_connection_closes() {
    let mut pool = Named::new(PoolLimits { open_total: Some(2), ..PoolLimits::DEFAULT });
    assert_eq!(pool.take(&Name("a"), at(0)), Take::Open { evicted: None });
    assert_eq!(pool.take(&Name("b"), at(0)), Take::Open { evicted: None });
    assert_eq!(pool.take(&Name("c"), at(0)), Take::Full);
    pool.closed(&Name("a"));
    assert_eq!(pool.take(&Name("c"), at(0)), Take::Open { evicted: None });
    assert_eq!(pool.take(&Name("a"), at(0)), Take::Full);
    assert_eq!(pool.put(pooled("b", 7), at(1), None), None);
    assert_eq!(pool.take(&Name("a"), at(2)), Take::Open { evicted: Some(7) }, "an idle one makes room");
    assert_eq!(pool.take(&Name("b"), at(2)), Take::Full);
    assert_eq!(pool.statistics().open, 2);
}

#[test]
fn t88_limit_per_key_does_not_affect_other_keys() {
    let mut pool = Named::new(PoolLimits { open_per_key: Some(1), ..PoolLimits::DEFAULT });
    assert_eq!(pool.take(&Name("a"), at(0)), Take::Open { evicted: None });
    assert_eq!(pool.take(&Name("a"), at(0)), Take::Full);
    assert_eq!(pool.take(&Name("b"), at(0)), Take::Open { evicted: None });
    assert_eq!(pool.put(pooled("a", 1), at(0), None), None);
    assert_eq!(reused(&mut pool, "a", at(1)), Some(1));
    assert_eq!(pool.take(&Name("a"), at(1)), Take::Full, "a reused one counts");
    assert_eq!(pool.put(pooled("a", 1), at(1), None), None);
    assert_eq!(pool.take(&Name("a"), at(60_000)), Take::Open { evicted: Some(1) }, "an expired one makes room");
    pool.closed(&Name("a"));
    pool.closed(&Name("b"));
    assert_eq!((pool.statistics().open, pool.open_by_key.len()), (0, 0));
}

#[test]
fn idle_connections_can_be_inspected() {
    let mut pool = Named::default();
    assert_eq!(pool.idle().count(), 0);
    for n in 0..3 {
        assert_eq!(pool.put(pooled(if n == 1 { "a" } else { "b" }, n), at(0), None), None);
    }
    let mut idle: Vec<u32> = pool.idle().copied().collect();
    idle.sort_unstable();
    assert_eq!(idle, [0, 1, 2]);
    assert_eq!(reused(&mut pool, "b", at(1)), Some(2));
    assert_eq!(pool.idle().count(), 2);
}

#[test]
fn t88_keys_with_equal_hashes_count_separately() {
    let mut pool: Pool<Colliding, u32> = Pool::new(PoolLimits { open_per_key: Some(2), ..PoolLimits::DEFAULT });
    for n in [1, 1, 2, 2] {
        assert_eq!(pool.take(&Colliding(n), at(0)), Take::Open { evicted: None }, "{n}");
    }
    assert_eq!([1, 2, 3].map(|n| pool.key_is_full(&Colliding(n))), [true, true, false]);
    assert_eq!(pool.take(&Colliding(1), at(0)), Take::Full);
    assert_eq!(pool.put(Pooled { key: Colliding(1), item: 7, opened_at: at(0) }, at(0), None), None);
    assert_eq!(pool.take(&Colliding(2), at(0)), Take::Full, "the idle one is of another key");
    pool.closed(&Colliding(2));
    assert_eq!(pool.take(&Colliding(2), at(0)), Take::Open { evicted: None });
    assert_eq!(pool.clear(), [7]);
    for n in [1, 2, 2] {
        pool.closed(&Colliding(n));
    }
    assert_eq!((pool.statistics().open, pool.open_by_key.len()), (0, 0));
}

#[test]
fn clearing_returns_every_idle_connection() {
    let mut pool = Named::default();
    for n in 0..4 {
        assert_eq!(pool.put(pooled(if n % 2 == 0 { "a" } else { "b" }, n), at(0), None), None);
    }
    assert_eq!(pool.clear(), [0, 1, 2, 3]);
    assert_eq!((pool.statistics().idle, pool.next_expiry()), (0, None));
    assert_eq!(reused(&mut pool, "a", at(1)), None);
}

#[test]
fn expiry_heap_stays_bounded() {
    let mut pool = Named::default();
    assert_eq!(pool.put(pooled("cold", 0), at(0), None), None);
    let mut now = at(0);
    for n in 0..10_000 {
        assert_eq!(pool.put(Pooled { opened_at: now, ..pooled("hot", n) }, now, None), None);
        now = now + Duration::from_millis(1);
        assert_eq!(reused(&mut pool, "hot", now), Some(n));
        assert!(pool.expiry.len() <= 2 * 2 + 32 + 1, "{}", pool.expiry.len());
    }
    assert_eq!(pool.expire(at(15_000)), [0]);
}

/// Compares the pool with a plain list over many seeded runs of random calls.
#[test]
fn pool_behaves_like_a_plain_list() {
    let limits = PoolLimits { idle_total: 5, idle_per_key: 3, ..PoolLimits::DEFAULT };
    for seed in 1..200u64 {
        let mut random = seed;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        let mut pool = Pool::new(limits);
        // Key, item, expiry; the oldest first.
        let mut list: Vec<(u64, u32, Instant)> = Vec::new();
        let mut now = at(0);
        for item in 0..200u32 {
            now = now + Duration::from_millis(next(4_000));
            let key = next(4);
            match next(4) {
                0 | 1 => {
                    let hint = (next(2) == 0).then(|| Duration::from_secs(2 + next(20)));
                    let idle = hint.map_or(limits.idle_time, |h| limits.idle_time.min(h - Duration::from_secs(1)));
                    let of_key = list.iter().filter(|e| e.0 == key).count();
                    let out = if of_key >= limits.idle_per_key {
                        list.iter().position(|e| e.0 == key)
                    } else if list.len() >= limits.idle_total {
                        Some(0)
                    } else {
                        None
                    };
                    let expected = out.map(|index| list.remove(index).1);
                    list.push((key, item, now + idle));
                    assert_eq!(pool.put(Pooled { key, item, opened_at: now }, now, hint), expected, "seed {seed}");
                }
                2 => {
                    let index = list.iter().rposition(|e| e.0 == key && e.2 > now);
                    let expected = index.map(|index| list.remove(index).1);
                    let got = match pool.take(&key, now) {
                        Take::Reuse { pooled, .. } => Some(pooled.item),
                        _ => None,
                    };
                    assert_eq!(got, expected, "seed {seed}");
                }
                _ => {
                    let first = list.iter().map(|e| e.2).min();
                    assert_eq!(pool.next_expiry().is_some(), first.is_some(), "seed {seed}");
                    assert!(pool.next_expiry() <= first, "seed {seed}");
                    let mut got = pool.expire(now);
                    let mut expected: Vec<u32> = list.iter().filter(|e| e.2 <= now).map(|e| e.1).collect();
                    list.retain(|e| e.2 > now);
                    got.sort_unstable();
                    expected.sort_unstable();
                    assert_eq!(got, expected, "seed {seed}");
                    assert_eq!(pool.next_expiry(), list.iter().map(|e| e.2).min(), "seed {seed}");
                }
            }
            assert_eq!(pool.statistics().idle, list.len(), "seed {seed}");
        }
    }
}
