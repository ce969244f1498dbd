//! Parses a common head in one pass.
//!
//! Its results are those of `scan` and `parse`. It accepts a complete ASCII head at the start of
//! the input, with CRLF line ends and within all limits. At any other byte it gives up, and `scan`
//! and `parse` decide what is tolerated. It reads each byte once, many at a time.

use super::config::{Config, LeniencySet};
use super::framing::FramingHeaders;
use super::head::{Span, span};
use super::parse::{Parsed, assemble};
use super::status_line;
use super::token::is_token_byte_fast;

/// Heads with more fields take the general path.
const FIELDS: usize = 40;

/// Parses the head. `None` means only that the head is incomplete or needs the general path.
pub(crate) fn parse(input: &[u8], heads_left: usize, config: &Config) -> Option<Parsed> {
    let limits = &config.limits;
    let mut used = LeniencySet::EMPTY;
    let (line, mut rest) = input.split_at_checked(printable_prefix(input))?;
    let status = status_line::parse(line, config, &mut used).ok()?;
    let mut spans = [Span::default(); FIELDS];
    let mut free = spans.iter_mut();
    let mut signals = FramingHeaders::default();
    loop {
        let line_end = u32::from_le_bytes(*rest.first_chunk()?);
        if line_end == CRLF | CRLF << 16 {
            break;
        }
        if line_end & 0xffff != CRLF {
            return None;
        }
        let line = rest.get(2..)?;
        let (name, colon) = line.split_at_checked(name_len(line)?)?;
        // A complete head has at least a line end after the colon.
        let mut value = match colon.split_first_chunk()? {
            ([_, b' ', b' '], value) => without_spaces(value),
            ([_, b' ', _], _) => colon.get(2..)?,
            _ => colon.get(1..)?,
        };
        // Offsets fit in 32 bits: see the limit below.
        let (name_at, value_at) = (input.len() - line.len(), input.len() - value.len());
        (value, rest) = value.split_at_checked(printable_prefix(value))?;
        while let [less @ .., b' '] = value {
            value = less;
        }
        *free.next()? = span((name_at as u32, name.len() as u32), (value_at as u32, value.len() as u32));
        signals.field(name, value);
    }
    let len = input.len() - rest.len() + 4;
    let fields = FIELDS - free.len();
    // No line is longer than the head.
    let most = limits.head_line_bytes.min(limits.head_bytes).min(heads_left).min(i32::MAX as usize);
    if len > most || fields > limits.head_fields {
        return None;
    }
    #[cfg(test)]
    super::scan::steps::add(len);
    Some(assemble(input.get(..len)?, &[], spans.get(..fields)?, status, signals, used))
}

const CRLF: u32 = u32::from_le_bytes(*b"\r\n\0\0");

/// More than one space before a value is rare.
#[cold]
fn without_spaces(mut value: &[u8]) -> &[u8] {
    while let [b' ', more @ ..] = value {
        value = more;
    }
    value
}

/// Returns the length of the name at the start of a line, which must be followed by a colon.
#[inline(always)]
fn name_len(line: &[u8]) -> Option<usize> {
    // Most names are short and consist of letters and hyphens.
    let plain = match line.first_chunk().map(non_alpha) {
        Some([first, _]) if first != 0 => first_marked(first),
        Some([_, next]) if next != 0 => 8 + first_marked(next),
        _ => 0,
    };
    if plain > 0 && line.get(plain) == Some(&b':') { Some(plain) } else { token_len(line) }
}

#[inline(never)]
fn token_len(line: &[u8]) -> Option<usize> {
    let mut len = run(line, non_alpha);
    while line.get(len).is_some_and(|&b| is_token_byte_fast(b)) {
        len += 1;
    }
    (len > 0 && line.get(len) == Some(&b':')).then_some(len)
}

/// Returns the index of the first byte that is not printable ASCII, or the length.
#[inline(always)]
fn printable_prefix(bytes: &[u8]) -> usize {
    match bytes.first_chunk().map(unprintable) {
        Some([first, ..]) if first != 0 => first_marked(first),
        Some([_, next, ..]) if next != 0 => 8 + first_marked(next),
        Some([_, _, next, _]) if next != 0 => 16 + first_marked(next),
        Some([.., last]) if last != 0 => 24 + first_marked(last),
        Some(_) => printable_len(bytes, 32),
        None => printable_len(bytes, 0),
    }
}

/// Returns the index of the first unprintable byte; the first `len` bytes are known to be
/// printable.
#[inline(never)]
fn printable_len(bytes: &[u8], mut len: usize) -> usize {
    len += run(bytes.get(len..).unwrap_or_default(), unprintable);
    while bytes.get(len).is_some_and(|&b| !is_unprintable(b)) {
        len += 1;
    }
    len
}

/// Returns the number of bytes before the first marked one, or before a remainder shorter than a
/// window.
fn run<const N: usize, const WORDS: usize>(bytes: &[u8], marks: impl Fn(&[u8; N]) -> [u64; WORDS]) -> usize {
    let mut len = 0;
    for window in bytes.as_chunks().0 {
        for word in marks(window) {
            if word != 0 {
                return len + first_marked(word);
            }
            len += 8;
        }
    }
    len
}

/// Returns the index of the first marked byte of eight.
fn first_marked(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

fn is_non_alpha(b: u8) -> bool {
    !(b.is_ascii_alphabetic() | (b == b'-'))
}

fn is_unprintable(b: u8) -> bool {
    !(0x20..0x7f).contains(&b)
}

// Separate branch-free functions, so that the compiler vectorizes them.

/// Marks bytes that are neither letters nor hyphens with 1.
#[inline(never)]
fn non_alpha(window: &[u8; 16]) -> [u64; 2] {
    words(window.map(|b| u8::from(is_non_alpha(b))))
}

/// Marks bytes that are not printable ASCII with 1.
#[inline(never)]
fn unprintable(window: &[u8; 32]) -> [u64; 4] {
    words(window.map(|b| u8::from(is_unprintable(b))))
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

    /// Prepends a field that shifts the rest by up to two blocks.
    fn at_every_offset(head: &[u8], check: impl Fn(&[u8])) {
        check(head);
        let line = head.iter().position(|&b| b == b'\n').unwrap_or_default() + 1;
        for len in 0..2 * 64 {
            let padding = format!("P: {}\r\n", "p".repeat(len));
            check(&[&head[..line], padding.as_bytes(), &head[line..]].concat());
        }
    }

    #[test]
    fn every_byte_at_every_offset_is_classified() {
        for offset in 0..70 {
            for byte in 0..=255u8 {
                let mut bytes = [b'a'; 72];
                bytes[71] = b':';
                bytes[offset] = byte;
                let colon = match byte {
                    b':' => Some(offset).filter(|&offset| offset > 0),
                    _ if is_token_byte_fast(byte) => Some(71),
                    _ => None,
                };
                assert_eq!(name_len(&bytes), colon, "{byte:#x} at {offset}");
                for behind in [b'a', 0, b'\r', 0x7f, 0xff] {
                    bytes[offset + 1..].fill(behind);
                    let next = if behind == b'a' { 72 } else { offset + 1 };
                    for start in [0, 1, 7, 8, 20, 39, 40, 41, 69] {
                        let odd = if (0x20..0x7f).contains(&byte) { next } else { offset };
                        assert!(
                            start > offset || start + printable_prefix(&bytes[start..]) == odd,
                            "{byte:#x} at {offset} from {start}"
                        );
                    }
                }
            }
        }
    }

    /// The window that finds the end of a name at once accepts only these bytes; other names are
    /// read byte by byte.
    #[test]
    fn only_letters_and_hyphens_take_the_fast_path() {
        for byte in 0..=255 {
            let is_plain = matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'-');
            assert_eq!(is_non_alpha(byte), !is_plain, "{byte:#x}");
            let mut window = *b"Content-Length-X";
            window[9] = byte;
            assert_eq!(non_alpha(&window), [0, u64::from(!is_plain) << 8], "{byte:#x}");
        }
    }

    #[test]
    fn common_head_is_read_exactly_to_its_end() {
        at_every_offset(b"HTTP/1.1 200 OK\r\nA:  b c \r\nX_1: e\r\nD:\r\nE:   \r\n\r\n", |head| {
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
    fn uncommon_heads_take_the_general_path() {
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
            at_every_offset(odd, |head| assert!(read(head).is_none(), "{}", head.escape_ascii()));
        }
    }

    /// With each byte at each position, this parser agrees with httparse and the scan.
    #[test]
    fn fast_path_agrees_with_general_path() {
        let config = Config::default();
        let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nX-Some_thing: value \r\nContent-Length: 5\r\n\r\n";
        for offset in 0..head.len() {
            for byte in 0..=255 {
                let mut head = *head;
                head[offset] = byte;
                let Some(ours) = read(&head) else { continue };
                let rules = super::super::scan::ScanRules {
                    config: &config,
                    heads_left: usize::MAX,
                    served: false,
                    leading_empty_line: false,
                };
                let mut scan = super::super::scan::Scan::default();
                let mut lines = (0..head.len()).filter(|&at| head[at] == b'\n');
                let end = lines.find(|&lf| {
                    scan.line(&head[..=lf], &rules).unwrap_or_else(|error| panic!("{} {error:?}", head.escape_ascii()))
                        == super::super::scan::Line::End
                });
                let whole = &head[..=end.unwrap()];
                let theirs = super::super::parse::head(whole, &scan, scan.status.unwrap(), &config);
                let theirs = theirs.unwrap_or_else(|error| panic!("{} {error}", head.escape_ascii()));
                assert_eq!(ours.head, theirs.head);
                assert_eq!(format!("{:?}", ours.signals), format!("{:?}", theirs.signals));
                assert_eq!(ours.used, theirs.used);
            }
        }
    }
}
