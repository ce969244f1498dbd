//! The session: options, cookies and the default TLS configuration, as plain data without a lock.
//!
//! A transport keeps a session behind a lock of its choice. It passes the session to a transfer
//! only when the transfer asks for it ([`Transfer::sync`](crate::Transfer::sync)). Nothing here
//! blocks or performs I/O.

use std::sync::Arc;

use ::url::Url;

use crate::content::decode::DecodeMemory;
use crate::cookie::Jar;
use crate::error::{Error, ErrorKind};
use crate::headers::{HeaderError, Headers};
use crate::http1::EncodedHeaders;
use crate::limits::LimitExceeded;
use crate::options::{BoundSecrets, Options, Params, ResolvedOptions, Setting, Settings};
use crate::policy::Memory;
use crate::policy::auth::OriginAuth;
use crate::policy::hsts::HstsStore;
use crate::request::credentials;
use crate::request::multipart::Boundary;
use crate::request::prepared::{Prepared, encode_general};
use crate::request::{BuildError, Request, Target};
use crate::route::Route;
use crate::route::lookup_cache::KnownNames;
use crate::route::static_addresses::StaticAddresses;
use crate::seed::{Seed, TestSeed};
#[cfg(feature = "tls")]
use crate::tls::{TlsConfig, TlsConfigError};
use crate::url::{self, UrlError};

/// Options, cookies and other state that requests share.
///
/// ```
/// use petition_core::{Request, Session};
///
/// let mut session = Session::new();
/// session.set_headers([("X-Test", "true")])?;
/// let request = Request::new(http::Method::GET, "http://example.com/headers").header("X-Test2", "true");
/// let prepared = session.prepare(&request)?;
/// assert_eq!(prepared.headers().get("x-test").unwrap(), "true");
/// assert_eq!(prepared.headers().get("x-test2").unwrap(), "true");
/// assert!(session.options().headers.get("X-Test2").is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Session {
    options: Options,
    /// `options` merged over the library's defaults. Rebuilt when they change, and shared by every
    /// request without settings of its own.
    settings: Arc<ResolvedOptions>,
    headers: Arc<Headers>,
    /// `headers` and the automatic fields, encoded.
    encoded: Option<Arc<EncodedHeaders>>,
    pub(crate) seed: Seed,
    /// The most recent route.
    pub(crate) route: Option<Route>,
    /// The most recently encoded fields.
    head_cache: Option<HeadCache>,
    pub(crate) memory: Memory,
    pub(crate) known_names: KnownNames,
    /// The number of boundaries drawn so far.
    boundaries: u64,
    #[cfg(feature = "tls")]
    default_tls: Option<TlsConfig>,
}

/// The encoded Host of a route, followed by the session's fields.
#[derive(Debug)]
struct HeadCache {
    route: Route,
    general: Arc<EncodedHeaders>,
    encoded: Arc<EncodedHeaders>,
}

impl Session {
    /// Creates a session with the library's defaults, an empty jar, and a predictable seed
    /// ([`TestSeed`] 0). For tests and repeatable runs. petition-std and petition-mio use
    /// [`Session::seeded`].
    pub fn new() -> Session {
        Session::seeded(TestSeed(0))
    }

    /// Creates a session with this seed. Use an unpredictable [`Seed`] if peers are not trusted.
    pub fn seeded(seed: impl Into<Seed>) -> Session {
        let seed = seed.into();
        let (headers, settings) = (Headers::new(), Settings::default());
        Session {
            options: Options::new(),
            encoded: encode_general(&headers, settings.decode),
            settings: Arc::new(ResolvedOptions::new(
                settings,
                OriginAuth::new(),
                StaticAddresses::new(),
                DecodeMemory::default(),
            )),
            headers: Arc::new(headers),
            seed,
            route: None,
            head_cache: None,
            memory: Memory::new(seed),
            known_names: KnownNames::default(),
            boundaries: 0,
            #[cfg(feature = "tls")]
            default_tls: None,
        }
    }

    /// Returns the session's options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Changes the session's options, for requests prepared from now on. If `change` panics, the
    /// changes made before the panic apply.
    ///
    /// ```
    /// # let mut session = petition_core::Session::new();
    /// session.configure(|options| {
    ///     options.total_timeout(std::time::Duration::from_secs(60)).keep_alive(false);
    /// });
    /// ```
    pub fn configure<R>(&mut self, change: impl FnOnce(&mut Options) -> R) -> R {
        /// Updates the derived state however `change` ends.
        struct Derived<'a>(&'a mut Session);
        impl Drop for Derived<'_> {
            fn drop(&mut self) {
                self.0.derive();
            }
        }
        change(&mut Derived(self).0.options)
    }

    fn derive(&mut self) {
        let library = Settings::default();
        let settings = match self.options.level() {
            Some(level) => library.with(level),
            None => library,
        };
        let (auth, names) = (self.options.origin_auth.clone(), self.options.static_addresses.clone());
        let mut settings = ResolvedOptions::new(settings, auth, names, self.settings.decode_memory.clone());
        settings.bound = BoundSecrets::new(&settings.secret_scope, &self.options, &settings, encode_general);
        self.settings = Arc::new(settings);
        self.headers = Arc::new(self.options.headers.clone());
        self.encoded = encode_general(&self.headers, self.settings.decode);
        // The route may contain an outdated proxy or TLS configuration.
        self.route = None;
        self.head_cache = None;
    }

    /// Sets fields for every later request that does not override them.
    ///
    /// # Errors
    /// [`HeaderError`] if a name is not a token, or a value contains control characters. The fields
    /// before it are set.
    pub fn set_headers<N: AsRef<str>, V: AsRef<[u8]>>(
        &mut self,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Result<(), HeaderError> {
        self.configure(|options| {
            fields.into_iter().try_for_each(|(name, value)| options.headers.set(name.as_ref(), value))
        })
    }

    /// Sets the URL that relative URLs resolve against by RFC 3986 §5, not by string prefix. From
    /// now on, the session's secrets go to its origin only, unless a
    /// [`SecretScope`](crate::SecretScope) is set.
    ///
    /// # Errors
    /// [`BuildError::Url`] if it is not an absolute http or https URL.
    pub fn set_base_url(&mut self, url: impl AsRef<str>) -> Result<(), BuildError> {
        let (url, _) = url::parse_url(url.as_ref(), &self.settings.limits).map_err(BuildError::Url)?;
        self.configure(|options| {
            options.base_url(url);
        });
        Ok(())
    }

    /// Returns the settings of requests that set none of their own.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the memory budget that this session's decoders share. Its limit is
    /// [`Limits::decode_memory`](crate::Limits::decode_memory).
    pub fn decode_memory(&self) -> &DecodeMemory {
        &self.settings.decode_memory
    }

    /// Returns the cookie jar.
    pub fn jar(&self) -> &Jar {
        &self.memory.jar
    }

    /// Calls `f` with the cookie jar, to read or change it.
    pub fn cookies<R>(&mut self, f: impl FnOnce(&mut Jar) -> R) -> R {
        f(&mut self.memory.jar)
    }

    /// Returns the hosts that asked for https (HSTS).
    pub fn hsts_store(&self) -> &HstsStore {
        &self.memory.hsts
    }

    /// Calls `f` with the hosts that asked for https (HSTS), to save, load or change them.
    pub fn hsts<R>(&mut self, f: impl FnOnce(&mut HstsStore) -> R) -> R {
        f(&mut self.memory.hsts)
    }

    /// Clears the look-up cache, which the option [`lookup_cache`](Options::lookup_cache) enables.
    pub fn forget_lookups(&mut self) {
        self.known_names = KnownNames::default();
    }

    /// Draws the delimiter of a multipart body from the session's seed: a new one with each call.
    pub fn draw_boundary(&mut self) -> Boundary {
        self.boundaries += 1;
        Boundary::new(self.seed.draw("multipart boundary", self.boundaries))
    }

    /// Merges the request's options over the session's, resolves its URL, and checks everything
    /// that can be checked before sending. Changes neither session nor request.
    ///
    /// # Errors
    /// An [`Error`] of kind [`Build`](crate::ErrorKind::Build), in phase
    /// [`Prepare`](crate::Phase::Prepare), with the first fault found.
    pub fn prepare(&self, request: &Request) -> Result<Prepared, Error> {
        let refused = |fault| request.error(ErrorKind::Build(fault));
        if let Some(fault) = &request.fault {
            return Err(refused((**fault).clone()));
        }
        let own = request.options.level();
        let mut settings = match own {
            Some(level) => {
                let shared = &*self.settings;
                let (auth, names) = (shared.origin_auth.clone(), shared.static_addresses.clone());
                let mut merged = ResolvedOptions::new(shared.with(level), auth, names, shared.decode_memory.clone());
                merged.bound = match level.secret_scope {
                    Setting::Inherit => self.settings.bound.clone(),
                    _ => BoundSecrets::new(&merged.secret_scope, &self.options, &self.settings, encode_general),
                };
                Arc::new(merged)
            }
            None => self.settings.clone(),
        };
        if !request.options.origin_auth.is_empty() {
            let merged = request.options.origin_auth.layered_over(&self.settings.origin_auth);
            Arc::make_mut(&mut settings).origin_auth = merged;
        }
        if !request.options.static_addresses.is_empty() {
            let merged = request.options.static_addresses.layered_over(&self.settings.static_addresses);
            Arc::make_mut(&mut settings).static_addresses = merged;
        }
        let (mut url, userinfo) = resolve(&request.target, &settings).map_err(refused)?;
        let bound = settings.bound.clone().filter(|bound| !bound.holds(&url));
        let outside = bound.as_deref();
        let (fields, encoded) =
            outside.map_or((&self.headers, &self.encoded), |bound| (&bound.public, &bound.public_encoded));
        let (headers, encoded) = match request.options.headers.is_empty() {
            true if settings.decode == self.settings.decode => (fields.clone(), encoded.clone()),
            true => (fields.clone(), None),
            false => (Arc::new(request.options.headers.layered_over(fields)), None),
        };
        let (mut headers, mut encoded) = (headers, encoded);
        if let Some(content_type) = &request.multipart {
            // Any other value would not contain the body's delimiter.
            Arc::make_mut(&mut headers).set("Content-Type", content_type.as_bytes()).map_err(BuildError::Header)?;
            encoded = None;
        }
        let empty = Params::new();
        let (query, cookies) =
            if outside.is_some() { (&empty, &empty) } else { (&self.options.query, &self.options.cookies) };
        if !(query.is_empty() && request.options.query.is_empty()) {
            let query = request.options.query.layered_over(query);
            url::append_query(Arc::make_mut(&mut url), query.iter());
        }
        if let Some(bound) = outside.filter(|bound| bound.has_settings()) {
            bound.withhold(own, &mut Arc::make_mut(&mut settings).settings);
        }
        LimitExceeded::check("url_bytes", settings.limits.url_bytes as u64, url.as_str().len() as u64)
            .map_err(|e| refused(BuildError::Url(e.into())))?;
        if own.is_some_and(|own| matches!(own.auth, Setting::Clear | Setting::Set(None))) {
            credentials::clear(Arc::make_mut(&mut settings));
        }
        let auth = credentials::choose(own.map(|own| &own.auth), userinfo.as_deref(), &url, &settings)
            .map_err(|e| refused(BuildError::Auth(e)))?;
        let cookies = match request.options.cookies.is_empty() && cookies.is_empty() {
            true => Params::new(),
            false => request.options.cookies.layered_over(cookies),
        };
        let prepared = Prepared {
            method: request.method.clone(),
            url,
            headers,
            encoded,
            cookies,
            auth,
            body: request.body.clone(),
            content_type: request.content_type,
            settings,
        };
        prepared.check().map_err(refused)?;
        Ok(prepared)
    }

    /// Returns the encoded fields of a request without fields of its own, Host first, and caches
    /// them.
    pub(crate) fn encoded_head(&mut self, route: &Route, request: &Prepared) -> Option<Arc<EncodedHeaders>> {
        let general = request.encoded.as_ref()?;
        if let Some(last) = &self.head_cache
            && last.route.ptr_eq(route)
            && Arc::ptr_eq(&last.general, general)
        {
            return Some(last.encoded.clone());
        }
        // An invalid Host is reported when the head is sent.
        let encoded = Arc::new(general.preceded_by([request.host()]).ok()?);
        self.head_cache = Some(HeadCache { route: route.clone(), general: general.clone(), encoded: encoded.clone() });
        Some(encoded)
    }

    /// Whether the default TLS configuration exists. It is built for the first https URL.
    #[cfg(feature = "tls")]
    pub fn has_default_tls(&self) -> bool {
        self.default_tls.is_some()
    }

    /// Returns the default TLS configuration. It is built when first needed, since loading roots
    /// takes time.
    ///
    /// # Errors
    /// No crypto provider or no roots are compiled in.
    #[cfg(feature = "tls")]
    pub(crate) fn default_tls(&mut self) -> Result<TlsConfig, TlsConfigError> {
        if let Some(config) = &self.default_tls {
            return Ok(config.clone());
        }
        let config = TlsConfig::builder().build()?;
        Ok(self.default_tls.insert(config).clone())
    }
}

type Resolved = (Arc<Url>, Option<Box<url::UserInfo>>);

fn resolve(target: &Target, settings: &Settings) -> Result<Resolved, BuildError> {
    let text = match target {
        Target::Absolute { url, userinfo } => return Ok((url.clone(), userinfo.clone())),
        Target::Text(text) => text,
    };
    let (url, userinfo) = match &settings.base_url {
        Some(base) => url::join(base, text, &settings.limits).map_err(BuildError::Url),
        None => match url::parse_url(text, &settings.limits) {
            Err(UrlError::NotAbsolute) => Err(BuildError::NoBaseUrl),
            result => result.map_err(BuildError::Url),
        },
    }?;
    Ok((Arc::new(url), userinfo.map(Box::new)))
}

impl Default for Session {
    fn default() -> Self {
        Session::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::auth::Auth;

    #[test]
    fn panic_in_configure_keeps_settings_consistent() {
        let mut session = Session::new();
        let update = std::panic::AssertUnwindSafe(|| {
            session.configure(|options| {
                options.headers.set("X-Early", "yes").unwrap();
                options.keep_alive(false);
                panic!("intended");
            })
        });
        assert!(std::panic::catch_unwind(update).is_err());
        let prepared = session.prepare(&Request::new(http::Method::GET, "http://a.test/")).unwrap();
        assert!(session.options().headers.get("X-Early").is_some() && !session.settings().keep_alive);
        assert_eq!(prepared.headers().get("x-early").unwrap(), "yes");
        assert!(!prepared.settings().keep_alive);
    }

    #[test]
    fn encoded_head_is_reused_for_the_same_route() {
        let mut session = Session::new();
        let mut encoded = |url: &str, field: bool| {
            let mut request = Request::new(http::Method::GET, url);
            if field {
                request = request.header("X", "1");
            }
            let prepared = session.prepare(&request).unwrap();
            let route = Route::new(
                &prepared.url,
                None,
                None,
                None,
                #[cfg(feature = "tls")]
                None,
                session.seed,
                &mut session.route,
            );
            session.encoded_head(&route, &prepared)
        };
        let first = encoded("http://a.test/1", false).unwrap();
        assert!(Arc::ptr_eq(&first, &encoded("http://a.test/2", false).unwrap()));
        assert!(encoded("http://a.test/", true).is_none(), "its own fields are encoded per request");
        let other = encoded("http://b.test/", false).unwrap();
        assert!(!Arc::ptr_eq(&first, &other), "the host differs");
    }

    #[test]
    fn request_credentials_precede_url_and_session() {
        let mut session = Session::new();
        session.configure(|options| {
            options.auth(Auth::basic("session", "s").ok());
        });
        let sent = |request: &Request| session.prepare(request).unwrap().auth;
        let plain = Request::new(http::Method::GET, "http://a.test/");
        let in_url = Request::new(http::Method::GET, "http://url:u@a.test/");
        assert_eq!(sent(&plain), Auth::basic("session", "s").ok());
        assert_eq!(sent(&in_url), Auth::basic("url", "u").ok());
        assert_eq!(sent(&in_url.clone().basic_auth("own", "o")), Auth::basic("own", "o").ok());
        assert_eq!(sent(&in_url.auth(Setting::Clear)), Auth::basic("url", "u").ok());
    }
}
