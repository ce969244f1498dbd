//! The jar: stores cookies from responses and selects cookies for requests (RFC 6265bis §5.7,
//! §5.8).

use super::admit::{admit, readmit};
use super::attributes::Scope;
use super::explain::{Explained, Selector, Verdict};
use super::host::{Host, canonical_domain};
use super::origin::{Channel, Origin};
use super::outcome::{Change, Rejected};
use super::path::path_matches;
use super::policy::Policy;
use super::set_cookie::{SetCookie, parse_set_cookie};
use super::site_context::SiteContext;
use super::store::{Id, Store};
use super::stored::StoredCookie;
use crate::limits::LimitExceeded;
use crate::time::UnixTime;
use http::HeaderValue;
use std::fmt;
use url::Url;

/// A cookie jar for one user agent.
///
/// A request costs one lookup of its site and a pass over the cookies of that site. The caller
/// supplies all times. `Debug` shows only the number of cookies.
///
/// ```
/// use petition_core::UnixTime;
/// use petition_core::cookie::{Change, Jar, SiteContext};
/// use url::Url;
///
/// let mut jar = Jar::new();
/// let url = Url::parse("https://shop.example/cart/add").unwrap();
/// let now = UnixTime(1_700_000_000);
/// let change = jar.receive(&url, b"sid=31d4; Path=/; Secure; HttpOnly", now, SiteContext::SameSite);
/// assert_eq!(change, Ok(Change::Stored));
/// assert_eq!(jar.header(&url, now, SiteContext::SameSite).unwrap(), "sid=31d4");
///
/// let plain = Url::parse("http://shop.example/").unwrap();
/// assert_eq!(jar.header(&plain, now, SiteContext::SameSite), None);
/// ```
#[derive(Clone, Default)]
pub struct Jar {
    policy: Policy,
    pub(super) store: Store,
    revision: u64,
}

/// The combined result for all Set-Cookie fields of one response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Received {
    /// How many were stored, replaced another cookie or removed one.
    pub changed: usize,
    /// How many were rejected.
    pub rejected: usize,
}

/// The result of selecting cookies for a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sent {
    /// The number of cookies in the Cookie field.
    pub cookies: usize,
    /// The number of matching cookies that did not fit into
    /// [`CookieLimits::header_bytes`](super::CookieLimits::header_bytes).
    pub left_out: usize,
}

impl Jar {
    /// Creates an empty jar with the default [`Policy`].
    pub fn new() -> Self {
        Jar::default()
    }

    /// Creates an empty jar with this policy.
    pub fn with_policy(policy: Policy) -> Self {
        Jar { policy, ..Jar::default() }
    }

    /// Returns the policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Returns the number of cookies, including expired ones not yet removed.
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Whether the jar is empty.
    pub fn is_empty(&self) -> bool {
        self.store.is_empty()
    }

    /// Returns a number that grows whenever a cookie is added, changed or removed, but not when one
    /// is sent. Compare it to decide whether the jar needs saving.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Processes one Set-Cookie field value from a response from `url` (RFC 6265bis §5.6, §5.7).
    ///
    /// Cookies that have expired at `now` are removed. If a limit is exceeded, the least recently
    /// used cookies are evicted, those without Secure first: from the same site if the site is
    /// full, from the entire jar if the jar is.
    ///
    /// # Errors
    /// The reason why the cookie may not be stored. The jar is then unchanged.
    pub fn receive(
        &mut self,
        url: &Url,
        field: &[u8],
        now: UnixTime,
        context: SiteContext,
    ) -> Result<Change, Rejected> {
        let origin = Origin::of(url, self.policy.loopback)?;
        let cookie = parse_set_cookie(field, &self.policy.limits)?;
        self.take(&origin, &cookie, now, context)
    }

    /// Processes all Set-Cookie field values of one response from `url`, separately and in order,
    /// up to [`CookieLimits::per_response`](super::CookieLimits::per_response). Calls `report` with
    /// the result of each.
    pub fn receive_all<'a>(
        &mut self,
        url: &Url,
        fields: impl IntoIterator<Item = &'a [u8]>,
        now: UnixTime,
        context: SiteContext,
        mut report: impl FnMut(&'a [u8], Result<Change, Rejected>),
    ) -> Received {
        let mut received = Received::default();
        let limit = self.policy.limits.per_response as u64;
        for (number, field) in (1..).zip(fields) {
            let outcome = LimitExceeded::check("cookies.per_response", limit, number)
                .map_err(Rejected::TooMany)
                .and_then(|()| self.receive(url, field, now, context));
            match outcome {
                Ok(Change::Unchanged) => {}
                Ok(_) => received.changed += 1,
                Err(_) => received.rejected += 1,
            }
            report(field, outcome);
        }
        received
    }

    /// Returns the Cookie field's value for a request to `url`, marked sensitive; `None` if no
    /// cookie matches. Works like [`append_header`](Jar::append_header) with its own allocation.
    pub fn header(&mut self, url: &Url, now: UnixTime, context: SiteContext) -> Option<HeaderValue> {
        let mut value = Vec::new();
        self.append_header(url, now, context, &mut value);
        if value.is_empty() {
            return None;
        }
        let mut value = HeaderValue::try_from(value).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Appends the Cookie field's value for a request to `url` to `out` (RFC 6265bis §5.8.3):
    /// `name=value` pairs joined by `; `, by descending path length, then from oldest to newest.
    /// The sent cookies count as used at `now`.
    ///
    /// A cookie that does not fit into
    /// [`CookieLimits::header_bytes`](super::CookieLimits::header_bytes) is omitted; a shorter one
    /// after it may still fit. Cookies without Secure get the room that Secure ones leave. If no
    /// cookie is sent, `out` is unchanged.
    pub fn append_header(&mut self, url: &Url, now: UnixTime, context: SiteContext, out: &mut Vec<u8>) -> Sent {
        let mut sent = Sent::default();
        if self.store.is_empty() {
            return sent;
        }
        let Some((site, mut selector)) = self.selector(url, now, context) else { return sent };
        self.store.use_each(site, now, |cookie| match selector.decide(cookie) {
            Verdict::Sent => {
                if sent.cookies > 0 {
                    out.extend_from_slice(b"; ");
                }
                out.extend_from_slice(&cookie.pair);
                sent.cookies += 1;
                true
            }
            Verdict::HeaderFull(_) => {
                sent.left_out += 1;
                false
            }
            _ => false,
        });
        sent
    }

    /// Returns every cookie of the site of `url`, in the order of a Cookie field, and whether a
    /// request to `url` would carry it. Cookies of other sites never match. Nothing changes.
    pub fn explain<'a>(
        &'a self,
        url: &'a Url,
        now: UnixTime,
        context: SiteContext,
    ) -> impl Iterator<Item = Explained<'a>> + 'a {
        let selector = self.selector(url, now, context);
        selector.into_iter().flat_map(move |(site, mut selector)| {
            self.store.site(site).map(move |(_, cookie)| Explained { cookie, verdict: selector.decide(cookie) })
        })
    }

    /// Returns all cookies, site by site, in an order that depends only on earlier calls.
    pub fn iter(&self) -> impl Iterator<Item = &StoredCookie> {
        self.store.iter().map(|(_, cookie)| cookie)
    }

    /// Returns the cookie with this domain, path and name. The domain is canonicalized; path and
    /// name must match exactly. A host-only cookie takes precedence over one for subdomains.
    pub fn get(&self, domain: &str, path: &str, name: &str) -> Option<&StoredCookie> {
        self.store.get(self.find(domain, path, name)?)
    }

    /// Removes and returns the cookie that [`get`](Jar::get) would return.
    pub fn remove(&mut self, domain: &str, path: &str, name: &str) -> Option<StoredCookie> {
        let id = self.find(domain, path, name)?;
        self.drop_id(id)
    }

    /// Stores a cookie as if `url` had set it, under all rules of [`receive`](Jar::receive). It
    /// accepts cookies of the `cookie` package, whose own Debug output shows the value.
    ///
    /// # Errors
    /// The reason why the cookie may not be stored, including a name or value that cannot be sent
    /// unchanged.
    pub fn set(&mut self, url: &Url, cookie: &::cookie::Cookie<'_>, now: UnixTime) -> Result<Change, Rejected> {
        let origin = Origin::of(url, self.policy.loopback)?;
        let cookie = super::convert::to_set_cookie(cookie, &self.policy.limits)?;
        self.take(&origin, &cookie, now, SiteContext::SameSite)
    }

    /// Stores a cookie that was stored earlier, here or in another jar, and replaces one of the
    /// same identity. Its origin is not checked again. The policy's public suffixes and limits and
    /// the requirements of name prefixes apply.
    ///
    /// # Errors
    /// The reason why the cookie may not be stored. The jar is then unchanged.
    pub fn insert(&mut self, cookie: StoredCookie, now: UnixTime) -> Result<Change, Rejected> {
        let cookie = readmit(&self.policy, cookie, now)?;
        self.put(cookie, Channel::Secure, now, None)
    }

    /// Removes the cookies for which `keep` returns false.
    pub fn retain(&mut self, mut keep: impl FnMut(&StoredCookie) -> bool) {
        let removed: Vec<Id> = self.store.iter().filter(|(_, cookie)| !keep(cookie)).map(|(id, _)| id).collect();
        for id in removed {
            self.drop_id(id);
        }
    }

    /// Removes all cookies.
    pub fn clear(&mut self) {
        if !self.is_empty() {
            self.store = Store::default();
            self.revision += 1;
        }
    }

    /// Removes the session cookies (those without an expiry), as a browser does when it closes.
    pub fn clear_session(&mut self) {
        self.retain(|cookie| cookie.expires.is_some());
    }

    /// Removes the cookies that have expired at `now` and returns how many. Requests never carry
    /// them in any case.
    pub fn expire(&mut self, now: UnixTime) -> usize {
        let before = self.len();
        while let Some(id) = self.store.expired(now) {
            self.drop_id(id);
        }
        before - self.len()
    }

    /// Returns the site of a URL and a selector for its cookies; `None` for a URL that cannot have
    /// cookies.
    fn selector<'a>(&self, url: &'a Url, now: UnixTime, context: SiteContext) -> Option<(&'a str, Selector<'a>)> {
        let origin = Origin::of(url, self.policy.loopback).ok()?;
        let site = self.policy.public_suffixes.site(origin.host);
        let cookies = self.store.site(site).map(|(_, cookie)| cookie);
        Some((site, Selector::new(origin, now, context, self.policy.limits.header_bytes, cookies)))
    }

    /// Stores a parsed cookie from an origin if the rules allow it.
    fn take(
        &mut self,
        origin: &Origin<'_>,
        cookie: &SetCookie<'_>,
        now: UnixTime,
        context: SiteContext,
    ) -> Result<Change, Rejected> {
        let cookie = admit(&self.policy, origin, cookie, now, context)?;
        self.expire(now);
        if !cookie.secure && origin.channel == Channel::Insecure && self.shadows_secure(&cookie) {
            return Err(Rejected::ShadowsSecure);
        }
        self.put(cookie, origin.channel, now, None)
    }

    /// Stores an admitted cookie. `order` distinguishes cookies created in the same second; by
    /// default this one is the last.
    pub(super) fn put(
        &mut self,
        mut cookie: StoredCookie,
        channel: Channel,
        now: UnixTime,
        order: Option<u64>,
    ) -> Result<Change, Rejected> {
        self.expire(now);
        let domain = cookie.domain.clone();
        let site = self.policy.public_suffixes.site(Host::from_canonical(&domain));
        let same = self.store.site(site).find(|(_, other)| other.same_identity(&cookie)).map(|(id, _)| id);
        if cookie.is_expired(now) {
            return Ok(same.and_then(|id| self.drop_id(id)).map_or(Change::Unchanged, |_| Change::Removed));
        }
        let change = match same.and_then(|id| self.store.remove(id)) {
            Some((old, order)) => {
                // Keep the earlier creation time, so that the order in the Cookie field does not
                // change (RFC 6265bis §5.7).
                cookie.created = old.created.min(cookie.created);
                self.store.insert(site, cookie, Some(order));
                Change::Replaced
            }
            None => {
                self.make_room(site, cookie.secure || channel == Channel::Secure)?;
                self.store.insert(site, cookie, order);
                Change::Stored
            }
        };
        self.revision += 1;
        Ok(change)
    }

    /// Whether a cookie set over an insecure connection would hide a Secure one: same name, related
    /// domain, and a path below the Secure one's (RFC 6265bis §5.7).
    fn shadows_secure(&self, cookie: &StoredCookie) -> bool {
        let host = Host::from_canonical(&cookie.domain);
        self.store.site(self.policy.public_suffixes.site(host)).any(|(_, other)| {
            other.secure
                && other.name() == cookie.name()
                && (host.matches(&other.domain) || Host::from_canonical(&other.domain).matches(&cookie.domain))
                && path_matches(&cookie.path, &other.path)
        })
    }

    /// Evicts cookies until one more fits. Expired ones are already gone.
    ///
    /// A cookie set over an insecure connection must not evict the Secure cookies of its site.
    fn make_room(&mut self, site: &str, may_evict_secure: bool) -> Result<(), Rejected> {
        let limits = self.policy.limits;
        while self.store.site_len(site) >= limits.per_site {
            let victim = self.store.least_used_of(site, false);
            let victim = victim.or_else(|| self.store.least_used_of(site, true).filter(|_| may_evict_secure));
            self.evict(victim, "cookies.per_site", limits.per_site)?;
        }
        while self.store.len() >= limits.total {
            let victim = self.store.least_used(false).or_else(|| self.store.least_used(true));
            self.evict(victim, "cookies.total", limits.total)?;
        }
        Ok(())
    }

    fn evict(&mut self, victim: Option<Id>, name: &'static str, limit: usize) -> Result<(), Rejected> {
        let limit = limit as u64;
        let full = Rejected::NoRoom(LimitExceeded { name, limit, found: limit.saturating_add(1) });
        victim.and_then(|id| self.drop_id(id)).map(|_| ()).ok_or(full)
    }

    fn find(&self, domain: &str, path: &str, name: &str) -> Option<Id> {
        let domain = canonical_domain(domain)?;
        let site = self.policy.public_suffixes.site(Host::from_canonical(&domain));
        let matches = |cookie: &StoredCookie| {
            *cookie.domain == *domain && *cookie.path == *path.as_bytes() && cookie.name() == name.as_bytes()
        };
        let found = self.store.site(site).filter(|(_, cookie)| matches(cookie));
        found.min_by_key(|(_, cookie)| cookie.scope == Scope::Domain).map(|(id, _)| id)
    }

    /// Returns the cookie of the same identity, if any.
    pub(super) fn twin(&self, cookie: &StoredCookie) -> Option<&StoredCookie> {
        let site = self.policy.public_suffixes.site(Host::from_canonical(&cookie.domain));
        self.store.site(site).map(|(_, other)| other).find(|other| other.same_identity(cookie))
    }

    fn drop_id(&mut self, id: Id) -> Option<StoredCookie> {
        let (cookie, _) = self.store.remove(id)?;
        self.revision += 1;
        Some(cookie)
    }
}

impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jar").field("policy", &self.policy).field("cookies", &self.len()).finish_non_exhaustive()
    }
}
