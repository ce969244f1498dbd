//! Credentials that a request carries from the start: Basic (RFC 7617) and Bearer (RFC 6750).
//!
//! The field value is made once, when the credentials are given, and marked as a secret. Which hops it goes to is
//! decided elsewhere (`redirect`: same origin only, T1).

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;

/// Credentials for the origin of a request. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Auth(Arc<Field>);

#[derive(PartialEq, Eq)]
struct Field {
    value: HeaderValue,
    scheme: &'static str,
}

impl Auth {
    /// Basic credentials, encoded as UTF-8 (RFC 7617 §2).
    ///
    /// # Errors
    /// [`AuthError`] when the user holds a colon, or either holds a control character (T75).
    pub fn basic(user: &str, password: &str) -> Result<Auth, AuthError> {
        if user.contains(':') {
            return Err(AuthError::ColonInUser);
        }
        if user.chars().chain(password.chars()).any(char::is_control) {
            return Err(AuthError::Control);
        }
        let token = base64(format!("{user}:{password}").as_bytes());
        Auth::new("Basic", &token)
    }

    /// A Bearer token, sent as it is (RFC 6750 §2.1).
    ///
    /// # Errors
    /// [`AuthError::Control`] when the token holds anything but visible ASCII.
    pub fn bearer(token: &str) -> Result<Auth, AuthError> {
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(AuthError::Control);
        }
        Auth::new("Bearer", token)
    }

    /// The value of the Authorization or Proxy-Authorization field; marked sensitive.
    pub fn header_value(&self) -> &HeaderValue {
        &self.0.value
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

/// The standard alphabet with padding (RFC 4648 §4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three.iter().zip([16, 8, 0]).fold(0, |bits, (&byte, shift)| bits | u32::from(byte) << shift);
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let letter = ALPHABET.get((bits >> shift) as usize & 63).copied().unwrap_or(b'=');
            text.push(if at <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

/// Credentials that cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthError {
    /// A user name must not contain a colon (RFC 7617 §2).
    ColonInUser,
    /// A control character, or a byte that a token cannot hold.
    Control,
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AuthError::ColonInUser => "expected no colon in the user name of Basic credentials",
            AuthError::Control => "expected no control character in credentials, and visible ASCII in a token",
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
    fn base64_is_that_of_rfc_4648() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg=="),
            (b"fooba", "Zm9vYmE="),
            (b"foobar", "Zm9vYmFy"),
            (b"\xFB\xEF\xBE\xFF\xFF\xFF\x00", "++++////AA=="),
        ] {
            assert_eq!(base64(bytes), text);
        }
    }

    #[test]
    fn t75_a_colon_in_the_user_and_controls_anywhere_are_refused() {
        assert_eq!(Auth::basic("a:b", "c"), Err(AuthError::ColonInUser));
        assert_eq!(Auth::basic("a", "c\r\nX: 1"), Err(AuthError::Control));
        assert_eq!(Auth::bearer("a b"), Err(AuthError::Control));
        assert_eq!(Auth::bearer(""), Err(AuthError::Control));
    }

    #[test]
    fn debug_shows_the_scheme_alone() {
        assert_eq!(format!("{:?}", Auth::bearer("canary").unwrap()), "Auth(Bearer ***)");
    }
}
