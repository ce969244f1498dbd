//! The origin of a URL: what credentials, caller-set cookies and sensitive fields are bound to.
//!
//! Origin = (scheme, lower-case host without a trailing dot, effective port), RFC 6454 §4 with the
//! trailing dot taken off, since `a.example.` and `a.example` are the same name to the DNS. There is no
//! exception for http and https of one host: they are two origins.

use std::fmt;
use url::Url;

/// The scheme of an [`Origin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// `http`, default port 80.
    Http,
    /// `https`, default port 443.
    Https,
    /// A scheme this client does not speak. The URL door lets none through.
    Other,
}

impl Scheme {
    /// The scheme of `url`.
    pub fn of(url: &Url) -> Scheme {
        match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => Scheme::Other,
        }
    }

    /// The port that is meant when a URL names none; 0 for [`Scheme::Other`].
    pub const fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
            Scheme::Other => 0,
        }
    }

    /// `http`, `https`, or the empty text for [`Scheme::Other`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
            Scheme::Other => "",
        }
    }
}

/// An origin that borrows its host from a URL: compares and hashes as [`Origin`] does, without allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginRef<'a> {
    host: &'a str,
    port: u16,
    scheme: Scheme,
}

impl<'a> OriginRef<'a> {
    /// The origin of `url`. The host is the canonical one that the `url` crate made (lower case, A-labels,
    /// addresses in their usual form), so comparing bytes is enough.
    ///
    /// A URL of a foreign scheme gets an origin that equals none of http or https; foreign schemes are not
    /// told apart from each other.
    pub fn of(url: &'a Url) -> OriginRef<'a> {
        let scheme = Scheme::of(url);
        let host = url.host_str().unwrap_or("");
        OriginRef {
            host: host.strip_suffix('.').unwrap_or(host),
            port: url.port().unwrap_or(scheme.default_port()),
            scheme,
        }
    }

    /// The scheme.
    pub const fn scheme(self) -> Scheme {
        self.scheme
    }

    /// The host in lower case, without a trailing dot; an IPv6 address stands in brackets.
    pub const fn host(self) -> &'a str {
        self.host
    }

    /// The port, the scheme's default filled in.
    pub const fn port(self) -> u16 {
        self.port
    }

    /// The same origin with a host of its own.
    pub fn to_owned(self) -> Origin {
        Origin { host: self.host.into(), port: self.port, scheme: self.scheme }
    }
}

impl fmt::Display for OriginRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scheme {
            Scheme::Other => write!(f, "unsupported scheme, {}:{}", self.host, self.port),
            scheme if scheme.default_port() == self.port => write!(f, "{}://{}", scheme.as_str(), self.host),
            scheme => write!(f, "{}://{}:{}", scheme.as_str(), self.host, self.port),
        }
    }
}

/// An origin that owns its host.
///
/// Displayed as RFC 6454 §6.2 says: `https://example.org`, the port only when it is not the default.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    host: Box<str>,
    port: u16,
    scheme: Scheme,
}

impl Origin {
    /// The origin of `url`, see [`OriginRef::of`].
    pub fn of(url: &Url) -> Origin {
        OriginRef::of(url).to_owned()
    }

    /// This origin, borrowed.
    pub fn as_ref(&self) -> OriginRef<'_> {
        OriginRef { host: &self.host, port: self.port, scheme: self.scheme }
    }

    /// True when `url` belongs to this origin. Does not allocate.
    pub fn holds(&self, url: &Url) -> bool {
        self.as_ref() == OriginRef::of(url)
    }

    /// The scheme.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host in lower case, without a trailing dot; an IPv6 address stands in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, the scheme's default filled in.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl From<OriginRef<'_>> for Origin {
    fn from(origin: OriginRef<'_>) -> Origin {
        origin.to_owned()
    }
}

impl PartialEq<OriginRef<'_>> for Origin {
    fn eq(&self, other: &OriginRef<'_>) -> bool {
        self.as_ref() == *other
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

/// True when both URLs are of one origin. Does not allocate.
pub fn same_origin(a: &Url, b: &Url) -> bool {
    OriginRef::of(a) == OriginRef::of(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::{BuildHasher, RandomState};

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn t1_any_differing_part_is_another_origin() {
        for (a, b, same) in [
            ("http://a.example/x", "http://a.example/y?z#f", true),
            ("http://A.Example/", "http://a.example:80/", true),
            ("http://a.example./", "http://a.example/", true),
            ("https://a.example:443/", "https://a.example/", true),
            ("http://user:pass@a.example/", "http://a.example/", true),
            ("http://0x7f.1/", "http://127.0.0.1/", true),
            ("http://[::0:1]/", "http://[::1]/", true),
            ("http://a.example/", "https://a.example/", false),
            ("http://a.example:443/", "https://a.example:443/", false),
            ("http://a.example/", "http://a.example:81/", false),
            ("http://a.example/", "http://b.a.example/", false),
            ("http://127.0.0.1/", "http://localhost/", false),
            ("ftp://a.example:80/", "http://a.example/", false),
        ] {
            let (a, b) = (url(a), url(b));
            assert_eq!(same_origin(&a, &b), same, "{a} {b}");
            assert_eq!(Origin::of(&a) == Origin::of(&b), same, "{a} {b}");
            assert_eq!(Origin::of(&a).holds(&b), same, "{a} {b}");
        }
    }

    #[test]
    fn the_parts_are_those_that_are_compared() {
        for (text, scheme, host, port) in [
            ("http://A.example./x", Scheme::Http, "a.example", 80),
            ("https://u:p@b.example/", Scheme::Https, "b.example", 443),
            ("https://[::0:1]:8443/", Scheme::Https, "[::1]", 8443),
            ("ftp://c.example/", Scheme::Other, "c.example", 0),
        ] {
            let u = url(text);
            let (borrowed, owned) = (OriginRef::of(&u), Origin::of(&u));
            assert_eq!((borrowed.scheme(), borrowed.host(), borrowed.port()), (scheme, host, port));
            assert_eq!((owned.scheme(), owned.host(), owned.port()), (scheme, host, port));
            assert!(owned == borrowed && owned.as_ref() == borrowed);
            assert_eq!(Origin::from(borrowed), owned);
        }
        assert!(Origin::of(&url("http://a.example/")) != OriginRef::of(&url("http://b.example/")));
        let names = [Scheme::Http, Scheme::Https, Scheme::Other].map(|scheme| (scheme.as_str(), scheme.default_port()));
        assert_eq!(names, [("http", 80), ("https", 443), ("", 0)]);
    }

    #[test]
    fn owned_and_borrowed_hash_alike() {
        let u = url("https://a.example.:8443/");
        let state = RandomState::new();
        assert_eq!(state.hash_one(Origin::of(&u)), state.hash_one(OriginRef::of(&u)));
    }

    #[test]
    fn shown_without_the_default_port() {
        for (text, shown) in [
            ("http://a.example./x?y", "http://a.example"),
            ("https://u:p@a.example:8443/", "https://a.example:8443"),
            ("https://[::1]/", "https://[::1]"),
            ("http://a.example:443/", "http://a.example:443"),
            ("https://a.example:80/", "https://a.example:80"),
        ] {
            assert_eq!(Origin::of(&url(text)).to_string(), shown);
        }
    }
}
