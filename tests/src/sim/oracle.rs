//! Checks how a request ended against the plan, and what must hold of a world at rest and at its
//! end.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use petition_core::engine::READ_BUFFER;
use petition_core::error::Processed;
use petition_core::http1::ProtocolError;
use petition_core::{Error, ErrorKind, Limits, Timeout, Transfer};

use super::answer::Coding;
use super::hsts;
use super::inputs::DriverInput;
use super::origins::{PROXY, SOCKS};
use super::plan::{ExpectedOutcome, Mix};
use super::wire::{Fault, Wire};
use super::world::World;
use crate::memory::invariants;

impl World {
    pub(super) fn ended(&mut self, t: u32, transfer: &Transfer, error: Option<Error>) {
        let index = self.transfers[t as usize - 1];
        assert!(!std::mem::replace(&mut self.running[index].over, true), "a transfer ends once");
        assert!(transfer.is_ended() && transfer.deadline().is_none(), "an ended transfer wants nothing");
        self.live -= 1;
        let hop = self.running[index].hop;
        let page = self.plan.requests[index].pages[hop];
        let repeats = self.running[index].repeats;
        let upgrades = usize::from(self.running[index].upgraded);
        assert_eq!(transfer.history().len(), hop + repeats + upgrades, "the history has each hop");
        self.let_go(page);
        if let Some(timeout) = self.plan.requests[index].spec.timeout {
            let took = self.clock.now - self.running[index].started;
            assert!(took <= timeout || self.plan.conditions.sleepy, "it took {took:?} and had {timeout:?}");
        }
        match &error {
            None => self.judge_done(index, hop, page),
            Some(error) => self.judge_error(index, hop, page, transfer, error),
        }
        let status = self.running[index].head.as_ref().map_or(0, |head| head.status().as_u16());
        let outcome = match &error {
            None => format!("done {status} {} bytes", self.running[index].body.len()),
            Some(error) => format!("failed {}", error.report().phase),
        };
        self.running[index].outcome = outcome;
        self.done += usize::from(error.is_none());
        if self.plan.conditions.serial {
            self.next_in_line(index + 1);
        }
    }

    fn judge_done(&mut self, index: usize, hop: usize, page: usize) {
        let (planned, running) = (&self.plan.requests[index], &self.running[index]);
        let label = format!("request {} {} {}", planned.number, planned.spec.method, planned.spec.url);
        match &planned.intended {
            ExpectedOutcome::Delivered(intended) => assert_eq!(hop, *intended, "{label}: done at the wrong hop"),
            ExpectedOutcome::Fails(intended, words) => {
                // An end of the connection after the last chunk's line is tolerated (T44); the
                // trailers are missing then.
                let wires = self.pages[page].wires.last().map(|&socket| &self.wires[socket as usize - 1]);
                let ended = wires.is_some_and(|wire| wire.fired && matches!(wire.fault, Fault::FinDown(_)));
                let unseen = ended && words.starts_with("limit trailer");
                assert!(running.discarded || unseen, "{label}: done, and was to fail at hop {intended}: {words}");
                return;
            }
        }
        let answer = &self.plan.pages[page].answer;
        let run = &self.pages[page];
        let Some(served) = &run.served else { panic!("{label}: done, and nobody answered") };
        let head = running.head.as_ref().unwrap_or_else(|| panic!("{label}: done without a head"));
        let intended = &served.bytes[served.head_start..served.head_end];
        assert!(
            head.raw() == intended,
            "{label}: the head is {}, meant was {}",
            head.raw().escape_ascii(),
            intended.escape_ascii()
        );
        if running.discarded {
            assert!(served.content.starts_with(&running.body), "{label}: not the beginning of the body");
            return;
        }
        let socket = *run.wires.last().unwrap_or_else(|| panic!("{label}: done without a connection"));
        let wire = &self.wires[socket as usize - 1];
        // A body that ends with the connection may end early unnoticed.
        let open_ended = served.until_close && (answer.coding == Coding::None || running.body.is_empty());
        let cut = answer.cut.is_some() || matches!(wire.fault, Fault::FinDown(_));
        if open_ended && cut {
            assert!(served.content.starts_with(&running.body), "{label}: not the beginning of the body");
            return;
        }
        let page = &self.plan.pages[page];
        let nearly = || answer.is_nearly_whole(served, &page.expected.method, planned.spec.http10);
        assert!(answer.cut.is_none() || nearly(), "{label}: a success on a response that was cut short");
        assert!(
            running.body == served.content,
            "{label}: the body is {}, meant was {}",
            running.body.escape_ascii(),
            served.content.escape_ascii()
        );
        let unread = wire.generated.saturating_sub(wire.read + usize::from(answer.extra) * 5);
        // Unsolicited bytes need not be read.
        let unread = if wire.stale > wire.read { 0 } else { unread };
        let lost = matches!(wire.fault, Fault::FinDown(_)) && answer.may_lack(unread);
        assert!(
            unread == 0 || lost || wire.tls.is_some() || wire.next < wire.monitor.requests.len(),
            "{label}: done before the response was read to its end: {unread} of {} are left, {} are stale, {:?}",
            wire.generated,
            wire.stale,
            wire.fault
        );
    }

    fn judge_error(&mut self, index: usize, hop: usize, page: usize, transfer: &Transfer, error: &Error) {
        self.show_error(error);
        let (planned, running) = (&self.plan.requests[index], &self.running[index]);
        let report = error.report();
        let text = error.to_string();
        let label = format!("request {} {} {}: {text}", planned.number, planned.spec.method, planned.spec.url);
        let upgrades = usize::from(self.running[index].upgraded);
        assert_eq!(report.hop as usize, hop + self.running[index].repeats + upgrades, "{label}: which hop");
        assert!(!text.contains('\n') && !error.url().unwrap().contains('@'), "{label}");
        let run = &self.pages[page];
        if report.processed == Processed::No && !self.refusal_was_read(page) && self.challenges_read(page) == 0 {
            assert_eq!(run.heads, 0, "{label}: it says that nothing was written");
        }
        let repeatable = self.plan.pages[page].expected.repeatable;
        let empty = matches!(report.kind, ErrorKind::Protocol(ProtocolError::Empty));
        let dead = matches!(&report.kind, ErrorKind::Protocol(error) if error.answers_nothing());
        let replayable =
            !matches!(planned.spec.payload, super::request_spec::BodySpec::Stream { rewindable: false, .. });
        // An interim response starts the answer.
        let dead = dead && transfer.reused() && !running.interim;
        if dead && repeatable && replayable {
            panic!("{label}: a kept connection was dead, and nobody tried again");
        }
        match &report.kind {
            ErrorKind::Cancelled => return assert!(running.cancelled, "{label}: nobody cancelled"),
            ErrorKind::Timeout { which: Timeout::Total, limit } => {
                assert_eq!(planned.spec.timeout, Some(*limit), "{label}");
                let due = running.started + *limit;
                return assert!(
                    self.clock.now == due || self.plan.conditions.sleepy && self.clock.now > due,
                    "{label}: not when it was due"
                );
            }
            // A request that may not reuse a connection waits for a slot within its connect
            // deadline.
            ErrorKind::Timeout { which: Timeout::Connect, .. } if planned.spec.close && self.limited() => return,
            ErrorKind::Timeout { which: Timeout::Pool, .. } => {
                return assert!(self.limited(), "{label}: nobody limits");
            }
            _ => {}
        }
        // After a long sleep of the embedder, deadlines have passed.
        let slept = self.plan.conditions.sleepy && matches!(report.kind, ErrorKind::Timeout { .. });
        let excused =
            dead || slept || self.fired || self.wires.iter().any(|wire| wire.fired && wire.fault != Fault::None);
        match &planned.intended {
            ExpectedOutcome::Fails(intended, words) if *intended == hop => {
                assert!(
                    excused || text.to_ascii_lowercase().contains(&words.to_ascii_lowercase()),
                    "{label}: expected the words {words:?}"
                );
            }
            _ if excused => {}
            ExpectedOutcome::Delivered(_) if self.plan.pages[page].answer.cut.is_some() => {
                assert!(error.is_truncated() || empty, "{label}: expected a truncation");
            }
            _ if self.plan.pages[page].answer.extra => {}
            intended => panic!("{label}: expected {intended:?}"),
        }
    }

    fn limited(&self) -> bool {
        self.plan.limits.open_total.or(self.plan.limits.open_per_key).is_some()
    }

    /// Checks what holds whenever there is nothing to do.
    pub(super) fn check_rest(&mut self) {
        let counts = self.recorder.counts();
        assert_eq!(counts.transfers, self.live, "as many transfers as there are requests under way");
        let open = self.wires.iter().filter(|wire| wire.open).count();
        assert_eq!(counts.sockets, open, "as many sockets as are open");
        let limits = self.plan.limits;
        assert!(limits.open_total.is_none_or(|most| counts.open <= most), "more are open than may be: {counts:?}");
        assert!(counts.idle <= limits.idle_total, "more are kept than may be: {counts:?}");
        let connected = self.wires.iter().filter(|wire| wire.open && wire.connected.is_some()).count();
        assert!(limits.open_total.is_none_or(|most| connected <= most), "{connected} connections are open");
        // Invariant 6: the work is linear.
        let bound = 6 * self.recorder.inputs + 40 * (self.running.len() as u64 + 1);
        assert!(self.recorder.polls <= bound, "{} polls for {} inputs", self.recorder.polls, self.recorder.inputs);
    }

    /// Invariant 5, at every poll: it includes the inputs since the last one.
    pub(super) fn check_memory(&mut self) {
        let held = self.recorder.retained();
        let layered = self.plan.mix != Mix::Plain;
        let idle = self.recorder.counts().idle;
        invariants::memory_is_bounded(held, self.live, idle, layered, READ_BUFFER, &Limits::DEFAULT);
        self.retained = self.retained.max(held.total());
    }

    /// Closes everything, and checks that nothing is left over.
    pub(super) fn finish(&mut self) {
        if self.shown.is_some() {
            let text = format!("{} {:?}", self.recorder.shown(), self.recorder.session);
            self.show(&text);
        }
        if self.rng.one_in(2) {
            // Idle connections expire by themselves.
            while let Some(at) = self.recorder.deadline() {
                self.clock.now = self.clock.now.max(at.since_origin());
                self.handle(&DriverInput::Tick);
                self.drain();
            }
        } else {
            self.handle(&DriverInput::CloseIdle);
            self.drain();
        }
        assert!(self.wires.iter().all(|wire| !wire.open), "a socket is left open");
        assert_eq!(self.recorder.counts().sockets, 0);
        self.no_secret_left();
    }

    /// Invariant 3, over every byte that was written, complete requests or not: a request's secrets
    /// go to its first origin and nowhere else.
    fn no_secret_left(&self) {
        for wire in &self.wires {
            let sent = wire.tls.as_ref().map_or(&wire.sent, |tls| &tls.plain);
            for at in memmem::find_iter(sent, b"cnr") {
                // The owner of a truncated number is unknown.
                let rest = &sent[at + 3..];
                if !rest.iter().all(u8::is_ascii_alphanumeric) {
                    self.judge_secret(wire, at, rest);
                }
            }
            // `cnr` after `us:`, as in Basic credentials.
            for at in memmem::find_iter(sent, b"Y25y") {
                let coded = sent[at + 4..].chunks_exact(4).map_while(|four| STANDARD.decode(four).ok());
                self.judge_secret(wire, at, &coded.take(3).flatten().collect::<Vec<u8>>());
            }
        }
    }

    /// Checks the secret that `rest`, the text after `cnr`, names.
    fn judge_secret(&self, wire: &Wire, at: usize, rest: &[u8]) {
        let word: Vec<u8> = rest.iter().copied().take_while(u8::is_ascii_alphanumeric).collect();
        let word = String::from_utf8(word).unwrap_or_default();
        let Some((kind, number)) = word.split_at_checked(1) else { return };
        let through = |own: bool| match wire.tunnel {
            None => own,
            Some((_, from)) => own && at < from,
        };
        if kind == "p" {
            assert!(
                through(matches!(wire.origin, PROXY | SOCKS)),
                "the secret cnr{word} of the proxy went to {}",
                wire.address
            );
            return;
        }
        if kind == "z" {
            let Some(base) = self.plan.base else { return };
            // An upgrade by HSTS keeps them.
            let is_home = |origin| origin == base || origin == hsts::upgraded(self.plan.hsts, base);
            let at_home = match wire.tunnel {
                Some((origin, from)) => is_home(origin) && at >= from,
                None => is_home(wire.origin) || wire.origin == PROXY,
            };
            assert!(at_home, "the secret cnr{word} of the session went to {}", wire.address);
            return;
        }
        if !"kscbtod".contains(kind) {
            return;
        }
        let Ok(number) = number.parse::<usize>() else { return };
        let Some(planned) = self.plan.requests.iter().find(|planned| planned.number == number) else { return };
        let home = self.plan.pages[planned.pages[0]].origin;
        let allowed = match (&planned.spec.via, wire.tunnel) {
            (None, _) => wire.origin == home,
            (Some(via), None) => wire.origin == PROXY && !via.tunnel,
            (Some(via), Some((origin, from))) => via.tunnel && origin == home && at >= from,
        };
        assert!(allowed, "the secret cnr{word} went to {}", wire.address);
    }
}
