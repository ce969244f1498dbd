//! The jar: cookies go in as responses set them and come out as requests need them (RFC 6265bis §5.7, §5.8).

use super::admit::{admit, readmit};
use super::attributes::Scope;
use super::explain::{Explained, Judge, Verdict};
use super::host::{Host, canonical_domain};
use super::origin::{Origin, Way};
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

/// A cookie jar, for one user agent.
///
/// A request costs a look-up of its site and a walk through the cookies of that site; the cookies of others are not touched.
/// All times are given by the caller. `Debug` shows how many cookies there are, nothing of them.
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

/// What came of all Set-Cookie fields of one response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Received {
    /// How many were stored, replaced another or removed one.
    pub changed: usize,
    /// How many were not taken.
    pub rejected: usize,
}

/// What became of the cookies that match a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sent {
    /// How many are in the Cookie field.
    pub cookies: usize,
    /// How many did not fit into [`CookieLimits::header_bytes`](super::CookieLimits::header_bytes).
    pub left_out: usize,
}

impl Jar {
    /// An empty jar with the default [`Policy`].
    pub fn new() -> Self {
        Jar::default()
    }

    /// An empty jar with this policy.
    pub fn with_policy(policy: Policy) -> Self {
        Jar { policy, ..Jar::default() }
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// How many cookies there are, expired ones that were not yet thrown away included.
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.store.is_empty()
    }

    /// A number that grows whenever a cookie comes, changes or goes; that one was sent does not count. Whoever saves the jar can tell by it
    /// whether there is anything to save.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Takes in one Set-Cookie field value that came in a response from `url` (RFC 6265bis §5.6, §5.7).
    ///
    /// Cookies of the jar that have expired at `now` are thrown away. If a limit is met, the least recently used cookies go, those without Secure first:
    /// of the same site when the site is full, of all when the jar is.
    ///
    /// # Errors
    /// When the cookie may not be stored, with the reason. The jar is then as before.
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

    /// Takes in all Set-Cookie field values of one response from `url`, each by itself and in their order, up to
    /// [`CookieLimits::per_response`](super::CookieLimits::per_response). `report` is told what came of each.
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

    /// The Cookie field's value for a request to `url`, marked sensitive; `None` when no cookie goes with it.
    /// As [`append_header`](Jar::append_header), with an allocation of its own.
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

    /// Appends the Cookie field's value for a request to `url` to `out` (RFC 6265bis §5.8.3): `name=value` pairs joined by `; `, those with
    /// the longest path first, the oldest of those first. They now count as used at `now`.
    ///
    /// A cookie that does not fit into [`CookieLimits::header_bytes`](super::CookieLimits::header_bytes) is left out; a shorter one
    /// after it may still go. Cookies without Secure get the room that the Secure ones leave. When no cookie is sent, `out` is as before.
    pub fn append_header(&mut self, url: &Url, now: UnixTime, context: SiteContext, out: &mut Vec<u8>) -> Sent {
        let mut sent = Sent::default();
        if self.store.is_empty() {
            return sent;
        }
        let Some((site, mut judge)) = self.judge(url, now, context) else { return sent };
        self.store.use_each(site, now, |cookie| match judge.judge(cookie) {
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

    /// Every cookie of the site of `url`, and whether it would go with a request there; in the order of a Cookie field.
    /// No cookie of another site ever would. Nothing changes.
    pub fn explain<'a>(
        &'a self,
        url: &'a Url,
        now: UnixTime,
        context: SiteContext,
    ) -> impl Iterator<Item = Explained<'a>> + 'a {
        let judge = self.judge(url, now, context);
        judge.into_iter().flat_map(move |(site, mut judge)| {
            self.store.site(site).map(move |(_, cookie)| Explained { cookie, verdict: judge.judge(cookie) })
        })
    }

    /// All cookies, site by site, in an order that depends on nothing but the calls made so far.
    pub fn iter(&self) -> impl Iterator<Item = &StoredCookie> {
        self.store.iter().map(|(_, cookie)| cookie)
    }

    /// The cookie of this domain, path and name. The domain is put into canonical form; path and name must be exact. Where there is one for
    /// the host only and one for the sub-domains too, it is the former.
    pub fn get(&self, domain: &str, path: &str, name: &str) -> Option<&StoredCookie> {
        self.store.get(self.find(domain, path, name)?)
    }

    /// Takes the cookie out that [`get`](Jar::get) would show.
    pub fn remove(&mut self, domain: &str, path: &str, name: &str) -> Option<StoredCookie> {
        let id = self.find(domain, path, name)?;
        self.drop_id(id)
    }

    /// Stores a cookie as if `url` had set it: all rules of [`receive`](Jar::receive) hold. For cookies of the `cookie` package, whose
    /// own Debug output shows the value.
    ///
    /// # Errors
    /// When the cookie may not be stored, or has a name or value that could not be sent as it is.
    pub fn set(&mut self, url: &Url, cookie: &::cookie::Cookie<'_>, now: UnixTime) -> Result<Change, Rejected> {
        let origin = Origin::of(url, self.policy.loopback)?;
        let cookie = super::convert::to_set_cookie(cookie, &self.policy.limits)?;
        self.take(&origin, &cookie, now, SiteContext::SameSite)
    }

    /// Stores a cookie that was stored before, here or in another jar. It takes the place of one of the same identity.
    /// Where it came from is no longer asked, but the policy's public suffixes and limits and what name prefixes demand hold.
    ///
    /// # Errors
    /// When the cookie may not be stored. The jar is then as before.
    pub fn insert(&mut self, cookie: StoredCookie, now: UnixTime) -> Result<Change, Rejected> {
        let cookie = readmit(&self.policy, cookie, now)?;
        self.put(cookie, Way::Secure, now, None)
    }

    /// Keeps the cookies for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&StoredCookie) -> bool) {
        let gone: Vec<Id> = self.store.iter().filter(|(_, cookie)| !keep(cookie)).map(|(id, _)| id).collect();
        for id in gone {
            self.drop_id(id);
        }
    }

    /// Throws all cookies away.
    pub fn clear(&mut self) {
        if !self.is_empty() {
            self.store = Store::default();
            self.revision += 1;
        }
    }

    /// Throws the session cookies away, those that have no expiry: what closing a browser does.
    pub fn clear_session(&mut self) {
        self.retain(|cookie| cookie.expires.is_some());
    }

    /// Throws the cookies away that have expired at `now`; answers how many. Requests never carry them anyway.
    pub fn expire(&mut self, now: UnixTime) -> usize {
        let before = self.len();
        while let Some(id) = self.store.expired(now) {
            self.drop_id(id);
        }
        before - self.len()
    }

    /// The site of a URL and the judge of its cookies; `None` for a URL that has no cookies.
    fn judge<'a>(&self, url: &'a Url, now: UnixTime, context: SiteContext) -> Option<(&'a str, Judge<'a>)> {
        let origin = Origin::of(url, self.policy.loopback).ok()?;
        let site = self.policy.public_suffixes.site(origin.host);
        let cookies = self.store.site(site).map(|(_, cookie)| cookie);
        Some((site, Judge::new(origin, now, context, self.policy.limits.header_bytes, cookies)))
    }

    /// A parsed cookie from an origin: may it be stored, and what does it replace?
    fn take(
        &mut self,
        origin: &Origin<'_>,
        cookie: &SetCookie<'_>,
        now: UnixTime,
        context: SiteContext,
    ) -> Result<Change, Rejected> {
        let cookie = admit(&self.policy, origin, cookie, now, context)?;
        self.expire(now);
        if !cookie.secure && origin.way == Way::Insecure && self.shadows_secure(&cookie) {
            return Err(Rejected::ShadowsSecure);
        }
        self.put(cookie, origin.way, now, None)
    }

    /// Stores a cookie that may be stored. `order` tells it apart from others created in the same second; by default it is the last.
    pub(super) fn put(
        &mut self,
        mut cookie: StoredCookie,
        way: Way,
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
                // The earlier creation stays, so that the order in the Cookie field does (RFC 6265bis §5.7).
                cookie.created = old.created.min(cookie.created);
                self.store.insert(site, cookie, Some(order));
                Change::Replaced
            }
            None => {
                self.make_room(site, cookie.secure || way == Way::Secure)?;
                self.store.insert(site, cookie, order);
                Change::Stored
            }
        };
        self.revision += 1;
        Ok(change)
    }

    /// Whether a cookie set over an insecure way would hide a Secure one: same name, related domain, and a path under that of
    /// the Secure one (RFC 6265bis §5.7, T68).
    fn shadows_secure(&self, cookie: &StoredCookie) -> bool {
        let host = Host::from_canonical(&cookie.domain);
        self.store.site(self.policy.public_suffixes.site(host)).any(|(_, other)| {
            other.secure
                && other.name() == cookie.name()
                && (host.matches(&other.domain) || Host::from_canonical(&other.domain).matches(&cookie.domain))
                && path_matches(&cookie.path, &other.path)
        })
    }

    /// Evicts until one more cookie fits (T69). Those that had expired are gone already.
    ///
    /// What came over an insecure way must not push the Secure cookies of its own site out.
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
        let full = Rejected::NoRoom(LimitExceeded { name, limit, seen: limit.saturating_add(1) });
        victim.and_then(|id| self.drop_id(id)).map(|_| ()).ok_or(full)
    }

    fn find(&self, domain: &str, path: &str, name: &str) -> Option<Id> {
        let domain = canonical_domain(domain)?;
        let site = self.policy.public_suffixes.site(Host::from_canonical(&domain));
        let is_it = |cookie: &StoredCookie| {
            *cookie.domain == *domain && *cookie.path == *path.as_bytes() && cookie.name() == name.as_bytes()
        };
        let found = self.store.site(site).filter(|(_, cookie)| is_it(cookie));
        found.min_by_key(|(_, cookie)| cookie.scope == Scope::Domain).map(|(id, _)| id)
    }

    /// The cookie of the same identity, if there is one.
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
