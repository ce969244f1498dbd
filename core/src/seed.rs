//! Seeds: the source of unpredictable bits.
//!
//! Core draws no random numbers. Randomness derives from a seed that the embedder gives with the
//! session, so that the same inputs give the same outputs. Production seeds and test seeds are
//! different types, so that neither is mistaken for the other. At present, the seed keys the hashes
//! of [`Route`](crate::route::Route)s: a peer that chooses names (by redirects) cannot search for
//! names with equal hashes.

use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::Hasher;

/// Unpredictable bits, for sessions that talk to untrusted peers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed([u64; 2]);

impl Seed {
    /// Creates a seed from 128 unpredictable bits, such as the operating system's randomness. Do
    /// not use a clock or a counter.
    pub const fn from_entropy(bits: [u64; 2]) -> Seed {
        Seed(bits)
    }

    /// Returns a hasher keyed with the seed.
    pub(crate) fn hasher(self) -> DefaultHasher {
        // SipHash: its state is unpredictable once it contains the seed.
        let mut hasher = DefaultHasher::new();
        self.0.into_iter().for_each(|bits| hasher.write_u64(bits));
        hasher
    }
}

impl From<TestSeed> for Seed {
    /// Converts a test seed, for runs that must repeat.
    fn from(TestSeed(n): TestSeed) -> Seed {
        Seed([n, 0])
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

/// A predictable seed, for tests, simulations and repeatable runs.
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
    fn seed_determines_the_hash_and_is_not_shown() {
        let (one, two) = (Seed::from_entropy([1, 2]), Seed::from_entropy([1, 3]));
        assert_ne!(hash(one, "a.test"), hash(two, "a.test"));
        assert_ne!(hash(one, "a.test"), hash(one, "b.test"));
        assert_eq!(hash(TestSeed(7).into(), "a.test"), hash(TestSeed(7).into(), "a.test"));
        assert_eq!(format!("{one:?}"), "Seed(…)");
    }
}
