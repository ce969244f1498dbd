//! The embedder's side: the world's answers to the engine's outputs.

use std::io::ErrorKind;

use petition_core::route::address::Address;
use petition_core::transfer::ReadPlan;
use petition_core::{Event, Side, Why};

use super::inputs::DriverInput;
use super::outputs::DriverOutput;
use super::request_spec::BodySpec;
use super::stale::CANARY;
use super::world::{Scheduled, World};
use crate::memory::ms;
use crate::network::{End, Read};

/// How often a source may wait for the server before it continues anyway.
const PATIENCE: u32 = 100;

/// After this many consecutive outputs, the engine is spinning.
const SPIN: usize = 3_000_000;

impl World {
    /// Answers outputs until the engine waits.
    pub(super) fn drain(&mut self) {
        for _ in 0..SPIN {
            self.step += 1;
            let (output, _) = self.recorder.poll();
            self.check_memory();
            if self.shown.is_some() {
                let text = match &output {
                    DriverOutput::Ended(_, transfer, _) => format!("{transfer:?} {:?}", transfer.history()),
                    output => format!("{output:?}"),
                };
                self.show(&text);
            }
            match output {
                DriverOutput::Wait if self.polls_all() => {}
                DriverOutput::Wait => return self.check_rest(),
                DriverOutput::Resolve(t, ..) => {
                    let faulty = self.plan.conditions.faulty;
                    if faulty && self.rng.one_in(60) {
                        self.fired = true; // Never answered.
                    } else {
                        let after = ms(self.rng.next_u64() % 30);
                        self.after(after, Scheduled::Lookup(t));
                    }
                }
                DriverOutput::Connect(socket, address) => {
                    self.expect_no_kept_one(&address);
                    self.dial(socket, address);
                }
                DriverOutput::Close(socket) => {
                    let wire = self.wire(socket);
                    assert!(std::mem::replace(&mut wire.open, false), "a socket is closed once");
                }
                DriverOutput::Transmit(socket, n) => self.transmit(socket, n),
                DriverOutput::Read(socket) => self.read(socket),
                DriverOutput::Probe(socket) => {
                    let now = self.clock.now;
                    let alive = self.wire(socket).probe(now);
                    self.handle(&DriverInput::Checked(socket, alive));
                }
                DriverOutput::NeedBody(t) => self.supply(t),
                DriverOutput::Rewind(t) => {
                    let index = self.transfers[t as usize - 1];
                    let can =
                        matches!(self.plan.requests[index].spec.payload, BodySpec::Stream { rewindable: true, .. });
                    assert!(can, "a stream that cannot be rewound");
                    self.running[index].source = 0;
                    self.handle(&DriverInput::Rewound(t, can));
                }
                DriverOutput::Body(t, n) => self.consume(t, n),
                DriverOutput::Event(t, event) => self.event(t, event),
                DriverOutput::Ended(t, transfer, error) => self.ended(t, &transfer, error),
            }
        }
        panic!("the engine does not come to rest");
    }

    fn transmit(&mut self, socket: u32, n: usize) {
        assert!(n > 0, "asked to write nothing");
        let now = self.clock.now;
        if self.noise() {
            let delay = ms(self.rng.next_u64() % 3);
            self.after(delay, Scheduled::Ready(socket, true));
            self.handle(&DriverInput::Blocked(socket, Side::Write));
            return;
        }
        match self.wire(socket).room(now) {
            Err(kind) => {
                self.wire(socket).fired |= true;
                self.handle(&DriverInput::Failed(socket, Side::Write, kind));
            }
            Ok(0) => {
                self.wire(socket).wants_write = true;
                self.handle(&DriverInput::Blocked(socket, Side::Write));
            }
            Ok(room) => {
                let n = self.cut(n.min(room));
                let bytes = self.recorder.outgoing(socket)[..n].to_vec();
                self.written(socket, &bytes);
                self.handle(&DriverInput::Wrote(socket, bytes.into()));
            }
        }
    }

    /// Polls all sockets if a request waits for that, or at random. Returns whether the engine may
    /// have more to do.
    fn polls_all(&mut self) -> bool {
        let awaited = self.recorder.awaits_poll();
        if !self.plan.looks || !(awaited || self.rng.one_in(4)) {
            return false;
        }
        if std::mem::take(&mut self.polling) {
            // This poll began before the waiting requests got their connections.
            self.handle(&DriverInput::MarkPolled);
            return awaited;
        }
        let (now, mut follows) = (self.clock.now, awaited);
        self.handle(&DriverInput::BeginPoll);
        self.polling = !awaited && self.rng.one_in(2);
        for at in 0..self.wires.len() {
            let wire = &mut self.wires[at];
            if wire.open && wire.connected.is_some() && !wire.probe(now) && !self.polling {
                self.handle(&DriverInput::Ready(at as u32 + 1, Side::Read));
                follows = true;
            }
        }
        if !self.polling {
            self.handle(&DriverInput::MarkPolled);
        }
        follows
    }

    /// Reports that there is nothing to read.
    fn nothing_to_read(&mut self, socket: u32) -> usize {
        self.wire(socket).announced = false;
        self.handle(&DriverInput::Blocked(socket, Side::Read))
    }

    fn read(&mut self, socket: u32) {
        let now = self.clock.now;
        if self.noise() {
            let delay = ms(self.rng.next_u64() % 3);
            self.after(delay, Scheduled::Ready(socket, false));
            self.nothing_to_read(socket);
            return;
        }
        let in_place = self.rng.one_in(2);
        let straight = self.straight(socket);
        let most = match straight {
            Some((_, plan)) => plan.direct.saturating_add(plan.buffered),
            None if in_place => self.recorder.space(socket),
            None => 16 * 1024,
        };
        assert!(most > 0, "asked to read into nothing");
        let n = self.cut(most);
        let wire = self.wire(socket);
        wire.announced = false;
        let (read, times) = wire.read(now, n);
        // The rest of a redirect is read after the redirect is reported.
        wire.released = wire.released.map(|_| now);
        self.arrivals(socket, times);
        // An embedder may report this if its read was not filled.
        let dry = matches!(read, Read::Bytes(_)) && !self.wire(socket).readable(now);
        if dry && !self.plan.by_hand && self.rng.one_in(2) {
            self.nothing_to_read(socket);
        }
        if let Read::Bytes(bytes) = &read {
            let received = &mut self.wire(socket).received;
            received.extend(bytes.iter().take(9_usize.saturating_sub(received.len())));
        }
        match read {
            Read::Nothing => self.nothing_to_read(socket),
            Read::Bytes(bytes) if straight.is_some() => {
                let (index, plan) = straight.expect("a plan");
                self.running[index].body.extend_from_slice(&bytes[..plan.direct.min(bytes.len())]);
                self.handle(&DriverInput::ReadDirect(socket, bytes.into()))
            }
            Read::Bytes(bytes) if in_place => self.handle(&DriverInput::Filled(socket, bytes.into())),
            Read::Bytes(bytes) => self.handle(&DriverInput::Received(socket, bytes.into())),
            Read::End(End::Fin) => self.handle(&DriverInput::Eof(socket)),
            Read::End(End::Reset) => self.handle(&DriverInput::Failed(socket, Side::Read, ErrorKind::ConnectionReset)),
        };
    }

    /// Returns the transfer whose body bytes are read directly this time, if any, and the plan.
    fn straight(&mut self, socket: u32) -> Option<(usize, ReadPlan)> {
        let room = if self.rng.one_in(2) { self.rng.below(40_000) } else { 0 };
        let (t, plan) = self.recorder.plan(socket, room)?;
        let index = self.transfers[t as usize - 1];
        let caller = &self.plan.requests[index].caller;
        let reads = caller.pause.is_none() && caller.discard.is_none();
        (reads && plan.direct > 0).then_some((index, plan))
    }

    fn supply(&mut self, t: u32) {
        let index = self.transfers[t as usize - 1];
        self.expect_source_is_next(t);
        if self.noise() {
            let delay = ms(self.rng.next_u64() % 5);
            self.after(delay, Scheduled::BodyReady(index));
            self.handle(&DriverInput::BodyBlocked(t));
            return;
        }
        let (planned, running) = (&self.plan.requests[index], &mut self.running[index]);
        let mut end = planned.body.len();
        let waits = planned.caller.lockstep && running.asked_again < PATIENCE;
        if waits
            && self.pages[planned.pages[running.hop]].wires.last().is_some_and(|&socket| {
                let wire = &self.wires[socket as usize - 1];
                wire.open && wire.arrived < wire.sent.len()
            })
        {
            // The server has not received the earlier bytes.
            running.asked_again += 1;
            self.after(ms(20), Scheduled::BodyReady(index));
            self.handle(&DriverInput::BodyBlocked(t));
            return;
        }
        if let Some((at, time)) = planned.caller.hesitate.filter(|_| !running.hesitated) {
            if running.source >= at {
                running.hesitated = true;
                self.after(time, Scheduled::BodyReady(index));
                self.handle(&DriverInput::BodyBlocked(t));
                return;
            }
            end = at;
        }
        if running.source == planned.body.len() {
            self.handle(&DriverInput::BodyEnd(t));
            return;
        }
        let from = running.source;
        let most = self.plan.requests[index].caller.piece.unwrap_or(8 * 1024);
        let n = self.cut((end - from).min(most));
        let bytes = self.plan.requests[index].body[from..from + n].to_vec();
        let taken = self.handle(&DriverInput::Pushed(t, bytes.into()));
        self.running[index].source += taken;
    }

    /// T52: a body's source is read only when all output was written or would block, and no
    /// response is known to wait.
    fn expect_source_is_next(&mut self, t: u32) {
        let transfer = self.recorder.transfer(t).expect("a transfer that asks has not ended");
        let pending = !transfer.outgoing().is_empty() && !transfer.is_blocked(Side::Write);
        assert!(!pending, "T52: t{t} asks its source although output waits to be written");
        let now = self.clock.now;
        let index = self.transfers[t as usize - 1];
        let page = self.plan.requests[index].pages[self.running[index].hop];
        if let Some(&socket) = self.pages[page].wires.last() {
            let wire = self.wire(socket);
            assert!(!(wire.announced && wire.readable(now)), "T52: t{t} asks its source although a response is there");
        }
    }

    fn consume(&mut self, t: u32, n: usize) {
        assert!(n > 0, "an empty body is offered");
        let index = self.transfers[t as usize - 1];
        let caller = &self.plan.requests[index].caller;
        let running = &mut self.running[index];
        assert!(!running.paused, "a body is offered while it is paused");
        assert!(!running.discarded, "a body is offered that nobody wants");
        assert!(running.head.is_some(), "a body before its head");
        let mut n = n;
        if let Some(at) = caller.discard {
            n = n.min(at.saturating_sub(running.body.len()));
            if n == 0 {
                running.discarded = true;
                self.handle(&DriverInput::Discard(t));
                return;
            }
        }
        if let Some((at, time)) = caller.pause.filter(|_| !running.has_paused) {
            n = n.min(at.saturating_sub(running.body.len()));
            if n == 0 {
                (running.paused, running.has_paused) = (true, true);
                self.after(time, Scheduled::Resume(index));
                self.handle(&DriverInput::Pause(t));
                return;
            }
        }
        let n = self.cut(n);
        let bytes = self.recorder.body(t)[..n].to_vec();
        self.running[index].body.extend_from_slice(&bytes);
        self.handle(&DriverInput::Consumed(t, bytes.into()));
    }

    fn event(&mut self, t: u32, event: Event) {
        let index = self.transfers[t as usize - 1];
        let (step, wall) = (self.step, self.wall());
        let running = &mut self.running[index];
        assert!(!running.over, "an event after the end");
        let page = self.plan.requests[index].pages.get(running.hop).copied().expect("a hop more than there are pages");
        match event {
            Event::Informational(head) => {
                assert!(running.head.is_none(), "103 after the head");
                assert!(matches!(head.status().as_u16(), 100 | 103), "{head:?}");
                running.interim = true;
            }
            Event::Again(Why::ConnectionLost) => {
                assert!(!running.retried, "T54: retried twice");
                running.retried = true;
                running.repeats += 1;
                let run = &self.pages[page];
                // Once its head was written, the bytes read since then began an answer, unless they
                // cannot be one.
                if let (Some(&socket), false) = (run.wires.last(), self.refusal_was_read(page)) {
                    let wire = &self.wires[socket as usize - 1];
                    let last = wire.monitor.requests.last().is_some_and(|last| last.page == page);
                    let begun = last && wire.tls.is_none() && wire.answer_begun();
                    assert!(!begun, "T54: a request is sent again of which an answer had begun");
                }
            }
            Event::Again(Why::Redirect) => {
                assert!(running.head.is_none(), "a redirect after the head");
                running.hop += 1;
                (running.retried, running.interim) = (false, false);
                running.source = running.source.min(self.plan.requests[index].body.len());
                self.cookies.observe(page, step, wall);
                let next = self.plan.requests[index].pages.get(running.hop);
                let next = *next.unwrap_or_else(|| panic!("a redirect is followed that leads nowhere: page {page}"));
                self.pages[next].begun = (step, wall);
                self.let_go(page);
            }
            Event::Again(Why::UpgradedToHttps) => {
                assert!(self.plan.requests[index].upgraded && running.hop == 0, "T17: no host asked for this upgrade");
                assert!(!std::mem::replace(&mut running.upgraded, true), "T17: an https URL was upgraded");
            }
            Event::Again(Why::ExpectationFailed) => {
                assert!(running.head.is_none() && self.pages[page].refused.is_some(), "T53: nobody refused it");
                running.repeats += 1;
                running.retried = false;
            }
            Event::Again(Why::Challenged) => {
                assert!(running.head.is_none(), "a challenge after the head");
                running.repeats += 1;
                (running.retried, running.interim) = (false, false);
                assert!(self.challenges_read(page) > 0, "T76: nobody asked for credentials");
            }
            Event::Head(head) => {
                assert!(running.head.is_none(), "a second head");
                assert!(head.get(CANARY).is_none(), "T47: an answer that was there before its request: {head:?}");
                running.head = Some(head);
                self.cookies.observe(page, step, wall);
            }
            event => panic!("{event:?} is no event that an engine passes on"),
        }
    }

    /// Frees the connection of a page's request, if it is still open.
    pub(super) fn let_go(&mut self, page: usize) {
        let now = self.clock.now;
        if let Some(&socket) = self.pages[page].wires.last() {
            self.wire(socket).released = Some(now);
        }
    }

    /// With one request at a time and without faults, fails when a connection could have been
    /// reused.
    fn expect_no_kept_one(&mut self, address: &Address) {
        let conditions = &self.plan.conditions;
        let limits = self.plan.limits;
        if !conditions.serial || conditions.faulty || limits.idle_total < 16 {
            return;
        }
        let Some(index) = self.running.iter().position(|r| r.transfer.is_some() && !r.over) else { return };
        let running = &self.running[index];
        if self.plan.requests[index].spec.close || running.retried || self.plan.requests[index].spec.via.is_some() {
            return;
        }
        let origin = super::origins::at(address);
        let over_tcp = |address: &Address| address.socket_addr().is_some();
        let same_route = |other: &Address| super::origins::route(other) == super::origins::route(address);
        let same = |other: &Address| other == address || over_tcp(other) && over_tcp(address) && same_route(other);
        for wire in self.wires.iter().filter(|wire| wire.open && Some(wire.origin) == origin && same(&wire.address)) {
            let (Some(released), Some(connected)) = (wire.released, wire.connected) else { continue };
            let lasts =
                wire.lasts.map_or(limits.idle_time, |s| limits.idle_time.min(std::time::Duration::from_secs(s)));
            let fresh =
                self.clock.now + ms(1_000) < released + lasts && self.clock.now + ms(1_000) < connected + limits.age;
            let clean = wire.reusable && wire.is_quiet() && wire.monitor.is_between();
            assert!(!(fresh && clean), "a new connection to {address} although one is kept");
        }
    }
}
