//! The route of a hop: its proxy or the address that the caller named, its TLS, and its fields
//! encoded for that route.

#[cfg(feature = "tls")]
use std::sync::Arc;

use super::machine::Machine;
use super::stage::{Order, Stage};
use crate::error::ErrorKind;
use crate::policy::Acquire;
use crate::route::{Route, needs_tls};
use crate::session::Session;

impl Machine {
    /// Takes the route of this hop and asks for a connection on it.
    pub(super) fn take_route(&mut self, session: &mut Session) {
        self.append_own_cookies();
        #[cfg(feature = "tls")]
        let tls = match (needs_tls(&self.request.url, self.request.proxy()), &self.request.settings.tls) {
            (false, _) => None,
            (true, Some(config)) => Some(config.clone()),
            (true, None) => match session.default_tls() {
                Ok(config) => Some(config),
                Err(why) => return self.fail(ErrorKind::TlsConfig(why)),
            },
        };
        #[cfg(feature = "tls")]
        if let (Some(config), Some(bound)) = (&tls, self.request.settings.bound.clone())
            && let Some(old) = self.request.proxy().cloned()
            && let Some(proxy) = bound.proxy_without_secrets(&old, config, || session.default_tls())
        {
            match proxy {
                Ok(proxy) => {
                    if let Some(rules) = &mut Arc::make_mut(&mut self.request.settings).settings.proxy {
                        rules.replace(&old, &proxy);
                    }
                }
                Err(why) => return self.fail(ErrorKind::TlsConfig(why)),
            }
        }
        #[cfg(not(feature = "tls"))]
        if needs_tls(&self.request.url, self.request.proxy()) {
            return self.fail(ErrorKind::TlsConfig(crate::tls::TlsConfigError::NotCompiledIn));
        }
        let route = Route::new(
            &self.request.url,
            self.request.proxy(),
            self.request.destination(),
            self.request.auth.as_ref().filter(|auth| auth.binds_connection()),
            #[cfg(feature = "tls")]
            tls,
            session.seed,
            &mut session.route,
        );
        self.lines = session.encoded_head(&route, &self.request);
        let may_authenticate = self.request.auth.is_some() || route.proxy().is_some();
        self.route = Some(route);
        if may_authenticate {
            self.authenticate(session);
        }
        if !self.request.settings.keep_alive {
            self.attempt.connection = Acquire::New;
        }
        self.enter(Stage::Acquire { order: Order::Due, since: None });
    }
}
