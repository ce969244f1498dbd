//! The secret scope: the origins that receive a session's secrets.
//!
//! A session's secrets are its sensitive fields, credentials, own cookies and query parameters. Its
//! client certificate and TLS settings that do not verify count as well. A base URL makes it easy
//! to address another origin by mistake: `//evil.example/x` is a relative URL. It therefore binds
//! the secrets to its origin. The scope holds at every hop, whatever the redirect policy allows.
//!
//! Left out: a request's own secrets, which the redirect policy binds to the request's origin, and
//! the jar's cookies, which have their own domains.

use std::sync::Arc;

use url::Url;

use super::{LevelSettings, Options, Params, Setting, Settings};
use crate::headers::Headers;
use crate::http1::EncodedHeaders;
use crate::origin::{Origin, OriginRef};
use crate::policy::auth::Auth;
use crate::route::connect_to::ConnectTo;
#[cfg(feature = "tls")]
use crate::{
    route::proxy::Proxy,
    tls::{TlsConfig, TlsConfigError},
};

/// The origins that receive a session's secrets. A request to another origin is sent without them.
///
/// The secrets are the session's sensitive fields, `auth`, cookies and query parameters. Of its
/// `tls`, they are the client certificate and settings that do not verify. An address without a rule
/// in its `connect_to`, such as a Unix socket, is bound likewise. Another origin gets the
/// same roots and versions without these, or the default configuration instead of a custom
/// `rustls::ClientConfig`. So does an https proxy without its own TLS settings. A request's own
/// secrets go to the request's origin, whatever the scope.
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
    /// The origin of the session's base URL; without one, every origin, as [`SecretScope::Any`].
    /// The default.
    #[default]
    BaseOrigin,
    /// Every origin that a request addresses. The redirect policy decides about later hops.
    Any,
    /// These origins. A redirect from one to another still drops credentials, as between any two
    /// origins.
    Origins(Arc<[Origin]>),
}

impl FromIterator<Origin> for SecretScope {
    fn from_iter<I: IntoIterator<Item = Origin>>(origins: I) -> Self {
        SecretScope::Origins(origins.into_iter().collect())
    }
}

/// A session's secrets, bound to origins, and the fields for all other origins.
#[derive(Clone, Debug)]
pub(crate) struct BoundSecrets {
    origins: Arc<[Origin]>,
    /// The session's sensitive fields.
    secret: Headers,
    /// The session's other fields, and their encoded form.
    pub(crate) public: Arc<Headers>,
    pub(crate) public_encoded: Option<Arc<EncodedHeaders>>,
    auth: Option<Auth>,
    /// Whether the session names addresses to connect to.
    has_address: bool,
    cookies: Params,
    #[cfg(feature = "tls")]
    tls: Option<TlsConfig>,
}

impl BoundSecrets {
    /// Binds the secrets in the `session`'s options by `scope`. Returns `None` if the scope is
    /// unrestricted. `settings` are the session's. `encode` encodes the fields that are not secret.
    pub(crate) fn new(
        scope: &SecretScope,
        session: &Options,
        settings: &Settings,
        encode: impl FnOnce(&Headers, bool) -> Option<Arc<EncodedHeaders>>,
    ) -> Option<Arc<BoundSecrets>> {
        let origins = match (scope, &settings.base_url) {
            (SecretScope::Origins(origins), _) => origins.clone(),
            (SecretScope::BaseOrigin, Some(base)) => [Origin::of(base)].into(),
            (SecretScope::BaseOrigin, None) | (SecretScope::Any, _) => return None,
        };
        let (mut secret, mut public) = (session.headers.clone(), session.headers.clone());
        secret.retain(|_, value| value.is_sensitive());
        public.retain(|_, value| !value.is_sensitive());
        Some(Arc::new(BoundSecrets {
            origins,
            secret,
            public_encoded: encode(&public, settings.decode),
            public: Arc::new(public),
            auth: settings.auth.clone(),
            has_address: settings.connect_to.is_some(),
            cookies: session.cookies.clone(),
            #[cfg(feature = "tls")]
            tls: settings.tls.clone(),
        }))
    }

    /// Whether the scope includes the origin of `url`.
    pub(crate) fn holds(&self, url: &Url) -> bool {
        let origin = OriginRef::of(url);
        self.origins.iter().any(|held| *held == origin)
    }

    /// Returns these secrets with an additional origin that receives them.
    pub(crate) fn with_origin(&self, origin: Origin) -> BoundSecrets {
        let origins = self.origins.iter().cloned().chain([origin]).collect();
        BoundSecrets { origins, ..self.clone() }
    }

    /// Removes the session's credentials, TLS secrets and its own address from `merged`, the
    /// settings of a request outside the scope. `own` is the request's level.
    pub(crate) fn withhold(&self, own: Option<&LevelSettings>, merged: &mut Settings) {
        if !own.is_some_and(|own| matches!(own.auth, Setting::Set(_))) {
            merged.auth = None;
        }
        if !own.is_some_and(|own| matches!(own.connect_to, Setting::Set(_))) {
            merged.connect_to = merged.connect_to.take().and_then(ConnectTo::without_request_origin);
        }
        #[cfg(feature = "tls")]
        if !own.is_some_and(|own| matches!(own.tls, Setting::Set(_))) {
            merged.tls = merged.tls.as_ref().and_then(TlsConfig::without_secrets);
        }
    }

    /// Whether [`BoundSecrets::withhold`] changes anything.
    pub(crate) fn has_settings(&self) -> bool {
        #[cfg(feature = "tls")]
        return self.auth.is_some() || self.has_address || self.tls.is_some();
        #[cfg(not(feature = "tls"))]
        return self.auth.is_some() || self.has_address;
    }

    /// Returns the request's proxy with TLS settings free of secrets, if it would otherwise use
    /// those of `config` outside the scope.
    #[cfg(feature = "tls")]
    pub(crate) fn proxy_without_secrets(
        &self,
        proxy: &Proxy,
        config: &TlsConfig,
        default_tls: impl FnOnce() -> Result<TlsConfig, TlsConfigError>,
    ) -> Option<Result<Proxy, TlsConfigError>> {
        if !proxy.is_https() || proxy.tls_config().is_some() {
            return None;
        }
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
