//! Parses and validates absolute URLs; returns a URL with a canonical host, and its user
//! information separately.
//!
//! The lexical checks (RFC 3986 §3) run before the `url` crate, which silently repairs input that
//! this module rejects. It drops tabs and newlines, treats a backslash as a slash, and reads
//! `http:host` and `http:///host` as `http://host`. Checks on resolved addresses belong to the
//! address policy.

use super::UrlError;
use crate::byte_search::{memchr, memchr2, memchr3};
use crate::limits::{LimitExceeded, Limits};
use std::borrow::Cow;
use std::fmt;
use url::{Host, Url};

/// The percent-decoded user information of a URL. `Debug` shows neither part.
///
/// It becomes Basic credentials for the origin of that URL, since RFC 9110 §4.2.4 forbids sending
/// it in a URL. Basic cannot express a colon in `user` (written `%3A`); authentication rejects it.
#[derive(Clone, PartialEq, Eq)]
pub struct UserInfo {
    /// The part before the first colon; may be empty.
    pub user: String,
    /// The part after the first colon; `None` without a colon.
    pub password: Option<String>,
}

impl fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserInfo(redacted)")
    }
}

/// Parses the caller's absolute URL.
///
/// The returned URL has the scheme http or https, a host, a port other than 0 and no user
/// information. Its fragment is kept. Empty user information (`http://@host/`) counts as none.
///
/// # Errors
/// Each variant of [`UrlError`] names its cause; the module documentation lists them. Text longer
/// than [`Limits::url_bytes`] fails with [`UrlError::Limit`].
pub fn parse_url(text: &str, limits: &Limits) -> Result<(Url, Option<UserInfo>), UrlError> {
    check_length("url_bytes", limits.url_bytes, text.len())?;
    let bytes = check_bytes(text)?;
    let (scheme, rest) = split_scheme(text).ok_or(UrlError::NotAbsolute)?;
    open(known_scheme(scheme)?, Some(text), rest, bytes)
}

/// Validates a URL that the caller has already parsed, under the rules of [`parse_url`].
///
/// Anything the `url` crate repaired while parsing is no longer visible; [`parse_url`] is stricter.
///
/// # Errors
/// As for [`parse_url`].
pub fn accept_url(url: Url, limits: &Limits) -> Result<(Url, Option<UserInfo>), UrlError> {
    let text = url.as_str();
    let plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.port() != Some(0)
        && !text.bytes().any(|byte| escape(char::from(byte)).is_some());
    if !plain {
        return parse_url(text, limits);
    }
    // Reparsing such a URL would yield the same URL.
    check_length("url_bytes", limits.url_bytes, text.len())?;
    check_host(&url)?;
    Ok((url, None))
}

pub(super) fn check_length(name: &'static str, limit: usize, seen: usize) -> Result<(), UrlError> {
    let wide = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    Ok(LimitExceeded::check(name, wide(limit), wide(seen))?)
}

/// Whether a text contains bytes that [`encode`] must rewrite.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bytes {
    Legal,
    ToEncode,
}

/// Rejects control characters anywhere and spaces at either end.
pub(super) fn check_bytes(text: &str) -> Result<Bytes, UrlError> {
    let mut found = Bytes::Legal;
    for &byte in text.as_bytes() {
        if byte.is_ascii_control() {
            return Err(UrlError::Control(byte));
        }
        if escape(char::from(byte)).is_some() {
            found = Bytes::ToEncode;
        }
    }
    if text.starts_with(' ') || text.ends_with(' ') {
        return Err(UrlError::Space);
    }
    Ok(found)
}

/// Returns the escape for an ASCII character that RFC 3986 allows nowhere in a URL. Square brackets
/// pass in path and query: they are not legal there, but common practice sends them unescaped.
const fn escape(c: char) -> Option<&'static str> {
    Some(match c {
        ' ' => "%20",
        '"' => "%22",
        '<' => "%3C",
        '>' => "%3E",
        '\\' => "%5C",
        '^' => "%5E",
        '`' => "%60",
        '{' => "%7B",
        '|' => "%7C",
        '}' => "%7D",
        _ => return None,
    })
}

/// Percent-encodes illegal characters in the path and query at the start of `text`. Existing
/// escapes stay; the `url` crate handles non-ASCII characters and the fragment.
pub(super) fn encode(text: &str, bytes: Bytes) -> Cow<'_, str> {
    if bytes == Bytes::Legal {
        return Cow::Borrowed(text);
    }
    let end = memchr(b'#', text.as_bytes()).unwrap_or(text.len());
    let (head, fragment) = text.split_at(end);
    let mut out = String::with_capacity(text.len() + 16);
    for c in head.chars() {
        match escape(c) {
            Some(escaped) => out.push_str(escaped),
            None => out.push(c),
        }
    }
    out.push_str(fragment);
    Cow::Owned(out)
}

/// Returns the scheme and the text after its colon, or `None` for a relative reference (RFC 3986
/// §4.1).
pub(super) fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let mut bytes = scheme.bytes();
    (bytes.next()?.is_ascii_alphabetic() && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')))
        .then_some((scheme, rest))
}

pub(super) fn known_scheme(scheme: &str) -> Result<&'static str, UrlError> {
    if scheme.eq_ignore_ascii_case("http") {
        Ok("http")
    } else if scheme.eq_ignore_ascii_case("https") {
        Ok("https")
    } else {
        let shown: String = scheme.chars().take(32).map(|c| c.to_ascii_lowercase()).collect();
        Err(UrlError::UnsupportedScheme(shown.into()))
    }
}

/// Validates `rest`, which follows `scheme:`, and parses the URL. `whole` is the text that contains
/// both, if available. The parser gets it unchanged when nothing must be removed or rewritten.
pub(super) fn open(
    scheme: &'static str,
    whole: Option<&str>,
    rest: &str,
    bytes: Bytes,
) -> Result<(Url, Option<UserInfo>), UrlError> {
    let Some(after) = rest.strip_prefix("//") else {
        let slashed = rest.strip_prefix('/').unwrap_or(rest);
        return Err(if slashed.starts_with('\\') { UrlError::Backslash } else { UrlError::NoAuthority });
    };
    let end = memchr3(b'/', b'?', b'#', after.as_bytes()).unwrap_or(after.len());
    let (authority, tail) = after.split_at(end);
    if let Some(at) = memchr2(b'\\', b' ', authority.as_bytes()) {
        let space = authority.as_bytes().get(at) == Some(&b' ');
        return Err(if space { UrlError::Space } else { UrlError::Backslash });
    }
    let (user_info, host_port) = match authority.split_once('@') {
        Some((_, host_port)) if host_port.contains('@') => return Err(UrlError::SeveralAts),
        Some((text, host_port)) => (decode_user_info(text)?, host_port),
        None => (None, authority),
    };
    check_host_and_port(host_port)?;

    let url = match whole {
        Some(whole) if host_port.len() == authority.len() && bytes == Bytes::Legal => Url::parse(whole),
        _ => Url::parse(&format!("{scheme}://{host_port}{}", encode(tail, bytes))),
    }
    .map_err(parser_refused)?;
    check_host(&url)?;
    Ok((url, user_info))
}

/// Validates host and port as text (RFC 3986 §3.2.2, §3.2.3).
fn check_host_and_port(text: &str) -> Result<(), UrlError> {
    let (host, port) = if let Some(inner) = text.strip_prefix('[') {
        let (address, after) = inner.split_once(']').ok_or(UrlError::Host)?;
        if memchr(b'%', address.as_bytes()).is_some() {
            return Err(UrlError::ZoneId);
        }
        match after.strip_prefix(':') {
            Some(port) => (address, Some(port)),
            None if after.is_empty() => (address, None),
            None => return Err(UrlError::Port),
        }
    } else {
        match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    if host.is_empty() {
        return Err(UrlError::EmptyHost);
    }
    if memchr(b'%', host.as_bytes()).is_some() {
        return Err(UrlError::PercentInHost);
    }
    match port {
        // "http://host:/" has no port (RFC 3986 §6.2.3).
        None | Some("") => Ok(()),
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            match digits.trim_start_matches('0').parse::<u16>() {
                Ok(_) => Ok(()),
                Err(_) => Err(UrlError::Port),
            }
        }
        Some(_) => Err(UrlError::Port),
    }
}

/// Validates host and port of a URL that was parsed elsewhere.
pub(super) fn check_parsed(url: &Url) -> Result<(), UrlError> {
    if url.port() == Some(0) {
        return Err(UrlError::Port);
    }
    check_host(url)
}

/// Validates the canonical host: no empty label, only characters of RFC 3986's reg-name.
fn check_host(url: &Url) -> Result<(), UrlError> {
    let name = match url.host() {
        None => return Err(UrlError::EmptyHost),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => return Ok(()),
        Some(Host::Domain(name)) => name,
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() {
        return Err(UrlError::EmptyHost);
    }
    let mut before = b'.';
    for &byte in name.as_bytes() {
        let legal = byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte);
        if !legal || (byte == b'.' && before == b'.') {
            return Err(UrlError::Host);
        }
        before = byte;
    }
    if before == b'.' { Err(UrlError::Host) } else { Ok(()) }
}

fn parser_refused(error: url::ParseError) -> UrlError {
    use url::ParseError as E;
    match error {
        E::EmptyHost => UrlError::EmptyHost,
        E::InvalidPort => UrlError::Port,
        E::IdnaError | E::InvalidIpv4Address | E::InvalidIpv6Address | E::InvalidDomainCharacter => UrlError::Host,
        other => UrlError::Parse(other),
    }
}

fn decode_user_info(text: &str) -> Result<Option<UserInfo>, UrlError> {
    if text.is_empty() {
        return Ok(None);
    }
    let (user, password) = match text.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (text, None),
    };
    Ok(Some(UserInfo { user: percent_decode(user)?, password: password.map(percent_decode).transpose()? }))
}

/// Decodes `%HH`; a percent sign without two hex digits is kept as it is.
fn percent_decode(text: &str) -> Result<String, UrlError> {
    let hex = |byte: Option<&u8>| byte.and_then(|&b| char::from(b).to_digit(16));
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        let mut byte = first;
        if first == b'%'
            && let (Some(high), Some(low)) = (hex(after.first()), hex(after.get(1)))
            && let Ok(decoded) = u8::try_from(high * 16 + low)
        {
            byte = decoded;
            rest = after.get(2..).unwrap_or(&[]);
        }
        if byte.is_ascii_control() {
            return Err(UrlError::UserInfo);
        }
        out.push(byte);
    }
    String::from_utf8(out).map_err(|_| UrlError::UserInfo)
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
