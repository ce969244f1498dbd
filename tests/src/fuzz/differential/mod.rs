//! Compares how Petition reads responses and writes requests with an independent parser: `kawa`,
//! that of the Sōzu proxy.
//!
//! Responses: if one parser accepts a response as complete, so does the other, with the same
//! status, fields, content, trailers and end, except for the differences that `allowed` lists with
//! their reasons. Requests: whatever strings Petition accepts, kawa reads exactly one request in
//! the bytes, with the given content (invariant 9; T18, T19).
//!
//! Excluded: HEAD and CONNECT, which kawa's parser does not know.

mod allowed;
mod requests;
mod theirs;

use petition_core::Limits;
use petition_core::http1::{Fields, Leniencies};

use super::choice;
use super::exchange::{Exchange, Outcome, Played};
use allowed::{they_may_accept, they_may_refuse};
use theirs::{Reading, Verdict};

/// Compares how both read a response to GET, or a request.
pub fn differential(mut data: &[u8]) {
    let chosen = choice(&mut data);
    match chosen & 2 {
        0 => responses(data, if chosen & 1 == 0 { Leniencies::COMPAT } else { Leniencies::STRICT }),
        _ => requests::requests(chosen, data),
    }
}

fn responses(data: &[u8], leniencies: Leniencies) {
    let ours = Exchange::get(Limits::DEFAULT, leniencies).play(&[data]);
    let (theirs, verdict) = Reading::of_response(data);
    match (&ours.outcome, verdict) {
        (&Outcome::Ended { after, .. }, Verdict::Complete { after: their_after }) => {
            same(data, &ours, &theirs);
            assert_eq!(after, their_after, "the same end: {}", data.escape_ascii());
        }
        (Outcome::Ended { .. }, verdict) => {
            let reason = they_may_refuse(data, &ours);
            assert!(reason.is_some(), "we accept, kawa does not ({verdict:?}): {} {ours:?}", data.escape_ascii());
        }
        (Outcome::Failed(error), Verdict::Complete { .. }) => {
            let reason = they_may_accept(data, &theirs, error, &leniencies);
            assert!(reason.is_some(), "kawa accepts, we do not ({error}): {} {theirs:?}", data.escape_ascii());
        }
        // Neither is complete: the common part of the content is equal.
        _ => {
            let both = ours.body.len().min(theirs.body.len());
            assert_eq!(ours.body[..both], theirs.body[..both], "{}", data.escape_ascii());
        }
    }
}

fn same(data: &[u8], ours: &Played, theirs: &Reading) {
    let head = ours.heads.last().expect("a final head");
    let input = data.escape_ascii();
    assert_eq!(head.status().as_u16(), theirs.status, "{input}");
    assert_eq!(head.reason(), theirs.reason, "{input}");
    assert_eq!(ours.heads.len(), theirs.heads, "{input}");
    assert_eq!(shown(head.fields()), theirs.fields, "{input}");
    assert_eq!(ours.body, theirs.body, "{input}");
    // Petition drops some trailers (T43); none is added or moved.
    let mut rest = theirs.trailers.iter();
    for trailer in ours.trailers.iter().flat_map(shown) {
        assert!(rest.any(|other| *other == trailer), "{trailer:?} is no trailer, or out of order: {input}");
    }
}

/// Returns the fields that kawa leaves unchanged. It removes a repeated Content-Length, moves Host
/// into the request line, and splits Cookie.
fn shown(fields: &Fields) -> Vec<(String, Vec<u8>)> {
    let fields = fields.iter().filter(|(name, _)| !is_taken_out(name));
    fields.map(|(name, value)| (name.to_owned(), value.to_vec())).collect()
}

fn is_taken_out(name: &str) -> bool {
    ["content-length", "host", "cookie"].iter().any(|other| name.eq_ignore_ascii_case(other))
}
