//! A cookie as stored in the jar.
//!
//! Invariant: name and value can be sent unchanged. They contain no control character except tab,
//! no `;`, no `=` in the name, and no blank at either end; at least one is not empty. Every cookie
//! passes [`check_pair`](super::admit::check_pair) or the Set-Cookie parser, which guarantee this.
//! A Cookie field therefore never contains more than pairs.

use super::attributes::{Redacted, SameSite, Scope};
use crate::time::UnixTime;
use std::fmt;

/// A cookie in a jar: name, value and the attributes of RFC 6265bis §5.7. Its `Debug` output hides
/// the value.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredCookie {
    /// `name=value`, or only the value without a name, as sent.
    pub(super) pair: Box<[u8]>,
    pub(super) name_length: usize,
    pub(super) domain: Box<str>,
    pub(super) scope: Scope,
    pub(super) path: Box<[u8]>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: SameSite,
    pub(super) expires: Option<UnixTime>,
    pub(super) created: UnixTime,
    pub(super) updated: UnixTime,
    pub(super) last_access: UnixTime,
}

impl StoredCookie {
    /// Returns the name; empty for a cookie without one.
    pub fn name(&self) -> &[u8] {
        self.pair.get(..self.name_length).unwrap_or_default()
    }

    /// Returns the value, including quotes. It is usually a secret.
    pub fn value(&self) -> &[u8] {
        let start = if self.name_length == 0 { 0 } else { self.name_length + 1 };
        self.pair.get(start..).unwrap_or_default()
    }

    /// Returns `name=value` as sent, or only the value for a cookie without a name.
    pub fn pair(&self) -> &[u8] {
        &self.pair
    }

    /// Returns the domain, or the host of a host-only cookie: lower case, A-labels, no leading or
    /// trailing dot, an IPv6 address in brackets.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Returns whether one host receives it, or its subdomains as well.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Returns the path, which begins with `/`.
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    /// Whether it is sent over secure connections only.
    pub fn secure(&self) -> bool {
        self.secure
    }

    /// Whether it is marked HttpOnly. This client ignores the mark; a program that exposes cookies
    /// to scripts must honor it.
    pub fn http_only(&self) -> bool {
        self.http_only
    }

    /// Returns its SameSite attribute.
    pub fn same_site(&self) -> SameSite {
        self.same_site
    }

    /// Returns its expiry; `None` for a session cookie.
    pub fn expires(&self) -> Option<UnixTime> {
        self.expires
    }

    /// Returns when a cookie of this identity was first stored. Replacing the value keeps this
    /// time.
    pub fn created(&self) -> UnixTime {
        self.created
    }

    /// Returns when its current value was stored.
    pub fn updated(&self) -> UnixTime {
        self.updated
    }

    /// Returns when it was last sent or stored.
    pub fn last_access(&self) -> UnixTime {
        self.last_access
    }

    /// Whether it has expired at `now`.
    pub fn is_expired(&self, now: UnixTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Whether both are the same cookie: equal name, domain, scope and path (RFC 6265bis §5.7).
    pub fn same_identity(&self, other: &StoredCookie) -> bool {
        self.name() == other.name()
            && self.path == other.path
            && self.scope == other.scope
            && self.domain == other.domain
    }

    /// Joins name and value into the form that is sent. Both must have passed
    /// [`check_pair`](super::admit::check_pair) or the parser.
    pub(super) fn join_pair(name: &[u8], value: &[u8]) -> Box<[u8]> {
        if name.is_empty() {
            return value.into();
        }
        [name, b"=", value].concat().into_boxed_slice()
    }
}

impl fmt::Debug for StoredCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredCookie")
            .field("name", &self.name().escape_ascii().to_string())
            .field("value", &Redacted)
            .field("domain", &self.domain)
            .field("scope", &self.scope)
            .field("path", &self.path.escape_ascii().to_string())
            .field("secure", &self.secure)
            .field("http_only", &self.http_only)
            .field("same_site", &self.same_site)
            .field("expires", &self.expires)
            .field("created", &self.created)
            .field("updated", &self.updated)
            .field("last_access", &self.last_access)
            .finish()
    }
}
