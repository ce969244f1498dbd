//! Unix.

use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, Protocol, RecvAncillaryBuffer, RecvFlags, SocketAddrUnix, SocketType, ipproto, sockopt,
};

/// A call that timed out has moved no byte.
pub(crate) const TIMED_CALLS: bool = true;

/// `poll` reports failed connects.
pub(crate) const SILENT_REFUSALS: Option<Duration> = None;

pub(crate) fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    socket(family, Some(ipproto::TCP)).map(TcpStream::from)
}

pub(crate) fn bind(stream: &TcpStream, local: SocketAddr) -> io::Result<()> {
    Ok(rustix::net::bind(stream, &local)?)
}

pub(crate) fn set_keep_alive(stream: &TcpStream, after: Duration) -> io::Result<()> {
    sockopt::set_socket_keepalive(stream, true)?;
    // A system cannot be told less than a second.
    #[cfg(not(target_os = "openbsd"))]
    sockopt::set_tcp_keepidle(stream, after.max(Duration::from_secs(1)))?;
    #[cfg(target_os = "openbsd")]
    let _ = after;
    Ok(())
}

pub(crate) fn connect(stream: &TcpStream, address: SocketAddr) -> io::Result<()> {
    match rustix::net::connect(stream, &address) {
        Ok(()) | Err(Errno::INPROGRESS | Errno::WOULDBLOCK | Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Blocks while the server's queue is full, which no `poll` reports: a non-blocking call would fail
/// at once.
pub(crate) fn connect_unix(path: &Path, left: Option<Duration>) -> io::Result<TcpStream> {
    let address = SocketAddrUnix::new(path)?;
    let socket = socket(AddressFamily::UNIX, None)?;
    let until = left.and_then(|left| Instant::now().checked_add(left));
    rustix::io::ioctl_fionbio(&socket, false)?;
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()).max(Duration::from_micros(1)));
        sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, left)?;
        match rustix::net::connect(&socket, &address) {
            Ok(()) => break,
            Err(Errno::INTR) if until.is_none_or(|until| Instant::now() < until) => {}
            Err(Errno::AGAIN | Errno::INTR) => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the server accepts no connection"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, None)?;
    rustix::io::ioctl_fionbio(&socket, true)?;
    Ok(TcpStream::from(socket))
}

pub(crate) fn read_at_once(stream: &TcpStream, space: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
    let read = rustix::net::recvmsg(stream, space, &mut RecvAncillaryBuffer::default(), RecvFlags::DONTWAIT);
    Ok(read?.bytes)
}

pub(crate) fn is_quiet(stream: &TcpStream) -> bool {
    let looked = rustix::net::recv(stream, &mut [0], RecvFlags::PEEK | RecvFlags::DONTWAIT);
    matches!(looked, Err(Errno::AGAIN))
}

/// Opens a socket that is non-blocking and not inherited by child programs.
fn socket(family: AddressFamily, protocol: Option<Protocol>) -> io::Result<OwnedFd> {
    #[cfg(any(
        target_os = "linux",
        target_os = "android",
        target_os = "freebsd",
        target_os = "netbsd",
        target_os = "openbsd"
    ))]
    {
        use rustix::net::SocketFlags;
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        Ok(rustix::net::socket_with(family, SocketType::STREAM, flags, protocol)?)
    }
    #[cfg(not(any(
        target_os = "linux",
        target_os = "android",
        target_os = "freebsd",
        target_os = "netbsd",
        target_os = "openbsd"
    )))]
    {
        let socket = rustix::net::socket(family, SocketType::STREAM, protocol)?;
        rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&socket, true)?;
        #[cfg(target_vendor = "apple")]
        sockopt::set_socket_nosigpipe(&socket, true)?;
        Ok(socket)
    }
}
