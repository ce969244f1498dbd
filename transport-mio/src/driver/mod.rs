//! The driver: an engine and its sockets on a `mio::Registry`.
//!
//! The engine makes all decisions. This module handles edge-triggered readiness. A side is tried
//! until it would block, or until a short read or write shows that. Then it waits for its next
//! event. Consecutive requests thus cost one write, one read, and a share of a poll each.

mod commands;
mod sockets;
mod stream;

use std::collections::VecDeque;
use std::io::{self, ErrorKind as Io, Read};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use mio::{Events, Registry, Token, Waker};
use petition_core::engine::{Engine, Output, PollMark, SessionAccess, SocketId, TransferId};
use petition_core::route::pool::{PoolLimits, PoolStatistics};
use petition_core::{
    Error, Event, Input, Instant, IoFailure, Now, Session, Side, Transfer, Unavailable, discard_panic,
};
use petition_shared::{MultipartReader, SharedSession};

use crate::client::Client;
use crate::clock;
use crate::command::{Command, Delayed, RequestState};
use crate::connector::{Connector, Readiness};
use crate::job::{Collected, Flow, Job, UploadChunk};
use crate::queue::Inbox;
use crate::resolve::{Lookups, Resolver, SystemResolver};
use sockets::Conn;

/// The default time budget of a turn.
pub const TURN: Duration = Duration::from_millis(10);

/// How many steps without a callback may pass between clock readings.
const STEPS: u32 = 16;

/// The space for a body source to fill, in bytes.
const SPACE: usize = 64 * 1024;

/// The configuration of a [`Driver`].
pub struct DriverConfig {
    /// Limits on idle and open connections. Default: [`PoolLimits::DEFAULT`], with 64 idle
    /// connections per origin and 1,024 in total.
    pub pool: PoolLimits,
    /// The resolver. Default: [`SystemResolver`], on helper threads.
    pub resolver: Box<dyn Resolver>,
    /// The connector, which sees each target first. Default: none; connections are TCP or Unix
    /// sockets.
    pub connector: Option<Box<dyn Connector>>,
    /// Options and cookies. Default: a new session.
    pub session: SharedSession,
}

impl Default for DriverConfig {
    fn default() -> Self {
        let pool = PoolLimits::DEFAULT.idle_total(1024).idle_per_key(64);
        DriverConfig { pool, resolver: Box::new(SystemResolver), connector: None, session: SharedSession::default() }
    }
}

/// A client on the caller's own `mio::Registry`, within a range of its tokens.
///
/// After each poll, the caller passes every event to [`Driver::ready`], and calls
/// [`Driver::mark_polled`] and [`Driver::turn`]. [`EventLoop`](crate::EventLoop) does that with its
/// own `Poll`.
///
/// A panic in a callback propagates through [`Driver::turn`]; the driver can be turned again
/// afterwards.
///
/// Dropping it ends every request with an error of kind
/// [`Cancelled`](petition_core::ErrorKind::Cancelled); every callback runs.
#[must_use = "nothing happens until it is turned"]
pub struct Driver {
    engine: Engine,
    state: Shared,
    registry: Registry,
    tokens: Range<usize>,
    /// By [`SocketId::index`].
    sockets: Vec<Option<Conn>>,
    connector: Option<Box<dyn Connector>>,
    /// The open streams that no poll reports.
    unpolled: Vec<SocketId>,
    readiness: Readiness,
    /// By [`TransferId::index`].
    jobs: Vec<Option<Entry>>,
    inbox: Arc<Inbox>,
    /// Commands taken from the queue and not run yet.
    commands: VecDeque<Command>,
    /// How many of them start a request.
    starts: usize,
    /// Requests that start later.
    delayed: Vec<Delayed>,
    lookups: Lookups,
    /// The current time: read at the start of a turn, after each callback, and every few steps.
    now: Now,
    /// The number of steps since the clock was read.
    steps: u32,
    space: Vec<u8>,
    /// The allocation for the next collected response.
    collected: Option<Box<Collected>>,
    stopped: bool,
    /// Set at the end of each turn: sockets are read and connections acquired only in turns.
    mark: PollMark,
    /// Whether the poll before this turn was complete.
    told: bool,
    /// The statistics last published to the clients.
    reported: PoolStatistics,
}

struct Entry {
    job: Job,
    /// `None` if no handle exists.
    ticket: Option<Arc<RequestState>>,
    /// The source of the request body, unless the job provides it.
    source: Option<Box<MultipartReader>>,
}

impl Entry {
    /// Provides bytes of the request body.
    fn upload(&mut self, space: &mut [u8]) -> Result<UploadChunk, String> {
        let Some(source) = &mut self.source else { return self.job.upload(space) };
        loop {
            return match source.read(space) {
                Ok(0) => Ok(UploadChunk::End),
                Ok(n) => Ok(UploadChunk::Bytes(n)),
                Err(error) if error.kind() == Io::Interrupted => continue,
                Err(error) => Err(error.to_string()),
            };
        }
    }

    /// Rewinds the request body.
    fn rewind(&mut self) -> bool {
        match &mut self.source {
            Some(source) => source.rewind().unwrap_or(false),
            None => self.job.rewind(),
        }
    }
}

struct Shared(SharedSession);

impl SessionAccess for Shared {
    fn with<R>(&mut self, f: impl FnOnce(&mut Session) -> R) -> Result<R, Unavailable> {
        self.0.access((), |()| None, |(), session| f(session))
    }
}

impl Driver {
    /// Creates a driver that registers its sockets with `registry`, under tokens of `tokens` only.
    /// The first token is for waking, each other one for one socket. Connections beyond them fail.
    ///
    /// # Errors
    /// If the registry cannot be cloned or no waker can be created, for example for lack of
    /// descriptors; or if the range is empty.
    pub fn new(registry: &Registry, tokens: Range<usize>, config: DriverConfig) -> io::Result<Driver> {
        if tokens.is_empty() {
            return Err(io::Error::new(Io::InvalidInput, "the range of tokens is empty"));
        }
        let inbox = Arc::new(Inbox::new(Waker::new(registry, Token(tokens.start))?));
        let mut engine = Engine::new(config.pool);
        Ok(Driver {
            mark: engine.begin_poll(),
            told: false,
            reported: PoolStatistics::default(),
            engine,
            state: Shared(config.session),
            registry: registry.try_clone()?,
            tokens,
            sockets: Vec::new(),
            connector: config.connector,
            unpolled: Vec::new(),
            readiness: Readiness::new(inbox.clone()),
            jobs: Vec::new(),
            commands: VecDeque::new(),
            starts: 0,
            delayed: Vec::new(),
            now: clock::now(),
            steps: 0,
            lookups: Lookups::new(config.resolver, inbox.clone()),
            inbox,
            space: Vec::new(),
            collected: None,
            stopped: false,
        })
    }

    /// Returns a client that submits requests.
    pub fn client(&self) -> Client {
        Client::new(self.inbox.clone(), self.state.0.clone())
    }

    /// Reports that the poll with these events succeeded. Call it before [`Driver::turn`], after
    /// passing each event to [`Driver::ready`]. The poll must have begun after the last turn ended.
    ///
    /// An idle connection without an event in such a poll can be reused. Without this call, each
    /// one is probed individually, at one more system call per request. The same happens if the
    /// poll filled `events`, since more sockets may have been ready.
    pub fn mark_polled(&mut self, events: &Events) {
        self.told = events.iter().count() < events.capacity();
    }

    /// Performs the work that is due: runs commands and callbacks, reads and writes. Call it after
    /// each poll, after passing its events.
    ///
    /// `budget` bounds the time, to within a few steps or one callback. The default is [`TURN`], so
    /// that a connection that never pauses does not keep the others from being polled. Returns true
    /// if work is left: poll without waiting, and turn again.
    ///
    /// In a child process, it ends every request with an error of kind
    /// [`Cancelled`](petition_core::ErrorKind::Cancelled): sockets and poll belong to the parent.
    pub fn turn(&mut self, budget: Option<Duration>) -> bool {
        if !self.is_here() {
            self.end_in_child();
            return false;
        }
        let _turn = Inbox::turn(&self.inbox);
        self.now = clock::now();
        let until = self.now.instant + budget.unwrap_or(TURN);
        if std::mem::take(&mut self.told) {
            self.engine.mark_polled(self.now, self.mark);
        } else {
            self.engine.probe_individually();
        }
        let left = self.work(until);
        self.lookups.go_on();
        self.report();
        self.mark = self.engine.begin_poll();
        left
    }

    /// Works until nothing is left, or the time is over. Returns true if work is left.
    fn work(&mut self, until: Instant) -> bool {
        self.inbox.awake();
        self.engine.tick(self.now);
        self.steps = 0;
        self.start_delayed();
        loop {
            // Commands and running requests alternate, so that neither starves the other.
            let ran_command = self.run_command();
            let output = self.engine.poll(&mut self.state);
            if let Output::Wait = output
                && !ran_command
            {
                // Requests wait for the next poll.
                if self.engine.awaits_poll() && self.inbox.is_empty() {
                    return true;
                }
                // Commands from callbacks belong to this turn.
                if self.inbox.sleep() {
                    return false;
                }
            }
            self.perform(output);
            self.steps += 1;
            if self.steps == STEPS {
                self.read_clock();
            }
            if self.now.instant >= until {
                return true;
            }
        }
    }

    /// Whether this is the process that created the driver.
    pub(crate) fn is_here(&self) -> bool {
        self.inbox.is_here()
    }

    #[cold]
    fn end_in_child(&mut self) {
        self.close_inbox();
        while self.end_one() {}
        // Close this process's copies only: the registrations belong to the parent.
        self.sockets.clear();
        self.unpolled.clear();
    }

    /// Publishes the pool's statistics to the clients, if they have changed.
    fn report(&mut self) {
        let statistics = self.engine.statistics();
        if statistics != self.reported {
            self.reported = statistics;
            self.inbox.report(statistics);
        }
    }

    fn read_clock(&mut self) {
        self.now.instant = clock::instant();
        self.steps = 0;
    }

    /// Whether there is work to do at once.
    pub(crate) fn has_work(&self) -> bool {
        !self.commands.is_empty() || !self.inbox.is_empty() || self.engine.awaits_poll() || !self.engine.is_at_rest()
    }

    /// Whether a request waits for the next poll: see [`Driver::mark_polled`].
    pub(crate) fn awaits_poll(&self) -> bool {
        self.engine.awaits_poll()
    }

    /// Returns the time until [`Driver::turn`] has work without an event; `None` if only events
    /// bring work.
    pub fn timeout(&self) -> Option<Duration> {
        if self.engine.awaits_poll() {
            return Some(Duration::ZERO);
        }
        let delayed = self.delayed.iter().map(|delayed| delayed.0).min();
        self.engine.deadline().into_iter().chain(delayed).min().map(|at| at - clock::instant())
    }

    /// Returns the number of requests that have not ended, including those not started yet.
    pub fn len(&self) -> usize {
        self.engine.len() + self.starts + self.delayed.len() + self.inbox.starts()
    }

    /// Whether there are no requests.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of open sockets, idle ones included.
    pub fn sockets(&self) -> usize {
        self.engine.sockets()
    }

    /// Returns the statistics of the pool.
    pub fn statistics(&self) -> PoolStatistics {
        self.engine.statistics()
    }

    /// Closes all idle connections, at the next turn.
    pub fn close_idle(&mut self) {
        self.engine.close_idle();
    }

    /// Whether [`Client::stop`] was called since the last check.
    pub(crate) fn take_stopped(&mut self) -> bool {
        std::mem::take(&mut self.stopped)
    }

    #[inline(always)]
    fn perform(&mut self, output: Output) {
        match output {
            Output::Transmit(socket) => self.transmit(socket),
            Output::Read(socket) => self.read(socket),
            Output::Body(id) => self.body(id),
            Output::Event(id, event) => self.event(id, event),
            Output::Ended { id, transfer, error } => self.end(id, transfer, error),
            Output::Connect(socket) => {
                if let Err(error) = self.connect(socket) {
                    told(self.engine.connect_failed(self.now, socket, IoFailure::from(&error)));
                }
            }
            Output::Close(socket) => self.close(socket),
            Output::Probe(socket) => self.check(socket),
            Output::Resolve(id) => self.resolve(id),
            Output::NeedBody(id) => self.supply(id),
            Output::Rewind(id) => {
                let rewound = self.with_entry(id, |_, entry| entry.rewind()).unwrap_or_default();
                let input = if rewound { Input::Rewound } else { Input::NotRewound };
                told(self.engine.transfer_input(self.now, id, input));
            }
            Output::Wait => {}
        }
    }

    /// Ends the job of a request.
    fn end(&mut self, id: TransferId, transfer: Transfer, error: Option<Error>) {
        self.lookups.leave(id);
        self.report();
        if let Some(entry) = self.jobs.get_mut(id.index()).and_then(Option::take) {
            if let Some(ticket) = &entry.ticket
                && self.is_here()
            {
                ticket.set_transfer(None);
            }
            let delayed = entry.job.end(Some(transfer), error, &mut self.collected);
            self.read_clock();
            if let Some(delayed) = delayed {
                self.delay(delayed);
            }
        }
    }

    /// Calls into a job as [`Driver::with_entry`] does.
    fn with_job<R>(&mut self, id: TransferId, call: impl FnOnce(&mut Driver, &mut Job) -> R) -> Option<R> {
        self.with_entry(id, |driver, entry| call(driver, &mut entry.job))
    }

    /// Calls into a job. If it panics, the request is cancelled, and the panic resumes once the job
    /// is back in its slot. The job is ended like any other.
    fn with_entry<R>(&mut self, id: TransferId, call: impl FnOnce(&mut Driver, &mut Entry) -> R) -> Option<R> {
        let mut entry = self.jobs.get_mut(id.index()).and_then(Option::take)?;
        let result = catch_unwind(AssertUnwindSafe(|| call(self, &mut entry)));
        // The call may have taken any time.
        self.read_clock();
        if let Some(place) = self.jobs.get_mut(id.index()) {
            *place = Some(entry);
        }
        match result {
            Ok(result) => Some(result),
            Err(panic) => {
                self.engine.cancel(self.now, id);
                resume_unwind(panic)
            }
        }
    }

    fn resolve(&mut self, id: TransferId) {
        let Some((host, port)) = self.engine.peer_name(id) else { return };
        if let Err(error) = self.lookups.begin(id, host, port) {
            told(self.engine.transfer_input(self.now, id, Input::ResolveFailed(IoFailure::from(&error))));
        }
    }

    fn body(&mut self, id: TransferId) {
        let taken =
            if let Some(Some(Entry { job: Job::Collect(_, Some(collected)), .. })) = self.jobs.get_mut(id.index()) {
                let piece = self.engine.body(id);
                collected.data(piece);
                Some((Some(Flow::Continue), piece.len()))
            } else {
                self.with_job(id, |driver, job| {
                    let piece = driver.engine.body(id);
                    (job.data(piece), piece.len())
                })
            };
        let Some((flow, n)) = taken else { return };
        if flow == Some(Flow::Pause) {
            self.engine.pause(id);
        }
        told(self.engine.transfer_input(self.now, id, Input::Consumed(n)));
        if flow.is_none() {
            self.engine.cancel(self.now, id);
        }
    }

    /// Reads the source until the space is full or no more bytes are available. Small pieces then
    /// share a write and a chunk.
    fn supply(&mut self, id: TransferId) {
        self.space.resize(SPACE, 0);
        let room = self.engine.transfer(id).map_or(0, |transfer| transfer.body_room()).min(self.space.len());
        let mut space = std::mem::take(&mut self.space);
        let supplied = self.with_entry(id, |_, entry| gather(entry, space.get_mut(..room).unwrap_or_default()));
        let now = self.now;
        if let Some((n, then)) = supplied {
            let bytes = space.get(..n).unwrap_or_default();
            if !bytes.is_empty() {
                let pushed = self.engine.push_body(now, id, bytes);
                debug_assert!(pushed.is_ok_and(|taken| taken == bytes.len()), "{pushed:?}");
            }
            let input = match then {
                None => None,
                Some(Ok(End::Later)) => Some(Input::Blocked(Side::Body)),
                Some(Ok(End::Over)) => Some(Input::BodyEnd),
                Some(Err(words)) => Some(Input::BodyFailed(words)),
            };
            // A deadline may have ended the transfer meanwhile.
            if let (Some(input), true) = (input, self.engine.transfer(id).is_some_and(|transfer| !transfer.is_ended()))
            {
                told(self.engine.transfer_input(now, id, input));
            }
        }
        self.space = space;
    }

    fn event(&mut self, id: TransferId, event: Event) {
        match event {
            Event::Head(head) => {
                let (Some(transfer), Some(Some(entry))) = (self.engine.transfer(id), self.jobs.get_mut(id.index()))
                else {
                    return;
                };
                if let Job::Parse(parse) = &mut entry.job
                    && !parse.open(transfer, &head)
                {
                    return self.engine.cancel(self.now, id);
                }
                match &mut entry.job {
                    Job::Collect(_, collected) => {
                        // The whole body is stored.
                        let limit = transfer.request().settings().limits.body_bytes;
                        self.engine.limit_body(id, "body_bytes", Some(limit));
                        *collected = Some(Collected::begin(self.collected.take(), head));
                    }
                    Job::Stream(_) | Job::Parse(_) => drop(self.with_job(id, |driver, job| {
                        if let Some(info) = driver.engine.response_info(id, head) {
                            job.head(info);
                        }
                    })),
                }
            }
            Event::Informational(head) => drop(self.with_job(id, |_, job| job.informational(head))),
            Event::Again(_) | Event::Done | Event::Failed(_) => {}
        }
    }
}

/// Why a source gave no more bytes.
enum End {
    Later,
    Over,
}

/// Fills the space from a source with the available bytes. Returns their number, and why there are
/// no more, if so.
fn gather(entry: &mut Entry, space: &mut [u8]) -> (usize, Option<Result<End, String>>) {
    let mut n = 0;
    loop {
        let rest = space.get_mut(n..).unwrap_or_default();
        if rest.is_empty() {
            return (n, None);
        }
        let room = rest.len();
        match entry.upload(rest) {
            Ok(UploadChunk::Bytes(given)) if given > room => {
                return (n, Some(Err(format!("the source reported {given} bytes for a buffer of {room}"))));
            }
            Ok(UploadChunk::Bytes(given @ 1..)) => n += given,
            Ok(UploadChunk::Bytes(_) | UploadChunk::Later) => return (n, Some(Ok(End::Later))),
            Ok(UploadChunk::End) => return (n, Some(Ok(End::Over))),
            Err(words) => return (n, Some(Err(words))),
        }
    }
}

/// Checks that the engine accepted an input: rejecting one would be a bug of this crate.
fn told(result: Result<(), petition_core::Misuse>) {
    debug_assert_eq!(result, Ok(()));
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.close_inbox();
        let mut panic = None;
        loop {
            let job = catch_unwind(AssertUnwindSafe(|| self.end_one()));
            match job {
                Ok(true) => {}
                Ok(false) => break,
                Err(another) => match panic {
                    None => panic = Some(another),
                    Some(_) => discard_panic(another),
                },
            }
        }
        match panic {
            Some(panic) if std::thread::panicking() => discard_panic(panic),
            Some(panic) => resume_unwind(panic),
            None => {}
        }
    }
}

impl Driver {
    /// Cancels every request, including those not started.
    fn close_inbox(&mut self) {
        self.commands.extend(self.inbox.close());
        self.engine.cancel_all(clock::now());
    }

    /// Ends one request after the loop has ended. Returns false if there is none.
    fn end_one(&mut self) -> bool {
        match self.engine.poll(&mut self.state) {
            Output::Wait => {}
            Output::Ended { id, transfer, error } => {
                self.end(id, transfer, error);
                return true;
            }
            _ => return true,
        }
        match self.commands.pop_front() {
            Some(Command::Start(start)) => start.refuse(),
            Some(_) => {}
            None => match self.delayed.pop() {
                Some(delayed) => delayed.1.refuse(),
                None => return false,
            },
        }
        true
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("engine", &self.engine).field("tokens", &self.tokens).finish_non_exhaustive()
    }
}
