//! Plans reads: their size, and where the bytes go.
//!
//! - Before the final head, a read takes at most 17 KiB: bytes that arrive with a head are copied.
//! - Body bytes that need no inspection go directly into the caller's memory, if both are large.
//!   Such bytes belong to a plain body over a plain connection: of known length, until close, or
//!   the rest of a chunk. A few bytes of the read buffer after them take the following framing, and
//!   bytes beyond the end of the body, which must be detected before reuse (RFC 9112 §9.3).
//! - Small pieces go through the read buffer, since one read then takes many.
//! - Between two large pieces, a read takes little more than framing, so that the second one is
//!   read directly too.
//!
//! Direct reads within one piece are a *run*: [`Transfer::note_direct`] counts them, and the next
//! poll or input accounts for them. With a total deadline there are no runs, since the time of each
//! read matters.

use std::cmp::Ordering;
use std::time::Duration;

use super::Transfer;
use super::io::Want;
use super::machine::Machine;
use super::stage::Stage;
use crate::error::Misuse;
use crate::time::{Instant, Now};

/// The maximum size of a read before the final head.
const WITH_HEAD: usize = 17 * 1024;

/// The size from which a body piece, or the caller's memory, justifies a read of its own.
const LARGE: usize = 8 * 1024;

/// The maximum size of a read between two large chunks.
const BETWEEN: usize = 64;

/// Space after a direct read: for the end of a chunk, and the next chunk's size of up to five
/// digits.
const BEHIND: usize = 9;

/// A caller with fewer bytes than this may get more in the same call.
const SHORT: usize = 64;

/// The maximum number of bytes of a run.
const MAX_RUN: u64 = isize::MAX as u64;

/// How to perform the offered read. See [`Transfer::read_plan`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadPlan {
    /// The maximum number of body bytes to read into the caller's memory, before all others; 0 if
    /// none.
    pub direct: usize,
    /// The maximum number of bytes to read after those, into the front of [`Transfer::space`]. The
    /// space may be shorter if `direct` is 0.
    pub buffered: usize,
    /// How long the read may block.
    pub wait: ReadWait,
}

/// How long a read may block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadWait {
    /// Until [`Transfer::deadline`].
    Deadline,
    /// For this long after the caller asks for bytes; `None`: without limit. The driver need not
    /// read the clock.
    Idle(Option<Duration>),
    /// As long as the previous direct read, which it continues.
    AsBefore,
}

impl ReadPlan {
    fn buffered(most: usize) -> ReadPlan {
        ReadPlan { direct: 0, buffered: most, wait: ReadWait::Deadline }
    }

    #[inline]
    fn direct(room: usize, due: u64, wait: ReadWait) -> ReadPlan {
        let ends = room as u64 >= due;
        let direct = if ends { due as usize } else { room };
        ReadPlan { direct, buffered: if ends { BEHIND } else { 0 }, wait }
    }
}

/// The expected next piece of a body, judging by its reads so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextPiece {
    Unknown,
    /// The rest of something large.
    Large,
    /// The same; direct reads have taken part of it that is not accounted for yet.
    Run,
    /// Framing, possibly followed by another large piece.
    Framing,
}

impl NextPiece {
    /// Records that the link holds a piece of this size.
    #[inline]
    pub(super) fn shown(self, n: usize) -> NextPiece {
        if n >= LARGE { NextPiece::Large } else { self }
    }
}

/// For drivers: reads that the transfer plans.
impl Transfer {
    /// Plans the read that [`Output::Read`](super::Output::Read) offers. `room` is the size of the
    /// caller's own memory in bytes, or 0 if it has none. A driver may read less.
    ///
    /// Report a read with `direct` bytes with [`Transfer::note_direct`], any other with
    /// [`Input::Filled`](super::Input::Filled). While the caller takes bytes directly, it may plan
    /// without polling: a plan with `direct` bytes counts as an offer.
    #[inline]
    pub fn read_plan(&self, room: usize) -> ReadPlan {
        match &self.0.stage {
            Stage::Deliver(delivery) if delivery.next == NextPiece::Run && room >= LARGE => {
                ReadPlan::direct(room, delivery.count as u64, ReadWait::AsBefore)
            }
            Stage::Deliver(delivery) => self.0.plan_read(delivery.next, room),
            _ => ReadPlan::buffered(WITH_HEAD),
        }
    }

    /// Plans another read for a caller that has `have` bytes and space for `room` more. The read
    /// must not block. `None` if the caller has enough, or if nothing can be read directly.
    pub fn top_up_plan(&self, have: usize, room: usize) -> Option<ReadPlan> {
        let plan = (have < SHORT).then(|| self.read_plan(room));
        plan.filter(|plan| plan.direct > 0)
    }

    /// Records that a direct read took `n` bytes. Returns true if that suffices, and the next read
    /// may follow. Returns false if nothing was recorded: report
    /// [`Input::ReadDirect`](super::Input::ReadDirect).
    ///
    /// Recorded bytes count as received with the next poll or input, at its time.
    #[inline]
    pub fn note_direct(&mut self, n: usize) -> bool {
        if let Stage::Deliver(delivery) = &mut self.0.stage
            && delivery.next == NextPiece::Run
            && n < delivery.count
        {
            delivery.count -= n;
            return true;
        }
        self.0.begin_run(n)
    }

    /// Whether a read may go into the embedder's memory and be reported by
    /// [`Transfer::took_direct`].
    pub(crate) fn reads_direct(&self) -> bool {
        self.0.due() > 0
    }

    /// Whether `n` bytes that arrive now are all body bytes, before any deadline.
    pub(crate) fn may_take_direct(&self, now: Now, n: usize) -> bool {
        let early = now.instant >= self.0.now.instant && now.instant < self.0.no_deadline_before;
        early && n > 0 && n as u64 <= self.0.due()
    }

    /// Accounts for `n` such bytes that arrived at `came` and were consumed by `now`.
    pub(crate) fn took_direct(&mut self, came: Now, now: Now, n: usize) {
        self.0.set_now(came);
        let taken = self.0.read_direct(n);
        debug_assert_eq!(taken, Ok(()));
        self.0.set_now(now);
        self.0.progress = now.instant;
        let _ended = self.0.expire();
    }
}

/// Returns the maximum length of a run with this many bytes due.
fn run_of(due: u64) -> usize {
    due.min(MAX_RUN) as usize
}

impl Machine {
    fn plan_read(&self, next: NextPiece, room: usize) -> ReadPlan {
        if room >= LARGE {
            let due = self.due();
            if due >= LARGE as u64 || due > 0 && next == NextPiece::Large {
                let settings = &self.request.settings;
                let wait = match settings.total_timeout {
                    Some(_) => ReadWait::Deadline,
                    None => ReadWait::Idle(settings.idle_timeout),
                };
                return ReadPlan::direct(room, due, wait);
            }
        }
        ReadPlan::buffered(if next == NextPiece::Framing { BETWEEN } else { usize::MAX })
    }

    /// Returns how many of the next bytes are body bytes that need no inspection; 0 unless a read
    /// is the next output.
    fn due(&self) -> u64 {
        let (Stage::Deliver(delivery), Some(link)) = (&self.stage, &self.link) else { return 0 };
        if !delivery.shows_nothing() || self.pending.are_waiting() || !matches!(self.offer(), Want::Read) {
            return 0;
        }
        link.direct_read_limit().min(delivery.size.left())
    }

    /// Begins a run with `n` bytes, if possible, after ending the previous one.
    fn begin_run(&mut self, n: usize) -> bool {
        self.take_in_run();
        let due = run_of(self.due());
        let Stage::Deliver(delivery) = &mut self.stage else { return false };
        if n == 0 || n >= due || self.request.settings.total_timeout.is_some() {
            return false;
        }
        (delivery.next, delivery.count) = (NextPiece::Run, due - n);
        // Any next input accounts for them then.
        self.no_deadline_before = Instant::ZERO;
        true
    }

    /// Accounts for recorded bytes before anything else happens.
    #[inline]
    pub(super) fn take_in_run(&mut self) {
        if matches!(&self.stage, Stage::Deliver(delivery) if delivery.next == NextPiece::Run) {
            self.end_run();
        }
    }

    /// Ends a run. Its bytes arrived at an unknown time since the last input; the latest time is
    /// assumed, in the peer's favour.
    #[cold]
    fn end_run(&mut self) {
        let (Stage::Deliver(delivery), Some(link)) = (&mut self.stage, &mut self.link) else { return };
        let due = run_of(link.direct_read_limit().min(delivery.size.left()));
        let n = due.saturating_sub(std::mem::take(&mut delivery.count));
        let taken = link.advance_body(n as u64).is_ok() && delivery.size.take(n).is_ok();
        debug_assert!(taken, "{n} bytes were due");
        delivery.next = NextPiece::Large;
        self.attempt.seen = link.counters().application;
        self.progress = self.now.instant;
        // A run has no deadline but the idle timeout.
        self.no_deadline_before = self.now.instant + self.request.settings.shortest;
    }

    /// Accounts for `n` read bytes: body bytes as far as due, the rest in the buffer.
    pub(super) fn read_direct(&mut self, n: usize) -> Result<(), Misuse> {
        let due = self.due();
        let (Stage::Deliver(delivery), Some(link)) = (&mut self.stage, &mut self.link) else {
            return Err(Misuse::UnexpectedInput);
        };
        if due == 0 {
            return Err(Misuse::UnexpectedInput);
        }
        let direct = usize::try_from(due).map_or(n, |due| n.min(due));
        let behind = n - direct;
        // No read is that large.
        if n as u64 > MAX_RUN || behind > 0 && behind > link.space().len() {
            return Err(Misuse::TooManyBytes);
        }
        if link.advance_body(direct as u64).is_err() || delivery.size.take(direct).is_err() {
            return Err(Misuse::TooManyBytes);
        }
        if behind > 0 {
            link.filled(behind);
        }
        link.consume_framing();
        delivery.next = match (n as u64).cmp(&due) {
            Ordering::Less => NextPiece::Large,
            Ordering::Equal => NextPiece::Framing,
            Ordering::Greater => NextPiece::Unknown,
        };
        if n > 0 {
            self.blocked.read_done();
            self.attempt.seen = link.counters().application;
            self.progress = self.now.instant;
        }
        Ok(())
    }
}
