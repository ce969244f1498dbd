//! Does this cookie go with that request, and if not, why? (RFC 6265bis §5.8.3)
//!
//! One function decides, for the Cookie field and for [`Jar::explain`](super::Jar::explain) alike.

use super::host::{Origin, Way};
use super::path::path_matches;
use super::site_context::SiteContext;
use super::stored::{Scope, StoredCookie};
use crate::limits::LimitExceeded;
use crate::time::UnixTime;
use std::fmt;

/// Whether a cookie goes with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// It does.
    Sent,
    /// No: it has expired.
    Expired,
    /// No: it is for another host only.
    OtherHost,
    /// No: the host is neither its domain nor below.
    OtherDomain,
    /// No: the request's path does not lie under its path.
    OtherPath,
    /// No: it is Secure and the request is not.
    NotSecure,
    /// No: another site caused the request, and SameSite keeps it at home.
    CrossSite,
    /// No: the Cookie field would grow beyond its limit.
    HeaderFull(LimitExceeded),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Sent => "sent",
            Verdict::Expired => "not sent: it has expired",
            Verdict::OtherHost => "not sent: it is for another host only",
            Verdict::OtherDomain => "not sent: it is for another domain",
            Verdict::OtherPath => "not sent: it is for another path",
            Verdict::NotSecure => "not sent: it is Secure and the request is not",
            Verdict::CrossSite => "not sent: another site caused the request",
            Verdict::HeaderFull(limit) => return write!(f, "not sent: {limit}"),
        })
    }
}

/// A cookie of the request's site, and what becomes of it.
#[derive(Clone, Copy, Debug)]
pub struct Explained<'a> {
    /// The cookie.
    pub cookie: &'a StoredCookie,
    /// Whether it goes with the request.
    pub verdict: Verdict,
}

/// The verdict on one cookie after another, in the order of a Cookie field.
pub(super) struct Judge<'a> {
    pub(super) origin: Origin<'a>,
    pub(super) now: UnixTime,
    pub(super) context: SiteContext,
    pub(super) limit: usize,
    /// Bytes of the field so far.
    pub(super) length: usize,
}

impl Judge<'_> {
    /// `Sent` counts the cookie as part of the field.
    pub(super) fn judge(&mut self, cookie: &StoredCookie) -> Verdict {
        let host = self.origin.host;
        match cookie.scope {
            Scope::HostOnly if host.as_str() != &*cookie.domain => return Verdict::OtherHost,
            Scope::Domain if !host.matches(&cookie.domain) => return Verdict::OtherDomain,
            Scope::HostOnly | Scope::Domain => {}
        }
        if cookie.is_expired(self.now) {
            return Verdict::Expired;
        }
        if !path_matches(self.origin.path.as_bytes(), &cookie.path) {
            return Verdict::OtherPath;
        }
        if cookie.secure && self.origin.way == Way::Insecure {
            return Verdict::NotSecure;
        }
        if !self.context.sends(cookie.same_site) {
            return Verdict::CrossSite;
        }
        let separator = if self.length == 0 { 0 } else { 2 };
        let length = self.length + separator + cookie.pair.len();
        match LimitExceeded::check("cookies.header_bytes", self.limit as u64, length as u64) {
            Ok(()) => self.length = length,
            Err(limit) => return Verdict::HeaderFull(limit),
        }
        Verdict::Sent
    }
}
