//! Windows. All sockets are non-blocking, so that no call needs `MSG_DONTWAIT`, which Winsock
//! lacks.

use std::io::{self, IoSliceMut, Read};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

/// After a call that timed out, bytes may be lost and the socket must not be used (`SO_RCVTIMEO`).
/// Timeouts are also half a second late.
pub(crate) const TIMED_CALLS: bool = false;

/// Before Windows 10 version 2004, including Windows Server 2019, `WSAPoll` does not report failed
/// connects.
pub(crate) const SILENT_REFUSALS: Option<Duration> = Some(Duration::from_millis(50));

/// `Socket::new` starts Winsock.
pub(crate) fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

pub(crate) fn bind(stream: &TcpStream, local: SocketAddr) -> io::Result<()> {
    SockRef::from(stream).bind(&local.into())
}

pub(crate) fn set_keep_alive(stream: &TcpStream, after: Duration) -> io::Result<()> {
    SockRef::from(stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(after.max(Duration::from_secs(1))))
}

pub(crate) fn connect(stream: &TcpStream, address: SocketAddr) -> io::Result<()> {
    match SockRef::from(stream).connect(&address.into()) {
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}

pub(crate) fn connect_unix(_: &Path, _: Option<Duration>) -> io::Result<TcpStream> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no Unix sockets; use a connector"))
}

pub(crate) fn read_at_once(mut stream: &TcpStream, space: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
    stream.read_vectored(space)
}

pub(crate) fn is_quiet(stream: &TcpStream) -> bool {
    matches!(stream.peek(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}
