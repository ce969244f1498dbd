//! The stages of a hop, and their transitions.

use std::net::SocketAddr;

use super::deliver::Delivery;
use super::exchange::SendFailed;
use super::io::Want;
use crate::http1::ResponseHead;
use crate::policy::Acquire;
use crate::route::dial::Dial;
use crate::time::Instant;

/// The stage of a transfer.
pub(super) enum Stage {
    /// Waits for the session: the policies run before the hop.
    Plan,
    /// Waits until this time.
    Pause { until: Instant, next: Next },
    /// Rewinds the body stream.
    Rewind { order: Order },
    /// Asks for a connection; `since` is set while the answer is pending.
    Acquire { order: Order, since: Option<Instant> },
    /// Probes the idle connection.
    Probe,
    /// Waits for the session: without an answer to search its cache, with one to store it.
    Cache { since: Instant, name: LookedUp, answer: Option<Box<[SocketAddr]>> },
    /// Looks up a name.
    Resolve { order: Order, since: Instant, name: LookedUp },
    /// Connects sockets.
    Dial { dial: Box<Dial>, since: Instant },
    /// Performs the handshakes of the layers.
    Establish { since: Instant, send_failed: Option<Box<SendFailed>> },
    /// Sends the request and waits for the response head.
    Exchange { send_failed: Option<Box<SendFailed>> },
    /// Waits for the session: the policies run on this head.
    Decide(ResponseHead),
    /// Delivers the body to the caller.
    Deliver(Delivery),
    /// Reads and discards the rest of a body.
    Drain { since: Instant, left: u64, may_read: bool, then: AfterBody },
    /// Only pending outputs remain.
    Ended,
}

/// Whose name is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LookedUp {
    /// That of the host to connect to.
    Peer,
    /// That of the origin, whose address a SOCKS proxy needs.
    Target,
}

/// The kind of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StageKind {
    Plan,
    Pause,
    Rewind,
    Acquire,
    Probe,
    Cache,
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
            Stage::Cache { .. } => StageKind::Cache,
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

impl Stage {
    /// Drops a stage that was left. Most stages own nothing, and are forgotten without a call.
    #[inline(always)]
    pub(super) fn discard(self) {
        let owns_nothing = match &self {
            Stage::Exchange { send_failed } | Stage::Establish { send_failed, .. } => send_failed.is_none(),
            Stage::Plan | Stage::Pause { .. } | Stage::Rewind { .. } | Stage::Acquire { .. } | Stage::Probe => true,
            Stage::Resolve { .. } | Stage::Drain { .. } | Stage::Ended => true,
            Stage::Cache { answer, .. } => answer.is_none(),
            Stage::Deliver(delivery) => delivery.is_plain(),
            Stage::Dial { .. } | Stage::Decide(_) => false,
        };
        if owns_nothing {
            std::mem::forget(self);
        }
    }
}

/// The stages that may follow each stage. `ARCHITECTURE.md` shows the same table.
#[rustfmt::skip]
const TRANSITIONS: [(StageKind, &[StageKind]); 14] = {
    use StageKind::*;
    [
        (Plan, &[Pause, Acquire, Ended]),
        (Pause, &[Rewind, Plan, Ended]),
        (Rewind, &[Plan, Ended]),
        (Acquire, &[Probe, Cache, Resolve, Dial, Plan, Ended]),
        (Probe, &[Exchange, Plan, Ended]),
        (Cache, &[Cache, Resolve, Dial, Pause, Rewind, Plan, Ended]),
        (Resolve, &[Cache, Resolve, Dial, Pause, Rewind, Plan, Ended]),
        (Dial, &[Resolve, Establish, Pause, Rewind, Plan, Ended]),
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

/// Whether an order has been given. It is given once; then its answer is pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Due,
    Given,
}

impl Order {
    pub(super) fn give(&mut self, order: Want) -> Want {
        match std::mem::replace(self, Order::Given) {
            Order::Due => order,
            Order::Given => Want::Wait,
        }
    }
}

/// Progress of the current hop.
#[derive(Clone, Copy, Default)]
pub(super) struct Attempt {
    /// Which connection the hop may use.
    pub(super) connection: Acquire,
    /// Whether the connection served an earlier request.
    pub(super) reused: bool,
    /// Whether the request sends `Expect: 100-continue`.
    pub(super) expect: bool,
    /// When the request was fully written.
    pub(super) sent_at: Option<Instant>,
    /// The link's progress counter when last checked.
    pub(super) seen: u64,
    /// Bytes that the connection sent before this hop.
    pub(super) sent_before: u64,
    /// Whether an earlier hop wrote part of the same request.
    pub(super) written: bool,
    /// Bytes written and read when the connection was released.
    pub(super) moved: (u64, u64),
}

/// What follows once a body has been handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterBody {
    /// The next hop, whose request is already set.
    Again(Next),
    /// The end.
    Done,
}

/// What must happen before the next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Next {
    /// Whether the body stream must be rewound.
    pub(super) rewind: bool,
    /// The earliest time of the next hop.
    pub(super) not_before: Option<Instant>,
}

#[cfg(test)]
mod tests {
    use super::StageKind::*;

    #[test]
    fn stages_follow_only_as_the_table_says() {
        for (stage, next) in [(Plan, Acquire), (Acquire, Probe), (Exchange, Decide), (Deliver, Ended), (Drain, Plan)] {
            assert!(stage.may_be_followed_by(next), "{stage:?} {next:?}");
        }
        for (stage, next) in [(Plan, Exchange), (Acquire, Exchange), (Deliver, Plan), (Ended, Plan), (Ended, Ended)] {
            assert!(!stage.may_be_followed_by(next), "{stage:?} {next:?}");
        }
    }
}
