//! An ordinary head in one pass.
//!
//! Decides nothing that `scan` and `parse` decide otherwise: it reads a head that lies whole at the start of the input, in ASCII, every line ended
//! by CRLF, no limit met, and gives up at the first byte that is out of the ordinary. Then those two look at it, who know what is
//! tolerated and what is wrong. Each byte is looked at once, a word at a time.

use super::config::{Config, LeniencySet};
use super::framing::Signals;
use super::head::Span;
use super::parse::{Bytes, Parsed, assemble};
use super::status_line;
use super::token::is_token_byte_fast;

/// More fields than this are not ordinary.
const FIELDS: usize = 64;

/// Reads the head. `None` says nothing but that it is not ordinary, or not there in full.
pub(crate) fn parse(input: &[u8], heads_left: usize, config: &Config) -> Option<Parsed> {
    let limits = &config.limits;
    let mut used = LeniencySet::EMPTY;
    let first = first_odd(input)?;
    let (line, mut rest) = input.split_at_checked(first)?;
    let status = status_line::parse(line, config, &mut used).ok()?;
    let mut spans = [Span::EMPTY; FIELDS];
    let mut free = spans.iter_mut();
    let mut signals = Signals::default();
    let len = loop {
        let [b'\r', b'\n', behind @ ..] = rest else { return None };
        if let [b'\r', b'\n', body @ ..] = behind {
            break input.len() - body.len();
        }
        let name_len = name_len(behind)?;
        let (name, value) = behind.split_at_checked(name_len)?;
        let [b':', value @ ..] = value else { return None };
        let mut value = value;
        while let [b' ', more @ ..] = value {
            value = more;
        }
        let (mut value, behind_value) = value.split_at_checked(first_odd(value)?)?;
        // Offsets are kept in 32 bits: see the limit below.
        let name_start = (input.len() - behind.len()) as u32;
        let value_start = (input.len() - behind_value.len() - value.len()) as u32;
        while let [more @ .., b' '] = value {
            value = more;
        }
        *free.next()? = Span { name: (name_start, name_len as u32), value: (value_start, value.len() as u32) };
        signals.field(name, value);
        rest = behind_value;
    };
    let fields = FIELDS - free.len();
    // No line is longer than the head.
    let most = limits.head_line_bytes.min(limits.head_bytes).min(heads_left).min(i32::MAX as usize);
    if len > most || fields > limits.head_fields {
        return None;
    }
    #[cfg(test)]
    super::scan::steps::add(len);
    Some(assemble(Bytes::Borrowed(input.get(..len)?), Vec::new(), spans.get(..fields)?, status, signals, used))
}

/// How long the name is that `bytes` begin with: up to the first byte that cannot be in one. Nearly all are of letters and hyphens.
#[inline]
fn name_len(bytes: &[u8]) -> Option<usize> {
    let len = first(bytes, foreign, is_foreign)?;
    match bytes.get(len) {
        Some(b':') if len > 0 => Some(len),
        _ => {
            let len = bytes.iter().position(|&b| !is_token_byte_fast(b))?;
            (len > 0).then_some(len)
        }
    }
}

/// Where the first byte is that is not printable ASCII.
#[inline]
fn first_odd(bytes: &[u8]) -> Option<usize> {
    first(bytes, odd, is_odd)
}

fn is_foreign(b: u8) -> bool {
    !(b.is_ascii_alphabetic() | (b == b'-'))
}

fn is_odd(b: u8) -> bool {
    !(0x20..0x7f).contains(&b)
}

/// Where the first byte is of which `holds` is true. `marks` says it of many bytes at once, in a byte for each that is 1 or 0.
#[inline]
fn first<const N: usize, const WORDS: usize>(
    bytes: &[u8],
    marks: impl Fn(&[u8; N]) -> [u64; WORDS],
    holds: impl Fn(u8) -> bool,
) -> Option<usize> {
    let (windows, rest) = bytes.as_chunks();
    let mut at = 0;
    for window in windows {
        for word in marks(window) {
            if word != 0 {
                return Some(at + word.trailing_zeros() as usize / 8);
            }
            at += 8;
        }
    }
    Some(at + rest.iter().position(|&b| holds(b))?)
}

// Functions of their own, without a branch: so the compiler makes few instructions of them that look at sixteen bytes each.

#[inline(never)]
fn foreign(window: &[u8; 16]) -> [u64; 2] {
    words(window.map(|b| u8::from(is_foreign(b))))
}

#[inline(never)]
fn odd(window: &[u8; 32]) -> [u64; 4] {
    words(window.map(|b| u8::from(is_odd(b))))
}

fn words<const N: usize, const WORDS: usize>(bytes: [u8; N]) -> [u64; WORDS] {
    let mut words = [0; WORDS];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &[u8]) -> Option<Parsed> {
        parse(head, usize::MAX, &Config::default())
    }

    /// With a first field that moves all behind it by up to two blocks.
    fn at_every_place(head: &[u8], check: impl Fn(&[u8])) {
        check(head);
        let line = head.iter().position(|&b| b == b'\n').unwrap_or_default() + 1;
        for len in 0..2 * 64 {
            let padding = format!("P: {}\r\n", "p".repeat(len));
            check(&[&head[..line], padding.as_bytes(), &head[line..]].concat());
        }
    }

    #[test]
    fn an_ordinary_head_is_read_to_its_end_and_not_before_it() {
        at_every_place(b"HTTP/1.1 200 OK\r\nA:  b c \r\nX_1: e\r\nD:\r\nE:   \r\n\r\n", |head| {
            let parsed = read(head).unwrap_or_else(|| panic!("{}", head.escape_ascii()));
            let fields: Vec<_> = parsed.head.fields().iter().filter(|(name, _)| *name != "P").collect();
            assert_eq!(fields, [("A", &b"b c"[..]), ("X_1", b"e"), ("D", b""), ("E", b"")]);
            for behind in [&b"\xff\0"[..], b"\n", b"\r\n", b"a: b\r\n\r\n", &[b':'; 200]] {
                let read = read(&[head, behind].concat()).map(|parsed| parsed.head.raw().len());
                assert_eq!(read, Some(head.len()));
            }
            for cut in head.len().saturating_sub(64)..head.len() {
                assert!(read(&head[..cut]).is_none(), "{cut}");
            }
        });
    }

    #[test]
    fn what_is_out_of_the_ordinary_is_left_to_others() {
        for odd in [
            &b"HTTP/1.1 200 OK\nA: b\r\n\r\n"[..],
            b"HTTP/1.1 200 OK\r\nA: b\n\r\n",
            b"HTTP/1.1 200 OK\r\nA: b\r\n\n",
            b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n: b\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA\r\nB: c\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA: b\r\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA: \xc3\xa9\r\n\r\n",
            b"HTTP/1.1 200 \xc3\xa9\r\nA: b\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA: b\x7f\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA: b\tc\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA\0: b\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA\xff: b\r\n\r\n",
            b"\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n",
        ] {
            at_every_place(odd, |head| assert!(read(head).is_none(), "{}", head.escape_ascii()));
        }
    }

    /// Each byte in each place: what is read here is read as httparse and the scan read it.
    #[test]
    fn what_is_read_is_what_others_read() {
        let config = Config::default();
        let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nX-Some_thing: value \r\nContent-Length: 5\r\n\r\n";
        for place in 0..head.len() {
            for byte in 0..=255 {
                let mut head = *head;
                head[place] = byte;
                let Some(ours) = read(&head) else { continue };
                let rules = super::super::scan::ScanRules {
                    config: &config,
                    heads_left: usize::MAX,
                    leading_empty_line: false,
                };
                let mut scan = super::super::scan::Scan::default();
                let mut lines = (0..head.len()).filter(|&at| head[at] == b'\n');
                let end = lines.find(|&lf| {
                    scan.line(&head[..=lf], &rules).unwrap_or_else(|error| panic!("{} {error}", head.escape_ascii()))
                        == super::super::scan::Line::End
                });
                let whole = Bytes::Borrowed(&head[..=end.unwrap()]);
                let theirs = super::super::parse::head(whole, &scan, scan.status.unwrap(), &config);
                let theirs = theirs.unwrap_or_else(|error| panic!("{} {error}", head.escape_ascii()));
                assert_eq!(ours.head, theirs.head);
                assert_eq!(format!("{:?}", ours.signals), format!("{:?}", theirs.signals));
                assert_eq!(ours.used, theirs.used);
            }
        }
    }
}
