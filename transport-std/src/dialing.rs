//! Sockets that are being connected: several at once, waited for together, without a thread.
//!
//! The core says when which address is tried (RFC 8305); here is only `connect` on sockets that do not block.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

use petition_core::route::dial::AttemptId;
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType, ipproto, sockopt};

use crate::socket::{Socket, wait};

/// The attempts under way.
#[derive(Debug, Default)]
pub(crate) struct Dialing {
    attempts: Vec<(AttemptId, SocketAddr, OwnedFd)>,
}

impl Dialing {
    /// Begins to connect.
    pub(crate) fn start(&mut self, attempt: AttemptId, address: SocketAddr) -> io::Result<()> {
        let socket = open(address)?;
        match rustix::net::connect(&socket, &address) {
            Ok(()) | Err(Errno::INPROGRESS | Errno::WOULDBLOCK | Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        self.attempts.push((attempt, address, socket));
        Ok(())
    }

    /// Closes the socket of an attempt.
    pub(crate) fn abandon(&mut self, attempt: AttemptId) {
        self.attempts.retain(|(id, ..)| *id != attempt);
    }

    /// Waits until an attempt has an outcome, or the time is over.
    pub(crate) fn wait(&mut self, left: Option<Duration>) -> io::Result<Option<(AttemptId, io::Result<Socket>)>> {
        let ready = wait(self.attempts.iter().map(|(.., socket)| (socket, PollFlags::OUT)), left)?;
        let Some((index, _)) = ready else { return Ok(None) };
        let (attempt, address, socket) = self.attempts.swap_remove(index);
        let outcome = match sockopt::socket_error(&socket) {
            Ok(Ok(())) => Socket::new(TcpStream::from(socket), address),
            Ok(Err(error)) | Err(error) => Err(error.into()),
        };
        Ok(Some((attempt, outcome)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.attempts.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.attempts.clear();
    }
}

/// A socket that does not block and is not inherited by other programs.
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
        sockopt::set_socket_nosigpipe(&socket, true)?;
        Ok(socket)
    }
}
