//! Sockets that are being connected: several at once, waited for together, without a thread.
//!
//! The core says when which address is tried (RFC 8305); here is only `connect` on sockets that do not block.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use petition_core::dial::AttemptId;
use rustix::event::PollFlags;
use socket2::{Domain, Protocol, Socket as Socket2, Type};

use crate::socket::{Socket, wait};

/// The attempts under way.
#[derive(Debug, Default)]
pub(crate) struct Dialing {
    attempts: Vec<(AttemptId, SocketAddr, Socket2)>,
}

impl Dialing {
    /// Begins to connect.
    pub(crate) fn start(&mut self, attempt: AttemptId, address: SocketAddr) -> io::Result<()> {
        let socket = Socket2::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        match socket.connect(&address.into()) {
            Err(error) if !is_in_progress(&error) => return Err(error),
            _ => {}
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
        let polled: Vec<_> = self.attempts.iter().map(|(.., socket)| (socket, PollFlags::OUT)).collect();
        let ready = wait(&polled, left)?;
        let Some(index) = ready.iter().position(|ready| *ready) else { return Ok(None) };
        let (attempt, address, socket) = self.attempts.swap_remove(index);
        let outcome = match socket.take_error() {
            Ok(None) => Socket::new(TcpStream::from(socket), address),
            Ok(Some(error)) | Err(error) => Err(error),
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

fn is_in_progress(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
        || error.kind() == io::ErrorKind::Interrupted
        || error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error())
}
