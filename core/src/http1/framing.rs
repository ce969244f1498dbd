//! Where a response body ends and whether the connection persists: RFC 9112 §6.3 and §9.3.
//!
//! [`FramingHeaders`] gathers what the fields say in the pass that parses them; [`decide`] draws the conclusion, knowing
//! the request. Nothing is decided from a field in an interim response.

use super::config::{Leniencies, Leniency, LeniencySet};
use super::error::{Excerpt, ProtocolError};
use super::head::Has;
use super::token::elements;
use super::version::Version;

/// How the end of a response body is found (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFraming {
    /// There is no body: an answer to HEAD, 204 or 304.
    None,
    /// So many bytes.
    Length(u64),
    /// Chunked.
    Chunked,
    /// All bytes until the connection ends.
    UntilClose,
    /// No body: what follows the head belongs to another protocol (101, or 2xx to CONNECT).
    Switched,
}

/// What a method means for the response's framing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum MethodKind {
    #[default]
    Ordinary,
    Head,
    Connect,
}

impl MethodKind {
    pub(crate) fn of(method: &str) -> MethodKind {
        match method {
            "HEAD" => MethodKind::Head,
            "CONNECT" => MethodKind::Connect,
            _ => MethodKind::Ordinary,
        }
    }
}

#[derive(Clone, Debug, Default)]
enum Length {
    #[default]
    Absent,
    Is(u64),
    Wrong(Box<ProtocolError>),
}

#[derive(Clone, Debug, Default)]
enum Codings {
    #[default]
    Absent,
    /// `chunked` and nothing else.
    Chunked,
    /// Other codings, then `chunked`.
    OthersThenChunked(Excerpt),
    /// Other codings, `chunked` not among them.
    Others(Excerpt),
    /// `chunked`, then other codings.
    ChunkedThenOthers(Excerpt),
    /// The field is there and names no coding.
    Empty(Excerpt),
    /// `identity` and nothing else.
    Identity(Excerpt),
    /// `chunked` twice.
    Wrong(Excerpt),
}

/// What the fields of one head say about framing and persistence.
#[derive(Clone, Debug, Default)]
pub(crate) struct FramingHeaders {
    length: Length,
    codings: Codings,
    /// A transfer coding other than chunked and gzip was named.
    foreign: bool,
    pub(crate) close: bool,
    pub(crate) keep_alive: bool,
    /// Keep-Alive: timeout=, in seconds.
    pub(crate) keep_alive_timeout: Option<u32>,
    /// Not about framing, but told in the same pass.
    pub(crate) has: Has,
}

const MAX_LENGTH: u64 = i64::MAX as u64;

/// Whether a name is this one, in any case; in its usual case it is seen at once.
#[inline]
fn is<const N: usize>(name: &[u8], usual: &[u8; N]) -> bool {
    name == usual || name.eq_ignore_ascii_case(usual)
}

/// 1 to 19 digits, at most 2⁶³−1.
pub(crate) fn length_of(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    // 19 digits are less than 10^19, which a u64 holds.
    digits
        .iter()
        .try_fold(
            0u64,
            |n, &b| if b.is_ascii_digit() { n.checked_mul(10)?.checked_add(u64::from(b - b'0')) } else { None },
        )
        .filter(|&n| n <= MAX_LENGTH)
}

impl FramingHeaders {
    /// Takes in one field.
    #[inline]
    pub(crate) fn field(&mut self, name: &[u8], value: &[u8]) {
        // The lengths of the names that mean something.
        const TELLING: u32 = 1 << 8 | 1 << 10 | 1 << 14 | 1 << 16 | 1 << 17;
        if name.len() < 32 && TELLING >> name.len() & 1 != 0 {
            self.telling(name, value);
        }
    }

    fn telling(&mut self, name: &[u8], value: &[u8]) {
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
            _ => {}
        }
    }

    fn connection(&mut self, value: &[u8]) {
        // What is nearly always said.
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
        // One number is the rule.
        if let (Length::Absent, Some(n)) = (&self.length, length_of(value)) {
            self.length = Length::Is(n);
            return;
        }
        for element in elements(value) {
            let wrong = match (&self.length, length_of(element)) {
                (Length::Wrong(_), _) => return,
                (_, None) => ProtocolError::ContentLength { seen: Excerpt::new(value) },
                (&Length::Is(first), Some(other)) if first != other => ProtocolError::ContentLengths { first, other },
                (_, Some(n)) => {
                    self.length = Length::Is(n);
                    continue;
                }
            };
            self.length = Length::Wrong(Box::new(wrong));
        }
    }

    fn codings(&mut self, value: &[u8]) {
        let seen = || Excerpt::new(value);
        // Empty elements of a list say nothing (RFC 9110 §5.6.1.2).
        for coding in elements(value).filter(|coding| !coding.is_empty()) {
            let chunked = coding.eq_ignore_ascii_case(b"chunked");
            // The second name is a synonym (RFC 9112 §7.2).
            self.foreign |= ![&b"chunked"[..], b"gzip", b"x-gzip"].iter().any(|own| coding.eq_ignore_ascii_case(own));
            self.codings = match std::mem::take(&mut self.codings) {
                wrong @ Codings::Wrong(_) => wrong,
                Codings::Absent | Codings::Empty(_) if chunked => Codings::Chunked,
                Codings::Others(first) | Codings::Identity(first) if chunked => Codings::OthersThenChunked(first),
                _ if chunked => Codings::Wrong(seen()),
                Codings::Absent | Codings::Empty(_) if coding.eq_ignore_ascii_case(b"identity") => {
                    Codings::Identity(seen())
                }
                Codings::Absent | Codings::Empty(_) => Codings::Others(seen()),
                Codings::Others(first) | Codings::Identity(first) => Codings::Others(first),
                _ => Codings::ChunkedThenOthers(seen()),
            };
        }
        if let Codings::Absent = self.codings {
            self.codings = Codings::Empty(seen());
        }
    }

    /// Whether a response that has no body announces one all the same, or has a Content-Length that says nothing: a body
    /// may follow. 204 and 1xx may announce none (RFC 9110 §8.6, RFC 9112 §6.1), while 304 and an answer to HEAD may say
    /// what its length would be.
    pub(crate) fn announces_body(&self, status: u16) -> bool {
        let bodiless = status == 204 || status < 200;
        match self.length {
            Length::Wrong(_) => true,
            Length::Is(n) if n > 0 && bodiless => true,
            _ => bodiless && !matches!(self.codings, Codings::Absent),
        }
    }

    /// Whether Content-Length is to be dropped from view: a Transfer-Encoding stands beside it and overrides it.
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

/// The framing of a final response (not an interim one) by RFC 9112 §6.3, in the order given there. Where `te_gzip` was said, that
/// transfer coding is nothing to be tolerated.
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
    // A length that is no length is an error, whatever else stands beside it.
    if let Length::Wrong(wrong) = &signals.length {
        return Err((**wrong).clone());
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
        Codings::Empty(seen) | Codings::Identity(seen) => {
            allow(Leniency::IdentityTransferCoding, ProtocolError::TransferEncoding { seen: seen.clone() })?;
            return Ok(uncoded);
        }
        Codings::Wrong(seen) => return Err(ProtocolError::TransferEncoding { seen: seen.clone() }),
        Codings::Chunked => BodyFraming::Chunked,
        Codings::OthersThenChunked(_) if te_gzip && !signals.foreign => BodyFraming::Chunked,
        Codings::Others(_) if te_gzip && !signals.foreign => BodyFraming::UntilClose,
        Codings::OthersThenChunked(seen) => {
            allow(Leniency::UnknownTransferCoding, ProtocolError::TransferEncoding { seen: seen.clone() })?;
            BodyFraming::Chunked
        }
        Codings::Others(seen) | Codings::ChunkedThenOthers(seen) => {
            allow(Leniency::UnknownTransferCoding, ProtocolError::TransferEncoding { seen: seen.clone() })?;
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
    fn names_as_long_as_those_that_count_say_nothing() {
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
    fn only_gzip_that_was_asked_for_needs_no_leniency() {
        let decided = |value: &str, te_gzip| {
            let mut signals = FramingHeaders::default();
            signals.field(b"Transfer-Encoding", value.as_bytes());
            let (strict, mut used) = (Leniencies::STRICT, LeniencySet::EMPTY);
            decide(MethodKind::Ordinary, Version::Http11, 200, &signals, te_gzip, &strict, &mut used).ok()
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
