//! Proxies: HTTP proxies, which forward http and tunnel https by CONNECT (RFC 9110 §9.3.6), and
//! SOCKS proxies, which tunnel everything.
//!
//! Only this type holds the proxy's credentials. They are attached to the handshake, or to an
//! absolute-form request sent to this proxy, and never to a request to an origin.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::Ipv4Addr;
use std::sync::Arc;

use url::Url;

use crate::headers::{HeaderError, Headers, OWNED};
use crate::limits::Limits;
use crate::link::{Socks, SocksFailure, SocksTarget, SocksVersion};
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
    kind: Kind,
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

/// The protocol of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Http,
    Socks(SocksVersion, Names),
}

/// Who looks up the names of origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// The client, which sends an address to the proxy.
    Local,
    /// The proxy.
    Remote,
}

/// The port of SOCKS proxies, by custom and the IANA registry.
const SOCKS_PORT: u16 = 1080;

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
    /// Creates the proxy at `url`, by its scheme:
    ///
    /// | scheme | proxy | who looks up the origin's name |
    /// | --- | --- | --- |
    /// | `http`, or none (`host:3128`) | HTTP | the proxy |
    /// | `https` | HTTP, over TLS to the proxy | the proxy |
    /// | `socks5h` | SOCKS5 | the proxy |
    /// | `socks5` | SOCKS5 | this client |
    /// | `socks4a` | SOCKS4a | the proxy |
    /// | `socks4` | SOCKS4 | this client, IPv4 only |
    ///
    /// Default ports: 80, 443, and 1080 for SOCKS. Userinfo becomes the credentials for the proxy.
    /// SOCKS4 takes a user without a password.
    ///
    /// Where this client looks up the name, the address policy applies to the origin's address as
    /// well, and the proxy gets the first allowed IPv4 address, or else the first allowed address.
    ///
    /// ```
    /// # use petition_core::Proxy;
    /// let proxy = Proxy::new("socks5h://user:password@proxy.example")?;
    /// assert_eq!(proxy.authority(), "proxy.example:1080");
    /// # Ok::<(), petition_core::route::proxy::ProxyError>(())
    /// ```
    ///
    /// # Errors
    /// [`ProxyError::Url`] if the URL is invalid or its scheme is none of these.
    /// [`ProxyError::Auth`] if its userinfo cannot be sent as Basic credentials.
    /// [`ProxyError::Socks`] if SOCKS cannot carry them.
    pub fn new(url: &str) -> Result<Proxy, ProxyError> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let scheme = scheme.to_ascii_lowercase();
        let kind = match scheme.as_str() {
            "socks5h" => Kind::Socks(SocksVersion::V5, Names::Remote),
            "socks5" => Kind::Socks(SocksVersion::V5, Names::Local),
            "socks4a" => Kind::Socks(SocksVersion::V4, Names::Remote),
            "socks4" => Kind::Socks(SocksVersion::V4, Names::Local),
            _ => Kind::Http,
        };
        let parse = |scheme: &str| parse_url(&format!("{scheme}://{rest}"), &Limits::DEFAULT).map_err(ProxyError::Url);
        let (url, userinfo) = match kind {
            Kind::Http => parse(&scheme)?,
            // The rules for hosts are those of http. Of two schemes with different default ports,
            // one shows whether there is a port.
            Kind::Socks(..) => {
                let (url, userinfo) = parse("http")?;
                let port = url.port().or(parse("https")?.0.port()).unwrap_or(SOCKS_PORT);
                let text = format!("{scheme}://{}:{port}", url.host_str().unwrap_or_default());
                (Url::parse(&text).map_err(|error| ProxyError::Url(UrlError::Parse(error)))?, userinfo)
            }
        };
        if let (Kind::Socks(version, _), Some(userinfo)) = (kind, &userinfo) {
            let (user, password) = (&userinfo.user, userinfo.password.as_deref().unwrap_or_default());
            check_socks_credentials(version, user.as_bytes(), password.as_bytes()).map_err(ProxyError::Socks)?;
        }
        let auth = userinfo
            .map(|u| Auth::basic(&u.user, u.password.as_deref().unwrap_or_default()))
            .transpose()
            .map_err(ProxyError::Auth)?;
        Ok(Proxy(Arc::new(Inner {
            kind,
            url,
            auth,
            tunnel: Tunnel::default(),
            headers: Headers::new(),
            #[cfg(feature = "tls")]
            tls: None,
        })))
    }

    /// Sets the credentials for the proxy.
    ///
    /// # Errors
    /// [`ProxyError::Socks`] if SOCKS cannot carry them. SOCKS5 takes those of [`Auth::basic`],
    /// with 1 to 255 bytes in each part. SOCKS4 takes only a user.
    pub fn auth(mut self, auth: Auth) -> Result<Proxy, ProxyError> {
        if let Kind::Socks(version, _) = self.0.kind {
            let parts = auth.user_and_password().ok_or(SocksFailure::Credentials);
            let checked = parts.and_then(|(user, password)| check_socks_credentials(version, &user, &password));
            checked.map_err(ProxyError::Socks)?;
        }
        Arc::make_mut(&mut self.0).auth = Some(auth);
        Ok(self)
    }

    /// Sets which requests use a tunnel. Default: [`Tunnel::ForHttps`].
    #[must_use]
    pub fn tunnel(mut self, tunnel: Tunnel) -> Proxy {
        Arc::make_mut(&mut self.0).tunnel = tunnel;
        self
    }

    /// Sets a field for the proxy, sent with CONNECT or a forwarded request. SOCKS has no fields.
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
        self.0.kind != Kind::Http || self.0.tunnel == Tunnel::Always || target.scheme() == "https"
    }

    /// Returns the protocol of a SOCKS proxy, and who looks up names.
    pub(crate) fn socks(&self) -> Option<(SocksVersion, Names)> {
        match self.0.kind {
            Kind::Socks(version, names) => Some((version, names)),
            Kind::Http => None,
        }
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
    /// The URL is invalid, or its scheme is that of no proxy.
    Url(UrlError),
    /// The userinfo cannot be sent as Basic credentials.
    Auth(AuthError),
    /// SOCKS cannot carry the userinfo.
    Socks(SocksFailure),
    /// An environment variable names no valid proxy.
    Variable {
        /// The variable.
        name: &'static str,
        /// What is wrong with its value.
        why: Box<ProxyError>,
    },
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProxyError::Url(e) => write!(f, "invalid proxy URL: {e}"),
            ProxyError::Auth(e) => write!(f, "invalid proxy credentials: {e}"),
            ProxyError::Socks(e) => write!(f, "invalid proxy credentials: {e}"),
            ProxyError::Variable { name, why } => write!(f, "the environment variable {name}: {why}"),
        }
    }
}

impl std::error::Error for ProxyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ProxyError::Url(e) => e.source(),
            ProxyError::Auth(e) => e.source(),
            ProxyError::Socks(_) => None,
            ProxyError::Variable { why, .. } => why.source(),
        }
    }
}

/// Checks that SOCKS can carry these credentials.
///
/// # Errors
/// [`SocksFailure::Credentials`].
fn check_socks_credentials(version: SocksVersion, user: &[u8], password: &[u8]) -> Result<(), SocksFailure> {
    let target = SocksTarget::Address((Ipv4Addr::UNSPECIFIED, 0).into());
    Socks::new(version, &target, Some((user, password))).map(drop)
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
    fn scheme_decides_protocol_and_default_port() {
        for (text, url, authority) in [
            ("proxy.test:3128", "http://proxy.test:3128/", "proxy.test:3128"),
            ("u:p@proxy.test", "http://proxy.test/", "proxy.test:80"),
            ("https://proxy.test", "https://proxy.test/", "proxy.test:443"),
            ("SOCKS5H://Proxy.Test", "socks5h://proxy.test:1080", "proxy.test:1080"),
            ("socks5://u:p@proxy.test:80/", "socks5://proxy.test:80", "proxy.test:80"),
            ("socks4a://proxy.test:443", "socks4a://proxy.test:443", "proxy.test:443"),
            ("socks4://[::1]:9", "socks4://[::1]:9", "[::1]:9"),
            ("socks5://127.1", "socks5://127.0.0.1:1080", "127.0.0.1:1080"),
        ] {
            let proxy = Proxy::new(text).unwrap();
            assert_eq!((proxy.url().as_str(), proxy.authority().as_str()), (url, authority), "{text}");
            assert_eq!(proxy.socks().is_some(), url.starts_with("socks"));
            assert_eq!(proxy.tunnels(&"http://a.test/".parse().unwrap()), url.starts_with("socks"));
        }
        for text in ["socks://h", "ftp://h", "socks5://", "socks5://h:0", "socks5://a b", "://h", ""] {
            assert!(matches!(Proxy::new(text), Err(ProxyError::Url(_))), "{text}");
        }
        let long = format!("socks5://{}@h", "u".repeat(256));
        for text in ["socks4://u:p@h", &long, "socks5://:p@h"] {
            assert_eq!(Proxy::new(text), Err(ProxyError::Socks(SocksFailure::Credentials)), "{text}");
        }
        for (url, auth) in [
            ("socks5://h", Auth::bearer("token").unwrap()),
            ("socks5h://h", Auth::basic("u", &"p".repeat(256)).unwrap()),
            ("socks4://h", Auth::basic("u", "p").unwrap()),
        ] {
            assert_eq!(Proxy::new(url).unwrap().auth(auth), Err(ProxyError::Socks(SocksFailure::Credentials)), "{url}");
        }
        assert!(Proxy::new("socks4a://h").unwrap().auth(Auth::basic("u", "").unwrap()).is_ok());
        assert_ne!(Proxy::new("socks5://h").unwrap(), Proxy::new("socks5h://h").unwrap());
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
                ProxyError::Socks(cause) => cause.to_string(),
                ProxyError::Variable { why, .. } => why.to_string(),
            };
            assert!(!cause.is_empty());
            assert_eq!(error.to_string(), format!("{prefix}{cause}"));
        }
    }

    #[test]
    fn t9_proxies_differ_by_credentials() {
        let a = Proxy::new("http://p:1").unwrap();
        let b = a.clone().auth(Auth::basic("u", "p").unwrap()).unwrap();
        assert_ne!(a, b);
        assert_eq!(a, Proxy::new("http://P:1/").unwrap());
    }
}
