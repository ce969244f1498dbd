//! The cookie-date algorithm (RFC 6265bis §5.1.1): tokens in any order, the first of each kind
//! counts.
//!
//! It differs from the HTTP-date grammar: servers send many formats, and the algorithm defines a
//! meaning for each. Time zones are ignored; every time is UTC.

use crate::http_date::{civil, format_http_date};
use crate::time::UnixTime;

/// Parses the value of an Expires attribute; returns `None` if the algorithm fails (RFC 6265bis
/// §5.1.1).
///
/// It fails for a nonexistent day, an hour above 23, a year before 1601, and a year with more than
/// four digits. Two-digit years mean 1970 to 2069. Times before 1970 become 0.
///
/// ```
/// use petition_core::{UnixTime, cookie::parse_date};
/// assert_eq!(parse_date(b"Wed, 09-Jun-21 10:18:14 GMT"), Some(UnixTime(1_623_233_894)));
/// assert_eq!(parse_date(b"tomorrow"), None);
/// ```
pub fn parse_date(text: &[u8]) -> Option<UnixTime> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(|&byte| is_delimiter(byte)).filter(|token| !token.is_empty()) {
        if time.is_none() {
            time = time_of_day(token);
            if time.is_some() {
                continue;
            }
        }
        if day.is_none() {
            day = number(token, 1, 2);
            if day.is_some() {
                continue;
            }
        }
        if month.is_none() {
            month = civil::month_by_prefix(token);
            if month.is_some() {
                continue;
            }
        }
        if year.is_none() {
            year = number(token, 2, 4);
        }
    }
    let ((hour, minute, second), day, month) = (time?, day?, month?);
    let year = match year? {
        year @ 70..=99 => year + 1900,
        year @ 0..=69 => year + 2000,
        year => year,
    };
    let year = i64::from(year);
    if year < 1601 || hour > 23 || minute > 59 || second > 59 || day == 0 || day > civil::days_in_month(year, month) {
        return None;
    }
    let seconds = civil::days_from_civil(year, month, day) * civil::SECONDS_PER_DAY;
    Some(civil::unix_time(seconds + i64::from(hour * 3_600 + minute * 60 + second)))
}

/// Formats `time` for an Expires attribute, for example `Wed, 09 Jun 2021 10:18:14 GMT` (RFC
/// 6265bis §4.1.1).
///
/// Times after the year 9999 become its last second.
pub fn format_date(time: UnixTime) -> String {
    format_http_date(time)
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, 0x09 | 0x20..=0x2F | 0x3B..=0x40 | 0x5B..=0x60 | 0x7B..=0x7E)
}

/// Parses between `least` and `most` digits at the start of `token`, not followed by another digit.
fn number(token: &[u8], least: usize, most: usize) -> Option<u32> {
    let length = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length < least || length > most {
        return None;
    }
    // At most four digits.
    Some(token.iter().take(length).fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0')))
}

/// Parses `H:M:S`, each of one or two digits; any non-digit may follow.
fn time_of_day(token: &[u8]) -> Option<(u32, u32, u32)> {
    let mut parts = token.splitn(3, |&byte| byte == b':');
    let whole = |part: &[u8]| part.iter().all(u8::is_ascii_digit).then(|| number(part, 1, 2)).flatten();
    let (hour, minute) = (whole(parts.next()?)?, whole(parts.next()?)?);
    Some((hour, minute, number(parts.next()?, 1, 2)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<u64> {
        parse_date(text.as_bytes()).map(|time| time.0)
    }

    #[test]
    fn first_token_of_each_kind_counts() {
        for text in [
            "Tue, 14 Nov 2023 22:13:20 GMT",
            "Tuesday, 14-Nov-23 22:13:20 GMT",
            "Tue Nov 14 22:13:20 2023",
            "2023 nov 14 22:13:20",
            "22:13:20x 14th;NOVEMBER@2023",
            "Nov 14 2023 22:13:20 Dec 15 2024 11:11:11",
            "14 2023y Nov 22:13:20 -0500 (EST)",
            "\t~14`Nov{2023|22:13:20",
        ] {
            assert_eq!(parse(text), Some(1_700_000_000), "{text}");
        }
    }

    #[test]
    fn short_times_and_two_digit_years_are_accepted() {
        assert_eq!(parse("1 Jan 2000 1:2:3"), Some(946_688_523));
        assert_eq!(parse("1 Jan 70 0:0:0"), Some(0));
        assert_eq!(parse("1 Jan 99 0:0:0"), parse("1 Jan 1999 0:0:0"));
        assert_eq!(parse("1 Jan 69 0:0:0"), parse("1 Jan 2069 0:0:0"));
    }

    #[test]
    fn missing_or_out_of_range_parts_fail() {
        for text in [
            "",
            "Nov 2023 22:13:20",
            "14 2023 22:13:20",
            "14 Nov 22:13:20",
            "14 Nov 2023",
            "14 Nov 2023 22:13",
            "14 Nov 2023 24:00:00",
            "14 Nov 2023 00:60:00",
            "14 Nov 2023 00:00:60",
            "14 Nov 2023 000:00:00",
            "0 Nov 2023 00:00:00",
            "31 Nov 2023 00:00:00",
            "29 Feb 1900 00:00:00",
            "014 Nov 2023 00:00:00",
            "14 Nov 1600 00:00:00",
            "14 Nov 20233 00:00:00",
            "14 Nov 3 00:00:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn dates_before_1970_become_zero() {
        assert_eq!(parse("1 Jan 1601 00:00:00"), Some(0));
        assert_eq!(parse("31 Dec 1969 23:59:59"), Some(0));
    }

    #[test]
    fn formatted_dates_parse_back() {
        for time in [0, 951_782_400, 1_700_000_000, 253_402_300_799] {
            assert_eq!(parse(&format_date(UnixTime(time))), Some(time));
        }
    }
}
