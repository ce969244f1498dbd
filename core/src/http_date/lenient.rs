//! A lenient parser for near-HTTP-dates: parts in any order, other separators, zone names and
//! offsets.
//!
//! RFC 9110 §5.6.7 encourages recipients to be robust. The parser reads runs of letters or digits.
//! Each run must be a part that is still missing: weekday, month, zone, time of day, day or year.
//! Otherwise the text is rejected. The parser stops after six parts, which bounds the work, and
//! ignores the rest. A day beyond the end of its month (31 April) runs into the next one. Years
//! before 1583, when the Gregorian calendar was not in use, are rejected.

use super::{Civil, LONG_WEEKDAYS, WEEKDAYS, civil, digits, second_of_day};

const MOST_PARTS: usize = 6;
const FIRST_YEAR: u32 = 1583;

/// Zone names with their seconds to UTC, in upper case as in practice.
const ZONES: [(&[u8], i64); 31] = [
    (b"GMT", 0),
    (b"UT", 0),
    (b"UTC", 0),
    (b"WET", 0),
    (b"BST", -3_600),
    (b"AST", 4 * 3_600),
    (b"ADT", 3 * 3_600),
    (b"EST", 5 * 3_600),
    (b"EDT", 4 * 3_600),
    (b"CST", 6 * 3_600),
    (b"CDT", 5 * 3_600),
    (b"MST", 7 * 3_600),
    (b"MDT", 6 * 3_600),
    (b"PST", 8 * 3_600),
    (b"PDT", 7 * 3_600),
    (b"YST", 9 * 3_600),
    (b"YDT", 8 * 3_600),
    (b"HST", 10 * 3_600),
    (b"HDT", 9 * 3_600),
    (b"CET", -3_600),
    (b"MET", -3_600),
    (b"MEZ", -3_600),
    (b"MEST", -2 * 3_600),
    (b"MESZ", -2 * 3_600),
    (b"CEST", -2 * 3_600),
    (b"EET", -2 * 3_600),
    (b"EEST", -3 * 3_600),
    (b"WEST", -3_600),
    (b"JST", -9 * 3_600),
    (b"NZST", -12 * 3_600),
    (b"NZDT", -13 * 3_600),
];

/// Which part a bare number is tried as first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Day,
    Year,
}

/// The parts read so far.
struct Reader {
    expect: Expect,
    weekday: Option<()>,
    day: Option<u32>,
    month: Option<u32>,
    year: Option<u32>,
    second_of_day: Option<u32>,
    to_utc: Option<i64>,
}

pub(super) fn parse(text: &[u8]) -> Option<Civil> {
    let mut reader = Reader {
        expect: Expect::Day,
        weekday: None,
        day: None,
        month: None,
        year: None,
        second_of_day: None,
        to_utc: None,
    };
    let (mut at, mut parts) = (0, 0);
    while parts < MOST_PARTS
        && let Some(&first) = text.get(at)
    {
        if !first.is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        let rest = text.get(at..)?;
        at += if first.is_ascii_alphabetic() {
            let word = run(rest, u8::is_ascii_alphabetic);
            reader.word(word)?;
            word.len()
        } else {
            reader.number(rest, at.checked_sub(1).and_then(|before| text.get(before)).copied())?
        };
        parts += 1;
    }
    let year = reader.year.filter(|&year| !(100..FIRST_YEAR).contains(&year))?;
    Some(Civil {
        year: i64::from(year),
        month: reader.month?,
        day: reader.day?,
        second_of_day: reader.second_of_day.unwrap_or(0),
        to_utc: reader.to_utc.unwrap_or(0),
    })
}

impl Reader {
    /// Reads a run of letters: a weekday, a month or a zone, if still missing.
    fn word(&mut self, word: &[u8]) -> Option<()> {
        let named = |names: &[&str]| names.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(word));
        if self.weekday.is_none() && (named(&WEEKDAYS) || named(&LONG_WEEKDAYS)) {
            self.weekday = Some(());
            return Some(());
        }
        if self.month.is_none() && word.len() == 3 {
            self.month = civil::month_by_prefix(word);
            if self.month.is_some() {
                return Some(());
            }
        }
        if self.to_utc.is_none() {
            self.to_utc = zone(word);
            return self.to_utc.map(|_| ());
        }
        None
    }

    /// Reads a run of digits and returns how many bytes it consumed. `before` is the preceding
    /// byte.
    fn number(&mut self, rest: &[u8], before: Option<u8>) -> Option<usize> {
        if self.second_of_day.is_none()
            && let Some((second_of_day, length)) = time_of_day(rest)
        {
            self.second_of_day = Some(second_of_day);
            return Some(length);
        }
        let run = run(rest, u8::is_ascii_digit);
        let value = digits(run)?;
        // An offset follows the date, with its sign directly before it: +0200.
        if self.to_utc.is_none()
            && self.year.is_some()
            && run.len() == 4
            && value <= 1400
            && let Some(sign @ (b'+' | b'-')) = before
        {
            let offset = i64::from(value / 100 * 3_600 + value % 100 * 60);
            self.to_utc = Some(if sign == b'+' { -offset } else { offset });
        } else if run.len() == 8 && (self.year, self.month, self.day) == (None, None, None) {
            self.year = Some(value / 10_000);
            self.month = Some(value / 100 % 100).filter(|month| (1..=12).contains(month));
            self.day = Some(value % 100).filter(|day| (1..=31).contains(day));
            self.month.and(self.day)?;
        } else if self.expect == Expect::Day && self.day.is_none() && (1..=31).contains(&value) {
            self.day = Some(value);
            self.expect = Expect::Year;
        } else if self.year.is_none() && value <= 9_999 {
            self.year = Some(value);
            self.expect = Expect::Day;
        } else {
            return None;
        }
        Some(run.len())
    }
}

/// Returns the leading bytes of `text` for which `is` holds.
fn run(text: &[u8], is: impl Fn(&u8) -> bool) -> &[u8] {
    let length = text.iter().position(|byte| !is(byte)).unwrap_or(text.len());
    text.get(..length).unwrap_or_default()
}

/// Parses `H:M` or `H:M:S`, each of one or two digits. Returns the second of the day and the bytes
/// consumed.
fn time_of_day(text: &[u8]) -> Option<(u32, usize)> {
    let hour = run(text, u8::is_ascii_digit);
    let minute = run(text.get(hour.len()..)?.strip_prefix(b":")?, u8::is_ascii_digit);
    let mut length = hour.len() + 1 + minute.len();
    let mut second: &[u8] = b"0";
    if let Some(rest) = text.get(length..)?.strip_prefix(b":") {
        second = run(rest, u8::is_ascii_digit);
        length += 1 + second.len();
    }
    if [hour, minute, second].iter().any(|part| part.len() > 2) {
        return None;
    }
    Some((second_of_day(digits(hour)?, digits(minute)?, digits(second)?)?, length))
}

/// Returns the seconds to UTC of a zone name or a military letter (RFC 5322 §4.3; J is unassigned).
fn zone(name: &[u8]) -> Option<i64> {
    if let [letter @ b'A'..=b'Z'] = *name {
        return Some(match letter {
            b'A'..=b'I' => -3_600 * i64::from(letter - b'A' + 1),
            b'K'..=b'M' => -3_600 * i64::from(letter - b'A'),
            b'N'..=b'Y' => 3_600 * i64::from(letter - b'N' + 1),
            b'Z' => 0,
            _ => return None,
        });
    }
    ZONES.iter().find(|(known, _)| *known == name).map(|&(_, to_utc)| to_utc)
}
