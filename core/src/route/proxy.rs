//! An HTTP proxy, set explicitly: forwarding for http, a CONNECT tunnel for https (RFC 9110 §9.3.6).
//!
//! The proxy's credentials live here and nowhere else (T3): they are attached to CONNECT, or to a request in absolute form that this very
//! proxy is sent, and to nothing that goes to an origin.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use url::Url;

use crate::headers::{HeaderError, Headers, OWNED};
use crate::limits::Limits;
use crate::policy::auth::{Auth, AuthError};
use crate::redaction;
#[cfg(feature = "tls")]
use crate::tls::TlsConfig;
use crate::url::{UrlError, parse_url};

/// A proxy and how it is used. Cheap to clone; equal when every part is, credentials included (T9).
#[derive(Clone, Debug, PartialEq)]
pub struct Proxy(Arc<Inner>);

#[derive(Clone, PartialEq)]
struct Inner {
    url: Url,
    auth: Option<Auth>,
    tunnel: Tunnel,
    headers: Headers,
    #[cfg(feature = "tls")]
    tls: Option<TlsConfig>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner")
            .field("url", &redaction::url(&self.url))
            .field("auth", &self.auth)
            .field("tunnel", &self.tunnel)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// For which targets the proxy is asked for a tunnel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tunnel {
    /// For https; http requests are forwarded.
    #[default]
    ForHttps,
    /// For http as well.
    Always,
}

impl Proxy {
    /// The proxy at `url`: `http://host:port` or, with TLS to the proxy, `https://host:port`. Userinfo becomes Basic credentials for the proxy.
    ///
    /// # Errors
    /// [`ProxyError`] when the URL is none, or its userinfo cannot be sent as Basic credentials.
    pub fn new(url: &str) -> Result<Proxy, ProxyError> {
        let (url, userinfo) = parse_url(url, &Limits::DEFAULT).map_err(ProxyError::Url)?;
        let auth = userinfo
            .map(|u| Auth::basic(&u.user, u.password.as_deref().unwrap_or_default()))
            .transpose()
            .map_err(ProxyError::Auth)?;
        Ok(Proxy(Arc::new(Inner {
            url,
            auth,
            tunnel: Tunnel::default(),
            headers: Headers::new(),
            #[cfg(feature = "tls")]
            tls: None,
        })))
    }

    /// Credentials for the proxy alone.
    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Proxy {
        Arc::make_mut(&mut self.0).auth = Some(auth);
        self
    }

    /// For which targets a tunnel is asked for. Default [`Tunnel::ForHttps`].
    #[must_use]
    pub fn tunnel(mut self, tunnel: Tunnel) -> Proxy {
        Arc::make_mut(&mut self.0).tunnel = tunnel;
        self
    }

    /// A field for the proxy: on CONNECT, or on a forwarded request.
    ///
    /// # Errors
    /// As [`Headers::set`]; the field is the core's own, such as Host, Connection or Content-Length.
    pub fn header(mut self, name: &str, value: &str) -> Result<Proxy, HeaderError> {
        if let Some(instead) = owned_of_proxy(name) {
            return Err(HeaderError::Owned { name: name.into(), instead });
        }
        Arc::make_mut(&mut self.0).headers.set(name, value)?;
        Ok(self)
    }

    /// TLS for an `https://` proxy; without it the session's, of which a [`SecretScope`](crate::SecretScope) withholds the secrets.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: TlsConfig) -> Proxy {
        Arc::make_mut(&mut self.0).tls = Some(tls);
        self
    }

    /// Where the proxy is, without userinfo.
    pub fn url(&self) -> &Url {
        &self.0.url
    }

    /// Where the proxy is, as `host:port`.
    pub fn authority(&self) -> String {
        format!(
            "{}:{}",
            self.0.url.host_str().unwrap_or_default(),
            self.0.url.port_or_known_default().unwrap_or_default()
        )
    }

    /// The credentials for the proxy.
    pub fn credentials(&self) -> Option<&Auth> {
        self.0.auth.as_ref()
    }

    /// The fields for the proxy.
    pub fn headers(&self) -> &Headers {
        &self.0.headers
    }

    /// Whether the proxy is spoken to over TLS.
    pub fn is_https(&self) -> bool {
        self.0.url.scheme() == "https"
    }

    /// Whether a request to `target` goes through a tunnel.
    pub fn tunnels(&self, target: &Url) -> bool {
        self.0.tunnel == Tunnel::Always || target.scheme() == "https"
    }

    /// The TLS configuration that was set for an `https://` proxy.
    #[cfg(feature = "tls")]
    pub fn tls_config(&self) -> Option<&TlsConfig> {
        self.0.tls.as_ref()
    }
}

impl Eq for Proxy {}

impl Hash for Proxy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.url.as_str().hash(state);
        self.0.tunnel.hash(state);
    }
}

/// A proxy that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyError {
    /// The URL is none, or its scheme is neither http nor https.
    Url(UrlError),
    /// The userinfo cannot be sent as Basic credentials.
    Auth(AuthError),
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProxyError::Url(e) => write!(f, "proxy URL: {e}"),
            ProxyError::Auth(e) => write!(f, "proxy credentials: {e}"),
        }
    }
}

impl std::error::Error for ProxyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ProxyError::Url(e) => e.source(),
            ProxyError::Auth(e) => e.source(),
        }
    }
}

/// What to use in place of a field for a proxy that says how its message is framed or where it goes, if `name` is one.
fn owned_of_proxy(name: &str) -> Option<&'static str> {
    let framing = [
        ("host", "it follows from the URL"),
        ("content-length", "it follows from the body"),
        ("transfer-encoding", "it follows from the body"),
    ];
    let mut owned = OWNED.into_iter().filter(|(known, _)| !known.starts_with("proxy-")).chain(framing);
    owned.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, instead)| instead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn userinfo_becomes_credentials_and_is_not_shown() {
        let proxy = Proxy::new("http://user:canary@127.0.0.1:3128").unwrap();
        assert!(proxy.credentials().is_some());
        assert!(!format!("{proxy:?}").contains("canary") && proxy.url().username().is_empty());
    }

    #[test]
    fn errors_say_which_part_of_the_proxy_is_wrong() {
        for (url, said) in [("http://", "proxy URL: "), ("http://a%3Ab:c@p.test/", "proxy credentials: ")] {
            let error = Proxy::new(url).unwrap_err();
            let cause = match &error {
                ProxyError::Url(cause) => cause.to_string(),
                ProxyError::Auth(cause) => cause.to_string(),
            };
            assert!(!cause.is_empty());
            assert_eq!(error.to_string(), format!("{said}{cause}"));
        }
    }

    #[test]
    fn t9_proxies_differ_by_credentials() {
        let a = Proxy::new("http://p:1").unwrap();
        let b = a.clone().auth(Auth::basic("u", "p").unwrap());
        assert_ne!(a, b);
        assert_eq!(a, Proxy::new("http://P:1/").unwrap());
    }
}
