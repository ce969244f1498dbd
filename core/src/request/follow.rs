//! Turns a request into the one that a redirect leads to.

use std::sync::Arc;

use ::url::Url;
use http::Method;

use super::body::Body;
use super::credentials;
use super::prepared::Prepared;
use crate::options::{BoundSecrets, RequestTarget};
use crate::origin::{Origin, same_origin};
use crate::policy::redirect::{self, Crossing, NextBody, NextHop};

impl Prepared {
    /// Makes this the request of the next hop, and returns method and URL of the previous one.
    ///
    /// Fields that must not survive are removed for good: a later hop back to the first origin does
    /// not restore them.
    pub(crate) fn follow(&mut self, next: NextHop) -> (Method, Url) {
        let policy = self.settings.redirects;
        let survives = |name: &str, sensitive| redirect::survives(name, sensitive, &next, &policy);
        if self.headers.iter().any(|(name, value)| !survives(name, value.is_sensitive())) {
            self.encoded = None;
            let headers = Arc::make_mut(&mut self.headers);
            headers.retain(|name, value| survives(name, value.is_sensitive()));
        }
        if policy.referer && self.headers.contains("referer") {
            // The caller's value described the first request; the policy provides the next.
            self.encoded = None;
            Arc::make_mut(&mut self.headers).unset("referer");
        }
        if !survives("authorization", true) {
            self.auth = None;
        }
        let is_safe = next.crossing != Crossing::Downgrade;
        if self.settings.auth_after_redirect && is_safe && !same_origin(&self.url, &next.url) {
            // Ignore credentials that Basic cannot carry: the caller did not choose this URL.
            self.auth = self.auth.take().or(credentials::bound_to(&next.url, &self.settings).unwrap_or_default());
        }
        if !survives("cookie", true) {
            self.cookies = Default::default();
        }
        if let Some(bound) = self.settings.bound.clone() {
            self.withhold_from(&bound, &next.url);
        }
        if self.settings.connect_to.is_some() && !same_origin(&self.url, &next.url) {
            // The address belongs to the origin that the caller named.
            if let Some(connect_to) = &mut Arc::make_mut(&mut self.settings).settings.connect_to {
                connect_to.bind(&self.url);
            }
        }
        if self.settings.target != RequestTarget::Url {
            // It belonged to the previous URL.
            Arc::make_mut(&mut self.settings).settings.target = RequestTarget::Url;
        }
        if next.body == NextBody::Drop {
            self.body = Body::Empty;
            self.content_type = None;
        }
        let method = std::mem::replace(&mut self.method, next.method);
        let url = Arc::unwrap_or_clone(std::mem::replace(&mut self.url, Arc::new(next.url)));
        (method, url)
    }

    /// Replaces the URL with its https form, and returns the previous one. The request keeps its
    /// credentials, and the session's if they are bound to the http origin: the caller gave them
    /// for this host, and an upgrade only protects them.
    ///
    /// `may_authenticate` allows the credentials of the https origin (`auth_for`). After a redirect
    /// they need the same option as any others.
    pub(crate) fn upgrade(&mut self, url: Url, may_authenticate: bool) -> Url {
        if let Some(bound) = self.settings.bound.as_ref().filter(|bound| bound.holds(&self.url)) {
            let bound = bound.with_origin(Origin::of(&url));
            Arc::make_mut(&mut self.settings).bound = Some(Arc::new(bound));
        }
        if self.auth.is_none() && may_authenticate {
            self.auth = self.settings.origin_auth.find(&url).cloned();
        }
        Arc::unwrap_or_clone(std::mem::replace(&mut self.url, Arc::new(url)))
    }

    /// Removes the session's secrets that must not go to the origin of `next`. The request still
    /// has its old URL.
    ///
    /// No redirect policy extends the scope, and removed secrets are never restored.
    fn withhold_from(&mut self, bound: &BoundSecrets, next: &Url) {
        if bound.holds(&self.url) && !bound.holds(next) {
            if self.headers.iter().any(|(name, value)| bound.is_secret_header(name, value)) {
                self.encoded = None;
                Arc::make_mut(&mut self.headers).retain(|name, value| !bound.is_secret_header(name, value));
            }
            if bound.is_secret_auth(&self.auth) {
                self.auth = None;
            }
            self.cookies.retain(|name, value| !bound.is_secret_cookie(name, value));
        }
        #[cfg(feature = "tls")]
        if let Some(config) = &self.settings.tls {
            let may_stay = match bound.is_session_tls(config) {
                true => bound.holds(next),
                false => same_origin(&self.url, next),
            };
            if !may_stay {
                let config = config.without_secrets();
                Arc::make_mut(&mut self.settings).settings.tls = config;
            }
        }
    }
}
