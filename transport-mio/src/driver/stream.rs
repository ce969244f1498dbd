//! Sockets that mio does not open as needed.

use std::io;
use std::path::Path;

use mio::net::TcpStream;

/// Connects a Unix socket. The calls of mio's `TcpStream` that the driver uses are the same for
/// both kinds.
#[cfg(unix)]
pub(super) fn connect_unix(path: &Path) -> io::Result<TcpStream> {
    match mio::net::UnixStream::connect(path) {
        Ok(stream) => Ok(std::os::fd::OwnedFd::from(stream).into()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Err(io::Error::new(io::ErrorKind::WouldBlock, "the server's queue of connections is full"))
        }
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
pub(super) fn connect_unix(_: &Path) -> io::Result<TcpStream> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no Unix sockets; use a connector"))
}
