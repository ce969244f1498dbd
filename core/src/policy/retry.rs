//! Retries: repeats a request on another connection if the reused one proves dead.

use super::{Acquire, After, Again, Hop, HopRequest, Memory, Outcome, Trail, Verdict, Why, never_needs_memory};
use crate::link::LinkError;

pub(super) const AFTER: After = After { concerns: |_, _| false, needs_memory: never_needs_memory, decide: after };

/// Repeats the request on a new connection if the reused one died before a response began. The
/// server has probably closed it before the request arrived (RFC 9112 §9.3.1). It does so once per
/// hop, and only if nothing was written or a second processing does no harm.
///
/// An unusable idle connection does not count as a retry: the next one is acquired.
fn after(hop: &Hop<'_>, outcome: &Outcome<'_>, trail: &mut Trail, _: Option<&mut Memory>) -> Option<Verdict> {
    let connection = match *outcome {
        Outcome::Unusable if trail.repeats > 0 => Acquire::New,
        Outcome::Unusable => Acquire::Any,
        Outcome::Lost { reused: true, answered: false, written }
            if hop.config.retry_dead_connection
                && trail.repeats == 0
                && hop.can_send_again
                && (!written || is_harmless_twice(hop)) =>
        {
            Acquire::New
        }
        _ => return None,
    };
    let (request, why) = (HopRequest::Same, Why::ConnectionLost);
    Some(Verdict::Again(Box::new(Again { request, why, not_before: None, connection })))
}

/// Whether processing the request twice does no harm (RFC 9110 §9.2.2).
fn is_harmless_twice(hop: &Hop<'_>) -> bool {
    is_idempotent(hop.method) || hop.config.idempotent
}

/// Whether the error shows that a reused connection was dead: it closed, or carried bytes that
/// answer no request.
pub(crate) fn is_dead_connection(error: &LinkError) -> bool {
    matches!(error, LinkError::Protocol(error) if error.answers_nothing())
}

/// Methods that the IANA registry lists as idempotent (RFC 9110 §16.1.1), besides those that the
/// `http` crate knows.
const IDEMPOTENT: [&str; 28] = [
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "LABEL",
    "LINK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PROPFIND",
    "PROPPATCH",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
];

/// Whether the method is idempotent. Methods are case-sensitive (RFC 9110 §9.1).
pub(crate) fn is_idempotent(method: &http::Method) -> bool {
    method.is_idempotent() || IDEMPOTENT.contains(&method.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t54_idempotent_methods_are_those_of_the_iana_registry() {
        let idempotent = |method: &str| is_idempotent(&http::Method::from_bytes(method.as_bytes()).unwrap());
        for method in ["GET", "PUT", "DELETE", "PROPFIND", "REPORT", "SEARCH", "QUERY", "MKCOL"] {
            assert!(idempotent(method), "{method}");
        }
        for method in ["POST", "PATCH", "CONNECT", "LOCK", "propfind", "X-OWN"] {
            assert!(!idempotent(method), "{method}");
        }
    }
}
