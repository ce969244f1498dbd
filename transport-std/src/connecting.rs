//! Connecting sockets: several at once, awaited together without a thread.
//!
//! Core decides which address is tried when (RFC 8305). This module only connects non-blocking
//! sockets.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use petition_core::route::address::Address;
use petition_core::route::dial::AttemptId;

use crate::socket::Socket;
use crate::sys::{self, Sides};
use crate::tcp::TcpSettings;

/// The pending attempts.
#[derive(Debug, Default)]
pub(crate) struct PendingConnects {
    attempts: Vec<(AttemptId, SocketAddr, TcpStream)>,
}

impl PendingConnects {
    /// Starts an attempt over TCP.
    pub(crate) fn start(&mut self, attempt: AttemptId, address: SocketAddr, tcp: &TcpSettings) -> io::Result<()> {
        self.attempts.push((attempt, address, tcp.connect(address)?));
        Ok(())
    }

    /// Closes the socket of an attempt.
    pub(crate) fn abandon(&mut self, attempt: AttemptId) {
        self.attempts.retain(|(id, ..)| *id != attempt);
    }

    /// Waits until an attempt completes, for at most `left`. On some systems, it also returns
    /// `None` early.
    pub(crate) fn wait(
        &mut self,
        left: Option<Duration>,
        tcp: &TcpSettings,
    ) -> io::Result<Option<(AttemptId, io::Result<Socket>)>> {
        let left = left.into_iter().chain(sys::SILENT_REFUSALS).min();
        let ready = sys::wait(self.attempts.iter().map(|(.., stream)| (stream, Sides::WRITE)), left)?;
        let Some((index, _)) = ready else { return Ok(self.refused()) };
        let (attempt, address, stream) = self.attempts.swap_remove(index);
        let outcome = match stream.take_error() {
            Ok(None) => tcp.connected(&stream).map(|()| Socket::new(stream, Address::Tcp(address))),
            Ok(Some(error)) | Err(error) => Err(error),
        };
        Ok(Some((attempt, outcome)))
    }

    /// Returns an attempt that has failed without being reported by the wait.
    fn refused(&mut self) -> Option<(AttemptId, io::Result<Socket>)> {
        sys::SILENT_REFUSALS?;
        let failed = self.attempts.iter().enumerate();
        let (index, error) =
            failed.filter_map(|(index, (.., stream))| Some((index, stream.take_error().ok()??))).next()?;
        Some((self.attempts.swap_remove(index).0, Err(error)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.attempts.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.attempts.clear();
    }
}
