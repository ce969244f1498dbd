//! Requests that cannot be sent as given: faults in the caller's data, kept apart from calls out of turn (`misuse`).

use std::fmt;

use super::error::Excerpt;
use super::misuse::Misuse;

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
