//! The request fields of one level, with the caller's order and case.
//!
//! A level (library, session, request) is a list of *edits*: a field is set, appended or removed.
//! An upper level replaces every field of the names that it contains, and leaves the others alone.
//! Removing a name also suppresses the automatic field of that name. Names and values are validated
//! when they are set (RFC 9110 §5.1, §5.5), and again when the head is encoded.

use std::fmt;

use http::HeaderValue;

use crate::redaction;

/// The User-Agent, unless the caller sets or removes the field.
pub const USER_AGENT: &str = concat!("petition/", env!("CARGO_PKG_VERSION"));

/// Fields that core writes itself, and what to use instead.
pub(crate) const OWNED: [(&str, &str); 8] = [
    ("connection", "use the option keep_alive"),
    ("keep-alive", "use the option keep_alive"),
    ("proxy-connection", "no proxy needs it"),
    ("upgrade", "upgrades are not supported yet"),
    ("te", "use the option transfer_coding; trailers are always accepted"),
    ("trailer", "trailers belong to the body"),
    ("expect", "use the option expect_continue"),
    ("proxy-authorization", "set the credentials of the option proxy"),
];

/// Names of fields whose values are always secret.
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

/// Whether the values of this field are always treated as sensitive. Ignores case.
pub fn is_sensitive_name(name: &str) -> bool {
    SENSITIVE.iter().any(|listed| name.eq_ignore_ascii_case(listed))
}

/// A list of fields to set, append or remove. Lookups ignore ASCII case.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    edits: Vec<Edit>,
}

/// An edit: a field, or a removed name if `value` is `None`.
#[derive(Clone, PartialEq, Eq)]
struct Edit {
    name: Box<str>,
    value: Option<HeaderValue>,
}

impl Headers {
    /// Creates an empty list.
    pub const fn new() -> Self {
        Headers { edits: Vec::new() }
    }

    /// Sets `name` to `value`, replacing every earlier edit of the name.
    ///
    /// # Errors
    /// [`HeaderError::Name`] if the name is not a token, [`HeaderError::Value`] if the value
    /// contains a control character. The list is unchanged then.
    pub fn set(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), HeaderError> {
        self.put(name, value.as_ref(), false, true)
    }

    /// Sets a field as [`Headers::set`] does, with a secret value: never logged, and never sent to
    /// another origin.
    ///
    /// # Errors
    /// As [`Headers::set`].
    pub fn set_sensitive(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), HeaderError> {
        self.put(name, value.as_ref(), true, true)
    }

    /// Appends a field, after earlier ones of this name.
    ///
    /// # Errors
    /// As [`Headers::set`].
    pub fn append(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), HeaderError> {
        self.put(name, value.as_ref(), false, false)
    }

    /// Removes the name: neither a lower level's nor an automatic field of this name is sent.
    ///
    /// # Errors
    /// [`HeaderError::Name`] if the name is not a token.
    pub fn remove(&mut self, name: &str) -> Result<(), HeaderError> {
        check_name(name)?;
        self.unset(name);
        self.edits.push(Edit { name: name.into(), value: None });
        Ok(())
    }

    /// Drops every edit of the name from this list; the lower level's fields are used again.
    pub fn unset(&mut self, name: &str) {
        self.edits.retain(|edit| !edit.name.eq_ignore_ascii_case(name));
    }

    /// Whether this list sets or removes the name.
    pub fn contains(&self, name: &str) -> bool {
        self.edits.iter().any(|edit| edit.name.eq_ignore_ascii_case(name))
    }

    /// Returns the first value of the name.
    pub fn get(&self, name: &str) -> Option<&HeaderValue> {
        self.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Iterates over the fields in order, without removed names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &HeaderValue)> {
        self.edits.iter().filter_map(|edit| Some((&*edit.name, edit.value.as_ref()?)))
    }

    /// Iterates over the removed names.
    pub fn removed(&self) -> impl Iterator<Item = &str> {
        self.edits.iter().filter(|edit| edit.value.is_none()).map(|edit| &*edit.name)
    }

    /// Whether the list has no edits.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Returns this list layered over `lower`: `lower`'s edits of names that this list does not
    /// contain, then this list's edits.
    pub fn layered_over(&self, lower: &Headers) -> Headers {
        let inherited = lower.edits.iter().filter(|edit| !self.contains(&edit.name));
        Headers { edits: inherited.chain(&self.edits).cloned().collect() }
    }

    /// Retains the fields for which `keep` returns true, given name and value. Removed names stay
    /// removed.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&str, &HeaderValue) -> bool) {
        self.edits.retain(|edit| edit.value.as_ref().is_none_or(|value| keep(&edit.name, value)));
    }

    /// Sets or appends a value that carries its own sensitive mark.
    pub(crate) fn put_value(&mut self, name: &str, value: &HeaderValue, replace: bool) -> Result<(), HeaderError> {
        self.put(name, value.as_bytes(), value.is_sensitive(), replace)
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
    /// Shows removed names as `None`, and values only of fields that are known to hold no secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.edits.iter().map(|edit| {
            let value = edit.value.as_ref();
            (&edit.name, value.map(|value| redaction::field(&edit.name, value.as_bytes(), value.is_sensitive())))
        });
        f.debug_map().entries(shown).finish()
    }
}

/// Checks that a field name is a token (RFC 9110 §5.6.2).
pub(crate) fn check_name(name: &str) -> Result<(), HeaderError> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || !name.bytes().all(token) {
        return Err(HeaderError::Name { name: redaction::rejected_name(name, token) });
    }
    Ok(())
}

fn check_value(name: &str, value: &[u8]) -> Result<HeaderValue, HeaderError> {
    let trimmed = value.trim_ascii();
    let is_control = |b: &u8| (*b < 0x20 && *b != b'\t') || *b == 0x7f;
    // Only spaces and tabs may be trimmed: a line break at either end is an injection too.
    if let Some(byte) = value.iter().copied().find(|b| is_control(b)) {
        return Err(HeaderError::Value { name: name.into(), byte });
    }
    HeaderValue::from_bytes(trimmed).map_err(|_| HeaderError::Value { name: name.into(), byte: 0 })
}

/// Why a field cannot be sent. The value is never shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// The name is not a token (RFC 9110 §5.1).
    Name {
        /// The name, escaped and truncated, at the latest after the first invalid byte.
        name: String,
    },
    /// The value contains a control character (RFC 9110 §5.5).
    Value {
        /// The field's name.
        name: String,
        /// The control character.
        byte: u8,
    },
    /// The value of Host is not a host with an optional port (RFC 9110 §7.2).
    Host {
        /// The first invalid byte, if there is one.
        byte: Option<u8>,
    },
    /// Core writes this field itself; an option controls it.
    Owned {
        /// The field's name.
        name: String,
        /// What to use instead.
        instead: &'static str,
    },
    /// The field cannot be removed, since the request is invalid without it.
    Required {
        /// The field's name.
        name: String,
    },
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeaderError::Name { name } => write!(f, "expected a token as a field name, found {name:?}"),
            HeaderError::Value { name, byte } => {
                write!(f, "the value of {name} contains the control character 0x{byte:02x}")
            }
            HeaderError::Host { byte: None } => f.write_str("expected a host and an optional port in Host"),
            HeaderError::Host { byte: Some(byte) } => {
                write!(f, "expected a host and an optional port in Host, found \"{}\"", byte.escape_ascii())
            }
            HeaderError::Owned { name, instead } => {
                write!(f, "{name} cannot be set: {instead}")
            }
            HeaderError::Required { name } => {
                write!(f, "{name} cannot be removed: the request is invalid without it")
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
    fn upper_level_replaces_only_the_names_it_contains() {
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
    fn removed_name_suppresses_the_lower_levels_field() {
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
    fn appended_field_undoes_no_other_removal() {
        let mut headers = Headers::new();
        headers.remove("Accept").unwrap();
        headers.remove("User-Agent").unwrap();
        headers.append("accept", "a").unwrap();
        headers.append("accept", "b").unwrap();
        assert_eq!(headers.removed().collect::<Vec<_>>(), ["User-Agent"]);
        assert_eq!(lines(&headers), ["accept: a", "accept: b"]);
    }

    #[test]
    fn t18_names_that_are_not_tokens_are_rejected() {
        for name in ["", "a b", "a:", "a\r\nb", "é", "a\0"] {
            assert!(matches!(Headers::new().set(name, "v"), Err(HeaderError::Name { .. })), "{name:?}");
        }
    }

    #[test]
    fn t18_control_characters_in_values_are_rejected() {
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
