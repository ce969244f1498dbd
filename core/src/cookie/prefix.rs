//! Name prefixes: requirements that a cookie's name imposes on its attributes (RFC 6265bis §4.1.3,
//! layered-cookies).
//!
//! They match in any case. A nameless cookie whose value begins with a prefix is rejected, because
//! a Cookie field cannot distinguish the two (RFC 6265bis §5.7).

use super::attributes::Scope;
use super::stored::StoredCookie;
use std::fmt;

/// A prefix of a cookie's name that restricts its attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NamePrefix {
    /// `__Secure-`: requires Secure.
    Secure,
    /// `__Host-`: requires Secure, no Domain, and an explicit Path=/.
    Host,
    /// `__Http-`: requires Secure and HttpOnly.
    Http,
    /// `__Host-Http-`: combines the requirements of `__Host-` and `__Http-`.
    HostHttp,
}

/// Ordered so that a longer prefix precedes one that it begins with.
const PREFIXES: [NamePrefix; 4] = [NamePrefix::Secure, NamePrefix::HostHttp, NamePrefix::Host, NamePrefix::Http];

impl NamePrefix {
    /// Returns the prefix in its usual case.
    pub const fn as_str(self) -> &'static str {
        match self {
            NamePrefix::Secure => "__Secure-",
            NamePrefix::Host => "__Host-",
            NamePrefix::Http => "__Http-",
            NamePrefix::HostHttp => "__Host-Http-",
        }
    }

    /// Returns the prefix that `text` begins with, in any case.
    pub fn of(text: &[u8]) -> Option<NamePrefix> {
        PREFIXES.into_iter().find(|prefix| {
            let prefix = prefix.as_str().as_bytes();
            text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        })
    }

    /// Whether a stored cookie meets the requirements of its prefix, as far as its attributes show.
    pub(super) fn is_satisfied_by(self, cookie: &StoredCookie) -> bool {
        let host = cookie.scope() == Scope::HostOnly && cookie.path() == b"/";
        cookie.secure()
            && match self {
                NamePrefix::Secure => true,
                NamePrefix::Host => host,
                NamePrefix::Http => cookie.http_only(),
                NamePrefix::HostHttp => host && cookie.http_only(),
            }
    }

    /// Whether the prefix requires an explicit Path=/.
    pub(super) fn requires_path(self) -> bool {
        matches!(self, NamePrefix::Host | NamePrefix::HostHttp)
    }
}

impl fmt::Display for NamePrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_match_in_any_case_longest_first() {
        for (text, expected) in [
            ("__Secure-a", Some(NamePrefix::Secure)),
            ("__secURE-", Some(NamePrefix::Secure)),
            ("__Host-a", Some(NamePrefix::Host)),
            ("__host-http-a", Some(NamePrefix::HostHttp)),
            ("__Http-a", Some(NamePrefix::Http)),
            ("__Host", None),
            ("_Host-a", None),
            ("a__Host-", None),
        ] {
            assert_eq!(NamePrefix::of(text.as_bytes()), expected, "{text}");
        }
    }
}
