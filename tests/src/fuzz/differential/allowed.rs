//! The intended differences between kawa and Petition, each with its reason. T-numbers refer to the
//! table in `tests/README.md`.
//!
//! Kawa is a proxy's parser: by its own documentation it reads the strict minimum to extract a
//! representation, and leaves the rest to the next server. Petition is the last recipient.

use petition_core::http1::{Leniencies, Leniency, Part, ProtocolError};

use super::theirs::Reading;
use crate::fuzz::exchange::Played;

/// Returns why kawa may accept as complete what Petition rejects, or `None` if no reason is known.
pub(super) fn they_may_accept(
    data: &[u8],
    theirs: &Reading,
    error: &ProtocolError,
    leniencies: &Leniencies,
) -> Option<&'static str> {
    let has = |name: &str| theirs.fields.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
    match error {
        ProtocolError::Limit(_) => Some("T42, T48, T49: kawa's only limit is its buffer, ours have numbers"),
        ProtocolError::StatusLine { excerpt } => {
            let odd = |code: &[u8]| !matches!(code, [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9']);
            if excerpt.as_bytes().get(9..12).is_none_or(odd) {
                return Some("T39: kawa takes for a code whatever Rust reads as a number, such as +20 or 007");
            }
            (!leniencies.obs_text && !data.is_ascii()).then_some("T38: strict, no byte beyond ASCII in a reason")
        }
        // Kawa keeps no names of an interim head, and the error truncates a long one.
        ProtocolError::FieldName { .. } if theirs.heads > 1 && data.split(|&b| b == b'\n').any(has_odd_name) => {
            Some("T35: kawa lets an empty name pass, and has these bytes in its alphabet of names, by its own comment")
        }
        ProtocolError::FieldName { .. } => {
            let odd = |name: &str| name.is_empty() || name.chars().any(|c| matches!(c, '"' | '/') || !c.is_ascii());
            let names = theirs.fields.iter().chain(&theirs.trailers).map(|(name, _)| name);
            names.map(String::as_str).any(odd).then_some(
                "T35: kawa lets an empty name pass, and has these bytes in its alphabet of names, by its own comment",
            )
        }
        ProtocolError::FieldValue { byte: 0x80.., .. } if !leniencies.obs_text => {
            Some("T38: strict, no byte beyond ASCII in a value")
        }
        ProtocolError::ContentLength { .. } | ProtocolError::ContentLengths { .. } if has("transfer-encoding") => Some(
            "T33: kawa does not look at Content-Length beside Transfer-Encoding; to us a wrong one is wrong anywhere",
        ),
        ProtocolError::ContentLength { excerpt } => {
            let many = excerpt.as_bytes().len() > 19 && excerpt.as_bytes().iter().all(u8::is_ascii_digit);
            many.then_some("T33: we read 19 digits, kawa any number of leading zeros")
        }
        ProtocolError::ContentLengthBesideTransferEncoding => Some("T31: strict; kawa drops Content-Length"),
        ProtocolError::TransferEncodingOnHttp10 => Some("T34: strict; kawa obeys it in HTTP/1.0"),
        ProtocolError::TransferEncoding { .. } => {
            Some("T34: kawa looks at the last coding alone; we refuse chunked twice, and strictly all others")
        }
        ProtocolError::UnexpectedSwitch { status: 101 } => Some("T48: kawa does not know what was asked"),
        ProtocolError::ResetContentBody => Some("T46: strict; kawa reads a 205 by its framing"),
        ProtocolError::ChunkSize { byte: b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' } => {
            Some("T40: we read 16 digits, kawa any number of leading zeros")
        }
        ProtocolError::ObsFold { part: Part::Trailers, .. } => None,
        _ => None,
    }
}

/// Returns true if a line begins without a name, or with one that only kawa's alphabet allows.
fn has_odd_name(line: &[u8]) -> bool {
    let name = line.split(|&b| b == b':').next().unwrap_or_default();
    line.first() == Some(&b':') || name.iter().any(|byte| matches!(byte, b'"' | b'/') || !byte.is_ascii())
}

/// Returns why kawa may reject what Petition accepts as complete, or `None` if no reason is known.
pub(super) fn they_may_refuse(data: &[u8], ours: &Played) -> Option<&'static str> {
    let tolerated = |leniency| ours.tolerated.contains(leniency);
    for (leniency, reason) in [
        (Leniency::ObsFold, "T36: RFC 9112 §5.2 wants a user agent to join folded lines; a proxy may refuse them"),
        (Leniency::BareLf, "T37: RFC 9112 §2.2 lets a recipient take LF alone in a head"),
        (Leniency::LeadingEmptyLine, "T39: an empty line after an interim response"),
        (Leniency::MissingReason, "T39: a status line without its second space"),
        (Leniency::ObsText, "T38: kawa has 0xA0 and up, we have 0x80 and up (RFC 9110 §5.5)"),
        (Leniency::SpacesInStatusLine, "T39: RFC 9112 §4 lets a recipient take several spaces before the code"),
        (Leniency::IdentityTransferCoding, "T34: a Transfer-Encoding that names no coding, or identity alone"),
        (
            Leniency::ControlInValue,
            "T38: RFC 9110 §5.5 lets a recipient keep control characters other than NUL, CR, LF",
        ),
        (Leniency::ChunkSizeTrailingSpace, "T40: spaces after a chunk size"),
        (Leniency::EmptyChunkExtension, "T40: a semicolon after a chunk size, and no extension"),
        (Leniency::MissingFinalCrlf, "T44: the end of the connection for the final CRLF"),
    ] {
        if tolerated(leniency) {
            return Some(reason);
        }
    }
    let minor = |head: &&petition_core::http1::ResponseHead| matches!(head.raw().get(7), Some(b'2'..=b'9'));
    if ours.heads.iter().any(|head| minor(&head)) {
        return Some("T39: minor versions from 2 on are read as 1 (RFC 9110 §2.5)");
    }
    let last = ours.heads.last()?;
    if last.get_all("content-length").any(|value| value.contains(&b',')) {
        return Some("T32: a list of equal lengths is one length (RFC 9110 §8.6)");
    }
    let bodiless = |status: u16| status < 200 || matches!(status, 204 | 304);
    let lengths = ours
        .heads
        .iter()
        .filter(|head| bodiless(head.status().as_u16()))
        .any(|head| head.get("content-length").is_some());
    if lengths {
        return Some("T46, T48: where there is no body we do not read its length; kawa refuses a wrong one");
    }
    if ours.heads.iter().any(|head| head.get("cookie").is_some()) {
        return Some("kawa takes a Cookie field apart, also in a response, and wants it well-formed");
    }
    let chunked = ours.framing == Some(petition_core::http1::BodyFraming::Chunked);
    if chunked && data.windows(1).any(|byte| byte == b";") {
        return Some("T40: kawa knows no chunk extensions (RFC 9112 §7.1.1 wants them ignored)");
    }
    None
}
