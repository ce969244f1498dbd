//! Name prefixes: promises that a cookie's name makes about how it was set (RFC 6265bis §4.1.3, layered-cookies).
//!
//! They are known in any case. A cookie without a name whose value begins with a prefix is refused,
//! because it looks the same in a Cookie field (RFC 6265bis §5.7).

use super::attributes::Scope;
use super::stored::StoredCookie;
use std::fmt;

/// A prefix of a cookie's name that demands something of its attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NamePrefix {
    /// `__Secure-`: Secure.
    Secure,
    /// `__Host-`: Secure, no Domain, and Path=/ in so many words.
    Host,
    /// `__Http-`: Secure and HttpOnly.
    Http,
    /// `__Host-Http-`: what `__Host-` and `__Http-` demand.
    HostHttp,
}

/// Longest first where one begins with another.
const PREFIXES: [NamePrefix; 4] = [NamePrefix::Secure, NamePrefix::HostHttp, NamePrefix::Host, NamePrefix::Http];

impl NamePrefix {
    /// The prefix as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            NamePrefix::Secure => "__Secure-",
            NamePrefix::Host => "__Host-",
            NamePrefix::Http => "__Http-",
            NamePrefix::HostHttp => "__Host-Http-",
        }
    }

    /// The prefix that `text` begins with, in any case.
    pub fn of(text: &[u8]) -> Option<NamePrefix> {
        PREFIXES.into_iter().find(|prefix| {
            let prefix = prefix.as_str().as_bytes();
            text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        })
    }

    /// Whether the cookie keeps what its prefix promises, as far as the cookie itself tells.
    pub(super) fn is_kept_by(self, cookie: &StoredCookie) -> bool {
        let host = cookie.scope() == Scope::HostOnly && cookie.path() == b"/";
        cookie.secure()
            && match self {
                NamePrefix::Secure => true,
                NamePrefix::Host => host,
                NamePrefix::Http => cookie.http_only(),
                NamePrefix::HostHttp => host && cookie.http_only(),
            }
    }

    /// Whether the prefix demands Path=/ in so many words.
    pub(super) fn wants_path(self) -> bool {
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
    fn prefixes_are_known_in_any_case_and_the_longest_wins() {
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
