//! The result of offering a cookie to the jar: a change, or the reason for rejecting it.

use super::prefix::NamePrefix;
use super::set_cookie::ParseError;
use crate::limits::LimitExceeded;
use std::fmt;

/// The effect of an accepted cookie on the jar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// The cookie is new.
    Stored,
    /// It replaced a cookie with the same name, domain, scope and path.
    Replaced,
    /// It had already expired and removed the existing cookie; servers delete cookies this way.
    Removed,
    /// It had already expired and there was none to remove, or (when merging) the jar has a newer
    /// one.
    Unchanged,
}

/// Why a cookie was rejected. Never contains a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejected {
    /// The URL's scheme is not http, https, ws or wss.
    Scheme,
    /// The URL has no host, or one with an empty label.
    NoHost,
    /// The cookie has neither name nor value (RFC 6265bis §5.7).
    Empty,
    /// The cookie contains a control character other than a tab (RFC 6265bis §5.6).
    ControlCharacter,
    /// Name and value together are too long (RFC 6265bis §5.6).
    TooLong(LimitExceeded),
    /// The cookie cannot be sent unchanged: name or value contains `;`, the name contains `=`, or
    /// one has blanks at an end. Cannot occur for a Set-Cookie field.
    Syntax,
    /// Domain contains non-ASCII bytes (RFC 6265bis §5.7).
    DomainNotAscii,
    /// Domain is a public suffix (RFC 6265bis §5.7).
    PublicSuffix,
    /// Domain is neither the host nor a parent of it (RFC 6265bis §5.7).
    DomainMismatch,
    /// The cookie is Secure but was set over an insecure connection (RFC 6265bis §5.7).
    SecureOverInsecure,
    /// The cookie was set over an insecure connection and would hide or replace a Secure one (RFC
    /// 6265bis §5.7).
    ShadowsSecure,
    /// SameSite forbids setting it by a request that another site caused (RFC 6265bis §5.7).
    CrossSite,
    /// The cookie has SameSite=None without Secure (RFC 6265bis §5.7).
    SameSiteNoneNotSecure,
    /// The attributes do not meet the requirements of the name's prefix (RFC 6265bis §4.1.3).
    Prefix(NamePrefix),
    /// The cookie has no name, and its value begins with a name prefix (RFC 6265bis §5.7).
    NamelessPrefix(NamePrefix),
    /// The response contains too many Set-Cookie fields.
    TooMany(LimitExceeded),
    /// The cookie was set over an insecure connection and only Secure cookies could make room, or
    /// the limit is 0.
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
            Rejected::Scheme => "the URL's scheme is not http, https, ws or wss",
            Rejected::NoHost => "the URL has no host, or a host with an empty label",
            Rejected::Empty => "the cookie has neither name nor value",
            Rejected::ControlCharacter => "the cookie contains a control character",
            Rejected::TooLong(limit) => return write!(f, "the cookie is too long: {limit}"),
            Rejected::Syntax => "the name or value contains a separator, or blanks at an end",
            Rejected::DomainNotAscii => "the Domain contains non-ASCII bytes",
            Rejected::PublicSuffix => "the Domain is a public suffix",
            Rejected::DomainMismatch => "the Domain is neither the host nor a parent of it",
            Rejected::SecureOverInsecure => "a Secure cookie cannot be set over http",
            Rejected::ShadowsSecure => "a cookie set over http would hide a Secure one",
            Rejected::CrossSite => "a request caused by another site cannot set this cookie",
            Rejected::SameSiteNoneNotSecure => "SameSite=None requires Secure",
            Rejected::Prefix(prefix) => {
                return write!(f, "the attributes do not meet the requirements of {prefix}");
            }
            Rejected::NamelessPrefix(prefix) => {
                return write!(f, "the cookie has no name, and its value begins with {prefix}");
            }
            Rejected::TooMany(limit) => return write!(f, "too many cookies in one response: {limit}"),
            Rejected::NoRoom(limit) => return write!(f, "no room for the cookie: {limit}"),
        })
    }
}

impl std::error::Error for Rejected {}
