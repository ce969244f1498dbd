//! Canonical hosts and the domain-match (RFC 6265bis §5.1.2, §5.1.3).
//!
//! Hosts are compared in one form: lower case, A-labels, without a trailing dot, so that
//! `EXAMPLE.com.` equals `example.com`. The `url` crate produces the first two; an IPv6 address
//! keeps its brackets.

/// A host in canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host<'a> {
    /// A domain name.
    Name(&'a str),
    /// An IP address; an IPv6 address in brackets.
    Address(&'a str),
}

impl<'a> Host<'a> {
    pub(super) fn as_str(self) -> &'a str {
        match self {
            Host::Name(text) | Host::Address(text) => text,
        }
    }

    /// Wraps the host of a stored cookie, which is already canonical.
    pub(super) fn from_canonical(text: &'a str) -> Self {
        let address = text.starts_with('[') || text.parse::<std::net::Ipv4Addr>().is_ok();
        if address { Host::Address(text) } else { Host::Name(text) }
    }

    /// Whether a cookie for `domain` and its subdomains is sent to this host (RFC 6265bis §5.1.3).
    pub(super) fn matches(self, domain: &str) -> bool {
        match self {
            Host::Name(host) => host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
            Host::Address(host) => host == domain,
        }
    }

    pub(super) fn is_loopback(self) -> bool {
        match self {
            Host::Name(host) => {
                host.strip_suffix("localhost").is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
            Host::Address(host) => host == "[::1]" || host.starts_with("127."),
        }
    }
}

/// Returns a domain in canonical form, or `None` if the text is not a host (RFC 6265bis §5.1.2).
pub(super) fn canonical_domain(text: &str) -> Option<String> {
    let text = text.strip_prefix('.').unwrap_or(text);
    let host = url::Host::parse(text).ok()?.to_string();
    let host = host.strip_suffix('.').unwrap_or(&host);
    has_whole_labels(host).then(|| host.to_owned())
}

/// Whether no label is empty. The `url` crate accepts `.example.org` and `example.org..`; saving
/// and loading could turn them into `example.org`.
pub(super) fn has_whole_labels(host: &str) -> bool {
    host.as_bytes().split(|&byte| byte == b'.').all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_canonicalized_or_rejected() {
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
    fn host_matches_itself_and_its_parent_domains() {
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
}
