//! Calls out of turn: bugs of the embedder, kept apart from faults in the caller's data (`send_error`).

use std::fmt;

/// The embedder called out of turn. Nothing was done, save what the variant says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Misuse {
    /// A request was begun while another is under way, or after the connection's end.
    NotIdle,
    /// There is no body to send: none was declared, or it is finished or given up.
    NoBody,
    /// The body waits for `100 (Continue)`: see [`Connection::stop_waiting`](super::Connection::stop_waiting).
    AwaitingContinue,
    /// More bytes than were declared. The body is given up and the connection cannot be reused.
    BodyTooLong,
    /// The body was finished before all declared bytes. It is given up and the connection cannot be reused.
    BodyTooShort,
    /// Bytes may bypass the connection only when nothing is outgoing and the body is not chunked.
    CannotBypass,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Misuse::NotIdle => "expected an idle connection for a new request",
            Misuse::NoBody => "expected a request with a body that is not finished",
            Misuse::AwaitingContinue => "the body waits for 100 (Continue)",
            Misuse::BodyTooLong => "the body is longer than declared",
            Misuse::BodyTooShort => "the body is shorter than declared",
            Misuse::CannotBypass => "body bytes cannot bypass the connection now",
        })
    }
}

impl std::error::Error for Misuse {}
