//! Unix.

use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvAncillaryBuffer, RecvFlags, SocketType, ipproto};

/// A call that timed out has moved no byte.
pub(crate) const TIMED_CALLS: bool = true;

/// `poll` reports failed connects.
pub(crate) const SILENT_REFUSALS: Option<Duration> = None;

pub(crate) fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = open(address)?;
    match rustix::net::connect(&socket, &address) {
        Ok(()) | Err(Errno::INPROGRESS | Errno::WOULDBLOCK | Errno::INTR) => Ok(TcpStream::from(socket)),
        Err(error) => Err(error.into()),
    }
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
fn open(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
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
        Ok(rustix::net::socket_with(family, SocketType::STREAM, flags, Some(ipproto::TCP))?)
    }
    #[cfg(not(any(
        target_os = "linux",
        target_os = "android",
        target_os = "freebsd",
        target_os = "netbsd",
        target_os = "openbsd"
    )))]
    {
        let socket = rustix::net::socket(family, SocketType::STREAM, Some(ipproto::TCP))?;
        rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&socket, true)?;
        #[cfg(target_vendor = "apple")]
        rustix::net::sockopt::set_socket_nosigpipe(&socket, true)?;
        Ok(socket)
    }
}
