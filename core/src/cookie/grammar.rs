//! The small grammar shared by Set-Cookie values and pairs set by the caller.

use crate::byte_search::memchr;

/// Whether `byte` is a control character other than a tab (RFC 6265bis §5.6).
pub(super) fn is_control(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t') || byte == 0x7F
}

/// Returns the text without spaces and tabs at either end.
pub(super) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// Returns the text before the first `at`, and the text after it if `at` occurs.
pub(super) fn cut(text: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match memchr(at, text) {
        Some(found) => (text.get(..found).unwrap_or(text), text.get(found + 1..)),
        None => (text, None),
    }
}
