//! What happens between two hops of a transfer.
//!
//! A request becomes one or more *hops*: the first, then one for each redirect, each refused
//! expectation and each lost connection. Every policy stands in a file of its own. Before a hop, the
//! policies of `BEFORE` complete it, delay it or refuse it. After a hop, those of `AFTER` turn
//! its outcome into a verdict.
//!
//! A policy is a pure function of the hop, the outcome, the session's memory and the time. It
//! starts no request: `transfer/hop.rs` is the only place where a hop begins or ends.

pub mod auth;
mod cookies;
mod expect;
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

pub(crate) use memory::Memory;
use redirect::{HopBody, NextHop, Seen};

/// The policies that are asked before a hop, in this order. What costs no budget comes first.
const BEFORE: [fn(&mut Plan<'_>, &mut Memory) -> Before; 2] = [cookies::before, expect::before];

/// The policies that are asked after a hop, in this order. The first verdict stands.
const AFTER: [After; 4] = [cookies::AFTER, expect::AFTER, redirect::AFTER, retry::AFTER];

/// What a policy does after a hop.
struct After {
    /// Whether it has to see the session's memory for this outcome.
    needs_memory: fn(&Hop<'_>, &Outcome<'_>) -> bool,
    /// Its verdict; `None` leaves the outcome to the policies behind it. The memory is there
    /// whenever any policy needs it.
    decide: fn(&Hop<'_>, &Outcome<'_>, &mut Trail, Option<&mut Memory>) -> Option<Verdict>,
}

/// Why another hop follows one. See [`Hop::why`](crate::transfer::Hop::why).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// A redirect was followed (RFC 9110 §15.4).
    Redirect,
    /// The server refused `Expect: 100-continue` with 417, and the request was sent without it
    /// (RFC 9110 §10.1.1).
    ExpectationFailed,
    /// The reused connection was dead, and the request was sent on a new one (RFC 9112 §9.3.1).
    ConnectionLost,
}

/// A hop, as policies see it.
pub(crate) struct Hop<'a> {
    pub(crate) method: &'a Method,
    pub(crate) url: &'a Url,
    pub(crate) headers: &'a Headers,
    pub(crate) body: HopBody,
    /// Whether the body can be sent from its first byte: it is replayable, or none of it was taken.
    pub(crate) can_send_again: bool,
    /// Before the hop: whether the caller wants it. After the hop: whether the request asked.
    pub(crate) expect_continue: bool,
    pub(crate) now: Now,
    pub(crate) config: Config<'a>,
    /// The URL that cookies are matched against.
    pub(crate) cookie_url: Cow<'a, Url>,
}

/// The options that policies follow.
pub(crate) struct Config<'a> {
    pub(crate) redirect: &'a redirect::Policy,
    pub(crate) limits: &'a Limits,
    pub(crate) https_only: bool,
    pub(crate) cookies: bool,
    pub(crate) same_site: SiteContext,
    pub(crate) idempotent: bool,
    pub(crate) retry_dead_connection: bool,
}

/// A hop that is about to begin, and what the policies add to it.
pub(crate) struct Plan<'a> {
    pub(crate) hop: Hop<'a>,
    pub(crate) trail: &'a Trail,
    /// The value of the Cookie field.
    pub(crate) cookie: &'a mut Vec<u8>,
    /// Names of cookies that the request brings itself.
    pub(crate) own_cookies: Option<&'a dyn Fn(&str) -> bool>,
    /// Whether the request asks with `Expect: 100-continue`.
    pub(crate) expect: bool,
}

/// What a policy says before a hop.
#[cfg_attr(not(test), expect(dead_code, reason = "no policy delays or refuses a hop yet; the loop and its tests can"))]
pub(crate) enum Before {
    /// The hop may begin.
    Send,
    /// The policies are asked again at this time.
    WaitUntil(Instant),
    /// The transfer fails.
    Refuse(ErrorKind),
}

/// How a hop ended.
pub(crate) enum Outcome<'a> {
    /// The head of a final response arrived.
    Head(&'a ResponseHead),
    /// The proxy did not open the tunnel.
    ProxyRefused(#[expect(dead_code, reason = "read by authentication to proxies")] &'a ProxyRefusal),
    /// An idle connection cannot be used. Nothing of the request has left.
    Unusable,
    /// The connection ended, or carried bytes that answer no request.
    Lost {
        /// It had served a request before this one.
        reused: bool,
        /// A response had begun.
        answered: bool,
        /// Some of the request had been written.
        written: bool,
    },
    /// Anything else.
    Failed(#[expect(dead_code, reason = "read by retries")] &'a ErrorKind),
}

/// What follows from an outcome.
pub(crate) enum Verdict {
    /// The response is the caller's.
    Deliver,
    /// Another hop follows.
    Again(Box<Again>),
    /// The transfer fails.
    Fail(ErrorKind),
}

/// The hop that follows.
pub(crate) struct Again {
    pub(crate) request: HopRequest,
    pub(crate) why: Why,
    /// The earliest time at which it may begin.
    pub(crate) not_before: Option<Instant>,
    pub(crate) connection: Acquire,
}

/// The request of the hop that follows.
pub(crate) enum HopRequest {
    /// The same request.
    Same,
    /// The request that a redirect asks for.
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

/// What the policies of one transfer keep from hop to hop.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    /// Hops before this one, whatever was taken out of the history.
    pub(crate) hops: u32,
    /// A response changed the jar.
    pub(crate) new_cookies: bool,
    /// The server refused the expectation: the request asks no more.
    pub(crate) expect_refused: bool,
    /// This hop repeats the one before, whose connection was lost.
    pub(crate) reconnected: bool,
    /// There is none before the first redirect.
    pub(crate) redirected: Option<Box<Redirected>>,
}

/// What is known once a redirect was met.
#[derive(Debug, Default)]
pub(crate) struct Redirected {
    /// Redirects that were followed.
    pub(crate) followed: u32,
    pub(crate) seen: Seen,
    pub(crate) referer: Option<String>,
}

impl Trail {
    /// Redirects that were followed.
    pub(crate) fn redirects(&self) -> u32 {
        self.redirected.as_ref().map_or(0, |redirected| redirected.followed)
    }

    pub(crate) fn referer(&self) -> Option<&str> {
        self.redirected.as_ref()?.referer.as_deref()
    }
}

/// Asks the policies before a hop.
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

/// Whether [`after`] needs the session's memory.
#[inline]
pub(crate) fn needs_memory(hop: &Hop<'_>, outcome: &Outcome<'_>) -> bool {
    AFTER.iter().any(|policy| (policy.needs_memory)(hop, outcome))
}

/// Asks the policies after a hop. `None`: no policy has anything to say against a failure.
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

fn needs_none(_: &Hop<'_>, _: &Outcome<'_>) -> bool {
    false
}
