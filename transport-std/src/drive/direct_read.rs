//! Body bytes that go between the socket and the caller's memory without a copy.
//!
//! A large read goes straight to where the caller wants the bytes, as far as the core knows that nothing else can come there. Behind that a few bytes of
//! our own wait for what follows: the framing of the next chunk, or what a server sends beyond the end of a body, which must be seen
//! before the connection is kept.

use std::cmp::Ordering;
use std::io::{self, IoSliceMut};
use std::time::Duration;

use petition_core::{Input, Instant, Now, Side};

use super::{Call, NextRead};

/// Reads of less than this go through the buffer, which then also takes what comes behind.
pub(crate) const LARGE: usize = 8 * 1024;

/// Room for the framing of the next chunk, when none was seen yet: its end, five digits and their end; and for what comes behind the end of a body.
pub(super) const BEHIND: usize = 9;

/// Body bytes that the caller has got in its own memory.
#[derive(Default)]
pub(super) struct DirectRead {
    /// The transfer knows of these, and not that they are used: until the caller comes back, time is its own.
    shown: usize,
    /// These were read after them, and the transfer does not know.
    untold: usize,
    /// So many come then, if any come, before there is anything to be told or asked. None where the time of each read is of importance.
    ahead: usize,
}

impl DirectRead {
    /// Whether there is something to be used up.
    fn is_open(&self) -> bool {
        self.shown + self.untold > 0
    }
}

impl Call {
    /// The caller is here. What is at hand needs no clock, without a deadline for the whole.
    pub(crate) fn come_back(&mut self) {
        if self.straight.is_open() {
            self.use_up(Duration::ZERO);
        } else {
            self.time_passed();
        }
    }

    /// What the caller got straight is used up, if that is still to be told.
    pub(crate) fn go_on(&mut self) {
        if self.straight.is_open() {
            self.use_up(Duration::ZERO);
        }
    }

    /// The caller has used what was read straight, and came back so long ago. The clock is read.
    pub(super) fn use_up(&mut self, ago: Duration) {
        self.catch_up();
        self.clock.read();
        let n = std::mem::take(&mut self.straight.shown);
        if n > 0 && !self.transfer.is_ended() {
            let now = self.clock.now();
            self.away = false;
            let came = Instant::from_origin(now.instant.since_origin().saturating_sub(ago));
            let told = self.transfer.handle(Now::new(came, now.unix), Input::Consumed(n));
            debug_assert_eq!(told, Ok(()));
        }
    }

    /// Tells what was read without a word. It came in time: when that was is of no importance.
    fn catch_up(&mut self) {
        self.straight.ahead = 0;
        let n = std::mem::take(&mut self.straight.untold);
        if n > 0 {
            self.tell(Input::ReadDirect(n));
            self.straight.shown = n;
        }
    }

    /// So many bytes came in one piece.
    pub(crate) fn saw(&mut self, n: usize) {
        if n >= LARGE {
            self.coming = NextRead::Large;
        }
    }

    /// The caller [comes back](Call::come_back) with room for so much: reads body bytes into it. `None` when that cannot be done.
    pub(crate) fn read_large(&mut self, out: &mut [u8]) -> Option<usize> {
        if self.straight.ahead > 0 {
            // The socket's own limit is the time without a byte.
            return self.read_due(out, self.straight.ahead, false);
        }
        self.catch_up();
        if self.straight.shown == 0 {
            self.time_passed();
            self.clock.refresh();
            self.wait_again();
        } else if self.transfer.request().settings().total_timeout.is_some() {
            // Without it only the time without a byte counts: what was read straight is used up by more of the same, and neither the transfer
            // nor the clock is asked before.
            self.clock.read();
        }
        self.read_straight(out, 0)
    }

    /// Reads body bytes into `out` behind the first `have` of it. `None` when that cannot be done, and nothing has been read.
    ///
    /// With bytes at hand it does not wait for more.
    pub(crate) fn read_straight(&mut self, out: &mut [u8], have: usize) -> Option<usize> {
        let room = out.get_mut(have..).filter(|room| room.len() >= LARGE)?;
        let due = usize::try_from(self.transfer.direct_read_limit()).unwrap_or(usize::MAX);
        // The rest of something large is read by itself, so that what is behind it begins in its place.
        if due >= LARGE {
            self.coming = NextRead::Large;
        } else if self.coming != NextRead::Large {
            return None;
        } else if due == 0 {
            self.coming = NextRead::Anything;
            return None;
        }
        let settings = self.transfer.request().settings();
        let left = match settings.total_timeout {
            _ if self.straight.shown == 0 => self.left(),
            // The time without any begins now, and not before the transfer is told.
            None => settings.idle_timeout,
            Some(_) => {
                let left = self.left();
                left.into_iter().chain(settings.idle_timeout).min()
            }
        };
        let socket = self.socket.as_mut()?;
        let at_once = have > 0;
        if let Err(error) = socket.limit_read(left) {
            let waits = (!at_once).then(|| socket.waits());
            return self.nothing_read(Err(error), waits);
        }
        self.read_due(room, due, at_once)
    }

    /// Reads what is due into `out`; where all of it has room there, then also a few bytes of what is behind it.
    fn read_due(&mut self, out: &mut [u8], due: usize, at_once: bool) -> Option<usize> {
        let ends = out.len() >= due;
        if ends {
            self.lend_spare();
        }
        let most = out.len().min(due);
        let out = out.get_mut(..most)?;
        let socket = self.socket.as_mut()?;
        let read = if ends || at_once {
            let behind = if ends { self.transfer.space() } else { &mut [] };
            let behind = behind.get_mut(..BEHIND).unwrap_or_default();
            socket.read_vectored(&mut [IoSliceMut::new(out), IoSliceMut::new(behind)], at_once)
        } else {
            socket.read(out)
        };
        let waits = (!at_once).then(|| socket.waits());
        match read {
            Ok(n @ 1..) => self.came(n, due),
            read => self.nothing_read(read, waits),
        }
    }

    /// `n` bytes came where `due` were. In time: the socket waits no longer. When that was is of no importance but for a deadline of the whole.
    ///
    /// In the midst of something long nothing is told.
    fn came(&mut self, n: usize, due: usize) -> Option<usize> {
        self.coming = match n.cmp(&due) {
            Ordering::Less => NextRead::Large,
            Ordering::Equal => NextRead::Between,
            Ordering::Greater => NextRead::Anything,
        };
        let timed = self.transfer.request().settings().total_timeout.is_some();
        if n < due && !timed {
            self.straight.untold += n;
            self.straight.ahead = due - n;
            return Some(n);
        }
        self.time_passed();
        let straight = n.min(due);
        let untold = std::mem::take(&mut self.straight.untold);
        self.tell(Input::ReadDirect(untold + n));
        // A deadline that has passed counts before what came with it.
        if self.transfer.is_ended() {
            self.straight = DirectRead::default();
            return None;
        }
        self.straight = DirectRead { shown: untold + straight, untold: 0, ahead: 0 };
        Some(straight)
    }

    /// A read has come to nothing: the end, a failure, or its time was over, which was so long; none with bytes at hand.
    ///
    /// A signal that interrupts the read puts off the idle limit once, by no more than the read had waited: how long that was is not known, and the
    /// next wait is the machine's.
    #[cold]
    fn nothing_read(&mut self, read: io::Result<usize>, waits: Option<Duration>) -> Option<usize> {
        // When the caller came, as far as that counts: a read that was given up has waited for so long.
        let waited = match &read {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => waits,
            _ => None,
        };
        self.use_up(waited.unwrap_or_default());
        match read {
            Ok(_) => self.tell(Input::Eof),
            Err(error) if waits.is_none() && error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => self.not_done(Side::Read, &error),
        }
        None
    }
}
