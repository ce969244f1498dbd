//! The redirect policy: turns a redirect response into a verdict.

use super::{Decision, NextBody, NextHop, RedirectError, Repeats, decide_with, referer};
use super::{Hop as RedirectedHop, HopBody};
use crate::error::ErrorKind;
use crate::origin::Scheme;
use crate::policy::auth::Rounds;
use crate::policy::{Acquire, After, Again, Hop, HopRequest, Memory, Outcome, Trail, Verdict, Why};

pub(in crate::policy) const AFTER: After =
    After { concerns: |head, _| head.status().is_redirection(), needs_memory: may_be_upgraded, decide: after };

/// Whether a redirect may lead to a host in the HSTS store.
fn may_be_upgraded(hop: &Hop<'_>, outcome: &Outcome<'_>) -> bool {
    hop.knows_hsts_hosts && matches!(outcome, Outcome::Head(head) if head.locations().next().is_some())
}

/// Follows the redirect, delivers the response, or fails with it.
fn after(hop: &Hop<'_>, outcome: &Outcome<'_>, trail: &mut Trail, memory: Option<&mut Memory>) -> Option<Verdict> {
    let Outcome::Head(head) = outcome else { return None };
    let past = RedirectedHop { method: hop.method, url: hop.url, body: hop.body, hops_so_far: trail.redirects() };
    let config = &hop.config;
    let failed = |error| Some(Verdict::Fail(ErrorKind::Redirect(error)));
    let hsts = memory.map(|memory| &memory.hsts).filter(|_| config.hsts);
    let upgrade = |url: &mut _| hsts.is_some_and(|hsts| hsts.upgrade(url, hop.now.unix));
    match decide_with(config.redirect, config.limits, &past, head.status().as_u16(), head.locations(), upgrade) {
        Ok(Decision::Final(_)) => None,
        Ok(Decision::Follow(next)) if config.https_only && Scheme::of(&next.url) != Scheme::Https => {
            failed(RedirectError::HttpsOnly)
        }
        Ok(Decision::Follow(next)) => match (visit(hop, &next, trail), config.redirect.repeats) {
            (Ok(()), _) | (Err(_), Repeats::Followed) => Some(follow(hop, next, trail)),
            (Err(error), Repeats::Refused) => failed(error),
        },
        // The 3xx itself goes to the caller: only the resending is lost.
        Err(RedirectError::BodyNotReplayable) => Some(Verdict::Deliver),
        Err(RedirectError::TooMany { limit, .. }) => {
            let loops = trail.rare.as_ref().map(|rare| &rare.loops);
            let times = loops.map_or(1, |loops| loops.times(hop.method, hop.url, hop.body != HopBody::None));
            failed(RedirectError::TooMany { limit, times })
        }
        Err(error) => failed(error),
    }
}

/// Records the next request of the chain. The first one is recorded here too, not earlier: most
/// requests are not redirected.
///
/// # Errors
/// As [`LoopDetector::visit`](super::LoopDetector::visit) for the next request. The first cannot be
/// a repetition.
fn visit(hop: &Hop<'_>, next: &NextHop, trail: &mut Trail) -> Result<(), RedirectError> {
    let (first, new_cookies) = (trail.redirects() == 0, trail.new_cookies);
    let loops = &mut trail.rare.get_or_insert_default().loops;
    if first {
        let _ = loops.visit(hop.method, hop.url, hop.body != HopBody::None);
        if new_cookies {
            loops.mark_new_cookie();
        }
    }
    loops.visit(&next.method, &next.url, hop.body != HopBody::None && next.body == NextBody::Keep)
}

fn follow(hop: &Hop<'_>, next: Box<NextHop>, trail: &mut Trail) -> Verdict {
    let rare = trail.rare.get_or_insert_default();
    // The next hop may have another origin, another proxy, or another target behind it.
    rare.rounds = Rounds::default();
    rare.followed = rare.followed.saturating_add(1);
    rare.referer = referer(hop.config.redirect, hop.url, &next);
    let (request, why) = (HopRequest::Redirect(next), Why::Redirect);
    Verdict::Again(Box::new(Again { request, why, not_before: None, connection: Acquire::Any }))
}
