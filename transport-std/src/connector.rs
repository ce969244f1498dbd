//! Connectors: how connections are opened, if not by a plain TCP or Unix socket.
//!
//! A connector sees each target first. It opens a [`Stream`] of its own, fails, or leaves the target
//! to petition-std. Core decides all else, as over a socket: TLS, framing, deadlines, reuse and its
//! liveness probe.
//!
//! A test double that answers from memory:
//!
//! ```
//! use std::io::{Read, Write};
//! use std::thread;
//! use petition_std::connector::{self, Stream, Target};
//! use petition_std::{Address, ConnectTo, Session};
//!
//! let session = Session::builder()
//!     .connector(|_: &Target<'_>, _| {
//!         let (near, mut far) = connector::pair();
//!         thread::spawn(move || {
//!             let mut request = [0; 1024];
//!             let n = far.read(&mut request)?;
//!             assert!(request[..n].starts_with(b"GET /hello HTTP/1.1\r\n"));
//!             far.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
//!         });
//!         Some(Ok(Box::new(near) as Box<dyn Stream>))
//!     })
//!     .build();
//! // No name is looked up, wherever a redirect leads.
//! session.configure(|options| {
//!     options.connect_to(ConnectTo::new().every_origin(Address::custom("double")));
//! });
//! assert_eq!(session.get("http://any.test/hello").send()?.text()?, "hi");
//! # Ok::<(), petition_std::Error>(())
//! ```

use std::fmt;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

pub use petition_shared::Target;
pub use petition_shared::pipe::{Pipe, pair};

use crate::sys;

/// Opens connections. A closure with the arguments of [`Connector::connect`] is one.
pub trait Connector: Send + Sync {
    /// Opens a connection to `target`, or returns `None` to leave it to petition-std, which connects
    /// to TCP addresses and Unix sockets.
    ///
    /// It runs on the thread of the request and may block, for at most `left` if given. Several
    /// addresses of one host are tried one after the other then.
    ///
    /// # Errors
    /// If it cannot connect; [`io::ErrorKind::TimedOut`] if `left` elapsed. The request's error
    /// shows the text, which must contain no secret.
    fn connect(&self, target: &Target<'_>, left: Option<Duration>) -> Option<io::Result<Box<dyn Stream>>>;
}

impl<F> Connector for F
where
    F: Fn(&Target<'_>, Option<Duration>) -> Option<io::Result<Box<dyn Stream>>> + Send + Sync,
{
    fn connect(&self, target: &Target<'_>, left: Option<Duration>) -> Option<io::Result<Box<dyn Stream>>> {
        self(target, left)
    }
}

/// A connection that a [`Connector`] opened. Its calls never block, except [`Stream::wait`].
/// Dropping it closes it.
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

    /// Waits until a wanted side is ready, for at most `left` if given, and returns the ready sides.
    /// A side is ready if a call would not block: also at the end, or if it would fail. May return
    /// without a ready side early.
    ///
    /// With `left` of zero it only checks, and consumes nothing: an idle connection with something
    /// to read is never reused.
    ///
    /// # Errors
    /// If it cannot wait. The request fails then.
    fn wait(&mut self, wanted: Sides, left: Option<Duration>) -> io::Result<Sides>;
}

/// The directions of a [`Stream`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    /// From the peer.
    pub read: bool,
    /// To the peer.
    pub write: bool,
}

impl Stream for Pipe {
    fn try_read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        Pipe::try_read(self, space)
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Pipe::try_write(self, bytes)
    }

    fn wait(&mut self, wanted: Sides, left: Option<Duration>) -> io::Result<Sides> {
        let (read, write) = Pipe::wait(self, wanted.read, wanted.write, left);
        Ok(Sides { read: read && wanted.read, write: write && wanted.write })
    }
}

/// A connected socket, which must be [non-blocking](TcpStream::set_nonblocking).
impl Stream for TcpStream {
    fn try_read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        self.read(space)
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write(bytes)
    }

    fn wait(&mut self, wanted: Sides, left: Option<Duration>) -> io::Result<Sides> {
        Ok(sys::wait([(&*self, wanted)], left)?.map(|(_, ready)| ready).unwrap_or_default())
    }
}

impl fmt::Debug for dyn Stream + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

/// Calls a stream, after waiting for `side` once if it would block and `left` allows.
///
/// # Errors
/// Those of the stream, and [`io::ErrorKind::InvalidData`] if it reports more bytes than `most`.
#[cold]
#[inline(never)]
pub(crate) fn call(
    stream: &mut dyn Stream,
    side: Sides,
    wait: Option<Option<Duration>>,
    most: usize,
    call: &mut dyn FnMut(&mut dyn Stream) -> io::Result<usize>,
) -> io::Result<usize> {
    let mut result = call(stream);
    if let (Err(error), Some(left)) = (&result, wait)
        && error.kind() == io::ErrorKind::WouldBlock
        && stream.wait(side, left)? != Sides::default()
    {
        result = call(stream);
    }
    match result {
        Ok(n) if n > most => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the connector's stream reported {n} bytes for a buffer of {most}"),
        )),
        result => result,
    }
}
