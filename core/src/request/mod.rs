//! A request as data: built, inspected, changed, and handed to any transport as often as one likes.
//!
//! Building never fails half-way: the first fault is kept and reported when the request is prepared, before anything
//! is sent. What the methods set are options of the request's own level ([`crate::options`]).

pub mod body;
mod follow;
mod methods;
pub mod prepared;
pub(crate) mod url_cache;

use std::fmt;
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
use crate::url::{self, QueryShown, UrlError, UserInfo};

pub use body::Body;
pub use prepared::Prepared;
pub use url_cache::UrlCache;

/// A request: method, URL, options and body.
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) options: Options,
    pub(crate) body: Body,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) fault: Option<Box<BuildError>>,
}

/// Where the request goes, as far as that is known before a session's base URL is.
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

/// What a URL can be given as: text, or a [`Url`] that was parsed before, which is cheaper to use many times.
///
/// Text may be relative where a base URL is set; what is wrong with it is reported when the request is prepared.
pub trait IntoUrl: sealed::IntoTarget {}

mod sealed {
    pub trait IntoTarget {
        #[doc(hidden)]
        fn into_target(self) -> super::Given;
        #[doc(hidden)]
        fn spelling(&self) -> super::Spelling<'_>;
    }
}

/// What a URL was given as.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub enum Spelling<'a> {
    Text(&'a str),
    Url(&'a Url),
}

impl fmt::Debug for Spelling<'_> {
    // Of text it is not known where in it the secrets are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Spelling::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Spelling::Url(url) => f.debug_tuple("Url").field(&redaction::url(url)).finish(),
        }
    }
}

/// Where a request goes, as it was given.
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
        // A relative reference waits for the base URL; a URL that cannot be parsed waits to be reported.
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
    /// A request for `url`, absolute or relative to the session's base URL, without body.
    pub fn new(method: Method, url: impl IntoUrl) -> Request {
        Request::to(method, url.into_target().0)
    }

    pub(crate) fn to(method: Method, target: Target) -> Request {
        Request { method, target, options: Options::new(), body: Body::Empty, content_type: None, fault: None }
    }

    /// An [`Error`] of this request for a failure before it could be begun, in phase [`Prepare`](crate::Phase::Prepare).
    pub fn error(&self, kind: ErrorKind) -> Error {
        let url = match &self.target {
            Target::Absolute { url, .. } => url::redacted(url, QueryShown::NamesOnly).to_string(),
            Target::Text(text) => url::excerpt(text),
        };
        Error::before(self.method.clone(), url, kind)
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The URL without userinfo, if it is absolute.
    pub fn url(&self) -> Option<&Url> {
        match &self.target {
            Target::Absolute { url, .. } => Some(url),
            Target::Text(_) => None,
        }
    }

    /// The body.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// The options of this request.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The options of this request, to be changed. Nothing of them stays on a session.
    ///
    /// ```
    /// # use petition_core::{Method, Request};
    /// # let mut request = Request::new(Method::GET, "http://example.com/");
    /// request.options_mut().keep_alive(false).decode(false);
    /// ```
    pub fn options_mut(&mut self) -> &mut Options {
        &mut self.options
    }

    /// For transports: the total timeout that this request sets itself, as far as that is known without its session.
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

    /// Sets a field, in place of the session's and any earlier one of this name.
    pub fn set_header(&mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) {
        let result = self.options.headers.set(name.as_ref(), value);
        self.keep_fault(result.map_err(BuildError::Header));
    }

    /// Adds one more field of this name.
    pub fn append_header(&mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) {
        let result = self.options.headers.append(name.as_ref(), value);
        self.keep_fault(result.map_err(BuildError::Header));
    }

    /// Sets a field whose value is a secret: shown nowhere, sent to this origin only (T5).
    pub fn set_sensitive_header(&mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) {
        let result = self.options.headers.set_sensitive(name.as_ref(), value);
        self.keep_fault(result.map_err(BuildError::Header));
    }

    /// Sees to it that no field of this name is sent, neither the session's nor an automatic one.
    pub fn remove_header(&mut self, name: impl AsRef<str>) {
        let result = self.options.headers.remove(name.as_ref());
        self.keep_fault(result.map_err(BuildError::Header));
    }

    /// Adds a query parameter; the URL's own query is kept.
    pub fn append_query(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) {
        self.options.query.append(name.as_ref(), value.as_ref());
    }

    /// Sends a cookie with this request, beside those of the jar; it is not stored and goes to this origin only (T2).
    pub fn set_cookie(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) {
        let (name, value) = (name.as_ref(), value.as_ref());
        let fine = |text: &str| !text.bytes().any(|b| b < 0x20 || b == 0x7f || b == b';');
        if fine(name) && fine(value) && !name.contains('=') {
            self.options.cookies.set(name, value);
        } else {
            self.keep_fault(Err(BuildError::cookie(name)));
        }
    }

    /// Sets the body, in place of any earlier one; no Content-Type goes with it but what a header says.
    pub fn set_data(&mut self, body: impl Into<Body>) {
        self.body = body.into();
        self.content_type = None;
    }

    /// Sets a text body; `text/plain; charset=utf-8` unless a header says otherwise.
    pub fn set_text_data(&mut self, text: impl Into<String>) {
        self.body = text.into().into();
        self.content_type = Some("text/plain; charset=utf-8");
    }

    /// Sets an `application/x-www-form-urlencoded` body (WHATWG serialiser, T24).
    pub fn set_form<N: AsRef<str>, V: AsRef<str>>(&mut self, pairs: impl IntoIterator<Item = (N, V)>) {
        self.body = Body::form(pairs);
        self.content_type = Some("application/x-www-form-urlencoded");
    }

    /// Sets a JSON body; `application/json` unless a header says otherwise.
    #[cfg(feature = "json")]
    pub fn set_json<T: serde::Serialize + ?Sized>(&mut self, value: &T) {
        match Body::json(value) {
            Ok(body) => {
                self.body = body;
                self.content_type = Some("application/json");
            }
            Err(e) => self.keep_fault(Err(BuildError::Json(crate::json_error::JsonError::from(e).to_string()))),
        }
    }

    /// Sets Basic credentials for this request's origin (T75).
    pub fn set_basic_auth(&mut self, user: impl AsRef<str>, password: impl AsRef<str>) {
        match Auth::basic(user.as_ref(), password.as_ref()) {
            Ok(auth) => drop(self.options.auth(auth)),
            Err(e) => self.keep_fault(Err(BuildError::Auth(e))),
        }
    }

    /// Sets a Bearer token for this request's origin.
    pub fn set_bearer_auth(&mut self, token: impl AsRef<str>) {
        match Auth::bearer(token.as_ref()) {
            Ok(auth) => drop(self.options.auth(auth)),
            Err(e) => self.keep_fault(Err(BuildError::Auth(e))),
        }
    }

    /// Limits the time for the whole call: short for the option [`total_timeout`](Options::total_timeout).
    pub fn set_timeout(&mut self, total: impl Into<Setting<Option<Duration>>>) {
        self.options.total_timeout(total);
    }

    fn keep_fault(&mut self, result: Result<(), BuildError>) {
        if let Err(fault) = result {
            self.fault.get_or_insert_with(|| Box::new(fault));
        }
    }
}

impl Request {
    crate::request_methods! {}
}

/// A request that cannot be built. Nothing has been sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// The URL.
    Url(UrlError),
    /// A relative URL, and no base URL in the options.
    NoBaseUrl,
    /// A plain-http URL where only https is allowed.
    HttpsOnly,
    /// A field.
    Header(HeaderError),
    /// A method of more than 32 bytes (T19).
    MethodTooLong,
    /// CONNECT: tunnels are opened by the option `proxy`.
    Connect,
    /// Credentials.
    Auth(AuthError),
    /// A cookie with a control character or a semicolon, or `=` in its name.
    Cookie {
        /// Its name, escaped and cut, at the latest behind what may not stand in one.
        name: String,
    },
    /// A Content-Length set by hand that is not the body's (T21).
    ContentLength {
        /// What the field says, escaped and cut.
        declared: String,
        /// The body's length; `None` for a stream of unknown length.
        actual: Option<u64>,
    },
    /// HTTP/1.0 has no chunked coding: a body needs a known length.
    LengthNeeded,
    /// A request target that cannot be: what was expected.
    Target(&'static str),
    /// The value could not be made into JSON.
    Json(String),
}

impl BuildError {
    /// A cookie of this name, which may hold its value by mistake.
    pub(crate) fn cookie(name: &str) -> BuildError {
        BuildError::Cookie { name: redaction::refused_name(name, |b| b > 0x20 && b != 0x7f && b != b';' && b != b'=') }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::Url(e) => write!(f, "URL: {e}"),
            BuildError::NoBaseUrl => {
                f.write_str("expected an absolute URL, or a base URL in the options; saw a relative one")
            }
            BuildError::HttpsOnly => f.write_str("expected an https URL (https_only is set), saw http"),
            BuildError::Header(e) => write!(f, "{e}"),
            BuildError::MethodTooLong => f.write_str("expected a method of at most 32 bytes"),
            BuildError::Connect => {
                f.write_str("expected another method than CONNECT: tunnels are opened by the option proxy")
            }
            BuildError::Auth(e) => write!(f, "{e}"),
            BuildError::Cookie { name } => {
                write!(
                    f,
                    "expected a cookie without control characters and semicolons, saw otherwise in cookie {name:?}"
                )
            }
            BuildError::ContentLength { declared, actual: Some(actual) } => {
                write!(f, "expected the body's length {actual} in Content-Length, saw {declared:?}")
            }
            BuildError::ContentLength { declared, actual: None } => {
                write!(f, "expected no Content-Length for a body of unknown length, saw {declared:?}")
            }
            BuildError::LengthNeeded => f.write_str("expected a body of known length for HTTP/1.0, saw a stream"),
            BuildError::Target(expected) => write!(f, "expected {expected}, saw another request target"),
            BuildError::Json(e) => write!(f, "JSON body: {e}"),
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
