//! The session: shared by clones and threads, locked only for moments.

use std::fmt;
use std::sync::Arc;

use petition_core::cookie::Jar;
use petition_core::headers::HeaderError;
use petition_core::route::pool::{Pool, PoolLimits, PoolStatistics};
use petition_core::{BuildError, Error, IntoUrl, Method, Options};
use petition_shared::SharedSession;

use crate::request::Request;
use crate::resolve::{Resolver, SystemResolver};
use crate::response::Response;
use crate::shared::Shared;

/// Options, cookies and connections that are kept across requests.
///
/// Cheap to clone; clones share everything. May be used by any number of threads at once: its locks are held for moments only,
/// never during I/O. Idle connections are closed when they have been idle for 15 s or are 5 min old, at the next use of the
/// session; at most 16 are kept, 6 of them for one origin (see [`PoolLimits`]).
///
/// A child process opens connections of its own: see [fork](crate#fork).
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

/// How a [`Session`] is made, where the defaults are not wanted.
#[derive(Default)]
#[must_use = "no session is made until `build`"]
pub struct SessionBuilder {
    pool: PoolLimits,
    resolver: Option<Box<dyn Resolver>>,
    state: Option<SharedSession>,
}

impl SessionBuilder {
    /// How many connections are kept, and for how long.
    pub fn pool(mut self, limits: PoolLimits) -> Self {
        self.pool = limits;
        self
    }

    /// Who looks up names. Default: [`SystemResolver`].
    pub fn resolver(mut self, resolver: impl Resolver + 'static) -> Self {
        self.resolver = Some(Box::new(resolver));
        self
    }

    /// Options and cookies that another session or transport uses as well.
    pub fn state(mut self, state: SharedSession) -> Self {
        self.state = Some(state);
        self
    }

    /// The session.
    pub fn build(self) -> Session {
        let resolver = self.resolver.unwrap_or_else(|| Box::new(SystemResolver));
        Session(Arc::new(Shared::new(self.state.unwrap_or_default(), self.pool, resolver)))
    }
}

impl Session {
    /// A session with the defaults of the library and an empty cookie jar.
    pub fn new() -> Session {
        Session::builder().build()
    }

    /// For other limits of the pool, or another resolver.
    pub fn builder() -> SessionBuilder {
        SessionBuilder::default()
    }

    /// A request of any method in this session.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> Request {
        Request::in_session(self.clone(), self.0.request(method, url))
    }

    /// A GET request in this session.
    pub fn get(&self, url: impl IntoUrl) -> Request {
        self.request(Method::GET, url)
    }

    /// A HEAD request in this session.
    pub fn head(&self, url: impl IntoUrl) -> Request {
        self.request(Method::HEAD, url)
    }

    /// A POST request in this session.
    pub fn post(&self, url: impl IntoUrl) -> Request {
        self.request(Method::POST, url)
    }

    /// A PUT request in this session.
    pub fn put(&self, url: impl IntoUrl) -> Request {
        self.request(Method::PUT, url)
    }

    /// A PATCH request in this session.
    pub fn patch(&self, url: impl IntoUrl) -> Request {
        self.request(Method::PATCH, url)
    }

    /// A DELETE request in this session.
    pub fn delete(&self, url: impl IntoUrl) -> Request {
        self.request(Method::DELETE, url)
    }

    /// A request that was built elsewhere, in this session: one of `petition_core`, or a request of the package `http` with a body of bytes,
    /// text or nothing.
    pub fn request_from(&self, request: impl Into<petition_core::Request>) -> Request {
        Request::in_session(self.clone(), request.into())
    }

    /// Sends a request that was built elsewhere, as [`Request::send`] does.
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

    /// Sets fields that every request carries from now on, unless it says otherwise itself.
    ///
    /// # Errors
    /// A name that is no token, or a value with control characters; the fields before it are set.
    pub fn set_headers<N: AsRef<str>, V: AsRef<[u8]>>(
        &self,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Result<(), HeaderError> {
        // The iterator is the caller's, and may use the session.
        let fields: Vec<_> = fields.into_iter().collect();
        self.configure(|options| {
            fields.into_iter().try_for_each(|(name, value)| options.headers.set(name.as_ref(), value))
        })
    }

    /// Sets the URL that relative URLs of requests are resolved against (RFC 3986 §5). The session's secrets go to its origin alone from now
    /// on, unless a [`SecretScope`](crate::SecretScope) is set.
    ///
    /// # Errors
    /// [`BuildError::Url`] when it is no absolute http or https URL.
    pub fn set_base_url(&self, url: impl AsRef<str>) -> Result<(), BuildError> {
        let url = url.as_ref();
        self.0.state().with(|state| state.set_base_url(url))
    }

    /// Changes the options of the session. Requests that are sent from now on see the change.
    ///
    /// ```
    /// # let session = petition_std::Session::new();
    /// session.configure(|options| {
    ///     options.total_timeout(std::time::Duration::from_secs(60)).keep_alive(false);
    /// });
    /// ```
    ///
    /// `change` has the session to itself. A request sent from within it fails at once with
    /// [`Unavailable`](crate::ErrorKind::Unavailable); one on another thread waits for `change` to return, for at most
    /// [`SESSION_PATIENCE`](crate::SESSION_PATIENCE) (10 s) and its own deadline.
    ///
    /// # Panics
    /// When it is called from within `change`, or from within [`Session::cookies`].
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

    /// Reads or changes the cookies. `f` has the session to itself, as in [`Session::configure`].
    ///
    /// # Panics
    /// As [`Session::configure`].
    pub fn cookies<R>(&self, f: impl FnOnce(&mut Jar) -> R) -> R {
        self.0.state().with(|state| state.cookies(f))
    }

    /// The options and cookies, to be shared with another transport.
    pub fn state(&self) -> SharedSession {
        self.0.state().clone()
    }

    /// Returns what the pool of connections has done so far, and what it holds.
    pub fn statistics(&self) -> PoolStatistics {
        self.0.with_pool(|pool| pool.statistics())
    }

    /// Closes all idle connections.
    pub fn close_idle(&self) {
        // Closed outside the lock.
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
