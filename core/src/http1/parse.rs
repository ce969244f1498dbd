//! A whole head, or a whole trailer section, into fields: httparse, then what it leaves open.
//!
//! The ordinary head is read in `ordinary`; this is for all others. httparse checks names, values and line ends; here: which folds are tolerated and how they are joined
//! (RFC 9112 §5.2), bytes above 0x7F, and the framing fields picked out in the same pass. When httparse
//! refuses, `diagnose` says where and why.

use std::mem::MaybeUninit;

use super::config::{Config, Leniency, LeniencySet};
use super::diagnose::diagnose;
use super::error::{Part, ProtocolError, Seen};
use super::framing::Signals;
use super::head::{Fields, ResponseHead, Span};
use super::scan::Scan;
use super::status_line::StatusLine;
use super::token::trim_ows;
use crate::memchr;

const ON_STACK: usize = 256;

/// Fields that may not be folded even where folding is tolerated: a fold in them is an attack or a bug.
const NEVER_FOLDED: [&str; 5] = ["content-length", "transfer-encoding", "connection", "location", "set-cookie"];

/// A head, what its fields say about framing, and what was tolerated in it.
pub(crate) struct Parsed {
    pub(crate) head: ResponseHead,
    pub(crate) signals: Signals,
    pub(crate) used: LeniencySet,
}

/// Parses `bytes`, a complete head as `scan` found it.
pub(crate) fn head(
    bytes: Bytes<'_>,
    scan: &Scan,
    status: StatusLine,
    config: &Config,
) -> Result<Parsed, ProtocolError> {
    let raw = bytes.as_slice();
    #[cfg(test)]
    super::scan::steps::add(raw.len());
    let mut used = scan.used;
    if !raw.is_ascii() {
        if !config.leniencies.obs_text {
            return Err(diagnose(raw, Part::Head, config));
        }
        used.insert(Leniency::ObsText);
    }
    let patched: Vec<u8>;
    let parsed = if status.minor > 1 {
        // httparse knows two minor versions; the offsets stay the same.
        let mut copy = raw.to_vec();
        if let Some(minor) = copy.get_mut(7) {
            *minor = b'1';
        }
        patched = copy;
        &patched[..]
    } else {
        raw
    };

    let mut httparse_config = httparse::ParserConfig::default();
    httparse_config.allow_obsolete_multiline_headers_in_responses(scan.folded && config.leniencies.obs_fold);
    let mut response = httparse::Response::new(&mut []);
    let mut stack = [const { MaybeUninit::uninit() }; ON_STACK];
    let mut heap = Vec::new();
    let uninit = if scan.fields <= ON_STACK {
        &mut stack[..]
    } else {
        heap.resize_with(scan.fields, MaybeUninit::uninit);
        &mut heap[..]
    };
    match httparse_config.parse_response_with_uninit_headers(&mut response, parsed, uninit) {
        Ok(httparse::Status::Complete(len)) if len == raw.len() => {}
        _ => return Err(diagnose(raw, Part::Head, config)),
    }

    let base = parsed.as_ptr() as usize;
    let mut signals = Signals::default();
    let mut spans = Vec::with_capacity(response.headers.len());
    let mut unfolded = Vec::new();
    let end = raw.strip_suffix(b"\n").map_or(raw.len(), |raw| raw.strip_suffix(b"\r").unwrap_or(raw).len());
    for (at, field) in response.headers.iter().enumerate() {
        let mut span = Span { name: span_of(base, field.name.as_bytes()), value: span_of(base, field.value) };
        let mut value = field.value;
        if scan.folded {
            // httparse trims away a fold at either end of a value, so the lines are counted, not the value searched.
            let start = (span.name.0 + span.name.1) as usize + 1;
            let next = response.headers.get(at + 1).map_or(end, |next| span_of(base, next.name.as_bytes()).0 as usize);
            let lines = raw.get(start..next).unwrap_or_default();
            if memchr::memchr_iter(b'\n', lines).count() > 1 {
                if NEVER_FOLDED.iter().any(|name| name.eq_ignore_ascii_case(field.name)) {
                    let name = Seen::new(field.name.as_bytes());
                    return Err(ProtocolError::ObsFold { part: Part::Head, name });
                }
                used.insert(Leniency::ObsFold);
                let start = unfolded.len();
                unfold(lines, &mut unfolded);
                value = unfolded.get(start..).unwrap_or_default();
                span.value = ((raw.len() + start) as u32, value.len() as u32);
            }
        }
        signals.field(field.name.as_bytes(), value);
        spans.push(span);
    }
    Ok(assemble(bytes, unfolded, &spans, status, signals, used))
}

pub(super) fn assemble(
    bytes: Bytes<'_>,
    unfolded: Vec<u8>,
    spans: &[Span],
    status: StatusLine,
    signals: Signals,
    used: LeniencySet,
) -> Parsed {
    let raw = bytes.as_slice();
    let spans: Box<[Span]> = if signals.drops_content_length() {
        let stays = |span: &&Span| {
            let (start, len) = (span.name.0 as usize, span.name.1 as usize);
            !raw.get(start..start + len).is_some_and(|name| name.eq_ignore_ascii_case(b"content-length"))
        };
        spans.iter().filter(stays).copied().collect()
    } else {
        spans.into()
    };
    let received = raw.len() as u32;
    let fields = Fields::new(bytes.keep(unfolded), received, spans);
    Parsed { head: ResponseHead::new(fields, signals.has, &status), signals, used }
}

/// The bytes of a head: still the caller's, or collected here.
pub(crate) enum Bytes<'a> {
    Borrowed(&'a [u8]),
    Owned(Vec<u8>),
}

impl Bytes<'_> {
    fn as_slice(&self) -> &[u8] {
        match self {
            Bytes::Borrowed(bytes) => bytes,
            Bytes::Owned(bytes) => bytes,
        }
    }

    fn keep(self, more: Vec<u8>) -> Box<[u8]> {
        match self {
            Bytes::Borrowed(bytes) if more.is_empty() => bytes.into(),
            Bytes::Borrowed(bytes) => [bytes, &more].concat().into_boxed_slice(),
            Bytes::Owned(mut bytes) => {
                bytes.extend_from_slice(&more);
                bytes.into_boxed_slice()
            }
        }
    }
}

fn span_of(base: usize, part: &[u8]) -> (u32, u32) {
    // `part` lies within a head of at most 2 GiB.
    ((part.as_ptr() as usize).saturating_sub(base) as u32, part.len() as u32)
}

/// Writes a value's lines behind `out`, each fold replaced by one space.
fn unfold(lines: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    for line in lines.split(|&b| b == b'\n') {
        let line = trim_ows(line.strip_suffix(b"\r").unwrap_or(line));
        if !line.is_empty() {
            if out.len() > start {
                out.push(b' ');
            }
            out.extend_from_slice(line);
        }
    }
}

/// Parses a complete trailer section of `count` lines. No folds, no lone LF: within chunked framing nothing
/// is tolerated.
pub(crate) fn trailers(raw: &[u8], count: usize, config: &Config) -> Result<Fields, ProtocolError> {
    #[cfg(test)]
    super::scan::steps::add(raw.len());
    let wrong = || diagnose(raw, Part::Trailers, config);
    let mut lines = vec![httparse::EMPTY_HEADER; count];
    if !config.leniencies.obs_text && !raw.is_ascii() {
        return Err(wrong());
    }
    let Ok(httparse::Status::Complete((len, parsed))) = httparse::parse_headers(raw, &mut lines) else {
        return Err(wrong());
    };
    if len != raw.len() {
        return Err(wrong());
    }
    let base = raw.as_ptr() as usize;
    let spans = parsed
        .iter()
        .filter(|field| super::trailers::may_be_trailer(field.name))
        .map(|field| Span { name: span_of(base, field.name.as_bytes()), value: span_of(base, field.value) })
        .collect();
    Ok(Fields::new(raw.into(), raw.len() as u32, spans))
}
