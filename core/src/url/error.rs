//! Why a URL was refused. No variant holds the URL itself: it may carry credentials.

use crate::limits::LimitExceeded;
use std::fmt;

/// Why a URL or a reference was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlError {
    /// Longer than `url_bytes` (the caller's URL) or `location_bytes` (a Location field).
    Limit(LimitExceeded),
    /// No scheme, where an absolute URL is needed.
    NotAbsolute,
    /// A scheme other than http and https; the first 32 bytes of it, in lower case.
    UnsupportedScheme(Box<str>),
    /// The scheme is not followed by `//` and a host.
    NoAuthority,
    /// An ASCII control byte (CR, LF, tab and NUL among them).
    Control(u8),
    /// A space where none can stand: at either end, in the scheme or in the authority.
    Space,
    /// A backslash in or before the authority, or in place of the first slash of the path.
    Backslash,
    /// More than one `@` in the authority: parsers disagree about the host.
    SeveralAts,
    /// User information that decodes to controls or is not UTF-8.
    UserInfo,
    /// No host between `//` and the path.
    EmptyHost,
    /// A percent sign in the host: it could hide a delimiter.
    PercentInHost,
    /// An IPv6 zone id: it has a meaning on this machine only.
    ZoneId,
    /// A host that is neither a name nor an address.
    Host,
    /// A port that is not a number from 1 to 65535 in digits.
    Port,
    /// Refused by the `url` crate for another reason.
    Parse(url::ParseError),
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UrlError::Limit(limit) => write!(f, "URL too long: {limit}"),
            UrlError::NotAbsolute => f.write_str("expected an absolute URL, seen none"),
            UrlError::UnsupportedScheme(scheme) => {
                write!(f, "expected the scheme http or https, seen {:?}", &**scheme)
            }
            UrlError::NoAuthority => f.write_str("expected // and a host after the scheme"),
            UrlError::Control(byte) => write!(f, "control byte 0x{byte:02x} in the URL"),
            UrlError::Space => f.write_str("space at an end of the URL or before its path"),
            UrlError::Backslash => f.write_str("backslash before the path of the URL"),
            UrlError::SeveralAts => f.write_str("more than one @ before the path of the URL"),
            UrlError::UserInfo => f.write_str("user information of the URL is not UTF-8 text without controls"),
            UrlError::EmptyHost => f.write_str("the URL has no host"),
            UrlError::PercentInHost => f.write_str("percent sign in the host of the URL"),
            UrlError::ZoneId => f.write_str("zone id in the host of the URL"),
            UrlError::Host => f.write_str("the host of the URL is neither a name nor an address"),
            UrlError::Port => f.write_str("expected a port from 1 to 65535 in digits"),
            UrlError::Parse(_) => f.write_str("the URL cannot be parsed"),
        }
    }
}

impl std::error::Error for UrlError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            UrlError::Parse(error) => Some(error),
            _ => None,
        }
    }
}

impl From<LimitExceeded> for UrlError {
    fn from(limit: LimitExceeded) -> Self {
        UrlError::Limit(limit)
    }
}
