//! Decides whether a request carries a cookie, with the reason (RFC 6265bis §5.8.3).
//!
//! The Cookie field and [`Jar::explain`](super::Jar::explain) share this decision.

use super::attributes::Scope;
use super::origin::{Channel, Origin};
use super::path::path_matches;
use super::site_context::SiteContext;
use super::stored::StoredCookie;
use crate::limits::LimitExceeded;
use crate::time::UnixTime;
use std::fmt;

/// Whether a request carries a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The cookie is sent.
    Sent,
    /// The cookie has expired.
    Expired,
    /// The cookie belongs to another host only.
    OtherHost,
    /// The host is neither the cookie's domain nor below it.
    OtherDomain,
    /// The request's path is not below the cookie's path.
    OtherPath,
    /// The cookie is Secure and the connection is not.
    NotSecure,
    /// Another site caused the request, and SameSite forbids sending the cookie.
    CrossSite,
    /// The Cookie field would exceed its limit.
    HeaderFull(LimitExceeded),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Sent => "sent",
            Verdict::Expired => "not sent: it has expired",
            Verdict::OtherHost => "not sent: it belongs to another host",
            Verdict::OtherDomain => "not sent: it belongs to another domain",
            Verdict::OtherPath => "not sent: it belongs to another path",
            Verdict::NotSecure => "not sent: it is Secure and the connection is not",
            Verdict::CrossSite => "not sent: another site caused the request",
            Verdict::HeaderFull(limit) => return write!(f, "not sent: {limit}"),
        })
    }
}

/// A cookie of the request's site, with the decision.
#[derive(Clone, Copy, Debug)]
pub struct Explained<'a> {
    /// The cookie.
    pub cookie: &'a StoredCookie,
    /// Whether the request carries it.
    pub verdict: Verdict,
}

/// Decides on each cookie in turn, in the order of a Cookie field.
#[derive(Clone)]
pub(super) struct Selector<'a> {
    pub(super) origin: Origin<'a>,
    pub(super) now: UnixTime,
    pub(super) context: SiteContext,
    /// The maximum bytes of the field, including a separator after the last pair; the counts below
    /// include it too.
    room: usize,
    /// The bytes of Secure cookies so far, and of the others.
    secure: usize,
    others: usize,
    /// The bytes of all Secure cookies that will be sent.
    reserved: usize,
}

/// The separator between two pairs.
const SEPARATOR: usize = "; ".len();

impl<'a> Selector<'a> {
    /// Creates a selector for a request from `context` to `origin`. `cookies` are all cookies of
    /// its site.
    ///
    /// If not all fit, Secure cookies take precedence. An attacker on plain http cannot set any,
    /// and must not displace them with cookies of a longer path. The order in the field stays that
    /// of RFC 6265bis §5.8.3.
    pub(super) fn new<'c>(
        origin: Origin<'a>,
        now: UnixTime,
        context: SiteContext,
        limit: usize,
        cookies: impl Iterator<Item = &'c StoredCookie> + Clone,
    ) -> Selector<'a> {
        let room = limit.saturating_add(SEPARATOR);
        let mut selector = Selector { origin, now, context, room, secure: 0, others: 0, reserved: 0 };
        let all = || cookies.clone().map(|cookie| cookie.pair.len() + SEPARATOR);
        if selector.origin.channel != Channel::Insecure && all().sum::<usize>() > room {
            let mut secure_only = selector.clone();
            for cookie in cookies.clone().filter(|cookie| cookie.secure) {
                secure_only.decide(cookie);
            }
            selector.reserved = secure_only.secure;
        }
        selector
    }

    /// Decides whether the cookie is sent. `Sent` counts it as part of the field.
    pub(super) fn decide(&mut self, cookie: &StoredCookie) -> Verdict {
        let verdict = self.matches(cookie);
        if verdict != Verdict::Sent {
            return verdict;
        }
        let (taken, count) = match cookie.secure {
            true => (self.secure, &mut self.secure),
            false => (self.reserved + self.others, &mut self.others),
        };
        let own = cookie.pair.len() + SEPARATOR;
        let [limit, seen] = [self.room, taken + own].map(|length| length.saturating_sub(SEPARATOR) as u64);
        match LimitExceeded::check("cookies.header_bytes", limit, seen) {
            Ok(()) => *count += own,
            Err(limit) => return Verdict::HeaderFull(limit),
        }
        verdict
    }

    /// Returns `Sent` unless a reason other than the field's length forbids it.
    fn matches(&self, cookie: &StoredCookie) -> Verdict {
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
        if cookie.secure && self.origin.channel == Channel::Insecure {
            return Verdict::NotSecure;
        }
        if !self.context.sends(cookie.same_site) {
            return Verdict::CrossSite;
        }
        Verdict::Sent
    }
}
