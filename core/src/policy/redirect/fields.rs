//! Decides which request fields go to the next hop, and the Referer that it carries.
//!
//! A server that controls a redirect must not receive secrets of another origin (RFC 9110 §15.4,
//! §17.16.3).

use super::{CrossOrigin, Crossing, NextBody, NextHop, Policy};
use crate::headers::is_sensitive_name;
use crate::origin::OriginRef;
use url::{Position, Url};

/// Fields besides `content-*` that describe a body or its framing (RFC 9110 §15.4, step 5).
const BODY_FIELDS: [&str; 6] = ["transfer-encoding", "expect", "trailer", "digest", "repr-digest", "last-modified"];

/// Whether a request field of the previous hop goes to the `next` hop.
///
/// `name` is compared ignoring case; `sensitive` says that the caller marked the value as bound to
/// its origin. These fields do not survive:
///
/// - `Proxy-Authorization`, ever.
/// - Across origins: `Host`, and fields that are sensitive by mark or by name. With
///   [`CrossOrigin::OnlySafeListed`], also all that are not on that list.
/// - With a dropped body: its descriptive fields.
///
/// The jar's cookies are no concern of this function: the jar selects them for each hop's URL. The
/// caller must drop a field for the rest of the chain once it did not survive.
pub fn survives(name: &str, sensitive: bool, next: &NextHop, policy: &Policy) -> bool {
    let is = |listed: &str| name.eq_ignore_ascii_case(listed);
    if is("proxy-authorization") {
        return false;
    }
    if next.body == NextBody::Drop && (starts_with(name, "content-") || BODY_FIELDS.iter().any(|n| is(n))) {
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

/// Returns the Referer for the `next` hop from `from`; `None` if the policy sends none.
///
/// Follows the referrer policy "strict-origin-when-cross-origin": nothing from https to http, and
/// the bare origin to another origin. Otherwise it is the URL without user information and fragment
/// (RFC 9110 §10.1.3).
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
