//! Petition over blocking sockets of the standard library: [`Session`], [`Request`], [`Response`].
//!
//! Every decision is made by [`petition_core`]; here are only sockets. There is no runtime: a call runs on the thread that makes it, and no other thread is
//! started but for name look-ups under a deadline (see [`resolve`]). So it may be used anywhere, also within asynchronous code, where it blocks
//! as any call would.
//!
//! ```no_run
//! let session = petition_std::Session::new();
//! session.set_headers([("X-Test", "true")])?;
//! let response = session.get("https://httpbin.org/headers").header("X-Test2", "true").send()?;
//! println!("{} {}", response.status(), response.text()?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # From here
//!
//! - The [`guide`] has the usual tasks, each as a whole program.
//! - A [`Session`] keeps cookies, connections and defaults; clones share them, in any number of threads. No lock is held during I/O.
//! - A [`Request`] is built, changed and sent. [`Options`] describes every option in full; each has a chaining method on [`Request`] and is
//!   set for a whole session by [`Session::configure`].
//! - A [`Response`] has its head at once and its body as it is read; dropping it is allowed at any time.
//!
//! # Errors
//!
//! There is one error type, [`Error`]. `?` converts every other error of the library into it, those of settings
//! included, and the [`std::io::Error`] of a response that is read.
//!
//! ```no_run
//! use petition_std::{Auth, Error, Method, Processed, Proxy, Session, TlsConfig, Url};
//! use std::io::Read;
//!
//! fn fetch(url: &str) -> Result<String, Error> {
//!     let session = Session::new();
//!     session.set_base_url("https://api.example/")?;              // a URL
//!     session.set_headers([("X-Test", "true")])?;                 // fields
//!     let proxy = Proxy::new("http://proxy.example:3128")?        // a proxy
//!         .header("X-Proxy", "1")?
//!         .auth(Auth::basic("user", "password")?);                // credentials
//!     let tls = TlsConfig::builder()
//!         .roots_pem(&std::fs::read("ca.pem")?)?                  // the caller's own I/O, and PEM
//!         .build()?;                                              // TLS settings
//!     session.configure(|o| {
//!         o.proxy(proxy).tls(tls);
//!     });
//!     let mut listing = session
//!         .request(Method::from_bytes(b"PROPFIND")?, Url::parse(url)?)
//!         .send()?                                                // building and sending
//!         .error_for_status()?;                                   // the status
//!     let mut first = [0; 16];
//!     listing.read(&mut first)?;                                  // a reader
//! #   #[cfg(feature = "json")]
//!     let _: Vec<u32> = session.get("/list").send()?.json()?;     // JSON
//!     session.get("/text").send()?.text()                         // text
//! }
//!
//! match fetch("https://api.example/dav/") {
//!     Ok(text) => println!("{text}"),
//!     Err(error) if error.is_timeout() || error.processed() == Processed::No => println!("try again: {error}"),
//!     Err(error) if error.is_status() => println!("the server answered {:?}", error.status()),
//!     Err(error) => println!("{error}"),
//! }
//! ```
//!
//! An error says what was being done, at which hop, how far it had come, and whether the server may have acted. It answers
//! [`is_timeout`](Error::is_timeout), [`is_connect`](Error::is_connect), [`is_tls`](Error::is_tls),
//! [`is_proxy`](Error::is_proxy), [`is_status`](Error::is_status), [`is_body`](Error::is_body) and more. The cause as data is its
//! [`ErrorKind`]; what the system or a parser reported is its [source](std::error::Error::source).
//!
//! Errors of a body that is read through [`std::io::Read`] are [`std::io::Error`]s with the whole [`Error`] inside.
//!
//! # Fork
//!
//! A session that was made before `fork` can be used in the child. The child has a copy of its options and cookies and opens connections of its own; the
//! parent's stay the parent's: the child closes its descriptors of idle ones at its first use of the session, and sends nothing on them. A [`Response`] that
//! was begun before the fork is the parent's to read; reading it in the child is an error of kind [`Unavailable`](ErrorKind::Unavailable).
//!
//! When another thread of the parent is at work on the session at the time of the fork, it never ends that in the child. Requests there then fail within a
//! second, with an error that says so. A program that forks while other threads send makes a new session in the child.
//!
//! The fork is noticed by a handler (`pthread_atfork`), which costs a request no system call; a child that is made past it, by the system calls
//! `clone` or `_Fork`, must make a new session.
#![forbid(unsafe_code)]

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

mod body;
mod clock;
mod connecting;
mod drive;
pub mod guide;
mod request;
pub mod resolve;
mod response;
mod session;
mod shared;
mod shared_pool;
mod socket;
mod sys;
mod upload;

pub use petition_core;
pub use petition_core::cookie;
pub use petition_core::headers::{HeaderError, Headers};
pub use petition_core::http1::{Leniencies, ProtocolError, Version};
pub use petition_core::link::{ProxyFailure, TlsFailure};
pub use petition_core::options::{KeepPostOptions, LeniencyOptions, LimitOptions, RedirectOptions};
pub use petition_core::origin::Origin;
pub use petition_core::policy::redirect::{
    self, CrossOrigin, CrossOriginBody, KeepPost, PlainHttp, RedirectError, Repeats,
};
pub use petition_core::route::address_policy::AddressPolicy;
pub use petition_core::route::pool::{PoolLimits, PoolStatistics};
pub use petition_core::route::proxy::{ProxyError, Tunnel};
#[cfg(feature = "tls")]
pub use petition_core::tls::{self, TlsConfig};
pub use petition_core::transfer::{Hop, ResponseInfo};
pub use petition_core::{
    Auth, Body, BuildError, Error, ErrorKind, IntoUrl, Limits, Method, Options, Params, Phase, Processed, Proxy,
    RequestTarget, SecretScope, Setting, StatusCode, Timeout, Unavailable, UnixTime, Url, Why,
};
pub use petition_shared::{SESSION_PATIENCE, SharedSession};
pub use request::Request;
pub use response::Response;
pub use session::{Session, SessionBuilder};

// Types that appear in the signatures above.
pub use bytes::Bytes;
pub use http::{self, HeaderMap};
pub use petition_core::content::decode::DecodeError;
pub use petition_core::content::text::{Text, TextError};
pub use petition_core::error::Report;
pub use petition_core::http1::{Fields, Leniency, LeniencySet, ResponseHead};
pub use petition_core::policy::auth::AuthError;
pub use petition_core::route::address_policy::AddressDenied;
pub use petition_core::route::dial::DialError;
pub use petition_core::{IoFailure, LimitExceeded};

/// A GET request outside of any session.
pub fn get(url: impl IntoUrl) -> Request {
    Request::new(Method::GET, url)
}

/// A POST request outside of any session.
pub fn post(url: impl IntoUrl) -> Request {
    Request::new(Method::POST, url)
}

/// A PUT request outside of any session.
pub fn put(url: impl IntoUrl) -> Request {
    Request::new(Method::PUT, url)
}

/// A PATCH request outside of any session.
pub fn patch(url: impl IntoUrl) -> Request {
    Request::new(Method::PATCH, url)
}

/// A DELETE request outside of any session.
pub fn delete(url: impl IntoUrl) -> Request {
    Request::new(Method::DELETE, url)
}

/// A HEAD request outside of any session.
pub fn head(url: impl IntoUrl) -> Request {
    Request::new(Method::HEAD, url)
}
