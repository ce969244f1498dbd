//! Public suffixes: the domains under which anyone may register, and for which no cookie may be set
//! (RFC 6265bis §5.1.3, §5.7; publicsuffix.org).
//!
//! With them come the registrable domain (the public suffix and one label more), by which the jar groups its cookies.

use std::fmt;
use std::sync::Arc;

use crate::contain::contain;

/// Knows public suffixes. Implement it to use a list of one's own; [`SuffixRules`](super::SuffixRules) reads the usual format.
pub trait PublicSuffixList: fmt::Debug + Send + Sync {
    /// The public suffix of `host`: a part of it that begins at a label and ends with it.
    ///
    /// `host` is a name in canonical form: lower case, A-labels, no dot at the end. For a name that no rule knows the answer
    /// should be its last label. The same host must always give the same answer. When it panics, the whole host counts
    /// as a public suffix.
    fn public_suffix<'a>(&self, host: &'a str) -> &'a str;
}

/// Which list of public suffixes a jar goes by.
#[derive(Clone, Debug)]
pub enum PublicSuffixes {
    /// Mozilla's list as compiled in. The default where the feature `public-suffix` is on.
    #[cfg(feature = "public-suffix")]
    BuiltIn,
    /// No list: every last label counts as a public suffix and nothing else does, so a Domain of one label is refused, and one of two or more
    /// labels that is the host or a parent of it is taken. This lets `a.co.uk` set cookies for `b.co.uk`. The default
    /// where the feature is off.
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
    /// The public suffix of `host`, a name in canonical form (lower case, A-labels, no dot at the end; not an IP address).
    /// A name that no rule knows has its last label as public suffix.
    pub fn public_suffix<'a>(&self, host: &'a str) -> &'a str {
        let length = match self {
            #[cfg(feature = "public-suffix")]
            PublicSuffixes::BuiltIn => super::suffix_table::suffix_len(host),
            PublicSuffixes::OneLabel => 0,
            // A list that panics gives no leave to set cookies for other hosts.
            PublicSuffixes::List(list) => contain(|| list.public_suffix(host).len()).unwrap_or(host.len()),
        };
        let start = host.len().saturating_sub(length);
        match host.get(start..) {
            Some(suffix) if !suffix.is_empty() => suffix,
            _ => host.rsplit('.').next().unwrap_or(host),
        }
    }

    /// The registrable domain of `host` (in canonical form as above): its public suffix and the label before it.
    /// `None` when the host is itself a public suffix.
    pub fn registrable_domain<'a>(&self, host: &'a str) -> Option<&'a str> {
        let before = host.strip_suffix(self.public_suffix(host))?.strip_suffix('.')?;
        let label = before.rsplit('.').next().unwrap_or(before);
        if label.is_empty() {
            return None;
        }
        host.get(before.len() - label.len()..)
    }

    /// Whether `domain` (in canonical form) is a public suffix.
    pub fn is_public_suffix(&self, domain: &str) -> bool {
        self.public_suffix(domain).len() == domain.len()
    }

    /// The key under which cookies of this host are kept: no cookie of another key can go with it.
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
    fn without_a_list_the_last_label_is_the_suffix() {
        let list = PublicSuffixes::OneLabel;
        assert_eq!(list.public_suffix("a.b.co.uk"), "uk");
        assert_eq!(list.registrable_domain("a.b.co.uk"), Some("co.uk"));
        assert_eq!(list.registrable_domain("localhost"), None);
        assert_eq!(list.registrable_domain(".uk"), None);
        assert!(list.is_public_suffix("com") && !list.is_public_suffix("co.uk"));
    }

    #[cfg(feature = "public-suffix")]
    #[test]
    fn the_compiled_in_list_knows_wildcards_exceptions_and_private_suffixes() {
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
    fn a_list_that_answers_nonsense_does_no_harm() {
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
