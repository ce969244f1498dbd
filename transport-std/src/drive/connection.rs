//! The connection of a call: acquired from the pool or opened, released or closed; and its slot.

use std::io::{self, ErrorKind as Io};
use std::time::Duration;

use petition_core::route::address::Address;
use petition_core::route::dial::AttemptId;
use petition_core::route::pool::{Pooled, Take};
use petition_core::{Acquire, Input, IoFailure};

use super::{Call, Waiting};
use crate::connector::{Stream, Target};
use crate::shared_pool::IdleConnection;
use crate::socket::Socket;
use crate::sys::{self, Sides};

impl Call {
    pub(super) fn acquire(&mut self, want: Acquire) {
        let Some(route) = self.transfer.route() else { return };
        let now = self.clock.now().instant;
        let taken = match self.shared.shared_pool().take_now(route, want, now) {
            Some(taken) => taken,
            None => {
                let left = self.left();
                let taken = self.shared.shared_pool().take(route, want, now, left);
                self.clock.read();
                let Some(taken) = taken else { return self.tell(Input::Tick) };
                taken
            }
        };
        match taken {
            Take::Reuse { pooled } => {
                self.opened = pooled.opened_at;
                self.has_slot = true;
                let IdleConnection { link, socket } = pooled.item;
                let peer = Some(socket.peer().clone());
                self.socket = Some(socket);
                self.tell(Input::Acquired { link, peer });
            }
            Take::Open { evicted } => {
                drop(evicted);
                self.has_slot = true;
                self.tell(Input::OpenNew);
            }
            // `take` waits instead of returning this.
            Take::Full => self.tell(Input::Tick),
        }
    }

    pub(super) fn resolve(&mut self) {
        let Some((host, port)) = self.transfer.peer_name() else { return };
        let deadline = self.transfer.deadline();
        let found = self.shared.resolver().resolve(host, port, self.clock.left(deadline));
        self.clock.read();
        match found {
            Ok(addresses) => self.tell(Input::Resolved(&addresses)),
            // The deadline has passed. A resolver that times out earlier by itself has failed.
            Err(error) if error.kind() == Io::TimedOut && self.clock.left(deadline) == Some(Duration::ZERO) => {
                self.tell(Input::Tick);
            }
            Err(error) => self.tell(Input::ResolveFailed(IoFailure::from(&error))),
        }
    }

    pub(super) fn connect(&mut self, attempt: AttemptId) {
        let Some(address) = self.transfer.address(attempt).cloned() else { return };
        if let Some(result) = self.connect_by_connector(&address) {
            return self.connected(attempt, result.map(|stream| Socket::custom(stream, address)));
        }
        let result = match &address {
            Address::Tcp(to) => match self.dialing.start(attempt, *to, self.shared.tcp()) {
                Ok(()) => return,
                Err(error) => Err(error),
            },
            Address::Unix(path) => {
                let stream = sys::connect_unix(path, self.clock.left(self.transfer.connect_deadline()));
                self.clock.read();
                stream.map(|stream| Socket::new(stream, address))
            }
            Address::Custom(_) => Err(io::Error::new(Io::Unsupported, "no connector serves this address")),
        };
        self.connected(attempt, result);
    }

    /// Connects by the session's connector, if there is one and it takes this address.
    fn connect_by_connector(&mut self, address: &Address) -> Option<io::Result<Box<dyn Stream>>> {
        let connector = self.shared.connector()?;
        let (host, port) = self.transfer.peer_name()?;
        let left = self.clock.left(self.transfer.connect_deadline());
        let result = connector.connect(&Target::new(address, host, port), left);
        self.clock.read();
        result
    }

    /// Reports how an attempt to connect ended.
    pub(super) fn connected(&mut self, attempt: AttemptId, result: io::Result<Socket>) {
        match result {
            Ok(socket) => {
                self.socket = Some(Box::new(socket));
                self.opened = self.clock.now().instant;
                self.tell(Input::Connected(attempt));
            }
            Err(error) => self.tell(Input::ConnectFailed(attempt, IoFailure::from(&error))),
        }
    }

    pub(super) fn release(&mut self) {
        self.take_read_buffer();
        let (Some((key, link)), Some(socket)) = (self.transfer.take_link(), self.socket.take()) else { return };
        let hint = link.http().keep_alive_timeout();
        self.has_slot = false;
        if self.away {
            self.clock.read();
        }
        let (now, opened_at) = (self.clock.now().instant, self.opened);
        let closed = self.shared.with_pool(|pool| {
            let evicted = pool.put(Pooled { key, item: IdleConnection { link, socket }, opened_at }, now, hint);
            let due = pool.next_expiry().is_some_and(|at| at <= now);
            (evicted, due.then(|| pool.expire(now)))
        });
        // Closes the connections outside the lock.
        drop(closed);
    }

    pub(super) fn close(&mut self) {
        self.take_read_buffer();
        if self.socket.take().is_some() {
            // The next socket starts unblocked.
            self.waiting = Waiting { read: true, write: true, body: self.waiting.body };
            self.ready(Sides::BOTH);
            self.readable = false;
        }
        self.free_slot();
    }

    fn take_read_buffer(&mut self) {
        if let Some(storage) = self.transfer.take_read_buffer() {
            self.spare = Some(storage);
        }
        self.lent = false;
    }

    pub(super) fn free_slot(&mut self) {
        if std::mem::take(&mut self.has_slot)
            && let Some(route) = self.transfer.route()
        {
            self.shared.with_pool(|pool| pool.closed(route));
        }
    }
}
