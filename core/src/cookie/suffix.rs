//! Public suffixes: domains under which anyone may register, and for which no cookie may be set
//! (RFC 6265bis §5.1.3, §5.7; publicsuffix.org).
//!
//! They determine the registrable domain (the public suffix plus one label), by which the jar
//! groups its cookies.

use std::fmt;
use std::sync::Arc;

use crate::contain::contain;

/// A source of public suffixes. Implement it to use your own list;
/// [`SuffixRules`](super::SuffixRules) parses the usual format.
pub trait PublicSuffixList: fmt::Debug + Send + Sync {
    /// Returns the public suffix of `host`: a suffix of it that begins at a label boundary.
    ///
    /// `host` is a canonical name: lower case, A-labels, no trailing dot. For a name without a
    /// matching rule, return its last label. The same host must always give the same result. If the
    /// call panics, the entire host counts as a public suffix.
    fn public_suffix<'a>(&self, host: &'a str) -> &'a str;
}

/// The list of public suffixes that a jar uses.
#[derive(Clone, Debug)]
pub enum PublicSuffixes {
    /// The compiled-in Mozilla list. The default if the feature `public-suffix` is on.
    #[cfg(feature = "public-suffix")]
    BuiltIn,
    /// No list: exactly the last label counts as a public suffix. A Domain of one label is
    /// rejected; one of two or more labels that is the host or a parent of it is accepted. This
    /// lets `a.co.uk` set cookies for `b.co.uk`. The default if the feature is off.
    OneLabel,
    /// The caller's own list.
    List(Arc<dyn PublicSuffixList>),
}

impl Default for PublicSuffixes {
    fn default() -> Self {
        #[cfg(feature = "public-suffix")]
        return PublicSuffixes::BuiltIn;
        #[cfg(not(feature = "public-suffix"))]
        return PublicSuffixes::OneLabel;
    }
}

impl PublicSuffixes {
    /// Returns the public suffix of `host`, a canonical name (lower case, A-labels, no trailing
    /// dot; not an IP address). Without a matching rule it is the last label.
    pub fn public_suffix<'a>(&self, host: &'a str) -> &'a str {
        let length = match self {
            #[cfg(feature = "public-suffix")]
            PublicSuffixes::BuiltIn => super::suffix_table::suffix_len(host),
            PublicSuffixes::OneLabel => 0,
            // A list that panics must not allow cookies for other hosts.
            PublicSuffixes::List(list) => contain(|| list.public_suffix(host).len()).unwrap_or(host.len()),
        };
        let start = host.len().saturating_sub(length);
        match host.get(start..) {
            Some(suffix) if !suffix.is_empty() => suffix,
            _ => host.rsplit('.').next().unwrap_or(host),
        }
    }

    /// Returns the registrable domain of the canonical name `host`: its public suffix and the label
    /// before it. `None` if the host is itself a public suffix.
    pub fn registrable_domain<'a>(&self, host: &'a str) -> Option<&'a str> {
        let before = host.strip_suffix(self.public_suffix(host))?.strip_suffix('.')?;
        let label = before.rsplit('.').next().unwrap_or(before);
        if label.is_empty() {
            return None;
        }
        host.get(before.len() - label.len()..)
    }

    /// Whether the canonical name `domain` is a public suffix.
    pub fn is_public_suffix(&self, domain: &str) -> bool {
        self.public_suffix(domain).len() == domain.len()
    }

    /// Returns the key under which the cookies of this host are stored. A request to the host never
    /// carries cookies of another key.
    pub(super) fn site<'a>(&self, host: super::host::Host<'a>) -> &'a str {
        match host {
            super::host::Host::Name(name) => self.registrable_domain(name).unwrap_or(name),
            super::host::Host::Address(address) => address,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_label_is_the_suffix_without_a_list() {
        let list = PublicSuffixes::OneLabel;
        assert_eq!(list.public_suffix("a.b.co.uk"), "uk");
        assert_eq!(list.registrable_domain("a.b.co.uk"), Some("co.uk"));
        assert_eq!(list.registrable_domain("localhost"), None);
        assert_eq!(list.registrable_domain(".uk"), None);
        assert!(list.is_public_suffix("com") && !list.is_public_suffix("co.uk"));
    }

    #[cfg(feature = "public-suffix")]
    #[test]
    fn compiled_in_list_has_wildcards_and_exceptions() {
        let list = PublicSuffixes::BuiltIn;
        for (host, expected) in [
            ("www.example.co.uk", Some("example.co.uk")),
            ("co.uk", None),
            ("me.github.io", Some("me.github.io")),
            ("github.io", None),
            ("a.b.kawasaki.jp", Some("a.b.kawasaki.jp")),
            ("www.city.kawasaki.jp", Some("city.kawasaki.jp")),
            ("a.b.unknown-tld", Some("b.unknown-tld")),
            ("a.xn--fiqs8s", Some("a.xn--fiqs8s")),
            ("a.xn--55qx5d.cn", Some("a.xn--55qx5d.cn")),
            ("xn--55qx5d.cn", None),
            ("", None),
            (".", None),
            ("..", None),
        ] {
            assert_eq!(list.registrable_domain(host), expected, "{host}");
        }
    }

    #[test]
    fn invalid_results_of_a_list_are_harmless() {
        #[derive(Debug)]
        struct Nonsense;
        impl PublicSuffixList for Nonsense {
            fn public_suffix<'a>(&self, _: &'a str) -> &'a str {
                "a suffix that is longer than any host of these"
            }
        }
        let list = PublicSuffixes::List(Arc::new(Nonsense));
        assert_eq!(list.public_suffix("example.org"), "example.org");
        assert_eq!(list.registrable_domain("example.org"), None);
    }

    #[test]
    fn t65_list_that_panics_admits_no_domain() {
        #[derive(Debug)]
        struct Panics;
        impl PublicSuffixList for Panics {
            fn public_suffix<'a>(&self, _: &'a str) -> &'a str {
                panic!("as asked")
            }
        }
        let list = PublicSuffixes::List(Arc::new(Panics));
        assert!(list.is_public_suffix("example.org"));
    }
}
