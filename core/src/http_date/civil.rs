//! Proleptic Gregorian calendar arithmetic for the date parsers and formatters.
//!
//! No text handling here. Years run from 1 to 9999. Times before 1970 are negative; [`unix_time`]
//! clamps them, since [`UnixTime`] cannot represent them.

use crate::time::UnixTime;

pub(crate) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
pub(crate) const SECONDS_PER_DAY: i64 = 86_400;
/// 9999-12-31T23:59:59Z, the last second with a four-digit year.
pub(crate) const LAST_SECOND: u64 = 253_402_300_799;

/// Returns the month (1 to 12) named by the first three bytes of `text`, in any case.
pub(crate) fn month_by_prefix(text: &[u8]) -> Option<u32> {
    let text = text.get(..3)?;
    (1..).zip(MONTHS).find(|(_, name)| name.as_bytes().eq_ignore_ascii_case(text)).map(|(number, _)| number)
}

/// Returns the number of days in `month` (1 to 12) of `year`.
pub(crate) fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Returns the days from 1970-01-01 to the given date. A day beyond the month's end runs into the
/// next month.
///
/// Years start in March, so that the leap day is the last day of its year. The lengths of the
/// months before it then follow one linear formula.
pub(crate) fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let (year, month) = (year - i64::from(month <= 2), i64::from(month));
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Returns year, month and day of the date `days` (not negative) after 1970-01-01.
pub(crate) fn civil_from_days(days: u64) -> (u64, u32, u32) {
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    // Both are small: a day is at most 31, a month at most 12.
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 } as u32;
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// Converts seconds since 1970 to a [`UnixTime`]; negative values become 0.
pub(crate) fn unix_time(seconds: i64) -> UnixTime {
    UnixTime(u64::try_from(seconds).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_from_epoch_in_both_directions() {
        for ((year, month, day), days) in [
            ((1970, 1, 1), 0),
            ((1969, 12, 31), -1),
            ((1970, 3, 1), 59),
            ((2000, 2, 29), 11_016),
            ((2000, 3, 1), 11_017),
            ((1601, 1, 1), -134_774),
            ((9999, 12, 31), 2_932_896),
        ] {
            assert_eq!(days_from_civil(year, month, day), days, "{year}-{month}-{day}");
        }
    }

    #[test]
    fn every_day_of_eight_centuries_round_trips() {
        for days in 0..292_194u64 {
            let (year, month, day) = civil_from_days(days);
            assert!((1..=12).contains(&month) && (1..=days_in_month(year as i64, month)).contains(&day));
            assert_eq!(days_from_civil(year as i64, month, day), days as i64);
        }
    }

    #[test]
    fn month_prefixes_match_in_any_case() {
        assert_eq!(month_by_prefix(b"jAnuary"), Some(1));
        assert_eq!(month_by_prefix(b"DECxx"), Some(12));
        assert_eq!(month_by_prefix(b"De"), None);
        assert_eq!(month_by_prefix(b"Foo"), None);
    }
}
