//! The machine of a transfer: its state, one step, and what it does with an input.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::chain::Chain;
use super::exchange::{ReadSide, WriteSide};
use super::io::{Input, Output};
use super::pending::{PendingOutputs, SocketOrder};
use super::stage::{Attempt, Order, Stage};
use super::upload::Upload;
use crate::error::{ErrorKind, Misuse};
use crate::http1::{EncodedHeaders, LeniencySet};
use crate::link::Link;
use crate::request::prepared::Prepared;
use crate::route::Route;
use crate::time::{Instant, Now};

pub(super) struct Machine {
    /// The request of the current hop.
    pub(super) request: Prepared,
    pub(super) now: Now,
    pub(super) started: Instant,
    pub(super) stage: Stage,
    pub(super) chain: Chain,
    /// The Cookie field of this hop.
    pub(super) cookie: Vec<u8>,
    /// Host and the fields that are the same for many requests, written out; unless this one has fields of its own.
    pub(super) lines: Option<Arc<EncodedHeaders>>,
    pub(super) route: Option<Route>,
    pub(super) link: Option<Box<Link>>,
    /// What [`Output::Release`] speaks of, until it is taken or the next hop begins. The machine itself is done with it.
    pub(super) released: Option<Box<Link>>,
    pub(super) peer: Option<SocketAddr>,
    pub(super) attempt: Attempt,
    pub(super) upload: Upload,
    pub(super) blocked: Blocked,
    /// Something came that the link has not been asked about.
    pub(super) news: bool,
    /// No deadline is due before this.
    pub(super) quiet_until: Instant,
    /// Since when nothing that counts has moved.
    pub(super) progress: Instant,
    /// What was tolerated in the codings of the body, and on the connection that is gone.
    pub(super) tolerated: LeniencySet,
    /// Set when the final head was there.
    pub(super) time_to_head: Option<Duration>,
    pub(super) pending: PendingOutputs,
    /// Storage that was lent to a connection that is over.
    pub(super) lent: Option<Vec<u8>>,
}

/// Sides that said "not now", of the current connection and attempt.
#[derive(Clone, Copy, Default)]
pub(super) struct Blocked {
    pub(super) read: ReadSide,
    pub(super) write: WriteSide,
    pub(super) body: bool,
}

impl Machine {
    /// One step: an output, or `None` when something changed and the next step will tell.
    #[inline(always)]
    pub(super) fn step(&mut self) -> Option<Output> {
        if self.pending.are_waiting() {
            return self.pending.next();
        }
        match &mut self.stage {
            Stage::Plan | Stage::Decide(_) => Some(Output::Sync),
            Stage::Pause { .. } => Some(Output::Wait),
            Stage::Rewind { order } => Some(order.give(Output::Rewind)),
            Stage::Acquire { order, since } => {
                if *order == Order::Due {
                    *since = Some(self.now.instant);
                }
                Some(order.give(Output::Acquire(self.attempt.connection)))
            }
            Stage::Probe => Some(Output::Probe),
            Stage::Resolve { order, .. } => Some(order.give(Output::Resolve)),
            Stage::Dial { .. } => self.step_dial(),
            Stage::Establish { .. } | Stage::Exchange { .. } => self.step_exchange(),
            Stage::Deliver(_) => self.step_deliver(),
            Stage::Drain { .. } => self.step_drain(),
            Stage::Ended => Some(Output::Wait),
        }
    }

    /// Enters a stage. Every stage is entered here.
    #[inline]
    pub(super) fn enter(&mut self, stage: Stage) {
        debug_assert!(
            self.stage.kind().may_be_followed_by(stage.kind()),
            "{:?} does not follow {:?}",
            stage.kind(),
            self.stage.kind()
        );
        self.stage = stage;
    }

    pub(super) fn handle(&mut self, now: Now, input: Input<'_>) -> Result<(), Misuse> {
        self.set_now(now);
        if matches!(self.stage, Stage::Ended) {
            return match input {
                Input::Tick | Input::Cancel | Input::Discard | Input::Blocked(_) | Input::Ready(_) => Ok(()),
                Input::Consumed(0) => Ok(()),
                _ => Err(Misuse::AlreadyEnded),
            };
        }
        if self.may_be_due() && self.comes_too_late(&input) {
            match (&self.stage, input) {
                (Stage::Ended, Input::Acquired { .. }) => self.pending.socket(SocketOrder::Close),
                // Its socket is closed already.
                (Stage::Ended, Input::ConnectFailed(attempt, _)) => self.pending.forget(attempt),
                (Stage::Ended, _) => {}
                // Whatever else was meant for a stage that is over, this was not.
                (_, Input::Cancel) => self.fail(ErrorKind::Cancelled),
                _ => {}
            }
            return Ok(());
        }
        // What was written changes nothing of what the link has to say.
        self.news |= !matches!(input, Input::Wrote(_));
        match input {
            Input::Tick => Ok(()),
            Input::Cancel => {
                self.fail(ErrorKind::Cancelled);
                Ok(())
            }
            Input::Acquired { link, peer } => self.acquired(link, peer),
            Input::OpenNew => self.not_acquired(),
            Input::Alive => self.checked(true),
            Input::Dead => self.checked(false),
            Input::Resolved(addresses) => self.resolved(addresses),
            Input::ResolveFailed(failure) => self.resolve_failed(failure),
            Input::Connected(attempt) => self.connected(attempt),
            Input::ConnectFailed(attempt, failure) => self.connect_failed(attempt, failure),
            Input::Wrote(n) => self.wrote(n),
            Input::Received(bytes) => self.received(bytes),
            Input::Filled(n) => self.filled(n),
            Input::ReadDirect(n) => self.bypassed(n),
            Input::Eof => self.eof(),
            Input::Failed(side, failure) => self.io_failed(side, failure),
            Input::Blocked(side) => self.park(side, true),
            Input::Ready(side) => self.park(side, false),
            Input::BodyEnd => self.body_end(),
            Input::BodyFailed(words) => self.body_failed(words),
            Input::Rewound => self.rewound(true),
            Input::NotRewound => self.rewound(false),
            Input::Unavailable(why) => self.not_synced(why),
            Input::Consumed(n) => self.consumed(n),
            Input::Discard => self.discard(),
        }
    }
}
