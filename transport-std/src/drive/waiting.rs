//! Waits for a socket, for a connection attempt, or for the next deadline.

use std::thread;
use std::time::Duration;

use petition_core::{Input, IoFailure, Side};

use super::Call;
use crate::sys::Sides;

impl Call {
    /// Waits until a socket is ready or a deadline passes.
    pub(super) fn wait(&mut self) {
        let left = self.left();
        if !self.dialing.is_empty() {
            return self.wait_for_connect(left);
        }
        let Some(socket) = &mut self.socket else { return self.wait_for_time(left) };
        let sides = Sides { read: self.waiting.read, write: self.waiting.write };
        let waited = socket.wait(sides, left);
        self.clock.read();
        match waited {
            Ok(ready) if ready != Sides::default() => self.ready(ready),
            Ok(_) => self.tell(Input::Tick),
            Err(error) => self.tell(Input::Failed(Side::Read, IoFailure::from(&error))),
        }
    }

    /// Waits between two connection attempts.
    fn wait_for_time(&mut self, left: Option<Duration>) {
        let waited = left.map(thread::sleep);
        self.clock.read();
        // Without a deadline, nothing would end this wait.
        self.tell(waited.map_or(Input::Cancel, |()| Input::Tick));
    }

    fn wait_for_connect(&mut self, left: Option<Duration>) {
        let waited = self.dialing.wait(left, self.shared.tcp());
        self.clock.read();
        match waited {
            Ok(Some((attempt, result))) => self.connected(attempt, result),
            Ok(None) => self.tell(Input::Tick),
            Err(_) => {
                self.dialing.clear();
                self.tell(Input::Cancel);
            }
        }
    }
}
