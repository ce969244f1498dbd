//! Parses media type field values: essence and parameters (RFC 9110 §8.3.1, §5.6.6).
//!
//! Parsing is lenient, as in the WHATWG MIME Sniffing Standard §4.4: malformed parameters are
//! skipped, and the first of several parameters of one name counts. Only the parts needed for the
//! result are validated.

use crate::byte_search;
use std::borrow::Cow;

/// Returns `type/subtype` as sent, without parameters and surrounding white space.
pub fn essence(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii()
}

/// Returns the value of the first parameter called `name`, in any case; quoted strings are
/// unquoted. `None` if there is none.
///
/// Reads the field once. A semicolon inside a quoted string does not end the parameter; an
/// unterminated quoted string extends to the end of the field.
pub fn parameter<'a>(field: &'a [u8], name: &str) -> Option<Cow<'a, [u8]>> {
    let mut rest = after(field, b';')?;
    loop {
        rest = rest.trim_ascii_start();
        let end = byte_search::memchr2(b';', b'=', rest)?;
        let (found, tail) = rest.split_at_checked(end)?;
        let Some(tail) = tail.strip_prefix(b"=") else {
            rest = after(tail, b';')?;
            continue;
        };
        let wanted = found.trim_ascii_end().eq_ignore_ascii_case(name.as_bytes());
        if let Some(quoted) = tail.trim_ascii_start().strip_prefix(b"\"") {
            let (value, tail) = unquote(quoted);
            if wanted {
                return Some(value);
            }
            rest = after(tail, b';')?;
        } else {
            if wanted {
                return Some(Cow::Borrowed(essence(tail)));
            }
            rest = after(tail, b';')?;
        }
    }
}

fn after(bytes: &[u8], delimiter: u8) -> Option<&[u8]> {
    let at = byte_search::memchr(delimiter, bytes)?;
    bytes.get(at + 1..)
}

/// Returns the text before the closing quote and the text after it. Borrowed unless it contains
/// escapes.
fn unquote(quoted: &[u8]) -> (Cow<'_, [u8]>, &[u8]) {
    let mut value = Cow::Borrowed(&quoted[..0]);
    let mut rest = quoted;
    loop {
        let end = byte_search::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
        let (plain, tail) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        if value.is_empty() {
            value = Cow::Borrowed(plain);
        } else {
            value.to_mut().extend_from_slice(plain);
        }
        match tail {
            [b'\\', escaped, tail @ ..] => {
                value.to_mut().push(*escaped);
                rest = tail;
            }
            [_, tail @ ..] => return (value, tail),
            [] => return (value, tail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn essence_precedes_the_parameters() {
        for (field, expected) in [("text/html", "text/html"), (" a/B ; c=d", "a/B"), ("", ""), (";x=y", "")] {
            assert_eq!(essence(field.as_bytes()), expected.as_bytes(), "{field}");
        }
    }

    #[test]
    fn parameters_match_in_any_case_and_quoting() {
        for (field, expected) in [
            ("text/html;charset=utf-8", Some("utf-8")),
            ("text/html; CHARSET=UTF-8", Some("UTF-8")),
            ("text/html ; charset = latin1 ; x=y", Some("latin1")),
            ("text/html;charset=\"utf-8\"", Some("utf-8")),
            ("text/html;charset=\"u\\tf\\-8\"", Some("utf-8")),
            ("text/html;charset=\"\\utf\"", Some("utf")),
            ("text/html;charset=\"utf-8", Some("utf-8")),
            ("text/html;charset=\"\"", Some("")),
            ("text/html;charset=\"utf\\", Some("utf")),
            ("text/html;charset=", Some("")),
            ("a/b; x=\";charset=utf-7\"; charset=big5", Some("big5")),
            ("a/b; x=\"\\\";charset=utf-7\"; charset=big5", Some("big5")),
            ("a/b; charset; charset=koi8-r", Some("koi8-r")),
            ("a/b; charset=one; charset=two", Some("one")),
            ("a/b;;; charset=one", Some("one")),
            ("a/b; xcharset=one", None),
            ("a/b; x=charset", None),
            ("a/b", None),
            ("charset=utf-8", None),
            ("", None),
            (";", None),
        ] {
            assert_eq!(parameter(field.as_bytes(), "charset").as_deref(), expected.map(str::as_bytes), "{field}");
        }
    }
}
