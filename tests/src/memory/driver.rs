//! Drives one transfer through the world: answers what it asks, and moves the clock.

use std::net::SocketAddr;
use std::time::Duration;

use petition_core::buffer::Retained;
use petition_core::http1::{LeniencySet, ResponseHead};
use petition_core::route::dial::AttemptId;
use petition_core::route::pool::{Pooled, Take};
use petition_core::{Acquire, Event, Input, IoFailure, Output, Prepared, Side, Transfer, Why};

use super::socket::{ConnectionState, Dialling};
use super::transcript::{Outcome, Transcript};
use super::upload::{Piece, Source};
use super::world::World;

/// How the caller of a transfer behaves.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The request body, where that is a stream.
    pub source: Source,
    /// What is done with the response body.
    pub reader: Reader,
    /// The body is collected as a whole, under the limit on that.
    pub collects: bool,
    /// Cancel before this turn of the driver.
    pub cancel_at_turn: Option<usize>,
    /// Cancel at this time.
    pub cancel_at: Option<Duration>,
}

/// What is done with the response body.
#[derive(Clone, Copy, Debug, Default)]
pub enum Reader {
    /// It is read.
    #[default]
    Reads,
    /// After so many bytes nothing is read until that time.
    Pauses(usize, Duration),
    /// After so many bytes the caller wants no more.
    Discards(usize),
}

/// Turns after which a run counts as endless.
const TURNS: usize = 4_000_000;

/// When a look-up is answered, if ever, and how.
pub(super) type Answer = (Option<Duration>, Result<Vec<SocketAddr>, IoFailure>);

struct Driver<'w> {
    world: &'w mut World,
    transfer: Transfer,
    caller: Caller,
    /// The connection's socket.
    socket: Option<usize>,
    attempts: Vec<(AttemptId, usize)>,
    lookup: Option<Answer>,
    parked_read: bool,
    parked_write: bool,
    parked_body: Option<Duration>,
    discarded: bool,
    /// The final one.
    head: Option<ResponseHead>,
    /// Polls since the last input, and turns since time moved.
    idle_polls: usize,
    stuck: usize,
    out: Transcript,
}

pub(super) fn drive(world: &mut World, request: Prepared, caller: Caller) -> Transcript {
    let now = world.clocks();
    let out = Transcript {
        events: Vec::new(),
        status: 0,
        head: Vec::new(),
        body: Vec::new(),
        outcome: Outcome::Done,
        ended: Duration::ZERO,
        began: world.now,
        history: Vec::new(),
        used: Vec::new(),
        reused: 0,
        undecoded: Vec::new(),
        tolerated: LeniencySet::EMPTY,
        content: None,
        debug: String::new(),
        retained: Retained::default(),
        polls: 0,
        inputs: 0,
        after_end: 0,
    };
    let mut driver = Driver {
        world,
        transfer: Transfer::new(request, now),
        caller,
        socket: None,
        attempts: Vec::new(),
        lookup: None,
        parked_read: false,
        parked_write: false,
        parked_body: None,
        discarded: false,
        head: None,
        idle_polls: 0,
        stuck: 0,
        out,
    };
    for turn in 0.. {
        assert!(turn < TURNS, "no end in sight: {:?}", driver.transfer);
        if driver.turn(turn) {
            break;
        }
    }
    driver.finish()
}

impl Driver<'_> {
    fn input(&mut self, input: Input<'_>) {
        let now = self.world.clocks();
        let what = format!("{input:?}");
        self.out.inputs += 1;
        self.idle_polls = 0;
        if let Err(misuse) = self.transfer.handle(now, input) {
            panic!("{misuse}: {what} to {:?}", self.transfer);
        }
    }

    /// One output and its answer. True at the end.
    fn turn(&mut self, turn: usize) -> bool {
        if self.caller.cancel_at_turn == Some(turn) || self.caller.cancel_at.is_some_and(|at| self.world.now >= at) {
            self.caller.cancel_at = None;
            self.input(Input::Cancel);
        }
        if self.world.style.noise(8) {
            self.input(Input::Tick);
        }
        self.world.run_peers();
        if self.world.style.noise(3) {
            self.report();
        }
        let output = self.transfer.poll();
        let limits = &self.transfer.request().settings().limits;
        let held = self.transfer.retained();
        super::invariants::memory_is_bounded(held, 1, 0, true, super::invariants::SLICE, limits);
        let most = &mut self.out.retained;
        *most = Retained { received: held.received.max(most.received), outgoing: held.outgoing.max(most.outgoing) };
        self.out.polls += 1;
        self.idle_polls += 1;
        assert!(self.idle_polls < 200, "polled 200 times without asking for anything new: {output:?}");
        let offer = matches!(
            output,
            Output::Sync
                | Output::Probe
                | Output::Transmit
                | Output::Read
                | Output::NeedBody
                | Output::Body
                | Output::Wait
        );
        if offer && self.world.style.noise(4) {
            return false;
        }
        if !offer {
            self.out.debug += &format!("{output:?} {:?}\n", self.transfer);
        }
        match output {
            Output::Event(event) => return self.event(event),
            Output::Sync => {
                let now = self.world.clocks();
                self.idle_polls = 0;
                self.transfer.sync(now, &mut self.world.session).expect("a sync that was asked for");
            }
            Output::Acquire(Acquire::Any) => self.acquire(),
            Output::Acquire(Acquire::New) => self.input(Input::OpenNew),
            Output::Probe => {
                let socket = self.socket.expect("a connection to look at");
                let readable = self.world.sockets[socket].line.readable();
                self.input(if readable { Input::Dead } else { Input::Alive });
            }
            Output::Resolve => {
                let (name, port) = self.transfer.peer_name().expect("a name to look up");
                let name = name.to_owned();
                self.lookup = Some(self.world.lookup(&name, port));
            }
            Output::Connect(attempt, address) => {
                let socket = self.world.open(address);
                self.attempts.push((attempt, socket));
            }
            Output::CancelConnect(attempt) => {
                let at = self.attempts.iter().position(|&(id, _)| id == attempt).expect("an attempt under way");
                let (_, socket) = self.attempts.remove(at);
                if self.socket == Some(socket) {
                    self.forget_socket();
                }
                self.world.close(socket);
            }
            Output::Release => self.release(),
            Output::Close => {
                let socket = self.forget_socket();
                self.world.close(socket);
            }
            Output::Transmit => self.transmit(),
            Output::Read => self.read(),
            Output::NeedBody => self.supply(),
            Output::Rewind => {
                self.caller.source.at = 0;
                let can = self.caller.source.rewindable;
                self.input(if can { Input::Rewound } else { Input::NotRewound });
            }
            Output::Body => self.consume(),
            Output::Wait => self.wait(),
        }
        false
    }

    fn event(&mut self, event: Event) -> bool {
        let mut last = false;
        let word = match event {
            Event::Informational(head) => format!("{}", head.status().as_u16()),
            Event::Again(Why::Redirect) => "redirected".into(),
            Event::Again(Why::ExpectationFailed) => "expect refused".into(),
            Event::Again(Why::ConnectionLost) => "retried".into(),
            Event::Again(why) => panic!("{why:?} is new"),
            Event::Head(head) => {
                self.out.status = head.status().as_u16();
                self.out.head = head.raw().to_vec();
                self.out.undecoded = self.transfer.undecoded().iter().map(|name| name.to_string()).collect();
                if self.caller.collects {
                    let limit = self.transfer.request().settings().limits.body_bytes;
                    self.transfer.limit_body("body_bytes", Some(limit));
                }
                if let Reader::Discards(0) = self.caller.reader {
                    self.discard();
                }
                let word = format!("head {}", self.out.status);
                self.head = Some(head);
                word
            }
            Event::Done => {
                last = true;
                "done".into()
            }
            Event::Failed(error) => {
                last = true;
                self.out.outcome = Outcome::Failed(error);
                "failed".into()
            }
        };
        self.out.events.push((self.world.now, word));
        last
    }

    /// Nothing is awaited of the connection any more: what was blocked on it never becomes ready.
    fn forget_socket(&mut self) -> usize {
        let socket = self.socket.take().expect("a connection to give away");
        self.attempts.retain(|&(_, other)| other != socket);
        (self.parked_read, self.parked_write) = (false, false);
        socket
    }

    fn acquire(&mut self) {
        let now = self.world.clocks();
        for (socket, _) in self.world.pool.expire(now.instant) {
            self.world.close(socket);
        }
        let route = self.transfer.route().expect("a key for the pool");
        match self.world.pool.take(route, now.instant) {
            Take::Reuse { pooled } => {
                let (socket, link) = pooled.item;
                self.world.sockets[socket].state = ConnectionState::InUse;
                let peer = Some(self.world.sockets[socket].address);
                self.socket = Some(socket);
                self.out.used.push(socket);
                self.out.reused += 1;
                self.input(Input::Acquired { link, peer });
            }
            _ => self.input(Input::OpenNew),
        }
    }

    fn release(&mut self) {
        let now = self.world.clocks();
        let (key, link) = self.transfer.take_link().expect("a link to keep");
        let socket = self.forget_socket();
        self.world.sockets[socket].state = ConnectionState::Pooled;
        let hint = link.http().keep_alive_timeout();
        let pooled = Pooled { key, item: (socket, link), opened_at: now.instant };
        if let Some((evicted, _)) = self.world.pool.put(pooled, now.instant, hint) {
            self.world.close(evicted);
        }
    }

    fn transmit(&mut self) {
        let socket = self.socket.expect("a connection to write to");
        let bytes = self.transfer.outgoing();
        assert!(!bytes.is_empty(), "asked to transmit nothing");
        if self.world.style.noise(6) {
            self.parked_write = true;
            return self.input(Input::Blocked(Side::Write));
        }
        let n = self.world.style.cut(bytes.len());
        match self.world.sockets[socket].line.write(&bytes[..n]) {
            Ok(0) if self.world.style.blocking => self.wait(),
            Ok(0) => {
                self.parked_write = true;
                self.input(Input::Blocked(Side::Write));
            }
            Ok(n) => self.input(Input::Wrote(n)),
            Err(error) => self.input(Input::Failed(Side::Write, (&error).into())),
        }
    }

    fn read(&mut self) {
        let socket = self.socket.expect("a connection to read from");
        if self.world.style.noise(6) {
            self.parked_read = true;
            return self.input(Input::Blocked(Side::Read));
        }
        let in_place = self.world.style.rng().one_in(2);
        let most = if in_place { self.transfer.space().len() } else { 16 * 1024 };
        assert!(most > 0, "asked to read into nothing");
        let n = self.world.style.cut(most);
        match self.world.sockets[socket].line.read(n) {
            None if self.world.style.blocking => self.wait(),
            None => {
                self.parked_read = true;
                self.input(Input::Blocked(Side::Read));
            }
            Some(Ok(bytes)) if bytes.is_empty() => self.input(Input::Eof),
            Some(Ok(bytes)) if in_place => {
                self.transfer.space()[..bytes.len()].copy_from_slice(&bytes);
                self.input(Input::Filled(bytes.len()));
            }
            Some(Ok(bytes)) => self.input(Input::Received(&bytes)),
            Some(Err(error)) => self.input(Input::Failed(Side::Read, (&error).into())),
        }
    }

    fn supply(&mut self) {
        assert!(
            self.transfer.outgoing().is_empty() || self.transfer.is_blocked(Side::Write),
            "T52: the source is asked although output waits to be written"
        );
        if self.world.style.noise(6) {
            self.parked_body = Some(self.world.now);
            return self.input(Input::Blocked(Side::Body));
        }
        match self.caller.source.next(self.world.now) {
            Piece::Bytes(bytes) => {
                let n = self.world.style.cut(bytes.len());
                let now = self.world.clocks();
                self.idle_polls = 0;
                let taken = self.transfer.push_body(now, &bytes[..n]).expect("a body that was asked for");
                self.caller.source.at += taken;
            }
            // A driver that blocks in the caller's code sees nothing meanwhile.
            Piece::NotBefore(time) if self.world.style.blocking => {
                while let Some(wake) = self.world.next_wake().filter(|&wake| wake < time) {
                    self.world.now = wake;
                    self.world.run_peers();
                }
                self.world.now = time;
                self.idle_polls = 0;
            }
            Piece::NotBefore(time) => {
                self.parked_body = Some(time);
                self.input(Input::Blocked(Side::Body));
            }
            Piece::End => self.input(Input::BodyEnd),
            Piece::Failed => self.input(Input::BodyFailed("the file is gone".into())),
        }
    }

    fn discard(&mut self) {
        self.discarded = true;
        self.input(Input::Discard);
    }

    fn consume(&mut self) {
        assert!(!self.discarded, "a body was offered that nobody wants");
        let have = self.out.body.len();
        let mut most = self.transfer.body().len();
        assert!(most > 0, "an empty body was offered");
        match self.caller.reader {
            Reader::Pauses(after, until) if self.world.now < until => {
                most = most.min(after.saturating_sub(have));
                if most == 0 {
                    return self.pass(Some(until));
                }
            }
            Reader::Discards(after) => {
                most = most.min(after.saturating_sub(have));
                if most == 0 {
                    return self.discard();
                }
            }
            _ => {}
        }
        let n = if self.world.style.noise(6) { 0 } else { self.world.style.cut(most) };
        self.out.body.extend_from_slice(&self.transfer.body()[..n]);
        self.input(Input::Consumed(n));
    }

    /// Tells what has become ready or has come to pass. Whether there was anything.
    fn report(&mut self) -> bool {
        let inputs = self.out.inputs;
        let now = self.world.now;
        if let Some((Some(at), _)) = &self.lookup
            && *at <= now
            && let Some((_, answer)) = self.lookup.take()
            && !self.transfer.is_ended()
        {
            match answer {
                Ok(addresses) => self.input(Input::Resolved(&addresses)),
                Err(failure) => self.input(Input::ResolveFailed(failure)),
            }
        }
        for (attempt, socket) in self.attempts.clone() {
            let dialling = self.world.sockets[socket].dialling;
            if self.transfer.is_ended() || self.socket.is_some() || dialling.due().is_none_or(|at| at > now) {
                continue;
            }
            self.world.sockets[socket].dialling = Dialling::Over;
            match dialling {
                Dialling::Fails(_, kind) => {
                    self.attempts.retain(|&(id, _)| id != attempt);
                    self.world.close(socket);
                    self.input(Input::ConnectFailed(attempt, IoFailure::new(kind)));
                }
                _ => {
                    self.socket = Some(socket);
                    self.out.used.push(socket);
                    self.input(Input::Connected(attempt));
                }
            }
        }
        if let Some(socket) = self.socket {
            let line = &self.world.sockets[socket].line;
            let (readable, writable) = (line.readable(), line.room_to_peer() > 0 || line.deaf || line.end.is_some());
            if self.parked_write && writable {
                self.parked_write = false;
                self.input(Input::Ready(Side::Write));
            }
            if self.parked_read && readable {
                self.parked_read = false;
                self.input(Input::Ready(Side::Read));
            }
        }
        // Spurious blocking leaves a side parked that is ready: it says so here.
        if self.parked_body.is_some_and(|at| at <= now) {
            self.parked_body = None;
            self.input(Input::Ready(Side::Body));
        }
        self.out.inputs > inputs
    }

    /// Nothing can be done now.
    fn wait(&mut self) {
        if !self.report() {
            self.pass(None);
        }
    }

    /// Moves the clock to whatever is next.
    fn pass(&mut self, wake: Option<Duration>) {
        let deadline = self.transfer.deadline().map(|at| at.since_origin());
        let lookup = self.lookup.as_ref().and_then(|(at, _)| *at);
        let dialled = self.attempts.iter().filter_map(|&(_, socket)| self.world.sockets[socket].dialling.due()).min();
        let mut times = vec![deadline, lookup, dialled, self.parked_body, wake, self.world.next_wake()];
        times.push(self.caller.cancel_at);
        let Some(next) = times.into_iter().flatten().min() else {
            panic!("stuck for ever: {:?}, {:?}", self.transfer, self.out.words());
        };
        self.stuck = if next > self.world.now { 0 } else { self.stuck + 1 };
        assert!(self.stuck < 100, "time stands still: {:?}, {:?}", self.transfer, self.out.words());
        self.world.now = self.world.now.max(next);
        self.idle_polls = 0;
        if deadline.is_some_and(|at| at <= self.world.now) {
            self.input(Input::Tick);
        }
    }

    fn finish(mut self) -> Transcript {
        self.out.ended = self.world.now;
        self.out.history = self.transfer.take_history();
        self.out.tolerated = self.transfer.tolerated();
        if let (Outcome::Done, Some(head)) = (&self.out.outcome, &self.head) {
            self.out.content = Some(self.transfer.text(head, self.out.body.clone()));
        }
        for _ in 0..3 {
            if !matches!(self.transfer.poll(), Output::Wait) {
                self.out.after_end += 1;
            }
            self.input(Input::Tick);
            self.input(Input::Cancel);
        }
        // How it failed can still be asked, and what is told is that.
        let failed = match &self.out.outcome {
            Outcome::Failed(error) => Some(std::ptr::from_ref(error.report())),
            Outcome::Done => None,
        };
        let kept = self.transfer.failure().map(|error| std::ptr::from_ref(error.report()));
        assert_eq!(kept, failed, "the error of a transfer that has ended");
        self.out.after_end += usize::from(self.transfer.deadline().is_some() || !self.transfer.is_ended());
        self.out
    }
}
