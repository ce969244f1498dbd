//! The store as text, in the format of curl's HSTS file.
//!
//! One line for each host: the host, a space, and the expiry of its entry in quotation marks, as
//! `YYYYMMDD HH:MM:SS` in UTC or `unlimited`. A dot before the host includes its subdomains. A
//! leading `#` starts a comment.

use std::fmt::{self, Write};

use url::Url;

use super::store::{HstsEntry, HstsStore, host_of};
use crate::http_date::civil::{
    LAST_SECOND, SECONDS_PER_DAY, civil_from_days, days_from_civil, days_in_month, unix_time,
};
use crate::time::UnixTime;

const COMMENT: &str = "# Hosts to reach over https only, in the format of curl's HSTS file.\n";

/// The expiry of an entry that never expires.
const UNLIMITED: &str = "unlimited";

/// The result of [`HstsStore::load`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct HstsLoaded {
    /// The number of entries that were stored.
    pub taken: usize,
    /// The number of entries skipped because the store has one for the same host that expires no
    /// earlier.
    pub kept: usize,
    /// The number of invalid lines, and of entries that have expired.
    pub skipped: usize,
}

impl HstsStore {
    /// Returns the entries as text for [`load`](HstsStore::load) and for curl's option `--hsts`.
    /// The text reveals which hosts were visited.
    pub fn save(&self) -> String {
        let mut out = COMMENT.to_owned();
        for (host, entry) in self.iter() {
            let dot = if entry.include_subdomains { "." } else { "" };
            // Writing to a String does not fail.
            _ = writeln!(out, "{dot}{host} \"{}\"", End(entry.expires));
        }
        out
    }

    /// Adds the entries of a text: a saved store, or curl's HSTS file. Of two entries for one host,
    /// the one that expires later stays. Skips invalid lines, and entries that expire at or before
    /// `now`. The text must come from a trusted source.
    pub fn load(&mut self, text: &str, now: UnixTime) -> HstsLoaded {
        let mut loaded = HstsLoaded::default();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let line = read_line(line).filter(|(_, entry)| now < entry.expires);
            let Some((host, entry)) = line.as_ref().and_then(|(url, entry)| Some((host_of(url)?, *entry))) else {
                loaded.skipped += 1;
                continue;
            };
            if self.get(host).is_some_and(|known| known.expires >= entry.expires) {
                loaded.kept += 1;
            } else {
                self.put(host, entry);
                loaded.taken += 1;
            }
        }
        loaded
    }
}

/// Reads a line. The host is parsed as a URL, so it is canonicalized like the hosts of requests.
fn read_line(line: &str) -> Option<(Url, HstsEntry)> {
    let (host, end) = line.split_once([' ', '\t'])?;
    let (host, include_subdomains) = host.strip_prefix('.').map_or((host, false), |host| (host, true));
    if host.contains(['/', '?', '#', '@', ':', '\\', '%']) {
        return None;
    }
    let expires = read_end(end.trim_start().strip_prefix('"')?.strip_suffix('"')?)?;
    Some((Url::parse(&format!("https://{host}/")).ok()?, HstsEntry { expires, include_subdomains }))
}

/// Formats the expiry of an entry.
struct End(UnixTime);

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnixTime(seconds) = self.0;
        if seconds > LAST_SECOND {
            return f.write_str(UNLIMITED);
        }
        let (year, month, day) = civil_from_days(seconds / SECONDS_PER_DAY as u64);
        let second = seconds % SECONDS_PER_DAY as u64;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}{month:02}{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

fn read_end(text: &str) -> Option<UnixTime> {
    if text == UNLIMITED {
        return Some(UnixTime(u64::MAX));
    }
    let (date, time) = text.split_once(' ')?;
    let date = number(date, 8)?;
    let (year, month, day) = (i64::from(date / 10_000), date / 100 % 100, date % 100);
    let (hour, rest) = time.split_once(':')?;
    let (minute, second) = rest.split_once(':')?;
    let (hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    let is_day = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    if year == 0 || !is_day || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    Some(unix_time(days_from_civil(year, month, day) * SECONDS_PER_DAY + seconds))
}

/// Reads a number with exactly this many digits.
fn number(text: &str, digits: usize) -> Option<u32> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}
