//! The driver: an engine and its sockets on somebody's `mio::Registry`.
//!
//! Every decision is the engine's. Here is what belongs to edge-triggered readiness: a side is tried until it would block, or until a short
//! read or write has shown that it would, and then not again before the next event. A request in a row of many so costs one write and one read, and
//! its share of a wait.

use std::io::{self, ErrorKind as Io, Read, Write};
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant as StdInstant};

use mio::event::Event as Readiness;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token, Waker};
use petition_core::engine::{Engine, Group, Output, SessionAccess, SocketId, TransferId};
use petition_core::pool::{PoolLimits, PoolStatistics};
use petition_core::{Event, Input, IoFailure, Session, Side};

use crate::client::Client;
use crate::clock;
use crate::handle::Ticket;
use crate::inbox::{Command, Inbox, Start};
use crate::job::{Flow, Job, Supply};
use crate::resolve::{Lookups, Resolver, SystemResolver};

/// The one read buffer of a loop.
const BUFFER: usize = 64 * 1024;

/// How a [`Driver`] is made, where the defaults are not wanted.
pub struct Options {
    /// How many connections are kept and how many may be open. Default [`PoolLimits::DEFAULT`], with 64 idle connections for one origin and
    /// 1,024 in all.
    pub pool: PoolLimits,
    /// Who looks up names. Default [`SystemResolver`], on helper threads.
    pub resolver: Box<dyn Resolver>,
    /// Options and cookies. Default: a new session.
    pub session: Arc<Mutex<Session>>,
}

impl Default for Options {
    fn default() -> Self {
        let pool = PoolLimits { idle_total: 1024, idle_per_key: 64, ..PoolLimits::DEFAULT };
        Options { pool, resolver: Box::new(SystemResolver), session: Arc::default() }
    }
}

/// A client on the caller's own `mio::Registry`, within a range of its tokens.
///
/// The caller polls; then tells [`Driver::ready`] of each event and calls [`Driver::turn`]. [`EventLoop`](crate::EventLoop) does just that with a `Poll` of its own.
///
/// Dropping it ends every request with an error of kind [`Cancelled`](petition_core::ErrorKind::Cancelled); every callback runs.
pub struct Driver {
    engine: Engine,
    state: Shared,
    registry: Registry,
    tokens: Range<usize>,
    /// By [`SocketId::index`].
    sockets: Vec<Option<Conn>>,
    /// By [`TransferId::index`].
    jobs: Vec<Option<Entry>>,
    inbox: Arc<Inbox>,
    commands: Vec<Command>,
    lookups: Lookups,
    /// The read buffer, when it is not lent.
    buffer: Option<Vec<u8>>,
    lent_to: Option<SocketId>,
    space: Vec<u8>,
    stopped: bool,
}

struct Conn {
    id: SocketId,
    stream: TcpStream,
    connecting: bool,
    readable: bool,
    writable: bool,
    /// The peer has ended its side: what is there can be read at any time, and the end after it.
    read_closed: bool,
}

struct Entry {
    job: Job,
    ticket: Arc<Ticket>,
}

struct Shared(Arc<Mutex<Session>>);

impl SessionAccess for Shared {
    fn with<R>(&mut self, f: impl FnOnce(&mut Session) -> R) -> R {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Driver {
    /// A driver that registers its sockets with `registry`, under tokens of `tokens` only: the first one is for waking, each of the others
    /// for one socket. A connection beyond them fails.
    ///
    /// # Errors
    /// When the registry cannot be shared or no waker can be made, as for want of descriptors; or the range is empty.
    pub fn new(registry: &Registry, tokens: Range<usize>, options: Options) -> io::Result<Driver> {
        if tokens.is_empty() {
            return Err(io::Error::new(Io::InvalidInput, "the range of tokens is empty"));
        }
        let inbox = Arc::new(Inbox::new(Waker::new(registry, Token(tokens.start))?));
        Ok(Driver {
            engine: Engine::new(options.pool),
            state: Shared(options.session),
            registry: registry.try_clone()?,
            tokens,
            sockets: Vec::new(),
            jobs: Vec::new(),
            commands: Vec::new(),
            lookups: Lookups::new(options.resolver, inbox.clone()),
            inbox,
            buffer: None,
            lent_to: None,
            space: Vec::new(),
            stopped: false,
        })
    }

    /// A handle that submits requests.
    pub fn client(&self) -> Client {
        Client::new(self.inbox.clone(), self.state.0.clone())
    }

    /// Takes in one event of the caller's poll. False when its token is not of this driver's range.
    pub fn ready(&mut self, event: &Readiness) -> bool {
        let Token(token) = event.token();
        if !self.tokens.contains(&token) {
            return false;
        }
        let Some(index) = (token - self.tokens.start).checked_sub(1) else { return true };
        let Some(Some(conn)) = self.sockets.get_mut(index) else { return true };
        let id = conn.id;
        let now = clock::now();
        if conn.connecting {
            self.connect_ready(index, id);
            return true;
        }
        conn.read_closed |= event.is_read_closed() || event.is_error();
        if event.is_readable() || conn.read_closed {
            conn.readable = true;
            told(self.engine.socket_input(now, id, Input::Ready(Side::Read)));
        }
        if event.is_writable() || event.is_write_closed() || event.is_error() {
            conn.writable = true;
            told(self.engine.socket_input(now, id, Input::Ready(Side::Write)));
        }
        true
    }

    fn connect_ready(&mut self, index: usize, id: SocketId) {
        let Some(Some(conn)) = self.sockets.get_mut(index) else { return };
        let failed = match (conn.stream.take_error(), conn.stream.peer_addr()) {
            (Ok(Some(error)) | Err(error), _) => Some(error),
            (Ok(None), Err(error)) if error.kind() == Io::NotConnected => return,
            (Ok(None), Err(error)) => Some(error),
            (Ok(None), Ok(_)) => conn.stream.set_nodelay(true).err(),
        };
        conn.connecting = false;
        conn.writable = true;
        match failed {
            None => told(self.engine.connected(clock::now(), id)),
            Some(error) => {
                self.close(id);
                told(self.engine.connect_failed(clock::now(), id, IoFailure::from(&error)));
            }
        }
    }

    /// Does all that can be done now: takes in commands, runs callbacks, reads and writes. `budget` bounds the time it takes, to within
    /// one step; what is left is done at the next turn. True when something is left.
    pub fn turn(&mut self, budget: Option<Duration>) -> bool {
        let until = budget.map(|budget| StdInstant::now() + budget);
        self.inbox.awake();
        self.engine.tick(clock::now());
        let mut steps = 0_u32;
        loop {
            self.obey();
            match self.engine.poll(&mut self.state) {
                Output::Wait => {
                    self.take_buffer_back();
                    // What a callback asked for is part of this turn.
                    if self.inbox.sleep() {
                        return false;
                    }
                }
                output => self.perform(output),
            }
            steps = steps.wrapping_add(1);
            if steps.is_multiple_of(8) && until.is_some_and(|until| StdInstant::now() >= until) {
                self.take_buffer_back();
                return true;
            }
        }
    }

    /// The time until [`Driver::turn`] has something to do by itself; `None` when that depends on events alone.
    pub fn timeout(&self) -> Option<Duration> {
        self.engine.deadline().map(|at| at - clock::instant())
    }

    /// How many requests have not ended.
    pub fn len(&self) -> usize {
        self.engine.len()
    }

    /// Whether no request is left.
    pub fn is_empty(&self) -> bool {
        self.engine.is_empty()
    }

    /// How many sockets are open, idle ones included.
    pub fn sockets(&self) -> usize {
        self.engine.sockets()
    }

    /// What the pool has done, and what it holds.
    pub fn pool_statistics(&self) -> PoolStatistics {
        self.engine.pool_statistics()
    }

    /// Closes all idle connections, at the next turn.
    pub fn close_idle(&mut self) {
        self.engine.close_idle();
    }

    /// Whether [`Client::stop`] was called since this was last asked.
    pub(crate) fn take_stopped(&mut self) -> bool {
        std::mem::take(&mut self.stopped)
    }

    // Commands.

    fn obey(&mut self) {
        let mut commands = std::mem::take(&mut self.commands);
        self.inbox.take(&mut commands);
        for command in commands.drain(..) {
            self.obey_one(command);
        }
        self.commands = commands;
    }

    fn obey_one(&mut self, command: Command) {
        let now = clock::now();
        match command {
            Command::Start(start) => self.start(*start),
            Command::Cancel(ticket) => {
                if let Some(id) = ticket.transfer() {
                    self.engine.cancel(now, id);
                }
            }
            Command::Pause(ticket) => {
                if let Some(id) = ticket.transfer() {
                    self.engine.pause(id);
                }
            }
            Command::Resume(ticket) => {
                if let Some(id) = ticket.transfer() {
                    self.engine.resume(id);
                    told(self.engine.transfer_input(now, id, Input::Ready(Side::Body)));
                }
            }
            Command::CancelGroup(group) => self.engine.cancel_group(now, Group(group)),
            Command::Resolved(id, Ok(addresses)) => {
                // The transfer may have ended, or given up waiting.
                let _ = self.engine.transfer_input(now, id, Input::Resolved(&addresses));
            }
            Command::Resolved(id, Err(error)) => {
                let _ = self.engine.transfer_input(now, id, Input::ResolveFailed(IoFailure::from(&error)));
            }
            Command::Stop => self.stopped = true,
        }
    }

    fn start(&mut self, start: Start) {
        let request = match start.request {
            Ok(request) if !start.ticket.cancelled.load(Ordering::Acquire) => request,
            _ => return start.refuse(),
        };
        let id = self.engine.start(clock::now(), request, start.group.map(Group));
        start.ticket.set_transfer(Some(id));
        if self.jobs.len() <= id.index() {
            self.jobs.resize_with(id.index() + 1, || None);
        }
        if let Some(place) = self.jobs.get_mut(id.index()) {
            *place = Some(Entry { job: start.job, ticket: start.ticket });
        }
    }

    // Outputs.

    fn perform(&mut self, output: Output) {
        match output {
            Output::Transmit(socket) => self.transmit(socket),
            Output::Read(socket) => self.read(socket),
            Output::Body(id) => self.body(id),
            Output::Event(id, event) => self.event(id, event),
            Output::Ended { id, transfer, error } => {
                if let Some(entry) = self.jobs.get_mut(id.index()).and_then(Option::take) {
                    entry.ticket.set_transfer(None);
                    entry.job.end(Some(transfer), error);
                }
            }
            Output::Connect(socket, address) => {
                if let Err(error) = self.connect(socket, address) {
                    told(self.engine.connect_failed(clock::now(), socket, IoFailure::from(&error)));
                }
            }
            Output::Close(socket) => self.close(socket),
            Output::Check(socket) => self.check(socket),
            Output::Resolve(id) => self.resolve(id),
            Output::NeedBody(id) => self.supply(id),
            Output::Rewind(id) => {
                let rewound = self.with_job(id, |_, job| job.rewind()).unwrap_or_default();
                let input = if rewound { Input::Rewound } else { Input::NotRewound };
                told(self.engine.transfer_input(clock::now(), id, input));
            }
            Output::Wait => {}
        }
    }

    /// Calls into a job. It is out of the table meanwhile: should it panic, it is gone, and its transfer is cancelled when it
    /// next has something to say.
    fn with_job<R>(&mut self, id: TransferId, call: impl FnOnce(&mut Driver, &mut Job) -> R) -> Option<R> {
        let Some(mut entry) = self.jobs.get_mut(id.index()).and_then(Option::take) else {
            self.engine.cancel(clock::now(), id);
            return None;
        };
        let result = call(self, &mut entry.job);
        if let Some(place) = self.jobs.get_mut(id.index()) {
            *place = Some(entry);
        }
        Some(result)
    }

    fn conn(&mut self, socket: SocketId) -> Option<&mut Conn> {
        self.sockets.get_mut(socket.index())?.as_mut()
    }

    fn connect(&mut self, socket: SocketId, address: SocketAddr) -> io::Result<()> {
        let token = self.tokens.start + 1 + socket.index();
        if !self.tokens.contains(&token) {
            return Err(io::Error::other("no token is left for another socket"));
        }
        let mut stream = TcpStream::connect(address)?;
        self.registry.register(&mut stream, Token(token), Interest::READABLE | Interest::WRITABLE)?;
        if self.sockets.len() <= socket.index() {
            self.sockets.resize_with(socket.index() + 1, || None);
        }
        let conn = Conn { id: socket, stream, connecting: true, readable: false, writable: false, read_closed: false };
        if let Some(place) = self.sockets.get_mut(socket.index()) {
            *place = Some(conn);
        }
        Ok(())
    }

    fn close(&mut self, socket: SocketId) {
        if self.lent_to == Some(socket) {
            self.lent_to = None;
        }
        if let Some(mut conn) = self.sockets.get_mut(socket.index()).and_then(Option::take) {
            // Closing the descriptor takes it out of the poll as well.
            let _ = self.registry.deregister(&mut conn.stream);
        }
    }

    fn transmit(&mut self, socket: SocketId) {
        let outgoing = self.engine.outgoing(socket);
        let Some(Some(conn)) = self.sockets.get_mut(socket.index()) else { return };
        let result = if conn.writable { conn.stream.write(outgoing) } else { Err(Io::WouldBlock.into()) };
        let input = match result {
            Ok(0) => Input::Failed(Side::Write, IoFailure::new(Io::WriteZero)),
            Ok(n) => {
                conn.writable = n == outgoing.len();
                Input::Wrote(n)
            }
            Err(error) if error.kind() == Io::WouldBlock => {
                conn.writable = false;
                Input::Blocked(Side::Write)
            }
            Err(error) if error.kind() == Io::Interrupted => return,
            Err(error) => Input::Failed(Side::Write, IoFailure::from(&error)),
        };
        told(self.engine.socket_input(clock::now(), socket, input));
    }

    fn read(&mut self, socket: SocketId) {
        let readable = self.conn(socket).is_some_and(|conn| conn.readable);
        if !readable {
            return told(self.engine.socket_input(clock::now(), socket, Input::Blocked(Side::Read)));
        }
        self.lend(socket);
        let space = self.engine.space(socket);
        let Some(Some(conn)) = self.sockets.get_mut(socket.index()) else { return };
        let input = match conn.stream.read(space) {
            Ok(0) => Input::Eof,
            Ok(n) => {
                conn.readable = n == space.len() || conn.read_closed;
                Input::Filled(n)
            }
            Err(error) if error.kind() == Io::WouldBlock => {
                conn.readable = false;
                Input::Blocked(Side::Read)
            }
            Err(error) if error.kind() == Io::Interrupted => return,
            Err(error) => Input::Failed(Side::Read, IoFailure::from(&error)),
        };
        told(self.engine.socket_input(clock::now(), socket, input));
    }

    /// The buffer goes from connection to connection; what the last one has not used yet it keeps in storage of its own.
    fn lend(&mut self, socket: SocketId) {
        if self.lent_to == Some(socket) {
            return;
        }
        self.take_buffer_back();
        let buffer = self.buffer.take().unwrap_or_else(|| vec![0; BUFFER]);
        match self.engine.lend(socket, buffer) {
            Ok(()) => self.lent_to = Some(socket),
            Err(buffer) => self.buffer = Some(buffer),
        }
    }

    fn take_buffer_back(&mut self) {
        if let Some(socket) = self.lent_to.take() {
            self.buffer = self.engine.take_back(socket).or(self.buffer.take());
        }
    }

    /// What the last wait did not report has come since then, which is the time of one turn: no system call is worth it.
    fn check(&mut self, socket: SocketId) {
        let alive = match self.conn(socket) {
            Some(conn) if conn.read_closed => false,
            // The last read left no room to tell.
            Some(conn) if conn.readable => {
                matches!(conn.stream.peek(&mut [0]), Err(error) if error.kind() == Io::WouldBlock)
            }
            Some(_) => true,
            None => false,
        };
        told(self.engine.socket_input(clock::now(), socket, if alive { Input::Alive } else { Input::Dead }));
    }

    fn resolve(&mut self, id: TransferId) {
        let Some((host, port)) = self.engine.peer_name(id) else { return };
        if let Some(addresses) = self.lookups.known(host, port) {
            return told(self.engine.transfer_input(clock::now(), id, Input::Resolved(&addresses)));
        }
        if let Err(error) = self.lookups.begin(id, host, port) {
            told(self.engine.transfer_input(clock::now(), id, Input::ResolveFailed(IoFailure::from(&error))));
        }
    }

    fn body(&mut self, id: TransferId) {
        let taken = self.with_job(id, |driver, job| {
            let piece = driver.engine.body(id);
            (job.data(piece), piece.len())
        });
        let Some((flow, n)) = taken else { return };
        if flow == Flow::Pause {
            self.engine.pause(id);
        }
        told(self.engine.transfer_input(clock::now(), id, Input::Consumed(n)));
    }

    fn supply(&mut self, id: TransferId) {
        self.space.resize(BUFFER, 0);
        let room = self.engine.transfer(id).map_or(0, |transfer| transfer.body_room()).min(self.space.len());
        let mut space = std::mem::take(&mut self.space);
        let supplied = self.with_job(id, |_, job| job.upload(space.get_mut(..room).unwrap_or_default()));
        let now = clock::now();
        match supplied {
            None => {}
            Some(Ok(Supply::Bytes(n))) if n > 0 => {
                let bytes = space.get(..n.min(room)).unwrap_or_default();
                let pushed = self.engine.push_body(now, id, bytes);
                debug_assert!(pushed.is_ok_and(|taken| taken == bytes.len()), "{pushed:?}");
            }
            Some(Ok(Supply::Bytes(_) | Supply::Later)) => {
                told(self.engine.transfer_input(now, id, Input::Blocked(Side::Body)));
            }
            Some(Ok(Supply::End)) => told(self.engine.transfer_input(now, id, Input::BodyEnd)),
            Some(Err(words)) => told(self.engine.transfer_input(now, id, Input::BodyFailed(words))),
        }
        self.space = space;
    }

    fn event(&mut self, id: TransferId, event: Event) {
        match event {
            Event::Head(head) => drop(self.with_job(id, |driver, job| {
                if let Some(transfer) = driver.engine.transfer_mut(id) {
                    job.head(head, transfer);
                }
            })),
            Event::Informational(head) => drop(self.with_job(id, |_, job| job.informational(head))),
            Event::Redirected | Event::Retried | Event::Done | Event::Failed(_) => {}
        }
    }
}

/// What is told was asked for: that it would not be is a fault of this crate.
fn told(result: Result<(), petition_core::Misuse>) {
    debug_assert_eq!(result, Ok(()));
}

impl Drop for Driver {
    fn drop(&mut self) {
        let mut left = self.inbox.close();
        left.append(&mut self.commands);
        self.engine.cancel_all(clock::now());
        loop {
            match self.engine.poll(&mut self.state) {
                Output::Wait => break,
                Output::Ended { id, transfer, error } => self.perform(Output::Ended { id, transfer, error }),
                _ => {}
            }
        }
        for command in left {
            if let Command::Start(start) = command {
                start.refuse();
            }
        }
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("engine", &self.engine).field("tokens", &self.tokens).finish_non_exhaustive()
    }
}
