//! Redirects: whether a 3xx is followed, where to, with which method, body and fields.
//!
//! Pure decisions, no state but [`Seen`]: [`decide`] turns one response into a [`Decision`] (RFC 9110 §15.4),
//! [`survives`] says field by field what goes to the next hop, and [`referer`] what is said of the last one.
//! Left out: cookies and HSTS (the jar and the store judge each hop's URL anew; [`decide_with`] takes the upgrade in),
//! draining the 3xx, the history, and remembering which credentials were dropped: once dropped they must
//! not be restored when a later hop comes back to the first origin.

mod config;
mod decide;
mod fields;
mod follow;
mod loops;

pub use config::{CrossOrigin, CrossOriginBody, KeepPost, PlainHttp, Policy, Repeats};
pub use decide::{decide, decide_with};
pub use fields::{referer, survives};
pub(in crate::policy) use follow::AFTER;
pub use loops::Seen;

use crate::redaction;
use crate::url::UrlError;
use http::Method;
use std::fmt;
use url::Url;

/// The request whose response is looked at. Its Debug output shows no query values.
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

/// What is known of a request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HopBody {
    /// None, or an empty one.
    None,
    /// It can be sent again from its start.
    Replayable,
    /// It can be read once only. A redirect that keeps it fails, even when none of it was sent.
    Once,
}

/// What is to be done about a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The response is the caller's.
    Final(WhyFinal),
    /// Another request is to be made.
    Follow(Box<NextHop>),
}

/// Why a response is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WhyFinal {
    /// Not 301, 302, 303, 307 or 308. 300, 304, 305 and 306 are never followed.
    NotARedirect,
    /// A redirect without a Location field.
    NoLocation,
    /// A redirect, and the policy follows none.
    NotWanted,
}

/// The request to make next. Its Debug output shows no query values.
#[derive(Clone, PartialEq, Eq)]
pub struct NextHop {
    /// Its URL: it has passed the door, has no user information, and has inherited the fragment if the Location had none.
    pub url: Url,
    /// Its method.
    pub method: Method,
    /// Whether the body and the fields that describe it go along.
    pub body: NextBody,
    /// How its origin relates to that of the hop before.
    pub crossing: Crossing,
    /// What was mended in the Location, for events.
    pub notes: Vec<Note>,
}

/// What becomes of the body at a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NextBody {
    /// It is sent again, if there is one.
    Keep,
    /// It is dropped, and with it the fields that describe it.
    Drop,
}

/// How the origin of the next hop relates to that of the hop before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Crossing {
    /// The same scheme, host and port.
    SameOrigin,
    /// From http at port 80 to https at port 443 of the same host. Another origin, unless the policy says otherwise.
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

    /// True unless scheme, host and port are all the same.
    pub const fn is_cross_origin(self) -> bool {
        !matches!(self, Crossing::SameOrigin)
    }
}

/// Something about a Location field that was mended and is worth an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Note {
    /// It carried user information, which was thrown away.
    UserInfoStripped,
    /// A backslash in path or query became `%5C`.
    BackslashEncoded,
    /// The field was there several times with the same value.
    RepeatedLocation,
}

/// Why a redirect that should be followed cannot be. The 3xx response is delivered with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectError {
    /// One more redirect than `limit`.
    TooMany {
        /// How many may be followed.
        limit: u32,
        /// How often the chain made the request that was redirected once more. More than 1: a loop.
        times: u32,
    },
    /// The same request again, and no cookie was set since it was first made. Only under [`Repeats::Refused`].
    Loop,
    /// The Location names a scheme other than http and https; the first 32 bytes of it.
    UnsupportedScheme(Box<str>),
    /// Several Location fields that differ.
    DifferingLocations,
    /// The Location cannot be resolved, or what it names does not pass the URL door.
    BadLocation(UrlError),
    /// The next hop is plain http, which the policy refuses.
    DowngradeRefused,
    /// The next hop is plain http, and the option `https_only` is set.
    HttpsOnly,
    /// The body is to be sent again and can be read once only.
    BodyNotReplayable,
    /// The body would go to another origin, which [`CrossOriginBody::Refuse`] forbids.
    BodyToAnotherOrigin,
    /// The body would go from https to plain http, which only [`CrossOriginBody::DangerSendInClear`] allows.
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
            RedirectError::TooMany { limit, times: 0 | 1 } => write!(f, "limit redirects.max is {limit}, seen one more"),
            RedirectError::TooMany { limit, times } => {
                write!(f, "limit redirects.max is {limit}, seen one more: a loop, the same request was made {times} times")
            }
            RedirectError::Loop => f.write_str("redirect loop: the same request again, with no new cookie"),
            RedirectError::UnsupportedScheme(scheme) => {
                write!(f, "redirect to the scheme {:?}, expected http or https", &**scheme)
            }
            RedirectError::DifferingLocations => f.write_str("several Location fields that differ"),
            RedirectError::BadLocation(error) => write!(f, "bad Location: {error}"),
            RedirectError::DowngradeRefused => f.write_str("redirect to plain http refused (plain_http of the redirect policy)"),
            RedirectError::HttpsOnly => f.write_str("redirect to plain http refused (https_only is set)"),
            RedirectError::BodyToAnotherOrigin => {
                f.write_str("redirect would send the request body to another origin (cross_origin_body is Refuse)")
            }
            RedirectError::BodyInClear => f.write_str(
                "redirect would send the request body from https to plain http (cross_origin_body allows it only as DangerSendInClear)",
            ),
            RedirectError::BodyNotReplayable => {
                f.write_str("redirect needs the body again, and it can be read once only")
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
