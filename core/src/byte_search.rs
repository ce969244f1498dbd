//! Searches for bytes in byte slices.
//!
//! Long searches use the standard library: its search for one byte in a reader is the system's
//! `memchr`. For short texts and full scans, a plain loop is as fast. The functions have the names
//! of the `memchr` crate, which would add a dependency for every user.

use std::io::BufRead as _;

/// Returns the position of the first `needle`.
pub(crate) fn memchr(needle: u8, mut bytes: &[u8]) -> Option<usize> {
    let all = bytes;
    // Reading from a slice never fails.
    let skipped = bytes.skip_until(needle).ok()?;
    let last = skipped.checked_sub(1)?;
    (*all.get(last)? == needle).then_some(last)
}

/// Returns the first position of either byte. For short texts.
pub(crate) fn memchr2(a: u8, b: u8, bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte == a || byte == b)
}

/// Returns the first position of any of the three bytes. For short texts.
pub(crate) fn memchr3(a: u8, b: u8, c: u8, bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte == a || byte == b || byte == c)
}

/// Iterates over the positions of `needle`.
pub(crate) fn memchr_iter(needle: u8, bytes: &[u8]) -> Positions<'_> {
    Positions { needle, rest: bytes, before: 0 }
}

/// See [`memchr_iter`].
#[derive(Debug)]
pub(crate) struct Positions<'a> {
    needle: u8,
    rest: &'a [u8],
    /// The number of bytes before `rest`.
    before: usize,
}

impl Iterator for Positions<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let at = memchr(self.needle, self.rest)?;
        self.rest = self.rest.get(at + 1..).unwrap_or_default();
        let position = self.before + at;
        self.before = position + 1;
        Some(position)
    }

    fn count(self) -> usize {
        // The compiler vectorizes short sums of single bytes.
        let sum = |piece: &[u8]| piece.iter().map(|&byte| u8::from(byte == self.needle)).sum::<u8>();
        self.rest.chunks(u8::MAX.into()).map(|piece| usize::from(sum(piece))).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_match_a_plain_loop() {
        let text: Vec<u8> = (0..3000u32).map(|i| (i.wrapping_mul(i) >> 3) as u8 % 7).collect();
        for start in [0, 1, 2, 100, 2990, 3000] {
            let text = &text[start..];
            for needle in 0..8 {
                let plain: Vec<_> = (0..text.len()).filter(|&at| text[at] == needle).collect();
                assert_eq!(memchr_iter(needle, text).collect::<Vec<_>>(), plain);
                assert_eq!(memchr_iter(needle, text).count(), plain.len());
                assert_eq!(memchr(needle, text), plain.first().copied());
                assert_eq!(memchr2(needle, 9, text), plain.first().copied());
                assert_eq!(memchr3(9, 8, needle, text), plain.first().copied());
            }
        }
        assert_eq!((memchr(1, b""), memchr(1, b"\x01"), memchr(1, b"\x02")), (None, Some(0), None));
    }
}
