//! Which request fields go to the next hop, and the Referer that is said there.
//!
//! Whoever controls a redirect must not harvest what was meant for another origin (RFC 9110 §15.4, §17.16.3).

use super::{CrossOrigin, Crossing, NextBody, NextHop, Policy};
use crate::headers::is_sensitive_name;
use crate::origin::OriginRef;
use url::{Position, Url};

/// Fields that describe a body or its framing (RFC 9110 §15.4, the list in step 5), next to all of `content-*`.
const OF_THE_BODY: [&str; 6] = ["transfer-encoding", "expect", "trailer", "digest", "repr-digest", "last-modified"];

/// True when a request field of the hop before goes to the `next` hop.
///
/// `name` may be in any case; `sensitive` says that the caller marked the value as bound to its origin. Never:
/// `Proxy-Authorization`. Not to another origin: `Host` (an override is for one origin), what is sensitive by mark or by
/// name, and with [`CrossOrigin::OnlySafeListed`] what is not on that list. Not without the body: what describes it.
///
/// Cookies of a jar are not asked about here: they are chosen anew for each hop's URL. A field that was dropped must
/// stay dropped for the rest of the chain; that is the caller's to remember.
pub fn survives(name: &str, sensitive: bool, next: &NextHop, policy: &Policy) -> bool {
    let is = |listed: &str| name.eq_ignore_ascii_case(listed);
    if is("proxy-authorization") {
        return false;
    }
    if next.body == NextBody::Drop && (starts_with(name, "content-") || OF_THE_BODY.iter().any(|n| is(n))) {
        return false;
    }
    if !next.crossing.is_cross_origin() {
        return true;
    }
    if is("host") {
        return false;
    }
    let trusted = policy.danger_credentials_follow_to_any_origin
        || (next.crossing == Crossing::Upgrade && policy.http_to_https_keeps_credentials);
    if sensitive || is_sensitive_name(name) {
        return trusted;
    }
    match policy.cross_origin {
        CrossOrigin::KeepUnlisted => true,
        CrossOrigin::OnlySafeListed => {
            trusted
                || is("user-agent")
                || is("range")
                || ["accept", "content-", "if-"].iter().any(|prefix| starts_with(name, prefix))
        }
    }
}

/// The Referer for the `next` hop, coming from `from`; `None` when the policy sends none.
///
/// Referrer Policy "strict-origin-when-cross-origin": nothing from https to http, the origin alone to another
/// origin, else the URL without user information and fragment (RFC 9110 §10.1.3).
pub fn referer(policy: &Policy, from: &Url, next: &NextHop) -> Option<String> {
    if !policy.referer {
        return None;
    }
    match next.crossing {
        Crossing::Downgrade => None,
        Crossing::Upgrade | Crossing::CrossOrigin => Some(format!("{}/", OriginRef::of(from))),
        Crossing::SameOrigin => {
            Some(format!("{}://{}", from.scheme(), &from[Position::BeforeHost..Position::AfterQuery]))
        }
    }
}

fn starts_with(name: &str, prefix: &str) -> bool {
    name.as_bytes().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}
