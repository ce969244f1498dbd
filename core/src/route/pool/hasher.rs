//! A fast hash for keys that are compared in full afterwards.
//!
//! It multiplies and adds words, and finally rotates the well-mixed high bits down. It does not
//! resist a peer that searches for collisions. Keys with equal hashes only share a chain of bounded
//! length. A [`Route`](crate::route::Route) brings a hash keyed with the session's seed: one word
//! in, one word out, without new collisions.

use std::hash::Hasher;

/// Odd, with no pattern in its bits.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct QuickHasher(u64);

impl Hasher for QuickHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let last = rest.iter().fold(rest.len() as u64, |last, &byte| (last << 8) | u64::from(byte));
            self.write_u64(last);
        }
    }

    fn write_u8(&mut self, n: u8) {
        self.write_u64(n.into());
    }

    fn write_u16(&mut self, n: u16) {
        self.write_u64(n.into());
    }

    fn write_u32(&mut self, n: u32) {
        self.write_u64(n.into());
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = self.0.rotate_left(5).wrapping_add(n).wrapping_mul(FACTOR);
    }

    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::hash::Hash;

    #[test]
    fn similar_hosts_and_ports_have_different_hashes() {
        let mut hashes = BTreeSet::new();
        let (mut low, mut high) = (BTreeSet::new(), BTreeSet::new());
        for host in 0..100 {
            for port in 0..100u16 {
                let mut hasher = QuickHasher::default();
                (format!("host{host}.example"), 8000 + port).hash(&mut hasher);
                hashes.insert(hasher.finish());
                low.insert(hasher.finish() & 0x3ff);
                high.insert(hasher.finish() >> 57);
            }
        }
        assert_eq!(hashes.len(), 10_000);
        // A hash table uses both ends of the hash.
        assert!(low.len() > 900 && high.len() == 128, "{} {}", low.len(), high.len());
    }
}
