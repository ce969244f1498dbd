//! Origins: the scope of credentials, caller-set cookies and sensitive fields.
//!
//! An origin is a scheme, a lower-case host without trailing dot, and an effective port (RFC 6454
//! §4). The trailing dot is dropped since `a.example.` and `a.example` are the same DNS name. http
//! and https of one host are two origins, without exception.

use std::fmt;
use url::Url;

/// The scheme of an [`Origin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// `http`, default port 80.
    Http,
    /// `https`, default port 443.
    Https,
    /// A scheme that this client does not support. URL validation rejects it.
    Other,
}

impl Scheme {
    /// Returns the scheme of `url`.
    pub fn of(url: &Url) -> Scheme {
        match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => Scheme::Other,
        }
    }

    /// Returns the default port of the scheme; 0 for [`Scheme::Other`].
    pub const fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
            Scheme::Other => 0,
        }
    }

    /// Returns `http`, `https`, or an empty string for [`Scheme::Other`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
            Scheme::Other => "",
        }
    }
}

/// An origin that borrows its host from a URL. It compares and hashes like [`Origin`], without
/// allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginRef<'a> {
    host: &'a str,
    port: u16,
    scheme: Scheme,
}

impl<'a> OriginRef<'a> {
    /// Returns the origin of `url`. The `url` crate has normalized the host (lower case, A-labels,
    /// canonical addresses), so bytewise comparison suffices.
    ///
    /// The origin of a URL with an unsupported scheme equals no http or https origin. Unsupported
    /// schemes are not distinguished from each other.
    pub fn of(url: &'a Url) -> OriginRef<'a> {
        let scheme = Scheme::of(url);
        let host = url.host_str().unwrap_or("");
        OriginRef {
            host: host.strip_suffix('.').unwrap_or(host),
            port: url.port().unwrap_or(scheme.default_port()),
            scheme,
        }
    }

    /// Returns the scheme.
    pub const fn scheme(self) -> Scheme {
        self.scheme
    }

    /// Returns the host in lower case, without a trailing dot; an IPv6 address is in brackets.
    pub const fn host(self) -> &'a str {
        self.host
    }

    /// Returns the port: the URL's, or the scheme's default.
    pub const fn port(self) -> u16 {
        self.port
    }

    /// Copies the origin into an owned one.
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

/// An origin with an owned host.
///
/// Displays as in RFC 6454 §6.2: `https://example.org`, with the port only if it is not the
/// default.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    host: Box<str>,
    port: u16,
    scheme: Scheme,
}

impl Origin {
    /// Returns the origin of `url`; see [`OriginRef::of`].
    pub fn of(url: &Url) -> Origin {
        OriginRef::of(url).to_owned()
    }

    /// Borrows this origin.
    pub fn as_ref(&self) -> OriginRef<'_> {
        OriginRef { host: &self.host, port: self.port, scheme: self.scheme }
    }

    /// Whether `url` belongs to this origin. Does not allocate.
    pub fn holds(&self, url: &Url) -> bool {
        self.as_ref() == OriginRef::of(url)
    }

    /// Returns the scheme.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the host in lower case, without a trailing dot; an IPv6 address is in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port: the URL's, or the scheme's default.
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

/// Whether both URLs have the same origin. Does not allocate.
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
    fn t1_any_differing_part_makes_another_origin() {
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
    fn accessors_return_the_compared_parts() {
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
    fn display_omits_the_default_port() {
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
