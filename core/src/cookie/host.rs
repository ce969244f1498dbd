//! Where a cookie comes from or goes to: the canonical host of a URL, domain-match, and whether the way is secure
//! (RFC 6265bis §5.1.2, §5.1.3).
//!
//! A host is compared in one form only: lower case, A-labels, without the dot that may end it, so `EXAMPLE.com.` is
//! `example.com`. The `url` crate has done the first two; an IPv6 address keeps its brackets.

use super::outcome::Rejected;
use super::policy::Loopback;
use url::Url;

/// A host in canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host<'a> {
    /// A name.
    Name(&'a str),
    /// An IP address, an IPv6 address in brackets.
    Address(&'a str),
}

impl<'a> Host<'a> {
    pub(super) fn as_str(self) -> &'a str {
        match self {
            Host::Name(text) | Host::Address(text) => text,
        }
    }

    /// What stands in a stored cookie: canonical already.
    pub(super) fn from_canonical(text: &'a str) -> Self {
        let address = text.starts_with('[') || text.parse::<std::net::Ipv4Addr>().is_ok();
        if address { Host::Address(text) } else { Host::Name(text) }
    }

    /// Whether a cookie for `domain` and its sub-domains goes to this host (RFC 6265bis §5.1.3).
    pub(super) fn matches(self, domain: &str) -> bool {
        match self {
            Host::Name(host) => host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
            Host::Address(host) => host == domain,
        }
    }

    fn is_loopback(self) -> bool {
        match self {
            Host::Name(host) => {
                host.strip_suffix("localhost").is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
            Host::Address(host) => host == "[::1]" || host.starts_with("127."),
        }
    }
}

/// A domain given as text, in canonical form; `None` when it is no host (RFC 6265bis §5.1.2).
pub(super) fn canonical_domain(text: &str) -> Option<String> {
    let text = text.strip_prefix('.').unwrap_or(text);
    let host = url::Host::parse(text).ok()?.to_string();
    let host = host.strip_suffix('.').unwrap_or(&host);
    has_whole_labels(host).then(|| host.to_owned())
}

/// Whether no label is empty. The `url` crate lets `.example.org` and `example.org..` pass; taken for hosts of their own they could
/// come to be `example.org` on the way through text.
fn has_whole_labels(host: &str) -> bool {
    host.as_bytes().split(|&byte| byte == b'.').all(|label| !label.is_empty())
}

/// Whether cookies marked Secure may travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Secure,
    Insecure,
}

/// What cookies ask of a URL.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    pub(super) host: Host<'a>,
    pub(super) path: &'a str,
    pub(super) way: Way,
}

impl<'a> Origin<'a> {
    pub(super) fn of(url: &'a Url, loopback: Loopback) -> Result<Self, Rejected> {
        let way = match url.scheme() {
            "https" | "wss" => Way::Secure,
            "http" | "ws" => Way::Insecure,
            _ => return Err(Rejected::Scheme),
        };
        let host = match url.host() {
            Some(url::Host::Domain(name)) => Host::Name(name.strip_suffix('.').unwrap_or(name)),
            Some(_) => Host::Address(url.host_str().unwrap_or_default()),
            None => return Err(Rejected::NoHost),
        };
        if matches!(host, Host::Name(name) if !has_whole_labels(name)) {
            return Err(Rejected::NoHost);
        }
        let trusted = loopback == Loopback::Secure && host.is_loopback();
        Ok(Origin { host, path: url.path(), way: if trusted { Way::Secure } else { way } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_by_hand_is_put_into_canonical_form_or_refused() {
        for (text, expected) in [
            (".Example.ORG.", Some("example.org")),
            ("b\u{fc}cher.example", Some("xn--bcher-kva.example")),
            ("127.1", Some("127.0.0.1")),
            ("[0::1]", Some("[::1]")),
            ("..example.org", None),
            ("example.org..", None),
            ("a..b", None),
            ("a b", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(canonical_domain(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_host_matches_itself_and_its_parents_at_a_label() {
        for (host, domain, expected) in [
            ("example.org", "example.org", true),
            ("a.example.org", "example.org", true),
            ("badexample.org", "example.org", false),
            ("example.org", "a.example.org", false),
            ("127.0.0.1", "0.0.1", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("[::1]", "[::1]", true),
        ] {
            assert_eq!(Host::from_canonical(host).matches(domain), expected, "{host} {domain}");
        }
    }

    #[test]
    fn hosts_are_lower_case_a_labels_without_the_last_dot() {
        for (url, host) in [
            ("http://EXAMPLE.org/", Host::Name("example.org")),
            ("http://example.org./", Host::Name("example.org")),
            ("http://b\u{fc}cher.example/", Host::Name("xn--bcher-kva.example")),
            ("http://127.1/", Host::Address("127.0.0.1")),
            ("http://[0::1]/", Host::Address("[::1]")),
        ] {
            let url = Url::parse(url).unwrap();
            let origin = Origin::of(&url, Loopback::Insecure).unwrap();
            assert_eq!(origin.host, host);
            assert_eq!(Host::from_canonical(host.as_str()), host);
        }
    }

    #[test]
    fn only_web_urls_have_cookies() {
        for (url, expected) in [
            ("ftp://example.org/", Rejected::Scheme),
            ("data:text/plain,x", Rejected::Scheme),
            ("http://./", Rejected::NoHost),
            ("http://.example.org/", Rejected::NoHost),
            ("http://example..org/", Rejected::NoHost),
            ("http://example.org../", Rejected::NoHost),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(Origin::of(&url, Loopback::Insecure).unwrap_err(), expected, "{url}");
        }
    }

    #[test]
    fn loopback_is_as_secure_as_the_policy_says() {
        for (url, trusted) in [
            ("http://localhost:8080/", true),
            ("http://a.localhost./", true),
            ("http://127.9.9.9/", true),
            ("http://[::1]/", true),
            ("http://notlocalhost/", false),
            ("http://127.example.org/", false),
            ("http://[::2]/", false),
        ] {
            let url = Url::parse(url).unwrap();
            let way = |loopback| Origin::of(&url, loopback).unwrap().way;
            assert_eq!(way(Loopback::Insecure), Way::Insecure, "{url}");
            assert_eq!(way(Loopback::Secure) == Way::Secure, trusted, "{url}");
        }
    }
}
