//! The store as text.
//!
//! One line for each host: the host, a space, and the expiry in seconds since 1970. A leading dot
//! includes the sub-domains. A leading `#` starts a comment.

use url::Url;

use super::store::{HstsEntry, HstsStore, host_of};
use crate::time::UnixTime;

/// The result of [`HstsStore::load`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct HstsImported {
    /// The number of entries that were stored.
    pub taken: usize,
    /// The number of invalid lines, and of entries that have expired.
    pub skipped: usize,
}

impl HstsStore {
    /// Returns the entries as text, for [`load`](HstsStore::load). The text tells which hosts were
    /// visited.
    pub fn save(&self) -> String {
        let mut out = String::from("# Hosts to reach over https only: host, and expiry in seconds since 1970.\n");
        for (host, entry) in self.iter() {
            let dot = if entry.include_subdomains { "." } else { "" };
            out += &format!("{dot}{host} {}\n", entry.expires.0);
        }
        out
    }

    /// Adds the entries of a text. They replace those of the same hosts. Skips invalid lines, and
    /// entries that expire at or before `now`. The caller vouches for the text.
    pub fn load(&mut self, text: &str, now: UnixTime) -> HstsImported {
        let mut imported = HstsImported::default();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let stored = read_line(line).is_some_and(|(url, entry)| {
                let host = host_of(&url).filter(|_| now < entry.expires);
                host.map(|host| self.put(host, entry, now)).is_some()
            });
            *(if stored { &mut imported.taken } else { &mut imported.skipped }) += 1;
        }
        imported
    }
}

/// Reads a line. The host becomes a URL, so that it is canonicalized as those of requests are.
fn read_line(line: &str) -> Option<(Url, HstsEntry)> {
    let (host, expires) = line.split_once([' ', '\t'])?;
    let (host, include_subdomains) = host.strip_prefix('.').map_or((host, false), |host| (host, true));
    if host.contains(['/', '?', '#', '@', ':', '\\', '%']) {
        return None;
    }
    let expires = expires.trim_start();
    let expires = UnixTime(expires.parse().ok().filter(|_| !expires.starts_with('+'))?);
    Some((Url::parse(&format!("https://{host}/")).ok()?, HstsEntry { expires, include_subdomains }))
}
