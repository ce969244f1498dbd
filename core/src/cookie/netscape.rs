//! The Netscape cookie file, cookies.txt, as used by curl, wget, yt-dlp and browser extensions.
//!
//! Each line has seven tab-separated fields: domain, TRUE to include subdomains, path, TRUE for
//! Secure, expiry, name, value. The expiry is in seconds since 1970; 0 or nothing means a session
//! cookie. A leading `#HttpOnly_` marks HttpOnly; any other `#` starts a comment. The format loses
//! SameSite and all times except the expiry: use [`Jar::save`] to store a jar.

use super::admit::check_pair;
use super::attributes::{SameSite, Scope};
use super::jar::Jar;
use super::stored::StoredCookie;
use super::text::SaveSessions;
use crate::time::UnixTime;
use std::io::Write;

const TITLE: &[u8] = b"# Netscape HTTP Cookie File\n";
const HTTP_ONLY: &[u8] = b"#HttpOnly_";

/// The result of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Imported {
    /// The number of accepted cookies.
    pub taken: usize,
    /// The number of invalid lines, and of cookies that have expired or that the policy does not
    /// allow.
    pub skipped: usize,
}

impl Jar {
    /// Returns the jar as a Netscape cookie file. Cookies with a tab in name, value or path cannot
    /// be expressed and are omitted. The result contains the values: treat it as a secret.
    pub fn export_netscape(&self, sessions: SaveSessions) -> Vec<u8> {
        let mut out = TITLE.to_vec();
        for cookie in self.iter() {
            let omitted = sessions == SaveSessions::LeaveOut && cookie.expires().is_none();
            if !omitted && !cookie.pair().contains(&b'\t') && !cookie.path().contains(&b'\t') {
                write_line(&mut out, cookie);
            }
        }
        out
    }

    /// Imports the cookies of a Netscape cookie file, as if set at `now` in the order of its lines.
    /// They replace the same cookies of the jar. A leading byte order mark is dropped, and invalid
    /// lines are skipped. The origin of the cookies is not checked: the caller vouches for the
    /// file.
    pub fn import_netscape(&mut self, text: &[u8], now: UnixTime) -> Imported {
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        let mut imported = Imported::default();
        for line in text.split(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let (line, http_only) = match line.strip_prefix(HTTP_ONLY) {
                Some(line) => (line, true),
                None => (line, false),
            };
            if line.trim_ascii().is_empty() || (!http_only && line.starts_with(b"#")) {
                continue;
            }
            let accepted = read_line(line, http_only, now)
                .is_some_and(|cookie| !cookie.is_expired(now) && self.insert(cookie, now).is_ok());
            if accepted {
                imported.taken += 1;
            } else {
                imported.skipped += 1;
            }
        }
        imported
    }
}

fn write_line(out: &mut Vec<u8>, cookie: &StoredCookie) {
    let flag = |flag: bool| if flag { "TRUE" } else { "FALSE" };
    let subdomains = cookie.scope() == Scope::Domain;
    if cookie.http_only() {
        out.extend_from_slice(HTTP_ONLY);
    }
    // Writing to a Vec does not fail.
    _ = write!(out, "{}{}\t{}\t", if subdomains { "." } else { "" }, cookie.domain(), flag(subdomains));
    out.extend_from_slice(cookie.path());
    let expires = cookie.expires().map_or(0, |time| time.0);
    _ = write!(out, "\t{}\t{expires}\t", flag(cookie.secure()));
    out.extend_from_slice(cookie.name());
    out.push(b'\t');
    out.extend_from_slice(cookie.value());
    out.push(b'\n');
}

fn read_line(line: &[u8], http_only: bool, now: UnixTime) -> Option<StoredCookie> {
    let mut fields = line.split(|&byte| byte == b'\t');
    let mut next = || fields.next();
    let [domain, subdomains, path, secure, expires, name] = [next()?, next()?, next()?, next()?, next()?, next()?];
    // An empty value at the end may have lost its tab.
    let value = next().unwrap_or_default();
    if fields.next().is_some() {
        return None;
    }
    let flag = |text: &[u8]| text.eq_ignore_ascii_case(b"TRUE");
    check_pair(name, value).ok()?;
    Some(StoredCookie {
        pair: StoredCookie::join_pair(name, value),
        name_length: name.len(),
        domain: str::from_utf8(domain).ok()?.into(),
        scope: if flag(subdomains) { Scope::Domain } else { Scope::HostOnly },
        path: if path.is_empty() { b"/".as_slice() } else { path }.into(),
        secure: flag(secure),
        http_only,
        same_site: SameSite::Unset,
        expires: expiry(expires)?,
        created: now,
        updated: now,
        last_access: now,
    })
}

/// Parses seconds since 1970, without a fraction. 0, a negative number and an empty field (as
/// written by Python's http.cookiejar) mean a session cookie. The outer `None` means an invalid
/// number.
fn expiry(text: &[u8]) -> Option<Option<UnixTime>> {
    let text = str::from_utf8(text).ok()?;
    if text.is_empty() || text.starts_with('-') {
        return Some(None);
    }
    let whole = text.split('.').next()?;
    if whole.is_empty() || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = whole.parse().unwrap_or(u64::MAX);
    Some((seconds > 0).then_some(UnixTime(seconds)))
}
