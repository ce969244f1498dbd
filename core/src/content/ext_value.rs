//! Extended parameter values: a charset, a language and percent-encoded bytes (RFC 8187 §3.2).
//!
//! Used by `filename*` of Content-Disposition and `title*` of Link. RFC 8187 requires UTF-8. RFC
//! 5987 also required ISO-8859-1, which is decoded as windows-1252.

use crate::content::text;

/// Decodes an extended value such as `UTF-8'en'%e2%82%ac%20rates`.
///
/// Returns `None` for any other charset, a missing apostrophe, an incomplete percent-encoding, or
/// bytes that are invalid in the charset. The caller then uses the plain parameter (RFC 6266 §4.3).
pub(crate) fn decode(value: &[u8]) -> Option<String> {
    let mut parts = value.splitn(3, |&byte| byte == b'\'');
    let (charset, _language, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = percent_decode(encoded)?;
    if charset.eq_ignore_ascii_case(b"UTF-8") {
        return String::from_utf8(bytes).ok();
    }
    charset.eq_ignore_ascii_case(b"ISO-8859-1").then(|| text::latin1(&bytes))
}

/// Returns the text of a plain value: UTF-8, or else windows-1252.
pub(crate) fn plain(value: &[u8]) -> String {
    std::str::from_utf8(value).map_or_else(|_| text::latin1(value), str::to_owned)
}

fn percent_decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            decoded.push(*first);
            continue;
        }
        let (digits, tail) = rest.split_first_chunk::<2>()?;
        let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
        decoded.push(u8::try_from(high? << 4 | low?).ok()?);
        rest = tail;
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_values_decode_or_are_rejected() {
        for (value, expected) in [
            ("UTF-8''%c2%a3%20and%20%e2%82%ac%20rates", Some("£ and € rates")),
            ("utf-8'en'plain", Some("plain")),
            ("iso-8859-1'en'%A3%20rates", Some("£ rates")),
            ("UTF-8''", Some("")),
            ("UTF-8''it's", Some("it's")),
            ("UTF-8''%f", None),
            ("UTF-8''%", None),
            ("UTF-8''%zz", None),
            ("UTF-8''%+1", None),
            ("UTF-8''%ff", None),
            ("koi8-r''x", None),
            ("UTF-8'x", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(decode(value.as_bytes()).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn plain_values_are_utf_8_or_windows_1252() {
        assert_eq!(plain("Grüße".as_bytes()), "Grüße");
        assert_eq!(plain(b"Gr\xfc\xdfe \x80"), "Grüße €");
    }
}
