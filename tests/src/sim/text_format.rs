//! Bytes as text and back: quoted pieces joined by `+`, long runs of one byte as `"x"*400`, so that
//! a transcript can be read and edited.

use std::fmt::Write;

/// A run of at least this many equal bytes is written with its length.
const RUN: usize = 24;

/// Returns `bytes` as text: printable ASCII unmodified, the rest escaped as in Rust.
pub(super) fn write(bytes: &[u8]) -> String {
    let mut out = String::new();
    let mut at = 0;
    let mut plain = 0;
    let quoted = |out: &mut String, piece: &[u8], times: usize| {
        if piece.is_empty() {
            return;
        }
        let joint = if out.is_empty() { "" } else { "+" };
        let _ = write!(out, "{joint}\"{}\"", piece.escape_ascii());
        if times > 1 {
            let _ = write!(out, "*{times}");
        }
    };
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|&&b| b == bytes[at]).count();
        if run >= RUN {
            quoted(&mut out, &bytes[plain..at], 1);
            quoted(&mut out, &bytes[at..=at], run);
            plain = at + run;
        }
        at += run;
    }
    quoted(&mut out, &bytes[plain..], 1);
    if out.is_empty() { "\"\"".into() } else { out }
}

/// Returns the bytes of `text`.
///
/// # Errors
/// The fault of the text.
pub(super) fn parse(text: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut rest = text.trim();
    loop {
        rest = rest.strip_prefix('"').ok_or_else(|| format!("expected a quotation mark: {rest}"))?;
        let mut piece = Vec::new();
        let mut bytes = rest.bytes().enumerate();
        let end = loop {
            match bytes.next().ok_or("a quotation is not closed")? {
                (at, b'"') => break at,
                (_, b'\\') => piece.push(escape(&mut bytes)?),
                (_, b) => piece.push(b),
            }
        };
        rest = &rest[end + 1..];
        let mut times = 1;
        if let Some(after) = rest.strip_prefix('*') {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            times = after[..digits].parse().map_err(|_| "expected a number after *")?;
            rest = &after[digits..];
        }
        for _ in 0..times {
            out.extend_from_slice(&piece);
        }
        match rest.strip_prefix('+') {
            Some(more) => rest = more,
            None if rest.is_empty() => return Ok(out),
            None => return Err(format!("expected + or the end: {rest}")),
        }
    }
}

fn escape(bytes: &mut impl Iterator<Item = (usize, u8)>) -> Result<u8, String> {
    let mut next = || bytes.next().map(|(_, b)| b).ok_or("an escape is not complete");
    Ok(match next()? {
        b'r' => b'\r',
        b'n' => b'\n',
        b't' => b'\t',
        b'x' => {
            let digits = [next()?, next()?];
            let digits = std::str::from_utf8(&digits).map_err(|_| "expected two hex digits")?;
            u8::from_str_radix(digits, 16).map_err(|_| "expected two hex digits")?
        }
        b => b,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_form_round_trips() {
        let all: Vec<u8> = (0..=255).collect();
        let long = [b"abc".as_slice(), &[b'x'; 100], b"\"\\*+", &[0; 30]].concat();
        for bytes in [&all[..], &long, b"", b"\r\n"] {
            assert_eq!(super::parse(&super::write(bytes)).unwrap(), bytes, "{}", super::write(bytes));
        }
        assert_eq!(super::write(&long), r#""abc"+"x"*100+"\"\\*+"+"\x00"*30"#);
        assert!(super::parse("\"abc").is_err() && super::parse("abc").is_err() && super::parse("\"a\"b").is_err());
    }
}
