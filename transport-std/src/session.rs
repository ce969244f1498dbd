//! The session: shared by clones and threads, and locked only briefly.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use petition_core::cookie::{Jar, Loaded};
use petition_core::headers::HeaderError;
use petition_core::policy::hsts::HstsStore;
use petition_core::route::pool::{Pool, PoolLimits, PoolStatistics};
use petition_core::{BuildError, Error, IntoUrl, Method, Options};
use petition_shared::SharedSession;

use crate::connector::Connector;
use crate::request::Request;
use crate::resolve::{Resolver, SystemResolver};
use crate::response::Response;
use crate::shared::Shared;
use crate::tcp::TcpSettings;

/// Options, cookies and connections that requests share.
///
/// Cloning is cheap; clones share everything. Any number of threads can use it at once: its locks
/// are held briefly, never during I/O. By default, at most 16 idle connections are pooled, 6 per
/// origin. They are closed at the next use of the session after 15 s idle or 5 min of age (see
/// [`PoolLimits`]).
///
/// A child process opens its own connections: see [fork](crate#fork).
///
/// ```no_run
/// use petition_std::Session;
///
/// let session = Session::new();
/// session.get("https://httpbin.org/cookies/set/sessioncookie/123456789").send()?;
/// println!("{}", session.get("https://httpbin.org/cookies").send()?.text()?);
/// # Ok::<(), petition_std::Error>(())
/// ```
#[derive(Clone)]
pub struct Session(Arc<Shared>);

/// Configures and builds a [`Session`].
#[derive(Default)]
#[must_use = "no session is created until `build`"]
pub struct SessionBuilder {
    pool: PoolLimits,
    resolver: Option<Box<dyn Resolver>>,
    connector: Option<Box<dyn Connector>>,
    tcp: TcpSettings,
    state: Option<SharedSession>,
}

impl SessionBuilder {
    /// Sets the limits of the connection pool. Default: [`PoolLimits::DEFAULT`].
    pub fn pool(mut self, limits: PoolLimits) -> Self {
        self.pool = limits;
        self
    }

    /// Sets the resolver. Default: [`SystemResolver`].
    pub fn resolver(mut self, resolver: impl Resolver + 'static) -> Self {
        self.resolver = Some(Box::new(resolver));
        self
    }

    /// Sets the connector, which sees each target first. Default: none; connections are TCP or Unix
    /// sockets.
    pub fn connector(mut self, connector: impl Connector + 'static) -> Self {
        self.connector = Some(Box::new(connector));
        self
    }

    /// Sets how TCP sockets are opened. A connector's own sockets are not affected. Default:
    /// [`TcpSettings::new`].
    pub fn tcp(mut self, settings: TcpSettings) -> Self {
        self.tcp = settings;
        self
    }

    /// Shares options and cookies with another session or transport. Default: new ones.
    pub fn state(mut self, state: SharedSession) -> Self {
        self.state = Some(state);
        self
    }

    /// Builds the session.
    pub fn build(self) -> Session {
        let resolver = self.resolver.unwrap_or_else(|| Box::new(SystemResolver));
        Session(Arc::new(Shared::new(self.state.unwrap_or_default(), self.pool, resolver, self.connector, self.tcp)))
    }
}

impl Session {
    /// Creates a session with the library's defaults and an empty cookie jar.
    pub fn new() -> Session {
        Session::builder().build()
    }

    /// Returns a builder, for other pool limits, another resolver or a connector.
    pub fn builder() -> SessionBuilder {
        SessionBuilder::default()
    }

    /// Creates a request with any method in this session.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> Request {
        Request::in_session(self.clone(), self.0.request(method, url))
    }

    /// Creates a GET request in this session.
    pub fn get(&self, url: impl IntoUrl) -> Request {
        self.request(Method::GET, url)
    }

    /// Creates a HEAD request in this session.
    pub fn head(&self, url: impl IntoUrl) -> Request {
        self.request(Method::HEAD, url)
    }

    /// Creates a POST request in this session.
    pub fn post(&self, url: impl IntoUrl) -> Request {
        self.request(Method::POST, url)
    }

    /// Creates a PUT request in this session.
    pub fn put(&self, url: impl IntoUrl) -> Request {
        self.request(Method::PUT, url)
    }

    /// Creates a PATCH request in this session.
    pub fn patch(&self, url: impl IntoUrl) -> Request {
        self.request(Method::PATCH, url)
    }

    /// Creates a DELETE request in this session.
    pub fn delete(&self, url: impl IntoUrl) -> Request {
        self.request(Method::DELETE, url)
    }

    /// Creates a request in this session from an existing one: a `petition_core::Request`, or an
    /// `http::Request` with a body of bytes, text or nothing.
    pub fn request_from(&self, request: impl Into<petition_core::Request>) -> Request {
        Request::in_session(self.clone(), request.into())
    }

    /// Sends an existing request as [`Request::send`] does.
    ///
    /// ```no_run
    /// # let session = petition_std::Session::new();
    /// let request = http::Request::post("https://httpbin.org/post").header("x-test", "1").body("data")?;
    /// let response: http::Response<_> = session.send(request)?.into();
    /// println!("{} {}", response.status(), response.body().text()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Request::send`].
    pub fn send(&self, request: impl Into<petition_core::Request>) -> Result<Response, Error> {
        self.request_from(request).send()
    }

    /// Sets fields for every later request that does not override them.
    ///
    /// # Errors
    /// [`HeaderError`] if a name is not a token, or a value contains control characters. The fields
    /// before it are set.
    pub fn set_headers<N: AsRef<str>, V: AsRef<[u8]>>(
        &self,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Result<(), HeaderError> {
        // The caller's iterator may use the session.
        let fields: Vec<_> = fields.into_iter().collect();
        self.configure(|options| {
            fields.into_iter().try_for_each(|(name, value)| options.headers.set(name.as_ref(), value))
        })
    }

    /// Sets the URL that relative URLs resolve against (RFC 3986 §5). From now on, the session's
    /// secrets go to its origin only, unless a [`SecretScope`](crate::SecretScope) is set.
    ///
    /// # Errors
    /// [`BuildError::Url`] if it is not an absolute http or https URL.
    pub fn set_base_url(&self, url: impl AsRef<str>) -> Result<(), BuildError> {
        let url = url.as_ref();
        self.0.state().with(|state| state.set_base_url(url))
    }

    /// Changes the options of the session, for requests sent from now on.
    ///
    /// ```
    /// # let session = petition_std::Session::new();
    /// session.configure(|options| {
    ///     options.total_timeout(std::time::Duration::from_secs(60)).keep_alive(false);
    /// });
    /// ```
    ///
    /// `change` has exclusive access to the session. A request sent from within it fails at once
    /// with [`Unavailable`](crate::ErrorKind::Unavailable). One on another thread waits for
    /// `change` to return, for at most [`SESSION_PATIENCE`](crate::SESSION_PATIENCE) (10 s) and its
    /// own deadline.
    ///
    /// # Panics
    /// If called from within `change`, or from within [`Session::cookies`].
    pub fn configure<R>(&self, change: impl FnOnce(&mut Options) -> R) -> R {
        self.0.state().with(|state| state.configure(change))
    }

    /// Returns a copy of the options of the session.
    ///
    /// # Panics
    /// As [`Session::configure`].
    pub fn options(&self) -> Options {
        self.0.state().with(|state| state.options().clone())
    }

    /// Calls `f` with the cookie jar, to read or change it. `f` has exclusive access to the
    /// session, as in [`Session::configure`].
    ///
    /// # Panics
    /// As [`Session::configure`].
    pub fn cookies<R>(&self, f: impl FnOnce(&mut Jar) -> R) -> R {
        self.0.state().with(|state| state.cookies(f))
    }

    /// Calls `f` with the hosts that asked for https (HSTS), to save, load or change them. `f` has
    /// exclusive access to the session, as in [`Session::configure`].
    ///
    /// # Panics
    /// As [`Session::configure`].
    pub fn hsts<R>(&self, f: impl FnOnce(&mut HstsStore) -> R) -> R {
        self.0.state().with(|state| state.hsts(f))
    }

    /// Clears the look-up cache, which the option
    /// [`lookup_cache`](petition_core::Options::lookup_cache) enables.
    ///
    /// # Panics
    /// As [`Session::configure`].
    pub fn forget_lookups(&self) {
        self.0.state().with(petition_core::Session::forget_lookups);
    }

    /// Saves the cookies to a file, including session cookies. The file is replaced atomically. On
    /// Unix only its owner can read it (mode 0600).
    ///
    /// # Errors
    /// The file cannot be written. An existing file is then unchanged.
    ///
    /// # Panics
    /// As [`Session::configure`].
    pub fn save_cookies(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.0.state().save_cookies(path)
    }

    /// Adds the cookies of a file to those of the session. The file comes from
    /// [`Session::save_cookies`], or is a Netscape cookie file (`cookies.txt`) of another program.
    /// Expired cookies are skipped.
    ///
    /// # Errors
    /// The file cannot be read. [`InvalidData`](io::ErrorKind::InvalidData) if it is damaged or not
    /// a cookie file. The session's cookies are then unchanged.
    ///
    /// # Panics
    /// As [`Session::configure`].
    pub fn load_cookies(&self, path: impl AsRef<Path>) -> io::Result<Loaded> {
        self.0.state().load_cookies(path)
    }

    /// Returns the options and cookies, for sharing with another transport.
    pub fn state(&self) -> SharedSession {
        self.0.state().clone()
    }

    /// Returns the statistics of the connection pool.
    pub fn statistics(&self) -> PoolStatistics {
        self.0.with_pool(|pool| pool.statistics())
    }

    /// Closes all idle connections.
    pub fn close_idle(&self) {
        // Close the connections outside the lock.
        drop(self.0.with_pool(Pool::clear));
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }
}

impl Default for Session {
    fn default() -> Self {
        Session::new()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("pool", &self.statistics()).finish_non_exhaustive()
    }
}

impl fmt::Debug for SessionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionBuilder").field("pool", &self.pool).finish_non_exhaustive()
    }
}
