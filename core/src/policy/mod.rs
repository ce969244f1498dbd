//! Policies: what happens between two hops of a transfer.
//!
//! A request becomes one or more *hops*: the first, then one for each redirect, rejected
//! expectation and lost connection. Each policy has a file of its own. Before a hop, the policies
//! in `BEFORE` complete, delay or refuse it, and `authenticate` adds credentials once its route is
//! known. After a hop, those in `AFTER` turn its outcome into a
//! verdict.
//!
//! A policy is a pure function of the hop, the outcome, the session's memory and the time. It
//! starts no request: hops begin and end in `transfer/hop.rs` only.

pub mod auth;
mod cookies;
mod expect;
pub mod hsts;
mod memory;
pub mod redirect;
pub(crate) mod retry;

use std::borrow::Cow;

use http::Method;
use url::Url;

use crate::cookie::SiteContext;
use crate::error::ErrorKind;
use crate::headers::Headers;
use crate::http1::ResponseHead;
use crate::limits::Limits;
use crate::link::ProxyRefusal;
use crate::time::{Instant, Now};

pub(crate) use auth::authenticate::authenticate;
use auth::{Answers, Auth, Rounds};
pub(crate) use memory::Memory;
use redirect::{HopBody, LoopDetector, NextHop};

/// The policies that run before a hop, in this order. Those that use no budget come first.
///
/// HSTS comes first, since the others must act on the upgraded URL.
const BEFORE: [fn(&mut Plan<'_>, &mut Memory) -> Before; 3] = [hsts::before, cookies::before, expect::before];

/// The policies that run after a hop, in this order. The first verdict wins.
const AFTER: [After; 6] =
    [cookies::AFTER, hsts::AFTER, expect::AFTER, auth::authenticate::AFTER, redirect::AFTER, retry::AFTER];

/// The part of a policy that runs after a hop.
struct After {
    /// Whether the policy may act on a final response with this head, judged without its hop. The
    /// flag says whether the caller set credentials or a proxy.
    concerns: fn(&ResponseHead, bool) -> bool,
    /// Whether it needs the session's memory for this outcome.
    needs_memory: fn(&Hop<'_>, &Outcome<'_>) -> bool,
    /// Returns its verdict; `None` leaves the outcome to the policies after it. The memory is
    /// present if any policy needs it.
    decide: fn(&Hop<'_>, &Outcome<'_>, &mut Trail, Option<&mut Memory>) -> Option<Verdict>,
}

/// The reason for a further hop. See [`Hop::why`](crate::transfer::Hop::why).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// A redirect was followed (RFC 9110 §15.4).
    Redirect,
    /// The server rejected `Expect: 100-continue` with 417; the request was sent without it (RFC
    /// 9110 §10.1.1).
    ExpectationFailed,
    /// The origin or the proxy asked for credentials; the request was sent with them (RFC 9110
    /// §11.6.1, §11.7.1).
    Challenged,
    /// The reused connection was dead; the request was sent on a new one (RFC 9112 §9.3.1).
    ConnectionLost,
    /// HSTS upgraded the http URL to https (RFC 6797 §8.3). Nothing was sent to the http URL.
    UpgradedToHttps,
}

/// A hop, as policies see it.
pub(crate) struct Hop<'a> {
    pub(crate) method: &'a Method,
    pub(crate) url: &'a Url,
    pub(crate) headers: &'a Headers,
    /// The credentials for the origin.
    pub(crate) auth: Option<&'a Auth>,
    pub(crate) proxy: Option<HopProxy<'a>>,
    pub(crate) parts: &'a dyn RequestParts,
    pub(crate) body: HopBody,
    /// Whether the body can be sent from its first byte: it is replayable, or none of it was
    /// consumed.
    pub(crate) can_send_again: bool,
    /// Before the hop: whether the caller wants `Expect: 100-continue`. After it: whether the
    /// request sent it.
    pub(crate) expect_continue: bool,
    pub(crate) now: Now,
    /// Whether the connection's TLS verified the server of this URL.
    pub(crate) is_verified: bool,
    /// Whether the session knew hosts that asked for https when the hop began.
    pub(crate) knows_hsts_hosts: bool,
    pub(crate) config: Config<'a>,
    /// The URL that cookies match against.
    pub(crate) cookie_url: Cow<'a, Url>,
}

impl Hop<'_> {
    /// Whether a proxy forwards the request.
    pub(crate) fn is_forwarded(&self) -> bool {
        self.proxy.as_ref().is_some_and(|proxy| proxy.tunnel.is_none())
    }
}

/// The HTTP proxy of a hop.
pub(crate) struct HopProxy<'a> {
    pub(crate) url: &'a Url,
    pub(crate) auth: Option<&'a Auth>,
    /// The host and port to which it opens a tunnel; `None` if it forwards the request.
    pub(crate) tunnel: Option<(&'a str, u16)>,
}

/// The parts of a request that few policies need, computed on demand.
pub(crate) trait RequestParts {
    /// Returns the request target; `forward` selects the form for a forwarding proxy.
    fn target(&self, forward: bool) -> String;

    /// Returns the body if it is in memory.
    fn body(&self) -> Option<&[u8]>;
}

/// The options that policies follow.
pub(crate) struct Config<'a> {
    pub(crate) redirect: &'a redirect::Policy,
    pub(crate) limits: &'a Limits,
    pub(crate) https_only: bool,
    pub(crate) hsts: bool,
    pub(crate) cookies: bool,
    pub(crate) same_site: SiteContext,
    pub(crate) idempotent: bool,
    pub(crate) retry_dead_connection: bool,
}

/// A hop that is about to begin, and what the policies add to it.
pub(crate) struct Plan<'a> {
    pub(crate) hop: Hop<'a>,
    pub(crate) trail: &'a mut Trail,
    /// The value of the Cookie field.
    pub(crate) cookie: &'a mut Vec<u8>,
    /// Whether the request itself sets a cookie of this name.
    pub(crate) own_cookies: Option<&'a dyn Fn(&str) -> bool>,
    /// Whether the request sends `Expect: 100-continue`.
    pub(crate) expect: bool,
}

/// A hop whose route is known.
pub(crate) struct Routed<'a> {
    pub(crate) hop: Hop<'a>,
    pub(crate) trail: &'a mut Trail,
    /// The credentials that depend on a challenge, if there are any.
    pub(crate) answers: Option<Box<Answers>>,
}

/// What a policy decides before a hop.
#[cfg_attr(not(test), expect(dead_code, reason = "no policy delays or refuses a hop yet; the loop and its tests can"))]
pub(crate) enum Before {
    /// The hop may begin.
    Send,
    /// The hop goes to this https URL instead of its http URL. The policies run again.
    Upgrade(Box<Url>),
    /// The hop waits until this time; then the policies run again.
    WaitUntil(Instant),
    /// The transfer fails.
    Refuse(ErrorKind),
}

/// How a hop ended.
pub(crate) enum Outcome<'a> {
    /// The head of a final response arrived.
    Head(&'a ResponseHead),
    /// The proxy refused to open the tunnel.
    ProxyRefused(&'a ProxyRefusal),
    /// An idle connection is unusable. No byte of the request was written.
    Unusable,
    /// The connection closed, or carried bytes that answer no request.
    Lost {
        /// Whether the connection had served an earlier request.
        reused: bool,
        /// Whether a response had begun.
        answered: bool,
        /// Whether any of the request had been written.
        written: bool,
    },
    /// Any other failure.
    Failed(#[expect(dead_code, reason = "read by retries")] &'a ErrorKind),
}

/// What the policies conclude from an outcome.
pub(crate) enum Verdict {
    /// The response goes to the caller.
    Deliver,
    /// Another hop follows.
    Again(Box<Again>),
    /// The transfer fails.
    Fail(ErrorKind),
}

/// The next hop.
pub(crate) struct Again {
    pub(crate) request: HopRequest,
    pub(crate) why: Why,
    /// The earliest time at which the hop may begin.
    pub(crate) not_before: Option<Instant>,
    pub(crate) connection: Acquire,
}

/// The request of the next hop.
pub(crate) enum HopRequest {
    /// The same request.
    Same,
    /// The request that a redirect leads to.
    Redirect(Box<NextHop>),
}

/// Which connection a hop may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Acquire {
    /// An idle one, or a new one.
    #[default]
    Any,
    /// A new one.
    New,
}

/// State that the policies of one transfer keep from hop to hop.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    /// How many hops preceded this one; taking entries out of the history does not change it.
    pub(crate) hops: u32,
    /// Whether a response changed the jar.
    pub(crate) new_cookies: bool,
    /// Whether the session knew hosts that asked for https when the hop began.
    pub(crate) knows_hsts_hosts: bool,
    /// Whether the server rejected the expectation; the request no longer sends it.
    pub(crate) expect_refused: bool,
    /// How many hops in a row, up to this one, repeat the previous one after its connection was
    /// lost.
    pub(crate) repeats: u8,
    /// State that most transfers do not need.
    pub(crate) rare: Option<Box<RareTrail>>,
}

/// State of redirects and authentication.
#[derive(Debug, Default)]
pub(crate) struct RareTrail {
    /// How many redirects were followed.
    pub(crate) followed: u32,
    pub(crate) loops: LoopDetector,
    pub(crate) referer: Option<String>,
    pub(crate) rounds: Rounds,
}

impl Trail {
    /// Returns how many redirects were followed.
    pub(crate) fn redirects(&self) -> u32 {
        self.rare.as_ref().map_or(0, |rare| rare.followed)
    }

    pub(crate) fn referer(&self) -> Option<&str> {
        self.rare.as_ref()?.referer.as_deref()
    }
}

/// Runs the policies before a hop.
#[inline]
pub(crate) fn before(plan: &mut Plan<'_>, memory: &mut Memory) -> Before {
    for policy in BEFORE {
        match policy(plan, memory) {
            Before::Send => {}
            other => return other,
        }
    }
    Before::Send
}

/// Whether any policy may act on a final response with this head. Most responses concern no policy;
/// for those, [`after`] returns [`Verdict::Deliver`] without the session's memory.
#[inline]
pub(crate) fn concerns(head: &ResponseHead, has_credentials: bool) -> bool {
    AFTER.iter().any(|policy| (policy.concerns)(head, has_credentials))
}

/// Whether [`after`] needs the session's memory.
#[inline]
pub(crate) fn needs_memory(hop: &Hop<'_>, outcome: &Outcome<'_>) -> bool {
    AFTER.iter().any(|policy| (policy.needs_memory)(hop, outcome))
}

/// Runs the policies after a hop. Returns `None` if the hop failed and no policy gave a verdict.
#[inline]
pub(crate) fn after(
    hop: &Hop<'_>,
    outcome: &Outcome<'_>,
    trail: &mut Trail,
    mut memory: Option<&mut Memory>,
) -> Option<Verdict> {
    for policy in AFTER {
        let verdict = (policy.decide)(hop, outcome, trail, memory.as_deref_mut());
        if verdict.is_some() {
            return verdict;
        }
    }
    matches!(outcome, Outcome::Head(_)).then_some(Verdict::Deliver)
}

fn never_needs_memory(_: &Hop<'_>, _: &Outcome<'_>) -> bool {
    false
}
