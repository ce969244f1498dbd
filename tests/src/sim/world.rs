//! The simulated world: clock, names, connections, servers, callers. Time goes on only when nothing else can happen, and then to
//! whatever is next.

use std::time::Duration;

use petition_core::{Error, Instant, Now, Session, Side, UnixTime};

use super::answer::Rendered;
use super::cookies::Model;
use super::event_queue::Agenda;
use super::inputs::Told;
use super::origins::ORIGINS;
use super::plan::{Mix, Plan};
use super::recorder::Tape;
use super::stale::Stale;
use super::wire::{End, Wire};
use crate::memory::{Dice, ms};

/// The wall clock at the beginning.
const WALL: u64 = 1_780_000_000;

/// Turns after which a run counts as endless.
const TURNS: usize = 2_000_000;

/// What happens by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happens {
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

/// What became of a page.
#[derive(Default)]
pub(super) struct PageRun {
    /// The answer that was given last.
    pub(super) served: Option<Rendered>,
    /// How often its head was written to its end.
    pub(super) heads: usize,
    /// The step and the wall clock before which its cookies were not chosen.
    pub(super) begun: (u64, u64),
    /// It was refused for its `Expect`: on which connection, and at which byte of it the refusal ends.
    pub(super) refused: Option<(u32, usize)>,
    /// The connections that it was asked for on.
    pub(super) wires: Vec<u32>,
}

/// A request under way.
#[derive(Default)]
pub(super) struct Running {
    pub(super) transfer: Option<u32>,
    pub(super) started: Duration,
    pub(super) hop: usize,
    pub(super) retried: bool,
    /// An interim response to this hop came.
    pub(super) interim: bool,
    pub(super) body: Vec<u8>,
    pub(super) head: Option<petition_core::http1::ResponseHead>,
    pub(super) source: usize,
    pub(super) hesitated: bool,
    /// How often its source waited for the server.
    pub(super) asked_again: u32,
    /// How often the same request began a hop again.
    pub(super) repeats: usize,
    pub(super) cancelled: bool,
    pub(super) discarded: bool,
    pub(super) paused: bool,
    pub(super) has_paused: bool,
    pub(super) over: bool,
    pub(super) outcome: String,
}

/// How a run went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What passed, as a number.
    pub hash: u64,
    /// What came of each request, without what hangs on time or cuts.
    pub outcomes: Vec<String>,
    /// Requests that were made.
    pub requests: usize,
    /// Requests that were done.
    pub done: usize,
    /// Bytes in and out.
    pub bytes: u64,
    /// How far the clock went.
    pub elapsed: Duration,
    /// How often the engine was polled.
    pub polls: u64,
    /// Whether the transfers were driven by hand, without an engine.
    pub by_hand: bool,
    /// The most that was held for bytes at a time.
    pub retained: usize,
}

pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) tape: Tape,
    pub(super) now: Duration,
    wall_offset: i64,
    agenda: Agenda,
    pub(super) wires: Vec<Wire>,
    pub(super) running: Vec<Running>,
    /// Which request a transfer serves, by its number less one: a place in `plan.asks`.
    pub(super) transfers: Vec<usize>,
    pub(super) pages: Vec<PageRun>,
    pub(super) cookies: Model,
    pub(super) dice: Dice,
    /// A poll of all sockets has begun and is not over.
    pub(super) looking: bool,
    pub(super) step: u64,
    /// Something went wrong that nobody can help.
    pub(super) fired: bool,
    pub(super) live: usize,
    pub(super) done: usize,
    /// The most that was held for bytes.
    pub(super) retained: usize,
    /// Everything that was shown, if it is looked at.
    pub(super) shown: Option<String>,
}

impl World {
    pub(super) fn new(plan: Plan, written: bool) -> World {
        let tape = if plan.by_hand { Tape::by_hand } else { Tape::new };
        let mut tape = tape(plan.limits, Session::new(), written);
        if plan.mix == Mix::Tls {
            tape.tls = Some(super::tls::configurations().1.clone());
        }
        tape.remark(&format!("seed {} {:?}", plan.seed, plan.mix));
        for (name, value, sensitive) in &plan.session_fields {
            let told = Told::SessionField(name.clone(), value.clone(), *sensitive);
            tape.tell(Now::new(Instant::default(), UnixTime(WALL)), &told).expect("a plan's fields are sound");
        }
        if let Some(base) = plan.base {
            let told = Told::BaseUrl(ORIGINS[base].url());
            tape.tell(Now::new(Instant::default(), UnixTime(WALL)), &told).expect("an origin's URL is sound");
        }
        let mut world = World {
            tape,
            now: Duration::from_millis(1),
            wall_offset: 0,
            agenda: Agenda::default(),
            wires: Vec::new(),
            running: plan.asks.iter().map(|_| Running::default()).collect(),
            transfers: Vec::new(),
            pages: plan.pages.iter().map(|_| PageRun::default()).collect(),
            cookies: Model::new(!plan.weather.clock.is_empty()),
            dice: Dice::new(plan.weather.seed),
            looking: false,
            step: 0,
            fired: false,
            live: 0,
            done: 0,
            retained: 0,
            shown: plan.seed.is_multiple_of(8).then(String::new),
            plan,
        };
        for (at, by) in world.plan.weather.clock.clone() {
            world.after(at, Happens::Clock(by));
        }
        if world.plan.weather.serial {
            world.next_in_line(0);
        } else {
            for place in 0..world.plan.asks.len() {
                world.after(world.plan.asks[place].at, Happens::Start(place));
            }
        }
        world
    }

    pub(super) fn next_in_line(&mut self, place: usize) {
        if let Some(ask) = self.plan.asks.get(place) {
            self.after(ask.at, Happens::Start(place));
        }
    }

    pub(super) fn wall(&self) -> u64 {
        (WALL + self.now.as_secs()).saturating_add_signed(self.wall_offset)
    }

    pub(super) fn clocks(&self) -> Now {
        Now::new(Instant::from_origin(self.now), UnixTime(self.wall()))
    }

    pub(super) fn after(&mut self, time: Duration, happens: Happens) {
        self.at(self.now + time, happens);
    }

    pub(super) fn at(&mut self, time: Duration, happens: Happens) {
        self.agenda.add(time, happens);
    }

    pub(super) fn arrivals(&mut self, socket: u32, times: Vec<Duration>) {
        for time in times {
            self.at(time, Happens::ToClient(socket));
        }
    }

    /// Something that should not matter, now and then.
    pub(super) fn noise(&mut self) -> bool {
        self.plan.weather.noise > 0 && self.dice.once_in(self.plan.weather.noise)
    }

    pub(super) fn cut(&mut self, n: usize) -> usize {
        match self.plan.weather.cut {
            Some(most) => n.min(1 + self.dice.below(most)),
            None => n,
        }
    }

    pub(super) fn wire(&mut self, socket: u32) -> &mut Wire {
        &mut self.wires[socket as usize - 1]
    }

    /// Tells the engine, which has to accept it.
    pub(super) fn tell(&mut self, told: &Told<'_>) -> usize {
        self.step += 1;
        let now = self.clocks();
        match self.tape.tell(now, told) {
            Ok(n) => n,
            Err(words) => panic!("the engine refuses {}: {words}", told.write().trim_end()),
        }
    }

    /// Runs to the end.
    pub(super) fn run(&mut self) -> Report {
        let starts = self.plan.asks.len();
        let mut overdue = 0;
        for turn in 0.. {
            assert!(turn < TURNS, "no end in sight");
            self.drain();
            if self.transfers.len() == starts && self.live == 0 {
                break;
            }
            let next = self.agenda.next();
            let deadline = self.tape.deadline().map(|at| at.since_origin());
            // The pool's may be too early by the time of what was used again; a tick mends that.
            overdue = match deadline {
                Some(at) if at <= self.now => overdue + 1,
                _ => 0,
            };
            assert!(overdue < 2, "a deadline has passed and nothing follows");
            let Some(time) = [next, deadline].into_iter().flatten().min() else {
                panic!("{} transfers wait for nothing", self.live);
            };
            self.now = self.now.max(time);
            if self.plan.weather.sleepy && self.dice.once_in(8) {
                self.now += ms(self.dice.throw() % 20_000);
            }
            let due = deadline.is_some_and(|at| at <= self.now);
            let late = due && overdue == 0 && self.dice.once_in(2);
            if due && !late {
                self.tell(&Told::Tick);
            }
            while let Some(happens) = self.agenda.due(self.now) {
                self.happens(happens);
                if self.dice.once_in(2) {
                    break;
                }
            }
            if late {
                self.tell(&Told::Tick);
            }
        }
        self.finish();
        let outcomes = self.running.iter().map(|running| running.outcome.clone()).collect();
        Report {
            hash: self.tape.hash(),
            outcomes,
            requests: self.running.len(),
            done: self.done,
            bytes: self.tape.bytes,
            elapsed: self.now,
            polls: self.tape.polls,
            by_hand: self.plan.by_hand,
            retained: self.retained,
        }
    }

    fn happens(&mut self, happens: Happens) {
        match happens {
            Happens::Start(place) => self.start(place),
            Happens::Cancel(place) => {
                if let (Some(t), false) = (self.running[place].transfer, self.running[place].over) {
                    self.running[place].cancelled = true;
                    self.tell(&Told::Cancel(t));
                }
            }
            Happens::Resume(place) => {
                if let (Some(t), false) = (self.running[place].transfer, self.running[place].over) {
                    self.running[place].paused = false;
                    self.tell(&Told::Resume(t));
                }
            }
            Happens::BodyReady(place) => {
                if let (Some(t), false) = (self.running[place].transfer, self.running[place].over) {
                    self.tell(&Told::BodyReady(t));
                }
            }
            Happens::Lookup(t) => self.looked_up(t),
            Happens::Dialled(socket) => self.dialled(socket),
            Happens::ToServer(socket) => {
                let now = self.now;
                let wire = self.wire(socket);
                if let Some(reset) = wire.arrive(now) {
                    self.at(reset, Happens::ToClient(socket));
                }
                let wire = self.wire(socket);
                if std::mem::take(&mut wire.wants_write) && wire.open {
                    self.tell(&Told::Ready(socket, Side::Write));
                }
                if self.wire(socket).open && self.wire(socket).tls.is_some() {
                    self.deciphered(socket);
                }
                self.serve(socket);
            }
            Happens::ToClient(socket) => {
                let now = self.now;
                let wire = self.wire(socket);
                let readable = wire.open && wire.readable(now);
                let writes = std::mem::take(&mut wire.wants_write) && wire.open;
                if writes {
                    self.tell(&Told::Ready(socket, Side::Write));
                }
                if readable && self.noise() {
                    let delay = ms(self.dice.throw() % 30);
                    self.after(delay, Happens::Ready(socket, false));
                } else if readable {
                    self.announce(socket);
                    if self.noise() {
                        self.tell(&Told::Ready(socket, Side::Read));
                    }
                }
            }
            Happens::ServerWakes(socket) => self.serve(socket),
            Happens::Ready(socket, write) => {
                if self.wire(socket).open && self.wire(socket).connected.is_some() {
                    if write {
                        self.tell(&Told::Ready(socket, Side::Write));
                    } else {
                        self.announce(socket);
                    }
                }
            }
            Happens::IdleClose(socket, next) => {
                let now = self.now;
                let wire = self.wire(socket);
                if wire.open && wire.next == next && !wire.has_ended() && wire.arrived == wire.sent.len() {
                    wire.fired = true;
                    self.fired = true;
                    let arrival = self.wire(socket).finish(now, End::Fin, true);
                    self.at(arrival, Happens::ToClient(socket));
                }
            }
            Happens::Stale(socket, next, stale) => self.says_stale(socket, next, stale),
            Happens::Clock(by) => self.wall_offset += by,
        }
    }

    /// Says that a socket can be read. Where a request is on its way, that counts before the rest of it.
    fn announce(&mut self, socket: u32) {
        let wire = self.wire(socket);
        wire.announced = !wire.tap.is_between() && wire.tls.is_none() && wire.tunnel.is_none();
        self.tell(&Told::Ready(socket, Side::Read));
    }

    fn start(&mut self, place: usize) {
        let number = self.transfers.len() as u32 + 1;
        self.transfers.push(place);
        let ask = &self.plan.asks[place];
        let (asked, conduct) = (Box::new(ask.asked.clone()), ask.conduct.clone());
        let first = ask.pages[0];
        let options = self.tape.session.options().clone();
        self.tell(&Told::Start(number, asked));
        assert!(*self.tape.session.options() == options, "T11: sending changes no option");
        self.pages[first].begun = (self.step, self.wall());
        let now = self.now;
        let running = &mut self.running[place];
        running.transfer = Some(number);
        running.started = now;
        self.live += 1;
        if let Some(after) = conduct.cancel {
            self.after(after, Happens::Cancel(place));
        }
    }

    /// What must not be shown is in nothing that is shown.
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
