//! Reasons against another exchange on a connection (RFC 9112 §9.3).

use std::fmt;

use super::config::Leniency;

/// Why a connection cannot serve another request, or not yet (RFC 9112 §9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotReusable {
    /// The response is not finished.
    ResponseUnfinished,
    /// The request is not sent in full.
    RequestUnfinished,
    /// The request body was given up.
    BodyAborted,
    /// The request said `Connection: close`.
    CloseSent,
    /// The response said `Connection: close`.
    CloseReceived,
    /// An HTTP/1.0 response without `Connection: keep-alive`.
    Http10,
    /// The body lasted until the end of the connection.
    UntilClose,
    /// A tolerated fault left doubt about the peer.
    Poisoned(Leniency),
    /// A response without a body announces one, or its Content-Length is invalid: the peer may send one.
    BodyAnnounced,
    /// Bytes followed the end of the response.
    Leftover,
    /// The peer has closed the connection.
    Closed,
    /// The protocol was switched.
    Switched,
    /// The peer broke the protocol.
    Failed,
}

impl fmt::Display for NotReusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotReusable::ResponseUnfinished => "the response is not finished",
            NotReusable::RequestUnfinished => "the request is not sent in full",
            NotReusable::BodyAborted => "the request body was given up",
            NotReusable::CloseSent => "the request said Connection: close",
            NotReusable::CloseReceived => "the response said Connection: close",
            NotReusable::Http10 => "the response is HTTP/1.0 without keep-alive",
            NotReusable::UntilClose => "the body lasted until the end of the connection",
            NotReusable::Poisoned(leniency) => return write!(f, "a tolerated fault: {leniency}"),
            NotReusable::BodyAnnounced => "a response without a body announces one",
            NotReusable::Leftover => "bytes followed the response",
            NotReusable::Closed => "the peer has closed the connection",
            NotReusable::Switched => "the protocol was switched",
            NotReusable::Failed => "the peer broke the protocol",
        })
    }
}

impl std::error::Error for NotReusable {}
