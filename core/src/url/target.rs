//! The parts of a URL that a request sends, and the forms for logs: target, Host field, redacted
//! URL.
//!
//! All but the printed forms are slices of the URL's own text. The URLs must have passed
//! [`super::parse_url`] or an equivalent.

use crate::origin::Scheme;
use std::fmt;
use url::{Position, Url};

/// Returns the origin-form target (RFC 9112 §3.2.1): path and query, never the fragment. An empty
/// query keeps its `?`. The result is never empty: the path of an http or https URL is at least
/// `/`.
pub fn request_target(url: &Url) -> &str {
    &url[Position::BeforePath..Position::AfterQuery]
}

/// Returns the absolute-form target for a proxy (RFC 9112 §3.2.2), without the fragment. Validation
/// has already removed the user information.
pub fn absolute_target(url: &Url) -> &str {
    &url[..Position::AfterQuery]
}

/// Returns the value of the Host field (RFC 9110 §7.2): brackets around IPv6, no user information,
/// no default port.
///
/// A trailing dot of the host is kept: the Host field repeats the URL's authority, and a server may
/// distinguish the two names. Origins, cookies and TLS names omit the dot.
pub fn host_header(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
}

/// How much of a query [`redacted`] shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum QueryShown {
    /// The entire query.
    All,
    /// Only the names; each value, and each part without `=`, appears as `***`. The default.
    #[default]
    NamesOnly,
}

/// Returns the URL for logs and errors, without user information and fragment. `query` selects how
/// much of the query appears.
pub fn redacted(url: &Url, query: QueryShown) -> impl fmt::Display + '_ {
    Redacted { url, query }
}

struct Redacted<'a> {
    url: &'a Url,
    query: QueryShown,
}

impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url;
        if Scheme::of(url) == Scheme::Other {
            return f.write_str("(a URL that is not http or https)");
        }
        write!(f, "{}://{}{}", url.scheme(), &url[Position::BeforeHost..Position::AfterPort], url.path())?;
        let Some(query) = url.query() else { return Ok(()) };
        f.write_str("?")?;
        if self.query == QueryShown::All {
            return f.write_str(query);
        }
        for (index, part) in query.split('&').enumerate() {
            if index > 0 {
                f.write_str("&")?;
            }
            match part.split_once('=') {
                Some((name, "")) => write!(f, "{name}=")?,
                Some((name, _)) => write!(f, "{name}=***")?,
                None if part.is_empty() => {}
                None => f.write_str("***")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn t20_target_and_host_match_the_url() {
        for (text, target, host) in [
            ("http://h", "/", "h"),
            ("http://h?", "/?", "h"),
            ("http://h/p?#f", "/p?", "h"),
            ("http://h/a/../b?x=y#f", "/b?x=y", "h"),
            ("http://h:80/", "/", "h"),
            ("https://h:443/", "/", "h"),
            ("https://h:80/", "/", "h:80"),
            ("http://[::1]:8080/", "/", "[::1]:8080"),
            ("http://[::0:1]/", "/", "[::1]"),
            ("http://u:p@H.example./", "/", "h.example."),
            ("http://0177.1/", "/", "127.0.0.1"),
        ] {
            assert_eq!((request_target(&url(text)), host_header(&url(text))), (target, host), "{text}");
        }
    }

    #[test]
    fn absolute_form_has_no_fragment() {
        assert_eq!(absolute_target(&url("http://h:8080?#f")), "http://h:8080/?");
    }

    #[test]
    fn t96_redacted_url_hides_secrets() {
        let u = url("https://user:canary@h:8443/p?token=canary&a=&b&canary#canary");
        assert_eq!(redacted(&u, QueryShown::NamesOnly).to_string(), "https://h:8443/p?token=***&a=&***&***");
        let u = url("http://user:canary@h/p?a=b");
        assert_eq!(redacted(&u, QueryShown::All).to_string(), "http://h/p?a=b");
        assert!(!redacted(&url("data:canary"), QueryShown::All).to_string().contains("canary"));
    }
}
