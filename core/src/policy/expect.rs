//! `Expect: 100-continue` (RFC 9110 §10.1.1): when a request sends it, and what a 417 leads to.

use http::StatusCode;

use super::redirect::HopBody;
use super::{Acquire, After, Again, Before, Hop, HopRequest, Memory, Outcome, Plan, Trail, Verdict, Why};

pub(super) const AFTER: After = After {
    concerns: |head, _| head.status() == StatusCode::EXPECTATION_FAILED,
    needs_memory: is_refusal,
    decide: after,
};

/// Sends the expectation if the caller wants it, unless the server is known to reject it.
pub(super) fn before(plan: &mut Plan<'_>, memory: &mut Memory) -> Before {
    plan.expect = plan.hop.expect_continue && !plan.trail.expect_refused && !memory.refuses_expect(plan.hop.url);
    Before::Send
}

/// Whether the server rejected the expectation of a request that can be sent again.
fn is_refusal(hop: &Hop<'_>, outcome: &Outcome<'_>) -> bool {
    let Outcome::Head(head) = outcome else { return false };
    hop.expect_continue && head.status() == StatusCode::EXPECTATION_FAILED && hop.body != HopBody::Once
}

/// Repeats the request without the field and remembers the server.
fn after(hop: &Hop<'_>, outcome: &Outcome<'_>, trail: &mut Trail, memory: Option<&mut Memory>) -> Option<Verdict> {
    if !is_refusal(hop, outcome) {
        return None;
    }
    trail.expect_refused = true;
    if let Some(memory) = memory {
        memory.remember_refused_expect(hop.url);
    }
    Some(Verdict::Again(Box::new(Again {
        request: HopRequest::Same,
        why: Why::ExpectationFailed,
        not_before: None,
        connection: Acquire::Any,
    })))
}
