//! Decides whether a response is a redirect to follow (RFC 9110 §15.4, §10.2.2).

use super::{
    CrossOriginBody, Crossing, Decision, Hop, HopBody, NextBody, NextHop, Note, PlainHttp, Policy, RedirectError,
    WhyFinal,
};
use crate::limits::Limits;
use crate::origin::Scheme;
use crate::url::{UrlError, resolve_location};
use http::Method;
use url::Url;

/// Decides what follows from a response with this `status` and these Location field values.
///
/// - 301 and 302 turn POST into GET, and 303 turns every method but HEAD into GET; both drop the
///   body. Other methods, and 307 and 308, keep method and body.
/// - Identical Location fields count as one. The response is final if there is none, or if it is
///   empty or blank.
/// - The next URL is resolved by RFC 3986 §5, validated, and stripped of user information. It
///   inherits the fragment if it has none (RFC 9110 §10.2.2).
///
/// # Errors
/// The variants of [`RedirectError`] name the causes. Repetitions are left to
/// [`LoopDetector`](super::LoopDetector). A Location longer than [`Limits::location_bytes`] is a
/// [`RedirectError::BadLocation`] that names the limit.
pub fn decide<'l>(
    policy: &Policy,
    limits: &Limits,
    hop: &Hop<'_>,
    status: u16,
    locations: impl IntoIterator<Item = &'l [u8]>,
) -> Result<Decision, RedirectError> {
    decide_with(policy, limits, hop, status, locations, |_| false)
}

/// Decides as [`decide`] does, with `upgrade` applied to the next URL before its scheme and origin
/// are checked. HSTS belongs there (RFC 6797 §8.3): it may turn a refused downgrade into an https
/// hop. `upgrade` returns whether it changed the URL.
///
/// # Errors
/// As [`decide`].
pub fn decide_with<'l>(
    policy: &Policy,
    limits: &Limits,
    hop: &Hop<'_>,
    status: u16,
    locations: impl IntoIterator<Item = &'l [u8]>,
    upgrade: impl FnOnce(&mut Url) -> bool,
) -> Result<Decision, RedirectError> {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Ok(Decision::Final(WhyFinal::NotARedirect));
    }
    let limit = policy.max;
    if limit == 0 {
        return Ok(Decision::Final(WhyFinal::NotEnabled));
    }
    let mut notes = Vec::new();
    let Some(location) = one_location(locations, &mut notes)? else {
        return Ok(Decision::Final(WhyFinal::NoLocation));
    };
    if hop.hops_so_far >= limit {
        return Err(RedirectError::TooMany { limit, times: 1 });
    }

    let located = resolve_location(hop.url, location, limits).map_err(|error| match error {
        UrlError::UnsupportedScheme(scheme) => RedirectError::UnsupportedScheme(scheme),
        other => RedirectError::BadLocation(other),
    })?;
    if located.user_info.is_some() {
        notes.push(Note::UserInfoStripped);
    }
    if located.backslashes > 0 {
        notes.push(Note::BackslashEncoded);
    }
    let mut url = located.url;
    if url.fragment().is_none()
        && let Some(fragment) = hop.url.fragment().filter(|fragment| !fragment.is_empty())
    {
        url.set_fragment(Some(fragment));
    }
    if upgrade(&mut url) {
        notes.push(Note::UpgradedToHttps);
    }

    let crossing = Crossing::between(hop.url, &url);
    let refused = match policy.plain_http {
        PlainHttp::Allowed => false,
        PlainHttp::NotFromHttps => crossing == Crossing::Downgrade,
        PlainHttp::Refused => Scheme::of(&url) != Scheme::Https,
    };
    if refused {
        return Err(RedirectError::DowngradeRefused);
    }

    let (method, body) = rewrite(policy, hop.method, status);
    if body == NextBody::Keep && hop.body != HopBody::None {
        may_carry_body(policy, crossing)?;
    }
    if body == NextBody::Keep && hop.body == HopBody::Once {
        return Err(RedirectError::BodyNotReplayable);
    }
    Ok(Decision::Follow(Box::new(NextHop { url, method, body, crossing, notes })))
}

/// Checks whether the body may go to the origin that the redirect leads to.
fn may_carry_body(policy: &Policy, crossing: Crossing) -> Result<(), RedirectError> {
    let same = !crossing.is_cross_origin() || (crossing == Crossing::Upgrade && policy.http_to_https_keeps_credentials);
    match policy.cross_origin_body {
        CrossOriginBody::Refuse if !same => Err(RedirectError::BodyToAnotherOrigin),
        CrossOriginBody::Send if crossing == Crossing::Downgrade => Err(RedirectError::BodyInClear),
        _ => Ok(()),
    }
}

/// Returns the one value of the Location fields without surrounding white space, if it is not
/// empty.
fn one_location<'l>(
    locations: impl IntoIterator<Item = &'l [u8]>,
    notes: &mut Vec<Note>,
) -> Result<Option<&'l [u8]>, RedirectError> {
    let mut locations = locations.into_iter().map(<[u8]>::trim_ascii);
    let Some(first) = locations.next() else { return Ok(None) };
    for other in locations {
        if other != first {
            return Err(RedirectError::DifferingLocations);
        }
        if notes.is_empty() {
            notes.push(Note::RepeatedLocation);
        }
    }
    Ok(Some(first).filter(|location| !location.is_empty()))
}

/// Returns method and body of the next hop. Methods are case-sensitive (RFC 9110 §9.1): `post` is
/// not POST.
fn rewrite(policy: &Policy, method: &Method, status: u16) -> (Method, NextBody) {
    let keep_post = match status {
        301 => policy.keep_post.on_301,
        302 => policy.keep_post.on_302,
        303 => policy.keep_post.on_303,
        _ => true,
    };
    let rewritten = match (status, method) {
        (_, &Method::POST) => (!keep_post).then_some(Method::GET),
        (303, &Method::HEAD) => Some(Method::HEAD),
        (303, _) => Some(Method::GET),
        _ => None,
    };
    match rewritten {
        Some(method) => (method, NextBody::Drop),
        None => (method.clone(), NextBody::Keep),
    }
}
