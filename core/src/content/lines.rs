//! Splits a text body into lines as it arrives, and decodes each.
//!
//! A line ends in LF or CRLF. The charset is chosen as for whole bodies: by the byte order mark, or
//! else by Content-Type, or else UTF-8. In UTF-16, CR and LF are code units of two bytes. In all
//! other charsets LF is one byte that is part of no other character.

use std::fmt;

use super::text::{self, Charset};
use crate::byte_search::memchr;
use crate::limits::{LimitExceeded, Limits};

/// An incremental splitter for the lines of one body.
///
/// ```
/// use petition_core::Limits;
/// use petition_core::content::lines::Lines;
///
/// let mut lines = Lines::new(Some(b"text/plain"), &Limits::DEFAULT);
/// assert_eq!(lines.split(b"one\r\ntw")?, (5, Some("one".to_owned())));
/// assert_eq!(lines.split(b"tw")?, (2, None));
/// assert_eq!(lines.finish(), Some("tw".to_owned()));
/// # Ok::<(), petition_core::LimitExceeded>(())
/// ```
#[derive(Clone)]
pub struct Lines {
    /// The charset to use if there is no byte order mark.
    declared: Charset,
    /// `None` while the received bytes may begin a byte order mark.
    charset: Option<Charset>,
    line_bytes: usize,
    /// The received part of the current line.
    line: Vec<u8>,
    failed: Option<LimitExceeded>,
}

impl Lines {
    /// Creates a splitter for a body with this Content-Type. [`Limits::line_bytes`] bounds each
    /// line. Text in an unknown charset is decoded as UTF-8.
    pub fn new(content_type: Option<&[u8]>, limits: &Limits) -> Lines {
        Lines {
            declared: text::declared(content_type),
            charset: None,
            line_bytes: limits.line_bytes,
            line: Vec::new(),
            failed: None,
        }
    }

    /// Consumes bytes up to the end of the next line. Returns the number of consumed bytes, and the
    /// line without its end. If no line is complete, all bytes are consumed.
    ///
    /// # Errors
    /// A line exceeds its limit. Every later call returns the same error.
    pub fn split(&mut self, bytes: &[u8]) -> Result<(usize, Option<String>), LimitExceeded> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        self.advance(bytes).inspect_err(|error| self.failed = Some(*error))
    }

    /// Returns the last line, if the body does not end with a line end. The splitter is then empty.
    pub fn finish(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        let charset = self.charset.unwrap_or(self.declared);
        (!line.is_empty() && self.failed.is_none()).then(|| charset.decode(line))
    }

    fn advance(&mut self, bytes: &[u8]) -> Result<(usize, Option<String>), LimitExceeded> {
        let mut consumed = 0;
        while let Some(rest) = bytes.get(consumed..).filter(|rest| !rest.is_empty()) {
            let n = match self.charset {
                // The second byte of a unit, perhaps of a line feed.
                Some(Charset::Utf16Le) if self.line.len() % 2 == 1 => 1,
                Some(_) => memchr(b'\n', rest).map_or(rest.len(), |at| at + 1),
                None => 1,
            };
            self.extend(rest.get(..n).unwrap_or(rest))?;
            consumed += n;
            let Some(charset) = self.charset.or_else(|| self.choose()) else { continue };
            // In UTF-16, the search stops at either byte of a line feed, and at other characters.
            if let Some(end) = line_end(charset, &self.line) {
                let mut line = std::mem::take(&mut self.line);
                line.truncate(end);
                return Ok((consumed, Some(charset.decode(line))));
            }
        }
        Ok((bytes.len(), None))
    }

    fn extend(&mut self, part: &[u8]) -> Result<(), LimitExceeded> {
        let (limit, found) = (self.line_bytes, self.line.len().saturating_add(part.len()));
        if found > limit {
            let limit = limit as u64;
            // The actual excess would depend on how the bytes were split.
            return Err(LimitExceeded { name: "line_bytes", limit, found: limit.saturating_add(1) });
        }
        self.line.extend_from_slice(part);
        Ok(())
    }

    /// Chooses the charset, once the first bytes show whether there is a byte order mark. Removes
    /// the mark.
    fn choose(&mut self) -> Option<Charset> {
        let (charset, mark) = match *self.line.as_slice() {
            [] | [0xEF | 0xFE | 0xFF] | [0xEF, 0xBB] => return None,
            _ => text::byte_order_mark(&self.line).unwrap_or((self.declared, 0)),
        };
        self.line.drain(..mark);
        self.charset = Some(charset);
        Some(charset)
    }
}

/// Returns the length of a complete line without its end.
fn line_end(charset: Charset, line: &[u8]) -> Option<usize> {
    let (feed, cr): (&[u8], &[u8]) = match charset {
        Charset::Utf16Le => (b"\n\0", b"\r\0"),
        Charset::Utf16Be => (b"\0\n", b"\0\r"),
        _ => (b"\n", b"\r"),
    };
    let text = line.strip_suffix(feed).filter(|text| text.len().is_multiple_of(feed.len()))?;
    Some(text.strip_suffix(cr).unwrap_or(text).len())
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines")
            .field("line_bytes", &self.line.len())
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a body that arrives in these pieces.
    fn lines<'a>(content_type: &str, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let mut splitter = Lines::new(Some(content_type.as_bytes()), &Limits::DEFAULT);
        let mut found = Vec::new();
        for piece in pieces {
            let mut rest = piece;
            while !rest.is_empty() {
                let (consumed, line) = splitter.split(rest).unwrap();
                assert!(line.is_some() || consumed == rest.len());
                rest = &rest[consumed..];
                found.extend(line);
            }
        }
        found.extend(splitter.finish());
        found
    }

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn lines_are_split_and_decoded_under_every_cut() {
        let (le, be) = (u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes as fn(u16) -> [u8; 2]);
        // These contain the bytes of CR and LF, also half in one unit and half in the next.
        let tricky = "ਅ\u{a0d}\u{d0a}ĊऀA\u{100}\u{a05}\r\n\nend";
        let expected: &[&str] = &["ਅ\u{a0d}\u{d0a}ĊऀA\u{100}\u{a05}", "", "end"];
        for (kind, body, expected) in [
            ("text/plain", b"one\ntwo\r\n\r\nthree".to_vec(), &["one", "two", "", "three"][..]),
            ("text/plain", b"a\rb\n".to_vec(), &["a\rb"]),
            ("text/plain", b"".to_vec(), &[]),
            ("text/plain", b"\n".to_vec(), &[""]),
            ("text/plain", "\u{feff}Grüße\n\u{feff}x\n".into(), &["Grüße", "\u{feff}x"]),
            ("text/plain", b"\xef\n\xef\xbb\n\xff\n".to_vec(), &["\u{fffd}", "\u{fffd}", "\u{fffd}"]),
            ("text/plain; charset=latin1", b"Gr\xfc\xdfe\n\xa3".to_vec(), &["Grüße", "£"]),
            ("text/plain; charset=klingon", "ü\n".into(), &["ü"]),
            ("text/plain; charset=utf-16le", utf16(tricky, le), expected),
            ("text/plain; charset=utf-16be", utf16(tricky, be), expected),
            ("text/plain", utf16(&format!("\u{feff}{tricky}"), le), expected),
            ("text/plain; charset=latin1", utf16(&format!("\u{feff}{tricky}"), be), expected),
            ("text/plain; charset=utf-16le", "\u{feff}x\n".into(), &["x"]),
        ] {
            assert_eq!(lines(kind, [body.as_slice()]), expected, "{kind}");
            assert_eq!(lines(kind, body.chunks(1)), expected, "{kind}, byte by byte");
            for at in 0..=body.len() {
                let (one, two) = body.split_at(at);
                assert_eq!(lines(kind, [one, two]), expected, "{kind}, cut at {at}");
            }
        }
    }

    #[test]
    fn t98_endless_line_exceeds_a_limit() {
        let limits = Limits { line_bytes: 4, ..Limits::DEFAULT };
        for cut in 0..6 {
            let mut splitter = Lines::new(None, &limits);
            let (one, two) = b"abcdef".split_at(cut);
            let failed = splitter.split(one).and_then(|_| splitter.split(two)).unwrap_err();
            assert_eq!(failed.to_string(), "limit line_bytes is 4, found 5");
            assert_eq!(splitter.split(b"\n").unwrap_err(), failed, "the error persists");
            assert_eq!(splitter.finish(), None);
        }
        assert_eq!(Lines::new(None, &limits).split(b"abc\n").unwrap().1.as_deref(), Some("abc"));
    }
}
