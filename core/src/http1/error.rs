//! What a peer can do wrong ([`ProtocolError`]), one variant for each cause.
//!
//! What cannot be sent and calls out of turn are other kinds of error: see `misuse` and `send_error`. No error holds a field value other than those of the framing fields, so none can leak a cookie or a credential.

use std::fmt;

use crate::limits::LimitExceeded;

/// The beginning of what was seen, at most [`Excerpt::MAX`] bytes of it; printed with everything escaped that is
/// not printable ASCII.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Excerpt {
    bytes: Box<[u8]>,
    cut: bool,
}

impl Excerpt {
    /// How many bytes are kept at most.
    pub const MAX: usize = 40;

    pub(crate) fn new(bytes: &[u8]) -> Excerpt {
        let kept = bytes.get(..Self::MAX).unwrap_or(bytes);
        Excerpt { bytes: kept.into(), cut: kept.len() < bytes.len() }
    }

    /// The bytes that were kept.
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
        seen: Excerpt,
    },
    /// The status line is not `HTTP/1.x SP 3DIGIT SP [reason]` (RFC 9112 §4).
    StatusLine {
        /// The line.
        seen: Excerpt,
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
        seen: Excerpt,
    },
    /// A field value holds a byte that may not stand there (RFC 9110 §5.5).
    FieldValue {
        /// Where.
        part: Part,
        /// The field's name.
        name: Excerpt,
        /// The byte.
        byte: u8,
    },
    /// A field is folded over several lines where that is not tolerated (RFC 9112 §5.2).
    ObsFold {
        /// Where.
        part: Part,
        /// The field's name.
        name: Excerpt,
    },
    /// The value of Content-Length is not a number of at most 2⁶³−1 in at most 19 digits.
    ContentLength {
        /// The value.
        seen: Excerpt,
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
        seen: Excerpt,
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

/// An error, and how much of the input was enough for it. Where that is does not depend on how the input was split either.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) error: ProtocolError,
    /// Up to the byte that was refused, that one included.
    pub(crate) after: usize,
}

impl Refused {
    /// Counted from so many bytes further on in the input, or (where it is negative) for a part that began in an earlier one.
    pub(crate) fn from(mut self, start: isize) -> Refused {
        self.after = self.after.saturating_add_signed(start);
        self
    }
}

impl ProtocolError {
    /// With so many bytes of the input, the last of which was refused.
    pub(crate) fn after(self, bytes: usize) -> Refused {
        Refused { error: self, after: bytes }
    }

    /// Whether nothing came that can be the beginning of a response: no byte, or bytes before the request, or a first
    /// line that does not begin with `HTTP/1.`.
    ///
    /// On a connection that had served another request it is then the end of an earlier exchange that was seen, such as a
    /// late last chunk or a body that should not be there, and the connection is dead (RFC 9112 §9.2). Once the first
    /// line begins with `HTTP/1.` a response has begun, however wrong it turns out to be; so it has after an interim
    /// response, whatever follows that.
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

impl std::error::Error for ProtocolError {}
