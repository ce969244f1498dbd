//! L4: many transfers over one session and one pool, for an event loop.
//!
//! An [`Engine`] does by itself what needs no world: it synchronises transfers with the session, keeps connections, makes transfers
//! wait for a place when there are limits, and orders their deadlines. What is left for the embedder is sockets: [`Output`] names them by
//! [`SocketId`], and every answer is an input of the one transfer that the socket serves.
//!
//! # Turns
//!
//! [`Engine::poll`] gives one output at a time, in turns over the transfers that have something to do; a turn costs the same
//! whether ten transfers wait or ten thousand. An offer ([`Output::Transmit`], [`Output::Read`], [`Output::Check`],
//! [`Output::NeedBody`], [`Output::Body`]) is answered before the next poll, if only with
//! [`Blocked`](crate::Input::Blocked); one that is not comes again at the next turn.
//!
//! # After which calls to read the deadline again
//!
//! After [`Engine::poll`] has said [`Output::Wait`]. Until then there is something to do at once.
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
//!         Output::Connect(socket, _address) => engine.connected(now, socket)?,
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

mod slab;
#[cfg(test)]
mod tests;
mod timers;
mod waiting;

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;

use slab::{Key, Slab};
use timers::Timers;
use waiting::Waiting;

use crate::dial::AttemptId;
use crate::error::{Error, IoFailure, Misuse};
use crate::link::Link;
use crate::pool::{Pool, PoolLimits, PoolStatistics, Pooled, Take};
use crate::prepared::Prepared;
use crate::session::Session;
use crate::time::{Instant, Now};
use crate::transfer::{self, Event, Input, Route, Side, Transfer};

/// Names a transfer of an engine; never used again for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferId(Key);

impl TransferId {
    /// A small number that no other transfer of the engine has now: fit for a table.
    pub const fn index(self) -> usize {
        self.0.index()
    }
}

/// Names a socket from [`Output::Connect`] to [`Output::Close`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(Key);

impl SocketId {
    /// A small number that no other open socket of the engine has: fit for a table, or a token of an event loop.
    pub const fn index(self) -> usize {
        self.0.index()
    }
}

/// A label by which transfers are cancelled together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Group(pub u64);

/// Where an engine finds the session when a transfer asks for it: the session itself, or whatever guards it.
pub trait SessionAccess {
    /// Calls `f` with the session. Called for moments only, and never twice at once.
    fn with<R>(&mut self, f: impl FnOnce(&mut Session) -> R) -> R;
}

impl SessionAccess for Session {
    fn with<R>(&mut self, f: impl FnOnce(&mut Session) -> R) -> R {
        f(self)
    }
}

/// How many outputs one transfer may have in a row while others are ready.
const TURN: u8 = 15;

/// What an engine asks for.
#[derive(Debug)]
pub enum Output {
    /// Order: look up the addresses of [`Engine::peer_name`]; answer with
    /// [`Resolved`](Input::Resolved) or [`ResolveFailed`](Input::ResolveFailed).
    Resolve(TransferId),
    /// Order: open a socket and begin to connect it; answer with [`Engine::connected`] or [`Engine::connect_failed`].
    Connect(SocketId, SocketAddr),
    /// Offer: write from [`Engine::outgoing`].
    Transmit(SocketId),
    /// Offer: read.
    Read(SocketId),
    /// Offer: find out without waiting whether anything can be read; answer with [`Alive`](Input::Alive) or [`Dead`](Input::Dead).
    Check(SocketId),
    /// Order: close the socket. Its id is free from now on.
    Close(SocketId),
    /// Offer: supply body bytes with [`Engine::push_body`], or say [`BodyEnd`](Input::BodyEnd).
    NeedBody(TransferId),
    /// Order: set the body stream back to its first byte.
    Rewind(TransferId),
    /// Offer: take from [`Engine::body`], say [`Consumed`](Input::Consumed); or [`Engine::pause`].
    Body(TransferId),
    /// Order: something for the caller; never a terminal event.
    Event(TransferId, Event),
    /// Order: the transfer has ended and is no longer the engine's. Exactly one for each transfer, and its last output.
    Ended {
        /// Which.
        id: TransferId,
        /// What can still be asked of it: URL, history, timings.
        transfer: Transfer,
        /// Why it failed; `None` when the response was received to its end.
        error: Option<Error>,
    },
    /// Nothing to do before an input or before [`Engine::deadline`].
    Wait,
}

/// Many transfers, one pool. See the [module](self).
pub struct Engine {
    now: Now,
    transfers: Slab<Slot>,
    sockets: Slab<Socket>,
    pool: Pool<Route, SocketId>,
    ready: VecDeque<TransferId>,
    /// Whose turn it is, and how many outputs are left of it.
    current: Option<(TransferId, u8)>,
    timers: Timers,
    waiting: Waiting,
    /// Sockets that serve nobody any more.
    closing: Vec<SocketId>,
}

/// A transfer and what the engine knows of it.
struct Slot {
    transfer: Transfer,
    socket: Option<SocketId>,
    attempts: Vec<(AttemptId, SocketId)>,
    group: Option<Group>,
    /// The earliest entry among the timers.
    armed: Option<Instant>,
    queued: bool,
    paused: bool,
    /// The pool counts a connection for it.
    counted: bool,
}

struct Socket {
    owner: Owner,
    address: SocketAddr,
    born: Instant,
}

enum Owner {
    Attempt(TransferId, AttemptId),
    Transfer(TransferId),
    /// In the pool.
    Idle(Box<Link>),
    /// Ended by the peer while it was idle; the pool does not know yet.
    Closing,
}

impl Engine {
    /// An engine without transfers. `limits` say how many connections are kept, and how many may be open at all.
    pub fn new(limits: PoolLimits) -> Engine {
        Engine {
            now: Now::default(),
            transfers: Slab::new(),
            sockets: Slab::new(),
            pool: Pool::new(limits),
            ready: VecDeque::new(),
            current: None,
            timers: Timers::default(),
            waiting: Waiting::default(),
            closing: Vec::new(),
        }
    }

    /// Begins a transfer; its total deadline counts from `now`.
    pub fn start(&mut self, now: Now, request: Prepared, group: Option<Group>) -> TransferId {
        self.now = now;
        let id = TransferId(self.transfers.insert(Slot {
            transfer: Transfer::new(request, now),
            socket: None,
            attempts: Vec::new(),
            group,
            armed: None,
            queued: true,
            paused: false,
            counted: false,
        }));
        self.ready.push_back(id);
        id
    }

    /// The next output. See the [module](self#turns) for what is due before the next call.
    pub fn poll(&mut self, session: &mut impl SessionAccess) -> Output {
        loop {
            if let Some(socket) = self.closing.pop() {
                // Closed already when the peer had ended it and the pool found out later.
                if self.sockets.remove(socket.0).is_some() {
                    return Output::Close(socket);
                }
                continue;
            }
            let (id, left) = match self.current.take() {
                Some(current) => current,
                None => {
                    let Some(id) = self.ready.pop_front() else { return Output::Wait };
                    let Some(slot) = self.transfers.get_mut(id.0) else { continue };
                    slot.queued = false;
                    (id, TURN)
                }
            };
            if let Some(output) = self.turn(id, session) {
                match left {
                    0 => self.enqueue(id),
                    _ => self.current = Some((id, left - 1)),
                }
                return output;
            }
        }
    }

    /// Polls one transfer until it has an output for the embedder or nothing to do.
    fn turn(&mut self, id: TransferId, session: &mut impl SessionAccess) -> Option<Output> {
        use transfer::Output as Asked;
        loop {
            let now = self.now;
            let slot = self.transfers.get_mut(id.0)?;
            let socket = slot.socket;
            let output = match slot.transfer.poll() {
                Asked::Sync => {
                    let synced = session.with(|session| slot.transfer.sync(now, session));
                    debug_assert_eq!(synced, Ok(()));
                    continue;
                }
                Asked::Acquire => {
                    // Nobody overtakes those who wait for the same route.
                    let route = slot.transfer.route()?;
                    if self.waiting.has(route) || !self.acquire(id) {
                        self.wait_for_place(id);
                        return None;
                    }
                    if !self.closing.is_empty() {
                        // What made room is closed before anything is opened.
                        self.current = Some((id, TURN));
                        return None;
                    }
                    continue;
                }
                Asked::Release => {
                    self.release(id);
                    continue;
                }
                Asked::Wait => {
                    self.arm(id);
                    return None;
                }
                Asked::Body if slot.paused => {
                    self.arm(id);
                    return None;
                }
                Asked::Event(Event::Done) => return self.ended(id, None),
                Asked::Event(Event::Failed(error)) => return self.ended(id, Some(error)),
                Asked::Event(event) => Output::Event(id, event),
                Asked::Resolve => Output::Resolve(id),
                Asked::Connect(attempt, address) => self.open(id, attempt, address)?,
                Asked::Abandon(attempt) => {
                    let Some(at) = slot.attempts.iter().position(|(known, _)| *known == attempt) else { continue };
                    let (_, socket) = slot.attempts.swap_remove(at);
                    self.sockets.remove(socket.0);
                    Output::Close(socket)
                }
                Asked::Close => match self.close(id) {
                    Some(output) => output,
                    None => continue,
                },
                Asked::Check => Output::Check(socket?),
                Asked::Transmit => Output::Transmit(socket?),
                Asked::Read => Output::Read(socket?),
                Asked::NeedBody => Output::NeedBody(id),
                Asked::Rewind => Output::Rewind(id),
                Asked::Body => Output::Body(id),
            };
            return Some(output);
        }
    }

    fn enqueue(&mut self, id: TransferId) {
        if self.current.is_some_and(|(current, _)| current == id) {
            return;
        }
        if let Some(slot) = self.transfers.get_mut(id.0)
            && !std::mem::replace(&mut slot.queued, true)
        {
            self.ready.push_back(id);
        }
    }

    fn arm(&mut self, id: TransferId) {
        if let Some(slot) = self.transfers.get_mut(id.0) {
            self.timers.arm(id, &mut slot.armed, slot.transfer.deadline());
        }
    }

    // Connections.

    fn open(&mut self, id: TransferId, attempt: AttemptId, address: SocketAddr) -> Option<Output> {
        let socket = Socket { owner: Owner::Attempt(id, attempt), address, born: self.now.instant };
        let socket = SocketId(self.sockets.insert(socket));
        self.transfers.get_mut(id.0)?.attempts.push((attempt, socket));
        Some(Output::Connect(socket, address))
    }

    /// Answers a transfer that wants a kept connection. False when it has to wait.
    fn acquire(&mut self, id: TransferId) -> bool {
        let Some(slot) = self.transfers.get_mut(id.0) else { return true };
        loop {
            let Some(route) = slot.transfer.route() else { return true };
            match self.pool.take(route, self.now.instant) {
                Take::Reuse { pooled, idle_for } => {
                    let socket = self.sockets.get_mut(pooled.item.0);
                    let Some(Socket { owner: owner @ Owner::Idle(_), address, .. }) = socket else {
                        // The peer closed it while it was idle.
                        self.pool.closed(route);
                        continue;
                    };
                    let Owner::Idle(link) = std::mem::replace(owner, Owner::Transfer(id)) else { return true };
                    slot.socket = Some(pooled.item);
                    slot.counted = true;
                    let input = Input::Acquired { link, peer: Some(*address), idle: idle_for };
                    let told = slot.transfer.handle(self.now, input);
                    debug_assert_eq!(told, Ok(()));
                }
                Take::Open { evicted } => {
                    self.closing.extend(evicted);
                    slot.counted = true;
                    let told = slot.transfer.handle(self.now, Input::NotAcquired);
                    debug_assert_eq!(told, Ok(()));
                }
                Take::Full => return false,
            }
            return true;
        }
    }

    fn release(&mut self, id: TransferId) {
        let Some(slot) = self.transfers.get_mut(id.0) else { return };
        let (Some((key, link)), Some(item)) = (slot.transfer.take_link(), slot.socket.take()) else { return };
        if !std::mem::take(&mut slot.counted) {
            return self.closing.push(item);
        }
        let hint = link.http().keep_alive_timeout();
        let Some(socket) = self.sockets.get_mut(item.0) else { return };
        socket.owner = Owner::Idle(link);
        let pooled = Pooled { key, item, born: socket.born };
        let evicted = self.pool.put(pooled, self.now.instant, hint);
        self.closing.extend(evicted);
        self.admit();
    }

    /// The transfer's connection is over.
    fn close(&mut self, id: TransferId) -> Option<Output> {
        let slot = self.transfers.get_mut(id.0)?;
        let socket = slot.socket.take()?;
        self.sockets.remove(socket.0);
        self.give_place_back(id);
        Some(Output::Close(socket))
    }

    fn give_place_back(&mut self, id: TransferId) {
        let Some(slot) = self.transfers.get_mut(id.0) else { return };
        if std::mem::take(&mut slot.counted) {
            if let Some(route) = slot.transfer.route() {
                self.pool.closed(route);
            }
            self.admit();
        }
    }

    /// A place became free: those who wait longest try again, one of each route.
    fn admit(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        for id in self.waiting.fronts() {
            if self.acquire(id) {
                self.waiting.remove(id);
                self.enqueue(id);
            }
        }
    }

    fn wait_for_place(&mut self, id: TransferId) {
        if let Some(route) = self.transfers.get(id.0).and_then(|slot| slot.transfer.route()) {
            self.waiting.push(route, id);
        }
        self.arm(id);
    }

    fn ended(&mut self, id: TransferId, error: Option<Error>) -> Option<Output> {
        self.waiting.remove(id);
        self.give_place_back(id);
        let slot = self.transfers.remove(id.0)?;
        self.closing.extend(slot.socket.into_iter().chain(slot.attempts.into_iter().map(|(_, socket)| socket)));
        let Engine { timers, transfers, .. } = self;
        timers.trim(transfers.len(), |at, id| transfers.get(id.0).is_some_and(|slot| slot.armed == Some(at)));
        Some(Output::Ended { id, transfer: slot.transfer, error })
    }

    // Inputs.

    /// Answers [`Output::Connect`]: the socket is connected.
    ///
    /// # Errors
    /// [`Misuse::NotAsked`] when the socket is not being connected.
    pub fn connected(&mut self, now: Now, socket: SocketId) -> Result<(), Misuse> {
        let (id, attempt) = self.attempt(now, socket)?;
        let slot = self.transfers.get_mut(id.0).ok_or(Misuse::Ended)?;
        if slot.socket.is_none() {
            slot.attempts.retain(|(_, known)| *known != socket);
            slot.socket = Some(socket);
            if let Some(socket) = self.sockets.get_mut(socket.0) {
                socket.owner = Owner::Transfer(id);
                socket.born = now.instant;
            }
        }
        let result = slot.transfer.handle(now, Input::Connected(attempt));
        self.enqueue(id);
        result
    }

    /// Answers [`Output::Connect`]: it failed. The embedder closes the socket itself; its id is free from now on.
    ///
    /// # Errors
    /// [`Misuse::NotAsked`] when the socket is not being connected.
    pub fn connect_failed(&mut self, now: Now, socket: SocketId, failure: IoFailure) -> Result<(), Misuse> {
        let (id, attempt) = self.attempt(now, socket)?;
        self.sockets.remove(socket.0);
        let slot = self.transfers.get_mut(id.0).ok_or(Misuse::Ended)?;
        slot.attempts.retain(|(_, known)| *known != socket);
        let result = slot.transfer.handle(now, Input::ConnectFailed(attempt, failure));
        self.enqueue(id);
        result
    }

    fn attempt(&mut self, now: Now, socket: SocketId) -> Result<(TransferId, AttemptId), Misuse> {
        self.now = now;
        match self.sockets.get(socket.0) {
            Some(Socket { owner: Owner::Attempt(id, attempt), .. }) => Ok((*id, *attempt)),
            _ => Err(Misuse::NotAsked),
        }
    }

    /// Takes in what happened on a socket. [`Ready`](Input::Ready) may be said of any socket at any time; an idle one of
    /// which something can be read is closed (RFC 9112 §9.2, T47).
    ///
    /// # Errors
    /// [`Misuse`] when the input answers nothing that was asked.
    pub fn socket_input(&mut self, now: Now, socket: SocketId, input: Input<'_>) -> Result<(), Misuse> {
        self.now = now;
        match (&self.sockets.get(socket.0).map(|socket| &socket.owner), &input) {
            (Some(Owner::Transfer(id)), _) => {
                let id = *id;
                self.transfer_input(now, id, input)
            }
            (Some(Owner::Idle(_)), Input::Ready(Side::Read) | Input::Eof | Input::Failed(..)) => {
                self.closing.push(socket);
                if let Some(socket) = self.sockets.get_mut(socket.0) {
                    socket.owner = Owner::Closing;
                }
                Ok(())
            }
            (_, Input::Ready(_) | Input::Blocked(_)) => Ok(()),
            _ => Err(Misuse::NotAsked),
        }
    }

    /// Takes in what happened to a transfer beside its socket: names, the body both ways, cancelling.
    ///
    /// # Errors
    /// [`Misuse`] when the input answers nothing that was asked, or the transfer has ended.
    pub fn transfer_input(&mut self, now: Now, id: TransferId, input: Input<'_>) -> Result<(), Misuse> {
        self.now = now;
        let slot = self.transfers.get_mut(id.0).ok_or(Misuse::Ended)?;
        let result = slot.transfer.handle(now, input);
        self.enqueue(id);
        result
    }

    /// Supplies bytes of a streamed request body; returns how many were taken.
    ///
    /// # Errors
    /// As [`Transfer::push_body`].
    pub fn push_body(&mut self, now: Now, id: TransferId, bytes: &[u8]) -> Result<usize, Misuse> {
        self.now = now;
        let slot = self.transfers.get_mut(id.0).ok_or(Misuse::Ended)?;
        let result = slot.transfer.push_body(now, bytes);
        self.enqueue(id);
        result
    }

    /// Time has passed: acts on whatever is due.
    pub fn tick(&mut self, now: Now) {
        self.now = now;
        while let Some((at, id)) = self.timers.pop_due(now.instant) {
            let Some(slot) = self.transfers.get_mut(id.0).filter(|slot| slot.armed == Some(at)) else { continue };
            slot.armed = None;
            if slot.transfer.deadline().is_some_and(|deadline| deadline <= now.instant) {
                let told = slot.transfer.handle(now, Input::Tick);
                debug_assert_eq!(told, Ok(()));
                self.enqueue(id);
            } else {
                self.arm(id);
            }
        }
        if self.pool.next_expiry().is_some_and(|at| at <= now.instant) {
            let expired = self.pool.expire(now.instant);
            self.closing.extend(expired);
            self.admit();
        }
    }

    /// When [`Engine::tick`] is due at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        [self.timers.next(), self.pool.next_expiry()].into_iter().flatten().min()
    }

    /// Ends a transfer with an error of kind [`Cancelled`](crate::ErrorKind::Cancelled). Nothing when it has ended.
    pub fn cancel(&mut self, now: Now, id: TransferId) {
        let _ = self.transfer_input(now, id, Input::Cancel);
    }

    /// Cancels every transfer of the group.
    pub fn cancel_group(&mut self, now: Now, group: Group) {
        self.cancel_where(now, |slot| slot.group == Some(group));
    }

    /// Cancels every transfer and closes all idle connections.
    pub fn cancel_all(&mut self, now: Now) {
        self.cancel_where(now, |_| true);
        self.close_idle();
    }

    fn cancel_where(&mut self, now: Now, wanted: impl Fn(&Slot) -> bool) {
        let ids: Vec<Key> = self.transfers.keys().filter(|key| self.transfers.get(*key).is_some_and(&wanted)).collect();
        for id in ids {
            self.cancel(now, TransferId(id));
        }
    }

    /// Closes all idle connections. With no transfer left either, every socket is closed after the next polls: a graceful end.
    pub fn close_idle(&mut self) {
        self.closing.extend(self.pool.clear());
    }

    /// No [`Output::Body`] for this transfer until [`Engine::resume`]; nothing more is read meanwhile, and the time does not
    /// count against the peer.
    pub fn pause(&mut self, id: TransferId) {
        if let Some(slot) = self.transfers.get_mut(id.0) {
            slot.paused = true;
        }
    }

    /// Ends a [`Engine::pause`].
    pub fn resume(&mut self, id: TransferId) {
        if let Some(slot) = self.transfers.get_mut(id.0) {
            slot.paused = false;
        }
        self.enqueue(id);
    }

    // Bytes and facts.

    /// The bytes to write to a socket.
    pub fn outgoing(&self, socket: SocketId) -> &[u8] {
        self.served(socket).map_or(&[], Transfer::outgoing)
    }

    /// Where to read to from a socket, with [`Filled`](Input::Filled).
    pub fn space(&mut self, socket: SocketId) -> &mut [u8] {
        match self.served_mut(socket) {
            Some(transfer) => transfer.space(),
            None => &mut [],
        }
    }

    /// As [`Transfer::lend`].
    ///
    /// # Errors
    /// The storage, when it cannot be used.
    pub fn lend(&mut self, socket: SocketId, storage: Vec<u8>) -> Result<(), Vec<u8>> {
        match self.served_mut(socket) {
            Some(transfer) => transfer.lend(storage),
            None => Err(storage),
        }
    }

    /// As [`Transfer::take_back`].
    pub fn take_back(&mut self, socket: SocketId) -> Option<Vec<u8>> {
        self.served_mut(socket)?.take_back()
    }

    /// The body bytes at hand.
    pub fn body(&self, id: TransferId) -> &[u8] {
        self.transfer(id).map_or(&[], Transfer::body)
    }

    /// The name and port for [`Output::Resolve`].
    pub fn peer_name(&self, id: TransferId) -> Option<(&str, u16)> {
        self.transfer(id)?.peer_name()
    }

    /// A transfer that has not ended.
    pub fn transfer(&self, id: TransferId) -> Option<&Transfer> {
        self.transfers.get(id.0).map(|slot| &slot.transfer)
    }

    /// The same, to be changed: its body limit, for example. Inputs go through the engine.
    pub fn transfer_mut(&mut self, id: TransferId) -> Option<&mut Transfer> {
        self.transfers.get_mut(id.0).map(|slot| &mut slot.transfer)
    }

    /// The socket whose [`SocketId::index`] this is now.
    pub fn socket_at(&self, index: usize) -> Option<SocketId> {
        self.sockets.key_at(index).map(SocketId)
    }

    /// How many transfers have not ended.
    pub fn len(&self) -> usize {
        self.transfers.len()
    }

    /// Whether no transfer is left.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many sockets are open, idle ones included.
    pub fn sockets(&self) -> usize {
        self.sockets.len()
    }

    /// What the pool has done, and what it holds.
    pub fn pool_statistics(&self) -> PoolStatistics {
        self.pool.statistics()
    }

    fn served(&self, socket: SocketId) -> Option<&Transfer> {
        match self.sockets.get(socket.0)?.owner {
            Owner::Transfer(id) => self.transfer(id),
            _ => None,
        }
    }

    fn served_mut(&mut self, socket: SocketId) -> Option<&mut Transfer> {
        match self.sockets.get(socket.0)?.owner {
            Owner::Transfer(id) => self.transfer_mut(id),
            _ => None,
        }
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
