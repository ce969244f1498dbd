//! Requests that cannot be sent as given: faults in the caller's data, separate from calls out of
//! turn (`misuse`).

use std::fmt;

use super::error::Excerpt;
use super::misuse::Misuse;

/// Why a request cannot be sent as given. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidRequest {
    /// The method is not a token of 1 to 32 bytes.
    Method,
    /// The target is empty or contains `#` or a byte that is not printable ASCII.
    Target {
        /// The invalid byte; `None` for an empty target.
        byte: Option<u8>,
    },
    /// A field name is not a token.
    FieldName {
        /// The rejected name.
        excerpt: Excerpt,
    },
    /// A field value contains a control character.
    FieldValue {
        /// The field's name.
        name: Excerpt,
        /// The rejected byte.
        byte: u8,
    },
    /// The connection writes this field itself (framing, Connection, Expect, TE, Trailer, Upgrade).
    OwnedField {
        /// The field's name.
        name: Excerpt,
    },
    /// An HTTP/1.1 request has no Host field.
    MissingHost,
    /// The request has more than one Host field.
    SeveralHosts,
    /// An HTTP/1.0 request uses chunked coding, Expect, Upgrade or TE.
    NotInHttp10,
    /// A CONNECT or TRACE request has a body.
    BodyNotAllowed,
    /// `Expect: 100-continue` is set without a body.
    ExpectWithoutBody,
    /// The value for Upgrade is not a list of protocol names.
    Upgrade,
    /// Trailers are set without chunked coding.
    TrailersWithoutChunked,
    /// The trailer field was not announced, or must not be a trailer.
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
            Target { byte: None } => write!(f, "the request target is empty"),
            Target { byte: Some(byte) } => write!(f, "the request target contains byte {byte:#04x}"),
            FieldName { excerpt } => write!(f, "expected a token as field name, found {excerpt}"),
            FieldValue { name, byte } => write!(f, "the value of field {name} contains byte {byte:#04x}"),
            OwnedField { name } => write!(f, "the connection itself writes field {name}; remove it"),
            MissingHost => write!(f, "the request has no Host field"),
            SeveralHosts => write!(f, "the request has more than one Host field"),
            NotInHttp10 => write!(f, "chunked coding, Expect, Upgrade and TE do not exist in HTTP/1.0"),
            BodyNotAllowed => write!(f, "CONNECT and TRACE have no body"),
            ExpectWithoutBody => write!(f, "Expect: 100-continue requires a body"),
            Upgrade => write!(f, "expected a list of protocol names for Upgrade"),
            TrailersWithoutChunked => write!(f, "trailers require chunked coding"),
            Trailer { name } => write!(f, "field {name} was not announced as a trailer or must not be one"),
        }
    }
}

impl std::error::Error for InvalidRequest {}

/// Why a head or trailers were not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The call was out of turn.
    Misuse(Misuse),
    /// The request cannot be sent as given.
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
