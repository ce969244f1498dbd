//! Calls out of turn: bugs of the embedder, separate from faults in the caller's data
//! (`send_error`).

use std::fmt;

/// The embedder called out of turn. The call had no effect except as the variant states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Misuse {
    /// A request was started while another is in progress, or after the connection ended.
    NotIdle,
    /// There is no body to send: none was declared, or it is finished or aborted.
    NoBody,
    /// The body waits for `100 (Continue)`; see
    /// [`Connection::stop_waiting`](super::Connection::stop_waiting).
    AwaitingContinue,
    /// The body exceeds its declared length. It is aborted, and the connection cannot be reused.
    BodyTooLong,
    /// The body was finished before all declared bytes were sent. It is aborted, and the connection
    /// cannot be reused.
    BodyTooShort,
    /// Bytes may bypass the connection only if nothing is outgoing and the body is not chunked.
    CannotBypass,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Misuse::NotIdle => "a new request needs an idle connection",
            Misuse::NoBody => "the request has no unfinished body",
            Misuse::AwaitingContinue => "the body must wait for 100 (Continue)",
            Misuse::BodyTooLong => "the body is longer than declared",
            Misuse::BodyTooShort => "the body is shorter than declared",
            Misuse::CannotBypass => "body bytes cannot bypass the connection now",
        })
    }
}

impl std::error::Error for Misuse {}
