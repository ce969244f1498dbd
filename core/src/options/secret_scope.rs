//! To which origins the secrets of a session go.
//!
//! A session's secrets are its sensitive fields, its credentials, its own cookies and query
//! parameters, its client certificate, and TLS settings that do not verify. A base URL makes it
//! easy to ask another origin by mistake (`//evil.example/x` is a relative URL), so with one the
//! secrets are bound to its origin. The scope holds at every hop, whatever the redirect policy
//! allows. Left out: the secrets of a request, which belong to that request's origin (`redirect`),
//! and the jar's cookies, which have domains of their own.

use std::sync::Arc;

use url::Url;

use super::{LevelSettings, Options, Params, Setting, Settings};
use crate::headers::Headers;
use crate::http1::EncodedHeaders;
use crate::origin::{Origin, OriginRef};
use crate::policy::auth::Auth;
#[cfg(feature = "tls")]
use crate::{route::proxy::Proxy, tls::TlsConfig};

/// To which origins the secrets of a session go. A request to another origin is sent without them.
///
/// The secrets are the session's sensitive fields, `auth`, cookies and query parameters, and of its
/// `tls` the client certificate and settings that do not verify: another origin gets the same roots
/// and versions without these, or the default TLS configuration in place of a
/// `rustls::ClientConfig` of the caller's. So does a proxy that is spoken to over TLS and has no
/// settings of its own. Secrets set on a request go to that request's origin, whatever the scope.
///
/// ```
/// use petition_core::{Method, Request, Session};
///
/// let mut session = Session::new();
/// session.set_base_url("https://api.example/")?;
/// session.set_headers([("X-Api-Key", "0123")])?;
/// let sent_to = |url| Ok::<_, petition_core::Error>(session.prepare(&Request::new(Method::GET, url))?);
/// assert!(sent_to("/v1/items")?.headers().get("X-Api-Key").is_some());
/// assert!(sent_to("//other.example/")?.headers().get("X-Api-Key").is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretScope {
    /// With a base URL on the session: to its origin. Without one: to every origin, as
    /// [`SecretScope::Any`]. The default.
    #[default]
    BaseOrigin,
    /// To every origin that a request names. The redirect policy decides what follows a redirect.
    Any,
    /// To these origins. A redirect from one to another still drops credentials, as between any two
    /// origins.
    Origins(Arc<[Origin]>),
}

impl FromIterator<Origin> for SecretScope {
    fn from_iter<I: IntoIterator<Item = Origin>>(origins: I) -> Self {
        SecretScope::Origins(origins.into_iter().collect())
    }
}

/// A session's secrets that are bound to origins, and what the session says to all others.
#[derive(Debug)]
pub(crate) struct Bound {
    origins: Arc<[Origin]>,
    /// The sensitive fields of the session.
    secret: Headers,
    /// Its other fields, and these written out.
    pub(crate) open: Arc<Headers>,
    pub(crate) open_encoded: Option<Arc<EncodedHeaders>>,
    auth: Option<Auth>,
    cookies: Params,
    #[cfg(feature = "tls")]
    tls: Option<TlsConfig>,
}

impl Bound {
    /// Returns the secrets in the `session`'s options as `scope` binds them, `None` when it does not. `settings` are the
    /// session's. `encode` writes out the fields that are no secrets.
    pub(crate) fn new(
        scope: &SecretScope,
        session: &Options,
        settings: &Settings,
        encode: impl FnOnce(&Headers, bool) -> Option<Arc<EncodedHeaders>>,
    ) -> Option<Arc<Bound>> {
        let origins = match (scope, &settings.base_url) {
            (SecretScope::Origins(origins), _) => origins.clone(),
            (SecretScope::BaseOrigin, Some(base)) => [Origin::of(base)].into(),
            (SecretScope::BaseOrigin, None) | (SecretScope::Any, _) => return None,
        };
        let (mut secret, mut open) = (session.headers.clone(), session.headers.clone());
        secret.retain(|_, value| value.is_sensitive());
        open.retain(|_, value| !value.is_sensitive());
        Some(Arc::new(Bound {
            origins,
            secret,
            open_encoded: encode(&open, settings.decode),
            open: Arc::new(open),
            auth: settings.auth.clone(),
            cookies: session.cookies.clone(),
            #[cfg(feature = "tls")]
            tls: settings.tls.clone(),
        }))
    }

    /// Whether the secrets may go to the origin of `url`.
    pub(crate) fn holds(&self, url: &Url) -> bool {
        let origin = OriginRef::of(url);
        self.origins.iter().any(|held| *held == origin)
    }

    /// Takes the session's credentials and TLS secrets out of `merged`, the settings of a request
    /// outside of the scope of which `own` is the request's level.
    pub(crate) fn withhold(&self, own: Option<&LevelSettings>, merged: &mut Settings) {
        if !own.is_some_and(|own| matches!(own.auth, Setting::Set(_))) {
            merged.auth = None;
        }
        #[cfg(feature = "tls")]
        if !own.is_some_and(|own| matches!(own.tls, Setting::Set(_))) {
            merged.tls = merged.tls.as_ref().and_then(TlsConfig::without_secrets);
        }
    }

    /// Whether [`Bound::withhold`] changes anything.
    pub(crate) fn has_settings(&self) -> bool {
        #[cfg(feature = "tls")]
        return self.auth.is_some() || self.tls.is_some();
        #[cfg(not(feature = "tls"))]
        self.auth.is_some()
    }

    /// The proxy of a request, where it would be spoken to over `config` and that has secrets that
    /// are not for it; in words, why no other settings can be had.
    #[cfg(feature = "tls")]
    pub(crate) fn proxy_without_secrets(
        &self,
        settings: &Settings,
        config: &TlsConfig,
        default_tls: impl FnOnce() -> Result<TlsConfig, String>,
    ) -> Option<Result<Proxy, String>> {
        let proxy = settings.proxy.as_ref().filter(|proxy| proxy.is_https() && proxy.tls_config().is_none())?;
        let others = config.without_secrets();
        if self.holds(proxy.url()) || others.as_ref() == Some(config) {
            return None;
        }
        Some(others.map_or_else(default_tls, Ok).map(|others| proxy.clone().tls(others)))
    }

    /// Whether this field of a request came from the session's secrets.
    pub(crate) fn is_secret_header(&self, name: &str, value: &http::HeaderValue) -> bool {
        self.secret.iter().any(|(own, secret)| own.eq_ignore_ascii_case(name) && secret == value)
    }

    /// Whether these credentials are the session's.
    pub(crate) fn is_secret_auth(&self, auth: &Option<Auth>) -> bool {
        *auth == self.auth
    }

    /// Whether the session brought this cookie.
    pub(crate) fn is_secret_cookie(&self, name: &str, value: &str) -> bool {
        self.cookies.iter().any(|own| own == (name, value))
    }

    /// Whether this is the session's TLS configuration.
    #[cfg(feature = "tls")]
    pub(crate) fn is_session_tls(&self, config: &TlsConfig) -> bool {
        self.tls.as_ref() == Some(config)
    }
}

#[cfg(test)]
#[path = "secret_scope_tests.rs"]
mod tests;
