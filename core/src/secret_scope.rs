//! To which origins the secrets of a session go.
//!
//! A session's secrets are its sensitive fields, its credentials, its own cookies and query parameters, its client certificate, and TLS
//! settings that do not verify. A base URL makes it easy to ask another origin by mistake (`//evil.example/x` is a relative URL), so with one
//! the secrets are bound to its origin. The scope holds at every hop, whatever the redirect policy allows. Left out: the secrets of
//! a request, which belong to that request's origin (`redirect`), and the jar's cookies, which have domains of their own.

use std::sync::Arc;

use url::Url;

use crate::headers::Headers;
use crate::http1::EncodedHeaders;
use crate::options::{LevelSettings, Options, Params, Setting, Settings};
use crate::origin::{Origin, OriginRef};
use crate::policy::auth::Auth;
use crate::request::prepared::{Prepared, general_lines};
#[cfg(feature = "tls")]
use crate::{route::proxy::Proxy, session::Session, tls::TlsConfig};

/// To which origins the secrets of a session go. A request to another origin is sent without them.
///
/// The secrets are the session's sensitive fields, `auth`, cookies and query parameters, and of its `tls` the client certificate and
/// settings that do not verify: another origin gets the same roots and versions without these, or the default TLS configuration in
/// place of a `rustls::ClientConfig` of the caller's. So does a proxy that is spoken to over TLS and has no settings of its own. Secrets set on a request go to that request's origin, whatever the scope.
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
    /// With a base URL on the session: to its origin. Without one: to every origin, as [`SecretScope::Any`]. The default.
    #[default]
    BaseOrigin,
    /// To every origin that a request names. The redirect policy decides what follows a redirect.
    Any,
    /// To these origins. A redirect from one to another still drops credentials, as between any two origins.
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
    pub(crate) open_lines: Option<Arc<EncodedHeaders>>,
    auth: Option<Auth>,
    cookies: Params,
    #[cfg(feature = "tls")]
    tls: Option<TlsConfig>,
}

impl Bound {
    /// The secrets in the `session`'s options as `scope` binds them, `None` when it does not. `settings` are the session's.
    pub(crate) fn new(scope: &SecretScope, session: &Options, settings: &Settings) -> Option<Arc<Bound>> {
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
            open_lines: general_lines(&open, settings.decode),
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

    /// Takes the session's credentials and TLS secrets out of `merged`, the settings of a request outside of the scope of which `own` is the
    /// request's level.
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

    /// The proxy of a request, where it would be spoken to over `config` and that has secrets that are not for it; in words, why no other
    /// settings can be had.
    #[cfg(feature = "tls")]
    pub(crate) fn proxy_without_secrets(
        &self,
        settings: &Settings,
        config: &TlsConfig,
        session: &mut Session,
    ) -> Option<Result<Proxy, String>> {
        let proxy = settings.proxy.as_ref().filter(|proxy| proxy.is_https() && proxy.tls_config().is_none())?;
        let others = config.without_secrets();
        if self.holds(proxy.url()) || others.as_ref() == Some(config) {
            return None;
        }
        Some(others.map_or_else(|| session.default_tls(), Ok).map(|others| proxy.clone().tls(others)))
    }

    /// Takes out of a request that a redirect leads to `next` what may not go there. The request still has its old URL.
    ///
    /// Not even a policy by which credentials follow takes a session's secrets out of their scope. What was taken out stays out.
    pub(crate) fn leave(&self, request: &mut Prepared, next: &Url) {
        if self.holds(&request.url) && !self.holds(next) {
            let is_secret = |name: &str, value: &http::HeaderValue| {
                self.secret.iter().any(|(own, secret)| own.eq_ignore_ascii_case(name) && secret == value)
            };
            if request.headers.iter().any(|(name, value)| is_secret(name, value)) {
                request.lines = None;
                Arc::make_mut(&mut request.headers).retain(|name, value| !is_secret(name, value));
            }
            if request.auth == self.auth {
                request.auth = None;
            }
            request.cookies.retain(|name, value| !self.cookies.iter().any(|own| own == (name, value)));
        }
        #[cfg(feature = "tls")]
        if let Some(config) = &request.settings.tls {
            let is_sessions = self.tls.as_ref() == Some(config);
            let may_stay = if is_sessions { self.holds(next) } else { crate::origin::same_origin(&request.url, next) };
            if !may_stay {
                let config = config.without_secrets();
                Arc::make_mut(&mut request.settings).settings.tls = config;
            }
        }
    }
}

#[cfg(test)]
#[path = "secret_scope_tests.rs"]
mod tests;
