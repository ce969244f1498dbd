//! A cookie as the jar keeps it.
//!
//! Invariant: name and value can be sent as they are. There is no control character but the tab, no `;`, no `=` in the name, no
//! blank at an end, and not both are empty. All ways in go through [`check_pair`](super::admit::check_pair) or the Set-Cookie parser, which
//! cannot yield anything else; so a Cookie field never carries more than pairs (T71).

use super::attributes::{Redacted, SameSite, Scope};
use crate::time::UnixTime;
use std::fmt;

/// A cookie in a jar: name, value and all that RFC 6265bis §5.7 says to keep. Its `Debug` does not show the value.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredCookie {
    /// `name=value`, or the value alone when there is no name: as it is sent.
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
    /// The name; empty for a cookie without one.
    pub fn name(&self) -> &[u8] {
        self.pair.get(..self.name_length).unwrap_or_default()
    }

    /// The value, quotes included. A secret, more often than not.
    pub fn value(&self) -> &[u8] {
        let start = if self.name_length == 0 { 0 } else { self.name_length + 1 };
        self.pair.get(start..).unwrap_or_default()
    }

    /// `name=value`, or the value alone for a cookie without a name, as it is sent.
    pub fn pair(&self) -> &[u8] {
        &self.pair
    }

    /// The domain, or the host for a host-only cookie: lower case, A-labels, no dot in front or at the end, an IPv6 address in brackets.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Whether it goes to one host only or to its sub-domains too.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The path; begins with `/`.
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    /// Whether it is sent over secure connections only.
    pub fn secure(&self) -> bool {
        self.secure
    }

    /// Whether it was marked HttpOnly. To this client it makes no difference; whoever shows cookies to scripts must heed it.
    pub fn http_only(&self) -> bool {
        self.http_only
    }

    /// Its SameSite attribute.
    pub fn same_site(&self) -> SameSite {
        self.same_site
    }

    /// When it expires; `None` for a session cookie.
    pub fn expires(&self) -> Option<UnixTime> {
        self.expires
    }

    /// When a cookie of this identity was first stored. Replacing the value keeps it.
    pub fn created(&self) -> UnixTime {
        self.created
    }

    /// When its present value was stored.
    pub fn updated(&self) -> UnixTime {
        self.updated
    }

    /// When it was last sent or stored.
    pub fn last_access(&self) -> UnixTime {
        self.last_access
    }

    /// Whether it has expired at `now`.
    pub fn is_expired(&self, now: UnixTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Whether the two are the same cookie: name, domain, scope and path (RFC 6265bis §5.7).
    pub fn same_identity(&self, other: &StoredCookie) -> bool {
        self.name() == other.name()
            && self.path == other.path
            && self.scope == other.scope
            && self.domain == other.domain
    }

    /// Joins name and value to what is sent. Both must have passed [`check_pair`](super::admit::check_pair) or the parser.
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
