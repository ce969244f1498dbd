//! Preemptive credentials of a request: Basic (RFC 7617) and Bearer (RFC 6750).
//!
//! The field value is built once, when the credentials are created, and marked sensitive. The
//! redirect policy decides which hops it goes to: same-origin hops only.

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;

use crate::base64;

/// Credentials for the origin of a request. Cloning is cheap.
#[derive(Clone, PartialEq, Eq)]
pub struct Auth(Arc<Field>);

#[derive(PartialEq, Eq)]
struct Field {
    value: HeaderValue,
    scheme: &'static str,
}

impl Auth {
    /// Creates Basic credentials, encoded as UTF-8 (RFC 7617 §2).
    ///
    /// # Errors
    /// - [`AuthError::ColonInUser`] if `user` contains a colon.
    /// - [`AuthError::Control`] if `user` or `password` contains a control character.
    pub fn basic(user: &str, password: &str) -> Result<Auth, AuthError> {
        if user.contains(':') {
            return Err(AuthError::ColonInUser);
        }
        if user.chars().chain(password.chars()).any(char::is_control) {
            return Err(AuthError::Control);
        }
        let token = base64::encode(format!("{user}:{password}").as_bytes());
        Auth::new("Basic", &token)
    }

    /// Creates Bearer credentials; the token is sent unchanged (RFC 6750 §2.1).
    ///
    /// # Errors
    /// [`AuthError::Control`] if the token is empty or contains anything but visible ASCII.
    pub fn bearer(token: &str) -> Result<Auth, AuthError> {
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(AuthError::Control);
        }
        Auth::new("Bearer", token)
    }

    /// Returns the value of the Authorization or Proxy-Authorization field, marked sensitive.
    pub fn header_value(&self) -> &HeaderValue {
        &self.0.value
    }

    /// Returns the user and the password of Basic credentials.
    pub(crate) fn user_and_password(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let token = self.0.value.to_str().ok()?.strip_prefix("Basic ")?;
        let mut user = base64::decode(token)?;
        let colon = user.iter().position(|&byte| byte == b':')?;
        let password = user.split_off(colon + 1);
        user.truncate(colon);
        Some((user, password))
    }

    fn new(scheme: &'static str, token: &str) -> Result<Auth, AuthError> {
        let mut value = HeaderValue::from_str(&format!("{scheme} {token}")).map_err(|_| AuthError::Control)?;
        value.set_sensitive(true);
        Ok(Auth(Arc::new(Field { value, scheme })))
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Auth({} ***)", self.0.scheme)
    }
}

/// Credentials that cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthError {
    /// The user name contains a colon (RFC 7617 §2).
    ColonInUser,
    /// The user name or password contains a control character, or the token is not visible ASCII.
    Control,
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AuthError::ColonInUser => "the user name of Basic credentials contains a colon",
            AuthError::Control => "credentials contain a control character, or a token is empty or not visible ASCII",
        })
    }
}

impl std::error::Error for AuthError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_encodes_utf8_and_allows_empty_parts() {
        assert_eq!(Auth::basic("Aladdin", "open sesame").unwrap().header_value(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(Auth::basic("", "").unwrap().header_value(), "Basic Og==");
        assert_eq!(Auth::basic("é", ":").unwrap().header_value(), "Basic w6k6Og==");
    }

    #[test]
    fn t75_colons_in_users_and_control_characters_are_rejected() {
        assert_eq!(Auth::basic("a:b", "c"), Err(AuthError::ColonInUser));
        assert_eq!(Auth::basic("a", "c\r\nX: 1"), Err(AuthError::Control));
        assert_eq!(Auth::bearer("a b"), Err(AuthError::Control));
        assert_eq!(Auth::bearer(""), Err(AuthError::Control));
    }

    #[test]
    fn debug_shows_only_the_scheme() {
        assert_eq!(format!("{:?}", Auth::bearer("canary").unwrap()), "Auth(Bearer ***)");
    }
}
