//! HTTP proxies: forwarding for http, a CONNECT tunnel for https (RFC 9110 §9.3.6).
//!
//! Only this type holds the proxy's credentials. They are attached to CONNECT, or to an
//! absolute-form request sent to this proxy, and never to a request to an origin.

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

/// A proxy and its configuration. Cloning is cheap. Proxies are equal if all parts are, including
/// credentials.
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

/// Which requests use a tunnel through the proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tunnel {
    /// https requests; the proxy forwards http requests. The default.
    #[default]
    ForHttps,
    /// All requests, http too.
    Always,
}

impl Proxy {
    /// Creates the proxy at `url`: `http://host:port`, or `https://host:port` for TLS to the proxy.
    /// Userinfo becomes Basic credentials for the proxy.
    ///
    /// # Errors
    /// [`ProxyError::Url`] if the URL is invalid, [`ProxyError::Auth`] if its userinfo cannot be
    /// sent as Basic credentials.
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

    /// Sets the credentials for the proxy.
    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Proxy {
        Arc::make_mut(&mut self.0).auth = Some(auth);
        self
    }

    /// Sets which requests use a tunnel. Default: [`Tunnel::ForHttps`].
    #[must_use]
    pub fn tunnel(mut self, tunnel: Tunnel) -> Proxy {
        Arc::make_mut(&mut self.0).tunnel = tunnel;
        self
    }

    /// Sets a field for the proxy, sent with CONNECT or a forwarded request.
    ///
    /// # Errors
    /// As [`Headers::set`]; [`HeaderError::Owned`] if core writes the field itself, such as Host,
    /// Connection or Content-Length.
    pub fn header(mut self, name: &str, value: &str) -> Result<Proxy, HeaderError> {
        if let Some(instead) = owned_of_proxy(name) {
            return Err(HeaderError::Owned { name: name.into(), instead });
        }
        Arc::make_mut(&mut self.0).headers.set(name, value)?;
        Ok(self)
    }

    /// Sets the TLS configuration for an `https://` proxy. Default: the session's, without the
    /// secrets that a [`SecretScope`](crate::SecretScope) withholds.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: TlsConfig) -> Proxy {
        Arc::make_mut(&mut self.0).tls = Some(tls);
        self
    }

    /// Returns the proxy's URL, without userinfo.
    pub fn url(&self) -> &Url {
        &self.0.url
    }

    /// Returns the proxy's address as `host:port`.
    pub fn authority(&self) -> String {
        format!(
            "{}:{}",
            self.0.url.host_str().unwrap_or_default(),
            self.0.url.port_or_known_default().unwrap_or_default()
        )
    }

    /// Returns the credentials for the proxy.
    pub fn credentials(&self) -> Option<&Auth> {
        self.0.auth.as_ref()
    }

    /// Returns the fields for the proxy.
    pub fn headers(&self) -> &Headers {
        &self.0.headers
    }

    /// Whether the connection to the proxy uses TLS.
    pub fn is_https(&self) -> bool {
        self.0.url.scheme() == "https"
    }

    /// Whether a request to `target` uses a tunnel.
    pub fn tunnels(&self, target: &Url) -> bool {
        self.0.tunnel == Tunnel::Always || target.scheme() == "https"
    }

    /// Returns the TLS configuration for an `https://` proxy, if one was set.
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

/// Why a proxy cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyError {
    /// The URL is invalid, or its scheme is neither http nor https.
    Url(UrlError),
    /// The userinfo cannot be sent as Basic credentials.
    Auth(AuthError),
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProxyError::Url(e) => write!(f, "invalid proxy URL: {e}"),
            ProxyError::Auth(e) => write!(f, "invalid proxy credentials: {e}"),
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

/// Returns what to use instead if `name` is a field that the caller cannot set for a proxy: one for
/// framing or routing.
fn owned_of_proxy(name: &str) -> Option<&'static str> {
    let framing = [
        ("host", "it is derived from the URL"),
        ("content-length", "it is derived from the body"),
        ("transfer-encoding", "it is derived from the body"),
    ];
    let mut owned = OWNED.into_iter().filter(|(known, _)| !known.starts_with("proxy-")).chain(framing);
    owned.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, instead)| instead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn userinfo_becomes_hidden_credentials() {
        let proxy = Proxy::new("http://user:canary@127.0.0.1:3128").unwrap();
        assert!(proxy.credentials().is_some());
        assert!(!format!("{proxy:?}").contains("canary") && proxy.url().username().is_empty());
    }

    #[test]
    fn errors_name_the_invalid_part_of_the_proxy() {
        for (url, prefix) in
            [("http://", "invalid proxy URL: "), ("http://a%3Ab:c@p.test/", "invalid proxy credentials: ")]
        {
            let error = Proxy::new(url).unwrap_err();
            let cause = match &error {
                ProxyError::Url(cause) => cause.to_string(),
                ProxyError::Auth(cause) => cause.to_string(),
            };
            assert!(!cause.is_empty());
            assert_eq!(error.to_string(), format!("{prefix}{cause}"));
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
