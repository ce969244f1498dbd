//! Petition over blocking sockets of the standard library: [`Session`], [`Request`], [`Response`].
//!
//! [`petition_core`] makes all decisions; this crate adds sockets. There is no runtime: a call runs
//! on the calling thread, and other threads start only for name look-ups with a deadline (see
//! [`resolve`]). It can be used anywhere; within asynchronous code, it blocks like any blocking
//! call.
//!
//! ```no_run
//! let session = petition_std::Session::new();
//! session.set_headers([("X-Test", "true")])?;
//! let response = session.get("https://httpbin.org/headers").header("X-Test2", "true").send()?;
//! println!("{} {}", response.status(), response.text()?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Overview
//!
//! - The [`guide`] shows sessions, authentication, requests, responses, cookies, TLS, proxies,
//!   deadlines and errors by example.
//! - [`coming_from`] translates the terms of Requests, reqwest, ureq and curl.
//! - A [`Session`] holds cookies, connections and defaults. Clones share them, on any number of
//!   threads. No lock is held during I/O.
//! - A [`Request`] is built, changed and sent. [`Options`] documents every option. Each has a
//!   chaining method on [`Request`]; [`Session::configure`] sets options for a whole session.
//! - A [`Response`] has its head at once, and its body as it is read. It can be dropped at any
//!   time.
//!
//! # Errors
//!
//! There is one error type, [`Error`]. `?` converts every other error of the library into it,
//! including those of settings, and the [`std::io::Error`] of a response's reader.
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
//!         .auth(Auth::basic("user", "password")?)?;               // credentials
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
//! An error reports the phase, the hop, the progress, and whether the server may have acted. Its
//! predicates are [`is_timeout`](Error::is_timeout), [`is_connect`](Error::is_connect),
//! [`is_tls`](Error::is_tls), [`is_proxy`](Error::is_proxy), [`is_status`](Error::is_status),
//! [`is_body`](Error::is_body) and more. [`ErrorKind`] has the cause as data; the
//! [source](std::error::Error::source) has the report of the system or a parser.
//!
//! A body read through [`std::io::Read`] fails with [`std::io::Error`]s that contain the whole
//! [`Error`].
//!
//! # Fork
//!
//! A child can use a session that was created before `fork`. It has a copy of the options and
//! cookies, and opens its own connections. At its first use of the session, it closes its
//! descriptors of the parent's idle connections, without sending anything on them. Only the parent
//! can read a [`Response`] that was begun before the fork; reading it in the child is an error of
//! kind [`Unavailable`](ErrorKind::Unavailable).
//!
//! If another thread of the parent uses the session during the fork, that use never ends in the
//! child. Requests there then fail within a second, with an error that says so. A program that
//! forks while other threads send requests should create a new session in the child.
//!
//! A handler (`pthread_atfork`) detects the fork, so that requests need no system call for it. A
//! child created without the handler, by the system calls `clone` or `_Fork`, must create a new
//! session.
#![forbid(unsafe_code)]

/// Tests the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

mod body;
mod clock;
pub mod coming_from;
mod connecting;
pub mod connector;
mod drive;
mod events;
pub mod guide;
mod lines;
mod request;
pub mod resolve;
mod response;
mod session;
mod shared;
mod shared_pool;
mod socket;
mod sys;
mod tcp;
mod upload;

pub use events::{EventStream, Events};
pub use lines::Lines;
pub use petition_core;
pub use petition_core::content::events::MessageEvent;
pub use petition_core::cookie;
pub use petition_core::headers::{HeaderError, Headers};
pub use petition_core::http1::{Leniencies, ProtocolError, Version};
pub use petition_core::link::{LayerFailure, ProxyFailure, TlsFailure};
pub use petition_core::options::{KeepPostOptions, LeniencyOptions, LimitOptions, RedirectOptions};
pub use petition_core::origin::Origin;
pub use petition_core::policy::hsts::{HstsEntry, HstsLoaded, HstsStore};
pub use petition_core::policy::redirect::{
    self, CrossOrigin, CrossOriginBody, KeepPost, PlainHttp, RedirectError, Repeats,
};
pub use petition_core::route::address_policy::AddressPolicy;
pub use petition_core::route::pool::{PoolLimits, PoolStatistics};
pub use petition_core::route::proxy::{ProxyError, Tunnel};
#[cfg(feature = "tls")]
pub use petition_core::tls::{self, TlsConfig};
pub use petition_core::transfer::{Hop, Reconnect, ResponseInfo};
pub use petition_core::{
    Address, Auth, Body, BuildError, ConnectTo, Error, ErrorKind, IntoUrl, Limits, LookupCache, Method, Options,
    Params, Phase, Processed, Proxy, ProxyRules, RequestTarget, SecretScope, Setting, StaticAddresses, StatusCode,
    Timeout, Unavailable, UnixTime, Url, Why,
};
#[cfg(feature = "platform-verifier")]
pub use petition_shared::platform_verifier;
pub use petition_shared::{
    Multipart, Part, SESSION_PATIENCE, SharedSession, load_netrc, netrc_from_env, proxy_rules_from_env,
};
pub use request::Request;
pub use response::Response;
pub use session::{Session, SessionBuilder};
pub use tcp::TcpSettings;

// Types that appear in the signatures above.
pub use bytes::Bytes;
pub use http::{self, HeaderMap};
#[cfg(feature = "json")]
pub use petition_core::JsonError;
pub use petition_core::content::decode::DecodeError;
pub use petition_core::content::link::Link;
pub use petition_core::content::text::{Text, TextError};
pub use petition_core::error::Report;
pub use petition_core::http1::{Fields, Leniency, LeniencySet, ResponseHead, SendError};
pub use petition_core::policy::auth::{AuthError, AuthExchange, AuthFailure, AuthRequest, AuthScheme, Challenge};
pub use petition_core::route::address_policy::AddressDenied;
pub use petition_core::route::dial::DialError;
pub use petition_core::route::host_port::HostPortError;
pub use petition_core::tls::TlsConfigError;
pub use petition_core::url::UrlError;
pub use petition_core::{IoFailure, LimitExceeded};

/// Creates a GET request without a session.
pub fn get(url: impl IntoUrl) -> Request {
    Request::new(Method::GET, url)
}

/// Creates a POST request without a session.
pub fn post(url: impl IntoUrl) -> Request {
    Request::new(Method::POST, url)
}

/// Creates a PUT request without a session.
pub fn put(url: impl IntoUrl) -> Request {
    Request::new(Method::PUT, url)
}

/// Creates a PATCH request without a session.
pub fn patch(url: impl IntoUrl) -> Request {
    Request::new(Method::PATCH, url)
}

/// Creates a DELETE request without a session.
pub fn delete(url: impl IntoUrl) -> Request {
    Request::new(Method::DELETE, url)
}

/// Creates a HEAD request without a session.
pub fn head(url: impl IntoUrl) -> Request {
    Request::new(Method::HEAD, url)
}
