//! The status line: `HTTP/1.x SP 3DIGIT SP [reason]` (RFC 9112 §4); several spaces before the code
//! are a leniency.
//!
//! Any minor version from 1 on counts as 1.1; HTTP/0.9 is not supported. The code is 100–999; codes
//! above 599 have no meaning in HTTP and are delivered unchanged. httparse does not parse this
//! line, since it knows only two minor versions and garbage must fail at its first line.

use super::config::{Config, Leniency, LeniencySet};
use super::error::{Excerpt, ProtocolError};
use super::token::is_value_byte;
use super::version::Version;
use crate::limits::LimitExceeded;

/// The text before the spaces and the code.
const VERSION: &[u8] = b"HTTP/1.x";

/// The text after the spaces and before an optional reason phrase.
const CODE: &[u8] = b"NNN ";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StatusLine {
    pub(crate) version: Version,
    pub(crate) minor: u8,
    pub(crate) status: http::StatusCode,
}

/// Parses the first line of a head, without its line end.
pub(crate) fn parse(line: &[u8], config: &Config, used: &mut LeniencySet) -> Result<StatusLine, ProtocolError> {
    let invalid = || ProtocolError::StatusLine { excerpt: Excerpt::new(line) };
    let [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'0'..=b'9', b' ', code @ ..] = line else {
        return Err(invalid());
    };
    let mut code = code;
    // Several spaces after the code are valid: a reason phrase may begin with spaces.
    if let ([b' ', ..], true) = (code, config.leniencies.spaces_in_status_line) {
        used.insert(Leniency::SpacesInStatusLine);
        code = without_spaces(code);
    }
    let ([a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'], rest) = code.split_first_chunk().ok_or_else(invalid)?
    else {
        return Err(invalid());
    };
    let code = u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0');
    let status = http::StatusCode::from_u16(code).map_err(|_| invalid())?;
    let reason = match rest {
        [b' ', reason @ ..] => reason,
        [] if config.leniencies.missing_reason => {
            used.insert(Leniency::MissingReason);
            rest
        }
        _ => return Err(invalid()),
    };
    LimitExceeded::check("reason_bytes", config.limits.reason_bytes as u64, reason.len() as u64)?;
    if !reason.iter().all(|&b| is_value_byte(b)) || (!config.leniencies.obs_text && !reason.is_ascii()) {
        return Err(invalid());
    }
    let version = if *minor == b'0' { Version::Http10 } else { Version::Http11 };
    Ok(StatusLine { version, minor: *minor - b'0', status })
}

/// Returns the reason phrase of a head whose status line was parsed.
pub(crate) fn reason(head: &[u8]) -> &[u8] {
    let line = head.split(|&b| b == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    without_spaces(line.get(VERSION.len()..).unwrap_or_default()).get(CODE.len()..).unwrap_or_default()
}

fn without_spaces(mut bytes: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}
