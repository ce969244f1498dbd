//! Redirects: decides whether a 3xx is followed, to which URL, and with which method, body and
//! fields.
//!
//! The functions are pure; only [`LoopDetector`] has state. [`decide`] turns one response into a
//! [`Decision`] (RFC 9110 §15.4). [`survives`] selects the fields of the next hop, and [`referer`]
//! produces its Referer.
//!
//! Left out: cookies and HSTS (the jar and the store look up each hop's URL; [`decide_with`]
//! applies the upgrade), draining the 3xx, and the history. The caller remembers dropped
//! credentials: a later hop back to the first origin must not restore them.

mod config;
mod decide;
mod fields;
mod follow;
mod loops;

pub use config::{CrossOrigin, CrossOriginBody, KeepPost, PlainHttp, Policy, Repeats};
pub use decide::{decide, decide_with};
pub use fields::{referer, survives};
pub(in crate::policy) use follow::AFTER;
pub use loops::LoopDetector;

use crate::redaction;
use crate::url::UrlError;
use http::Method;
use std::fmt;
use url::Url;

/// The request that the response answers. Its Debug output shows no query values.
#[derive(Clone, Copy)]
pub struct Hop<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its URL, with the fragment.
    pub url: &'a Url,
    /// Its body.
    pub body: HopBody,
    /// Redirects followed so far for this request.
    pub hops_so_far: u32,
}

/// The body of a request, as far as redirects are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HopBody {
    /// No body, or an empty one.
    None,
    /// It can be sent again from its start.
    Replayable,
    /// It can be read only once. A redirect that keeps it fails, even if none of it was sent.
    Once,
}

/// What to do with a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Deliver the response to the caller.
    Final(WhyFinal),
    /// Make another request.
    Follow(Box<NextHop>),
}

/// Why a response is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WhyFinal {
    /// Not 301, 302, 303, 307 or 308. 300, 304, 305 and 306 are never followed.
    NotARedirect,
    /// A redirect without a Location field.
    NoLocation,
    /// A redirect, but the policy follows none.
    NotEnabled,
}

/// The next request. Its Debug output shows no query values.
#[derive(Clone, PartialEq, Eq)]
pub struct NextHop {
    /// Its URL: validated, without user information, with the inherited fragment if the Location
    /// had none.
    pub url: Url,
    /// Its method.
    pub method: Method,
    /// Whether the body and its descriptive fields are sent.
    pub body: NextBody,
    /// How its origin relates to that of the previous hop.
    pub crossing: Crossing,
    /// What was corrected in the Location, for events.
    pub notes: Vec<Note>,
}

/// What becomes of the body at a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NextBody {
    /// Send it again, if there is one.
    Keep,
    /// Drop it and its descriptive fields.
    Drop,
}

/// How the origin of the next hop relates to that of the previous hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Crossing {
    /// The same scheme, host and port.
    SameOrigin,
    /// From http at port 80 to https at port 443 of the same host. It counts as another origin
    /// unless the policy says otherwise. This includes an HSTS upgrade of a request, without a
    /// redirect, at any port ([`Why::UpgradedToHttps`](crate::Why::UpgradedToHttps)): the request
    /// is the same, and keeps its credentials.
    Upgrade,
    /// From https to http, whatever the host.
    Downgrade,
    /// Any other change of scheme, host or port.
    CrossOrigin,
}

impl Crossing {
    /// How `to` relates to `from`.
    pub fn between(from: &Url, to: &Url) -> Crossing {
        use crate::origin::{OriginRef, Scheme};
        let (a, b) = (OriginRef::of(from), OriginRef::of(to));
        if a == b {
            return Crossing::SameOrigin;
        }
        match (a.scheme(), b.scheme()) {
            (Scheme::Https, Scheme::Http) => Crossing::Downgrade,
            (Scheme::Http, Scheme::Https) if a.host() == b.host() && a.port() == 80 && b.port() == 443 => {
                Crossing::Upgrade
            }
            _ => Crossing::CrossOrigin,
        }
    }

    /// Whether scheme, host or port differ.
    pub const fn is_cross_origin(self) -> bool {
        !matches!(self, Crossing::SameOrigin)
    }
}

/// A correction to a Location field, reported by [`Hop::notes`](crate::transfer::Hop::notes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Note {
    /// User information was discarded.
    UserInfoStripped,
    /// A backslash in path or query became `%5C`.
    BackslashEncoded,
    /// The field occurred several times with the same value.
    RepeatedLocation,
    /// The URL is http, and HSTS applies to its host. The next hop uses https.
    UpgradedToHttps,
}

/// Why a redirect cannot be followed. The error carries the 3xx response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectError {
    /// The chain has more than `limit` redirects.
    TooMany {
        /// The maximum number of redirects.
        limit: u32,
        /// How often the chain made the last request. More than 1 means a loop.
        times: u32,
    },
    /// The chain repeats a request, and no cookie was set in between. Only with
    /// [`Repeats::Refused`].
    Loop,
    /// The scheme of the Location is neither http nor https. Holds its first 32 bytes.
    UnsupportedScheme(Box<str>),
    /// There are several Location fields with different values.
    DifferingLocations,
    /// The Location cannot be resolved, or yields an invalid URL.
    BadLocation(UrlError),
    /// The next hop is plain http, which the policy refuses.
    DowngradeRefused,
    /// The next hop is plain http, and the option `https_only` is set.
    HttpsOnly,
    /// The body must be sent again but can be read only once.
    BodyNotReplayable,
    /// The body would go to another origin, which [`CrossOriginBody::Refuse`] forbids.
    BodyToAnotherOrigin,
    /// The body would go from https to plain http, which only
    /// [`CrossOriginBody::DangerSendInClear`] allows.
    BodyInClear,
}

impl fmt::Debug for Hop<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hop")
            .field("method", &self.method)
            .field("url", &redaction::url(self.url))
            .field("body", &self.body)
            .field("hops_so_far", &self.hops_so_far)
            .finish()
    }
}

impl fmt::Debug for NextHop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NextHop")
            .field("url", &redaction::url(&self.url))
            .field("method", &self.method)
            .field("body", &self.body)
            .field("crossing", &self.crossing)
            .field("notes", &self.notes)
            .finish()
    }
}

impl fmt::Display for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RedirectError::TooMany { limit, times: 0 | 1 } => write!(f, "limit redirects.max is {limit}, found one more"),
            RedirectError::TooMany { limit, times } => {
                write!(f, "limit redirects.max is {limit}, found one more: a loop, the same request was made {times} times")
            }
            RedirectError::Loop => f.write_str("redirect loop: the chain repeats a request without a new cookie"),
            RedirectError::UnsupportedScheme(scheme) => {
                write!(f, "redirect to unsupported scheme {:?}, expected http or https", &**scheme)
            }
            RedirectError::DifferingLocations => f.write_str("the response has several Location fields that differ"),
            RedirectError::BadLocation(error) => write!(f, "invalid Location: {error}"),
            RedirectError::DowngradeRefused => f.write_str("redirect to plain http refused (plain_http is Refused)"),
            RedirectError::HttpsOnly => f.write_str("redirect to plain http refused (https_only is set)"),
            RedirectError::BodyToAnotherOrigin => {
                f.write_str("redirect would send the request body to another origin (cross_origin_body is Refuse)")
            }
            RedirectError::BodyInClear => f.write_str(
                "redirect would send the request body from https to plain http (cross_origin_body allows it only as DangerSendInClear)",
            ),
            RedirectError::BodyNotReplayable => {
                f.write_str("the redirect repeats the request body, which can be read only once")
            }
        }
    }
}

impl std::error::Error for RedirectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            RedirectError::BadLocation(error) => error.source(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
