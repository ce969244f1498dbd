//! A jar as text, and back: an own format, so that nothing that decides is lost (T72).
//!
//! The first line is `petition-cookies 1`, the last one `end` and the number of cookies, so that a file cut short shows. Between them stands
//! one cookie a line, from the least to the most recently used, thirteen fields with a tab between two:
//!
//! ```text
//! domain  host|tree  path  secure|-  httponly|-  unset|none|lax|strict  created  updated  used  expires|session  rank  name  value
//! ```
//!
//! Times are seconds since 1970; the rank orders the cookies by creation. In domain, path, name and value every byte that is not
//! visible ASCII, and `%`, is written as `%XX`. Reading and writing files, whole and with the right permissions (0600; write beside,
//! then rename), is the caller's business.

use super::admit::readmit;
use super::attributes::{SameSite, Scope};
use super::jar::Jar;
use super::origin::Way;
use super::stored::StoredCookie;
use crate::time::UnixTime;
use std::fmt::{self, Write};

const HEADER: &str = "petition-cookies ";
const VERSION: &str = "1";

/// Whether session cookies are saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SaveSessions {
    /// All cookies are.
    Keep,
    /// Those without an expiry are left out, as browsers do it.
    LeaveOut,
}

/// What was loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Loaded {
    /// Cookies taken.
    pub taken: usize,
    /// Cookies of which the jar had the same, stored no earlier.
    pub kept: usize,
    /// Cookies that have expired, or that the policy does not allow.
    pub skipped: usize,
}

/// The text is no jar: where, and in which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub kind: LoadErrorKind,
}

/// What is wrong with a line of a saved jar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadErrorKind {
    /// The text does not begin with `petition-cookies`.
    Header,
    /// A version that this build does not know.
    Version,
    /// Too few fields or too many.
    Fields,
    /// A field that is not what it should be: its name.
    Field(&'static str),
    /// The last line is missing or does not count right: the text was cut.
    End,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match self.kind {
            LoadErrorKind::Header => f.write_str("expected a saved cookie jar, saw something else"),
            LoadErrorKind::Version => write!(f, "expected a cookie jar of version {VERSION}, saw another version"),
            LoadErrorKind::Fields => f.write_str("expected 13 fields, saw another number"),
            LoadErrorKind::Field(name) => write!(f, "expected the field {name}, saw something else"),
            LoadErrorKind::End => {
                f.write_str("expected the last line with the number of cookies, saw none or another number")
            }
        }
    }
}

impl std::error::Error for LoadError {}

impl Jar {
    /// The jar as text, to be read by [`load`](Jar::load). Expired cookies are written too; they are dropped on loading.
    /// It holds the values: treat it as a secret.
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

    /// Takes in the cookies of a saved jar, beside those that are there.
    ///
    /// Into an empty jar of the same policy this gives a jar that decides everything as the saved one did. Where the jar has the same cookie
    /// (name, domain, scope, path) the one whose value was stored later stays, its own if neither was. Cookies that have expired at
    /// `now` or that the policy does not allow (its public suffixes may have grown) are passed over; no expiry lies further ahead than
    /// the policy allows. Limits hold as for [`receive`](Jar::receive).
    ///
    /// # Errors
    /// When the text is no saved jar, is of another version, or is damaged or cut. The jar is then as before.
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

    /// Puts cookies into the jar that have a history: given in the order of their last use, and the later value wins.
    pub(super) fn merge(&mut self, saved: Vec<Saved>, now: UnixTime, mut report: impl FnMut(Merged)) {
        let alone = self.is_empty();
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
        if !alone {
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
        match self.put(cookie, Way::Secure, now, Some(order)) {
            Ok(_) => Merged::Taken,
            Err(_) => Merged::Skipped,
        }
    }
}

/// A cookie read from text, not yet judged.
pub(super) struct Saved {
    pub(super) cookie: StoredCookie,
    /// Orders the cookies of one text by creation.
    pub(super) rank: u64,
}

/// What came of one.
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
    // Writing to a String cannot fail.
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

/// All cookies of a saved jar.
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
    let wrong = LoadErrorKind::Field;
    let time = |text: &str, field| number(text).map(UnixTime).ok_or(wrong(field));
    let flag = |text: &str, set: &str, field| match text {
        "-" => Ok(false),
        text if text == set => Ok(true),
        _ => Err(wrong(field)),
    };
    let (name, value) = (unescape(name).ok_or(wrong("name"))?, unescape(value).ok_or(wrong("value"))?);
    if name.is_empty() && value.is_empty() {
        return Err(wrong("value"));
    }
    if name.contains(&b'=') {
        return Err(wrong("name"));
    }
    let domain = unescape(domain).and_then(|domain| String::from_utf8(domain).ok()).ok_or(wrong("domain"))?;
    let cookie = StoredCookie {
        pair: StoredCookie::join_pair(&name, &value),
        name_length: name.len(),
        domain: domain.into_boxed_str(),
        scope: match scope {
            "host" => Scope::HostOnly,
            "tree" => Scope::Domain,
            _ => return Err(wrong("scope")),
        },
        path: unescape(path).ok_or(wrong("path"))?.into_boxed_slice(),
        secure: flag(secure, "secure", "secure")?,
        http_only: flag(http_only, "httponly", "httponly")?,
        same_site: SAME_SITE.iter().find(|(text, _)| *text == same_site).ok_or(wrong("samesite"))?.1,
        expires: if expires == "session" { None } else { Some(time(expires, "expires")?) },
        created: time(created, "created")?,
        updated: time(updated, "updated")?,
        last_access: time(used, "used")?,
    };
    Ok(Saved { cookie, rank: number(rank).ok_or(wrong("rank"))? })
}

/// Digits only; `parse` would take a `+` too.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn escape(out: &mut String, bytes: &[u8]) {
    for &byte in bytes {
        if byte.is_ascii_graphic() && byte != b'%' {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
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
                // Two hexadecimal digits make a byte.
                out.push((high * 16 + low) as u8);
            }
            byte if byte.is_ascii_graphic() => out.push(byte),
            _ => return None,
        }
    }
    Some(out)
}
