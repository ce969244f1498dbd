//! Body bytes that go between the socket and the caller's memory without a copy.
//!
//! A large read goes straight to where the caller wants the bytes, as far as the core knows that nothing else can come there. Behind that a few bytes of
//! our own wait for what follows: the framing of the next chunk, or what a server sends beyond the end of a body, which must be seen
//! before the connection is kept.

use std::io::{self, IoSliceMut};
use std::time::Duration;

use petition_core::{Input, Instant, Now, Side};
use rustix::net::RecvFlags;

use super::Call;

/// Reads of less than this go through the buffer, which then also takes what comes behind.
pub(crate) const LARGE: usize = 8 * 1024;

/// Room for the framing of the next chunk, when none was seen yet: its end, five digits and their end; and for what comes behind the end of a body.
pub(super) const BEHIND: usize = 9;

impl Call {
    /// The caller is here: what it got straight is used up.
    pub(crate) fn come_back(&mut self) {
        if self.straight > 0 {
            self.clock.read();
            self.use_up(self.clock.now());
        }
    }

    /// The caller waits for more from now on. What time it took before that does not count against the peer.
    pub(crate) fn ask_for_more(&mut self) {
        if !self.transfer.is_received() {
            self.clock.refresh();
            self.tell(Input::Consumed(0));
        }
    }

    /// The caller has used what was read straight.
    pub(super) fn use_up(&mut self, now: Now) {
        let n = std::mem::take(&mut self.straight);
        if n > 0 && !self.transfer.is_ended() {
            let told = self.transfer.handle(now, Input::Consumed(n));
            debug_assert_eq!(told, Ok(()));
        }
    }

    /// So many bytes came in one piece.
    pub(crate) fn saw(&mut self, n: usize) {
        self.large |= n >= LARGE;
    }

    /// The caller is here and has room for so much: reads body bytes into it. `None` when that cannot be done.
    pub(crate) fn read_large(&mut self, out: &mut [u8]) -> Option<usize> {
        let settings = self.transfer.request().settings();
        // What was read straight is used up by more of the same, and without a deadline for the whole only the time without any counts: then
        // neither the transfer nor the clock is asked before the read.
        if self.straight == 0 || settings.total_timeout.is_some() {
            self.clock.read();
        }
        if self.straight == 0 && self.transfer.body().is_empty() {
            self.ask_for_more();
        }
        self.read_straight(out, 0)
    }

    /// Reads body bytes into `out` behind the first `have` of it. `None` when that cannot be done, and nothing has been read.
    ///
    /// With bytes at hand it does not wait for more.
    pub(crate) fn read_straight(&mut self, out: &mut [u8], have: usize) -> Option<usize> {
        let room = out.get_mut(have..).filter(|room| room.len() >= LARGE)?;
        let due = usize::try_from(self.transfer.content_due()).unwrap_or(usize::MAX);
        // The rest of something large is read by itself, so that what is behind it begins in its place.
        self.large = due >= LARGE || (self.large && due > 0);
        if !self.large {
            return None;
        }
        let ends = room.len() >= due;
        if ends {
            self.lend_spare();
        }
        let settings = self.transfer.request().settings();
        let left = match settings.total_timeout {
            _ if self.straight == 0 => self.left(),
            // The time without any begins now, and not before the transfer is told.
            None => settings.idle_timeout,
            Some(_) => {
                let left = self.left();
                left.into_iter().chain(settings.idle_timeout).min()
            }
        };
        let socket = self.socket.as_mut()?;
        let most = room.len().min(due);
        let room = room.get_mut(..most)?;
        let read = if ends || have > 0 {
            let behind = if ends { self.transfer.space() } else { &mut [] };
            let behind = behind.get_mut(..BEHIND).unwrap_or_default();
            let flags = if have > 0 { RecvFlags::DONTWAIT } else { RecvFlags::empty() };
            socket.receive(&mut [IoSliceMut::new(room), IoSliceMut::new(behind)], flags, left)
        } else {
            socket.read(room, left)
        };
        let waits = if have > 0 { Duration::ZERO } else { socket.waits() };
        if let Ok(n @ 1..) = read {
            // It came in time: the socket waits no longer. When that was is of no importance but for a deadline of the whole.
            self.time_passed();
            let straight = n.min(most);
            self.large = straight < due;
            self.tell(Input::Bypassed(n));
            // A deadline that has passed counts before what came with it.
            if self.transfer.is_ended() {
                self.straight = 0;
                return None;
            }
            self.straight = straight;
            return Some(straight);
        }
        self.clock.read();
        // When the caller came, as far as that counts: a read that was given up has waited for so long.
        let waited = match &read {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => waits,
            _ => Duration::ZERO,
        };
        let now = self.clock.now();
        let came = Instant::from_origin(now.instant.since_origin().saturating_sub(waited));
        self.use_up(Now::new(came, now.unix));
        match read {
            Ok(_) => self.tell(Input::Eof),
            Err(error) if have > 0 && error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => self.not_done(Side::Read, &error),
        }
        None
    }
}
