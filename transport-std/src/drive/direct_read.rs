//! Reads that go directly into the caller's memory, as the transfer plans them.

use std::io::{self, IoSliceMut};
use std::time::Duration;

use petition_core::transfer::{ReadPlan, ReadWait};
use petition_core::{Input, Instant, Now, Side};

use super::Call;

/// Bytes that were read into the caller's memory.
pub(crate) struct Direct {
    pub(crate) n: usize,
    /// The body may be over.
    pub(crate) may_be_last: bool,
}

impl Call {
    /// The caller comes back with room for so much. `None`: nothing can be read into it directly.
    pub(crate) fn read_direct(&mut self, out: &mut [u8]) -> Option<Direct> {
        let plan = self.transfer.read_plan(out.len());
        if plan.direct == 0 {
            return None;
        }
        let left = match plan.wait {
            ReadWait::AsBefore => return self.read_planned(plan, out, false),
            ReadWait::Idle(left) => left,
            ReadWait::Deadline => {
                self.clock.read();
                self.wait_again();
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

    /// The caller has got `have` bytes: reads more into `out` behind them, if there is more at once.
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
            Ok(n @ 1..) => self.came(n, plan),
            read => self.nothing_read(read, at_once),
        }
    }

    /// They came in time, since the socket waits no longer; when that was counts only under a deadline for the whole.
    fn came(&mut self, n: usize, plan: ReadPlan) -> Option<Direct> {
        self.away = true;
        if self.transfer.note_direct(n) {
            return Some(Direct { n, may_be_last: false });
        }
        self.time_passed();
        self.tell(Input::ReadDirect(n));
        // A deadline that has passed counts before what came with it.
        let counts = !self.transfer.is_ended();
        counts.then_some(Direct { n: n.min(plan.direct), may_be_last: true })
    }

    /// A read has come to nothing: the end, a failure, or its time was over.
    ///
    /// A signal that interrupts the read puts off the idle limit once, by no more than the read had waited: how long that was is not known, and the
    /// next wait is the machine's.
    #[cold]
    fn nothing_read(&mut self, read: io::Result<usize>, at_once: bool) -> Option<Direct> {
        let blocks = |error: &io::Error| matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
        let waited = match &read {
            Err(error) if at_once && blocks(error) => return None,
            // A read that was given up has waited for so long, since the caller came back.
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

    /// The caller came back so long ago.
    fn came_back(&mut self, ago: Duration) {
        let now = self.clock.now();
        let came = Instant::from_origin(now.instant.since_origin().saturating_sub(ago));
        self.away = false;
        let told = self.transfer.handle(Now::new(came, now.unix), Input::Consumed(0));
        debug_assert_eq!(told, Ok(()));
    }
}
