//! The embedder's own authentication schemes, such as Negotiate or NTLM.

use std::fmt;

use http::{HeaderValue, Method};
use url::Url;

use super::challenge::Challenge;

/// An authentication scheme that Petition does not implement.
///
/// An implementation holds the credentials and starts an exchange for each request that uses them.
/// Its code runs on the thread that drives the machine, without a lock, and must not block.
///
/// ```
/// use http::HeaderValue;
/// use petition_core::policy::auth::{Auth, AuthExchange, AuthRequest, AuthScheme, Challenge};
///
/// /// Answers `Reverse nonce` with the nonce reversed.
/// struct Reverse;
///
/// impl AuthScheme for Reverse {
///     fn name(&self) -> &str {
///         "Reverse"
///     }
///     fn begin(&self) -> Box<dyn AuthExchange> {
///         Box::new(Reverse)
///     }
/// }
///
/// impl AuthExchange for Reverse {
///     fn answer(&mut self, challenges: &[Challenge], _: &AuthRequest<'_>) -> Option<HeaderValue> {
///         let challenge = challenges.iter().find(|challenge| challenge.scheme() == "reverse")?;
///         let nonce: String = challenge.token68()?.chars().rev().collect();
///         HeaderValue::from_str(&format!("Reverse {nonce}")).ok()
///     }
/// }
///
/// let auth = Auth::scheme(Reverse);
/// assert_eq!(format!("{auth:?}"), "Auth(Reverse ***)");
/// ```
pub trait AuthScheme: Send + Sync {
    /// Returns the name of the scheme, for `Debug` output.
    fn name(&self) -> &str;

    /// Whether the server may take a connection, once authenticated, for that of the user, as with
    /// NTLM. Default: `true`. Such connections serve requests with the same [`Auth`](super::Auth), or
    /// a clone of it, alone.
    ///
    /// An answer usually goes out on the connection that the challenge came from. Requests that run
    /// at the same time may exchange their connections; give each an `Auth` of its own if the server
    /// objects.
    fn binds_connection(&self) -> bool {
        true
    }

    /// Starts the exchange for one hop to one server or proxy. A redirect starts another.
    fn begin(&self) -> Box<dyn AuthExchange>;
}

/// One exchange of challenges and answers.
pub trait AuthExchange: Send {
    /// Returns the field value for the first request, before any challenge. Default: none.
    fn first(&mut self, request: &AuthRequest<'_>) -> Option<HeaderValue> {
        let _ = request;
        None
    }

    /// Returns the field value that answers a 401, or a 407 from a proxy. The request is repeated
    /// with it, at most [`auth_rounds`](crate::Limits::auth_rounds) times. With `None`, the
    /// response is delivered.
    fn answer(&mut self, challenges: &[Challenge], request: &AuthRequest<'_>) -> Option<HeaderValue>;
}

/// The request that needs credentials. For a tunnel, this is the CONNECT request.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct AuthRequest<'a> {
    /// The method.
    pub method: &'a Method,
    /// The URL of the hop, without userinfo.
    pub url: &'a Url,
    /// The request target, exactly as sent (RFC 9112 §3.2).
    pub target: &'a str,
    /// The body; `None` if it is not in memory.
    pub body: Option<&'a [u8]>,
    /// Whether the credentials are for the proxy.
    pub for_proxy: bool,
}

/// Omits the query and the body, which may hold secrets.
impl fmt::Debug for AuthRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthRequest")
            .field("method", self.method)
            .field("url", &crate::redaction::url(self.url))
            .field("for_proxy", &self.for_proxy)
            .finish_non_exhaustive()
    }
}
