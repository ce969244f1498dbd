//! The sizes that a zstd block states before it is decoded (RFC 8878 §3.1.1.2 and §3.1.1.3), and
//! the memory that decoding needs.
//!
//! The decoding package trusts the stated number of literals and sequences and allocates for them.
//! A few bytes could request a mebibyte. This module rejects such a block, and computes an upper
//! bound on the package's memory.

/// The maximum size of a block, encoded and decoded (RFC 8878 §3.1.1.2.4).
pub(super) const LARGEST: usize = 128 * 1024;

/// The size of a sequence in the package: three 32-bit words.
const SEQUENCE: usize = 12;

/// The maximum size of the tables for literals and sequences.
const TABLES: usize = 32 * 1024;

/// Up to this size the package's ring buffer grows in powers of two; above it, only the excess
/// does.
const SLACK: usize = 2 * LARGEST;

/// The sizes that a compressed block states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) literals: usize,
    pub(super) sequences: usize,
}

/// Reads the sizes of a compressed block. `None` if it is truncated; the decoder reports that.
pub(super) fn claims(content: &[u8]) -> Option<Claims> {
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0_usize, |number, &byte| number << 8 | usize::from(byte));
    let first = *content.first()?;
    let (raw_or_run, format) = (first & 2 == 0, first >> 2 & 3);
    let (header, literals, stored) = if raw_or_run {
        let (header, shift) = match format {
            0 | 2 => (1, 3),
            1 => (2, 4),
            _ => (3, 4),
        };
        let literals = number(content.get(..header)?) >> shift;
        (header, literals, if first & 1 == 0 { literals } else { 1 })
    } else {
        let (header, bits) = match format {
            0 | 1 => (3, 10),
            2 => (4, 14),
            _ => (5, 18),
        };
        let both = content.get(..header)?.iter().rev().fold(0_u64, |number, &byte| number << 8 | u64::from(byte)) >> 4;
        let size = |number: u64| usize::try_from(number & ((1 << bits) - 1)).unwrap_or(usize::MAX);
        (header, size(both), size(both >> bits))
    };
    let sequences = match content.get(header.saturating_add(stored)..)? {
        [count @ 0..=127, ..] => usize::from(*count),
        [high @ 128..=254, low, ..] => (usize::from(*high) - 128) << 8 | usize::from(*low),
        [255, low, high, ..] => number(&[*low, *high]) + 0x7F00,
        _ => return None,
    };
    Some(Claims { literals, sequences })
}

/// An upper bound on the memory of a frame's decoder, updated with each block.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    /// The maximum decoded size of the blocks so far.
    decoded: usize,
    /// The maximum of any block.
    content: usize,
    literals: usize,
    sequences: usize,
}

impl Held {
    /// Records a block that decodes to `size` raw or repeated bytes.
    pub(super) fn plain(&mut self, size: usize) {
        self.decoded = self.decoded.saturating_add(size);
    }

    /// Records a compressed block that decodes to at most `most` bytes.
    ///
    /// # Errors
    /// The cause, if the block states a larger size. A sequence produces at least three bytes (RFC
    /// 8878 §3.1.1.3.2.1.1).
    pub(super) fn compressed(&mut self, content: &[u8], most: usize) -> Result<(), &'static str> {
        let Claims { literals, sequences } = claims(content).unwrap_or_default();
        if literals > most || sequences > most / 3 {
            return Err("a block states more than the maximum block size");
        }
        self.decoded = self.decoded.saturating_add(if sequences == 0 { literals } else { most });
        self.content = self.content.max(content.len());
        self.literals = self.literals.max(literals);
        self.sequences = self.sequences.max(sequences);
        Ok(())
    }

    /// Returns the maximum bytes that the decoder holds, for this window and stated size.
    pub(super) fn bytes(&self, window: usize, stated: Option<u64>) -> usize {
        let stated = stated.map_or(usize::MAX, |stated| usize::try_from(stated).unwrap_or(usize::MAX));
        let most = window.saturating_add(LARGEST).min(stated).min(self.decoded);
        let ring = match most.saturating_add(1) {
            _ if most == 0 => 0,
            most if most <= SLACK => most.next_power_of_two(),
            most => (most - SLACK).checked_next_power_of_two().unwrap_or(usize::MAX).saturating_add(SLACK),
        };
        let tables = if self.content > 0 { TABLES } else { 0 };
        // Vectors grow to at most twice the needed size.
        ring.saturating_add(tables + 2 * (self.content + self.literals + SEQUENCE * self.sequences))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_and_sequence_sizes_are_parsed() {
        let claimed = |literals, sequences| Some(Claims { literals, sequences });
        for (content, expected) in [
            (&b""[..], None),
            // Raw: 5, 12 and 20 bits of size, that many bytes, then the sequences.
            (b"\x10ab\x00", claimed(2, 0)),
            (b"\x24\x00ab\x7F", claimed(2, 127)),
            (b"\x2C\x00\x00ab\x81\x02", claimed(2, 258)),
            (b"\x10ab", None),
            (b"\x10a", None),
            // A run: one byte.
            (b"\xFD\xFF\xFFa\xFF\x01\x02", claimed(0xF_FFFF, 0x0201 + 0x7F00)),
            (b"\xFD\xFF\xFFa\xFF\x01", None),
            // Compressed: both sizes, in 10, 14 and 18 bits.
            (b"\x22\xC0\x00abc\x05", claimed(2, 5)),
            (b"\xFA\xFF\x03\x00\x00", claimed(0x3FFF, 0)),
            (b"\xFE\xFF\x3F\x00\x00\x00", claimed(0x3_FFFF, 0)),
        ] {
            assert_eq!(claims(content), expected, "{}", content.escape_ascii());
        }
    }

    #[test]
    fn block_with_excessive_sizes_is_rejected() {
        let mut held = Held::default();
        assert!(held.compressed(b"\xFD\xFF\xFFa\x00", LARGEST).is_err(), "a mebibyte of literals");
        assert!(held.compressed(b"\x10ab\xFF\xFF\xFF", LARGEST).is_err(), "98,046 sequences");
        assert!(held.compressed(b"\x10ab\x02\x54", 3).is_err(), "two sequences are six bytes");
        assert_eq!(held.bytes(8 << 20, None), 0);
        assert_eq!(Held::default().compressed(b"\x10ab\x02\x54", 6), Ok(()), "just as long as it may be");
        assert_eq!(Held::default().compressed(b"\x10ab\x00", 2), Ok(()));
        assert!(Held::default().compressed(b"\x10ab\x00", 1).is_err());
        assert_eq!(held.compressed(b"\x10ab\x00", LARGEST), Ok(()));
        assert!(held.bytes(8 << 20, None) < 40 * 1024);
    }
    #[test]
    fn memory_bound_follows_window_and_blocks() {
        const KIB: usize = 1024;
        let plain = |blocks: &[usize]| {
            let mut held = Held::default();
            blocks.iter().for_each(|&size| held.plain(size));
            held
        };
        for (blocks, window, stated, expected) in [
            (&[][..], KIB, None, 0),
            (&[1000], 8 * KIB * KIB, None, KIB),
            (&[1000, 24], 8 * KIB * KIB, None, 2 * KIB),
            (&[1000, 1000], 8 * KIB * KIB, Some(1000), KIB),
            (&[LARGEST; 8], KIB, None, 256 * KIB),
            (&[LARGEST; 2], 8 * KIB * KIB, None, 256 * KIB + 1),
            (&[LARGEST; 3], 8 * KIB * KIB, None, 512 * KIB),
            (&[LARGEST; 8], 384 * KIB, None, 768 * KIB),
        ] {
            let bytes = plain(blocks).bytes(window, stated);
            assert_eq!(bytes, expected, "{blocks:?} {window} {stated:?}");
        }
        // Two literals and no sequence; then ten literals and five sequences, limited by the
        // maximum block size.
        let mut held = Held::default();
        held.compressed(b"\x10ab\x00", LARGEST).unwrap();
        assert_eq!(held.bytes(8 * KIB * KIB, None), 4 + TABLES + 2 * (4 + 2));
        held.compressed(b"\x50abcdefghij\x05", KIB).unwrap();
        assert_eq!(held.bytes(8 * KIB * KIB, None), 2 * KIB + TABLES + 2 * (12 + 10 + 12 * 5));
    }
}
