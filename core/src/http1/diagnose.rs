//! Names the fault in a head or a trailer section that httparse refused: the same grammar, read line by line.
//!
//! Only ever run on input that is refused anyway, so that errors can say what was wrong and where.

use super::config::Config;
use super::error::{Excerpt, Part, ProtocolError};
use super::token::{is_kept_control, is_token_byte, is_value_byte};

/// The first fault in `raw`, which is complete and begins with the status line if it is a head.
pub(crate) fn diagnose(raw: &[u8], part: Part, config: &Config) -> ProtocolError {
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
                        let seen = Excerpt::new(line.get(..=end).unwrap_or(line));
                        return ProtocolError::FieldName { part, seen };
                    }
                }
                let (field, rest) = line.split_at(end);
                name = field;
                rest
            }
        };
        let controls = part == Part::Head && config.leniencies.control_in_value;
        let tolerated = |b: u8| match b {
            0x80.. => config.leniencies.obs_text,
            _ => is_value_byte(b) || (controls && is_kept_control(b)),
        };
        match value.iter().find(|&&b| !tolerated(b)) {
            None => {}
            Some(b'\r') => return ProtocolError::BareCr { part },
            Some(&byte) => return ProtocolError::FieldValue { part, name: Excerpt::new(name), byte },
        }
    }
    // Not reached while both read the same grammar; the input is refused all the same.
    ProtocolError::FieldName { part, seen: Excerpt::new(b"") }
}
