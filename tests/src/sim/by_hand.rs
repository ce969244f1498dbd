//! Transfers driven by hand over bare sockets, without an engine and without its pool: the smallest
//! possible embedder. Idle connections are kept in a list and go from one transfer to the next, by
//! [`Output::Release`] and [`Input::Acquired`].

use std::fmt;
use std::time::Duration;

use petition_core::buffer::Retained;
use petition_core::link::Link;
use petition_core::route::Route;
use petition_core::route::address::Address;
use petition_core::route::dial::AttemptId;
use petition_core::route::pool::PoolLimits;
use petition_core::transfer::ReadPlan;
use petition_core::{Acquire, Event, Input, Instant, IoFailure, Misuse, Now, Output, Prepared, Session, Transfer};

use super::driven::{Counts, Driver};
use super::inputs::{SocketNumber, TransferNumber};
use super::outputs::DriverOutput;
use crate::network::ManualTransfer;

/// The storage lent to some of the transfers.
const LENT: usize = 20_000;

struct Hand {
    manual: ManualTransfer<SocketNumber>,
    paused: bool,
    /// It waits, and has received no input since.
    rests: bool,
}

struct Socket {
    serves: Serves,
    opened_at: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Serves {
    Attempt(TransferNumber, AttemptId),
    Transfer(TransferNumber),
    Nobody,
    Closed,
}

/// An idle connection.
struct Kept {
    route: Route,
    link: Box<Link>,
    peer: Option<Address>,
    socket: SocketNumber,
    until: Instant,
}

pub(super) struct ManualDriver {
    limits: PoolLimits,
    now: Now,
    /// By number from 1; ended ones are removed.
    hands: Vec<Option<Hand>>,
    sockets: Vec<Socket>,
    kept: Vec<Kept>,
    closing: Vec<SocketNumber>,
    /// The number of closed sockets.
    closed: usize,
    /// The transfer that is polled next.
    turn: usize,
}

impl ManualDriver {
    pub(super) fn new(limits: PoolLimits) -> ManualDriver {
        ManualDriver {
            limits,
            now: Now::default(),
            hands: Vec::new(),
            sockets: Vec::new(),
            kept: Vec::new(),
            closing: Vec::new(),
            closed: 0,
            turn: 0,
        }
    }

    fn hand(&mut self, t: TransferNumber) -> Result<&mut Hand, String> {
        let hand = self.hands.get_mut((t as usize).wrapping_sub(1)).ok_or_else(|| format!("no transfer t{t}"))?;
        hand.as_mut().ok_or_else(|| Misuse::AlreadyEnded.to_string())
    }

    fn socket(&mut self, s: SocketNumber) -> &mut Socket {
        &mut self.sockets[s as usize - 1]
    }

    fn served(&self, s: SocketNumber) -> Option<&Hand> {
        match self.sockets.get((s as usize).checked_sub(1)?)?.serves {
            Serves::Transfer(t) => self.hands[t as usize - 1].as_ref(),
            _ => None,
        }
    }

    fn shut(&mut self, s: SocketNumber) {
        self.socket(s).serves = Serves::Closed;
        self.closed += 1;
    }

    fn close(&mut self, s: SocketNumber) -> DriverOutput {
        self.shut(s);
        DriverOutput::Close(s)
    }

    fn expire(&mut self) {
        let now = self.now.instant;
        let (kept, over) = std::mem::take(&mut self.kept).into_iter().partition(|kept: &Kept| kept.until > now);
        self.kept = kept;
        self.closing.extend(over.into_iter().map(|kept: Kept| kept.socket));
    }

    /// Polls one transfer until it has something for the embedder; `None` when it waits.
    fn drive(&mut self, t: TransferNumber, session: &mut Session, calls: &mut u32) -> Option<DriverOutput> {
        loop {
            let now = self.now;
            let hand = self.hands[t as usize - 1].as_mut().filter(|hand| !hand.rests)?;
            let output = hand.manual.transfer.poll();
            let socket = hand.manual.socket;
            let used = || socket.unwrap_or_else(|| panic!("t{t} has no connection for {output:?}"));
            return Some(match output {
                Output::Sync => {
                    *calls += 1;
                    hand.manual.transfer.sync(now, session).expect("a sync that was asked for");
                    continue;
                }
                Output::Acquire(Acquire::Any) => {
                    self.acquire(t);
                    continue;
                }
                Output::Acquire(Acquire::New) => {
                    hand.manual.transfer.handle(now, Input::OpenNew).expect("an order that was given");
                    continue;
                }
                Output::Release => {
                    self.release(t);
                    continue;
                }
                Output::Wait => {
                    hand.rests = true;
                    drop(hand.manual.transfer.take_read_buffer());
                    return None;
                }
                Output::Body if hand.paused => {
                    hand.rests = true;
                    return None;
                }
                Output::Probe => DriverOutput::Probe(used()),
                Output::Resolve => {
                    let (name, port) = hand.manual.transfer.peer_name().expect("a name to look up");
                    DriverOutput::Resolve(t, name.into(), port)
                }
                Output::Connect(attempt) => {
                    let address = hand.manual.transfer.address(attempt).expect("an address to connect to").clone();
                    let number = self.sockets.len() as SocketNumber + 1;
                    hand.manual.dial(attempt, number);
                    self.sockets.push(Socket { serves: Serves::Attempt(t, attempt), opened_at: now.instant });
                    DriverOutput::Connect(number, address)
                }
                Output::CancelConnect(attempt) => {
                    let number = hand.manual.cancel_connect(attempt);
                    if self.socket(number).serves == Serves::Closed {
                        continue;
                    }
                    self.close(number)
                }
                Output::Close => {
                    let number = hand.manual.let_go();
                    self.close(number)
                }
                Output::Transmit => DriverOutput::Transmit(used(), hand.manual.transfer.outgoing().len()),
                Output::Read => DriverOutput::Read(used()),
                Output::NeedBody => DriverOutput::NeedBody(t),
                Output::Rewind => DriverOutput::Rewind(t),
                Output::Body => DriverOutput::Body(t, hand.manual.transfer.body().len()),
                Output::Event(Event::Done) => self.ended(t, None),
                Output::Event(Event::Failed(error)) => self.ended(t, Some(error)),
                Output::Event(event) => DriverOutput::Event(t, event),
            });
        }
    }

    fn ended(&mut self, t: TransferNumber, error: Option<petition_core::Error>) -> DriverOutput {
        let hand = self.hands[t as usize - 1].take().expect("it ends once");
        assert!(hand.manual.has_no_socket(), "t{t} ends and its sockets are open");
        DriverOutput::Ended(t, Box::new(hand.manual.transfer), error)
    }

    fn acquire(&mut self, t: TransferNumber) {
        self.expire();
        let now = self.now;
        let Some(hand) = &mut self.hands[t as usize - 1] else { return };
        let route = hand.manual.transfer.route().expect("a key for what is kept");
        let found = self.kept.iter().rposition(|kept| kept.route == *route);
        let answer = match found.map(|at| self.kept.remove(at)) {
            Some(Kept { link, peer, socket, .. }) => {
                hand.manual.socket = Some(socket);
                self.sockets[socket as usize - 1].serves = Serves::Transfer(t);
                hand.manual.transfer.handle(now, Input::Acquired { link, peer })
            }
            None => hand.manual.transfer.handle(now, Input::OpenNew),
        };
        assert_eq!(answer, Ok(()), "an answer to what was asked");
    }

    fn release(&mut self, t: TransferNumber) {
        let since = self.now.instant;
        let Some(hand) = &mut self.hands[t as usize - 1] else { return };
        drop(hand.manual.transfer.take_read_buffer());
        let peer = hand.manual.transfer.peer().cloned();
        let (route, link) = hand.manual.transfer.take_link().expect("a link to keep");
        let socket = hand.manual.let_go();
        let hint = link.http().keep_alive_timeout();
        let lasts = hint.map_or(self.limits.idle_time, |hint| {
            // A second before the server does, so that the server does not close while a request is
            // in flight.
            self.limits.idle_time.min(hint.saturating_sub((hint / 2).min(Duration::from_secs(1))))
        });
        let known = self.socket(socket);
        known.serves = Serves::Nobody;
        let until = (since + lasts).min(known.opened_at + self.limits.age);
        self.kept.push(Kept { route, link, peer, socket, until });
        if self.kept.len() > self.limits.idle_total {
            let oldest = self.kept.remove(0);
            self.closing.push(oldest.socket);
        }
    }

    /// Passes an input to the transfer of a socket. A transfer that has ended meanwhile needs none.
    fn handle(&mut self, now: Now, t: TransferNumber, input: Input<'_>) -> Result<(), String> {
        self.now = now;
        let Ok(hand) = self.hand(t) else { return Ok(()) };
        hand.rests = false;
        match hand.manual.transfer.handle(now, input) {
            Ok(()) | Err(Misuse::AlreadyEnded) => Ok(()),
            Err(misuse) => Err(misuse.to_string()),
        }
    }
}

impl fmt::Debug for ManualDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transfers = self.hands.iter().flatten().map(|hand| &hand.manual.transfer);
        f.debug_list().entries(transfers).entries(self.kept.iter().map(|kept| (&kept.route, &kept.link))).finish()
    }
}

impl Driver for ManualDriver {
    fn start(&mut self, now: Now, request: Prepared) -> TransferNumber {
        self.now = now;
        self.hands.push(Some(Hand { manual: ManualTransfer::new(request, now), paused: false, rests: false }));
        self.hands.len() as TransferNumber
    }

    fn connected(&mut self, now: Now, socket: SocketNumber) -> Result<(), String> {
        let Serves::Attempt(t, attempt) = self.socket(socket).serves else {
            return Err(Misuse::UnexpectedInput.to_string());
        };
        let hand = self.hand(t)?;
        if hand.manual.socket.is_none() {
            hand.manual.socket = Some(socket);
            *self.socket(socket) = Socket { serves: Serves::Transfer(t), opened_at: now.instant };
        }
        self.handle(now, t, Input::Connected(attempt))
    }

    fn connect_failed(&mut self, now: Now, socket: SocketNumber, failure: IoFailure) -> Result<(), String> {
        let Serves::Attempt(t, attempt) = self.socket(socket).serves else {
            return Err(Misuse::UnexpectedInput.to_string());
        };
        self.shut(socket);
        self.now = now;
        let hand = self.hand(t)?;
        hand.rests = false;
        match hand.manual.connect_failed(now, attempt, failure) {
            Ok(()) => {}
            // The transfer has ended meanwhile, and is about to cancel the attempt.
            Err(Misuse::AlreadyEnded) => {}
            Err(misuse) => return Err(misuse.to_string()),
        }
        Ok(())
    }

    fn socket_input(&mut self, now: Now, socket: SocketNumber, input: Input<'_>) -> Result<(), String> {
        match self.socket(socket).serves {
            Serves::Transfer(t) => self.handle(now, t, input),
            _ if matches!(input, Input::Ready(_)) => Ok(()),
            _ => Err(Misuse::UnexpectedInput.to_string()),
        }
    }

    fn transfer_input(&mut self, now: Now, transfer: TransferNumber, input: Input<'_>) -> Result<(), String> {
        self.now = now;
        let hand = self.hand(transfer)?;
        hand.rests = false;
        hand.manual.transfer.handle(now, input).map_err(|misuse| misuse.to_string())
    }

    fn push_body(&mut self, now: Now, transfer: TransferNumber, bytes: &[u8]) -> Result<usize, String> {
        self.now = now;
        let hand = self.hand(transfer)?;
        hand.rests = false;
        hand.manual.transfer.push_body(now, bytes).map_err(|misuse| misuse.to_string())
    }

    fn pause(&mut self, transfer: TransferNumber, paused: bool) -> Result<(), String> {
        let hand = self.hand(transfer)?;
        hand.paused = paused;
        hand.rests &= paused;
        Ok(())
    }

    fn tick(&mut self, now: Now) {
        self.now = now;
        for hand in self.hands.iter_mut().flatten() {
            if hand.manual.transfer.deadline().is_some_and(|at| at <= now.instant) {
                hand.rests = false;
                assert_eq!(hand.manual.transfer.handle(now, Input::Tick), Ok(()), "time may pass at any time");
            }
        }
        self.expire();
    }

    fn cancel_all(&mut self, now: Now) {
        for t in 1..=self.hands.len() as TransferNumber {
            let _ = self.transfer_input(now, t, Input::Cancel);
        }
        self.close_idle();
    }

    fn close_idle(&mut self) {
        self.closing.extend(self.kept.drain(..).map(|kept| kept.socket));
    }

    fn poll(&mut self, session: &mut Session) -> (DriverOutput, u32) {
        let mut calls = 0;
        if let Some(socket) = self.closing.pop() {
            return (self.close(socket), calls);
        }
        for _ in 0..self.hands.len() {
            let at = self.turn % self.hands.len();
            if let Some(output) = self.drive(at as TransferNumber + 1, session, &mut calls) {
                // Sometimes switches to another transfer although this one has more to do.
                self.turn += usize::from(!matches!(output, DriverOutput::Body(..) | DriverOutput::Connect(..)));
                return (output, calls);
            }
            self.turn += 1;
        }
        match self.closing.pop() {
            Some(socket) => (self.close(socket), calls),
            None => (DriverOutput::Wait, calls),
        }
    }

    fn outgoing(&self, socket: SocketNumber) -> &[u8] {
        self.served(socket).map_or(&[], |hand| hand.manual.transfer.outgoing())
    }

    fn body(&self, transfer: TransferNumber) -> &[u8] {
        self.transfer(transfer).map_or(&[], Transfer::body)
    }

    fn space(&mut self, socket: SocketNumber) -> &mut [u8] {
        let Serves::Transfer(t) = self.socket(socket).serves else { return &mut [] };
        let Some(hand) = &mut self.hands[t as usize - 1] else { return &mut [] };
        if t.is_multiple_of(3) {
            // It may already have storage.
            drop(hand.manual.transfer.give_read_buffer(vec![0; LENT]));
        }
        hand.manual.transfer.space()
    }

    fn plan(&self, socket: SocketNumber, room: usize) -> Option<(TransferNumber, ReadPlan)> {
        let Serves::Transfer(t) = self.sockets.get((socket as usize).checked_sub(1)?)?.serves else { return None };
        Some((t, self.transfer(t)?.read_plan(room)))
    }

    fn read_direct(&mut self, now: Now, socket: SocketNumber, bytes: &[u8]) -> Result<(), String> {
        let unexpected = || Misuse::UnexpectedInput.to_string();
        let mut rest = bytes;
        // Sometimes in two reads; the first need not be reported.
        let (first, _) = bytes.split_at(if bytes.len().is_multiple_of(3) { bytes.len() / 3 } else { 0 });
        let (t, plan) = self.plan(socket, usize::MAX).filter(|(_, plan)| plan.direct > 0).ok_or_else(unexpected)?;
        if !first.is_empty() && first.len() < plan.direct && self.hand(t)?.manual.transfer.note_direct(first.len()) {
            rest = &bytes[first.len()..];
            let (_, next) = self.plan(socket, usize::MAX).ok_or_else(unexpected)?;
            // No run exceeds the memory size.
            let most = isize::MAX as usize / 2;
            assert_eq!(next.direct.min(most), (plan.direct - first.len()).min(most));
        }
        let direct = plan.direct.min(bytes.len()) - (bytes.len() - rest.len());
        let behind = &rest[direct..];
        let space = self.space(socket);
        let room = space.len();
        space.get_mut(..behind.len()).ok_or_else(|| format!("there is room for {room} bytes"))?.copy_from_slice(behind);
        if !self.hand(t)?.manual.transfer.note_direct(rest.len()) {
            self.handle(now, t, Input::ReadDirect(rest.len()))?;
        }
        self.handle(now, t, Input::Consumed(0))
    }

    fn transfer(&self, transfer: TransferNumber) -> Option<&Transfer> {
        Some(&self.hands.get((transfer as usize).checked_sub(1)?)?.as_ref()?.manual.transfer)
    }

    fn deadline(&self) -> Option<Instant> {
        let transfers = self.hands.iter().flatten().filter_map(|hand| hand.manual.transfer.deadline());
        transfers.chain(self.kept.iter().map(|kept| kept.until)).min()
    }

    fn counts(&self) -> Counts {
        let under_way = self.hands.iter().flatten();
        Counts {
            transfers: under_way.clone().count(),
            sockets: self.sockets.len() - self.closed,
            idle: self.kept.len(),
            open: self.kept.len() + self.closing.len() + under_way.filter(|hand| hand.manual.socket.is_some()).count(),
        }
    }

    fn retained(&self) -> Retained {
        let used = self.hands.iter().flatten().map(|hand| hand.manual.transfer.retained());
        used.chain(self.kept.iter().map(|kept| kept.link.retained())).sum()
    }
}
