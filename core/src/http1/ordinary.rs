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
use super::token::{is_token_byte_fast, trim_ows};
use crate::memchr;

/// More fields than this are not ordinary.
const FIELDS: usize = 64;

/// Reads the head. `None` says nothing but that it is not ordinary, or not there in full.
pub(crate) fn parse(input: &[u8], heads_left: usize, config: &Config) -> Option<Parsed> {
    let limits = &config.limits;
    let mut used = LeniencySet::EMPTY;
    let first = memchr::memchr(b'\n', input)?;
    let line = input.get(..first)?.strip_suffix(b"\r")?;
    let status = status_line::parse(line, config, &mut used).ok()?;
    if !line.is_ascii() {
        return None;
    }
    let mut spans = [Span::EMPTY; FIELDS];
    let mut free = spans.iter_mut();
    let mut signals = Signals::default();
    let mut at = first + 1;
    let len = loop {
        let rest = input.get(at..)?;
        if let [b'\r', b'\n', ..] = rest {
            break at + 2;
        }
        let name_len = name_len(rest)?;
        let (name, value) = rest.split_at_checked(name_len)?;
        let [b':', value @ ..] = value else { return None };
        if name.is_empty() {
            return None;
        }
        let value_len = value_len(value)?;
        let value = value.get(..value_len)?;
        let trimmed = trim_ows(value);
        // Spaces at the end are rare; at the start there is one.
        let lead = value_len - trim_start(value).len();
        let start = at + name_len + 1;
        // An input longer than 4 GiB does not get this far: see the limit below.
        *free.next()? =
            Span { name: (at as u32, name_len as u32), value: ((start + lead) as u32, trimmed.len() as u32) };
        signals.field(name, trimmed);
        at = start + value_len + 2;
        if at > i32::MAX as usize {
            return None;
        }
    };
    let fields = FIELDS - free.len();
    // No line is longer than the head.
    let most = limits.head_line_bytes.min(limits.head_bytes).min(heads_left);
    if len > most || fields > limits.head_fields {
        return None;
    }
    #[cfg(test)]
    super::scan::steps::add(len);
    Some(assemble(Bytes::Borrowed(input.get(..len)?), Vec::new(), spans.get(..fields)?, status, signals, used))
}

fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH: u64 = ONES << 7;

/// How long the name is that `bytes` begin with, up to the colon behind it.
fn name_len(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += not_in_names(bytes.get(at..)?)?;
        match *bytes.get(at)? {
            b':' => return Some(at),
            b if is_token_byte_fast(b) => at += 1,
            _ => return None,
        }
    }
}

/// Where the first byte is that is neither a letter nor a hyphen, of which nearly all names are made.
fn not_in_names(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut at = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        // Without the high bits no sum carries into the next byte.
        let low = word & !HIGH;
        let lower = low | (ONES * 0x20);
        let letter = (lower + ONES * (0x80 - b'a' as u64)) & !(lower + ONES * (0x7f - b'z' as u64));
        let other_than_hyphen = (low ^ (ONES * b'-' as u64)) + (ONES * 0x7f);
        let found = ((!letter & other_than_hyphen) | word) & HIGH;
        if found != 0 {
            return Some(at + (found.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    Some(at + rest.iter().position(|b| !(b.is_ascii_alphabetic() || *b == b'-'))?)
}

/// How long the value is that `bytes` begin with, up to the CRLF behind it.
fn value_len(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += unusual(bytes.get(at..)?)?;
        match bytes.get(at..)? {
            [b'\r', b'\n', ..] => return Some(at),
            [b'\t', ..] => at += 1,
            _ => return None,
        }
    }
}

/// Where the first byte is that is not printable ASCII.
fn unusual(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut at = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        // The high bit of each byte below 0x20, equal to 0x7F, or above it. A borrow can only add bits above the first one that is right.
        let low = word.wrapping_sub(ONES * 0x20) & !word;
        let del = word ^ (ONES * 0x7f);
        let found = (low | (del.wrapping_sub(ONES) & !del) | word) & HIGH;
        if found != 0 {
            return Some(at + (found.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    Some(at + rest.iter().position(|b| !(0x20..0x7f).contains(b))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_in_every_place_is_told_apart() {
        for place in 0..20 {
            for byte in 0..=255u8 {
                let mut bytes = [b'a'; 24];
                bytes[place] = byte;
                let printable = (0x20..0x7f).contains(&byte);
                assert_eq!(unusual(&bytes), (!printable).then_some(place), "{byte:#x} at {place}");
                // What comes behind does not matter.
                bytes[place + 1..].fill(0);
                assert_eq!(unusual(&bytes), Some(if printable { place + 1 } else { place }), "{byte:#x} at {place}");
                bytes[place + 1..].fill(0xff);
                assert_eq!(unusual(&bytes), Some(if printable { place + 1 } else { place }), "{byte:#x} at {place}");
            }
        }
    }

    #[test]
    fn names_end_where_they_end() {
        for place in 0..20 {
            for byte in 0..=255u8 {
                let mut bytes = *b"Xx-aZz-AxxxxxxxxxxxxxxxxX:  ";
                bytes[place] = byte;
                let plain = byte.is_ascii_alphabetic() || byte == b'-';
                assert_eq!(not_in_names(&bytes), Some(if plain { 25 } else { place }), "{byte:#x} at {place}");
                let len = match byte {
                    b':' => Some(place),
                    _ if is_token_byte_fast(byte) => Some(25),
                    _ => None,
                };
                assert_eq!(name_len(&bytes), len, "{byte:#x} at {place}");
                assert_eq!(name_len(&bytes[..place + 1]), len.filter(|&len| len == place), "{byte:#x} at {place}");
            }
        }
    }

    #[test]
    fn what_is_out_of_the_ordinary_is_left_to_others() {
        let config = Config::default();
        let reads = |head: &[u8]| parse(head, usize::MAX, &config).map(|parsed| parsed.head.raw().len());
        let head = b"HTTP/1.1 200 OK\r\nA: b\tc \r\nD:\r\n\r\n";
        assert_eq!(reads(head), Some(head.len()));
        assert_eq!(reads(&[head, &b"\xff\0"[..]].concat()), Some(head.len()));
        for cut in 0..head.len() {
            assert_eq!(reads(&head[..cut]), None, "{cut}");
        }
        for odd in [
            &b"HTTP/1.1 200 OK\nA: b\r\n\r\n"[..],
            b"HTTP/1.1 200 OK\r\nA: b\n\r\n",
            b"HTTP/1.1 200 OK\r\nA: b\r\n\n",
            b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n: b\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA: \xc3\xa9\r\n\r\n",
            b"HTTP/1.1 200 \xc3\xa9\r\nA: b\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA: b\x7f\r\n\r\n",
            b"\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n",
        ] {
            assert_eq!(reads(odd), None, "{}", odd.escape_ascii());
        }
    }
}
