//! Faults of the peer ([`ProtocolError`]), one variant for each cause.
//!
//! Requests that cannot be sent and calls out of turn are separate errors: see `send_error` and
//! `misuse`. No error holds a field value except those of the framing fields, so none can leak a
//! cookie or a credential.

use std::fmt;

use crate::limits::LimitExceeded;

/// The start of rejected input, at most [`Excerpt::MAX`] bytes. `Display` escapes all bytes except
/// printable ASCII.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Excerpt {
    bytes: Box<[u8]>,
    cut: bool,
}

impl Excerpt {
    /// The maximum length in bytes.
    pub const MAX: usize = 40;

    pub(crate) fn new(bytes: &[u8]) -> Excerpt {
        let stored = bytes.get(..Self::MAX).unwrap_or(bytes);
        Excerpt { bytes: stored.into(), cut: stored.len() < bytes.len() }
    }

    /// Returns the stored bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"{}", self.bytes.escape_ascii(), if self.cut { "…" } else { "" })
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The part of a message to which an error refers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The status line and the fields.
    Head,
    /// The body, including its framing.
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

/// The peer violated the protocol or ended too early. The connection can only be closed.
///
/// The reported error does not depend on how the input was split.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The connection ended before the first byte of a response: an empty reply, possibly on an
    /// idle connection that the server had closed.
    Empty,
    /// The connection ended within a message.
    Truncated {
        /// The part in which it ended.
        part: Part,
        /// The bytes of that part that were received; for a chunked body, its content without
        /// framing.
        received: u64,
        /// The announced number of bytes, if any.
        expected: Option<u64>,
    },
    /// The first bytes are not the start of an HTTP/1.x status line.
    NotHttp1 {
        /// These bytes, at most seven.
        excerpt: Excerpt,
    },
    /// The status line is not `HTTP/1.x SP 3DIGIT SP [reason]` (RFC 9112 §4).
    StatusLine {
        /// The rejected line.
        excerpt: Excerpt,
    },
    /// An empty line precedes the status line.
    LeadingEmptyLine,
    /// A line ends with LF alone.
    BareLf {
        /// The affected part.
        part: Part,
    },
    /// A CR is not followed by LF.
    BareCr {
        /// The affected part.
        part: Part,
    },
    /// A field line does not start with a token and a colon (RFC 9112 §5.1).
    FieldName {
        /// The affected part.
        part: Part,
        /// The line up to and including the rejected byte.
        excerpt: Excerpt,
    },
    /// A field value contains an invalid byte (RFC 9110 §5.5).
    FieldValue {
        /// The affected part.
        part: Part,
        /// The field's name.
        name: Excerpt,
        /// The rejected byte.
        byte: u8,
    },
    /// A field is folded over several lines and this is not tolerated (RFC 9112 §5.2).
    ObsFold {
        /// The affected part.
        part: Part,
        /// The field's name.
        name: Excerpt,
    },
    /// The value of Content-Length is not a decimal number up to 2⁶³−1 with at most 19 digits.
    ContentLength {
        /// The rejected value.
        excerpt: Excerpt,
    },
    /// Several values of Content-Length differ.
    ContentLengths {
        /// The first value.
        first: u64,
        /// The value that differs.
        other: u64,
    },
    /// Content-Length accompanies Transfer-Encoding and this is not tolerated.
    ContentLengthBesideTransferEncoding,
    /// An HTTP/1.0 response contains Transfer-Encoding and this is not tolerated.
    TransferEncodingOnHttp10,
    /// Transfer-Encoding names a coding other than `chunked`, or `chunked` twice or not last.
    TransferEncoding {
        /// The value of the rejected field.
        excerpt: Excerpt,
    },
    /// A chunk size is not 1 to 16 hexadecimal digits with a value up to 2⁶³−1 (RFC 9112 §7.1).
    ChunkSize {
        /// The byte that is invalid or makes the number too large.
        byte: u8,
    },
    /// A chunk extension is malformed (RFC 9112 §7.1.1).
    ChunkExtension {
        /// The rejected byte.
        byte: u8,
    },
    /// No CRLF follows the data of a chunk.
    ChunkEnd {
        /// The byte found instead.
        byte: u8,
    },
    /// 101 arrived without an upgrade request, or the protocol was switched before the request was
    /// fully sent.
    UnexpectedSwitch {
        /// The response status.
        status: u16,
    },
    /// A 205 response has content and this is not tolerated.
    ResetContentBody,
    /// Bytes arrived that answer no request: while idle, or on a reused connection before the
    /// request head was written (RFC 9112 §9.2).
    Unsolicited,
    /// A limit was exceeded.
    Limit(LimitExceeded),
}

/// An error with the amount of input that led to it. Neither depends on how the input was split.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) error: ProtocolError,
    /// The number of input bytes up to and including the rejected one.
    pub(crate) after: usize,
}

impl Refused {
    /// Shifts the position by `start` bytes; negative if the part began in earlier input.
    pub(crate) fn from(mut self, start: isize) -> Refused {
        self.after = self.after.saturating_add_signed(start);
        self
    }
}

impl ProtocolError {
    /// Attaches the number of input bytes, the last of which was rejected.
    pub(crate) fn after(self, bytes: usize) -> Refused {
        Refused { error: self, after: bytes }
    }

    /// Whether the received bytes cannot be the start of a response: none, bytes before the
    /// request, or a first line that does not start with `HTTP/1.`.
    ///
    /// On a reused connection such bytes are the end of an earlier exchange: a late last chunk, for
    /// example, or an unexpected body. The connection is then dead (RFC 9112 §9.2). Once the first
    /// line starts with `HTTP/1.`, a response has begun, however malformed it turns out to be. The
    /// same holds after an interim response.
    pub fn answers_nothing(&self) -> bool {
        use ProtocolError::*;
        matches!(self, Empty | Unsolicited | NotHttp1 { .. } | LeadingEmptyLine)
    }

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
            Empty => write!(f, "expected a response, but the connection ended before its first byte"),
            Truncated { part, received, expected: Some(n) } => {
                write!(f, "expected {n} bytes of {part}, but the connection ended after {received}")
            }
            Truncated { part, received, expected: None } => {
                write!(f, "the connection ended within the {part}, after {received} bytes")
            }
            NotHttp1 { excerpt } => {
                write!(f, "expected HTTP/1.x, found {excerpt}")?;
                match &*excerpt.bytes {
                    [0, 0, ..] | [b'H', b'T', b'T', b'P', b'/', b'2', ..] => write!(f, " (HTTP/2?)"),
                    [0x14..=0x17, 3, ..] => write!(f, " (TLS?)"),
                    _ => Ok(()),
                }
            }
            StatusLine { excerpt } => write!(f, "expected a status line, found {excerpt}"),
            LeadingEmptyLine => write!(f, "expected a status line, found an empty line"),
            BareLf { part } => write!(f, "expected CRLF in the {part}, found LF alone"),
            BareCr { part } => write!(f, "expected LF after CR in the {part}"),
            FieldName { part, excerpt } => {
                write!(f, "expected a field name and a colon in the {part}, found {excerpt}")
            }
            FieldValue { part, name, byte } => write!(f, "the value of {name} in the {part} contains byte {byte:#04x}"),
            ObsFold { part, name } => write!(f, "{name} in the {part} is folded over several lines"),
            ContentLength { excerpt } => write!(f, "expected a number in Content-Length, found {excerpt}"),
            ContentLengths { first, other } => write!(f, "Content-Length is both {first} and {other}"),
            ContentLengthBesideTransferEncoding => {
                write!(f, "the response has both Content-Length and Transfer-Encoding")
            }
            TransferEncodingOnHttp10 => write!(f, "an HTTP/1.0 response has Transfer-Encoding"),
            TransferEncoding { excerpt } => write!(f, "expected Transfer-Encoding: chunked, found {excerpt}"),
            ChunkSize { byte } => {
                write!(f, "invalid byte \"{}\" in a chunk size", std::ascii::escape_default(*byte))
            }
            ChunkExtension { byte } => {
                write!(f, "invalid byte \"{}\" in a chunk extension", std::ascii::escape_default(*byte))
            }
            ChunkEnd { byte } => {
                write!(f, "expected CRLF after a chunk, found byte \"{}\"", std::ascii::escape_default(*byte))
            }
            UnexpectedSwitch { status } => write!(f, "status {status} switches protocols without a request for it"),
            ResetContentBody => write!(f, "a 205 response has content"),
            Unsolicited => write!(f, "received bytes that answer no request"),
            Limit(limit) => limit.fmt(f),
        }
    }
}

impl std::error::Error for ProtocolError {}
