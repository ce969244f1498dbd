//! Petition over a mio event loop: many requests on one thread, answered by callbacks.
//!
//! [`petition_core::engine`] makes all decisions; this crate adds sockets, readiness and callbacks.
//! There are three ways to run it:
//!
//! - [`LoopThread`]: a loop on its own thread, where the callbacks run.
//! - [`EventLoop`]: a loop that the caller turns, for example for a millisecond of each frame of a
//!   game.
//! - [`Driver`]: a driver on the caller's own `mio::Registry`, within a range of its tokens.
//!
//! ```no_run
//! use petition_mio::LoopThread;
//!
//! let client = LoopThread::spawn(Default::default())?;
//! client.post("https://httpbin.org/post").data("data").send(|result| match result {
//!     Ok(response) => println!("{}", response.text().unwrap_or_default()),
//!     Err(error) => println!("{error}"),
//! });
//! // The program continues without waiting for the response.
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The [`guide`] has the usual tasks, each as a whole program. A request can also be waited for or
//! awaited: see [`PendingResponse`].
//!
//! # Callbacks
//!
//! A callback runs exactly once, on the loop's thread, as the last event of its request. That
//! includes cancelled and failed requests, panics of other callbacks, and dropping the loop. A
//! callback may use [`Client`]s and [`Handle`]s freely; their commands run after it returns.
//!
//! # Errors
//!
//! There is one error type, [`Error`]. `?` converts every other error of the library into it,
//! including those of settings, and [`std::io::Error`].
//!
//! ```no_run
//! use petition_mio::{Auth, Error, LoopThread, Processed, Proxy, TlsConfig, Url};
//!
//! fn begin(url: &str) -> Result<(), Error> {
//!     let client = LoopThread::spawn(Default::default())?;        // the loop
//!     client.set_base_url("https://api.example/")?;               // a URL
//!     client.set_headers([("X-Test", "true")])?;                  // fields
//!     let proxy = Proxy::new("http://proxy.example:3128")?        // a proxy
//!         .auth(Auth::basic("user", "password")?)?;               // credentials
//!     let tls = TlsConfig::builder()
//!         .roots_pem(&std::fs::read("ca.pem")?)?                  // the caller's own I/O, and PEM
//!         .build()?;                                              // TLS settings
//!     client.configure(|o| {
//!         o.proxy(proxy).tls(tls);
//!     });
//!     client.get(Url::parse(url)?).send(|result| {
//!         let text = result.and_then(|response| response.error_for_status()?.text());
//!         match text {
//!             Ok(text) => println!("{text}"),
//!             Err(error) if error.processed() == Processed::No => println!("try again: {error}"),
//!             Err(error) => println!("{error}"),
//!         }
//!     });
//!     Ok(())
//! }
//! # let _ = begin;
//! ```
//!
//! An error reports the phase, the hop, the progress, and whether the server may have acted. Its
//! predicates are [`is_timeout`](Error::is_timeout), [`is_connect`](Error::is_connect),
//! [`is_tls`](Error::is_tls), [`is_proxy`](Error::is_proxy), [`is_status`](Error::is_status),
//! [`is_body`](Error::is_body) and more. [`ErrorKind`] has the cause as data; the
//! [source](std::error::Error::source) has the report of the system or a parser.
//!
//! # Fork
//!
//! A loop belongs to the process that created it. A child of `fork` has no such thread, and shares
//! the poll and the sockets with its parent. In the child, a request fails at once with an error of
//! kind [`Unavailable`](ErrorKind::Unavailable), and its callback runs on the sending thread.
//! Turning an [`EventLoop`] there is an error, and ends the child's copies of the requests. Nothing
//! is sent, and the parent's sockets and poll are left alone. The child can create a new loop;
//! [`DriverConfig::session`] may hold the copy of the parent's session. `petition_std` documents
//! how a fork is detected.
#![forbid(unsafe_code)]

mod client;
mod clock;
mod command;
pub mod connector;
mod driver;
mod event_loop;
mod events;
pub mod guide;
mod handle;
mod job;
mod lines;
mod pending;
mod queue;
pub mod resolve;
mod response;

pub use client::{Client, RequestBuilder};
pub use driver::{Driver, DriverConfig, TURN};
pub use event_loop::{EventLoop, LoopThread};
pub use events::EventHandler;
pub use handle::Handle;
pub use job::{Flow, Handler, UploadChunk};
pub use lines::LineHandler;
pub use pending::PendingResponse;
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
    Params, Phase, Processed, Proxy, ProxyRules, Request, RequestTarget, SecretScope, Setting, StaticAddresses,
    StatusCode, Timeout, Unavailable, UnixTime, Url, Why,
};
#[cfg(feature = "platform-verifier")]
pub use petition_shared::platform_verifier;
pub use petition_shared::{
    Multipart, Part, SESSION_PATIENCE, SharedSession, load_netrc, netrc_from_env, proxy_rules_from_env,
};
pub use response::Response;

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
