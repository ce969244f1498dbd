//! Drives one transfer through the world: answers its outputs and moves the clock.

mod io;

use std::net::SocketAddr;
use std::time::Duration;

use petition_core::buffer::Retained;
use petition_core::http1::{LeniencySet, ResponseHead};
use petition_core::route::pool::{Pooled, Take};
use petition_core::{Acquire, Event, Input, IoFailure, Now, Output, Prepared, Side, Why};

use super::caller::{Caller, Reader};
use super::socket::{ConnectionState, Dialling};
use super::transcript::{Outcome, Transcript};
use super::world::World;
use crate::network::ManualTransfer;

/// Turns after which a run counts as endless.
const TURNS: usize = 4_000_000;

/// When a look-up is answered (`None`: never), and the answer.
pub(super) type Answer = (Option<Duration>, Result<Vec<SocketAddr>, IoFailure>);

struct Driver<'w> {
    world: &'w mut World,
    manual: ManualTransfer<usize>,
    caller: Caller,
    lookup: Option<Answer>,
    parked_read: bool,
    parked_write: bool,
    parked_body: Option<Duration>,
    discarded: bool,
    /// The final head.
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
        began: world.clock.now,
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
        manual: ManualTransfer::new(request, now),
        caller,
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
    if let Some(at) = driver.caller.cancel_at {
        driver.world.wake_at(at);
    }
    for turn in 0.. {
        assert!(turn < TURNS, "no end in sight: {:?}", driver.manual.transfer);
        if driver.turn(turn) {
            break;
        }
    }
    driver.finish()
}

impl Driver<'_> {
    fn begin_input(&mut self) -> Now {
        self.out.inputs += 1;
        self.idle_polls = 0;
        self.world.clocks()
    }

    fn input(&mut self, input: Input<'_>) {
        let now = self.begin_input();
        let what = format!("{input:?}");
        if let Err(misuse) = self.manual.transfer.handle(now, input) {
            panic!("{misuse}: {what} to {:?}", self.manual.transfer);
        }
    }

    /// Answers one output. Returns true at the end.
    fn turn(&mut self, turn: usize) -> bool {
        if self.caller.cancel_at_turn == Some(turn)
            || self.caller.cancel_at.is_some_and(|at| self.world.clock.now >= at)
        {
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
        let output = self.manual.transfer.poll();
        let limits = &self.manual.transfer.request().settings().limits;
        let held = self.manual.transfer.retained();
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
            self.out.debug += &format!("{output:?} {:?}\n", self.manual.transfer);
        }
        match output {
            Output::Event(event) => return self.event(event),
            Output::Sync => {
                let now = self.world.clocks();
                self.idle_polls = 0;
                self.manual.transfer.sync(now, &mut self.world.session).expect("a sync that was asked for");
            }
            Output::Acquire(Acquire::Any) => self.acquire(),
            Output::Acquire(Acquire::New) => self.input(Input::OpenNew),
            Output::Probe => {
                let socket = self.manual.socket.expect("a connection to look at");
                let readable = self.world.sockets[socket].wire.readable(self.world.clock.now);
                self.input(if readable { Input::Dead } else { Input::Alive });
            }
            Output::Resolve => {
                let (name, port) = self.manual.transfer.peer_name().expect("a name to look up");
                let name = name.to_owned();
                self.lookup = Some(self.world.lookup(&name, port));
            }
            Output::Connect(attempt) => {
                let address = self.manual.transfer.address(attempt).expect("an address to connect to").clone();
                let socket = self.world.open(address);
                self.manual.dial(attempt, socket);
            }
            Output::CancelConnect(attempt) => {
                let connection = self.manual.socket;
                let socket = self.manual.cancel_connect(attempt);
                if connection == Some(socket) {
                    self.unpark();
                }
                self.world.close(socket);
            }
            Output::Release => self.release(),
            Output::Close => {
                let socket = self.let_go();
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
            Event::Again(Why::Challenged) => "challenged".into(),
            Event::Again(Why::UpgradedToHttps) => "upgraded".into(),
            Event::Again(why) => panic!("{why:?} is new"),
            Event::Head(head) => {
                self.out.status = head.status().as_u16();
                self.out.head = head.raw().to_vec();
                self.out.undecoded = self.manual.transfer.undecoded().iter().map(|name| name.to_string()).collect();
                if self.caller.collects {
                    let limit = self.manual.transfer.request().settings().limits.body_bytes;
                    self.manual.transfer.limit_body("body_bytes", Some(limit));
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
        self.out.events.push((self.world.clock.now, word));
        last
    }

    /// Forgets what was blocked on the connection: it never becomes ready.
    fn unpark(&mut self) {
        (self.parked_read, self.parked_write) = (false, false);
    }

    fn let_go(&mut self) -> usize {
        self.unpark();
        self.manual.let_go()
    }

    fn acquire(&mut self) {
        let now = self.world.clocks();
        for (socket, _) in self.world.pool.expire(now.instant) {
            self.world.close(socket);
        }
        let route = self.manual.transfer.route().expect("a key for the pool");
        match self.world.pool.take(route, now.instant) {
            Take::Reuse { pooled } => {
                let (socket, link) = pooled.item;
                self.world.sockets[socket].state = ConnectionState::InUse;
                let peer = Some(self.world.sockets[socket].address.clone());
                self.manual.socket = Some(socket);
                self.out.used.push(socket);
                self.out.reused += 1;
                self.input(Input::Acquired { link, peer });
            }
            _ => self.input(Input::OpenNew),
        }
    }

    fn release(&mut self) {
        let now = self.world.clocks();
        let (key, link) = self.manual.transfer.take_link().expect("a link to keep");
        let socket = self.let_go();
        self.world.sockets[socket].state = ConnectionState::Pooled;
        let hint = link.http().keep_alive_timeout();
        let pooled = Pooled { key, item: (socket, link), opened_at: now.instant };
        if let Some((evicted, _)) = self.world.pool.put(pooled, now.instant, hint) {
            self.world.close(evicted);
        }
    }

    /// Reports what has become ready. Returns whether there was anything.
    fn report(&mut self) -> bool {
        let inputs = self.out.inputs;
        let now = self.world.clock.now;
        if let Some((Some(at), _)) = &self.lookup
            && *at <= now
            && let Some((_, answer)) = self.lookup.take()
            && !self.manual.transfer.is_ended()
        {
            match answer {
                Ok(addresses) => self.input(Input::Resolved(&addresses)),
                Err(failure) => self.input(Input::ResolveFailed(failure)),
            }
        }
        for (attempt, socket) in self.manual.attempts().to_vec() {
            let dialling = self.world.sockets[socket].dialling;
            if self.manual.transfer.is_ended()
                || self.manual.socket.is_some()
                || dialling.due().is_none_or(|at| at > now)
            {
                continue;
            }
            self.world.sockets[socket].dialling = Dialling::Over;
            match dialling {
                Dialling::Fails(_, kind) => {
                    self.world.close(socket);
                    let now = self.begin_input();
                    self.manual.connect_failed(now, attempt, IoFailure::new(kind)).expect("an attempt under way");
                }
                _ => {
                    self.out.used.push(socket);
                    let now = self.begin_input();
                    self.manual.connected(now, attempt, socket).expect("an attempt under way");
                }
            }
        }
        if let Some(socket) = self.manual.socket {
            let wire = &self.world.sockets[socket].wire;
            let (readable, writable) = (wire.readable(now), wire.room(now) != Ok(0) || wire.is_finished());
            if self.parked_write && writable {
                self.parked_write = false;
                self.input(Input::Ready(Side::Write));
            }
            if self.parked_read && readable {
                self.parked_read = false;
                self.input(Input::Ready(Side::Read));
            }
        }
        // Spurious blocking parks a side that is ready, which is reported here.
        if self.parked_body.is_some_and(|at| at <= now) {
            self.parked_body = None;
            self.input(Input::Ready(Side::Body));
        }
        self.out.inputs > inputs
    }

    /// Reports what is ready, or lets time pass.
    fn wait(&mut self) {
        if !self.report() {
            self.pass();
        }
    }

    /// Moves the clock to the next event or deadline.
    fn pass(&mut self) {
        let deadline = self.manual.transfer.deadline().map(|at| at.since_origin());
        let Some(next) = deadline.into_iter().chain(self.world.next_wake()).min() else {
            panic!("stuck for ever: {:?}, {:?}", self.manual.transfer, self.out.words());
        };
        self.stuck = if next > self.world.clock.now { 0 } else { self.stuck + 1 };
        assert!(self.stuck < 100, "time stands still: {:?}, {:?}", self.manual.transfer, self.out.words());
        self.world.advance(next);
        self.idle_polls = 0;
        if deadline.is_some_and(|at| at <= self.world.clock.now) {
            self.input(Input::Tick);
        }
    }

    fn finish(mut self) -> Transcript {
        self.out.ended = self.world.clock.now;
        self.out.history = self.manual.transfer.take_history();
        self.out.tolerated = self.manual.transfer.tolerated();
        if let (Outcome::Done, Some(head)) = (&self.out.outcome, &self.head) {
            self.out.content = Some(self.manual.transfer.text(head, self.out.body.clone()));
        }
        for _ in 0..3 {
            if !matches!(self.manual.transfer.poll(), Output::Wait) {
                self.out.after_end += 1;
            }
            self.input(Input::Tick);
            self.input(Input::Cancel);
        }
        // The transfer still returns the same error.
        let failed = match &self.out.outcome {
            Outcome::Failed(error) => Some(std::ptr::from_ref(error.report())),
            Outcome::Done => None,
        };
        let kept = self.manual.transfer.failure().map(|error| std::ptr::from_ref(error.report()));
        assert_eq!(kept, failed, "the error of a transfer that has ended");
        self.out.after_end +=
            usize::from(self.manual.transfer.deadline().is_some() || !self.manual.transfer.is_ended());
        self.out
    }
}
