//! What a connection is made of: a socket, or a connector's stream.

use std::io::{self, ErrorKind as Io, Read, Write};
use std::path::Path;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use petition_core::contain;

use crate::connector::Stream;

pub(super) enum Channel {
    /// A TCP or Unix socket. The calls of mio's `TcpStream` that are used here are the same for both.
    Os(TcpStream),
    Custom(Box<dyn Stream>),
}

/// The state of a connection attempt.
pub(super) enum Progress {
    Pending,
    Connected,
    Failed(io::Error),
}

impl Channel {
    /// Registers for events. Returns false if the poll cannot report this stream.
    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<bool> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        match self {
            Channel::Os(stream) => registry.register(stream, token, interest).map(|()| true),
            Channel::Custom(stream) => called(|| match stream.source() {
                Some(source) => registry.register(source, token, interest).map(|()| true),
                None => Ok(false),
            }),
        }
    }

    /// Closing the descriptor removes it from the poll in any case.
    pub(super) fn deregister(&mut self, registry: &Registry) {
        let _ = match self {
            Channel::Os(stream) => registry.deregister(stream),
            Channel::Custom(stream) => called(|| stream.source().map_or(Ok(()), |source| registry.deregister(source))),
        };
    }

    /// Returns how the attempt to connect stands after an event.
    pub(super) fn progress(&mut self) -> Progress {
        let connected = match self {
            Channel::Os(stream) => Stream::is_connected(stream),
            Channel::Custom(stream) => called(|| stream.is_connected()),
        };
        match connected {
            Ok(true) => Progress::Connected,
            Ok(false) => Progress::Pending,
            Err(error) => Progress::Failed(error),
        }
    }

    #[inline]
    pub(super) fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        match self {
            Channel::Os(stream) => stream.read(space),
            Channel::Custom(stream) => read_custom(&mut **stream, space),
        }
    }

    #[inline]
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Channel::Os(stream) => stream.write(bytes),
            Channel::Custom(stream) => write_custom(&mut **stream, bytes),
        }
    }

    /// Whether nothing can be read: no bytes, no end, no error.
    pub(super) fn is_quiet(&mut self) -> bool {
        match self {
            Channel::Os(stream) => Stream::is_quiet(stream),
            Channel::Custom(stream) => contain(|| stream.is_quiet()).unwrap_or(false),
        }
    }

    /// Whether a call that moved fewer bytes than it could shows that the next one would block.
    pub(super) fn blocks_after_less(&self) -> bool {
        matches!(self, Channel::Os(_))
    }
}

/// Not inlined, and likewise writing: it would make every read of a socket save registers.
#[cold]
#[inline(never)]
fn read_custom(stream: &mut dyn Stream, space: &mut [u8]) -> io::Result<usize> {
    checked(space.len(), called(|| stream.try_read(space)))
}

#[cold]
#[inline(never)]
fn write_custom(stream: &mut dyn Stream, bytes: &[u8]) -> io::Result<usize> {
    checked(bytes.len(), called(|| stream.try_write(bytes)))
}

/// Calls the connector's code. A panic in it fails this connection only.
pub(super) fn called<T>(call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    contain(call).unwrap_or_else(|| Err(io::Error::other("the connector panicked")))
}

/// Rejects a stream that reports more bytes than there were.
fn checked(most: usize, result: io::Result<usize>) -> io::Result<usize> {
    match result {
        Ok(n) if n > most => {
            let text = format!("the connector's stream reported {n} bytes for a buffer of {most}");
            Err(io::Error::new(Io::InvalidData, text))
        }
        result => result,
    }
}

/// Connects a Unix socket.
#[cfg(unix)]
pub(super) fn connect_unix(path: &Path) -> io::Result<TcpStream> {
    match mio::net::UnixStream::connect(path) {
        Ok(stream) => Ok(std::os::fd::OwnedFd::from(stream).into()),
        Err(error) if error.kind() == Io::WouldBlock => {
            Err(io::Error::new(Io::WouldBlock, "the server's queue of connections is full"))
        }
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
pub(super) fn connect_unix(_: &Path) -> io::Result<TcpStream> {
    Err(io::Error::new(Io::Unsupported, "this system has no Unix sockets; use a connector"))
}
