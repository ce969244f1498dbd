//! Small alphabets of HTTP (RFC 9110 §5.6): token characters, field value bytes, comma-separated
//! lists.

/// Whether `b` is valid in a token (RFC 9110 §5.6.2).
pub(crate) const fn is_token_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric()
        || matches!(
            b,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 256 {
        table[b] = is_token_byte(b as u8);
        b += 1;
    }
    table
};

/// Works like [`is_token_byte`], by table lookup.
pub(crate) fn is_token_byte_fast(b: u8) -> bool {
    TOKEN[b as usize]
}

/// Whether `bytes` is a token: not empty, only token characters.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&b| TOKEN[b as usize])
}

/// Whether `b` is valid in a field value: HTAB, SP, visible ASCII, 0x80–0xFF (RFC 9110 §5.5).
pub(crate) const fn is_value_byte(b: u8) -> bool {
    b == b'\t' || (b >= b' ' && b != 0x7f)
}

/// Whether `b` is a control character that a recipient may keep in a field value, though no sender
/// may send it: any but NUL, CR and LF (RFC 9110 §5.5).
pub(crate) const fn is_tolerated_control(b: u8) -> bool {
    !is_value_byte(b) && !matches!(b, b'\0' | b'\r' | b'\n')
}

/// Whether all of `bytes` are valid in a field value. There is no early exit, so that the loop can
/// be vectorized.
pub(crate) fn is_value(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |good, &b| good & ((b == b'\t') | ((b >= b' ') & (b != 0x7f))))
}

/// Returns `bytes` without spaces and tabs at either end (OWS, RFC 9110 §5.6.3).
pub(crate) const fn trim_ows(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Returns the trimmed elements of a comma-separated list, including empty ones. Quoted commas are
/// not supported: no list parsed with it contains quoted strings.
pub(crate) fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&b| b == b',').map(trim_ows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_keep_their_empty_elements() {
        let got: Vec<_> = elements(b" a ,\t,b").collect();
        assert_eq!(got, [&b"a"[..], b"", b"b"]);
        assert_eq!(elements(b"").collect::<Vec<_>>(), [b""]);
    }

    #[test]
    fn tokens_are_not_empty_and_hold_no_separators() {
        assert!(is_token(b"X-Test_1"));
        for bad in [&b""[..], b"a b", b"a:", b"a\0", b"\xc3\xa9", b"a\x7f", b"(", b"\"", b"a/b"] {
            assert!(!is_token(bad), "{bad:?}");
        }
    }
}
