//! Petition over blocking sockets of the standard library: [`Session`], [`Request`], [`Response`].
//!
//! Every decision is made by [`petition_core`]; here are only sockets. There is no runtime: a call runs on the thread that makes it, and no other thread is
//! started but for name look-ups under a deadline (see [`resolve`]).
//!
//! ```no_run
//! let session = petition_std::Session::new();
//! session.set_headers([("X-Test", "true")])?;
//! let mut response = session.get("https://httpbin.org/headers").header("X-Test2", "true").send()?;
//! println!("{} {}", response.status(), response.text()?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod clock;
mod dialing;
mod drive;
mod request;
pub mod resolve;
mod response;
mod session;
mod socket;
mod upload;

pub use petition_core;
pub use petition_core::pool::PoolLimits;
#[cfg(feature = "tls")]
pub use petition_core::tls::TlsConfig;
pub use petition_core::{
    Auth, Body, BuildError, Error, ErrorKind, Limits, Method, Options, Phase, Processed, Proxy, Setting, StatusCode,
    Timeout,
};
pub use request::Request;
pub use response::{Response, StatusError};
pub use session::{Session, SessionBuilder};

/// A GET request outside of any session.
pub fn get(url: impl AsRef<str>) -> Request {
    Request::new(Method::GET, url)
}

/// A POST request outside of any session.
pub fn post(url: impl AsRef<str>) -> Request {
    Request::new(Method::POST, url)
}

/// A PUT request outside of any session.
pub fn put(url: impl AsRef<str>) -> Request {
    Request::new(Method::PUT, url)
}

/// A PATCH request outside of any session.
pub fn patch(url: impl AsRef<str>) -> Request {
    Request::new(Method::PATCH, url)
}

/// A DELETE request outside of any session.
pub fn delete(url: impl AsRef<str>) -> Request {
    Request::new(Method::DELETE, url)
}

/// A HEAD request outside of any session.
pub fn head(url: impl AsRef<str>) -> Request {
    Request::new(Method::HEAD, url)
}
