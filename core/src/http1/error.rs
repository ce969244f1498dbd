//! The errors of one connection, in three kinds that never mix: what the peer did wrong ([`ProtocolError`]),
//! what cannot be sent ([`InvalidRequest`]), and calls out of turn ([`Misuse`]).
//!
//! No error holds a field value other than those of the framing fields, so none can leak a cookie or a credential.

use std::fmt;

use super::config::Leniency;
use crate::limits::LimitExceeded;

/// The beginning of what was seen, at most [`Seen::MAX`] bytes of it; printed with everything escaped that is
/// not printable ASCII.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Seen {
    bytes: Box<[u8]>,
    cut: bool,
}

impl Seen {
    /// How many bytes are kept at most.
    pub const MAX: usize = 40;

    pub(crate) fn new(bytes: &[u8]) -> Seen {
        let kept = bytes.get(..Self::MAX).unwrap_or(bytes);
        Seen { bytes: kept.into(), cut: kept.len() < bytes.len() }
    }

    /// The bytes that were kept.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"{}", self.bytes.escape_ascii(), if self.cut { "…" } else { "" })
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// In which part of a message something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The status line and the fields.
    Head,
    /// The body, its framing included.
    Body,
    /// The trailer section of a chunked body.
    Trailers,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::Head => "head",
            Part::Body => "body",
            Part::Trailers => "trailers",
        })
    }
}

/// The peer broke the protocol, or ended too early. The connection can only be closed.
///
/// Which error is reported does not depend on how the input was split.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The connection ended before the first byte of a response: an empty reply, perhaps a kept connection
    /// that the server had given up.
    Empty,
    /// The connection ended within a message.
    Truncated {
        /// Where it ended.
        part: Part,
        /// The bytes of that part that had arrived; for a chunked body the content without its framing.
        got: u64,
        /// The bytes that were announced, where they were.
        expected: Option<u64>,
    },
    /// The first bytes are not those of an HTTP/1.x status line.
    NotHttp1 {
        /// Those bytes, at most seven.
        seen: Seen,
    },
    /// The status line is not `HTTP/1.x SP 3DIGIT SP [reason]` (RFC 9112 §4).
    StatusLine {
        /// The line.
        seen: Seen,
    },
    /// An empty line stands before the status line.
    LeadingEmptyLine,
    /// A line ends with LF alone.
    BareLf {
        /// Where.
        part: Part,
    },
    /// A CR is not followed by LF.
    BareCr {
        /// Where.
        part: Part,
    },
    /// A field line does not begin with a token and a colon (RFC 9112 §5.1).
    FieldName {
        /// Where.
        part: Part,
        /// The line up to the byte that does not belong there.
        seen: Seen,
    },
    /// A field value holds a byte that may not stand there (RFC 9110 §5.5).
    FieldValue {
        /// Where.
        part: Part,
        /// The field's name.
        name: Seen,
        /// The byte.
        byte: u8,
    },
    /// A field is folded over several lines where that is not tolerated (RFC 9112 §5.2).
    ObsFold {
        /// Where.
        part: Part,
        /// The field's name.
        name: Seen,
    },
    /// The value of Content-Length is not a number of at most 2⁶³−1 in at most 19 digits.
    ContentLength {
        /// The value.
        seen: Seen,
    },
    /// Several values of Content-Length differ.
    ContentLengths {
        /// The first.
        first: u64,
        /// The one that differs.
        other: u64,
    },
    /// Content-Length beside Transfer-Encoding, where that is not tolerated.
    ContentLengthBesideTransferEncoding,
    /// Transfer-Encoding in an HTTP/1.0 response, where that is not tolerated.
    TransferEncodingOnHttp10,
    /// Transfer-Encoding is not understood: another coding than `chunked`, or `chunked` not last or twice.
    TransferEncoding {
        /// The value of the field at fault.
        seen: Seen,
    },
    /// A chunk size is not 1 to 16 hexadecimal digits of at most 2⁶³−1 (RFC 9112 §7.1).
    ChunkSize {
        /// The byte that does not belong there, or that makes the number too great.
        byte: u8,
    },
    /// A chunk extension is malformed (RFC 9112 §7.1.1).
    ChunkExtension {
        /// The byte that does not belong there.
        byte: u8,
    },
    /// The data of a chunk is not followed by CRLF.
    ChunkEnd {
        /// The byte that stands there.
        byte: u8,
    },
    /// 101 without a request for an upgrade, or a switch of protocols before the request was sent.
    UnexpectedSwitch {
        /// The status.
        status: u16,
    },
    /// Content in a 205 response, where that is not tolerated.
    ResetContentBody,
    /// Bytes that answer no request: while idle, or before the request head was written on a connection that had
    /// served another request (RFC 9112 §9.2).
    Unsolicited,
    /// A limit was met.
    Limit(LimitExceeded),
}

impl ProtocolError {
    /// Whether the message ended too early, as opposed to being malformed.
    pub fn is_truncation(&self) -> bool {
        matches!(self, ProtocolError::Empty | ProtocolError::Truncated { .. })
    }
}

impl From<LimitExceeded> for ProtocolError {
    fn from(limit: LimitExceeded) -> Self {
        ProtocolError::Limit(limit)
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use ProtocolError::*;
        match self {
            Empty => write!(f, "expected a response, the connection ended before its first byte"),
            Truncated { part, got, expected: Some(n) } => {
                write!(f, "expected {n} bytes of {part}, the connection ended after {got}")
            }
            Truncated { part, got, expected: None } => {
                write!(f, "the connection ended within the {part}, after {got} bytes of it")
            }
            NotHttp1 { seen } => {
                write!(f, "expected HTTP/1.x, seen {seen}")?;
                match &*seen.bytes {
                    [0, 0, ..] | [b'H', b'T', b'T', b'P', b'/', b'2', ..] => write!(f, " (HTTP/2?)"),
                    [0x14..=0x17, 3, ..] => write!(f, " (TLS?)"),
                    _ => Ok(()),
                }
            }
            StatusLine { seen } => write!(f, "expected a status line, seen {seen}"),
            LeadingEmptyLine => write!(f, "expected a status line, seen an empty line"),
            BareLf { part } => write!(f, "expected CRLF in the {part}, seen LF alone"),
            BareCr { part } => write!(f, "expected LF after CR in the {part}"),
            FieldName { part, seen } => write!(f, "expected a field name and a colon in the {part}, seen {seen}"),
            FieldValue { part, name, byte } => write!(f, "byte {byte:#04x} in the value of {name} in the {part}"),
            ObsFold { part, name } => write!(f, "{name} in the {part} is folded over several lines"),
            ContentLength { seen } => write!(f, "expected a number in Content-Length, seen {seen}"),
            ContentLengths { first, other } => write!(f, "Content-Length is both {first} and {other}"),
            ContentLengthBesideTransferEncoding => write!(f, "Content-Length beside Transfer-Encoding"),
            TransferEncodingOnHttp10 => write!(f, "Transfer-Encoding in an HTTP/1.0 response"),
            TransferEncoding { seen } => write!(f, "expected Transfer-Encoding: chunked, seen {seen}"),
            ChunkSize { byte } => {
                write!(f, "expected a chunk size, seen byte \"{}\" in it", std::ascii::escape_default(*byte))
            }
            ChunkExtension { byte } => {
                write!(f, "expected a chunk extension, seen byte \"{}\" in it", std::ascii::escape_default(*byte))
            }
            ChunkEnd { byte } => {
                write!(f, "expected CRLF after a chunk, seen byte \"{}\"", std::ascii::escape_default(*byte))
            }
            UnexpectedSwitch { status } => write!(f, "status {status} switches protocols, which was not asked for"),
            ResetContentBody => write!(f, "content in a 205 response"),
            Unsolicited => write!(f, "bytes that answer no request"),
            Limit(limit) => limit.fmt(f),
        }
    }
}

impl std::error::Error for ProtocolError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ProtocolError::Limit(limit) => Some(limit),
            _ => None,
        }
    }
}

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
        seen: Seen,
    },
    /// A field value holds a control character.
    FieldValue {
        /// The field's name.
        name: Seen,
        /// The byte.
        byte: u8,
    },
    /// A field that the connection writes itself (framing, Connection, Expect, TE, Trailer, Upgrade).
    OwnedField {
        /// The field's name.
        name: Seen,
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
        name: Seen,
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
            NotReusable::Leftover => "bytes followed the response",
            NotReusable::Closed => "the peer has closed the connection",
            NotReusable::Switched => "the protocol was switched",
            NotReusable::Failed => "the peer broke the protocol",
        })
    }
}

impl std::error::Error for NotReusable {}
