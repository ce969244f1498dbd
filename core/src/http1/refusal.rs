//! What the connection refuses to its own side: calls out of turn ([`Misuse`]), requests that cannot be sent
//! ([`InvalidRequest`]), another exchange ([`NotReusable`]).
//!
//! Two kinds that never mix, since one is a bug of the embedder and the other a fault in the caller's data.

use std::fmt;

use super::config::Leniency;
use super::error::Excerpt;

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

/// A request that cannot be sent as it is. Nothing of it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidRequest {
    /// The method is not a token of 1 to 32 bytes.
    Method,
    /// The target is empty or holds a byte that is not printable ASCII, or a `#`.
    Target {
        /// The byte, if there is one.
        byte: Option<u8>,
    },
    /// A field name is not a token.
    FieldName {
        /// The name.
        seen: Excerpt,
    },
    /// A field value holds a control character.
    FieldValue {
        /// The field's name.
        name: Excerpt,
        /// The byte.
        byte: u8,
    },
    /// A field that the connection writes itself (framing, Connection, Expect, TE, Trailer, Upgrade).
    OwnedField {
        /// The field's name.
        name: Excerpt,
    },
    /// HTTP/1.1 without a Host field.
    MissingHost,
    /// More than one Host field.
    SeveralHosts,
    /// Chunked coding, Expect, Upgrade or TE in an HTTP/1.0 request.
    NotInHttp10,
    /// A body with CONNECT or TRACE.
    BodyNotAllowed,
    /// Expect: 100-continue without a body.
    ExpectWithoutBody,
    /// The protocols of Upgrade are not a list of tokens.
    Upgrade,
    /// Trailers without chunked coding.
    TrailersWithoutChunked,
    /// A trailer field that was not announced, or one that may not be a trailer.
    Trailer {
        /// The field's name.
        name: Excerpt,
    },
}

impl fmt::Display for InvalidRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use InvalidRequest::*;
        match self {
            Method => write!(f, "expected a method of 1 to 32 token characters"),
            Target { byte: None } => write!(f, "expected a request target, it is empty"),
            Target { byte: Some(byte) } => write!(f, "byte {byte:#04x} in the request target"),
            FieldName { seen } => write!(f, "expected a token as field name, seen {seen}"),
            FieldValue { name, byte } => write!(f, "byte {byte:#04x} in the value of {name}"),
            OwnedField { name } => write!(f, "field {name} is the connection's own"),
            MissingHost => write!(f, "expected a Host field"),
            SeveralHosts => write!(f, "expected one Host field, seen several"),
            NotInHttp10 => write!(f, "chunked coding, Expect, Upgrade and TE do not exist in HTTP/1.0"),
            BodyNotAllowed => write!(f, "CONNECT and TRACE have no body"),
            ExpectWithoutBody => write!(f, "Expect: 100-continue needs a body"),
            Upgrade => write!(f, "expected protocol names for Upgrade"),
            TrailersWithoutChunked => write!(f, "trailers need chunked coding"),
            Trailer { name } => write!(f, "field {name} was not announced as a trailer, or may not be one"),
        }
    }
}

impl std::error::Error for InvalidRequest {}

/// Why a head or trailers were not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The call came out of turn.
    Misuse(Misuse),
    /// The request cannot be sent as it is.
    Invalid(InvalidRequest),
}

impl From<Misuse> for SendError {
    fn from(misuse: Misuse) -> Self {
        SendError::Misuse(misuse)
    }
}

impl From<InvalidRequest> for SendError {
    fn from(invalid: InvalidRequest) -> Self {
        SendError::Invalid(invalid)
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::Misuse(misuse) => misuse.fmt(f),
            SendError::Invalid(invalid) => invalid.fmt(f),
        }
    }
}

impl std::error::Error for SendError {}

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
