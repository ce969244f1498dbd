//! Redaction for Debug output: names are always shown, values only of fields that hold no secret by
//! definition.
//!
//! One list decides which values are shown, for requests, responses and trailers. A field outside
//! that list may hold a token, whatever its name: only the length of its value is shown. URLs are
//! shown without user information and query values.

use std::fmt;

use url::Url;

use crate::url::{QueryShown, redacted};

/// Fields about the message and its transfer (RFC 9110, RFC 9111, RFC 9112). It excludes fields
/// with credentials, state, URLs with queries, and fields that applications define.
const SHOWN: [&str; 36] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "accept-ranges",
    "age",
    "allow",
    "cache-control",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "expect",
    "expires",
    "host",
    "if-modified-since",
    "if-unmodified-since",
    "keep-alive",
    "last-modified",
    "max-forwards",
    "pragma",
    "range",
    "retry-after",
    "server",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "via",
];

/// Returns a field value for Debug output: the escaped value, or its length. `sensitive` means that
/// the caller marked it as secret.
pub(crate) fn field<'a>(name: &'a str, value: &'a [u8], sensitive: bool) -> impl fmt::Debug + 'a {
    Field { value, shown: !sensitive && SHOWN.iter().any(|shown| shown.eq_ignore_ascii_case(name)) }
}

struct Field<'a> {
    value: &'a [u8],
    shown: bool,
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shown {
            true => write!(f, "\"{}\"", self.value.escape_ascii()),
            false => write!(f, "({} bytes redacted)", self.value.len()),
        }
    }
}

/// Returns a URL for Debug output.
pub(crate) fn url(url: &Url) -> impl fmt::Debug + '_ {
    Shown(url)
}

struct Shown<'a>(&'a Url);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", redacted(self.0, QueryShown::NamesOnly))
    }
}

/// Debug output for an option whose own would show a secret.
pub(crate) trait Redact {
    /// Returns the redacted form.
    fn redact(&self) -> impl fmt::Debug;
}

impl Redact for Option<Url> {
    fn redact(&self) -> impl fmt::Debug {
        self.as_ref().map(url)
    }
}

/// Returns the beginning of a rejected name, up to and including the first invalid byte. The rest
/// may be a value that was passed with the name (`Authorization: Bearer …`).
pub(crate) fn rejected_name(name: &str, is_valid: impl Fn(u8) -> bool) -> String {
    let end = name.bytes().position(|byte| !is_valid(byte)).unwrap_or(name.len());
    let rest = name.get(end..).and_then(|rest| rest.chars().next());
    let shown = name.get(..end).unwrap_or_default().chars().chain(rest);
    shown.flat_map(char::escape_debug).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t96_only_listed_fields_show_their_values() {
        let shown = |name: &str, sensitive| format!("{:?}", field(name, b"canary\n", sensitive));
        assert_eq!(shown("Content-Type", false), "\"canary\\n\"");
        assert_eq!(shown("Content-Type", true), "(7 bytes redacted)");
        for name in
            ["X-Otp", "X-Password", "Link", "Location", "Set-Cookie", "Authorization", "ETag", "X-Request-Id", ""]
        {
            assert_eq!(shown(name, false), "(7 bytes redacted)", "{name}");
        }
    }

    #[test]
    fn t96_rejected_names_show_no_value() {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        assert_eq!(rejected_name("Authorization: Bearer canary", token), "Authorization:");
        assert_eq!(rejected_name("X-\u{e9}canary", token), "X-\u{e9}");
        assert_eq!(rejected_name("a\ncanary", token), "a\\n");
        assert_eq!(rejected_name("", token), "");
        assert_eq!(rejected_name(&"x".repeat(100), token).len(), 64);
    }
}
