//! Reads that go directly into the caller's memory, as the transfer plans them.

use std::io::{self, IoSliceMut};
use std::time::Duration;

use petition_core::transfer::{ReadPlan, ReadWait};
use petition_core::{Input, Instant, Now, Side};

use super::Call;

/// Bytes read into the caller's memory.
pub(crate) struct Direct {
    pub(crate) n: usize,
    /// Whether the body may be complete.
    pub(crate) may_be_last: bool,
}

impl Call {
    /// Reads body bytes directly into the caller's memory. Returns `None` if that is impossible.
    pub(crate) fn read_direct(&mut self, out: &mut [u8]) -> Option<Direct> {
        let plan = self.transfer.read_plan(out.len());
        if plan.direct == 0 {
            return None;
        }
        let left = match plan.wait {
            ReadWait::AsBefore => return self.read_planned(plan, out, false),
            ReadWait::Idle(left) => left,
            ReadWait::Deadline => {
                if !self.wait_again() {
                    self.clock.read();
                }
                if self.transfer.is_ended() {
                    return None;
                }
                self.left()
            }
        };
        let socket = self.socket.as_mut()?;
        match socket.limit_read(left) {
            Ok(()) => self.read_planned(plan, out, false),
            Err(error) => self.nothing_read(Err(error), false),
        }
    }

    /// Reads more into `out` after the first `have` bytes, if available without blocking.
    pub(crate) fn top_up(&mut self, out: &mut [u8], have: usize) -> Option<Direct> {
        let room = out.get_mut(have..)?;
        let plan = self.transfer.top_up_plan(have, room.len())?;
        self.read_planned(plan, room, true)
    }

    fn read_planned(&mut self, plan: ReadPlan, out: &mut [u8], at_once: bool) -> Option<Direct> {
        let out = out.get_mut(..plan.direct)?;
        if plan.buffered > 0 {
            self.lend_spare();
        }
        let socket = self.socket.as_mut()?;
        let read = if plan.buffered > 0 || at_once {
            let behind = if plan.buffered > 0 { self.transfer.space() } else { &mut [] };
            let behind = behind.get_mut(..plan.buffered).unwrap_or_default();
            socket.read_vectored(&mut [IoSliceMut::new(out), IoSliceMut::new(behind)], at_once)
        } else {
            socket.read(out)
        };
        match read {
            Ok(n @ 1..) => self.arrived(n, plan),
            read => self.nothing_read(read, at_once),
        }
    }

    /// Records bytes that arrived in time: the socket blocks no longer than allowed. Their exact
    /// time matters only with a total deadline.
    fn arrived(&mut self, n: usize, plan: ReadPlan) -> Option<Direct> {
        self.away = true;
        if self.transfer.note_direct(n) {
            return Some(Direct { n, may_be_last: false });
        }
        self.time_passed();
        self.tell(Input::ReadDirect(n));
        // A passed deadline precedes the bytes that arrived with it.
        let counts = !self.transfer.is_ended();
        counts.then_some(Direct { n: n.min(plan.direct), may_be_last: true })
    }

    /// Handles a read without bytes: the end, a failure, or a timeout.
    ///
    /// A signal that interrupts the read extends the idle timeout once, by at most the blocked
    /// time: its length is unknown, and core plans the next wait.
    #[cold]
    fn nothing_read(&mut self, read: io::Result<usize>, at_once: bool) -> Option<Direct> {
        let blocks = |error: &io::Error| matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
        let waited = match &read {
            Err(error) if at_once && blocks(error) => return None,
            // A read that timed out has blocked this long since the caller returned.
            Err(error) if blocks(error) => self.socket.as_ref().map(|socket| socket.waits()),
            _ => None,
        };
        self.clock.read();
        self.came_back(waited.unwrap_or_default());
        match read {
            Ok(_) => self.tell(Input::Eof),
            Err(error) => self.not_done(Side::Read, &error),
        }
        None
    }

    /// Reports that the caller returned this long ago.
    fn came_back(&mut self, ago: Duration) {
        let now = self.clock.now();
        let arrived = Instant::from_origin(now.instant.since_origin().saturating_sub(ago));
        self.away = false;
        let told = self.transfer.handle(Now::new(arrived, now.unix), Input::Consumed(0));
        debug_assert_eq!(told, Ok(()));
    }
}
