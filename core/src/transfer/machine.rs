//! The state machine of a transfer: its state, its steps, and its inputs.

use std::sync::Arc;
use std::time::Duration;

use super::chain::Chain;
use super::exchange::{ReadSide, WriteSide};
use super::io::{Input, Want};
use super::pending::{PendingOutputs, SocketOrder};
use super::stage::{Attempt, Order, Stage};
use super::upload::Upload;
use crate::error::{ErrorKind, Misuse};
use crate::http1::{EncodedHeaders, LeniencySet};
use crate::link::Link;
use crate::request::prepared::Prepared;
use crate::route::Route;
use crate::route::address::Address;
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
    /// Host and the fields that many requests share, encoded; `None` if this request has fields of
    /// its own.
    pub(super) lines: Option<Arc<EncodedHeaders>>,
    pub(super) route: Option<Route>,
    pub(super) link: Option<Box<Link>>,
    /// The connection of [`Output::Release`], until it is taken or the next hop begins.
    pub(super) released: Option<Box<Link>>,
    pub(super) peer: Option<Address>,
    pub(super) attempt: Attempt,
    pub(super) upload: Upload,
    pub(super) blocked: Blocked,
    /// Whether the link has unprocessed input.
    pub(super) link_dirty: bool,
    /// A lower bound of the next deadline.
    pub(super) no_deadline_before: Instant,
    /// The time of the last progress, from which the idle timeout counts.
    pub(super) progress: Instant,
    /// Leniencies used for the body's codings, and on a connection that is gone.
    pub(super) tolerated: LeniencySet,
    /// The time from start to final head, once it has arrived.
    pub(super) time_to_head: Option<Duration>,
    pub(super) pending: PendingOutputs,
    /// Shared read storage of a closed connection.
    pub(super) lent: Option<Vec<u8>>,
}

/// The state of the sides of the current connection and attempt.
#[derive(Clone, Copy, Default)]
pub(super) struct Blocked {
    pub(super) read: ReadSide,
    pub(super) write: WriteSide,
    pub(super) body: bool,
}

impl Machine {
    /// Performs one step. Returns what it asks for, or `None` if the state changed and another step is
    /// due.
    #[inline(always)]
    pub(super) fn step(&mut self) -> Option<Want> {
        if self.pending.are_waiting() {
            return self.pending.next();
        }
        match &mut self.stage {
            Stage::Plan | Stage::Decide(_) | Stage::Cache { .. } => Some(Want::Sync),
            Stage::Pause { .. } => Some(Want::Wait),
            Stage::Rewind { order } => Some(order.give(Want::Rewind)),
            Stage::Acquire { order, since } => {
                if *order == Order::Due {
                    *since = Some(self.now.instant);
                }
                Some(order.give(Want::Acquire(self.attempt.connection)))
            }
            Stage::Probe => Some(Want::Probe),
            Stage::Resolve { order, .. } => Some(order.give(Want::Resolve)),
            Stage::Dial { .. } => self.step_dial(),
            Stage::Establish { .. } | Stage::Exchange { .. } => self.step_exchange(),
            Stage::Deliver(_) => self.step_deliver(),
            Stage::Drain { .. } => self.step_drain(),
            Stage::Ended => Some(Want::Wait),
        }
    }

    /// Enters a stage. All stages are entered here.
    #[inline]
    pub(super) fn enter(&mut self, stage: Stage) {
        debug_assert!(
            self.stage.kind().may_be_followed_by(stage.kind()),
            "{:?} does not follow {:?}",
            stage.kind(),
            self.stage.kind()
        );
        std::mem::replace(&mut self.stage, stage).discard();
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
        if self.may_be_due() && self.is_too_late(&input) {
            match (&self.stage, input) {
                (Stage::Ended, Input::Acquired { .. }) => self.pending.socket(SocketOrder::Close),
                // Its socket is already closed.
                (Stage::Ended, Input::ConnectFailed(attempt, _)) => self.pending.forget(attempt),
                (Stage::Ended, _) => {}
                // Other inputs were meant for a stage that has ended, but not this one.
                (_, Input::Cancel) => self.fail(ErrorKind::Cancelled),
                _ => {}
            }
            return Ok(());
        }
        // A write gives the link nothing to process.
        self.link_dirty |= !matches!(input, Input::Wrote(_));
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
            Input::ReadDirect(n) => self.read_direct(n),
            Input::Eof => self.eof(),
            Input::Failed(side, failure) => self.io_failed(side, failure),
            Input::Blocked(side) => self.park(side, true),
            Input::Ready(side) => self.park(side, false),
            Input::BodyEnd => self.body_end(),
            Input::BodyFailed(text) => self.body_failed(text),
            Input::Rewound => self.rewound(true),
            Input::NotRewound => self.rewound(false),
            Input::Unavailable(why) => self.not_synced(why),
            Input::Consumed(n) => self.consumed(n),
            Input::Discard => self.discard(),
        }
    }
}
