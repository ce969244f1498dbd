//! Bytes looked for in bytes.
//!
//! What is long is left to the standard library, whose search in a reader for one byte is the system's `memchr`; where the text is short or all
//! of it is looked at, a plain loop is as good. The names are those of the package that does this everywhere else, which would be one more in the tree
//! of every user.

use std::io::BufRead as _;

/// Where `needle` first is.
pub(crate) fn memchr(needle: u8, mut bytes: &[u8]) -> Option<usize> {
    let all = bytes;
    // A slice is a reader that does not fail.
    let skipped = bytes.skip_until(needle).ok()?;
    let last = skipped.checked_sub(1)?;
    (*all.get(last)? == needle).then_some(last)
}

/// Where one of two bytes first is; for short texts.
pub(crate) fn memchr2(a: u8, b: u8, bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte == a || byte == b)
}

/// Where one of three bytes first is; for short texts.
pub(crate) fn memchr3(a: u8, b: u8, c: u8, bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte == a || byte == b || byte == c)
}

/// Every place where `needle` is.
pub(crate) fn memchr_iter(needle: u8, bytes: &[u8]) -> Places<'_> {
    Places { needle, rest: bytes, before: 0 }
}

/// See [`memchr_iter`].
#[derive(Debug)]
pub(crate) struct Places<'a> {
    needle: u8,
    rest: &'a [u8],
    /// Bytes before `rest`.
    before: usize,
}

impl Iterator for Places<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let at = memchr(self.needle, self.rest)?;
        self.rest = self.rest.get(at + 1..).unwrap_or_default();
        let place = self.before + at;
        self.before = place + 1;
        Some(place)
    }

    fn count(self) -> usize {
        // Short sums of single bytes are what a compiler makes wide instructions of.
        let sum = |piece: &[u8]| piece.iter().map(|&byte| u8::from(byte == self.needle)).sum::<u8>();
        self.rest.chunks(u8::MAX.into()).map(|piece| usize::from(sum(piece))).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_a_plain_loop() {
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
