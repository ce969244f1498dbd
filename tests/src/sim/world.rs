//! The simulated world: clock, names, connections, servers, callers. Time passes only when nothing
//! else can happen, and then to the next event.

use std::collections::BTreeMap;
use std::time::Duration;

use petition_core::{Error, Now, Session, Side};

use super::answer::Rendered;
use super::cookies::Model;
use super::inputs::DriverInput;
use super::origins::ORIGINS;
use super::plan::{Mix, Plan};
use super::recorder::Recorder;
use super::stale::Stale;
use super::wire::Wire;
use crate::memory::ms;
use crate::network::{Clock, End, EventQueue};
use crate::rng::Rng;

/// After this many turns, a run is endless.
const TURNS: usize = 2_000_000;

/// An event of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheduled {
    Start(usize),
    Cancel(usize),
    Resume(usize),
    BodyReady(usize),
    Lookup(u32),
    Dialled(u32),
    ToServer(u32),
    ToClient(u32),
    ServerWakes(u32),
    Ready(u32, bool),
    IdleClose(u32, usize),
    Stale(u32, usize, Stale),
    Clock(i64),
}

/// The state of a page.
#[derive(Default)]
pub(super) struct PageRun {
    /// The last answer.
    pub(super) served: Option<Rendered>,
    /// How often its head was written completely.
    pub(super) heads: usize,
    /// The step and the wall clock before which its cookies were not chosen.
    pub(super) begun: (u64, u64),
    /// The connection on which its `Expect` was refused, and the byte at which the refusal ends.
    pub(super) refused: Option<(u32, usize)>,
    /// The challenges that were sent: the connection of each, and the byte at which it ends.
    pub(super) challenges: Vec<(u32, usize)>,
    /// The connections of its requests.
    pub(super) wires: Vec<u32>,
}

/// A request under way.
#[derive(Default)]
pub(super) struct Running {
    pub(super) transfer: Option<u32>,
    pub(super) started: Duration,
    pub(super) hop: usize,
    pub(super) retried: bool,
    /// Whether HSTS upgraded its URL.
    pub(super) upgraded: bool,
    /// Whether an interim response to this hop has arrived.
    pub(super) interim: bool,
    pub(super) body: Vec<u8>,
    pub(super) head: Option<petition_core::http1::ResponseHead>,
    pub(super) source: usize,
    pub(super) hesitated: bool,
    /// How often its source waited for the server.
    pub(super) asked_again: u32,
    /// How often the same request was repeated.
    pub(super) repeats: usize,
    pub(super) cancelled: bool,
    pub(super) discarded: bool,
    pub(super) paused: bool,
    pub(super) has_paused: bool,
    pub(super) over: bool,
    pub(super) outcome: String,
}

/// The result of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// A hash of all inputs and outputs.
    pub hash: u64,
    /// The outcome of each request, without anything that depends on time or splits.
    pub outcomes: Vec<String>,
    /// The number of requests.
    pub requests: usize,
    /// The number of successful requests.
    pub done: usize,
    /// Bytes in and out.
    pub bytes: u64,
    /// The elapsed virtual time.
    pub elapsed: Duration,
    /// The number of polls.
    pub polls: u64,
    /// Whether the transfers were driven by hand, without an engine.
    pub by_hand: bool,
    /// The most bytes held at a time.
    pub retained: usize,
}

pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) recorder: Recorder,
    pub(super) clock: Clock,
    events: EventQueue<Scheduled>,
    pub(super) wires: Vec<Wire>,
    pub(super) running: Vec<Running>,
    /// The request of each transfer: an index into `plan.requests`, by the transfer's number minus
    /// one.
    pub(super) transfers: Vec<usize>,
    pub(super) pages: Vec<PageRun>,
    pub(super) cookies: Model,
    /// The last counter of each nonce.
    pub(super) nonces: BTreeMap<String, u32>,
    pub(super) rng: Rng,
    /// A poll of all sockets has begun and is not over.
    pub(super) polling: bool,
    pub(super) step: u64,
    /// A fault of the world has taken effect that excuses errors.
    pub(super) fired: bool,
    pub(super) live: usize,
    pub(super) done: usize,
    /// The most bytes held.
    pub(super) retained: usize,
    /// The printed output, if it is checked.
    pub(super) shown: Option<String>,
}

impl World {
    pub(super) fn new(plan: Plan, written: bool) -> World {
        let recorder = if plan.by_hand { Recorder::by_hand } else { Recorder::new };
        let mut recorder = recorder(plan.limits, Session::new(), written);
        if plan.mix == Mix::Tls {
            recorder.tls = Some(super::tls::configurations().1.clone());
        }
        recorder.remark(&format!("seed {} {:?}", plan.seed, plan.mix));
        for (name, value, sensitive) in &plan.session_fields {
            let input = DriverInput::SessionField(name.clone(), value.clone(), *sensitive);
            recorder.handle(Clock::default().clocks(), &input).expect("a plan's fields are sound");
        }
        if let Some(base) = plan.base {
            let input = DriverInput::BaseUrl(ORIGINS[base].url());
            recorder.handle(Clock::default().clocks(), &input).expect("an origin's URL is sound");
        }
        if !plan.hsts.is_empty() {
            let input = DriverInput::Hsts(super::hsts::text(plan.hsts));
            recorder.handle(Clock::default().clocks(), &input).expect("the text of a store");
        }
        let mut world = World {
            recorder,
            clock: Clock::starting_at(ms(1)),
            events: EventQueue::default(),
            wires: Vec::new(),
            running: plan.requests.iter().map(|_| Running::default()).collect(),
            transfers: Vec::new(),
            pages: plan.pages.iter().map(|_| PageRun::default()).collect(),
            nonces: BTreeMap::new(),
            cookies: Model::new(!plan.conditions.clock.is_empty()),
            rng: Rng::new(plan.conditions.seed),
            polling: false,
            step: 0,
            fired: false,
            live: 0,
            done: 0,
            retained: 0,
            shown: plan.seed.is_multiple_of(8).then(String::new),
            plan,
        };
        for (at, by) in world.plan.conditions.clock.clone() {
            world.after(at, Scheduled::Clock(by));
        }
        if world.plan.conditions.serial {
            world.next_in_line(0);
        } else {
            for index in 0..world.plan.requests.len() {
                world.after(world.plan.requests[index].at, Scheduled::Start(index));
            }
        }
        world
    }

    pub(super) fn next_in_line(&mut self, index: usize) {
        if let Some(planned) = self.plan.requests.get(index) {
            self.after(planned.at, Scheduled::Start(index));
        }
    }

    pub(super) fn wall(&self) -> u64 {
        self.clock.wall()
    }

    pub(super) fn clocks(&self) -> Now {
        self.clock.clocks()
    }

    pub(super) fn after(&mut self, time: Duration, scheduled: Scheduled) {
        self.at(self.clock.now + time, scheduled);
    }

    pub(super) fn at(&mut self, time: Duration, scheduled: Scheduled) {
        self.events.add(time, scheduled);
    }

    pub(super) fn arrivals(&mut self, socket: u32, times: Vec<Duration>) {
        for time in times {
            self.at(time, Scheduled::ToClient(socket));
        }
    }

    /// Returns true at random, for something that should not matter.
    pub(super) fn noise(&mut self) -> bool {
        self.plan.conditions.noise > 0 && self.rng.one_in(self.plan.conditions.noise)
    }

    pub(super) fn cut(&mut self, n: usize) -> usize {
        match self.plan.conditions.cut {
            Some(most) => n.min(1 + self.rng.below(most)),
            None => n,
        }
    }

    pub(super) fn wire(&mut self, socket: u32) -> &mut Wire {
        &mut self.wires[socket as usize - 1]
    }

    /// Passes an input, which the engine must accept.
    pub(super) fn handle(&mut self, input: &DriverInput<'_>) -> usize {
        self.step += 1;
        let now = self.clocks();
        match self.recorder.handle(now, input) {
            Ok(n) => n,
            Err(words) => panic!("the engine refuses {}: {words}", input.write().trim_end()),
        }
    }

    /// Runs to the end.
    pub(super) fn run(&mut self) -> Report {
        let starts = self.plan.requests.len();
        let mut overdue = 0;
        for turn in 0.. {
            assert!(turn < TURNS, "no end in sight");
            self.drain();
            if self.transfers.len() == starts && self.live == 0 {
                break;
            }
            let next = self.events.next();
            let deadline = self.recorder.deadline().map(|at| at.since_origin());
            // The pool's deadline may be too early after a reuse; a tick corrects that.
            overdue = match deadline {
                Some(at) if at <= self.clock.now => overdue + 1,
                _ => 0,
            };
            assert!(overdue < 2, "a deadline has passed and nothing follows");
            let Some(time) = [next, deadline].into_iter().flatten().min() else {
                panic!("{} transfers wait for nothing", self.live);
            };
            self.clock.now = self.clock.now.max(time);
            if self.plan.conditions.sleepy && self.rng.one_in(8) {
                self.clock.now += ms(self.rng.next_u64() % 20_000);
            }
            let due = deadline.is_some_and(|at| at <= self.clock.now);
            let late = due && overdue == 0 && self.rng.one_in(2);
            if due && !late {
                self.handle(&DriverInput::Tick);
            }
            while let Some(scheduled) = self.events.due(self.clock.now) {
                self.scheduled(scheduled);
                if self.rng.one_in(2) {
                    break;
                }
            }
            if late {
                self.handle(&DriverInput::Tick);
            }
        }
        self.finish();
        let outcomes = self.running.iter().map(|running| running.outcome.clone()).collect();
        Report {
            hash: self.recorder.hash(),
            outcomes,
            requests: self.running.len(),
            done: self.done,
            bytes: self.recorder.bytes,
            elapsed: self.clock.now,
            polls: self.recorder.polls,
            by_hand: self.plan.by_hand,
            retained: self.retained,
        }
    }

    fn scheduled(&mut self, scheduled: Scheduled) {
        match scheduled {
            Scheduled::Start(index) => self.start(index),
            Scheduled::Cancel(index) => {
                if let (Some(t), false) = (self.running[index].transfer, self.running[index].over) {
                    self.running[index].cancelled = true;
                    self.handle(&DriverInput::Cancel(t));
                }
            }
            Scheduled::Resume(index) => {
                if let (Some(t), false) = (self.running[index].transfer, self.running[index].over) {
                    self.running[index].paused = false;
                    self.handle(&DriverInput::Resume(t));
                }
            }
            Scheduled::BodyReady(index) => {
                if let (Some(t), false) = (self.running[index].transfer, self.running[index].over) {
                    self.handle(&DriverInput::BodyReady(t));
                }
            }
            Scheduled::Lookup(t) => self.looked_up(t),
            Scheduled::Dialled(socket) => self.dialled(socket),
            Scheduled::ToServer(socket) => {
                let now = self.clock.now;
                let wire = self.wire(socket);
                if let Some(reset) = wire.arrive(now) {
                    self.at(reset, Scheduled::ToClient(socket));
                }
                let wire = self.wire(socket);
                if std::mem::take(&mut wire.wants_write) && wire.open {
                    self.handle(&DriverInput::Ready(socket, Side::Write));
                }
                if self.wire(socket).open && self.wire(socket).tls.is_some() {
                    self.deciphered(socket);
                }
                self.serve(socket);
            }
            Scheduled::ToClient(socket) => {
                let now = self.clock.now;
                let wire = self.wire(socket);
                let readable = wire.open && wire.readable(now);
                let writes = std::mem::take(&mut wire.wants_write) && wire.open;
                if writes {
                    self.handle(&DriverInput::Ready(socket, Side::Write));
                }
                if readable && self.noise() {
                    let delay = ms(self.rng.next_u64() % 30);
                    self.after(delay, Scheduled::Ready(socket, false));
                } else if readable {
                    self.announce(socket);
                    if self.noise() {
                        self.handle(&DriverInput::Ready(socket, Side::Read));
                    }
                }
            }
            Scheduled::ServerWakes(socket) => self.serve(socket),
            Scheduled::Ready(socket, write) => {
                if self.wire(socket).open && self.wire(socket).connected.is_some() {
                    if write {
                        self.handle(&DriverInput::Ready(socket, Side::Write));
                    } else {
                        self.announce(socket);
                    }
                }
            }
            Scheduled::IdleClose(socket, next) => {
                let now = self.clock.now;
                let wire = self.wire(socket);
                if wire.open && wire.next == next && !wire.has_ended() && wire.arrived == wire.sent.len() {
                    wire.fired = true;
                    self.fired = true;
                    let arrival = self.wire(socket).finish(now, End::Fin, true);
                    self.at(arrival, Scheduled::ToClient(socket));
                }
            }
            Scheduled::Stale(socket, next, stale) => self.says_stale(socket, next, stale),
            Scheduled::Clock(by) => self.clock.wall_offset += by,
        }
    }

    /// Reports that a socket is readable. During a request this has priority over the rest of it.
    fn announce(&mut self, socket: u32) {
        let wire = self.wire(socket);
        wire.announced = !wire.monitor.is_between() && wire.tls.is_none() && wire.tunnel.is_none();
        self.handle(&DriverInput::Ready(socket, Side::Read));
    }

    fn start(&mut self, index: usize) {
        let number = self.transfers.len() as u32 + 1;
        self.transfers.push(index);
        let planned = &self.plan.requests[index];
        let (spec, caller) = (Box::new(planned.spec.clone()), planned.caller.clone());
        let first = planned.pages[0];
        let options = self.recorder.session.options().clone();
        self.handle(&DriverInput::Start(number, spec));
        assert!(*self.recorder.session.options() == options, "T11: sending changes no option");
        self.pages[first].begun = (self.step, self.wall());
        let now = self.clock.now;
        let running = &mut self.running[index];
        running.transfer = Some(number);
        running.started = now;
        self.live += 1;
        if let Some(after) = caller.cancel {
            self.after(after, Scheduled::Cancel(index));
        }
    }

    /// Fails if the text contains a secret.
    pub(super) fn show(&mut self, text: &str) {
        for secret in ["cnr", "Y25y"] {
            if let Some(at) = text.find(secret) {
                let around: String = text[at..].chars().take(60).collect();
                panic!("a secret is shown: {around}…");
            }
        }
    }

    pub(super) fn show_error(&mut self, error: &Error) {
        self.show(&format!("{error}\n{error:?}"));
    }
}
