//! The stages of a hop, and which may follow which.

use super::deliver::Delivery;
use super::exchange::SendFailed;
use super::io::Output;
use crate::http1::ResponseHead;
use crate::policy::Acquire;
use crate::route::dial::Dial;
use crate::time::Instant;

/// Where a transfer stands.
pub(super) enum Stage {
    /// Waits for the session: the policies are asked before the hop.
    Plan,
    /// Nothing happens before this time.
    Pause { until: Instant, next: Next },
    /// The body stream is set back to its first byte.
    Rewind { order: Order },
    /// The pool is asked; `since` is there while its answer is waited for.
    Acquire { order: Order, since: Option<Instant> },
    /// The idle connection is probed.
    Probe,
    /// The name is looked up.
    Resolve { order: Order, since: Instant },
    /// Sockets are being connected.
    Dial { dial: Box<Dial>, since: Instant },
    /// The layers shake hands.
    Establish { since: Instant, send_failed: Option<Box<SendFailed>> },
    /// The request is being sent and its response head awaited.
    Exchange { send_failed: Option<Box<SendFailed>> },
    /// Waits for the session: the policies are asked about this head.
    Decide(ResponseHead),
    /// The body is on its way to the caller.
    Deliver(Delivery),
    /// The rest of a body is read and dropped.
    Drain { since: Instant, left: u64, may_read: bool, then: AfterBody },
    /// Nothing follows but pending outputs.
    Ended,
}

/// The name of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StageKind {
    Plan,
    Pause,
    Rewind,
    Acquire,
    Probe,
    Resolve,
    Dial,
    Establish,
    Exchange,
    Decide,
    Deliver,
    Drain,
    Ended,
}

impl Stage {
    pub(super) fn kind(&self) -> StageKind {
        match self {
            Stage::Plan => StageKind::Plan,
            Stage::Pause { .. } => StageKind::Pause,
            Stage::Rewind { .. } => StageKind::Rewind,
            Stage::Acquire { .. } => StageKind::Acquire,
            Stage::Probe => StageKind::Probe,
            Stage::Resolve { .. } => StageKind::Resolve,
            Stage::Dial { .. } => StageKind::Dial,
            Stage::Establish { .. } => StageKind::Establish,
            Stage::Exchange { .. } => StageKind::Exchange,
            Stage::Decide(_) => StageKind::Decide,
            Stage::Deliver(_) => StageKind::Deliver,
            Stage::Drain { .. } => StageKind::Drain,
            Stage::Ended => StageKind::Ended,
        }
    }
}

/// The stages that may follow each stage. `ARCHITECTURE.md` shows the same table.
#[rustfmt::skip]
const TRANSITIONS: [(StageKind, &[StageKind]); 13] = {
    use StageKind::*;
    [
        (Plan, &[Pause, Acquire, Ended]),
        (Pause, &[Rewind, Plan, Ended]),
        (Rewind, &[Plan, Ended]),
        (Acquire, &[Probe, Resolve, Dial, Plan, Ended]),
        (Probe, &[Exchange, Plan, Ended]),
        (Resolve, &[Dial, Pause, Rewind, Plan, Ended]),
        (Dial, &[Establish, Pause, Rewind, Plan, Ended]),
        (Establish, &[Exchange, Pause, Rewind, Plan, Ended]),
        (Exchange, &[Decide, Deliver, Drain, Pause, Rewind, Plan, Ended]),
        (Decide, &[Deliver, Drain, Pause, Rewind, Plan, Ended]),
        (Deliver, &[Drain, Ended]),
        (Drain, &[Pause, Rewind, Plan, Ended]),
        (Ended, &[]),
    ]
};

impl StageKind {
    /// Whether `next` may be entered from this stage.
    pub(super) fn may_be_followed_by(self, next: StageKind) -> bool {
        TRANSITIONS.iter().any(|(stage, followers)| *stage == self && followers.contains(&next))
    }
}

/// Whether an order has been given. It is given once; then its answer is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Due,
    Given,
}

impl Order {
    pub(super) fn give(&mut self, order: Output) -> Output {
        match std::mem::replace(self, Order::Given) {
            Order::Due => order,
            Order::Given => Output::Wait,
        }
    }
}

/// How far the current hop has come.
#[derive(Clone, Copy, Default)]
pub(super) struct Attempt {
    /// Which connection it may use.
    pub(super) connection: Acquire,
    /// The connection served a request before this one.
    pub(super) reused: bool,
    /// The request asks with `Expect: 100-continue`.
    pub(super) expect: bool,
    /// When the request was fully written.
    pub(super) sent_at: Option<Instant>,
    /// The counter of progress when it was last looked at.
    pub(super) seen: u64,
    /// What the connection had sent before this hop.
    pub(super) sent_before: u64,
    /// An earlier hop wrote some of the same request.
    pub(super) written: bool,
    /// What had been written and read when the connection was let go.
    pub(super) moved: (u64, u64),
}

/// What follows when a body is out of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterBody {
    /// The next hop, whose request is in place already.
    Again(Next),
    /// The end.
    Done,
}

/// What precedes the next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Next {
    /// The body stream has to be set back.
    pub(super) rewind: bool,
    /// It begins no earlier.
    pub(super) not_before: Option<Instant>,
}
