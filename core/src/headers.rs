//! Request fields as the caller gave them: names and their case kept, order kept, one level over another.
//!
//! A level (library, session, request) is a list of *edits*: a field is set, appended, or removed. An upper
//! level replaces every field of the names that it mentions and leaves the others alone; a removed
//! name also takes away the automatic field of that name. Names and values are checked when they are set
//! (RFC 9110 §5.1, §5.5; T18) and once more when the head is written.

use std::fmt;

use http::HeaderValue;

use crate::redaction;

/// The value of `User-Agent` unless the caller sets or removes the field.
pub const USER_AGENT: &str = concat!("petition/", env!("CARGO_PKG_VERSION"));

/// Fields that the core writes itself, and what sets them.
pub(crate) const OWNED: [(&str, &str); 8] = [
    ("connection", "use the option keep_alive"),
    ("keep-alive", "use the option keep_alive"),
    ("proxy-connection", "no proxy needs it"),
    ("upgrade", "a request cannot ask for an upgrade yet"),
    ("te", "use the option transfer_coding; trailers are always accepted"),
    ("trailer", "trailers belong to the body"),
    ("expect", "use the option expect_continue"),
    ("proxy-authorization", "credentials for a proxy belong to the option proxy"),
];

/// Names whose values are secrets wherever they come from.
const SENSITIVE: [&str; 9] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "www-authenticate",
    "x-api-key",
    "api-key",
    "x-auth-token",
    "private-token",
    "x-csrf-token",
];

/// True for a field name, in any case, whose value is always treated as sensitive.
pub fn is_sensitive_name(name: &str) -> bool {
    SENSITIVE.iter().any(|listed| name.eq_ignore_ascii_case(listed))
}

/// A list of fields to set, append or remove. Lookups ignore ASCII case.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    edits: Vec<Edit>,
}

/// One line of the list: a field, or (`None`) a name that is removed.
#[derive(Clone, PartialEq, Eq)]
struct Edit {
    name: Box<str>,
    value: Option<HeaderValue>,
}

impl Headers {
    /// No edits.
    pub const fn new() -> Self {
        Headers { edits: Vec::new() }
    }

    /// Sets `name` to the one value `value`; whatever this list said of the name before is gone.
    ///
    /// # Errors
    /// [`HeaderError`] when the name is no token or the value holds a control character. Nothing changes then.
    pub fn set(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), HeaderError> {
        self.put(name, value.as_ref(), false, true)
    }

    /// As [`Headers::set`], and the value is a secret: it is shown nowhere and never goes to another origin (T5).
    ///
    /// # Errors
    /// As [`Headers::set`].
    pub fn set_sensitive(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), HeaderError> {
        self.put(name, value.as_ref(), true, true)
    }

    /// Adds one more field of this name behind the others.
    ///
    /// # Errors
    /// As [`Headers::set`].
    pub fn append(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), HeaderError> {
        self.put(name, value.as_ref(), false, false)
    }

    /// Removes the name: neither a lower level's field nor an automatic one of this name is sent.
    ///
    /// # Errors
    /// [`HeaderError::Name`] when the name is no token.
    pub fn remove(&mut self, name: &str) -> Result<(), HeaderError> {
        check_name(name)?;
        self.unset(name);
        self.edits.push(Edit { name: name.into(), value: None });
        Ok(())
    }

    /// Takes back whatever this list said of the name; the lower level's word counts again.
    pub fn unset(&mut self, name: &str) {
        self.edits.retain(|edit| !edit.name.eq_ignore_ascii_case(name));
    }

    /// Whether this list says anything of the name, be it that it is removed.
    pub fn contains(&self, name: &str) -> bool {
        self.edits.iter().any(|edit| edit.name.eq_ignore_ascii_case(name))
    }

    /// The first value of the name.
    pub fn get(&self, name: &str) -> Option<&HeaderValue> {
        self.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The fields in order, without the removed names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &HeaderValue)> {
        self.edits.iter().filter_map(|edit| Some((&*edit.name, edit.value.as_ref()?)))
    }

    /// The names that are removed.
    pub fn removed(&self) -> impl Iterator<Item = &str> {
        self.edits.iter().filter(|edit| edit.value.is_none()).map(|edit| &*edit.name)
    }

    /// Whether the list says nothing.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// This list laid over `lower`: `lower`'s words of names that this list does not mention, then this list's.
    pub fn layered_over(&self, lower: &Headers) -> Headers {
        let kept = lower.edits.iter().filter(|edit| !self.contains(&edit.name));
        Headers { edits: kept.chain(&self.edits).cloned().collect() }
    }

    /// Keeps the fields for which `keep` says so, given the name and the value; removed names stay removed.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&str, &HeaderValue) -> bool) {
        self.edits.retain(|edit| edit.value.as_ref().is_none_or(|value| keep(&edit.name, value)));
    }

    fn put(&mut self, name: &str, value: &[u8], sensitive: bool, replace: bool) -> Result<(), HeaderError> {
        check_name(name)?;
        let mut value = check_value(name, value)?;
        value.set_sensitive(sensitive || is_sensitive_name(name));
        if replace {
            self.unset(name);
        } else {
            self.edits.retain(|edit| edit.value.is_some() || !edit.name.eq_ignore_ascii_case(name));
        }
        self.edits.push(Edit { name: name.into(), value: Some(value) });
        Ok(())
    }
}

impl fmt::Debug for Headers {
    /// Removed names are `None`; values are shown of the few fields alone that hold no secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.edits.iter().map(|edit| {
            let value = edit.value.as_ref();
            (&edit.name, value.map(|value| redaction::field(&edit.name, value.as_bytes(), value.is_sensitive())))
        });
        f.debug_map().entries(shown).finish()
    }
}

/// Checks a field name: a token (RFC 9110 §5.6.2), not empty.
pub(crate) fn check_name(name: &str) -> Result<(), HeaderError> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || !name.bytes().all(token) {
        return Err(HeaderError::Name { name: redaction::refused_name(name, token) });
    }
    Ok(())
}

fn check_value(name: &str, value: &[u8]) -> Result<HeaderValue, HeaderError> {
    let trimmed = value.trim_ascii();
    let at = |b: &u8| (*b < 0x20 && *b != b'\t') || *b == 0x7f;
    // Trimming is for spaces and tabs only: a line end at the edge is an injection too.
    if let Some(byte) = value.iter().copied().find(|b| at(b)) {
        return Err(HeaderError::Value { name: name.into(), byte });
    }
    HeaderValue::from_bytes(trimmed).map_err(|_| HeaderError::Value { name: name.into(), byte: 0 })
}

/// A field that cannot be sent. The value is never shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// The name is empty or no token (RFC 9110 §5.1).
    Name {
        /// The name, escaped and cut, at the latest behind the byte that may not stand in one.
        name: String,
    },
    /// The value holds a control character (RFC 9110 §5.5).
    Value {
        /// The field's name.
        name: String,
        /// The control character.
        byte: u8,
    },
    /// The value of Host is no host, with a port or without (RFC 9110 §7.2).
    Host {
        /// The first byte that cannot stand there, if one byte is at fault.
        byte: Option<u8>,
    },
    /// The core owns this field; it is set through an option (T21).
    Owned {
        /// The field's name.
        name: String,
        /// What to use in its place.
        instead: &'static str,
    },
    /// The message cannot be sent without this field, so that it cannot be removed.
    Required {
        /// The field's name.
        name: String,
    },
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeaderError::Name { name } => write!(f, "expected a token as a field name, saw {name:?}"),
            HeaderError::Value { name, byte } => {
                write!(f, "expected no control character in the value of {name}, saw byte 0x{byte:02x}")
            }
            HeaderError::Host { byte: None } => f.write_str("expected a host and perhaps a port in Host, saw neither"),
            HeaderError::Host { byte: Some(byte) } => {
                write!(f, "expected a host and perhaps a port in Host, saw \"{}\" in it", byte.escape_ascii())
            }
            HeaderError::Owned { name, instead } => {
                write!(f, "{name} is not set by hand: {instead}")
            }
            HeaderError::Required { name } => {
                write!(f, "{name} cannot be removed: the request would not be valid without it")
            }
        }
    }
}

impl std::error::Error for HeaderError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(headers: &Headers) -> Vec<String> {
        headers.iter().map(|(n, v)| format!("{n}: {}", v.to_str().unwrap())).collect()
    }

    #[test]
    fn an_upper_level_replaces_names_in_any_case_and_leaves_the_others() {
        let mut session = Headers::new();
        session.set("X-Test", "true").unwrap();
        session.append("Accept", "a").unwrap();
        session.append("Accept", "b").unwrap();
        let mut request = Headers::new();
        request.set("ACCEPT", "c").unwrap();
        request.set("X-Test2", "true").unwrap();
        assert_eq!(lines(&request.layered_over(&session)), ["X-Test: true", "ACCEPT: c", "X-Test2: true"]);
        assert_eq!(lines(&session), ["X-Test: true", "Accept: a", "Accept: b"]);
    }

    #[test]
    fn a_removed_name_takes_away_the_lower_levels_field_and_is_remembered() {
        let mut session = Headers::new();
        session.set("User-Agent", "mine").unwrap();
        let mut request = Headers::new();
        request.remove("user-agent").unwrap();
        let merged = request.layered_over(&session);
        assert!(merged.contains("User-Agent") && merged.get("User-Agent").is_none());
        request.append("User-Agent", "again").unwrap();
        assert_eq!(lines(&request), ["User-Agent: again"]);
    }

    #[test]
    fn t18_names_that_are_no_token_are_refused() {
        for name in ["", "a b", "a:", "a\r\nb", "é", "a\0"] {
            assert!(matches!(Headers::new().set(name, "v"), Err(HeaderError::Name { .. })), "{name:?}");
        }
    }

    #[test]
    fn t18_controls_in_values_are_refused_at_every_place() {
        for value in ["a\r\nEvil: 1", "a\n b", "a\0b", "a\x7f", "a\n", "\r"] {
            let e = Headers::new().set("X", value).unwrap_err();
            assert!(matches!(e, HeaderError::Value { .. }), "{value:?}");
            assert!(!e.to_string().contains("Evil"));
        }
        let mut fine = Headers::new();
        fine.set("X", b" \ta\tb\xff ").unwrap();
        assert_eq!(fine.get("x").unwrap().as_bytes(), b"a\tb\xff");
    }

    #[test]
    fn secrets_are_not_shown_by_debug() {
        let mut headers = Headers::new();
        headers.set("Authorization", "canary").unwrap();
        headers.set_sensitive("X-Mine", "canary").unwrap();
        assert!(!format!("{headers:?}").contains("canary"));
    }
}
