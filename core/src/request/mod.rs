//! A request as data: build it, inspect it, change it, and send it on any transport, any number of
//! times.
//!
//! Building never fails midway: the first fault is stored, and preparing the request reports it
//! before anything is sent. The setters change options of the request's own level
//! ([`crate::options`]).

pub mod body;
pub(crate) mod credentials;
mod follow;
mod http_request;
mod methods;
pub mod multipart;
pub mod prepared;
pub(crate) mod url_cache;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ::url::Url;
use http::Method;

use crate::error::{Error, ErrorKind};
use crate::headers::HeaderError;
use crate::limits::Limits;
use crate::options::{Options, Setting};
use crate::policy::auth::{Auth, AuthError};
use crate::redaction;
use crate::route::host_port::HostPortError;
use crate::url::{self, QueryShown, UrlError, UserInfo};

pub use body::Body;
use multipart::Boundary;
pub use prepared::Prepared;
pub use url_cache::UrlCache;

/// A request: method, URL, options and body.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until a transport sends it"]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) options: Options,
    pub(crate) body: Body,
    pub(crate) content_type: Option<&'static str>,
    /// The Content-Type of a multipart body. It replaces any other.
    pub(crate) multipart: Option<Box<str>>,
    pub(crate) fault: Option<Box<BuildError>>,
}

/// The target of a request, which a session's base URL may still complete.
#[derive(Clone)]
pub(crate) enum Target {
    Absolute { url: Arc<Url>, userinfo: Option<Box<UserInfo>> },
    Text(Box<str>),
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Absolute { url, .. } => write!(f, "{}", url::redacted(url, QueryShown::NamesOnly)),
            Target::Text(_) => f.write_str("(not absolute)"),
        }
    }
}

/// Types that serve as a URL: text, or a parsed [`Url`], which is cheaper to use many times.
///
/// Text may be relative if a base URL is set. An invalid URL is reported when the request is
/// prepared.
pub trait IntoUrl: sealed::IntoTarget {}

mod sealed {
    pub trait IntoTarget {
        #[doc(hidden)]
        fn into_target(self) -> super::Given;
        #[doc(hidden)]
        fn spelling(&self) -> super::Spelling<'_>;
    }
}

/// The form in which a URL was given.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub enum Spelling<'a> {
    Text(&'a str),
    Url(&'a Url),
}

impl fmt::Debug for Spelling<'_> {
    // Unparsed text may contain secrets anywhere.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Spelling::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Spelling::Url(url) => f.debug_tuple("Url").field(&redaction::url(url)).finish(),
        }
    }
}

/// The target of a request, as given.
#[doc(hidden)]
#[derive(Debug)]
pub struct Given(Target);

macro_rules! text_is_url {
    ($($type:ty),*) => {$(
        impl IntoUrl for $type {}
        impl sealed::IntoTarget for $type {
            fn into_target(self) -> Given {
                Given(Target::new(self.as_ref()))
            }

            fn spelling(&self) -> Spelling<'_> {
                Spelling::Text(self.as_ref())
            }
        }
    )*};
}

text_is_url!(&str, String, &String, Box<str>, std::borrow::Cow<'_, str>);

impl IntoUrl for &Url {}
impl sealed::IntoTarget for &Url {
    fn into_target(self) -> Given {
        self.clone().into_target()
    }

    fn spelling(&self) -> Spelling<'_> {
        Spelling::Url(self)
    }
}

impl IntoUrl for Url {}
impl sealed::IntoTarget for Url {
    fn into_target(self) -> Given {
        Given(match url::accept_url(self.clone(), &Limits::DEFAULT) {
            Ok((url, userinfo)) => Target::absolute(url, userinfo),
            Err(_) => Target::Text(self.as_str().into()),
        })
    }

    fn spelling(&self) -> Spelling<'_> {
        Spelling::Url(self)
    }
}

impl Target {
    fn new(text: &str) -> Target {
        // A relative reference waits for the base URL, an invalid URL for its error report.
        match url::parse_url(text, &Limits::DEFAULT) {
            Ok((url, userinfo)) => Target::absolute(url, userinfo),
            Err(_) => Target::Text(text.into()),
        }
    }

    fn absolute(url: Url, userinfo: Option<UserInfo>) -> Target {
        Target::Absolute { url: Arc::new(url), userinfo: userinfo.map(Box::new) }
    }
}

impl Request {
    /// Creates a request without body for `url`, absolute or relative to the session's base URL.
    pub fn new(method: Method, url: impl IntoUrl) -> Request {
        Request::to(method, url.into_target().0)
    }

    pub(crate) fn to(method: Method, target: Target) -> Request {
        Request {
            method,
            target,
            options: Options::new(),
            body: Body::Empty,
            content_type: None,
            multipart: None,
            fault: None,
        }
    }

    /// Returns an [`Error`] for a failure before this request began, in phase
    /// [`Prepare`](crate::Phase::Prepare).
    pub fn error(&self, kind: ErrorKind) -> Error {
        let url = match &self.target {
            Target::Absolute { url, .. } => url::redacted(url, QueryShown::NamesOnly).to_string(),
            Target::Text(text) => url::excerpt(text),
        };
        Error::before(self.method.clone(), url, kind)
    }

    /// Returns the method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the URL without userinfo, if it is absolute.
    pub fn url(&self) -> Option<&Url> {
        match &self.target {
            Target::Absolute { url, .. } => Some(url),
            Target::Text(_) => None,
        }
    }

    /// Returns the body.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Returns the options of this request.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Returns the options of this request for changing. They never stay on a session.
    ///
    /// ```
    /// # use petition_core::{Method, Request};
    /// # let mut request = Request::new(Method::GET, "http://example.com/");
    /// request.options_mut().keep_alive(false).decode(false);
    /// ```
    pub fn options_mut(&mut self) -> &mut Options {
        &mut self.options
    }

    /// For transports: returns the total timeout that the request itself sets. It is `None` if the
    /// session or the default decides.
    pub fn own_total_timeout(&self) -> Option<Duration> {
        match self.options.level()?.total_timeout {
            Setting::Set(limit) => limit,
            Setting::Inherit | Setting::Clear => None,
        }
    }

    /// Sets the method.
    pub fn set_method(&mut self, method: Method) {
        self.method = method;
    }

    /// Sets the URL.
    pub fn set_url(&mut self, url: impl IntoUrl) {
        self.target = url.into_target().0;
    }

    /// Sets a field, replacing the session's and earlier ones of this name.
    pub fn set_header(&mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) {
        let result = self.options.headers.set(name.as_ref(), value);
        self.record_fault(result.map_err(BuildError::Header));
    }

    /// Appends a field, after earlier ones of this name.
    pub fn append_header(&mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) {
        let result = self.options.headers.append(name.as_ref(), value);
        self.record_fault(result.map_err(BuildError::Header));
    }

    /// Sets a field with a secret value: never logged, and sent to this origin only.
    pub fn set_sensitive_header(&mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) {
        let result = self.options.headers.set_sensitive(name.as_ref(), value);
        self.record_fault(result.map_err(BuildError::Header));
    }

    /// Removes all fields of this name, including the session's and automatic ones.
    pub fn remove_header(&mut self, name: impl AsRef<str>) {
        let result = self.options.headers.remove(name.as_ref());
        self.record_fault(result.map_err(BuildError::Header));
    }

    /// Appends a parameter to the URL's query.
    pub fn append_query(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) {
        self.options.query.append(name.as_ref(), value.as_ref());
    }

    /// Sends a cookie with this request, besides those of the jar. It is not stored, and goes to
    /// this origin only.
    pub fn set_cookie(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) {
        let (name, value) = (name.as_ref(), value.as_ref());
        let fine = |text: &str| !text.bytes().any(|b| b < 0x20 || b == 0x7f || b == b';');
        if fine(name) && fine(value) && !name.contains('=') {
            self.options.cookies.set(name, value);
        } else {
            self.record_fault(Err(BuildError::cookie(name)));
        }
    }

    /// Sets the body, replacing any earlier one. It has no automatic Content-Type.
    pub fn set_data(&mut self, body: impl Into<Body>) {
        self.body = body.into();
        (self.content_type, self.multipart) = (None, None);
    }

    /// Sets a text body, with the Content-Type `text/plain; charset=utf-8` unless a header sets
    /// another.
    pub fn set_text_data(&mut self, text: impl Into<String>) {
        self.set_data(text.into());
        self.content_type = Some("text/plain; charset=utf-8");
    }

    /// Sets an `application/x-www-form-urlencoded` body, encoded by the WHATWG serializer.
    pub fn set_form<N: AsRef<str>, V: AsRef<str>>(&mut self, pairs: impl IntoIterator<Item = (N, V)>) {
        self.set_data(Body::form(pairs));
        self.content_type = Some("application/x-www-form-urlencoded");
    }

    /// Sets a JSON body, with the Content-Type `application/json` unless a header sets another.
    #[cfg(feature = "json")]
    pub fn set_json<T: serde::Serialize + ?Sized>(&mut self, value: &T) {
        match Body::json(value) {
            Ok(body) => {
                self.set_data(body);
                self.content_type = Some("application/json");
            }
            Err(e) => self.record_fault(Err(BuildError::Json(crate::json_error::JsonError::from(e).to_string()))),
        }
    }

    /// Sets a multipart body with this delimiter; for transports, which provide its bytes. Its
    /// Content-Type replaces any other. An invalid part is reported as [`BuildError::Header`].
    pub fn set_multipart(&mut self, encoded: Result<(&Boundary, Body), HeaderError>) {
        match encoded {
            Ok((boundary, body)) => {
                self.set_data(body);
                self.multipart = Some(boundary.content_type().into());
            }
            Err(fault) => self.record_fault(Err(BuildError::Header(fault))),
        }
    }

    /// Sets Basic credentials for this request's origin.
    pub fn set_basic_auth(&mut self, user: impl AsRef<str>, password: impl AsRef<str>) {
        match Auth::basic(user.as_ref(), password.as_ref()) {
            Ok(auth) => drop(self.options.auth(auth)),
            Err(e) => self.record_fault(Err(BuildError::Auth(e))),
        }
    }

    /// Sets Digest credentials for this request's origin. They are sent after a challenge.
    #[cfg(feature = "digest")]
    pub fn set_digest_auth(&mut self, user: impl AsRef<str>, password: impl AsRef<str>) {
        match Auth::digest(user.as_ref(), password.as_ref()) {
            Ok(auth) => drop(self.options.auth(auth)),
            Err(e) => self.record_fault(Err(BuildError::Auth(e))),
        }
    }

    /// Sets a Bearer token for this request's origin.
    pub fn set_bearer_auth(&mut self, token: impl AsRef<str>) {
        match Auth::bearer(token.as_ref()) {
            Ok(auth) => drop(self.options.auth(auth)),
            Err(e) => self.record_fault(Err(BuildError::Auth(e))),
        }
    }

    /// Limits the time for the whole request; short for the option
    /// [`total_timeout`](Options::total_timeout).
    pub fn set_timeout(&mut self, total: impl Into<Setting<Option<Duration>>>) {
        self.options.total_timeout(total);
    }

    /// Connects to this Unix socket instead of the URL's host; short for the option
    /// [`connect_to`](Options::connect_to).
    pub fn set_unix_socket(&mut self, path: impl AsRef<std::path::Path>) {
        self.options.unix_socket(path);
    }

    /// Connects to these addresses instead of looking up the name: see [`Options::resolve`].
    pub fn set_resolve(&mut self, host: impl AsRef<str>, port: u16, addresses: impl IntoIterator<Item = IpAddr>) {
        let result = self.options.resolve(host.as_ref(), port, addresses);
        self.record_fault(result.map_err(BuildError::HostPort));
    }

    fn record_fault(&mut self, result: Result<(), BuildError>) {
        if let Err(fault) = result {
            self.fault.get_or_insert_with(|| Box::new(fault));
        }
    }
}

impl Request {
    crate::request_methods! {}
}

/// Why a request cannot be built. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// The URL is invalid.
    Url(UrlError),
    /// The URL is relative, and the options set no base URL.
    NoBaseUrl,
    /// The URL is plain http, but the option `https_only` is set.
    HttpsOnly,
    /// A field is invalid.
    Header(HeaderError),
    /// The method is longer than 32 bytes.
    MethodTooLong,
    /// The method is CONNECT; the option `proxy` opens tunnels.
    Connect,
    /// The credentials are invalid.
    Auth(AuthError),
    /// A host with static addresses, or a rule of [`ConnectTo`](crate::ConnectTo), is invalid.
    HostPort(HostPortError),
    /// A cookie contains a control character or a semicolon, or its name contains `=`.
    Cookie {
        /// Its name, escaped and truncated, at the latest after the first invalid character.
        name: String,
    },
    /// An explicit Content-Length differs from the body's length.
    ContentLength {
        /// The value of the field, escaped and truncated.
        declared: String,
        /// The body's length; `None` for a stream of unknown length.
        actual: Option<u64>,
    },
    /// The body has no known length, which HTTP/1.0 needs: it has no chunked coding.
    LengthNeeded,
    /// The request target is invalid; says what was expected.
    Target(&'static str),
    /// A request of the package `http` has a version that is not HTTP/1.
    HttpVersion(http::Version),
    /// The value cannot be serialized to JSON.
    Json(String),
    /// A type of the crate `http` was refused by it.
    Http(String),
}

impl BuildError {
    /// Returns the error for a cookie of this name, which may contain its value by mistake.
    pub(crate) fn cookie(name: &str) -> BuildError {
        BuildError::Cookie { name: redaction::rejected_name(name, |b| b > 0x20 && b != 0x7f && b != b';' && b != b'=') }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::Url(e) => write!(f, "invalid URL: {e}"),
            BuildError::NoBaseUrl => f.write_str("the URL is relative; use an absolute URL, or set a base URL"),
            BuildError::HttpsOnly => f.write_str("expected an https URL (https_only is set), found http"),
            BuildError::Header(e) => write!(f, "{e}"),
            BuildError::MethodTooLong => f.write_str("the method is longer than 32 bytes"),
            BuildError::Connect => {
                f.write_str("the method CONNECT is not supported; set the option proxy to open tunnels")
            }
            BuildError::Auth(e) => write!(f, "{e}"),
            BuildError::HostPort(e) => write!(f, "{e}"),
            BuildError::Cookie { name } => {
                write!(f, "cookie {name:?} contains a control character or a semicolon, or its name contains '='")
            }
            BuildError::ContentLength { declared, actual: Some(actual) } => {
                write!(f, "expected the body's length {actual} in Content-Length, found {declared:?}")
            }
            BuildError::ContentLength { declared, actual: None } => {
                write!(f, "expected no Content-Length for a body of unknown length, found {declared:?}")
            }
            BuildError::LengthNeeded => {
                f.write_str("HTTP/1.0 needs a body of known length, found a stream of unknown length")
            }
            BuildError::Target(expected) => write!(f, "invalid request target: expected {expected}"),
            BuildError::HttpVersion(version) => {
                write!(
                    f,
                    "expected HTTP/1.1 or HTTP/1.0, found {version:?}: leave the version of the request at its default"
                )
            }
            BuildError::Json(e) => write!(f, "cannot serialize the JSON body: {e}"),
            BuildError::Http(e) => f.write_str(e),
        }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            BuildError::Url(e) => e.source(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
