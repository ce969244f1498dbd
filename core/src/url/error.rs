//! Reasons for rejecting a URL. No variant holds the URL itself, which may carry credentials.

use crate::limits::LimitExceeded;
use std::fmt;

/// Why a URL or a reference was rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlError {
    /// The text exceeds `url_bytes` (the caller's URL) or `location_bytes` (a Location field).
    Limit(LimitExceeded),
    /// The URL has no scheme where an absolute URL is required.
    NotAbsolute,
    /// The scheme is neither http nor https. Holds its first 32 bytes in lower case.
    UnsupportedScheme(Box<str>),
    /// The URL has userinfo, a path, a query or a fragment where an origin is required.
    NotOrigin,
    /// No `//` and host follow the scheme.
    NoAuthority,
    /// The text contains an ASCII control byte, such as CR, LF, tab or NUL.
    Control(u8),
    /// The text contains a space at either end, in the scheme or in the authority.
    Space,
    /// A backslash stands in or before the authority, or replaces the first slash of the path.
    Backslash,
    /// The authority contains more than one `@`; parsers disagree about the host.
    SeveralAts,
    /// The user information decodes to control characters or is not UTF-8.
    UserInfo,
    /// The host between `//` and the path is empty.
    EmptyHost,
    /// The host contains a percent sign, which could hide a delimiter.
    PercentInHost,
    /// The host contains an IPv6 zone identifier, which is meaningful on one machine only.
    ZoneId,
    /// The host is neither a valid name nor an IP address.
    Host,
    /// The port is not a decimal number from 1 to 65535.
    Port,
    /// The `url` crate rejected the text for another reason.
    Parse(url::ParseError),
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UrlError::Limit(limit) => write!(f, "URL too long: {limit}"),
            UrlError::NotAbsolute => f.write_str("expected an absolute URL, found one without a scheme"),
            UrlError::NotOrigin => {
                f.write_str("expected an origin like https://host:443, found userinfo, a path, a query or a fragment")
            }
            UrlError::UnsupportedScheme(scheme) => {
                write!(f, "expected the scheme http or https, found {:?}", &**scheme)
            }
            UrlError::NoAuthority => f.write_str("expected \"//\" and a host after the scheme"),
            UrlError::Control(byte) => write!(f, "the URL contains control byte 0x{byte:02x}"),
            UrlError::Space => f.write_str("the URL contains a space at either end or before its path"),
            UrlError::Backslash => f.write_str("the URL contains a backslash before its path"),
            UrlError::SeveralAts => f.write_str("the URL contains more than one @ before its path"),
            UrlError::UserInfo => {
                f.write_str("the user information of the URL is not UTF-8 or contains control characters")
            }
            UrlError::EmptyHost => f.write_str("the URL has no host"),
            UrlError::PercentInHost => f.write_str("the host of the URL contains a percent sign"),
            UrlError::ZoneId => f.write_str("the host of the URL contains a zone identifier"),
            UrlError::Host => f.write_str("the host of the URL is neither a name nor an address"),
            UrlError::Port => f.write_str("expected a decimal port number from 1 to 65535"),
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
