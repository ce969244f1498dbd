//! netrc: users and passwords by host, in the format of ftp(1) as curl reads it.
//!
//! Core parses the text; a transport reads the file. A host matches exactly, ignoring case. The
//! `default` entry applies only if the caller enables it. Macros (`macdef`) and accounts are
//! skipped.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use url::Url;

use super::{Auth, AuthError};

/// The credentials of a netrc file. Cloning is cheap.
///
/// ```
/// use petition_core::{Netrc, Session};
///
/// let netrc = Netrc::parse("machine api.example login me password \"two words\"")?;
/// let mut session = Session::new();
/// session.configure(|options| {
///     options.netrc(netrc);
/// });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Netrc(Arc<Entries>);

#[derive(Clone, PartialEq, Eq)]
struct Entries {
    machines: Vec<Entry>,
    default: Option<Entry>,
    uses_default: bool,
}

#[derive(Clone, Default, PartialEq, Eq)]
struct Entry {
    host: Box<str>,
    login: Option<Box<str>>,
    password: Option<Box<str>>,
}

impl Netrc {
    /// Parses the text of a netrc file.
    ///
    /// Tokens are separated by white space; a token in double quotes may contain white space and the
    /// escapes `\"`, `\\`, `\n`, `\r` and `\t`. A line that starts with `#` is a comment.
    ///
    /// # Errors
    /// [`NetrcError`] with the line of the first unknown or incomplete entry. It never quotes the
    /// text.
    pub fn parse(text: &str) -> Result<Netrc, NetrcError> {
        let mut tokens = tokens(text)?;
        let mut entries = Entries { machines: Vec::new(), default: None, uses_default: false };
        let mut current: Option<(Entry, bool)> = None;
        while let Some(Token { line, text: keyword }) = tokens.pop_front() {
            let mut value = || tokens.pop_front().map(|token| token.text.into()).ok_or(NetrcError { line });
            match &*keyword {
                "machine" => {
                    let host: Box<str> = value()?;
                    let next = Entry { host: host.to_ascii_lowercase().into(), ..Entry::default() };
                    entries.finish(current.replace((next, false)));
                }
                "default" => entries.finish(current.replace((Entry::default(), true))),
                "login" | "user" | "password" | "account" => {
                    let value = value()?;
                    let Some((entry, _)) = &mut current else { return Err(NetrcError { line }) };
                    match &*keyword {
                        "password" => entry.password = Some(value),
                        "account" => {}
                        _ => entry.login = Some(value),
                    }
                }
                _ => return Err(NetrcError { line }),
            }
        }
        entries.finish(current);
        Ok(Netrc(Arc::new(entries)))
    }

    /// Sets whether hosts without an entry get the credentials of the `default` entry. Default:
    /// `false`, since every requested host would get them.
    #[must_use]
    pub fn use_default(mut self, yes: bool) -> Netrc {
        Arc::make_mut(&mut self.0).uses_default = yes;
        self
    }

    /// Returns Basic credentials for the host of `url`, from the first entry that matches.
    ///
    /// With a `user`, for example from userinfo, an entry matches if it names that user, or only a
    /// password. Without one, an entry matches if it names a user or a password.
    ///
    /// # Errors
    /// [`AuthError`] if Basic cannot carry them.
    pub fn find(&self, url: &Url, user: Option<&str>) -> Result<Option<Auth>, AuthError> {
        self.find_with(url, user, self.0.uses_default)
    }

    /// Does the same as [`Netrc::find`] without a user and without the `default` entry.
    pub(crate) fn find_named(&self, url: &Url) -> Result<Option<Auth>, AuthError> {
        self.find_with(url, None, false)
    }

    fn find_with(&self, url: &Url, user: Option<&str>, uses_default: bool) -> Result<Option<Auth>, AuthError> {
        let host = url.host_str().unwrap_or_default();
        let host = host.strip_suffix('.').unwrap_or(host).trim_start_matches('[').trim_end_matches(']');
        let fits = |entry: &&Entry| match (user, &entry.login) {
            (Some(user), Some(login)) => *user == **login,
            (Some(_), None) => entry.password.is_some(),
            (None, login) => login.is_some() || entry.password.is_some(),
        };
        let named = self.0.machines.iter().filter(|entry| *entry.host == *host).find(fits);
        let default = self.0.default.as_ref().filter(|_| uses_default).filter(fits);
        let Some(entry) = named.or(default) else { return Ok(None) };
        let user = user.or(entry.login.as_deref()).unwrap_or_default();
        Auth::basic(user, entry.password.as_deref().unwrap_or_default()).map(Some)
    }
}

impl Entries {
    /// Stores an entry that is complete.
    fn finish(&mut self, entry: Option<(Entry, bool)>) {
        match entry {
            Some((entry, false)) => self.machines.push(entry),
            Some((entry, true)) => self.default = self.default.take().or(Some(entry)),
            None => {}
        }
    }
}

struct Token {
    line: usize,
    text: String,
}

/// Splits the text into tokens, and skips comments and macros.
fn tokens(text: &str) -> Result<VecDeque<Token>, NetrcError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut tokens = VecDeque::new();
    let mut in_macro = false;
    for (number, line) in text.lines().enumerate() {
        let (number, mut rest) = (number + 1, line.trim_ascii());
        if in_macro {
            // A macro ends with an empty line.
            in_macro = !rest.is_empty();
            continue;
        }
        if rest.starts_with('#') {
            continue;
        }
        while !rest.is_empty() {
            let (token, behind) = token(rest).ok_or(NetrcError { line: number })?;
            if token == "macdef" {
                in_macro = true;
                break;
            }
            tokens.push_back(Token { line: number, text: token });
            rest = behind.trim_ascii_start();
        }
    }
    Ok(tokens)
}

/// Returns the first token of a line, and the rest of the line. Returns `None` if a quote is not
/// closed.
fn token(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut token = String::new();
    let mut chars = quoted.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => return Some((token, &quoted[i + 1..])),
            '\\' => token.push(match chars.next()?.1 {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                other => other,
            }),
            other => token.push(other),
        }
    }
    None
}

/// Shows only the hosts.
impl fmt::Debug for Netrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.0.machines.iter().map(|entry| &entry.host);
        f.debug_tuple("Netrc").field(&hosts.collect::<Vec<_>>()).finish()
    }
}

/// Why a netrc text is invalid. The error never quotes the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetrcError {
    /// The line, counted from 1.
    pub line: usize,
}

impl fmt::Display for NetrcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of the netrc text has an unknown keyword, a missing value or an open quote", self.line)
    }
}

impl std::error::Error for NetrcError {}

#[cfg(test)]
#[path = "netrc_tests.rs"]
mod tests;
