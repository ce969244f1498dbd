//! The driver: an engine and its sockets on somebody's `mio::Registry`.
//!
//! Every decision is the engine's. Here is what belongs to edge-triggered readiness: a side is tried until it would block, or until a short
//! read or write has shown that it would, and then not again before the next event. A request in a row of many so costs one write and one read, and
//! its share of a wait.

use std::collections::VecDeque;
use std::io::{self, ErrorKind as Io, Read, Write};
use std::net::SocketAddr;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
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

/// The most time that one turn takes unless it is told otherwise.
pub const TURN: Duration = Duration::from_millis(10);

/// What was polled so long ago says nothing about a connection that was idle since.
const FRESH: Duration = Duration::from_millis(5);

/// The space that a body source is asked to fill.
const SPACE: usize = 64 * 1024;

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
/// A panic in a callback goes through [`Driver::turn`]; the driver can be turned again afterwards.
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
    /// Those that were taken out of the inbox and not obeyed yet.
    commands: VecDeque<Command>,
    lookups: Lookups,
    /// When readiness was last asked for.
    polled: Option<StdInstant>,
    space: Vec<u8>,
    stopped: bool,
    /// The turn has done something.
    busy: bool,
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
            commands: VecDeque::new(),
            polled: None,
            lookups: Lookups::new(options.resolver, inbox.clone()),
            inbox,
            space: Vec::new(),
            stopped: false,
            busy: false,
        })
    }

    /// A handle that submits requests.
    pub fn client(&self) -> Client {
        Client::new(self.inbox.clone(), self.state.0.clone())
    }

    /// Takes in one event of the caller's poll; [`Driver::turn`] acts on it. False when its token is not of this driver's range.
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

    /// Does what can be done now: takes in commands, runs callbacks, reads and writes. To be called after each poll, when its events are told.
    ///
    /// `budget` bounds the time it takes, to within one step or one callback; without one it is [`TURN`], so that no
    /// connection that never pauses keeps the others from being polled. True when something is left: then poll without waiting, and turn again.
    pub fn turn(&mut self, budget: Option<Duration>) -> bool {
        self.polled = Some(StdInstant::now());
        self.work(budget)
    }

    /// A turn without a poll before it: what readiness there is may be old.
    pub(crate) fn turn_unpolled(&mut self, budget: Option<Duration>) -> bool {
        self.polled = None;
        self.work(budget)
    }

    /// Whether the last turn did anything.
    pub(crate) fn did_something(&self) -> bool {
        self.busy
    }

    fn work(&mut self, budget: Option<Duration>) -> bool {
        self.busy = false;
        let until = StdInstant::now() + budget.unwrap_or(TURN);
        self.inbox.awake();
        self.engine.tick(clock::now());
        let mut steps = 0_u32;
        loop {
            // A long queue of commands does not keep those from going on that have begun, nor the other way round.
            if self.obey() {
                self.busy = true;
            } else {
                match self.engine.poll(&mut self.state) {
                    Output::Wait => {
                        // What a callback asked for is part of this turn.
                        if self.inbox.sleep() {
                            return false;
                        }
                    }
                    output => {
                        self.busy = true;
                        self.perform(output);
                    }
                }
            }
            steps = steps.wrapping_add(1);
            if steps.is_multiple_of(8) && StdInstant::now() >= until {
                return true;
            }
        }
    }

    /// The time until [`Driver::turn`] has something to do by itself; `None` when that depends on events alone.
    pub fn timeout(&self) -> Option<Duration> {
        self.engine.deadline().map(|at| at - clock::instant())
    }

    /// How many requests have not ended, those that were sent and not begun yet included.
    pub fn len(&self) -> usize {
        self.engine.len() + self.inbox.starts()
    }

    /// Whether no request is left.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
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

    /// Obeys one command, if there is one. Those that follow are kept, should it panic.
    fn obey(&mut self) -> bool {
        if self.commands.is_empty() {
            self.inbox.take(&mut self.commands);
        }
        match self.commands.pop_front() {
            Some(command) => {
                self.obey_one(command);
                true
            }
            None => false,
        }
    }

    fn obey_one(&mut self, command: Command) {
        let now = clock::now();
        match command {
            Command::Start(start) => {
                self.inbox.started();
                self.start(start);
            }
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
                    // It may have ended by now.
                    let _ = self.engine.transfer_input(now, id, Input::Ready(Side::Body));
                }
            }
            Command::CancelGroup(group) => self.engine.cancel_group(now, Group(group)),
            Command::Resolved(name, result) => {
                for id in self.lookups.ended(&name) {
                    let input = match &result {
                        Ok(addresses) => Input::Resolved(addresses),
                        Err(error) => Input::ResolveFailed(IoFailure::from(error)),
                    };
                    // The transfer may have ended, or given up waiting.
                    let _ = self.engine.transfer_input(now, id, input);
                }
            }
            Command::Stop => self.stopped = true,
        }
    }

    fn start(&mut self, start: Start) {
        let Start { transfer: Ok(transfer), group, ticket, job } = start else { return start.refuse() };
        if ticket.is_cancelled() {
            return Start { transfer: Ok(transfer), group, ticket, job }.refuse();
        }
        let id = self.engine.adopt(transfer, group);
        ticket.set_transfer(Some(id));
        if self.jobs.len() <= id.index() {
            self.jobs.resize_with(id.index() + 1, || None);
        }
        if let Some(place) = self.jobs.get_mut(id.index()) {
            *place = Some(Entry { job, ticket });
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

    /// Calls into a job. Should it panic, its request is cancelled, and the panic goes on when the job is back in its place: it
    /// learns of its end like any other.
    fn with_job<R>(&mut self, id: TransferId, call: impl FnOnce(&mut Driver, &mut Job) -> R) -> Option<R> {
        let mut entry = self.jobs.get_mut(id.index()).and_then(Option::take)?;
        let result = catch_unwind(AssertUnwindSafe(|| call(self, &mut entry.job)));
        if let Some(place) = self.jobs.get_mut(id.index()) {
            *place = Some(entry);
        }
        match result {
            Ok(result) => Some(result),
            Err(panic) => {
                self.engine.cancel(clock::now(), id);
                resume_unwind(panic)
            }
        }
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

    /// What a poll of just now did not report has not come: no system call is worth the moment in between.
    fn check(&mut self, socket: SocketId) {
        let fresh = self.polled.is_some_and(|polled| polled.elapsed() < FRESH);
        let alive = match self.conn(socket) {
            Some(conn) if conn.read_closed => false,
            // The last read left no room to tell, or nothing is known of the time since the last poll.
            Some(conn) if conn.readable || !fresh => {
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
        self.space.resize(SPACE, 0);
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
        self.commands.extend(self.inbox.close());
        self.engine.cancel_all(clock::now());
        let mut panic = None;
        loop {
            let job = catch_unwind(AssertUnwindSafe(|| self.end_one()));
            match job {
                Ok(true) => {}
                Ok(false) => break,
                Err(first) => panic = panic.or(Some(first)),
            }
        }
        if let Some(panic) = panic
            && !std::thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}

impl Driver {
    /// Ends one request of a loop that is being dropped. False when there is none.
    fn end_one(&mut self) -> bool {
        match self.engine.poll(&mut self.state) {
            Output::Wait => {}
            Output::Ended { id, transfer, error } => {
                self.perform(Output::Ended { id, transfer, error });
                return true;
            }
            _ => return true,
        }
        match self.commands.pop_front() {
            Some(Command::Start(start)) => start.refuse(),
            Some(_) => {}
            None => return false,
        }
        true
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("engine", &self.engine).field("tokens", &self.tokens).finish_non_exhaustive()
    }
}
