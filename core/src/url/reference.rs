//! Reference resolution (RFC 3986 §5): the caller's reference against a base URL, and a peer's
//! Location.
//!
//! The `url` crate resolves. This module classifies the reference first: absolute and network-path
//! references pass the same validation as any URL, and a backslash never acts as a slash. A base
//! URL is never a string prefix: its path is resolved by RFC 3986 §5.2.

use super::UrlError;
use super::parse::{self, Bytes, UserInfo, check_bytes, check_length, encode, known_scheme, split_scheme};
use crate::byte_search::memchr_iter;
use crate::limits::Limits;
use url::Url;

/// Resolves the caller's `reference` against `base` (RFC 3986 §5.2).
///
/// Against `https://a/b/c`, `d` gives `https://a/b/d`, `/d` gives `https://a/d`, `//h/d` gives
/// another host, and an absolute URL gives itself. To be extended, a base path must end in `/`. The
/// base's query and fragment are not inherited, except that an empty reference inherits the query.
/// The result is validated as by [`super::parse_url`]. User information of `base` is not inherited.
///
/// # Errors
/// As for [`super::parse_url`], also for host and port of `base`. A backslash at the start or after
/// the first slash is [`UrlError::Backslash`].
pub fn join(base: &Url, reference: &str, limits: &Limits) -> Result<(Url, Option<UserInfo>), UrlError> {
    check_length("url_bytes", limits.url_bytes, reference.len())?;
    let bytes = check_bytes(reference)?;
    let slashed = reference.strip_prefix('/').unwrap_or(reference);
    if slashed.starts_with('\\') {
        return Err(UrlError::Backslash);
    }
    resolve(base, reference, bytes)
}

/// The resolved form of a Location field.
pub(crate) struct Located {
    pub(crate) url: Url,
    /// The peer's user information; not part of `url`, and never used.
    pub(crate) user_info: Option<UserInfo>,
    /// The number of backslashes in path and query that were encoded as `%5C`.
    pub(crate) backslashes: usize,
}

/// Resolves the bytes of a Location field against the URL of its hop. The fragment comes from the
/// field alone.
///
/// Unlike [`join`], this rejects a backslash only in or before the authority. Elsewhere it is
/// encoded and cannot change the host. Bytes from 0x80 on are percent-encoded; a host may contain
/// them if the whole field is UTF-8.
pub(crate) fn resolve_location(base: &Url, field: &[u8], limits: &Limits) -> Result<Located, UrlError> {
    check_length("location_bytes", limits.location_bytes, field.len())?;
    let field = field.trim_ascii();
    let encoded;
    let text = match std::str::from_utf8(field) {
        Ok(text) => text,
        Err(_) => {
            encoded = encode_high_bytes(field);
            &encoded
        }
    };
    let bytes = check_bytes(text)?;
    let (url, user_info) = resolve(base, text, bytes)?;
    let sent = text.split('#').next().unwrap_or_default();
    Ok(Located { url, user_info, backslashes: memchr_iter(b'\\', sent.as_bytes()).count() })
}

fn resolve(base: &Url, reference: &str, bytes: Bytes) -> Result<(Url, Option<UserInfo>), UrlError> {
    if let Some((scheme, rest)) = split_scheme(reference) {
        return parse::open(known_scheme(scheme)?, Some(reference), rest, bytes);
    }
    let scheme = known_scheme(base.scheme())?;
    if reference.starts_with("//") {
        return parse::open(scheme, None, reference, bytes);
    }
    // A base URL need not have been parsed from text.
    parse::check_parsed(base)?;
    let mut url = base.join(&encode(reference, bytes)).map_err(UrlError::Parse)?;
    if !url.username().is_empty() || url.password().is_some() {
        // Only a base that bypassed validation has user information. The calls cannot fail on a URL
        // with a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
    Ok((url, None))
}

fn encode_high_bytes(field: &[u8]) -> String {
    let mut out = String::with_capacity(field.len() + 16);
    for &byte in field {
        if byte.is_ascii() {
            out.push(char::from(byte));
        } else {
            const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(HEX.get(usize::from(nibble)).copied().unwrap_or('0'));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(base: &str, reference: &str) -> Result<String, UrlError> {
        join(&Url::parse(base).unwrap(), reference, &Limits::DEFAULT).map(|(url, _)| url.to_string())
    }

    fn located(base: &str, field: &[u8]) -> Result<String, UrlError> {
        resolve_location(&Url::parse(base).unwrap(), field, &Limits::DEFAULT).map(|l| l.url.to_string())
    }

    #[test]
    fn rfc_3986_5_4_examples_resolve() {
        for (reference, expected) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g/"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q#s"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../..", "http://a/"),
            ("../../../g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("https://h:8443/x", "https://h:8443/x"),
            (":23", "http://a/b/c/:23"),
        ] {
            assert_eq!(joined("http://a/b/c/d;p?q", reference).as_deref(), Ok(expected), "{reference}");
            assert_eq!(located("http://a/b/c/d;p?q#f", reference.as_bytes()).as_deref(), Ok(expected), "{reference}");
        }
    }

    #[test]
    fn base_url_is_not_a_string_prefix() {
        assert_eq!(joined("https://api.example/v1", "/x").as_deref(), Ok("https://api.example/x"));
        assert_eq!(joined("https://api.example/v1/", "x").as_deref(), Ok("https://api.example/v1/x"));
        // A string prefix would give https://api.example.evil.example/.
        assert_eq!(joined("https://api.example", ".evil.example").as_deref(), Ok("https://api.example/.evil.example"));
        assert_eq!(joined("https://u:p@api.example/", "x").as_deref(), Ok("https://api.example/x"));
    }

    #[test]
    fn references_are_validated_like_urls() {
        for (reference, error) in [
            ("//a@b@c/", UrlError::SeveralAts),
            ("///x", UrlError::EmptyHost),
            ("\\\\h\\x", UrlError::Backslash),
            ("/\\h", UrlError::Backslash),
            ("ftp://h/", UrlError::UnsupportedScheme("ftp".into())),
            ("javascript:x", UrlError::UnsupportedScheme("javascript".into())),
            ("http:x", UrlError::NoAuthority),
            ("x\ty", UrlError::Control(9)),
            ("x ", UrlError::Space),
        ] {
            assert_eq!(joined("http://a/b", reference), Err(error), "{reference:?}");
        }
    }

    #[test]
    fn t15_location_backslash_is_not_a_slash() {
        for (field, expected) in [
            (&b"\\\\localhost:80\\ok"[..], "http://a/b/%5C%5Clocalhost:80%5Cok"),
            (b"/\\evil.example/x", "http://a/%5Cevil.example/x"),
            (b"/x\\..\\y?a\\b#c\\d", "http://a/x%5C..%5Cy?a%5Cb#c\\d"),
        ] {
            assert_eq!(located("http://a/b/c", field).as_deref(), Ok(expected));
        }
        for field in [&b"http:\\\\evil.example/"[..], b"http://a\\@evil.example/", b"//evil.example\\x"] {
            assert_eq!(located("http://a/b/c", field), Err(UrlError::Backslash));
        }
    }

    #[test]
    fn t15_location_bytes_are_encoded_as_received() {
        for (field, expected) in [
            (&b"/r\xe4ksm\xf6rg\xe5s"[..], "http://a/r%E4ksm%F6rg%E5s"),
            ("/räk?ö".as_bytes(), "http://a/r%C3%A4k?%C3%B6"),
            (b"/te s%20t?a b", "http://a/te%20s%20t?a%20b"),
            (b"  /x ", "http://a/x"),
            ("//ä.example/".as_bytes(), "http://xn--4ca.example/"),
        ] {
            assert_eq!(located("http://a/b", field).as_deref(), Ok(expected));
        }
        assert_eq!(located("http://a/b", b"//\xe4.example/"), Err(UrlError::PercentInHost));
        for (field, byte) in [(&b"/a\rb"[..], 13), (b"/a\0", 0), (b"/a\x7f", 127), (b"/a\tb", 9)] {
            assert_eq!(located("http://a/b", field), Err(UrlError::Control(byte)));
        }
    }

    #[test]
    fn location_has_its_own_limit() {
        let long = vec![b'x'; Limits::DEFAULT.location_bytes + 1];
        let Err(UrlError::Limit(limit)) = located("http://a/", &long) else { panic!("not limited") };
        assert_eq!((limit.name, limit.found), ("location_bytes", 16 * 1024 + 1));
    }
}
