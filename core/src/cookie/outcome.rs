//! What came of a cookie that was offered to the jar: a change, or the reason why not.

use super::prefix::NamePrefix;
use super::set_cookie::ParseError;
use crate::limits::LimitExceeded;
use std::fmt;

/// What a cookie that was taken did to the jar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// It is new.
    Stored,
    /// It took the place of one with the same name, domain, scope and path.
    Replaced,
    /// It had expired already, which removed the one that was there: the way servers delete.
    Removed,
    /// It had expired already and there was none to remove, or the jar has a newer one (when merging).
    Unchanged,
}

/// Why a cookie was not taken. Never holds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejected {
    /// The URL's scheme is none of http, https, ws and wss.
    Scheme,
    /// The URL has no host, or one with an empty label.
    NoHost,
    /// Neither name nor value (RFC 6265bis §5.7).
    Empty,
    /// A control character other than a tab (RFC 6265bis §5.6).
    ControlCharacter,
    /// Name and value are too long together (RFC 6265bis §5.6).
    TooLong(LimitExceeded),
    /// A `;` in name or value, a `=` in the name, or blanks at their ends: it could not be sent as what it is.
    /// Only cookies that do not come from a Set-Cookie field can have them.
    Syntax,
    /// Domain has bytes outside of ASCII (RFC 6265bis §5.7).
    DomainNotAscii,
    /// Domain is a public suffix (RFC 6265bis §5.7).
    PublicSuffix,
    /// Domain is neither the host nor a parent of it (RFC 6265bis §5.7).
    DomainMismatch,
    /// Secure, but it did not come over a secure connection (RFC 6265bis §5.7).
    SecureOverInsecure,
    /// It came over an insecure connection and would hide or replace a Secure cookie (RFC 6265bis §5.7).
    ShadowsSecure,
    /// SameSite does not allow it to be set by a request that another site caused (RFC 6265bis §5.7).
    CrossSite,
    /// SameSite=None without Secure (RFC 6265bis §5.7).
    SameSiteNoneNotSecure,
    /// The name promises what the attributes do not keep (RFC 6265bis §4.1.3).
    Prefix(NamePrefix),
    /// Without a name, and the value looks like a name with a prefix (RFC 6265bis §5.7).
    NamelessPrefix(NamePrefix),
    /// One too many in one response.
    TooMany(LimitExceeded),
    /// It came over an insecure connection, and only Secure cookies could have made room; or the limit is 0.
    NoRoom(LimitExceeded),
}

impl From<ParseError> for Rejected {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::ControlCharacter => Rejected::ControlCharacter,
            ParseError::Empty => Rejected::Empty,
            ParseError::TooLong(limit) => Rejected::TooLong(limit),
        }
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rejected::Scheme => "expected an http, https, ws or wss URL, saw another scheme",
            Rejected::NoHost => "expected a URL with a host of whole labels, saw none",
            Rejected::Empty => "expected a cookie, saw neither name nor value",
            Rejected::ControlCharacter => "expected a cookie, saw a control character",
            Rejected::TooLong(limit) => return write!(f, "cookie too long: {limit}"),
            Rejected::Syntax => "expected a name and value that can be sent, saw a separator or blanks at an end",
            Rejected::DomainNotAscii => "expected a Domain in ASCII, saw other bytes",
            Rejected::PublicSuffix => "expected a Domain below a public suffix, saw a public suffix",
            Rejected::DomainMismatch => "expected a Domain that is the host or a parent of it, saw another",
            Rejected::SecureOverInsecure => "expected a Secure cookie over https only, saw it over http",
            Rejected::ShadowsSecure => "a cookie set over http would hide a Secure one",
            Rejected::CrossSite => "a request caused by another site cannot set this cookie",
            Rejected::SameSiteNoneNotSecure => "expected Secure with SameSite=None, saw none",
            Rejected::Prefix(prefix) => {
                return write!(f, "expected the attributes that {prefix} demands, saw others");
            }
            Rejected::NamelessPrefix(prefix) => {
                return write!(f, "expected a name, saw a cookie without one whose value begins with {prefix}");
            }
            Rejected::TooMany(limit) => return write!(f, "too many cookies in one response: {limit}"),
            Rejected::NoRoom(limit) => return write!(f, "no room for the cookie: {limit}"),
        })
    }
}

impl std::error::Error for Rejected {}
