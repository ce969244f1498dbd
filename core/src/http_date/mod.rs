//! HTTP-date (RFC 9110 §5.6.7): parses its three forms, formats the first.
//!
//! [`parse_http_date`] first tries the three forms exactly as the RFC spells them. Any other text
//! goes to the `lenient` parser, because §5.6.7 asks recipients to be robust. That parser accepts
//! parts in any order, offsets and common zone names. Cookie dates follow another algorithm:
//! [`crate::cookie::parse_date`].

pub(crate) mod civil;
mod lenient;

use crate::time::UnixTime;
use civil::{MONTHS, SECONDS_PER_DAY};

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const LONG_WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A parsed calendar date and time of day, before conversion to seconds.
struct Civil {
    year: i64,
    month: u32,
    day: u32,
    /// Seconds since midnight; a leap second is 86400.
    second_of_day: u32,
    /// The seconds to add to reach UTC.
    to_utc: i64,
}

impl Civil {
    /// Converts to a time. A two-digit year (below 100) falls in the century of `now`. If the date
    /// would be more than 50 years ahead, the previous century applies (RFC 9110 §5.6.7).
    fn to_unix(&self, now: UnixTime) -> UnixTime {
        let seconds = |year: i64| {
            civil::days_from_civil(year, self.month, self.day) * SECONDS_PER_DAY
                + i64::from(self.second_of_day)
                + self.to_utc
        };
        if self.year >= 100 {
            return civil::unix_time(seconds(self.year));
        }
        let now = now.0.min(civil::LAST_SECOND);
        let (this_year, month, day) = civil::civil_from_days(now / 86_400);
        // At most 9999. A leap day runs into March.
        let this_year = this_year as i64;
        let limit = civil::days_from_civil(this_year + 50, month, day) * SECONDS_PER_DAY + (now % 86_400) as i64;
        let year = this_year - this_year % 100 + self.year;
        civil::unix_time(seconds(if seconds(year) > limit { year - 100 } else { year }))
    }
}

/// Parses `text` as a date; returns `None` if it is not one.
///
/// Accepts all three forms of RFC 9110 §5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`, the RFC 850 form
/// with a two-digit year, and C's asctime form. It also accepts the same parts in another order or
/// without a time of day (midnight). An offset or zone name may replace GMT. The weekday is not
/// checked against the date. A two-digit year is interpreted so that the date is at most 50 years
/// after `now`. Times before 1970 become 0.
///
/// ```
/// use petition_core::UnixTime;
/// use petition_core::http_date::parse_http_date;
///
/// let now = UnixTime(1_700_000_000);
/// for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
///     assert_eq!(parse_http_date(text.as_bytes(), now), Some(UnixTime(784_111_777)));
/// }
/// assert_eq!(parse_http_date(b"120", now), None);
/// ```
pub fn parse_http_date(text: &[u8], now: UnixTime) -> Option<UnixTime> {
    let text = text.trim_ascii();
    let civil =
        imf_fixdate(text).or_else(|| rfc850(text)).or_else(|| asctime(text)).or_else(|| lenient::parse(text))?;
    Some(civil.to_unix(now))
}

/// Formats `time` as an IMF-fixdate, for example `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
/// The result is always 29 bytes of ASCII.
///
/// Times after the year 9999, which the format cannot express, become its last second.
pub fn format_http_date(time: UnixTime) -> String {
    let seconds = time.0.min(civil::LAST_SECOND);
    let days = seconds / 86_400;
    let second_of_day = seconds % 86_400;
    let (year, month, day) = civil::civil_from_days(days);
    // 1970-01-01 was a Thursday. Both remainders are within their tables.
    let weekday = WEEKDAYS[((days + 3) % 7) as usize];
    let month = MONTHS[(month as usize + 11) % 12];
    let (hour, minute, second) = (second_of_day / 3_600, second_of_day / 60 % 60, second_of_day % 60);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Parses `Sun, 06 Nov 1994 08:49:37 GMT`.
fn imf_fixdate(text: &[u8]) -> Option<Civil> {
    let (weekday, rest) = text.split_at_checked(3)?;
    let rest = rest.strip_prefix(b", ")?.strip_suffix(b" GMT")?;
    let (date, time) = rest.split_at_checked(11)?;
    let [d1, d2, b' ', m1, m2, m3, b' ', year @ ..] = date else { return None };
    is_weekday(weekday, &WEEKDAYS)?;
    exact(digits(year)?, digits(&[*d1, *d2])?, &[*m1, *m2, *m3], time.strip_prefix(b" ")?)
}

/// Parses `Sunday, 06-Nov-94 08:49:37 GMT`.
fn rfc850(text: &[u8]) -> Option<Civil> {
    let comma = text.iter().take(10).position(|&byte| byte == b',')?;
    let (weekday, rest) = text.split_at_checked(comma)?;
    let rest = rest.strip_prefix(b", ")?.strip_suffix(b" GMT")?;
    let (date, time) = rest.split_at_checked(9)?;
    let [d1, d2, b'-', m1, m2, m3, b'-', year @ ..] = date else { return None };
    is_weekday(weekday, &LONG_WEEKDAYS)?;
    exact(digits(year)?, digits(&[*d1, *d2])?, &[*m1, *m2, *m3], time.strip_prefix(b" ")?)
}

/// Parses `Sun Nov  6 08:49:37 1994`.
fn asctime(text: &[u8]) -> Option<Civil> {
    let (weekday, rest) = text.split_at_checked(3)?;
    let [b' ', m1, m2, m3, b' ', d1, d2, b' ', rest @ ..] = rest else { return None };
    let (time, year) = rest.split_at_checked(8)?;
    let [b' ', year @ ..] = year else { return None };
    if year.len() != 4 {
        return None;
    }
    let day = if *d1 == b' ' { digits(&[*d2])? } else { digits(&[*d1, *d2])? };
    is_weekday(weekday, &WEEKDAYS)?;
    exact(digits(year)?, day, &[*m1, *m2, *m3], time)
}

/// Combines the parts of a date if each is in range and the day exists.
fn exact(year: u32, day: u32, month: &[u8], time: &[u8]) -> Option<Civil> {
    let month = civil::month_by_prefix(month)?;
    let year = i64::from(year);
    let [h1, h2, b':', m1, m2, b':', s1, s2] = time else { return None };
    let second_of_day = second_of_day(digits(&[*h1, *h2])?, digits(&[*m1, *m2])?, digits(&[*s1, *s2])?)?;
    let exists = day >= 1 && day <= civil::days_in_month(year, month);
    exists.then_some(Civil { year, month, day, second_of_day, to_utc: 0 })
}

/// Returns the seconds since midnight; a leap second (60) is allowed.
fn second_of_day(hour: u32, minute: u32, second: u32) -> Option<u32> {
    (hour <= 23 && minute <= 59 && second <= 60).then_some(hour * 3_600 + minute * 60 + second)
}

fn is_weekday(text: &[u8], names: &[&str; 7]) -> Option<()> {
    names.iter().any(|name| name.as_bytes() == text).then_some(())
}

/// Parses one to nine ASCII digits; returns `None` for anything else.
fn digits(text: &[u8]) -> Option<u32> {
    if text.is_empty() || text.len() > 9 {
        return None;
    }
    text.iter().try_fold(0u32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
}

#[cfg(test)]
mod tests;
