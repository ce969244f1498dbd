//! The hop loop: the only place where hops begin and end.
//!
//! ```text
//! plan ─▶ (pause) ─▶ route ─▶ connect ─▶ exchange ─▶ decide ─┬─▶ deliver ─▶ end
//!  ▲                                                         │
//!  └────────── again (drain or close, then pause, rewind) ◀──┘
//! ```
//!
//! The policies decide what happens at both; see `policy/mod.rs` for their order.

use url::Url;

use super::io::{Event, Hop};
use super::machine::Machine;
use super::pending::SocketOrder;
use super::stage::{AfterBody, Attempt, Next, Order, Stage};
use super::upload::Upload;
use crate::error::{ErrorKind, Misuse};
use crate::http1::{LeniencySet, ResponseHead};
use crate::link::ProxyFailure;
use crate::policy::redirect::{Crossing, HopBody};
use crate::policy::{self, Again, Before, Config, HopProxy, HopRequest, Memory, Outcome, Plan, Routed, Verdict, Why};
use crate::request::body::Body;
use crate::request::prepared::Prepared;
use crate::route::Route;
use crate::session::Session;
use crate::time::{Instant, Now};
use crate::unavailable::Unavailable;

/// The parts of a hop that are not in its request.
#[derive(Clone, Copy)]
pub(super) struct HopState {
    pub(super) expect_continue: bool,
    pub(super) body_untouched: bool,
    pub(super) is_verified: bool,
    pub(super) knows_hsts_hosts: bool,
}

/// Returns the hop of a request, as policies see it. Inlined, so that only the parts that they use
/// are computed.
#[inline(always)]
pub(super) fn hop<'a>(request: &'a Prepared, route: Option<&'a Route>, now: Now, state: HopState) -> policy::Hop<'a> {
    let HopState { expect_continue, body_untouched, is_verified, knows_hsts_hosts } = state;
    let settings = &request.settings;
    policy::Hop {
        method: &request.method,
        url: &request.url,
        headers: &request.headers,
        auth: request.auth.as_ref(),
        proxy: route.and_then(|route| hop_proxy(route, &request.url)),
        parts: request,
        body: match &request.body {
            Body::Empty => HopBody::None,
            body if body.is_replayable() => HopBody::Replayable,
            _ => HopBody::Once,
        },
        can_send_again: request.body.is_replayable() || body_untouched,
        expect_continue,
        now,
        is_verified,
        knows_hsts_hosts,
        config: Config {
            redirect: &settings.redirects,
            limits: &settings.limits,
            https_only: settings.https_only,
            hsts: settings.hsts,
            cookies: settings.cookie_jar,
            same_site: settings.same_site,
            idempotent: settings.idempotent,
            retry_dead_connection: settings.retry_dead_connection,
        },
        cookie_url: request.cookie_url(),
    }
}

/// Returns the HTTP proxy of a route. SOCKS has no part in a hop.
#[inline]
fn hop_proxy<'a>(route: &'a Route, url: &Url) -> Option<HopProxy<'a>> {
    let proxy = route.proxy().filter(|proxy| proxy.socks().is_none())?;
    let tunnel = route.forward(url).is_none().then(|| route.target_name());
    Some(HopProxy { url: proxy.url(), auth: proxy.credentials(), tunnel })
}

impl Machine {
    pub(super) fn sync(&mut self, now: Now, session: &mut Session) -> Result<(), Misuse> {
        self.set_now(now);
        if matches!(self.stage, Stage::Plan | Stage::Cache { .. } | Stage::Decide(_)) && self.expire() {
            return Ok(());
        }
        match &self.stage {
            Stage::Plan => self.plan(session),
            Stage::Cache { .. } => self.use_cache(Some(session)),
            Stage::Decide(_) => {
                // A failure belongs to this exchange.
                let stage = std::mem::replace(&mut self.stage, Stage::Exchange { send_failed: None });
                let Stage::Decide(head) = stage else { return Err(Misuse::UnexpectedInput) };
                self.decide(head, Some(&mut session.memory));
            }
            _ => return Err(Misuse::UnexpectedInput),
        }
        Ok(())
    }

    pub(super) fn not_synced(&mut self, why: Unavailable) -> Result<(), Misuse> {
        match self.stage {
            Stage::Plan | Stage::Decide(_) => self.fail(ErrorKind::Unavailable(why)),
            Stage::Cache { .. } => self.use_cache(None),
            _ => return Err(Misuse::UnexpectedInput),
        }
        Ok(())
    }

    /// Begins a hop, unless a policy delays or refuses it.
    fn plan(&mut self, session: &mut Session) {
        let Attempt { connection, written, .. } = self.attempt;
        self.attempt = Attempt { connection, written, ..Attempt::default() };
        self.progress = self.now.instant;
        self.peer = None;
        // The next hop replaces its route.
        self.released = None;
        self.time_to_head = None;
        self.tolerated = LeniencySet::EMPTY;
        if let Some(cold) = &mut self.chain.cold {
            cold.trailers = None;
            cold.answers = None;
        }
        self.cookie.clear();
        let request = &self.request;
        let own = |name: &str| request.cookies.contains(name);
        let expect_continue = request.settings.expect_continue.is_some();
        let state = HopState { expect_continue, body_untouched: true, is_verified: false, knows_hsts_hosts: false };
        let mut plan = Plan {
            hop: hop(request, None, self.now, state),
            trail: &mut self.chain.trail,
            cookie: &mut self.cookie,
            own_cookies: if request.cookies.is_empty() { None } else { Some(&own) },
            expect: false,
        };
        let before = policy::before(&mut plan, &mut session.memory);
        self.attempt.expect = plan.expect;
        self.planned(before, session);
    }

    fn planned(&mut self, before: Before, session: &mut Session) {
        match before {
            Before::Send => self.take_route(session),
            Before::Upgrade(url) => {
                self.upgrade(*url);
                self.plan(session);
            }
            Before::WaitUntil(until) => {
                self.pause(until, Next { rewind: false, not_before: None });
            }
            Before::Refuse(kind) => self.fail(kind),
        }
    }

    /// Replaces an http URL with its https form. Nothing is sent to the http URL. The request keeps
    /// its credentials, which the caller gave for that host.
    fn upgrade(&mut self, url: Url) {
        let may_authenticate = self.chain.trail.redirects() == 0 || self.request.settings.auth_after_redirect;
        let (url, why) = (self.request.upgrade(url, may_authenticate), Why::UpgradedToHttps);
        let (method, crossing) = (self.request.method.clone(), Crossing::Upgrade);
        self.chain.trail.hops = self.chain.trail.hops.saturating_add(1);
        let hop = Hop { method, url, peer: None, head: None, why, crossing, notes: Vec::new() };
        self.chain.cold_mut().history.push(hop);
        self.pending.event(Event::Again(why));
    }

    /// Computes the credentials of this hop that depend on a challenge.
    #[inline(never)]
    pub(super) fn authenticate(&mut self, session: &mut Session) {
        let hop = hop(&self.request, self.route.as_ref(), self.now, self.hop_state(true));
        let mut routed = Routed { hop, trail: &mut self.chain.trail, answers: None };
        policy::authenticate(&mut routed, &mut session.memory);
        let answers = routed.answers;
        if answers.is_some() {
            self.chain.cold_mut().answers = answers;
        }
    }

    /// Appends the cookies that the request sets itself, which override those of the jar.
    pub(super) fn append_own_cookies(&mut self) {
        for (name, value) in self.request.cookies.iter() {
            if !self.cookie.is_empty() {
                self.cookie.extend_from_slice(b"; ");
            }
            self.cookie.extend_from_slice(name.as_bytes());
            self.cookie.push(b'=');
            self.cookie.extend_from_slice(value.as_bytes());
        }
    }

    /// Delivers a final response that concerns no policy, the common case. Otherwise the policies
    /// decide.
    pub(super) fn head_received(&mut self, head: ResponseHead) {
        self.time_to_head = Some(self.now.instant - self.started);
        self.stop_upload();
        let has_credentials =
            self.request.auth.is_some() || self.route.as_ref().is_some_and(|route| route.proxy().is_some());
        if policy::concerns(&head, has_credentials) {
            return self.judge(head);
        }
        debug_assert!(matches!(self.verdict(&Outcome::Head(&head), None), Some(Verdict::Deliver)));
        self.deliver(head);
    }

    /// Lets the policies decide about a final response head, with the session if one needs it.
    #[inline(never)]
    fn judge(&mut self, head: ResponseHead) {
        let state = self.hop_state(!self.body_was_touched());
        let hop = hop(&self.request, self.route.as_ref(), self.now, state);
        let outcome = Outcome::Head(&head);
        if policy::needs_memory(&hop, &outcome) {
            return self.enter(Stage::Decide(head));
        }
        let verdict = policy::after(&hop, &outcome, &mut self.chain.trail, None);
        self.carry_out(verdict, head);
    }

    fn decide(&mut self, head: ResponseHead, memory: Option<&mut Memory>) {
        let verdict = self.verdict(&Outcome::Head(&head), memory);
        self.carry_out(verdict, head);
    }

    fn carry_out(&mut self, verdict: Option<Verdict>, head: ResponseHead) {
        match verdict {
            Some(Verdict::Again(again)) => self.again(*again, Some(head)),
            Some(Verdict::Fail(kind)) => self.end_with(kind, Some(Box::new(head))),
            Some(Verdict::Deliver) | None => self.deliver(head),
        }
    }

    /// Returns the state of a hop that has ended.
    fn hop_state(&self, body_untouched: bool) -> HopState {
        HopState {
            expect_continue: self.attempt.expect,
            body_untouched,
            is_verified: self.route.as_ref().is_some_and(Route::is_verified),
            knows_hsts_hosts: self.chain.trail.knows_hsts_hosts,
        }
    }

    fn verdict(&mut self, outcome: &Outcome<'_>, memory: Option<&mut Memory>) -> Option<Verdict> {
        let state = self.hop_state(!self.body_was_touched());
        let hop = hop(&self.request, self.route.as_ref(), self.now, state);
        policy::after(&hop, outcome, &mut self.chain.trail, memory)
    }

    /// Acts on an outcome without a response. Returns false if no policy gives a verdict.
    fn follow_up(&mut self, outcome: &Outcome<'_>) -> bool {
        match self.verdict(outcome, None) {
            Some(Verdict::Again(again)) => self.again(*again, None),
            Some(Verdict::Fail(kind)) => self.end_with(kind, None),
            Some(Verdict::Deliver) | None => return false,
        }
        true
    }

    /// Passes over an unusable idle connection. No byte of the request was written.
    pub(super) fn pass_over(&mut self) {
        if !self.follow_up(&Outcome::Unusable) {
            self.end_with(ErrorKind::Internal("an idle connection was passed over without a verdict"), None);
        }
    }

    /// Acts on a connection lost during the exchange. Returns false if no policy gives a verdict.
    pub(super) fn lost(&mut self) -> bool {
        let Some(link) = &self.link else { return false };
        let outcome = Outcome::Lost {
            reused: self.attempt.reused,
            answered: link.http().response_started(),
            written: self.has_written(link),
        };
        self.follow_up(&outcome)
    }

    /// Fails the hop, and the transfer with it unless a policy decides otherwise.
    pub(super) fn fail(&mut self, kind: ErrorKind) {
        let outcome = match &kind {
            ErrorKind::Proxy(ProxyFailure::Refused(refusal)) => Outcome::ProxyRefused(refusal),
            kind => Outcome::Failed(kind),
        };
        if self.is_final(&kind) || !self.follow_up(&outcome) {
            self.end_with(kind, None);
        }
    }

    /// Whether a failure ends the transfer regardless of policies: it concerns the whole transfer,
    /// or the caller already has the head.
    fn is_final(&self, kind: &ErrorKind) -> bool {
        let concerns_transfer = matches!(
            kind,
            ErrorKind::Cancelled
                | ErrorKind::Unavailable(_)
                | ErrorKind::Timeout { which: crate::error::Timeout::Total, .. }
        );
        concerns_transfer || matches!(self.stage, Stage::Deliver(_) | Stage::Drain { .. } | Stage::Ended)
    }

    /// Ends this hop and starts another. `head` is the response, if there was one.
    fn again(&mut self, again: Again, head: Option<ResponseHead>) {
        // Before the exchange, there are two cases. The proxy asked for credentials, or an idle
        // connection was skipped, which does not count as a hop.
        let begun = matches!(self.stage, Stage::Exchange { .. });
        let is_challenged = again.why == Why::Challenged;
        let written = begun && self.link.as_ref().is_some_and(|link| self.has_written(link));
        let answered = head.is_some();
        let mut next = Next { rewind: begun && self.stream_was_pushed(), not_before: again.not_before };
        let (mut crossing, mut notes) = (Crossing::SameOrigin, Vec::new());
        let (method, url) = match again.request {
            HopRequest::Same => (self.request.method.clone(), (*self.request.url).clone()),
            HopRequest::Redirect(to) => {
                crossing = to.crossing;
                notes.clone_from(&to.notes);
                let previous = self.request.follow(*to);
                next.rewind &= !self.request.body.is_none();
                previous
            }
        };
        if begun || is_challenged {
            self.chain.trail.hops = self.chain.trail.hops.saturating_add(1);
            self.chain.cold_mut().history.push(Hop {
                method,
                url,
                peer: self.peer.clone(),
                head,
                why: again.why,
                crossing,
                notes,
            });
            self.pending.event(Event::Again(again.why));
            let repeats = &mut self.chain.trail.repeats;
            *repeats = if answered || is_challenged { 0 } else { repeats.saturating_add(1) };
        }
        if answered {
            self.drop_body(AfterBody::Again(next));
        } else {
            self.abort_connection();
            // Frees its slot, whether or not a socket was opened.
            self.pending.socket(SocketOrder::Close);
        }
        self.attempt.connection = again.connection;
        // An unanswered request may still have been processed.
        self.attempt.written = !answered && (written || self.attempt.written);
        if !answered {
            (self.attempt.reused, self.peer) = (false, None);
            self.begin_next(next);
        }
    }

    /// Proceeds to the next hop: waits until its time, rewinds the body stream, and plans it.
    pub(super) fn begin_next(&mut self, next: Next) {
        match next {
            Next { not_before: Some(until), .. } if until > self.now.instant => self.pause(until, next),
            Next { rewind: true, .. } => self.enter(Stage::Rewind { order: Order::Due }),
            Next { rewind: false, .. } => self.enter(Stage::Plan),
        }
    }

    /// Waits until a time, while the deadlines keep running.
    fn pause(&mut self, until: Instant, next: Next) {
        self.no_deadline_before = self.no_deadline_before.min(until);
        self.enter(Stage::Pause { until, next });
    }

    pub(super) fn rewound(&mut self, done: bool) -> Result<(), Misuse> {
        let Stage::Rewind { order: Order::Given } = self.stage else { return Err(Misuse::UnexpectedInput) };
        if done {
            self.enter(Stage::Plan);
        } else {
            self.fail(ErrorKind::BodyNotReplayable);
        }
        Ok(())
    }

    /// Whether the embedder's stream has provided part of the body.
    fn stream_was_pushed(&self) -> bool {
        matches!(self.request.body, Body::Stream { .. }) && self.body_was_touched()
    }

    fn body_was_touched(&self) -> bool {
        !matches!(self.upload, Upload::Held(_) | Upload::Sending { sent: 0 } | Upload::Stopped { touched: false })
    }
}

#[cfg(test)]
#[path = "hop_tests.rs"]
mod tests;
