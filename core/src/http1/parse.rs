//! Parses a complete head or trailer section into fields, with httparse.
//!
//! Common heads take `fast_head`; this handles all others. httparse checks names, values and line
//! ends. This file decides which folds are tolerated and how they are joined (RFC 9112 §5.2), and
//! handles bytes above 0x7F. It extracts the framing fields in the same pass. If httparse rejects
//! the input, `diagnose` applies the same grammar line by line to locate the fault.

use std::mem::MaybeUninit;

use super::config::{Config, Leniency, LeniencySet};
use super::error::{Excerpt, Part, ProtocolError};
use super::framing::FramingHeaders;
use super::head::{Fields, ResponseHead, Span, span};
use super::scan::Scan;
use super::status_line::StatusLine;
use super::token::{is_token_byte, is_tolerated_control, is_value_byte, trim_ows};
use crate::byte_search;

const ON_STACK: usize = 256;

/// Fields in which neither a fold nor a control character is tolerated, since it indicates an
/// attack or a bug.
const GUARDED: [&str; 4] = ["content-length", "transfer-encoding", "connection", "location"];

/// A head, its framing fields, and the leniencies used.
pub(crate) struct Parsed {
    pub(crate) head: ResponseHead,
    pub(crate) signals: FramingHeaders,
    pub(crate) used: LeniencySet,
}

/// Parses `raw`, a complete head as found by `scan`.
pub(crate) fn head(raw: &[u8], scan: &Scan, status: StatusLine, config: &Config) -> Result<Parsed, ProtocolError> {
    #[cfg(test)]
    super::scan::steps::add(raw.len());
    let mut used = scan.used;
    if !raw.is_ascii() {
        if !config.leniencies.obs_text {
            return Err(diagnose(raw, Part::Head, config));
        }
        used.insert(Leniency::ObsText);
    }
    let controls = config.leniencies.control_in_value && raw.iter().any(|&b| is_tolerated_control(b));
    let patched: Vec<u8>;
    let parsed = if status.minor > 1 || controls {
        // httparse knows two minor versions and no control characters; the replacements keep all
        // offsets.
        let mut copy = raw.to_vec();
        if let Some(minor) = copy.get_mut(7) {
            *minor = b'1';
        }
        // In a name, the replacement is as invalid as the original byte.
        for byte in copy.iter_mut().filter(|byte| is_tolerated_control(**byte)) {
            *byte = if controls { b'?' } else { *byte };
        }
        patched = copy;
        &patched[..]
    } else {
        raw
    };

    let mut httparse_config = httparse::ParserConfig::default();
    httparse_config.allow_obsolete_multiline_headers_in_responses(scan.folded && config.leniencies.obs_fold);
    httparse_config
        .allow_multiple_spaces_in_response_status_delimiters(scan.used.contains(Leniency::SpacesInStatusLine));
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
    let mut signals = FramingHeaders::default();
    let mut spans = Vec::with_capacity(response.headers.len());
    let mut unfolded = Vec::new();
    let end = raw.strip_suffix(b"\n").map_or(raw.len(), |raw| raw.strip_suffix(b"\r").unwrap_or(raw).len());
    for (at, field) in response.headers.iter().enumerate() {
        let (name_at, mut value_at) = (span_of(base, field.name.as_bytes()), span_of(base, field.value));
        let guarded = || GUARDED.iter().any(|name| name.eq_ignore_ascii_case(field.name));
        let mut value =
            raw.get(value_at.0 as usize..).and_then(|rest| rest.get(..field.value.len())).unwrap_or_default();
        if scan.folded {
            // httparse trims a fold at either end of a value, so count the lines instead of
            // searching the value.
            let start = (name_at.0 + name_at.1) as usize + 1;
            let next = response.headers.get(at + 1).map_or(end, |next| span_of(base, next.name.as_bytes()).0 as usize);
            let lines = raw.get(start..next).unwrap_or_default();
            if byte_search::memchr_iter(b'\n', lines).count() > 1 {
                if guarded() {
                    let name = Excerpt::new(field.name.as_bytes());
                    return Err(ProtocolError::ObsFold { part: Part::Head, name });
                }
                used.insert(Leniency::ObsFold);
                let start = unfolded.len();
                unfold(lines, &mut unfolded);
                value = unfolded.get(start..).unwrap_or_default();
                value_at = ((raw.len() + start) as u32, value.len() as u32);
            }
        }
        if let Some(&byte) = value.iter().find(|&&b| controls && is_tolerated_control(b)) {
            if guarded() {
                let name = Excerpt::new(field.name.as_bytes());
                return Err(ProtocolError::FieldValue { part: Part::Head, name, byte });
            }
            used.insert(Leniency::ControlInValue);
        }
        signals.field(field.name.as_bytes(), value);
        spans.push(span(name_at, value_at));
    }
    Ok(assemble(raw, &unfolded, &spans, status, signals, used))
}

pub(super) fn assemble(
    raw: &[u8],
    unfolded: &[u8],
    spans: &[Span],
    status: StatusLine,
    signals: FramingHeaders,
    used: LeniencySet,
) -> Parsed {
    let mut fields = Fields::new(raw, unfolded, spans);
    if signals.drops_content_length() {
        fields = fields.without("content-length");
    }
    Parsed { head: ResponseHead::new(fields, signals.has, &status), signals, used }
}

/// Returns the offset and length of a part.
fn span_of(base: usize, part: &[u8]) -> (u32, u32) {
    // `part` lies within a head of at most 2 GiB.
    ((part.as_ptr() as usize).saturating_sub(base) as u32, part.len() as u32)
}

/// Appends a value's lines to `out`, each fold replaced by one space.
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

/// Parses a complete trailer section of `count` lines. Within chunked framing neither folds nor a
/// lone LF are tolerated.
pub(crate) fn trailers(raw: &[u8], count: usize, config: &Config) -> Result<Fields, ProtocolError> {
    #[cfg(test)]
    super::scan::steps::add(raw.len());
    let invalid = || diagnose(raw, Part::Trailers, config);
    let mut lines = vec![httparse::EMPTY_HEADER; count];
    if !config.leniencies.obs_text && !raw.is_ascii() {
        return Err(invalid());
    }
    let Ok(httparse::Status::Complete((len, parsed))) = httparse::parse_headers(raw, &mut lines) else {
        return Err(invalid());
    };
    if len != raw.len() {
        return Err(invalid());
    }
    let base = raw.as_ptr() as usize;
    let spans: Vec<Span> = parsed
        .iter()
        .filter(|field| super::trailers::may_be_trailer(field.name))
        .map(|field| span(span_of(base, field.name.as_bytes()), span_of(base, field.value)))
        .collect();
    Ok(Fields::new(raw, &[], &spans))
}

/// Returns the first fault in `raw`, which is complete and starts with the status line if it is a
/// head.
fn diagnose(raw: &[u8], part: Part, config: &Config) -> ProtocolError {
    let mut name: &[u8] = b"";
    for (at, line) in raw.split_inclusive(|&b| b == b'\n').enumerate() {
        if part == Part::Head && at == 0 {
            continue;
        }
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let value = match line {
            [] => break,
            [b' ' | b'\t', ..] if !name.is_empty() => {
                if part == Part::Trailers || !config.leniencies.obs_fold {
                    return ProtocolError::ObsFold { part, name: Excerpt::new(name) };
                }
                line
            }
            _ => {
                let end = line.iter().position(|&b| !is_token_byte(b)).unwrap_or(line.len());
                match line.get(end) {
                    Some(b':') if end > 0 => {}
                    Some(b'\r') => return ProtocolError::BareCr { part },
                    _ => {
                        let excerpt = Excerpt::new(line.get(..=end).unwrap_or(line));
                        return ProtocolError::FieldName { part, excerpt };
                    }
                }
                let (field, rest) = line.split_at(end);
                name = field;
                rest
            }
        };
        let controls = part == Part::Head && config.leniencies.control_in_value;
        let allowed = |b: u8| match b {
            0x80.. => config.leniencies.obs_text,
            _ => is_value_byte(b) || (controls && is_tolerated_control(b)),
        };
        match value.iter().find(|&&b| !allowed(b)) {
            None => {}
            Some(b'\r') => return ProtocolError::BareCr { part },
            Some(&byte) => return ProtocolError::FieldValue { part, name: Excerpt::new(name), byte },
        }
    }
    // Unreachable while both apply the same grammar; the input is rejected in any case.
    ProtocolError::FieldName { part, excerpt: Excerpt::new(b"") }
}
