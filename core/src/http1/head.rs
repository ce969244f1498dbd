//! A response head: the raw bytes with offsets into them.
//!
//! The bytes stay as received. A [`http::HeaderMap`] is built only on request, since building one
//! costs more than parsing. Names keep their case and fields their order. `framing` decides what
//! fields mean; this file drops only the field that `framing` overrides.

use std::fmt;

use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::framing::length_of;
use super::status_line::{self, StatusLine};
use super::token::elements;
use super::version::Version;
use crate::redaction;

/// The offset and length of a name, then of its value, within the raw bytes. Stored as bytes, so
/// that all spans share one allocation with the raw bytes.
pub(crate) type Span = [[u8; 4]; 4];

pub(crate) fn span(name: (u32, u32), value: (u32, u32)) -> Span {
    [name.0, name.1, value.0, value.1].map(u32::to_le_bytes)
}

/// Fields in their original order and case: those of a head or of a trailer section.
#[derive(Clone, PartialEq, Eq)]
pub struct Fields {
    /// The bytes as received, then the unfolded values, then one span for each field.
    bytes: Box<[u8]>,
    received: u32,
    spans: u32,
}

impl Fields {
    /// Builds the fields from the received bytes, the unfolded values behind them, and spans over
    /// both.
    pub(crate) fn new(raw: &[u8], unfolded: &[u8], spans: &[Span]) -> Fields {
        let spans_at = raw.len() + unfolded.len();
        let mut bytes = Vec::with_capacity(spans_at + size_of_val(spans));
        bytes.extend_from_slice(raw);
        if !unfolded.is_empty() {
            bytes.extend_from_slice(unfolded);
        }
        bytes.extend_from_slice(spans.as_flattened().as_flattened());
        // A head has at most 2 GiB, whatever the limit: see `scan`.
        Fields { bytes: bytes.into_boxed_slice(), received: raw.len() as u32, spans: spans_at as u32 }
    }

    /// Returns a copy without the fields of this name.
    pub(crate) fn without(&self, name: &str) -> Fields {
        let stays = |span: &&Span| !self.name(span).eq_ignore_ascii_case(name.as_bytes());
        let spans: Vec<Span> = self.spans().iter().filter(stays).copied().collect();
        let stored = self.bytes.get(..self.spans as usize).unwrap_or_default();
        let (raw, unfolded) = stored.split_at_checked(self.received as usize).unwrap_or_default();
        Fields::new(raw, unfolded, &spans)
    }

    fn spans(&self) -> &[Span] {
        self.bytes.get(self.spans as usize..).unwrap_or_default().as_chunks().0.as_chunks().0
    }

    fn part(&self, start: [u8; 4], len: [u8; 4]) -> &[u8] {
        let (start, len) = (u32::from_le_bytes(start) as usize, u32::from_le_bytes(len) as usize);
        start.checked_add(len).and_then(|end| self.bytes.get(start..end)).unwrap_or_default()
    }

    fn name(&self, &[start, len, ..]: &Span) -> &[u8] {
        self.part(start, len)
    }

    fn value(&self, &[.., start, len]: &Span) -> &[u8] {
        self.part(start, len)
    }

    /// Returns the number of fields.
    pub fn len(&self) -> usize {
        self.spans().len()
    }

    /// Whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.spans().is_empty()
    }

    /// Returns the name and value of each field in the order received; values are trimmed.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> + Clone {
        self.spans().iter().map(|span| {
            let name = std::str::from_utf8(self.name(span)).unwrap_or_default();
            (name, self.value(span))
        })
    }

    /// Returns the value of the first field called `name`, in any case.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.get_all(name).next()
    }

    /// Returns the values of all fields called `name`, in any case, in the order received.
    pub fn get_all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        // Compare the length first: it rules out most fields without reading their bytes.
        let same = move |span: &&Span| self.name(span).eq_ignore_ascii_case(name.as_bytes());
        self.spans().iter().filter(same).map(|span| self.value(span))
    }

    /// Builds a map of the fields. Names become lower case, and the order among different names is
    /// lost. The map omits values with a control character, which it cannot hold (see
    /// [`Leniencies::control_in_value`](super::Leniencies::control_in_value)).
    pub fn to_header_map(&self) -> HeaderMap {
        // All fields fit: see `Limits::MOST_FIELDS`.
        let mut map = HeaderMap::try_with_capacity(self.len()).unwrap_or_default();
        for (name, value) in self.iter() {
            // Parsing has validated both by the same grammar, except for tolerated control
            // characters.
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value)) {
                let _ = map.try_append(name, value);
            }
        }
        map
    }

    /// Whether `name` is a hop-by-hop field: one defined as such, or one listed in Connection (RFC
    /// 9110 §7.6.1).
    pub fn is_hop_by_hop(&self, name: &str) -> bool {
        const ALWAYS: [&str; 7] =
            ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];
        ALWAYS.iter().any(|known| known.eq_ignore_ascii_case(name))
            || self
                .get_all("connection")
                .flat_map(elements)
                .any(|token| !token.is_empty() && token.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// Returns the end-to-end fields, without those for this connection only.
    pub fn end_to_end(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.iter().filter(|(name, _)| !self.is_hop_by_hop(name))
    }

    fn received(&self) -> &[u8] {
        self.bytes.get(..self.received as usize).unwrap_or_default()
    }
}

impl fmt::Debug for Fields {
    // Only listed fields show their values; these hold no secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(name, value)| (name, redaction::field(name, value, false)))).finish()
    }
}

/// The head of one response: status line and fields.
#[derive(Clone, PartialEq, Eq)]
pub struct ResponseHead {
    fields: Fields,
    status: http::StatusCode,
    version: Version,
    has: Has,
}

/// The presence of fields that are looked up in each response; most are absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Has {
    pub(crate) set_cookie: bool,
    pub(crate) location: bool,
    pub(crate) content_encoding: bool,
    pub(crate) strict_transport: bool,
}

impl ResponseHead {
    pub(crate) fn new(fields: Fields, has: Has, line: &StatusLine) -> ResponseHead {
        ResponseHead { fields, status: line.status, version: line.version, has }
    }

    pub(crate) fn sets_cookies(&self) -> bool {
        self.has.set_cookie
    }

    pub(crate) fn has_strict_transport(&self) -> bool {
        self.has.strict_transport
    }

    pub(crate) fn set_cookies(&self) -> impl Iterator<Item = &[u8]> {
        self.has.set_cookie.then(|| self.get_all("set-cookie")).into_iter().flatten()
    }

    pub(crate) fn locations(&self) -> impl Iterator<Item = &[u8]> {
        self.has.location.then(|| self.get_all("location")).into_iter().flatten()
    }

    pub(crate) fn has_content_encodings(&self) -> bool {
        self.has.content_encoding
    }

    /// Returns the status, 100–999.
    pub fn status(&self) -> http::StatusCode {
        self.status
    }

    /// Returns the version that the response states.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Returns the reason phrase as received; may be empty or contain non-ASCII bytes.
    pub fn reason(&self) -> &[u8] {
        status_line::reason(self.raw())
    }

    /// Returns the fields.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Returns the value of the first field called `name`, in any case.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.fields.get(name)
    }

    /// Returns the values of all fields called `name`, in any case, in the order received.
    pub fn get_all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.fields.get_all(name)
    }

    /// Returns the number of bytes that `Content-Length` declares. `None` without one, or if
    /// `Transfer-Encoding` overrides it (RFC 9112 §6.3).
    pub fn content_length(&self) -> Option<u64> {
        if self.get("transfer-encoding").is_some() {
            return None;
        }
        // A list of equal numbers is tolerated as one.
        elements(self.get("content-length")?).find_map(length_of)
    }

    /// Builds a map of the fields; see [`Fields::to_header_map`].
    pub fn to_header_map(&self) -> HeaderMap {
        self.fields.to_header_map()
    }

    /// Returns the bytes as received, from the status line to the empty line that ends the head.
    pub fn raw(&self) -> &[u8] {
        self.fields.received()
    }
}

impl fmt::Debug for ResponseHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseHead")
            .field("version", &self.version)
            .field("status", &self.status)
            .field("reason", &format_args!("\"{}\"", self.reason().escape_ascii()))
            .field("fields", &self.fields)
            .finish()
    }
}
