//! The Set-Cookie parser (RFC 6265bis §5.6): splits one field value into name, value and
//! attributes.
//!
//! It implements the algorithm of §5.6 rather than the grammar of §4, so nearly every text is a
//! cookie. Each field value is parsed separately; values of several fields are never joined, and a
//! comma separates nothing. `admit` decides whether the cookie may be stored.

use super::attributes::{Redacted, SameSite};
use super::date::parse_date;
use super::grammar::{cut, is_control, trim};
use super::limits::CookieLimits;
use crate::limits::LimitExceeded;
use crate::time::UnixTime;
use std::fmt;

/// The contents of one Set-Cookie field value, borrowed from it. The last attribute of each name
/// counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SetCookie<'a> {
    /// The text before the first `=` of the pair, trimmed; empty for a cookie without a name.
    pub name: &'a [u8],
    /// The text after the first `=`, or the entire pair without one, trimmed. Quotes are part of
    /// it.
    pub value: &'a [u8],
    /// Expires, if the cookie-date algorithm accepted it; not yet capped.
    pub expires: Option<UnixTime>,
    /// Max-Age in seconds; 0 for negative numbers, at most `u64::MAX`.
    pub max_age: Option<u64>,
    /// Domain as received, without one leading dot. `Some(b"")` for an empty attribute.
    pub domain: Option<&'a [u8]>,
    /// Path as received; it may not begin with `/`.
    pub path: Option<&'a [u8]>,
    /// Whether Secure is present.
    pub secure: bool,
    /// Whether HttpOnly is present.
    pub http_only: bool,
    /// SameSite; [`SameSite::Unset`] if absent or unrecognized.
    pub same_site: SameSite,
}

impl fmt::Debug for SetCookie<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCookie")
            .field("name", &self.name.escape_ascii().to_string())
            .field("value", &Redacted)
            .field("expires", &self.expires)
            .field("max_age", &self.max_age)
            .field("domain", &self.domain.map(|domain| domain.escape_ascii().to_string()))
            .field("path", &self.path.map(|path| path.escape_ascii().to_string()))
            .field("secure", &self.secure)
            .field("http_only", &self.http_only)
            .field("same_site", &self.same_site)
            .finish()
    }
}

/// Why a field value is not a cookie (RFC 6265bis §5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// The value contains a control character other than a tab.
    ControlCharacter,
    /// Both name and value are empty.
    Empty,
    /// Name and value together exceed [`CookieLimits::pair_bytes`].
    TooLong(LimitExceeded),
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseError::ControlCharacter => f.write_str("the cookie contains a control character"),
            ParseError::Empty => f.write_str("the cookie has neither name nor value"),
            ParseError::TooLong(limit) => write!(f, "the cookie is too long: {limit}"),
        }
    }
}

impl std::error::Error for ParseError {}

/// Parses one Set-Cookie field value (RFC 6265bis §5.6).
///
/// Attributes longer than [`CookieLimits::attribute_bytes`] and unrecognized ones are ignored.
///
/// # Errors
/// [`ParseError`] if the value contains a control character, if name and value are both empty, or
/// if together they are too long.
pub fn parse_set_cookie<'a>(field: &'a [u8], limits: &CookieLimits) -> Result<SetCookie<'a>, ParseError> {
    if field.iter().any(|&byte| is_control(byte)) {
        return Err(ParseError::ControlCharacter);
    }
    let (pair, mut rest) = cut(field, b';');
    let (name, value) = match cut(pair, b'=') {
        (name, Some(value)) => (trim(name), trim(value)),
        (value, None) => (&b""[..], trim(value)),
    };
    check_pair_length(name, value, limits).map_err(ParseError::TooLong)?;
    if name.is_empty() && value.is_empty() {
        return Err(ParseError::Empty);
    }
    let mut cookie = SetCookie {
        name,
        value,
        expires: None,
        max_age: None,
        domain: None,
        path: None,
        secure: false,
        http_only: false,
        same_site: SameSite::Unset,
    };
    while let Some(attributes) = rest {
        let attribute;
        (attribute, rest) = cut(attributes, b';');
        let (name, value) = cut(attribute, b'=');
        let (name, value) = (trim(name), trim(value.unwrap_or_default()));
        if value.len() <= limits.attribute_bytes {
            cookie.attribute(name, value);
        }
    }
    Ok(cookie)
}

impl<'a> SetCookie<'a> {
    fn attribute(&mut self, name: &[u8], value: &'a [u8]) {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if is("expires") {
            if let Some(time) = parse_date(value) {
                self.expires = Some(time);
            }
        } else if is("max-age") {
            if let Some(seconds) = max_age(value) {
                self.max_age = Some(seconds);
            }
        } else if is("domain") {
            self.domain = Some(value.strip_prefix(b".").unwrap_or(value));
        } else if is("path") {
            self.path = Some(value);
        } else if is("secure") {
            self.secure = true;
        } else if is("httponly") {
            self.http_only = true;
        } else if is("samesite") {
            self.same_site = SameSite::from_attribute(value);
        }
    }
}

/// Parses Max-Age: digits with an optional `-`; a negative number counts as zero (RFC 6265bis
/// §5.6.2).
fn max_age(value: &[u8]) -> Option<u64> {
    let (negative, digits) = match value.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, value),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if negative {
        return Some(0);
    }
    Some(digits.iter().fold(0u64, |sum, byte| sum.saturating_mul(10).saturating_add(u64::from(byte - b'0'))))
}

/// Checks that name and value together do not exceed the limit.
pub(super) fn check_pair_length(name: &[u8], value: &[u8], limits: &CookieLimits) -> Result<(), LimitExceeded> {
    LimitExceeded::check("cookies.pair_bytes", limits.pair_bytes as u64, (name.len() + value.len()) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(field: &[u8]) -> Result<SetCookie<'_>, ParseError> {
        parse_set_cookie(field, &CookieLimits::default())
    }

    fn pair(field: &str) -> (&str, &str) {
        let cookie = parse(field.as_bytes()).unwrap();
        (str::from_utf8(cookie.name).unwrap(), str::from_utf8(cookie.value).unwrap())
    }

    #[test]
    fn t70_pair_is_split_at_its_first_equals_sign() {
        for (field, expected) in [
            ("a=b", ("a", "b")),
            ("a=b=c", ("a", "b=c")),
            (" a\t= b \t; c", ("a", "b")),
            ("a=", ("a", "")),
            ("=b", ("", "b")),
            ("b", ("", "b")),
            ("==b", ("", "=b")),
            ("a b = c d", ("a b", "c d")),
            ("a=\"b c\"", ("a", "\"b c\"")),
            ("a=\"b;c\"", ("a", "\"b")),
            ("a=b,c=d", ("a", "b,c=d")),
        ] {
            assert_eq!(pair(field), expected, "{field}");
        }
    }

    #[test]
    fn t70_control_characters_reject_the_cookie() {
        for byte in (0..0x20).chain([0x7F]).filter(|&byte| byte != b'\t') {
            for template in ["a=b#c", "a#=b", "a=b; path=/#", "a=b#"] {
                let field: Vec<u8> = template.bytes().map(|b| if b == b'#' { byte } else { b }).collect();
                assert_eq!(parse(&field), Err(ParseError::ControlCharacter), "{byte:#x} in {template}");
            }
        }
        assert_eq!(parse(b"a=b\tc").unwrap().value, b"b\tc");
        assert_eq!(parse(b"a=\x80\xff").unwrap().value, b"\x80\xff");
    }

    #[test]
    fn empty_pair_is_not_a_cookie() {
        for field in ["", " ", ";", "=", " = ;Secure", "; a=b"] {
            assert_eq!(parse(field.as_bytes()), Err(ParseError::Empty), "{field:?}");
        }
    }

    #[test]
    fn t70_name_and_value_share_4096_bytes() {
        let fits = format!("{}={}", "n".repeat(96), "v".repeat(4000));
        assert!(parse(fits.as_bytes()).is_ok());
        let error = parse(format!("{fits}v").as_bytes()).unwrap_err();
        assert_eq!(error, ParseError::TooLong(LimitExceeded { name: "cookies.pair_bytes", limit: 4096, found: 4097 }));
        let spaces = format!("a={}b; Secure", " ".repeat(9000));
        assert!(parse(spaces.as_bytes()).is_ok());
    }

    #[test]
    fn t70_attributes_over_1024_bytes_are_ignored() {
        let path = format!("/{}", "p".repeat(1023));
        let field = format!("a=b; Path={path}");
        assert_eq!(parse(field.as_bytes()).unwrap().path, Some(path.as_bytes()));
        let field = format!("a=b; Path=/short; Path={path}p");
        assert_eq!(parse(field.as_bytes()).unwrap().path, Some(&b"/short"[..]));
    }

    #[test]
    fn last_attribute_counts_in_any_case() {
        let cookie =
            parse(b"a=b; PATH=/x;path = /y ;DOMAIN=.Example.org; sEcUrE=no; HTTPonly; SameSite=LAX;max-age=5").unwrap();
        assert_eq!(cookie.path, Some(&b"/y"[..]));
        assert_eq!(cookie.domain, Some(&b"Example.org"[..]));
        assert!(cookie.secure && cookie.http_only);
        assert_eq!((cookie.same_site, cookie.max_age), (SameSite::Lax, Some(5)));
        assert_eq!(parse(b"a=b; SameSite=Strict; SameSite=odd").unwrap().same_site, SameSite::Unset);
        assert_eq!(parse(b"a=b; Domain=x.org; Domain").unwrap().domain, Some(&b""[..]));
    }

    #[test]
    fn t70_max_age_must_be_an_integer() {
        for (text, expected) in [
            ("0", Some(0)),
            ("10", Some(10)),
            ("-1", Some(0)),
            ("-", None),
            ("99999999999999999999999", Some(u64::MAX)),
            ("", None),
            ("+5", None),
            ("5s", None),
            ("2.6", None),
            ("--5", None),
            ("\"5\"", None),
        ] {
            let field = format!("a=b; Max-Age={text}");
            assert_eq!(parse(field.as_bytes()).unwrap().max_age, expected, "{text}");
        }
    }

    #[test]
    fn invalid_expires_is_ignored() {
        let cookie = parse(b"a=b; Expires=Tue, 14-Nov-2023 22:13:20 GMT; Expires=never").unwrap();
        assert_eq!(cookie.expires, Some(UnixTime(1_700_000_000)));
    }

    #[test]
    fn debug_hides_the_value() {
        let text = format!("{:?}", parse(b"sid=canary; Path=/p").unwrap());
        assert!(text.contains("sid") && text.contains("/p") && !text.contains("canary"), "{text}");
    }
}
