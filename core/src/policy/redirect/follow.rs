//! Redirects as a policy: the verdict on a hop whose response is a redirect.

use super::{Decision, NextBody, NextHop, RedirectError, Repeats, decide, referer};
use super::{Hop as RedirectedHop, HopBody};
use crate::error::ErrorKind;
use crate::origin::Scheme;
use crate::policy::{Acquire, After, Again, Hop, HopRequest, Memory, Outcome, Trail, Verdict, Why, needs_none};

pub(in crate::policy) const AFTER: After = After { needs_memory: needs_none, decide: after };

/// Follows a redirect, delivers the response, or fails with it.
fn after(hop: &Hop<'_>, outcome: &Outcome<'_>, trail: &mut Trail, _: Option<&mut Memory>) -> Option<Verdict> {
    let Outcome::Head(head) = outcome else { return None };
    let past = RedirectedHop { method: hop.method, url: hop.url, body: hop.body, hops_so_far: trail.redirects() };
    let config = &hop.config;
    let failed = |error| Some(Verdict::Fail(ErrorKind::Redirect(error)));
    match decide(config.redirect, config.limits, &past, head.status().as_u16(), head.locations()) {
        Ok(Decision::Final(_)) => None,
        Ok(Decision::Follow(next)) if config.https_only && Scheme::of(&next.url) != Scheme::Https => {
            failed(RedirectError::HttpsOnly)
        }
        Ok(Decision::Follow(next)) => match (visit(hop, &next, trail), config.redirect.repeats) {
            (Ok(()), _) | (Err(_), Repeats::Followed) => Some(follow(hop, next, trail)),
            (Err(error), Repeats::Refused) => failed(error),
        },
        // The caller gets the 3xx itself: nothing was lost but the resending.
        Err(RedirectError::BodyNotReplayable) => Some(Verdict::Deliver),
        Err(RedirectError::TooMany { limit, .. }) => {
            let seen = trail.redirected.as_ref().map(|redirected| &redirected.seen);
            let times = seen.map_or(1, |seen| seen.times(hop.method, hop.url, hop.body != HopBody::None));
            failed(RedirectError::TooMany { limit, times })
        }
        Err(error) => failed(error),
    }
}

/// Notes the next request of the chain, and the first one if it has not been noted: most requests are
/// not redirected.
///
/// # Errors
/// As [`Seen::visit`](super::Seen::visit) for the next request. The first cannot be a repetition.
fn visit(hop: &Hop<'_>, next: &NextHop, trail: &mut Trail) -> Result<(), RedirectError> {
    let (first, new_cookies) = (trail.redirects() == 0, trail.new_cookies);
    let seen = &mut trail.redirected.get_or_insert_default().seen;
    if first {
        let _ = seen.visit(hop.method, hop.url, hop.body != HopBody::None);
        if new_cookies {
            seen.cookie_set();
        }
    }
    seen.visit(&next.method, &next.url, hop.body != HopBody::None && next.body == NextBody::Keep)
}

fn follow(hop: &Hop<'_>, next: Box<NextHop>, trail: &mut Trail) -> Verdict {
    let redirected = trail.redirected.get_or_insert_default();
    redirected.followed = redirected.followed.saturating_add(1);
    redirected.referer = referer(hop.config.redirect, hop.url, &next);
    let (request, why) = (HopRequest::Redirect(next), Why::Redirect);
    Verdict::Again(Box::new(Again { request, why, not_before: None, connection: Acquire::Any }))
}
