//! The Strict-Transport-Security field (RFC 6797 §6.1).

use crate::http1::is_token_byte;

/// The directives of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Directives {
    /// In seconds; saturates. 0 withdraws the host's entry.
    pub(super) max_age: u64,
    pub(super) include_subdomains: bool,
}

/// Parses the value of a field. Returns `None` if the value is malformed, lacks max-age, or repeats
/// a directive: such a field is ignored as a whole. Unknown directives are skipped.
pub(super) fn parse(value: &[u8]) -> Option<Directives> {
    let (mut max_age, mut include_subdomains) = (None, false);
    let mut unknown: Vec<&[u8]> = Vec::new();
    let mut rest = value;
    loop {
        rest = rest.trim_ascii_start();
        let (name, after) = split(rest, is_token_byte);
        rest = after.trim_ascii_start();
        let mut argument = None;
        if let Some(after) = rest.strip_prefix(b"=").filter(|_| !name.is_empty()) {
            let (text, after) = read_argument(after.trim_ascii_start())?;
            (argument, rest) = (Some(text), after.trim_ascii_start());
        }
        if name.eq_ignore_ascii_case(b"max-age") {
            if max_age.replace(seconds(argument?)?).is_some() {
                return None;
            }
        } else if name.eq_ignore_ascii_case(b"includesubdomains") {
            if std::mem::replace(&mut include_subdomains, true) || argument.is_some() {
                return None;
            }
        } else if !name.is_empty() {
            if unknown.len() == MAX_UNKNOWN || unknown.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                return None;
            }
            unknown.push(name);
        }
        match rest {
            [] => return Some(Directives { max_age: max_age?, include_subdomains }),
            [b';', after @ ..] => rest = after,
            _ => return None,
        }
    }
}

/// The maximum number of unknown directives. It bounds the search for repeated ones.
const MAX_UNKNOWN: usize = 16;

/// Reads a token or a quoted string. Escapes are kept, since no known directive needs them.
fn read_argument(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let (token, rest) = split(text, is_token_byte);
        return (!token.is_empty()).then_some((token, rest));
    };
    let mut escaped = false;
    let end = quoted.iter().position(|&byte| match (escaped, byte) {
        (false, b'"') => true,
        (false, b'\\') => {
            escaped = true;
            false
        }
        _ => {
            escaped = false;
            false
        }
    })?;
    Some((&quoted[..end], &quoted[end + 1..]))
}

fn seconds(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |sum: u64, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'))))
}

fn split(text: &[u8], accepted: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|&byte| !accepted(byte)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_parse_by_the_grammar_of_rfc_6797() {
        let parsed = |value: &str| parse(value.as_bytes()).map(|d| (d.max_age, d.include_subdomains));
        for (value, expected) in [
            ("max-age=31536000", Some((31_536_000, false))),
            ("max-age=15768000 ; includeSubDomains", Some((15_768_000, true))),
            ("max-age=\"31536000\"", Some((31_536_000, false))),
            ("INCLUDESUBDOMAINS; MAX-AGE=0", Some((0, true))),
            (" ; ; max-age = 1 ;; preload;", Some((1, false))),
            ("max-age=1; note=\"a;\\\" max-age=2\"", Some((1, false))),
            ("max-age=99999999999999999999999", Some((u64::MAX, false))),
            ("", None),
            ("includeSubDomains", None),
            ("max-age", None),
            ("max-age=", None),
            ("max-age=-1", None),
            ("max-age=1 2", None),
            ("max-age=1.5", None),
            ("max-age=1; max-age=1", None),
            ("max-age=1; includeSubDomains; includesubdomains", None),
            ("max-age=1; includeSubDomains=1", None),
            ("max-age=1; preload; PRELOAD", None),
            ("max-age=1, max-age=2", None),
            ("max-age=\"1", None),
            ("max-age=1; =x", None),
        ] {
            assert_eq!(parsed(value), expected, "{value:?}");
        }
    }

    #[test]
    fn too_many_unknown_directives_are_refused() {
        let field = |count: usize| {
            let unknown: String = (0..count).map(|n| format!("; d{n}")).collect();
            parse(format!("max-age=1{unknown}").as_bytes())
        };
        assert!(field(MAX_UNKNOWN).is_some());
        assert!(field(MAX_UNKNOWN + 1).is_none());
    }
}
