//! Connectors: how connections are opened, if not by a plain TCP or Unix socket.
//!
//! A connector sees each target first. It opens a [`Stream`] of its own, fails, or leaves the target
//! to petition-mio. Core decides all else, as over a socket: TLS, framing, deadlines, reuse and its
//! liveness probe.
//!
//! A test double that answers from memory:
//!
//! ```
//! use std::io::{Read, Write};
//! use std::thread;
//! use petition_mio::connector::{self, Readiness, Stream, Target};
//! use petition_mio::{Address, ConnectTo, DriverConfig, LoopThread};
//!
//! fn connect(_: &Target<'_>, ready: &Readiness) -> Option<std::io::Result<Box<dyn Stream>>> {
//!     let (mut near, mut far) = connector::pair();
//!     let ready = ready.clone();
//!     near.on_ready(move || ready.notify());
//!     thread::spawn(move || {
//!         let mut request = [0; 1024];
//!         let n = far.read(&mut request)?;
//!         assert!(request[..n].starts_with(b"GET /hello HTTP/1.1\r\n"));
//!         far.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
//!     });
//!     Some(Ok(Box::new(near)))
//! }
//!
//! let config = DriverConfig { connector: Some(Box::new(connect)), ..DriverConfig::default() };
//! let client = LoopThread::spawn(config)?;
//! // No name is looked up, wherever a redirect leads.
//! client.configure(|options| {
//!     options.connect_to(ConnectTo::new().every_origin(Address::custom("double")));
//! });
//! assert_eq!(client.get("http://any.test/hello").join().wait()?.text()?, "hi");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::event::Source;
use mio::net::TcpStream;

pub use petition_shared::Target;
pub use petition_shared::pipe::{Pipe, pair};

use crate::command::Command;
use crate::queue::Inbox;

/// Opens connections. A function or closure with the arguments of [`Connector::connect`] is one.
pub trait Connector: Send {
    /// Starts a connection to `target`, or returns `None` to leave it to petition-mio, which
    /// connects to TCP addresses and Unix sockets.
    ///
    /// It runs on the loop's thread and must not block. The connection may be pending: see
    /// [`Stream::is_connected`]. `ready` wakes the loop for a stream without a
    /// [source](Stream::source). If it panics, this attempt to connect fails.
    ///
    /// # Errors
    /// If it cannot connect. The request's error shows the text, which must contain no secret.
    fn connect(&mut self, target: &Target<'_>, ready: &Readiness) -> Option<io::Result<Box<dyn Stream>>>;
}

impl<F> Connector for F
where
    F: FnMut(&Target<'_>, &Readiness) -> Option<io::Result<Box<dyn Stream>>> + Send,
{
    fn connect(&mut self, target: &Target<'_>, ready: &Readiness) -> Option<io::Result<Box<dyn Stream>>> {
        self(target, ready)
    }
}

/// A connection that a [`Connector`] opened. Its calls never block. Dropping it closes it. If a call
/// panics, the connection fails.
pub trait Stream: Send {
    /// Reads bytes that have arrived. Returns 0 at the end.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if none have arrived.
    fn try_read(&mut self, space: &mut [u8]) -> io::Result<usize>;

    /// Writes bytes, as many as there is room for.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is no room.
    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Whether a read would block. Consumes nothing: an idle connection with something to read, its
    /// end included, is never reused.
    fn is_quiet(&mut self) -> bool;

    /// Whether the connection is established. Asked when the stream becomes ready. Default: `true`.
    ///
    /// # Errors
    /// If connecting has failed.
    fn is_connected(&mut self) -> io::Result<bool> {
        Ok(true)
    }

    /// Returns the event source whose readiness is this stream's, such as a `mio::net::TcpStream`.
    ///
    /// Default: `None`. [`Readiness::notify`] then wakes the loop, which asks every such stream.
    fn source(&mut self) -> Option<&mut dyn Source> {
        None
    }
}

/// Wakes the loop for a [`Stream`] that has no event source. Cloning is cheap.
#[derive(Clone)]
pub struct Readiness {
    inbox: Arc<Inbox>,
    notified: Arc<AtomicBool>,
}

impl Readiness {
    pub(crate) fn new(inbox: Arc<Inbox>) -> Readiness {
        Readiness { inbox, notified: Arc::default() }
    }

    /// Reports that a stream may have become readable or writable, or connected. It can be called
    /// from any thread and never blocks.
    pub fn notify(&self) {
        if !self.notified.swap(true, Ordering::AcqRel) {
            // A loop that has ended needs no word.
            drop(self.inbox.push(Command::StreamsReady));
        }
    }

    /// Accepts further reports. Called before the streams are asked.
    pub(crate) fn taken(&self) {
        self.notified.store(false, Ordering::Release);
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Readiness")
    }
}

/// A socket, connected or connecting.
impl Stream for TcpStream {
    fn try_read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        self.read(space)
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write(bytes)
    }

    fn is_quiet(&mut self) -> bool {
        matches!(self.peek(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    fn is_connected(&mut self) -> io::Result<bool> {
        match (self.take_error()?, self.peer_addr()) {
            (Some(error), _) => Err(error),
            (None, Err(error)) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
            (None, Err(error)) => Err(error),
            (None, Ok(_)) => self.set_nodelay(true).map(|()| true),
        }
    }

    fn source(&mut self) -> Option<&mut dyn Source> {
        Some(self)
    }
}

impl Stream for Pipe {
    fn try_read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        Pipe::try_read(self, space)
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Pipe::try_write(self, bytes)
    }

    fn is_quiet(&mut self) -> bool {
        !self.is_ready().0
    }
}
