//! Waiting: for a socket, for an attempt to connect, or for the time of the next deadline.

use std::net::TcpStream;
use std::time::Duration;

use petition_core::{Input, IoFailure, Side};
use rustix::event::PollFlags;

use super::Call;
use crate::socket::wait;

impl Call {
    /// Nothing to do before a socket is ready or a deadline has come.
    pub(super) fn wait(&mut self) {
        let left = self.left();
        if !self.dialing.is_empty() {
            return self.wait_for_connect(left);
        }
        let Some(socket) = &self.socket else { return self.wait_for_time(left) };
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, self.waiting.read);
        flags.set(PollFlags::OUT, self.waiting.write);
        let waited = wait([(socket.stream(), flags)], left);
        self.clock.read();
        match waited {
            Ok(Some((_, ready))) => self.ready(ready),
            Ok(None) => self.tell(Input::Tick),
            Err(error) => self.tell(Input::Failed(Side::Read, IoFailure::from(&error))),
        }
    }

    /// Between two attempts to connect.
    fn wait_for_time(&mut self, left: Option<Duration>) {
        let waited = left.map(|_| wait(std::iter::empty::<(&TcpStream, PollFlags)>(), left));
        self.clock.read();
        match waited {
            Some(Ok(_)) => self.tell(Input::Tick),
            // Nothing could ever end this wait.
            Some(Err(_)) | None => self.tell(Input::Cancel),
        }
    }

    fn wait_for_connect(&mut self, left: Option<Duration>) {
        let waited = self.dialing.wait(left);
        self.clock.read();
        match waited {
            Ok(Some((attempt, Ok(socket)))) => {
                self.socket = Some(Box::new(socket));
                self.opened = self.clock.now().instant;
                self.tell(Input::Connected(attempt));
            }
            Ok(Some((attempt, Err(error)))) => self.tell(Input::ConnectFailed(attempt, IoFailure::from(&error))),
            Ok(None) => self.tell(Input::Tick),
            Err(_) => {
                self.dialing.clear();
                self.tell(Input::Cancel);
            }
        }
    }
}
