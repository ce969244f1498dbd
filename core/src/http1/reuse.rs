//! Reasons against another exchange on a connection (RFC 9112 §9.3).

use std::fmt;

use super::config::Leniency;

/// Why a connection cannot serve another request, or not yet (RFC 9112 §9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotReusable {
    /// The response is not finished.
    ResponseUnfinished,
    /// The request is not fully sent.
    RequestUnfinished,
    /// The request body was aborted.
    BodyAborted,
    /// The request contained `Connection: close`.
    CloseSent,
    /// The response contained `Connection: close`.
    CloseReceived,
    /// The response is HTTP/1.0 without `Connection: keep-alive`.
    Http10,
    /// The body extended to the end of the connection.
    UntilClose,
    /// A tolerated fault makes the peer's framing doubtful.
    Poisoned(Leniency),
    /// A response without a body announces one, or its Content-Length is invalid; a body may
    /// follow.
    BodyAnnounced,
    /// Bytes followed the end of the response.
    Leftover,
    /// The peer has closed the connection.
    Closed,
    /// The protocol was switched.
    Switched,
    /// The peer violated the protocol.
    Failed,
}

impl fmt::Display for NotReusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotReusable::ResponseUnfinished => "the response is not finished",
            NotReusable::RequestUnfinished => "the request is not fully sent",
            NotReusable::BodyAborted => "the request body was aborted",
            NotReusable::CloseSent => "the request contained Connection: close",
            NotReusable::CloseReceived => "the response contained Connection: close",
            NotReusable::Http10 => "the response is HTTP/1.0 without keep-alive",
            NotReusable::UntilClose => "the body extended to the end of the connection",
            NotReusable::Poisoned(leniency) => return write!(f, "a fault was tolerated: {leniency}"),
            NotReusable::BodyAnnounced => "a response without a body announces one",
            NotReusable::Leftover => "bytes followed the response",
            NotReusable::Closed => "the peer has closed the connection",
            NotReusable::Switched => "the protocol was switched",
            NotReusable::Failed => "the peer violated the protocol",
        })
    }
}

impl std::error::Error for NotReusable {}
