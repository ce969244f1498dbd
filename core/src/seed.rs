//! Seeds: the source of unpredictable bits.
//!
//! Core draws no random numbers. Randomness derives from a seed that the embedder gives with the
//! session, so that the same inputs give the same outputs. Production seeds and test seeds are
//! different types, so that neither is mistaken for the other. The seed keys the hashes
//! of [`Route`](crate::route::Route)s: a peer that chooses names (by redirects) cannot search for
//! names with equal hashes. It is also the source of client nonces and of the
//! boundaries of multipart bodies.

use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::Hasher;

/// Unpredictable bits, for sessions that talk to untrusted peers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed([u64; 2]);

impl Seed {
    /// Creates a seed from 128 bits that `fill` writes: those of the operating system's randomness,
    /// not of a clock or a counter.
    ///
    /// ```
    /// # fn random(bytes: &mut [u8]) { bytes.copy_from_slice(&[7; 16]) }
    /// let session = petition_core::Session::seeded(petition_core::Seed::from_entropy(random));
    /// ```
    ///
    /// There is no way from a constant to a seed but through [`TestSeed`], whose name says what it
    /// is for:
    ///
    /// ```compile_fail,E0277
    /// let session = petition_core::Session::seeded([1, 2]);
    /// ```
    /// ```compile_fail,E0277
    /// let seed = petition_core::Seed::from_entropy([1, 2]);
    /// ```
    /// ```compile_fail,E0423
    /// let seed = petition_core::Seed([1, 2]);
    /// ```
    /// ```compile_fail,E0015
    /// const SEED: petition_core::Seed = petition_core::Seed::from_entropy(|bytes| bytes.fill(1));
    /// ```
    pub fn from_entropy(fill: impl FnOnce(&mut [u8])) -> Seed {
        let mut halves = [[0; 8]; 2];
        fill(halves.as_flattened_mut());
        Seed(halves.map(u64::from_ne_bytes))
    }

    #[cfg(test)]
    pub(crate) const fn from_bits(bits: [u64; 2]) -> Seed {
        Seed(bits)
    }

    /// Returns 128 unpredictable bits, different for each purpose and each number.
    pub(crate) fn draw(self, purpose: &str, number: u64) -> u128 {
        let half = |half: u8| {
            let mut hasher = self.hasher();
            hasher.write(purpose.as_bytes());
            hasher.write_u64(number);
            hasher.write_u8(half);
            u128::from(hasher.finish())
        };
        half(0) << 64 | half(1)
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
        let (one, two) = (Seed::from_bits([1, 2]), Seed::from_bits([1, 3]));
        assert_ne!(hash(one, "a.test"), hash(two, "a.test"));
        assert_ne!(hash(one, "a.test"), hash(one, "b.test"));
        assert_eq!(hash(TestSeed(7).into(), "a.test"), hash(TestSeed(7).into(), "a.test"));
        assert_eq!(format!("{one:?}"), "Seed(…)");
    }
}
