//! A jar as text: its own format, so that saving loses nothing that affects decisions.
//!
//! The first line is `petition-cookies 1`. The last one is `end` and the number of cookies, so that
//! truncation is detected. Each line between them is one cookie, from the least to the most
//! recently used, with thirteen tab-separated fields:
//!
//! ```text
//! domain  host|tree  path  secure|-  httponly|-  unset|none|lax|strict  created  updated  used  expires|session  rank  name  value
//! ```
//!
//! Times are seconds since 1970; the rank orders the cookies by creation. In domain, path, name and
//! value, every byte that is not visible ASCII, and `%`, is written as `%XX`. The caller reads and
//! writes files, atomically and with proper permissions (0600; write a temporary file, then
//! rename).

use super::admit::readmit;
use super::attributes::{SameSite, Scope};
use super::jar::Jar;
use super::origin::Channel;
use super::stored::StoredCookie;
use crate::time::UnixTime;
use std::fmt::{self, Write};

const HEADER: &str = "petition-cookies ";
const VERSION: &str = "1";

/// Whether to save session cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SaveSessions {
    /// Save all cookies.
    Keep,
    /// Omit cookies without an expiry, as browsers do.
    LeaveOut,
}

/// The result of loading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Loaded {
    /// The number of accepted cookies.
    pub taken: usize,
    /// The number of cookies skipped because the jar has the same one, stored no earlier.
    pub kept: usize,
    /// The number of cookies that have expired or that the policy does not allow.
    pub skipped: usize,
}

/// Why a text is not a saved jar, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// The line number, from 1.
    pub line: usize,
    /// The fault.
    pub kind: LoadErrorKind,
}

/// The fault of a line of a saved jar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadErrorKind {
    /// The text does not begin with `petition-cookies`.
    Header,
    /// The version is not supported.
    Version,
    /// The number of fields is wrong.
    Fields,
    /// The field of this name is invalid.
    Field(&'static str),
    /// The last line is missing or its count is wrong: the text is truncated.
    End,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match self.kind {
            LoadErrorKind::Header => f.write_str("the text is not a saved cookie jar"),
            LoadErrorKind::Version => write!(f, "unsupported version of the cookie jar; expected {VERSION}"),
            LoadErrorKind::Fields => f.write_str("expected 13 fields"),
            LoadErrorKind::Field(name) => write!(f, "invalid field {name}"),
            LoadErrorKind::End => {
                f.write_str("the last line, with the number of cookies, is missing or does not match")
            }
        }
    }
}

impl std::error::Error for LoadError {}

impl Jar {
    /// Returns the jar as text for [`load`](Jar::load). Expired cookies are included; loading drops
    /// them. The result contains the values: treat it as a secret.
    pub fn save(&self, sessions: SaveSessions) -> String {
        let mut out = format!("{HEADER}{VERSION}\n");
        let mut count = 0;
        for (cookie, rank) in self.store.by_use() {
            if sessions == SaveSessions::LeaveOut && cookie.expires().is_none() {
                continue;
            }
            count += 1;
            write_cookie(&mut out, cookie, rank);
        }
        _ = writeln!(out, "end {count}");
        out
    }

    /// Loads the cookies of a saved jar in addition to the existing ones.
    ///
    /// Loading into an empty jar of the same policy gives a jar with the same decisions. If both
    /// have the same cookie (name, domain, scope, path), the value stored later stays; the jar's
    /// own if the times are equal. Cookies that have expired at `now` or that the policy no longer
    /// allows are skipped. Expiries are capped by the policy. Limits apply as for
    /// [`receive`](Jar::receive).
    ///
    /// # Errors
    /// [`LoadError`] if the text is not a saved jar, has another version, or is damaged or
    /// truncated. The jar is then unchanged.
    pub fn load(&mut self, text: &str, now: UnixTime) -> Result<Loaded, LoadError> {
        let lines = read(text)?;
        let mut loaded = Loaded::default();
        self.merge(lines, now, |outcome| match outcome {
            Merged::Taken => loaded.taken += 1,
            Merged::Kept => loaded.kept += 1,
            Merged::Skipped => loaded.skipped += 1,
        });
        Ok(loaded)
    }

    /// Merges cookies that have a history, given in the order of their last use; the later value
    /// wins.
    pub(super) fn merge(&mut self, saved: Vec<Saved>, now: UnixTime, mut report: impl FnMut(Merged)) {
        let was_empty = self.is_empty();
        let mut by_rank: Vec<usize> = (0..saved.len()).collect();
        by_rank.sort_by_key(|&line| saved.get(line).map(|saved| saved.rank));
        let mut orders = vec![0; saved.len()];
        for line in by_rank {
            if let Some(order) = orders.get_mut(line) {
                *order = self.store.next_created_order();
            }
        }
        for (Saved { cookie, .. }, order) in saved.into_iter().zip(orders) {
            report(self.merge_one(cookie, order, now));
        }
        if !was_empty {
            self.store.sort_by_access();
        }
    }

    fn merge_one(&mut self, cookie: StoredCookie, order: u64, now: UnixTime) -> Merged {
        let Ok(cookie) = readmit(self.policy(), cookie, now) else { return Merged::Skipped };
        if cookie.is_expired(now) {
            return Merged::Skipped;
        }
        if self.twin(&cookie).is_some_and(|own| own.updated() >= cookie.updated()) {
            return Merged::Kept;
        }
        match self.put(cookie, Channel::Secure, now, Some(order)) {
            Ok(_) => Merged::Taken,
            Err(_) => Merged::Skipped,
        }
    }
}

/// A cookie read from text, before any checks.
pub(super) struct Saved {
    pub(super) cookie: StoredCookie,
    /// Orders the cookies of one text by creation.
    pub(super) rank: u64,
}

/// The result for one cookie.
pub(super) enum Merged {
    Taken,
    Kept,
    Skipped,
}

fn write_cookie(out: &mut String, cookie: &StoredCookie, rank: usize) {
    escape(out, cookie.domain().as_bytes());
    out.push_str(match cookie.scope() {
        Scope::HostOnly => "\thost\t",
        Scope::Domain => "\ttree\t",
    });
    escape(out, cookie.path());
    out.push_str(if cookie.secure() { "\tsecure" } else { "\t-" });
    out.push_str(if cookie.http_only() { "\thttponly" } else { "\t-" });
    let same_site = SAME_SITE.iter().find(|(_, known)| *known == cookie.same_site()).map_or("unset", |(text, _)| text);
    let (created, updated, used) = (cookie.created().0, cookie.updated().0, cookie.last_access().0);
    // Writing to a String does not fail.
    _ = write!(out, "\t{same_site}\t{created}\t{updated}\t{used}\t");
    _ = match cookie.expires() {
        Some(time) => write!(out, "{}\t{rank}\t", time.0),
        None => write!(out, "session\t{rank}\t"),
    };
    escape(out, cookie.name());
    out.push('\t');
    escape(out, cookie.value());
    out.push('\n');
}

const SAME_SITE: [(&str, SameSite); 4] =
    [("unset", SameSite::Unset), ("none", SameSite::None), ("lax", SameSite::Lax), ("strict", SameSite::Strict)];

/// Parses all cookies of a saved jar.
fn read(text: &str) -> Result<Vec<Saved>, LoadError> {
    let mut lines = (1..).zip(text.lines());
    let version = lines.next().and_then(|(_, first)| first.strip_prefix(HEADER));
    match version {
        None => return Err(LoadError { line: 1, kind: LoadErrorKind::Header }),
        Some(VERSION) => {}
        Some(_) => return Err(LoadError { line: 1, kind: LoadErrorKind::Version }),
    }
    let mut cookies = Vec::new();
    let mut last = 1;
    for (line, text) in lines.by_ref() {
        last = line;
        if let Some(count) = text.strip_prefix("end ") {
            let whole = count.parse() == Ok(cookies.len()) && lines.next().is_none();
            return if whole { Ok(cookies) } else { Err(LoadError { line, kind: LoadErrorKind::End }) };
        }
        cookies.push(read_cookie(text).map_err(|kind| LoadError { line, kind })?);
    }
    Err(LoadError { line: last + 1, kind: LoadErrorKind::End })
}

fn read_cookie(line: &str) -> Result<Saved, LoadErrorKind> {
    let mut fields = line.split('\t');
    let mut next = || fields.next().ok_or(LoadErrorKind::Fields);
    let [domain, scope, path, secure, http_only, same_site] = [next()?, next()?, next()?, next()?, next()?, next()?];
    let [created, updated, used, expires, rank, name, value] =
        [next()?, next()?, next()?, next()?, next()?, next()?, next()?];
    if fields.next().is_some() {
        return Err(LoadErrorKind::Fields);
    }
    let invalid = LoadErrorKind::Field;
    let time = |text: &str, field| number(text).map(UnixTime).ok_or(invalid(field));
    let flag = |text: &str, set: &str, field| match text {
        "-" => Ok(false),
        text if text == set => Ok(true),
        _ => Err(invalid(field)),
    };
    let (name, value) = (unescape(name).ok_or(invalid("name"))?, unescape(value).ok_or(invalid("value"))?);
    if name.is_empty() && value.is_empty() {
        return Err(invalid("value"));
    }
    if name.contains(&b'=') {
        return Err(invalid("name"));
    }
    let domain = unescape(domain).and_then(|domain| String::from_utf8(domain).ok()).ok_or(invalid("domain"))?;
    let cookie = StoredCookie {
        pair: StoredCookie::join_pair(&name, &value),
        name_length: name.len(),
        domain: domain.into_boxed_str(),
        scope: match scope {
            "host" => Scope::HostOnly,
            "tree" => Scope::Domain,
            _ => return Err(invalid("scope")),
        },
        path: unescape(path).ok_or(invalid("path"))?.into_boxed_slice(),
        secure: flag(secure, "secure", "secure")?,
        http_only: flag(http_only, "httponly", "httponly")?,
        same_site: SAME_SITE.iter().find(|(text, _)| *text == same_site).ok_or(invalid("samesite"))?.1,
        expires: if expires == "session" { None } else { Some(time(expires, "expires")?) },
        created: time(created, "created")?,
        updated: time(updated, "updated")?,
        last_access: time(used, "used")?,
    };
    Ok(Saved { cookie, rank: number(rank).ok_or(invalid("rank"))? })
}

/// Parses digits only; `parse` would also accept a `+`.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn escape(out: &mut String, bytes: &[u8]) {
    for &byte in bytes {
        if byte.is_ascii_graphic() && byte != b'%' {
            out.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            _ = write!(out, "%{byte:02X}");
        }
    }
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                // Two hexadecimal digits make one byte.
                out.push((high * 16 + low) as u8);
            }
            byte if byte.is_ascii_graphic() => out.push(byte),
            _ => return None,
        }
    }
    Some(out)
}
