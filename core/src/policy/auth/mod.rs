//! Credentials, and how they reach a server or a proxy (RFC 9110 §11).
//!
//! - `authenticate`: the policy: sends credentials, and answers a 401 or 407;
//! - `challenge`: the challenges of a response;
//! - `digest`: Digest (RFC 7616), behind the feature `digest`;
//! - `netrc`, `origin_auth`: credentials by host and by origin;
//! - `spaces`: the protection spaces that a session knows;
//! - `scheme`: the interface of the embedder's own schemes.
//!
//! Basic (RFC 7617) and Bearer (RFC 6750) are built once and sent with the first request. Digest
//! and `on_challenge` wait for a challenge, and the embedder's schemes may. The redirect policy
//! keeps credentials on same-origin hops.

pub(super) mod authenticate;
pub mod challenge;
#[cfg(feature = "digest")]
mod digest;
mod netrc;
mod origin_auth;
mod scheme;
mod spaces;

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;

use crate::base64;

pub(crate) use authenticate::{Answers, Rounds};
pub use challenge::Challenge;
pub use netrc::{Netrc, NetrcError};
pub use origin_auth::OriginAuth;
pub use scheme::{AuthExchange, AuthRequest, AuthScheme};
pub(super) use spaces::Spaces;

/// Credentials for an origin or a proxy. Cloning is cheap.
///
/// | constructor | sent |
/// | --- | --- |
/// | [`Auth::basic`] | Basic, with every request |
/// | [`Auth::bearer`] | Bearer, with every request |
/// | `Auth::digest` (feature `digest`) | Digest, after a challenge |
/// | [`Auth::on_challenge`] | the strongest scheme that the server offers, after a challenge |
/// | [`Auth::scheme`] | the field values of your own scheme |
///
/// A session remembers the protection spaces of challenges. Later requests to them send Digest or
/// Basic credentials without waiting for another challenge.
#[derive(Clone)]
pub struct Auth(Arc<Kind>);

enum Kind {
    /// The field is the same for every request.
    Fixed { value: HeaderValue, scheme: &'static str },
    /// The strongest scheme that is offered.
    OnChallenge(Login),
    /// Digest alone.
    #[cfg(feature = "digest")]
    Digest(Login),
    /// A scheme of the embedder.
    Custom(Box<dyn AuthScheme>),
}

/// A user and a password.
#[derive(PartialEq, Eq)]
struct Login {
    user: Box<str>,
    password: Box<str>,
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
        Login::new(user, password)?;
        Auth::fixed("Basic", &basic_token(user, password))
    }

    /// Creates Bearer credentials; the token is sent unchanged (RFC 6750 §2.1).
    ///
    /// # Errors
    /// [`AuthError::Control`] if the token is empty or contains anything but visible ASCII.
    pub fn bearer(token: &str) -> Result<Auth, AuthError> {
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(AuthError::Control);
        }
        Auth::fixed("Bearer", token)
    }

    /// Creates Digest credentials (RFC 7616), which never send the password.
    ///
    /// The first request is sent without them. The server's 401 names a nonce, and the request is
    /// repeated with an answer to it. If the body is neither in memory nor rewindable, the 401 is
    /// delivered instead. Later requests to the same protection space send the answer at once.
    ///
    /// Of several challenges the strongest is answered: SHA-512-256, then SHA-256, then MD5, each
    /// with or without `-sess`, and `auth` before `auth-int`. A 401 that offers none of these is
    /// delivered.
    ///
    /// ```
    /// use petition_core::{Auth, Session};
    ///
    /// let mut session = Session::new();
    /// let auth = Auth::digest("Mufasa", "Circle of Life")?;
    /// session.configure(|options| {
    ///     options.auth(auth);
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`AuthError::Control`] if `user` or `password` contains a control character.
    #[cfg(feature = "digest")]
    pub fn digest(user: &str, password: &str) -> Result<Auth, AuthError> {
        Ok(Auth(Arc::new(Kind::Digest(Login::new(user, password)?))))
    }

    /// Creates credentials for the strongest scheme that the server offers: Digest, or Basic if it
    /// offers no Digest. Nothing is sent before a challenge.
    ///
    /// Basic is never a fallback for Digest. If the Digest parameters are unknown, or the feature
    /// `digest` is off, the 401 is delivered. Basic reveals the password to the server, and over
    /// http to everyone on the path. Where that matters, use `Auth::digest`.
    ///
    /// # Errors
    /// As [`Auth::basic`].
    pub fn on_challenge(user: &str, password: &str) -> Result<Auth, AuthError> {
        if user.contains(':') {
            return Err(AuthError::ColonInUser);
        }
        Ok(Auth(Arc::new(Kind::OnChallenge(Login::new(user, password)?))))
    }

    /// Creates credentials for your own scheme.
    pub fn scheme(scheme: impl AuthScheme + 'static) -> Auth {
        Auth(Arc::new(Kind::Custom(Box::new(scheme))))
    }

    /// Returns the value of the Authorization or Proxy-Authorization field, marked sensitive.
    /// Returns `None` if it depends on a challenge.
    pub fn header_value(&self) -> Option<&HeaderValue> {
        match &*self.0 {
            Kind::Fixed { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Whether connections that carried them serve no other credentials.
    pub(crate) fn binds_connection(&self) -> bool {
        match &*self.0 {
            Kind::Custom(scheme) => scheme.binds_connection(),
            _ => false,
        }
    }

    /// Returns the user and the password of Basic credentials.
    pub(crate) fn user_and_password(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let token = self.header_value()?.to_str().ok()?.strip_prefix("Basic ")?;
        let mut user = base64::decode(token)?;
        let colon = user.iter().position(|&byte| byte == b':')?;
        let password = user.split_off(colon + 1);
        user.truncate(colon);
        Some((user, password))
    }

    fn fixed(scheme: &'static str, token: &str) -> Result<Auth, AuthError> {
        let mut value = HeaderValue::from_str(&format!("{scheme} {token}")).map_err(|_| AuthError::Control)?;
        value.set_sensitive(true);
        Ok(Auth(Arc::new(Kind::Fixed { value, scheme })))
    }
}

impl Login {
    fn new(user: &str, password: &str) -> Result<Login, AuthError> {
        if user.chars().chain(password.chars()).any(char::is_control) {
            return Err(AuthError::Control);
        }
        Ok(Login { user: user.into(), password: password.into() })
    }
}

fn basic_token(user: &str, password: &str) -> String {
    base64::encode(format!("{user}:{password}").as_bytes())
}

/// Equal credentials are interchangeable. Credentials for an embedder's scheme equal only their
/// clones.
impl PartialEq for Auth {
    fn eq(&self, other: &Auth) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || match (&*self.0, &*other.0) {
                (Kind::Fixed { value, .. }, Kind::Fixed { value: other, .. }) => value == other,
                (Kind::OnChallenge(login), Kind::OnChallenge(other)) => login == other,
                #[cfg(feature = "digest")]
                (Kind::Digest(login), Kind::Digest(other)) => login == other,
                _ => false,
            }
    }
}

impl Eq for Auth {}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Fixed { scheme, .. } => write!(f, "Auth({scheme} ***)"),
            Kind::OnChallenge(_) => f.write_str("Auth(on challenge ***)"),
            #[cfg(feature = "digest")]
            Kind::Digest(_) => f.write_str("Auth(Digest ***)"),
            Kind::Custom(scheme) => write!(f, "Auth({} ***)", scheme.name()),
        }
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

/// Why authentication failed, although the server accepted the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthFailure {
    /// The server's `rspauth` is wrong (RFC 7616 §3.5): the server does not know the password, or
    /// someone modified the request in transit.
    ServerUnproven,
}

impl fmt::Display for AuthFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AuthFailure::ServerUnproven => {
                "expected the server to prove that it knows the password, found a wrong rspauth in its response"
            }
        })
    }
}

impl std::error::Error for AuthFailure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_encodes_utf8_and_allows_empty_parts() {
        let value = |auth: Auth| auth.header_value().unwrap().clone();
        assert_eq!(value(Auth::basic("Aladdin", "open sesame").unwrap()), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(value(Auth::basic("", "").unwrap()), "Basic Og==");
        assert_eq!(value(Auth::basic("é", ":").unwrap()), "Basic w6k6Og==");
    }

    #[test]
    fn t75_colons_in_users_and_control_characters_are_rejected() {
        for credentials in [Auth::basic, Auth::on_challenge] {
            assert_eq!(credentials("a:b", "c"), Err(AuthError::ColonInUser));
            assert_eq!(credentials("a", "c\r\nX: 1"), Err(AuthError::Control));
        }
        assert_eq!(Auth::bearer("a b"), Err(AuthError::Control));
        assert_eq!(Auth::bearer(""), Err(AuthError::Control));
        #[cfg(feature = "digest")]
        {
            assert!(Auth::digest("a:b", "c").is_ok());
            assert_eq!(Auth::digest("a\n", "c"), Err(AuthError::Control));
        }
    }

    #[test]
    fn debug_shows_only_the_scheme() {
        assert_eq!(format!("{:?}", Auth::bearer("canary").unwrap()), "Auth(Bearer ***)");
        assert!(!format!("{:?}", Auth::on_challenge("canary", "canary").unwrap()).contains("canary"));
    }

    #[test]
    fn t9_credentials_differ_by_scheme_and_login() {
        let on_challenge = |password| Auth::on_challenge("u", password).unwrap();
        assert_eq!(on_challenge("p"), on_challenge("p"));
        assert_ne!(on_challenge("p"), on_challenge("q"));
        assert_ne!(on_challenge("p"), Auth::basic("u", "p").unwrap());
        #[cfg(feature = "digest")]
        assert_ne!(on_challenge("p"), Auth::digest("u", "p").unwrap());
    }
}
