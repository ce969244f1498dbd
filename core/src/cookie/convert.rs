//! Conversion to and from the `cookie` package's [`Cookie`](::cookie::Cookie), which holds text
//! instead of bytes.

use super::admit::check_pair;
use super::attributes::{SameSite, Scope};
use super::grammar::is_control;
use super::limits::CookieLimits;
use super::outcome::Rejected;
use super::set_cookie::{SetCookie, check_pair_length};
use super::stored::StoredCookie;
use crate::time::UnixTime;
use ::cookie::time::OffsetDateTime;
use ::cookie::{Cookie, Expiration};
use std::fmt;

/// The cookie's name, value or path is not UTF-8, which the `cookie` package requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotUtf8;

impl fmt::Display for NotUtf8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the cookie is not UTF-8")
    }
}

impl std::error::Error for NotUtf8 {}

impl TryFrom<&StoredCookie> for Cookie<'static> {
    type Error = NotUtf8;

    /// Converts the cookie, including its value. The `Debug` and `Display` of that package show the
    /// value, so do not print the result; [`StoredCookie`] hides it.
    ///
    /// The result holds all attributes that the `cookie` package supports. A host-only cookie has
    /// no Domain, a session cookie no Expires. Max-Age is never set.
    fn try_from(stored: &StoredCookie) -> Result<Self, NotUtf8> {
        let text = |bytes: &[u8]| str::from_utf8(bytes).map(str::to_owned).map_err(|_| NotUtf8);
        let mut cookie = Cookie::new(text(stored.name())?, text(stored.value())?);
        cookie.set_path(text(stored.path())?);
        if stored.scope() == Scope::Domain {
            cookie.set_domain(stored.domain().to_owned());
        }
        if stored.secure() {
            cookie.set_secure(true);
        }
        if stored.http_only() {
            cookie.set_http_only(true);
        }
        cookie.set_same_site(match stored.same_site() {
            SameSite::Unset => None,
            SameSite::None => Some(::cookie::SameSite::None),
            SameSite::Lax => Some(::cookie::SameSite::Lax),
            SameSite::Strict => Some(::cookie::SameSite::Strict),
        });
        let expires = stored.expires().and_then(|time| i64::try_from(time.0).ok());
        if let Some(time) = expires.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()) {
            cookie.set_expires(time);
        }
        Ok(cookie)
    }
}

/// Converts the cookie to the contents of an equivalent Set-Cookie field.
pub(super) fn to_set_cookie<'a>(cookie: &'a Cookie<'_>, limits: &CookieLimits) -> Result<SetCookie<'a>, Rejected> {
    let (name, value) = (cookie.name().as_bytes(), cookie.value().as_bytes());
    check_pair(name, value)?;
    check_pair_length(name, value, limits).map_err(Rejected::TooLong)?;
    let attribute = |text: &'a str| Some(text.as_bytes()).filter(|text| text.len() <= limits.attribute_bytes);
    let path = cookie.path().and_then(attribute);
    if path.is_some_and(|path| path.iter().any(|&byte| is_control(byte))) {
        return Err(Rejected::ControlCharacter);
    }
    Ok(SetCookie {
        name,
        value,
        expires: match cookie.expires() {
            Some(Expiration::DateTime(time)) => Some(UnixTime(u64::try_from(time.unix_timestamp()).unwrap_or(0))),
            Some(Expiration::Session) | None => None,
        },
        max_age: cookie.max_age().map(|age| u64::try_from(age.whole_seconds()).unwrap_or(0)),
        domain: cookie.domain().and_then(attribute),
        path,
        secure: cookie.secure().unwrap_or(false),
        http_only: cookie.http_only().unwrap_or(false),
        same_site: match cookie.same_site() {
            None => SameSite::Unset,
            Some(::cookie::SameSite::None) => SameSite::None,
            Some(::cookie::SameSite::Lax) => SameSite::Lax,
            Some(::cookie::SameSite::Strict) => SameSite::Strict,
        },
    })
}
