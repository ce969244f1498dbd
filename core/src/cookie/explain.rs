//! Does this cookie go with that request, and if not, why? (RFC 6265bis §5.8.3)
//!
//! One function decides, for the Cookie field and for [`Jar::explain`](super::Jar::explain) alike.

use super::attributes::Scope;
use super::origin::{Origin, Way};
use super::path::path_matches;
use super::site_context::SiteContext;
use super::stored::StoredCookie;
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
#[derive(Clone)]
pub(super) struct Judge<'a> {
    pub(super) origin: Origin<'a>,
    pub(super) now: UnixTime,
    pub(super) context: SiteContext,
    /// Bytes that the field may have, a separator behind the last pair included; so are those below.
    room: usize,
    /// Of the Secure cookies so far, and of the others.
    secure: usize,
    others: usize,
    /// Of all Secure cookies that will go.
    reserved: usize,
}

/// Stands between two pairs.
const SEPARATOR: usize = "; ".len();

impl<'a> Judge<'a> {
    /// For a request from `context` to `origin`. `cookies` are all of its site.
    ///
    /// Where they do not all fit, Secure cookies go first: an attacker on plain http cannot set any, and must not crowd them out
    /// with others of a longer path. The order in the field stays that of RFC 6265bis §5.8.3.
    pub(super) fn new<'c>(
        origin: Origin<'a>,
        now: UnixTime,
        context: SiteContext,
        limit: usize,
        cookies: impl Iterator<Item = &'c StoredCookie> + Clone,
    ) -> Judge<'a> {
        let room = limit.saturating_add(SEPARATOR);
        let mut judge = Judge { origin, now, context, room, secure: 0, others: 0, reserved: 0 };
        let all = || cookies.clone().map(|cookie| cookie.pair.len() + SEPARATOR);
        if judge.origin.way != Way::Insecure && all().sum::<usize>() > room {
            let mut first = judge.clone();
            for cookie in cookies.clone().filter(|cookie| cookie.secure) {
                first.judge(cookie);
            }
            judge.reserved = first.secure;
        }
        judge
    }

    /// Whether it goes. `Sent` counts the cookie as part of the field.
    pub(super) fn judge(&mut self, cookie: &StoredCookie) -> Verdict {
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

    /// `Sent`, unless something other than the field's length forbids it.
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
        if cookie.secure && self.origin.way == Way::Insecure {
            return Verdict::NotSecure;
        }
        if !self.context.sends(cookie.same_site) {
            return Verdict::CrossSite;
        }
        Verdict::Sent
    }
}
