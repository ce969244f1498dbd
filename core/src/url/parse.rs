//! The door itself: absolute text in, a URL with a canonical host and its user information apart out.
//!
//! The checks are lexical (RFC 3986 §3) and run before the `url` crate, which would mend what is refused
//! here: it drops tabs and newlines, takes a backslash for a slash, and reads `http:host` and `http:///host`
//! as `http://host`. Left out: any check of what the host resolves to (see the address policy).

use super::UrlError;
use crate::byte_search::{memchr, memchr2, memchr3};
use crate::limits::{LimitExceeded, Limits};
use std::borrow::Cow;
use std::fmt;
use url::{Host, Url};

/// User information of a URL, percent-decoded. `Debug` shows neither part.
///
/// It becomes Basic credentials for the origin of that URL (RFC 9110 §4.2.4 forbids to send it in a URL).
/// A colon in `user` (written `%3A`) cannot be said in Basic; that is for the authentication to refuse.
#[derive(Clone, PartialEq, Eq)]
pub struct UserInfo {
    /// The part before the first colon; may be empty.
    pub user: String,
    /// The part after the first colon; `None` when there is no colon.
    pub password: Option<String>,
}

impl fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserInfo(redacted)")
    }
}

/// Parses the caller's absolute URL.
///
/// The URL that comes back has the scheme http or https, a host, a port other than 0 and no user information;
/// a fragment is kept. Empty user information (`http://@host/`) counts as none.
///
/// # Errors
/// What the module's documentation lists, each cause by its variant. A text longer than
/// [`Limits::url_bytes`] is [`UrlError::Limit`].
pub fn parse_url(text: &str, limits: &Limits) -> Result<(Url, Option<UserInfo>), UrlError> {
    check_length("url_bytes", limits.url_bytes, text.len())?;
    let bytes = check_bytes(text)?;
    let (scheme, rest) = split_scheme(text).ok_or(UrlError::NotAbsolute)?;
    open(known_scheme(scheme)?, Some(text), rest, bytes)
}

/// Takes in a URL that the caller has parsed already, under the rules of [`parse_url`].
///
/// What the `url` crate has mended while parsing cannot be seen any more; the text form is stricter.
///
/// # Errors
/// As [`parse_url`].
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
    // As the `url` crate writes it, such a URL is what the door would make of it.
    check_length("url_bytes", limits.url_bytes, text.len())?;
    check_host(&url)?;
    Ok((url, None))
}

pub(super) fn check_length(name: &'static str, limit: usize, seen: usize) -> Result<(), UrlError> {
    let wide = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    Ok(LimitExceeded::check(name, wide(limit), wide(seen))?)
}

/// Whether a text holds bytes that [`encode`] has to rewrite.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bytes {
    Legal,
    ToEncode,
}

/// Refuses controls anywhere and spaces at the ends.
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

/// The escape for ASCII that RFC 3986 allows nowhere in a URL. Square brackets are let through in path and
/// query: they are not legal there either, but everybody sends them as they are.
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

/// Percent-encodes what is illegal in the path and query that `text` begins with. What is encoded already is
/// left alone; non-ASCII is left to the `url` crate, and so is the fragment.
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

/// The scheme and what follows its colon, or `None` for a relative reference (RFC 3986 §4.1).
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

/// Checks `rest`, which follows `scheme:`, and parses the whole. `whole` is the text that both stand in, if
/// there is one: it goes to the parser as it is when nothing has to be taken out or rewritten.
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
    let (user_info, place) = match authority.split_once('@') {
        Some((_, place)) if place.contains('@') => return Err(UrlError::SeveralAts),
        Some((text, place)) => (decode_user_info(text)?, place),
        None => (None, authority),
    };
    check_place(place)?;

    let url = match whole {
        Some(whole) if place.len() == authority.len() && bytes == Bytes::Legal => Url::parse(whole),
        _ => Url::parse(&format!("{scheme}://{place}{}", encode(tail, bytes))),
    }
    .map_err(parser_refused)?;
    check_host(&url)?;
    Ok((url, user_info))
}

/// Host and port as text (RFC 3986 §3.2.2, §3.2.3).
fn check_place(place: &str) -> Result<(), UrlError> {
    let (host, port) = if let Some(inner) = place.strip_prefix('[') {
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
        match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
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

/// Host and port of a URL that was parsed elsewhere, under the rules for those in text.
pub(super) fn check_parsed(url: &Url) -> Result<(), UrlError> {
    if url.port() == Some(0) {
        return Err(UrlError::Port);
    }
    check_host(url)
}

/// The canonical host: no empty label, and nothing outside of RFC 3986's reg-name.
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

/// Decodes `%HH`; a percent sign without two digits stands for itself.
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
