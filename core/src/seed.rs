//! Where the bits come from that nobody is to foresee.
//!
//! Core draws no random numbers: what depends on some derives from a seed that the embedder gives with the session, so that the same inputs give the
//! same outputs. A production seed and a test seed are different types, so that neither is taken for the other. So far the seed keys the hashes of
//! [`Route`](crate::route::Route)s: a peer that chooses names (by redirects) cannot search for names that share one.

use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::Hasher;

/// Bits that nobody else knows, for a session that talks to peers that are not trusted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed([u64; 2]);

impl Seed {
    /// From 128 bits that cannot be foreseen, such as the operating system gives: not a clock, nor a counter.
    pub const fn from_entropy(bits: [u64; 2]) -> Seed {
        Seed(bits)
    }

    /// A hasher that is keyed with the seed.
    pub(crate) fn hasher(self) -> DefaultHasher {
        // SipHash, whose state nobody knows once the seed is in it.
        let mut hasher = DefaultHasher::new();
        self.0.into_iter().for_each(|bits| hasher.write_u64(bits));
        hasher
    }
}

impl From<TestSeed> for Seed {
    /// For where a run is to repeat.
    fn from(TestSeed(n): TestSeed) -> Seed {
        Seed([n, 0])
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

/// A seed that anybody may know: for tests, simulations and runs that repeat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TestSeed(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(seed: Seed, text: &str) -> u64 {
        let mut hasher = seed.hasher();
        hasher.write(text.as_bytes());
        hasher.finish()
    }

    #[test]
    fn a_seed_decides_the_hash_and_is_not_shown() {
        let (one, two) = (Seed::from_entropy([1, 2]), Seed::from_entropy([1, 3]));
        assert_ne!(hash(one, "a.test"), hash(two, "a.test"));
        assert_ne!(hash(one, "a.test"), hash(one, "b.test"));
        assert_eq!(hash(TestSeed(7).into(), "a.test"), hash(TestSeed(7).into(), "a.test"));
        assert_eq!(format!("{one:?}"), "Seed(…)");
    }
}
