//! The parts of a media type field value: its essence and its parameters (RFC 9110 §8.3.1, §5.6.6).
//!
//! Reading is lenient, as the WHATWG MIME Sniffing Standard §4.4 is: a parameter that is malformed is passed over
//! and the first of several of one name counts. Nothing is validated beyond what the answer needs.

use crate::byte_search;
use std::borrow::Cow;

/// `type/subtype`, as it was sent, without parameters and white space around it.
pub fn essence(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii()
}

/// The value of the first parameter of that name, compared without regard to case; a quoted string is unquoted.
/// `None` when there is none.
///
/// Reads the field once. A semicolon inside a quoted string ends no parameter, and a quoted string that is never
/// closed goes to the end of the field.
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

/// What is before the closing quote, and what is after it. Borrowed unless something is escaped.
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
    fn the_essence_is_what_is_before_the_parameters() {
        for (field, expected) in [("text/html", "text/html"), (" a/B ; c=d", "a/B"), ("", ""), (";x=y", "")] {
            assert_eq!(essence(field.as_bytes()), expected.as_bytes(), "{field}");
        }
    }

    #[test]
    fn a_parameter_is_found_whatever_its_case_and_however_it_is_quoted() {
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
