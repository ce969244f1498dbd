//! A transfer that is driven by hand, and the sockets that it uses.

use petition_core::route::dial::AttemptId;
use petition_core::{Input, IoFailure, Misuse, Now, Prepared, Transfer};

/// A transfer and its sockets, which `S` numbers.
#[derive(Debug)]
pub(crate) struct ManualTransfer<S> {
    pub(crate) transfer: Transfer,
    /// The connection's socket.
    pub(crate) socket: Option<S>,
    /// Attempts to connect, until their sockets are closed; that of the connection is one of them.
    attempts: Vec<(AttemptId, S)>,
}

impl<S: Copy + PartialEq> ManualTransfer<S> {
    pub(crate) fn new(request: Prepared, now: Now) -> ManualTransfer<S> {
        ManualTransfer { transfer: Transfer::new(request, now), socket: None, attempts: Vec::new() }
    }

    /// The transfer has ordered an attempt, which this socket makes.
    pub(crate) fn dial(&mut self, attempt: AttemptId, socket: S) {
        self.attempts.push((attempt, socket));
    }

    /// The attempts whose sockets are open.
    pub(crate) fn attempts(&self) -> &[(AttemptId, S)] {
        &self.attempts
    }

    /// Whether no socket is left.
    pub(crate) fn has_no_socket(&self) -> bool {
        self.socket.is_none() && self.attempts.is_empty()
    }

    /// The transfer has ordered to cancel an attempt. Returns its socket, which is to be closed.
    pub(crate) fn cancel_connect(&mut self, attempt: AttemptId) -> S {
        let at = self.attempts.iter().position(|(known, _)| *known == attempt).expect("an open attempt");
        let (_, socket) = self.attempts.swap_remove(at);
        self.socket = self.socket.filter(|used| *used != socket);
        socket
    }

    /// The transfer is done with its connection. Returns the socket, which is to be closed or kept.
    pub(crate) fn let_go(&mut self) -> S {
        let socket = self.socket.take().expect("a connection to give away");
        self.attempts.retain(|(_, other)| *other != socket);
        socket
    }

    /// Reports that an attempt has succeeded. The first one gives the connection.
    ///
    /// # Errors
    /// As [`Transfer::handle`].
    pub(crate) fn connected(&mut self, now: Now, attempt: AttemptId, socket: S) -> Result<(), Misuse> {
        self.socket.get_or_insert(socket);
        self.transfer.handle(now, Input::Connected(attempt))
    }

    /// Reports that an attempt has failed; its socket is closed.
    ///
    /// # Errors
    /// As [`Transfer::handle`].
    pub(crate) fn connect_failed(&mut self, now: Now, attempt: AttemptId, failure: IoFailure) -> Result<(), Misuse> {
        self.transfer.handle(now, Input::ConnectFailed(attempt, failure))?;
        self.attempts.retain(|(known, _)| *known != attempt);
        Ok(())
    }
}
