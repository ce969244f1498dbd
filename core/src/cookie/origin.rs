//! The parts of a URL that cookies depend on: its host, its path, and whether the connection is
//! secure.

use super::host::{Host, has_whole_labels};
use super::outcome::Rejected;
use url::Url;

/// Whether plain http to a loopback host (`localhost`, `*.localhost`, 127.0.0.0/8, ::1) counts as
/// secure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Loopback {
    /// Only https and wss are secure. The default.
    #[default]
    Insecure,
    /// A loopback host may set and receive Secure cookies over http, as in browsers.
    Secure,
}

/// Whether the connection may carry Secure cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    Secure,
    Insecure,
}

/// The parts of a URL that cookies depend on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    pub(super) host: Host<'a>,
    pub(super) path: &'a str,
    pub(super) channel: Channel,
}

impl<'a> Origin<'a> {
    pub(super) fn of(url: &'a Url, loopback: Loopback) -> Result<Self, Rejected> {
        let channel = match url.scheme() {
            "https" | "wss" => Channel::Secure,
            "http" | "ws" => Channel::Insecure,
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
        Ok(Origin { host, path: url.path(), channel: if trusted { Channel::Secure } else { channel } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_canonicalized() {
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
    fn only_http_and_websocket_urls_have_cookies() {
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
    fn loopback_security_follows_the_policy() {
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
            let channel = |loopback| Origin::of(&url, loopback).unwrap().channel;
            assert_eq!(channel(Loopback::Insecure), Channel::Insecure, "{url}");
            assert_eq!(channel(Loopback::Secure) == Channel::Secure, trusted, "{url}");
        }
    }
}
