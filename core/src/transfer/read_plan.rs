//! How much the next read may bring, and where its bytes go.
//!
//! - Until the final head is there, a read brings 17 KiB at most: what comes with a head is copied.
//! - Body bytes that need no inspection (of a plain body over a plain connection: of known length, until
//!   close, or the rest of a chunk) go directly into the caller's memory, where both are large. A few
//!   bytes of the read buffer behind them take the framing that follows, and what a peer sends beyond
//!   the end of the body: that must be seen before the connection is reused (RFC 9112 §9.3).
//! - Small pieces go through the read buffer, since one read then brings many.
//! - Between two large pieces a read brings little more than framing, so that the second one goes
//!   directly too.
//!
//! Direct reads within one piece are a *run*: [`Transfer::note_direct`] counts them, and the next poll or
//! input takes them in. Where the request has a total deadline there is no run, because the time of each
//! read counts.

use std::cmp::Ordering;
use std::time::Duration;

use super::Transfer;
use super::io::Output;
use super::machine::Machine;
use super::stage::Stage;
use crate::error::Misuse;
use crate::time::{Instant, Now};

/// The most that is read at once until the final head is there.
const WITH_HEAD: usize = 17 * 1024;

/// A body piece, or the caller's memory, that is smaller than this is not worth a read of its own.
const LARGE: usize = 8 * 1024;

/// The most that is read at once between two large chunks.
const BETWEEN: usize = 64;

/// Room behind a direct read: the end of a chunk, and the next chunk's size of up to five digits.
const BEHIND: usize = 9;

/// A caller that has got fewer bytes than this may be given more in the same call.
const SHORT: usize = 64;

/// No run counts more bytes than this.
const MOST: u64 = isize::MAX as u64;

/// How to make the read that is offered. See [`Transfer::read_plan`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadPlan {
    /// This many body bytes at most, before all others, into the caller's memory. Zero: none.
    pub direct: usize,
    /// This many bytes at most, behind those, into the front of [`Transfer::space`]; which may be
    /// shorter, if `direct` is zero.
    pub buffered: usize,
    /// How long the read may wait.
    pub wait: ReadWait,
}

/// How long a read may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadWait {
    /// Until [`Transfer::deadline`].
    Deadline,
    /// For this long from the moment at which the caller asks for bytes; `None`: without a limit. A
    /// driver need not read the clock.
    Idle(Option<Duration>),
    /// As long as the direct read before it, which it continues.
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

/// What the reads of a body so far say of the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextPiece {
    Unknown,
    /// The rest of something large.
    Large,
    /// The same, of which direct reads have brought some that was not taken in yet.
    Run,
    /// Framing, and behind it perhaps another large piece.
    Framing,
}

impl NextPiece {
    /// The link shows a piece of this size.
    #[inline]
    pub(super) fn shown(self, n: usize) -> NextPiece {
        if n >= LARGE { NextPiece::Large } else { self }
    }
}

/// For drivers: reads that are planned by the transfer.
impl Transfer {
    /// Plans the read that [`Output::Read`] offers, for a caller with `room` bytes of memory of its own;
    /// zero: without one. A driver may read less.
    ///
    /// Report a plan with `direct` bytes with [`Transfer::note_direct`], any other one with
    /// [`Input::Filled`](super::Input::Filled). While the caller takes bytes directly, it may ask for a
    /// plan without polling: one with `direct` bytes is as good as an offer.
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

    /// Plans another read for a caller that has got `have` bytes already and has `room` for more behind
    /// them. The read must not wait. `None`: the caller is content, or nothing can be read directly.
    pub fn top_up_plan(&self, have: usize, room: usize) -> Option<ReadPlan> {
        let plan = (have < SHORT).then(|| self.read_plan(room));
        plan.filter(|plan| plan.direct > 0)
    }

    /// Notes that a direct read has brought `n` bytes. True: that is all, the next read may follow. False:
    /// nothing is noted, [`Input::ReadDirect`](super::Input::ReadDirect) is due.
    ///
    /// What is noted counts as received with the next poll or input, at the time that is known then.
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

    /// Whether a read may go to memory of the embedder's and come back as [`Transfer::took_direct`].
    pub(crate) fn reads_direct(&self) -> bool {
        self.0.due() > 0
    }

    /// Whether `n` bytes that come now are body bytes to the last, before any deadline.
    pub(crate) fn may_take_direct(&self, now: Now, n: usize) -> bool {
        let early = now.instant >= self.0.now.instant && now.instant < self.0.quiet_until;
        early && n > 0 && n as u64 <= self.0.due()
    }

    /// `n` such bytes came at `came`, and the caller has used them by `now`.
    pub(crate) fn took_direct(&mut self, came: Now, now: Now, n: usize) {
        self.0.set_now(came);
        let taken = self.0.read_direct(n);
        debug_assert_eq!(taken, Ok(()));
        self.0.set_now(now);
        self.0.progress = now.instant;
        let _ended = self.0.expire();
    }
}

/// How long a run can be where so many bytes are due.
fn run_of(due: u64) -> usize {
    due.min(MOST) as usize
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

    /// How many bytes come next, if any come, that are body bytes and need no inspection. Zero unless a
    /// read is the next thing to do.
    fn due(&self) -> u64 {
        let (Stage::Deliver(delivery), Some(link)) = (&self.stage, &self.link) else { return 0 };
        if !delivery.shows_nothing() || self.pending.are_waiting() || !matches!(self.offer(), Output::Read) {
            return 0;
        }
        link.direct_read_limit().min(delivery.size.left())
    }

    /// A run begins with `n` bytes, if it can. The one before it is over.
    fn begin_run(&mut self, n: usize) -> bool {
        self.take_in_run();
        let due = run_of(self.due());
        let Stage::Deliver(delivery) = &mut self.stage else { return false };
        if n == 0 || n >= due || self.request.settings.total_timeout.is_some() {
            return false;
        }
        (delivery.next, delivery.count) = (NextPiece::Run, due - n);
        // So that the next input takes them in, whatever it is.
        self.quiet_until = Instant::ZERO;
        true
    }

    /// Takes in what was noted, before anything else happens.
    #[inline]
    pub(super) fn take_in_run(&mut self) {
        if matches!(&self.stage, Stage::Deliver(delivery) if delivery.next == NextPiece::Run) {
            self.end_run();
        }
    }

    /// The bytes came since the last input. When that was is not known: the peer has the benefit of the doubt.
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
        // A run has no deadline but the idle limit.
        self.quiet_until = self.now.instant + self.request.settings.shortest;
    }

    /// `n` bytes were read: body bytes as far as they were due, and the rest into the buffer.
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
        // Nobody reads so much.
        if n as u64 > MOST || behind > 0 && behind > link.space().len() {
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
