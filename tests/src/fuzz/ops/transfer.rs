//! A transfer under any inputs at any time.
//!
//! Checks: an unrequested input is a misuse and changes nothing; exactly one terminal event occurs,
//! and it is the last; every opened socket is closed or kept; once the world behaves, the transfer
//! ends; no credential is in anything shown; the same program gives the same run, whatever
//! accessors are called in between; limits hold; no option changes.

use petition_core::route::address::Address;
use std::time::Duration;

use arbitrary::Unstructured;
use petition_core::http1::{Config, LeniencySet, RequestHead};
use petition_core::link::{Link, LinkEvent};
use petition_core::route::dial::AttemptId;
use petition_core::{
    ErrorKind, Event, Input, Instant, IoFailure, Limits, Now, Output, Session, Side, Transfer, Unavailable, UnixTime,
    Why,
};

use super::generators::{ANSWERS, CANARY, answer, count, named_address, request, step};
use crate::memory::invariants::{SLICE, memory_is_bounded};

/// A program for one transfer.
pub fn transfer_ops(data: &[u8]) {
    let asked = Run::new(data, true);
    assert_eq!(asked, Run::new(data, false), "an accessor decides nothing, and the same program gives the same run");
}

/// Everything observable of a transfer.
#[derive(Debug, PartialEq)]
struct Fingerprint {
    state: String,
    deadline: Option<Instant>,
    outgoing: Vec<u8>,
    body: Vec<u8>,
    parked: [bool; 3],
    counts: (usize, usize),
    connection: (Option<Address>, bool, LeniencySet),
    over: (Option<Duration>, bool),
}

struct Run<'a> {
    u: Unstructured<'a>,
    /// Whether accessors are called.
    asks: bool,
    session: Session,
    transfer: Transfer,
    now: Now,
    /// The last outputs that were not answered.
    asked: Option<Output>,
    /// Sockets: their attempt, none for a kept one, and whether they are connected.
    sockets: Vec<(Option<AttemptId>, bool)>,
    /// All attempts ever ordered.
    attempts: Vec<AttemptId>,
    terminal: usize,
    redirects: usize,
    shown: Vec<String>,
}

impl Run<'_> {
    /// Runs the program, then makes the world behave. Returns what was observed.
    #[expect(clippy::new_ret_no_self)]
    fn new(data: &[u8], asks: bool) -> Vec<String> {
        let mut u = Unstructured::new(data);
        let Ok((request, _)) = request(&mut u) else { return Vec::new() };
        let session = Session::new();
        let now = Now::new(Instant::from_origin(Duration::from_secs(1)), UnixTime(1_700_000_000));
        let Ok(prepared) = session.prepare(&request) else { return Vec::new() };
        let before = session.options().clone();
        let mut run = Run {
            u,
            asks,
            session,
            transfer: Transfer::new(prepared, now),
            now,
            asked: None,
            sockets: Vec::new(),
            attempts: Vec::new(),
            terminal: 0,
            redirects: 0,
            shown: Vec::new(),
        };
        for _ in 0..400 {
            if run.u.is_empty() || run.op().is_err() {
                break;
            }
        }
        run.finish();
        assert_eq!(run.session.options(), &before, "sending changes no option");
        run.shown
    }

    fn op(&mut self) -> arbitrary::Result<()> {
        match self.u.int_in_range(0..=11)? {
            0..=2 => self.poll(),
            3..=6 => self.honest()?,
            7 => self.pass_time()?,
            8 | 9 => self.anything()?,
            _ => self.ask()?,
        }
        Ok(())
    }

    fn pass_time(&mut self) -> arbitrary::Result<()> {
        self.now.instant = self.now.instant + step(&mut self.u)?;
        // The wall clock may jump (T92).
        self.now.unix = UnixTime(self.u.int_in_range(0..=4_000_000_000)?);
        Ok(())
    }

    fn poll(&mut self) {
        let output = self.transfer.poll();
        memory_is_bounded(self.transfer.retained(), 1, 0, true, SLICE, &Limits::DEFAULT);
        let text = format!("{output:?}");
        assert!(!text.contains(&format!("{CANARY}-1")) && !text.contains(&format!("{CANARY}-p")), "{text}");
        self.shown.push(text);
        match &output {
            Output::Connect(attempt) => {
                assert!(self.sockets.iter().all(|(other, _)| *other != Some(*attempt)), "an attempt is ordered once");
                self.sockets.push((Some(*attempt), false));
                self.attempts.push(*attempt);
            }
            Output::CancelConnect(attempt) => self.closed(|socket| socket.0 == Some(*attempt)),
            Output::Close => self.closed(|socket| socket.1),
            Output::Release => {
                // Or leaves it where it is, and closes its socket.
                assert!(!self.asks || self.transfer.take_link().is_some(), "what is to be kept is there");
                self.closed(|socket| socket.1);
            }
            Output::Event(event) => {
                assert_eq!(self.terminal, 0, "nothing comes after the end");
                self.redirects += usize::from(matches!(event, Event::Again(Why::Redirect)));
                assert!(self.redirects <= 10, "redirects have a limit");
                self.terminal += usize::from(matches!(event, Event::Done | Event::Failed(_)));
                if let Event::Failed(error) = event {
                    let text = format!("{error} {error:?} {error:#?}");
                    assert!(!text.contains(&format!("{CANARY}-1")) && !text.contains(&format!("{CANARY}-p")), "{text}");
                }
            }
            Output::Wait => {}
            _ => assert!(!self.transfer.is_ended(), "{output:?} after the end"),
        }
        self.asked = Some(output);
    }

    fn closed(&mut self, which: impl Fn(&(Option<AttemptId>, bool)) -> bool) {
        let Some(at) = self.sockets.iter().position(which) else {
            panic!("only an open socket is closed: {:#?}", self.shown.iter().rev().take(12).collect::<Vec<_>>());
        };
        self.sockets.swap_remove(at);
    }

    /// Passes an input, and returns whether it was accepted. A rejected input changes nothing.
    fn give(&mut self, input: Input<'_>) -> bool {
        // Lets time act first, so that only the input can change anything.
        let _ = self.transfer.handle(self.now, Input::Tick);
        let before = self.fingerprint();
        let what = format!("{input:?}");
        let taken = self.transfer.handle(self.now, input);
        self.shown.push(format!("{taken:?}"));
        if taken.is_err() {
            assert_eq!(before, self.fingerprint(), "a misuse changed something: {what}");
        }
        taken.is_ok()
    }

    fn fingerprint(&self) -> Fingerprint {
        let transfer = &self.transfer;
        Fingerprint {
            state: format!("{transfer:?} {}", transfer.url()),
            deadline: transfer.deadline(),
            outgoing: transfer.outgoing().to_vec(),
            body: transfer.body().to_vec(),
            parked: [Side::Read, Side::Write, Side::Body].map(|side| transfer.is_blocked(side)),
            counts: (transfer.body_room(), transfer.history().len()),
            connection: (transfer.peer().cloned(), transfer.reused(), transfer.tolerated()),
            over: (transfer.elapsed(), transfer.is_ended()),
        }
    }

    /// Answers the last output, favourably or not.
    fn honest(&mut self) -> arbitrary::Result<()> {
        let refused = || IoFailure::new(std::io::ErrorKind::ConnectionReset);
        match self.asked.take() {
            // It may no longer be requested: something else came in between.
            Some(Output::Sync) => {
                let synced = self.transfer.sync(self.now, &mut self.session);
                self.shown.push(format!("{synced:?}"));
            }
            Some(Output::Acquire(_)) if self.u.ratio(1, 3)? => self.acquired()?,
            Some(Output::Acquire(_)) => drop(self.give(Input::OpenNew)),
            Some(Output::Probe) => {
                let input = if self.u.ratio(1, 3)? { Input::Dead } else { Input::Alive };
                self.give(input);
            }
            Some(Output::Resolve) => {
                let addresses = ["10.0.1.1:80".parse().unwrap(), "[::2]:80".parse().unwrap()];
                match self.u.int_in_range(0..=5)? {
                    0 => self.give(Input::ResolveFailed(refused())),
                    n => self.give(Input::Resolved(addresses.get(..usize::from(n > 2) + 1).unwrap_or(&addresses))),
                };
            }
            Some(Output::Connect(attempt)) if self.u.ratio(1, 6)? => self.connect_failed(attempt),
            Some(Output::Connect(attempt)) => self.connected(attempt),
            Some(Output::Transmit) => {
                let n = self.u.int_in_range(0..=self.transfer.outgoing().len())?;
                match self.u.int_in_range(0..=7)? {
                    0 => self.give(Input::Blocked(Side::Write)),
                    1 => self.give(Input::Failed(Side::Write, refused())),
                    2 => self.give(Input::Wrote(n)),
                    _ => self.give(Input::Wrote(self.transfer.outgoing().len())),
                };
            }
            Some(Output::Read) => {
                match self.u.int_in_range(0..=9)? {
                    0 => drop(self.give(Input::Blocked(Side::Read))),
                    1 => drop(self.give(Input::Eof)),
                    2 => drop(self.give(Input::Failed(Side::Read, refused()))),
                    9 => self.read_direct()?,
                    n => self.read(n > 6)?,
                };
            }
            Some(Output::NeedBody) => {
                let taken = self.transfer.push_body(self.now, &b"some"[..self.u.int_in_range(0..=4)?]);
                self.shown.push(format!("{taken:?}"));
                match self.u.int_in_range(0..=5)? {
                    0 => self.give(Input::BodyFailed("no more".into())),
                    1..=3 => self.give(Input::BodyEnd),
                    _ => self.give(Input::Blocked(Side::Body)),
                };
            }
            Some(Output::Rewind) => {
                let input = if self.u.ratio(1, 4)? { Input::NotRewound } else { Input::Rewound };
                self.give(input);
            }
            Some(Output::Body) => {
                let n = self.u.int_in_range(0..=self.transfer.body().len())?;
                let body = self.transfer.body().escape_ascii().to_string();
                self.shown.push(body);
                let input = if self.u.ratio(1, 8)? { Input::Discard } else { Input::Consumed(n) };
                self.give(input);
            }
            _ => self.poll(),
        }
        Ok(())
    }

    fn read(&mut self, into_space: bool) -> arbitrary::Result<()> {
        let bytes = answer(&mut self.u)?;
        if !into_space {
            self.give(Input::Received(&bytes));
            return Ok(());
        }
        if self.u.arbitrary()? {
            drop(self.transfer.give_read_buffer(vec![0; 20_000]));
        }
        let space = self.transfer.space();
        let n = space.len().min(bytes.len());
        space[..n].copy_from_slice(&bytes[..n]);
        self.give(Input::Filled(n));
        if self.u.arbitrary()? {
            drop(self.transfer.take_read_buffer());
        }
        Ok(())
    }

    /// Reads as planned, for a caller with or without memory.
    fn read_direct(&mut self) -> arbitrary::Result<()> {
        let room = *self.u.choose(&[0, 8 * 1024, 20_000, usize::MAX])?;
        let plan = self.transfer.read_plan(room);
        assert!(plan.direct <= room && plan.direct.saturating_add(plan.buffered) > 0, "{plan:?}");
        // Repeated so that a piece of the body is large.
        let mut bytes = answer(&mut self.u)?.repeat(self.u.int_in_range(1..=600)?);
        bytes.truncate(plan.direct.saturating_add(plan.buffered));
        if let Some(behind) = bytes.get(plan.direct..).filter(|behind| plan.direct > 0 && !behind.is_empty()) {
            self.transfer.space()[..behind.len()].copy_from_slice(behind);
        }
        match plan.direct > 0 && self.u.arbitrary()? && self.transfer.note_direct(bytes.len()) {
            true => self.shown.push("noted".into()),
            false if plan.direct > 0 => drop(self.give(Input::ReadDirect(bytes.len()))),
            false => drop(self.give(Input::Received(&bytes))),
        }
        Ok(())
    }

    /// Returns a kept connection, or an unusable one: not open yet, closed, or within a request.
    fn acquired(&mut self) -> arbitrary::Result<()> {
        let mut link = Box::new(Link::new(Vec::new(), Config::default()));
        let kind = self.u.int_in_range(0..=9)?;
        if kind > 0 {
            assert!(matches!(link.poll(self.now), Ok(LinkEvent::Established)));
        }
        match kind {
            1 => link.close(),
            2 => link.send_head(&RequestHead::new("GET", "/"), [("Host", &b"a.test"[..])]).expect("a head"),
            3 => link.received(b"early"),
            _ => {}
        }
        let was_over = self.transfer.is_ended();
        if self.give(Input::Acquired { link, peer: named_address(&self.transfer, kind > 4) }) && !was_over {
            self.sockets.push((None, true));
        }
        Ok(())
    }

    /// Calls accessors, and exchanges storage.
    fn ask(&mut self) -> arbitrary::Result<()> {
        let (which, n) = (self.u.int_in_range(0..=7)?, self.u.int_in_range(0..=40_000)?);
        if !self.asks {
            return Ok(());
        }
        let transfer = &mut self.transfer;
        match which {
            0 => drop(transfer.take_history()),
            1 => assert!(transfer.take_link().is_none(), "nothing is released now"),
            2 => drop(transfer.give_read_buffer(vec![b'?'; n])),
            3 => drop(transfer.take_read_buffer()),
            4 => transfer.swap_write_buffer(&mut vec![b'?'; n]),
            5 => transfer.space().iter_mut().for_each(|byte| *byte = b'?'),
            _ => {
                let _ = (
                    transfer.is_received(),
                    transfer.body_room(),
                    (transfer.read_plan(n), transfer.top_up_plan(n, 40_000)),
                    transfer.undecoded().len(),
                );
                let _ = (transfer.route().cloned(), transfer.peer_name().is_some(), transfer.request().clone());
                let _ = (transfer.awaits_response(), transfer.outgoing_next().len(), transfer.url().clone());
                let _ = transfer.error(ErrorKind::Cancelled).to_string();
            }
        }
        Ok(())
    }

    fn connected(&mut self, attempt: AttemptId) {
        if self.give(Input::Connected(attempt))
            && let Some(socket) = self.sockets.iter_mut().find(|socket| socket.0 == Some(attempt))
        {
            socket.1 = true;
        }
    }

    fn connect_failed(&mut self, attempt: AttemptId) {
        let was_over = self.transfer.is_ended();
        let refused = IoFailure::new(std::io::ErrorKind::ConnectionRefused);
        if self.give(Input::ConnectFailed(attempt, refused)) && !was_over {
            self.sockets.retain(|socket| socket.0 != Some(attempt));
        }
    }

    /// Passes an input that was not requested, or not now.
    fn anything(&mut self) -> arbitrary::Result<()> {
        let failure = IoFailure::new(std::io::ErrorKind::TimedOut);
        let side = *self.u.choose(&[Side::Read, Side::Write, Side::Body])?;
        let n = count(&mut self.u, 1_000_000)?;
        let address = ["10.0.1.9:80".parse().unwrap()];
        let bytes = *self.u.choose(&ANSWERS)?;
        let input = match self.u.int_in_range(0..=23)? {
            0 => Input::OpenNew,
            1 => Input::Alive,
            2 => Input::Dead,
            3 => Input::Resolved(&address),
            4 => Input::ResolveFailed(failure),
            5 => Input::Wrote(n),
            6 => Input::Received(bytes),
            7 => {
                let space = self.transfer.space();
                let (seen, _) = space.split_at_mut(space.len().min(8));
                seen.fill(b'z');
                Input::Filled(n)
            }
            8 => Input::Eof,
            9 => Input::Failed(side, failure),
            10 => Input::Blocked(side),
            11 | 12 => Input::Ready(side),
            13 => Input::BodyEnd,
            14 => Input::BodyFailed("in words".into()),
            15 => Input::Rewound,
            16 if self.u.ratio(1, 2)? => Input::NotRewound,
            16 => Input::Unavailable(Unavailable::SessionHeld),
            17 => Input::Consumed(n),
            18 if self.u.ratio(1, 4)? => Input::Discard,
            19 if self.u.ratio(1, 4)? => Input::Cancel,
            20 => {
                // Too early, or twice, but only for existing sockets, since the test owns the
                // sockets.
                if let Some(&(Some(attempt), _)) = self.sockets.first() {
                    self.connected(attempt);
                }
                return Ok(());
            }
            21 if self.u.ratio(1, 3)? => {
                let noted = self.transfer.note_direct(n);
                self.shown.push(noted.to_string());
                return Ok(());
            }
            21 => Input::ReadDirect(n),
            22 => return self.acquired(),
            _ => Input::Tick,
        };
        self.give(input);
        Ok(())
    }

    /// Answers everything at once from now on, without further events.
    fn finish(&mut self) {
        for _ in 0..20_000 {
            if self.terminal > 0 && self.sockets.is_empty() {
                break;
            }
            for side in [Side::Read, Side::Write, Side::Body] {
                assert_eq!(self.transfer.handle(self.now, Input::Ready(side)), Ok(()));
            }
            self.poll();
            match self.asked.take() {
                Some(Output::Sync) => self.transfer.sync(self.now, &mut self.session).unwrap(),
                Some(Output::Acquire(_)) => drop(self.give(Input::OpenNew)),
                Some(Output::Probe) => drop(self.give(Input::Dead)),
                Some(Output::Resolve) => drop(self.give(Input::Resolved(&[]))),
                Some(Output::Connect(attempt)) => self.connect_failed(attempt),
                Some(Output::Transmit) => drop(self.give(Input::Wrote(self.transfer.outgoing().len()))),
                Some(Output::Read) => drop(self.give(Input::Eof)),
                Some(Output::NeedBody) => drop(self.give(Input::BodyEnd)),
                Some(Output::Rewind) => drop(self.give(Input::NotRewound)),
                Some(Output::Body) => drop(self.give(Input::Consumed(self.transfer.body().len()))),
                Some(Output::Wait) if !self.transfer.is_ended() => self.stir(),
                _ => {}
            }
        }
        assert_eq!(self.terminal, 1, "it ends: {:?} {:?}", self.transfer, self.shown.iter().rev().take(9));
        assert!(self.sockets.is_empty(), "every socket is closed or kept: {:?}", self.sockets);
        assert!(self.transfer.is_ended() && matches!(self.transfer.poll(), Output::Wait));
        assert_eq!(self.transfer.deadline(), None, "what has ended has no deadline");
    }

    /// Waits for the answer to an earlier order, or for time.
    fn stir(&mut self) {
        self.give(Input::OpenNew);
        self.give(Input::Resolved(&[]));
        self.give(Input::NotRewound);
        for socket in self.sockets.clone() {
            if let (Some(attempt), false) = socket {
                self.connect_failed(attempt);
            }
        }
        if let Some(at) = self.transfer.deadline() {
            self.now.instant = self.now.instant.max(at);
            assert_eq!(self.transfer.handle(self.now, Input::Tick), Ok(()));
        }
    }
}
