//! The small grammar that Set-Cookie values share with pairs given by hand.

use crate::byte_search::memchr;

/// A control character other than a tab (RFC 6265bis §5.6).
pub(super) fn is_control(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t') || byte == 0x7F
}

/// Without spaces and tabs at both ends.
pub(super) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// What stands before the first `at`, and what after it if it is there.
pub(super) fn cut(text: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match memchr(at, text) {
        Some(found) => (text.get(..found).unwrap_or(text), text.get(found + 1..)),
        None => (text, None),
    }
}
