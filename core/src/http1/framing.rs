//! Where a response body ends and whether the connection persists (RFC 9112 §6.3, §9.3).
//!
//! [`FramingHeaders`] collects the framing fields while the head is parsed; [`decide`] combines
//! them with the request. Fields of interim responses decide nothing.

use super::config::{Leniencies, Leniency, LeniencySet};
use super::error::{Excerpt, ProtocolError};
use super::head::Has;
use super::token::elements;
use super::version::Version;

/// How the end of a response body is determined (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFraming {
    /// There is no body: a response to HEAD, or status 204 or 304.
    None,
    /// A body of this many bytes.
    Length(u64),
    /// A chunked body.
    Chunked,
    /// All bytes until the connection ends.
    UntilClose,
    /// No body: bytes after the head belong to another protocol (101, or 2xx to CONNECT).
    Switched,
}

/// The effect of a method on the framing of the response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum MethodKind {
    #[default]
    Other,
    Head,
    Connect,
}

impl MethodKind {
    pub(crate) fn of(method: &str) -> MethodKind {
        match method {
            "HEAD" => MethodKind::Head,
            "CONNECT" => MethodKind::Connect,
            _ => MethodKind::Other,
        }
    }
}

#[derive(Clone, Debug, Default)]
enum Length {
    #[default]
    Absent,
    Is(u64),
    Invalid(Box<ProtocolError>),
}

#[derive(Clone, Debug, Default)]
enum Codings {
    #[default]
    Absent,
    /// `chunked` and nothing else.
    Chunked,
    /// Other codings, then `chunked`.
    OthersThenChunked(Excerpt),
    /// Other codings without `chunked`.
    Others(Excerpt),
    /// `chunked`, then other codings.
    ChunkedThenOthers(Excerpt),
    /// The field is present and names no coding.
    Empty(Excerpt),
    /// `identity` and nothing else.
    Identity(Excerpt),
    /// `chunked` twice.
    Invalid(Excerpt),
}

/// The framing and persistence fields of one head.
#[derive(Clone, Debug, Default)]
pub(crate) struct FramingHeaders {
    length: Length,
    codings: Codings,
    /// A transfer coding other than chunked and gzip is present.
    unknown_coding: bool,
    pub(crate) close: bool,
    pub(crate) keep_alive: bool,
    /// Keep-Alive: timeout=, in seconds.
    pub(crate) keep_alive_timeout: Option<u32>,
    /// Not about framing, but collected in the same pass.
    pub(crate) has: Has,
}

const MAX_LENGTH: u64 = i64::MAX as u64;

/// Whether a name equals `usual` in any case; fast for its usual case.
#[inline]
fn is<const N: usize>(name: &[u8], usual: &[u8; N]) -> bool {
    name == usual || name.eq_ignore_ascii_case(usual)
}

/// Parses 1 to 19 digits with a value up to 2⁶³−1.
pub(crate) fn length_of(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    // A number of 19 digits is below 10^19, which fits a u64.
    digits
        .iter()
        .try_fold(
            0u64,
            |n, &b| if b.is_ascii_digit() { n.checked_mul(10)?.checked_add(u64::from(b - b'0')) } else { None },
        )
        .filter(|&n| n <= MAX_LENGTH)
}

impl FramingHeaders {
    /// Records one field.
    #[inline]
    pub(crate) fn field(&mut self, name: &[u8], value: &[u8]) {
        // The lengths of the relevant names.
        const RELEVANT: u32 = 1 << 8 | 1 << 10 | 1 << 14 | 1 << 16 | 1 << 17 | 1 << 25;
        if name.len() < 32 && RELEVANT >> name.len() & 1 != 0 {
            self.record(name, value);
        }
    }

    fn record(&mut self, name: &[u8], value: &[u8]) {
        match name.len() {
            8 if is(name, b"Location") => self.has.location = true,
            10 if is(name, b"Connection") => self.connection(value),
            10 if is(name, b"Set-Cookie") => self.has.set_cookie = true,
            10 if is(name, b"Keep-Alive") => {
                self.keep_alive_timeout = elements(value).find_map(timeout_of).or(self.keep_alive_timeout);
            }
            14 if is(name, b"Content-Length") => self.length(value),
            16 if is(name, b"Content-Encoding") => self.has.content_encoding = true,
            16 if is(name, b"Proxy-Connection") => self.connection(value),
            17 if is(name, b"Transfer-Encoding") => self.codings(value),
            25 if is(name, b"Strict-Transport-Security") => self.has.strict_transport = true,
            _ => {}
        }
    }

    fn connection(&mut self, value: &[u8]) {
        // The most common values.
        match value {
            b"keep-alive" => return self.keep_alive = true,
            b"close" => return self.close = true,
            _ => {}
        }
        for token in elements(value) {
            self.close |= token.eq_ignore_ascii_case(b"close");
            self.keep_alive |= token.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    fn length(&mut self, value: &[u8]) {
        // The most common case is one number.
        if let (Length::Absent, Some(n)) = (&self.length, length_of(value)) {
            self.length = Length::Is(n);
            return;
        }
        for element in elements(value) {
            let invalid = match (&self.length, length_of(element)) {
                (Length::Invalid(_), _) => return,
                (_, None) => ProtocolError::ContentLength { excerpt: Excerpt::new(value) },
                (&Length::Is(first), Some(other)) if first != other => ProtocolError::ContentLengths { first, other },
                (_, Some(n)) => {
                    self.length = Length::Is(n);
                    continue;
                }
            };
            self.length = Length::Invalid(Box::new(invalid));
        }
    }

    fn codings(&mut self, value: &[u8]) {
        let excerpt = || Excerpt::new(value);
        // Empty list elements have no meaning (RFC 9110 §5.6.1.2).
        for coding in elements(value).filter(|coding| !coding.is_empty()) {
            let chunked = coding.eq_ignore_ascii_case(b"chunked");
            // The second name is a synonym (RFC 9112 §7.2).
            self.unknown_coding |=
                ![&b"chunked"[..], b"gzip", b"x-gzip"].iter().any(|own| coding.eq_ignore_ascii_case(own));
            self.codings = match std::mem::take(&mut self.codings) {
                invalid @ Codings::Invalid(_) => invalid,
                Codings::Absent | Codings::Empty(_) if chunked => Codings::Chunked,
                Codings::Others(first) | Codings::Identity(first) if chunked => Codings::OthersThenChunked(first),
                _ if chunked => Codings::Invalid(excerpt()),
                Codings::Absent | Codings::Empty(_) if coding.eq_ignore_ascii_case(b"identity") => {
                    Codings::Identity(excerpt())
                }
                Codings::Absent | Codings::Empty(_) => Codings::Others(excerpt()),
                Codings::Others(first) | Codings::Identity(first) => Codings::Others(first),
                _ => Codings::ChunkedThenOthers(excerpt()),
            };
        }
        if let Codings::Absent = self.codings {
            self.codings = Codings::Empty(excerpt());
        }
    }

    /// Whether a response without a body nevertheless announces one, or has an invalid
    /// Content-Length; a body may follow. 204 and 1xx must not announce one (RFC 9110 §8.6, RFC
    /// 9112 §6.1). 304 and a response to HEAD may state its length.
    pub(crate) fn announces_body(&self, status: u16) -> bool {
        let no_body = status == 204 || status < 200;
        match self.length {
            Length::Invalid(_) => true,
            Length::Is(n) if n > 0 && no_body => true,
            _ => no_body && !matches!(self.codings, Codings::Absent),
        }
    }

    /// Whether to hide Content-Length because Transfer-Encoding overrides it.
    pub(crate) fn drops_content_length(&self) -> bool {
        !matches!(self.codings, Codings::Absent | Codings::Empty(_) | Codings::Identity(_))
            && !matches!(self.length, Length::Absent)
    }
}

fn timeout_of(element: &[u8]) -> Option<u32> {
    let (name, value) = element.split_at_checked(7)?;
    let value = super::token::trim_ows(value).strip_prefix(b"=")?;
    let digits = super::token::trim_ows(value);
    let seconds = name.eq_ignore_ascii_case(b"timeout").then(|| length_of(digits))??;
    Some(u32::try_from(seconds).unwrap_or(u32::MAX))
}

/// Returns the framing of a final response by RFC 9112 §6.3, in the order given there. If the
/// request contained `TE: gzip`, that coding needs no leniency.
pub(crate) fn decide(
    method: MethodKind,
    version: Version,
    status: u16,
    signals: &FramingHeaders,
    te_gzip: bool,
    leniencies: &Leniencies,
    used: &mut LeniencySet,
) -> Result<BodyFraming, ProtocolError> {
    match (method, status) {
        (_, 101) | (MethodKind::Connect, 200..=299) => return Ok(BodyFraming::Switched),
        (MethodKind::Head, _) | (_, 204 | 304) => return Ok(BodyFraming::None),
        _ => {}
    }
    // An invalid length is an error, whatever accompanies it.
    if let Length::Invalid(invalid) = &signals.length {
        return Err((**invalid).clone());
    }
    let mut allow = |leniency: Leniency, otherwise: ProtocolError| {
        if leniencies.allows(leniency) {
            used.insert(leniency);
            Ok(())
        } else {
            Err(otherwise)
        }
    };
    let uncoded = match signals.length {
        Length::Is(n) => BodyFraming::Length(n),
        _ => BodyFraming::UntilClose,
    };
    let framing = match &signals.codings {
        Codings::Absent => return Ok(uncoded),
        Codings::Empty(excerpt) | Codings::Identity(excerpt) => {
            allow(Leniency::IdentityTransferCoding, ProtocolError::TransferEncoding { excerpt: excerpt.clone() })?;
            return Ok(uncoded);
        }
        Codings::Invalid(excerpt) => return Err(ProtocolError::TransferEncoding { excerpt: excerpt.clone() }),
        Codings::Chunked => BodyFraming::Chunked,
        Codings::OthersThenChunked(_) if te_gzip && !signals.unknown_coding => BodyFraming::Chunked,
        Codings::Others(_) if te_gzip && !signals.unknown_coding => BodyFraming::UntilClose,
        Codings::OthersThenChunked(excerpt) => {
            allow(Leniency::UnknownTransferCoding, ProtocolError::TransferEncoding { excerpt: excerpt.clone() })?;
            BodyFraming::Chunked
        }
        Codings::Others(excerpt) | Codings::ChunkedThenOthers(excerpt) => {
            allow(Leniency::UnknownTransferCoding, ProtocolError::TransferEncoding { excerpt: excerpt.clone() })?;
            BodyFraming::UntilClose
        }
    };
    if let Length::Is(_) = signals.length {
        allow(Leniency::ContentLengthBesideTransferEncoding, ProtocolError::ContentLengthBesideTransferEncoding)?;
    }
    if version == Version::Http10 {
        allow(Leniency::TransferEncodingOnHttp10, ProtocolError::TransferEncodingOnHttp10)?;
    }
    Ok(framing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_of_equal_length_are_ignored() {
        let nothing = format!("{:?}", FramingHeaders::default());
        for length in 0..=40 {
            for value in ["chunked", "5", "close", "timeout=5", "http://a.test/"] {
                let mut signals = FramingHeaders::default();
                signals.field("x".repeat(length).as_bytes(), value.as_bytes());
                assert_eq!(format!("{signals:?}"), nothing, "{length} {value}");
            }
        }
    }

    #[test]
    fn only_requested_gzip_needs_no_leniency() {
        let decided = |value: &str, te_gzip| {
            let mut signals = FramingHeaders::default();
            signals.field(b"Transfer-Encoding", value.as_bytes());
            let (strict, mut used) = (Leniencies::STRICT, LeniencySet::EMPTY);
            decide(MethodKind::Other, Version::Http11, 200, &signals, te_gzip, &strict, &mut used).ok()
        };
        for (value, te_gzip, framing) in [
            ("gzip, chunked", true, Some(BodyFraming::Chunked)),
            ("gzip, chunked", false, None),
            ("x, chunked", true, None),
            ("x, chunked", false, None),
            ("gzip", true, Some(BodyFraming::UntilClose)),
            ("gzip", false, None),
            ("x", true, None),
            ("x", false, None),
        ] {
            assert_eq!(decided(value, te_gzip), framing, "{value} {te_gzip}");
        }
    }
}
