//! L4: many transfers over one session and one pool, for an event loop.
//!
//! An [`Engine`] performs everything that needs no I/O: it synchronizes transfers with the session,
//! pools connections, queues transfers when connection limits are reached, and orders their
//! deadlines. The embedder drives the sockets: [`Output`] identifies them by [`SocketId`], and
//! every answer is an input of the transfer that the socket serves.
//!
//! # Turns
//!
//! [`Engine::poll`] returns one output at a time, in turns over the transfers with work to do. A
//! turn costs the same with ten waiting transfers or ten thousand. Answer an offer
//! ([`Output::Transmit`], [`Output::Read`], [`Output::Probe`], [`Output::NeedBody`],
//! [`Output::Body`]) before the next poll, if only with [`Blocked`](crate::Input::Blocked). An
//! unanswered offer is repeated at the next turn.
//!
//! # Connection slots
//!
//! Under [`PoolLimits::open_total`] and [`PoolLimits::open_per_key`], every connection occupies a
//! slot from before it is opened until it is closed; the attempts for one connection share one. A
//! transfer that finds no free slot waits, first come, first served, for at most `pool_timeout`.
//!
//! # The read buffer
//!
//! All connections share one read buffer. It is allocated at the first [`Engine::space`] and given
//! to the connection that is read. It returns when another connection is read, or when no work is
//! left. Waiting connections thus hold no read buffer; only unread bytes move to storage of their
//! own. Where a read brings nothing but bytes of a plain body, [`Engine::body`] shows them where
//! they were read, and the transfer learns of them when they are used.
//!
//! # When to read the deadline
//!
//! Read [`Engine::deadline`] after [`Engine::poll`] returns [`Output::Wait`]. Until then, there is
//! work to do at once.
//!
//! ```
//! use petition_core::engine::{Engine, Output};
//! use petition_core::{Event, Input, Method, Now, Request, Session};
//!
//! let (mut session, mut engine, now) = (Session::new(), Engine::default(), Now::default());
//! let request = session.prepare(&Request::new(Method::GET, "http://127.0.0.1/"))?;
//! let id = engine.start(now, request, None);
//! loop {
//!     match engine.poll(&mut session) {
//!         Output::Connect(socket) => engine.connected(now, socket)?,
//!         Output::Transmit(socket) => {
//!             let n = engine.outgoing(socket).len();
//!             engine.socket_input(now, socket, Input::Wrote(n))?;
//!         }
//!         Output::Read(socket) => {
//!             engine.socket_input(now, socket, Input::Received(b"HTTP/1.1 204 No Content\r\n\r\n"))?;
//!         }
//!         Output::Event(_, Event::Head(head)) => assert_eq!(head.status(), 204),
//!         Output::Ended { id: ended, error: None, .. } => break assert_eq!(ended, id),
//!         other => panic!("{other:?}"),
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod buffer;
mod entered;
mod inputs;
mod probes;
mod queries;
mod slab;
mod slot_queue;
mod slots;
#[cfg(test)]
mod tests;
mod timers;

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

use buffer::ReadBuffer;
pub use buffer::{FIRST_READ, READ_BUFFER};
use entered::{Entered, Stage};
pub use probes::PollMark;
use probes::{Probes, Turn};
use slab::{Key, Slab};
use slot_queue::{Ticket, Waiting};
use timers::Timers;

use crate::error::Error;
use crate::link::Link;
use crate::request::prepared::Prepared;
use crate::route::Route;
use crate::route::address::Address;
use crate::route::dial::AttemptId;
use crate::route::pool::{IdleId, Pool, PoolLimits};
use crate::session::Session;
use crate::time::{Instant, Now};
use crate::transfer::{self, Event, Input, Transfer};
use crate::unavailable::Unavailable;

/// Identifies a transfer of an engine. Never reused for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferId(Key);

impl TransferId {
    /// Returns a small number that is unique among the engine's current transfers, for use as a
    /// table index.
    pub const fn index(self) -> usize {
        self.0.index()
    }
}

/// Identifies a socket from [`Output::Connect`] to [`Output::Close`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(Key);

impl SocketId {
    /// Returns a small number that is unique among the engine's open sockets, for use as a table
    /// index or event loop token.
    pub const fn index(self) -> usize {
        self.0.index()
    }
}

/// A label for cancelling transfers together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Group(pub u64);

/// Access to the session for an engine: the session itself, or a lock around it.
pub trait SessionAccess {
    /// Calls `f` with the session. Calls are short and never nested.
    ///
    /// # Errors
    /// The reason why the session is not available. The transfer that needs it fails with this
    /// error.
    fn with<R>(&mut self, f: impl FnOnce(&mut Session) -> R) -> Result<R, Unavailable>;
}

impl SessionAccess for Session {
    fn with<R>(&mut self, f: impl FnOnce(&mut Session) -> R) -> Result<R, Unavailable> {
        Ok(f(self))
    }
}

/// How many outputs one transfer may give in a row while others are ready.
const TURN: u8 = 15;

/// What an engine asks of its embedder.
#[derive(Debug)]
pub enum Output {
    /// Order: look up the addresses of [`Engine::peer_name`]; answer by [`Engine::transfer_input`]
    /// with [`Resolved`](crate::Input::Resolved) or [`ResolveFailed`](crate::Input::ResolveFailed).
    Resolve(TransferId),
    /// Order: open a socket and start connecting it to [`Engine::address`]; answer with
    /// [`Engine::connected`] or [`Engine::connect_failed`].
    Connect(SocketId),
    /// Offer: write from [`Engine::outgoing`].
    Transmit(SocketId),
    /// Offer: read.
    Read(SocketId),
    /// Offer: check, without blocking, whether anything can be read; answer with
    /// [`Alive`](crate::Input::Alive) or [`Dead`](crate::Input::Dead).
    ///
    /// Rare if the embedder calls [`Engine::mark_polled`].
    Probe(SocketId),
    /// Order: close the socket. Its id is invalid from now on.
    Close(SocketId),
    /// Offer: provide body bytes with [`Engine::push_body`], or answer
    /// [`BodyEnd`](crate::Input::BodyEnd).
    NeedBody(TransferId),
    /// Order: rewind the body stream to its first byte.
    Rewind(TransferId),
    /// Offer: take bytes from [`Engine::body`] and answer [`Consumed`](crate::Input::Consumed), or
    /// call [`Engine::pause`].
    Body(TransferId),
    /// Order: pass this event to the caller. Never a terminal event.
    Event(TransferId, Event),
    /// Order: the transfer has ended and left the engine. Given exactly once per transfer, as its
    /// last output.
    Ended {
        /// The transfer's id.
        id: TransferId,
        /// The transfer, for its URL, history and timings.
        transfer: Transfer,
        /// Why it failed; `None` if the response is complete.
        error: Option<Error>,
    },
    /// Nothing to do before the next input or [`Engine::deadline`].
    Wait,
}

/// Many transfers over one pool. See the [module documentation](self).
pub struct Engine {
    now: Now,
    transfers: Slab<Slot>,
    sockets: Slab<Socket>,
    pool: Pool<Route, IdleConnection>,
    ready: VecDeque<TransferId>,
    /// The transfer whose turn it is, and how many outputs it may still give.
    current: Option<(TransferId, u8)>,
    /// Transfers in which the caller's code panicked.
    panicked: Vec<TransferId>,
    timers: Timers,
    /// The members of each group.
    groups: BTreeSet<(u64, TransferId)>,
    waiting: Waiting,
    /// Sockets to close.
    closing: Vec<SocketId>,
    probes: Probes,
    buffer: ReadBuffer,
    /// Write storage for the next request's head. A transfer that waits for its response holds
    /// none.
    spare: Vec<u8>,
    /// How often a transfer was polled.
    #[cfg(test)]
    polls: u64,
}

/// A transfer and its state in the engine.
struct Slot {
    transfer: Transfer,
    /// The connection that the transfer uses.
    socket: Option<SocketId>,
    dialing: Option<Box<PendingConnects>>,
    group: Option<Group>,
    /// Its position in the slot queue, if it waits for a slot.
    waits: Option<Ticket>,
    stage: Stage,
    /// Whether it is in the ready queue.
    queued: bool,
    paused: bool,
    /// Whether the last read was large, and no pause followed.
    bulk: bool,
    /// Whether the pool counts a connection for it.
    counted: bool,
}

/// The pending connection attempts of a transfer.
#[derive(Default)]
struct PendingConnects {
    attempts: Vec<(AttemptId, SocketId)>,
}

struct Socket {
    owner: Owner,
    opened_at: Instant,
    /// Whether the last read blocked, and no readiness was reported since.
    drained: bool,
    /// The number of polls begun when it was last given to a transfer.
    given: Turn,
}

enum Owner {
    Attempt(TransferId, AttemptId),
    Transfer(TransferId),
    /// In the pool, with this id.
    Idle(IdleId),
    /// About to be closed.
    Closing,
}

/// An idle connection.
struct IdleConnection {
    socket: SocketId,
    link: Box<Link>,
    address: Option<Address>,
}

impl Engine {
    /// Creates an engine without transfers. `limits` bound the idle and the open connections.
    pub fn new(limits: PoolLimits) -> Engine {
        Engine {
            now: Now::default(),
            transfers: Slab::new(),
            sockets: Slab::new(),
            pool: Pool::new(limits),
            ready: VecDeque::new(),
            current: None,
            panicked: Vec::new(),
            timers: Timers::default(),
            groups: BTreeSet::new(),
            waiting: Waiting::default(),
            closing: Vec::new(),
            probes: Probes::default(),
            buffer: ReadBuffer::None,
            spare: Vec::new(),
            #[cfg(test)]
            polls: 0,
        }
    }

    /// Starts a transfer; its total deadline counts from `now`.
    pub fn start(&mut self, now: Now, request: Prepared, group: Option<Group>) -> TransferId {
        self.now = now;
        self.insert(Transfer::new(request, now), group)
    }

    /// Adopts a transfer that was created elsewhere and has not begun. It may have been polled only
    /// for [`Sync`](crate::Output::Sync), and may have received only the time or a cancellation.
    ///
    /// # Errors
    /// The transfer itself, if it has begun: the engine cannot know its earlier answers.
    pub fn adopt(&mut self, transfer: Transfer, group: Option<Group>) -> Result<TransferId, Transfer> {
        if transfer.has_begun() { Err(transfer) } else { Ok(self.insert(transfer, group)) }
    }

    fn insert(&mut self, transfer: Transfer, group: Option<Group>) -> TransferId {
        let id = TransferId(self.transfers.insert(Slot {
            transfer,
            socket: None,
            dialing: None,
            group,
            waits: None,
            stage: Stage::New,
            queued: true,
            paused: false,
            bulk: false,
            counted: false,
        }));
        self.ready.push_back(id);
        if let Some(Group(group)) = group {
            self.groups.insert((group, id));
        }
        id
    }

    /// Returns the next output. See [Turns](self#turns) for what must precede the next call.
    ///
    /// [`Engine::is_at_rest`] predicts [`Output::Wait`].
    pub fn poll(&mut self, session: &mut impl SessionAccess) -> Output {
        while let Some(id) = self.panicked.pop() {
            // Its state may be inconsistent.
            self.cancel(self.now, id);
        }
        loop {
            if !self.closing.is_empty()
                && let Some(socket) = self.closing.pop()
            {
                self.sockets.remove(socket.0);
                return Output::Close(socket);
            }
            let (id, left) = match self.current.take() {
                Some(current) => current,
                None => {
                    let Some(id) = self.ready.pop_front() else {
                        self.recall_buffer();
                        return Output::Wait;
                    };
                    let Some(slot) = self.transfers.get_mut(id.0) else { continue };
                    slot.queued = false;
                    (id, TURN)
                }
            };
            let entered = Entered { engine: self, id };
            let output = entered.engine.turn(id, session);
            std::mem::forget(entered);
            if let Some(output) = output {
                match left {
                    0 => self.enqueue(id),
                    _ => self.current = Some((id, left - 1)),
                }
                return output;
            }
        }
    }

    /// Polls one transfer until it has an output for the embedder, or nothing to do.
    #[inline(always)]
    fn turn(&mut self, id: TransferId, session: &mut impl SessionAccess) -> Option<Output> {
        use transfer::Want;
        loop {
            let slot = self.transfers.get_mut(id.0)?;
            match slot.stage {
                Stage::Begun | Stage::AwaitsPoll => {}
                Stage::New => {
                    slot.stage = Stage::Begun;
                    // Every transfer first asks for the session, unless it has ended. If this
                    // fails, it asks again.
                    let _ = slot.synchronise(self.now, session);
                }
                Stage::Polled => {
                    slot.stage = Stage::Begun;
                    if let Some(socket) = slot.socket
                        && self.sockets.get(socket.0).is_some_and(|known| self.probes.found_quiet(known))
                        && slot.begin_exchange(self.now, &mut self.spare)
                    {
                        return Some(Output::Transmit(socket));
                    }
                }
                Stage::AwaitsResponse => {
                    slot.stage = Stage::Begun;
                    if let Some(socket) = slot.socket
                        && self.sockets.get(socket.0).is_some_and(|known| !known.drained)
                    {
                        return Some(Output::Read(socket));
                    }
                }
                Stage::ShowsBody => return Some(Output::Body(id)),
            }
            #[cfg(test)]
            {
                self.polls += 1;
            }
            let output = match slot.transfer.poll_want() {
                Want::Transmit => Output::Transmit(slot.socket?),
                Want::Read => {
                    let socket = slot.socket?;
                    if self.sockets.get(socket.0).is_some_and(|known| known.drained) {
                        if slot.transfer.reads_first() {
                            // It may have more to write, or other outputs.
                            let told = slot.transfer.handle(self.now, Input::Blocked(transfer::Side::Read));
                            debug_assert_eq!(told, Ok(()));
                            continue;
                        }
                        self.arm(id);
                        return None;
                    }
                    Output::Read(socket)
                }
                Want::Sync => {
                    let synced = match slot.synchronise(self.now, session) {
                        Ok(synced) => synced,
                        Err(why) => slot.transfer.handle(self.now, Input::Unavailable(why)),
                    };
                    debug_assert_eq!(synced, Ok(()));
                    continue;
                }
                Want::Acquire(_) => {
                    if !self.acquire_or_wait(id) {
                        return None;
                    }
                    if !self.closing.is_empty() {
                        // Close the evicted connection before opening a new one.
                        self.current = Some((id, TURN));
                        return None;
                    }
                    continue;
                }
                Want::Release => {
                    self.release(id);
                    continue;
                }
                Want::Wait => {
                    self.arm(id);
                    return None;
                }
                Want::Body if slot.paused => {
                    self.arm(id);
                    return None;
                }
                Want::Event => match slot.transfer.take_event() {
                    Event::Done => return self.ended(id, None),
                    Event::Failed(error) => return self.ended(id, Some(error)),
                    event => Output::Event(id, event),
                },
                Want::Resolve => Output::Resolve(id),
                Want::Connect(attempt) => self.open(id, attempt)?,
                Want::CancelConnect(attempt) => match self.abandon(id, attempt) {
                    Some(output) => output,
                    None => continue,
                },
                Want::Close => {
                    let closed = self.close(id);
                    self.free_slot(id);
                    match closed {
                        Some(output) => output,
                        None => continue,
                    }
                }
                Want::Probe => {
                    let socket = slot.socket?;
                    if let Some(known) = self.sockets.get(socket.0)
                        && self.probes.wait_for_poll(id, &mut slot.stage, known)
                    {
                        return None;
                    }
                    Output::Probe(socket)
                }
                Want::NeedBody => Output::NeedBody(id),
                Want::Rewind => Output::Rewind(id),
                Want::Body => Output::Body(id),
            };
            return Some(output);
        }
    }

    fn enqueue(&mut self, id: TransferId) {
        if let Some(slot) = self.transfers.get_mut(id.0) {
            Engine::queue(&mut self.ready, self.current, id, slot);
        }
    }

    /// Queues a transfer, unless it is queued or being polled.
    #[inline]
    fn queue(ready: &mut VecDeque<TransferId>, current: Option<(TransferId, u8)>, id: TransferId, slot: &mut Slot) {
        if current.is_none_or(|(current, _)| current != id) && !std::mem::replace(&mut slot.queued, true) {
            ready.push_back(id);
        }
    }

    /// Arms the timer of a transfer with no work before its next input or deadline.
    fn arm(&mut self, id: TransferId) {
        if let Some(slot) = self.transfers.get_mut(id.0) {
            slot.arm(id, &mut self.timers, &mut self.spare);
        }
    }

    fn ended(&mut self, id: TransferId, error: Option<Error>) -> Option<Output> {
        self.recall_buffer_of(id);
        let Slot { transfer, socket, dialing, group, waits, counted, .. } = self.transfers.remove(id.0)?;
        if let Some(route) = transfer.route() {
            if let Some(ticket) = waits {
                self.waiting.remove(route, ticket);
            }
            if counted {
                self.pool.closed(route);
                self.waiting.freed(route);
                self.admit();
            }
        }
        if let Some(Group(group)) = group {
            self.groups.remove(&(group, id));
        }
        if let Some(socket) = socket {
            self.close_later(socket);
        }
        for (_, socket) in dialing.into_iter().flat_map(|dialing| dialing.attempts) {
            self.close_later(socket);
        }
        let Engine { timers, transfers, .. } = self;
        timers.trim(transfers.len(), |index| transfers.key_at(index).is_some());
        Some(Output::Ended { id, transfer, error })
    }
}

impl Default for Engine {
    fn default() -> Self {
        Engine::new(PoolLimits::default())
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("transfers", &self.len())
            .field("sockets", &self.sockets())
            .field("ready", &self.ready.len())
            .finish_non_exhaustive()
    }
}
