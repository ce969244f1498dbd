//! One byte path: a stack of layers (a proxy tunnel, TLS, TLS within TLS) with HTTP/1.1 on top.
//!
//! A [`Link`] is everything between the wire and an HTTP exchange, without the wire. The embedder
//! moves bytes between it and a socket; a test moves them between it and a peer in memory. Each
//! [`Layer`] transforms bytes, and you can write your own.
//!
//! The files: `layer` defines the interface of layers, `tunnel` the one for HTTP proxies (TLS is in
//! [`tls`](crate::tls)). `stack` moves bytes through layers and `establish` opens them. `machine`
//! puts HTTP on top, `http_side` forwards calls to it, `send_buffer` queues output, and `event` and
//! `error` report results.
//!
//! To drive one: [`poll`](Link::poll), then send the [`outgoing`](Link::outgoing) bytes. When poll
//! has nothing more to report and the link [`wants_read`](Link::wants_read), read; then poll again.
//!
//! ```
//! use petition_core::http1::{Config, RequestHead};
//! use petition_core::link::{Link, LinkEvent};
//! use petition_core::Now;
//!
//! /// Stands in for the server and the socket.
//! fn exchange(request: &[u8]) -> &'static [u8] {
//!     assert!(request.starts_with(b"GET / HTTP/1.1\r\n"));
//!     b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
//! }
//!
//! let now = Now::default();
//! let mut link = Link::new(Vec::new(), Config::default());
//! link.send_head(&RequestHead::new("GET", "/"), [("Host", &b"example.com"[..])])?;
//! let mut body = Vec::new();
//! loop {
//!     let event = link.poll(now)?;
//!     if !link.outgoing().is_empty() {
//!         let answer = exchange(link.outgoing());
//!         link.wrote(link.outgoing().len());
//!         link.space()[..answer.len()].copy_from_slice(answer);
//!         link.filled(answer.len());
//!     }
//!     match event {
//!         LinkEvent::Head(head) => assert_eq!(head.status(), 200),
//!         LinkEvent::Body => {
//!             body.extend_from_slice(link.body());
//!             link.consume(link.body().len());
//!         }
//!         LinkEvent::End => break,
//!         _ => {}
//!     }
//! }
//! assert_eq!(body, b"hello");
//! link.reuse(now)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod establish;
mod event;
mod http_side;
mod layer;
mod machine;
mod proxy_failure;
mod send_buffer;
mod socks;
mod stack;
mod tls_failure;
mod tls_info;
mod tunnel;

#[cfg(test)]
mod tests;

pub use error::{LayerFailure, LinkError, NotReusable};
pub use event::{Counters, LinkEvent, Phase};
pub use layer::{Layer, LayerEof, LayerError, LayerKind, Received};
pub use machine::Link;
pub use proxy_failure::{ProxyFailure, ProxyRefusal};
pub use socks::{Socks, SocksFailure, SocksReply, SocksTarget, SocksVersion};
pub use tls_failure::TlsFailure;
#[cfg(feature = "tls")]
pub(crate) use tls_failure::UnpinnedKey;
pub use tls_info::{TlsInfo, TlsVersion};
pub use tunnel::Tunnel;
