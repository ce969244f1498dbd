//! Decides whether a cookie may be stored: the checks of RFC 6265bis §5.7 that do not depend on the
//! jar's contents.
//!
//! [`admit`] checks a Set-Cookie value received from a URL. [`readmit`] checks a cookie that was
//! stored earlier, here or elsewhere. Its origin is no longer known, so only the cookie's own
//! attributes are checked.

use super::attributes::{SameSite, Scope};
use super::grammar::{is_control, trim};
use super::host::{Host, canonical_domain};
use super::origin::{Channel, Origin};
use super::outcome::Rejected;
use super::path::default_path;
use super::policy::Policy;
use super::prefix::NamePrefix;
use super::set_cookie::{SetCookie, check_pair_length};
use super::site_context::SiteContext;
use super::stored::StoredCookie;
use crate::time::UnixTime;

/// Returns the cookie to store, or the reason against it.
pub(super) fn admit(
    policy: &Policy,
    origin: &Origin<'_>,
    cookie: &SetCookie<'_>,
    now: UnixTime,
    context: SiteContext,
) -> Result<StoredCookie, Rejected> {
    let (domain, scope) = domain(policy, origin.host, cookie.domain.unwrap_or_default())?;
    if cookie.secure && origin.channel == Channel::Insecure {
        return Err(Rejected::SecureOverInsecure);
    }
    if !context.takes(cookie.same_site) {
        return Err(Rejected::CrossSite);
    }
    let path = match cookie.path {
        Some(path) if path.starts_with(b"/") => path,
        _ => default_path(origin.path).as_bytes(),
    };
    let stored = StoredCookie {
        pair: StoredCookie::join_pair(cookie.name, cookie.value),
        name_length: cookie.name.len(),
        domain,
        scope,
        path: path.into(),
        secure: cookie.secure,
        http_only: cookie.http_only,
        same_site: cookie.same_site,
        expires: expiry(policy, cookie, now),
        created: now,
        updated: now,
        last_access: now,
    };
    check_requirements(&stored)?;
    if let Some(prefix) = NamePrefix::of(cookie.name)
        && prefix.requires_path()
        && (cookie.path != Some(b"/") || cookie.domain.is_some_and(|domain| !domain.is_empty()))
    {
        return Err(Rejected::Prefix(prefix));
    }
    Ok(stored)
}

/// Checks an earlier stored cookie under this policy. The result has a canonical domain and an
/// expiry within the limit.
pub(super) fn readmit(policy: &Policy, mut cookie: StoredCookie, now: UnixTime) -> Result<StoredCookie, Rejected> {
    check_pair(cookie.name(), cookie.value())?;
    check_pair_length(cookie.name(), cookie.value(), &policy.limits).map_err(Rejected::TooLong)?;
    if !cookie.path.starts_with(b"/") || cookie.path.iter().any(|&byte| is_control(byte)) {
        return Err(Rejected::Syntax);
    }
    let canonical = canonical_domain(&cookie.domain).ok_or(Rejected::NoHost)?;
    if *canonical != *cookie.domain {
        cookie.domain = canonical.into_boxed_str();
    }
    if cookie.scope == Scope::Domain {
        match Host::from_canonical(&cookie.domain) {
            Host::Address(_) => cookie.scope = Scope::HostOnly,
            Host::Name(name) if policy.public_suffixes.is_public_suffix(name) => return Err(Rejected::PublicSuffix),
            Host::Name(_) => {}
        }
    }
    cookie.expires = cookie.expires.map(|expires| expires.min(now.saturating_add(policy.limits.max_age)));
    check_requirements(&cookie)?;
    Ok(cookie)
}

/// Returns the domain and scope to store (RFC 6265bis §5.7). An empty attribute counts as absent.
fn domain(policy: &Policy, host: Host<'_>, attribute: &[u8]) -> Result<(Box<str>, Scope), Rejected> {
    let host_only = Ok((host.as_str().into(), Scope::HostOnly));
    if attribute.is_empty() {
        return host_only;
    }
    let attribute = str::from_utf8(attribute).ok().filter(|text| text.is_ascii()).ok_or(Rejected::DomainNotAscii)?;
    let domain = attribute.to_ascii_lowercase();
    match host {
        Host::Address(address) => {
            let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']'));
            if domain == address || Some(&*domain) == bare { host_only } else { Err(Rejected::DomainMismatch) }
        }
        Host::Name(name) => {
            // No canonical host ends with a dot, so a Domain that does matches none; `com.` is
            // reported as a public suffix.
            let bare = domain.strip_suffix('.').unwrap_or(&domain);
            // A public suffix may set cookies for itself only.
            match policy.public_suffixes.is_public_suffix(bare) {
                true if domain == name => host_only,
                true => Err(Rejected::PublicSuffix),
                false if host.matches(&domain) => Ok((domain.into_boxed_str(), Scope::Domain)),
                false => Err(Rejected::DomainMismatch),
            }
        }
    }
}

/// Returns the expiry: Max-Age takes precedence over Expires, and neither exceeds the limit (RFC
/// 6265bis §5.5, §5.7).
fn expiry(policy: &Policy, cookie: &SetCookie<'_>, now: UnixTime) -> Option<UnixTime> {
    let requested = match (cookie.max_age, cookie.expires) {
        (Some(0), _) => UnixTime(0),
        (Some(seconds), _) => now.saturating_add(seconds),
        (None, Some(time)) => time,
        (None, None) => return None,
    };
    Some(requested.min(now.saturating_add(policy.limits.max_age)))
}

/// Checks the requirements that name and SameSite impose on other attributes (RFC 6265bis §5.7).
fn check_requirements(cookie: &StoredCookie) -> Result<(), Rejected> {
    if cookie.same_site == SameSite::None && !cookie.secure {
        return Err(Rejected::SameSiteNoneNotSecure);
    }
    if cookie.name().is_empty()
        && let Some(prefix) = NamePrefix::of(cookie.value())
    {
        return Err(Rejected::NamelessPrefix(prefix));
    }
    match NamePrefix::of(cookie.name()) {
        Some(prefix) if !prefix.is_satisfied_by(cookie) => Err(Rejected::Prefix(prefix)),
        _ => Ok(()),
    }
}

/// Checks that name and value can be sent unchanged.
pub(super) fn check_pair(name: &[u8], value: &[u8]) -> Result<(), Rejected> {
    if name.is_empty() && value.is_empty() {
        return Err(Rejected::Empty);
    }
    if name.iter().chain(value).any(|&byte| is_control(byte)) {
        return Err(Rejected::ControlCharacter);
    }
    let splits = name.contains(&b'=') || name.contains(&b';') || value.contains(&b';');
    if splits || trim(name) != name || trim(value) != value {
        return Err(Rejected::Syntax);
    }
    Ok(())
}
