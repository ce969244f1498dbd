//! The machines that a scenario drives, with the numbers of a transcript: an engine
//! ([`EngineDriver`]), or transfers [by hand](super::by_hand).

use std::fmt;

use petition_core::buffer::Retained;
use petition_core::engine::{Engine, Output, PollMark, SessionAccess, SocketId, TransferId};
use petition_core::route::pool::PoolLimits;
use petition_core::transfer::ReadPlan;
use petition_core::{Input, Instant, IoFailure, Now, Prepared, Session, Transfer, Unavailable};

use super::inputs::{SocketNumber, TransferNumber};
use super::outputs::DriverOutput;

/// Counts of transfers and connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Transfers that have not ended.
    pub transfers: usize,
    /// Sockets that have not been closed.
    pub sockets: usize,
    /// Idle connections.
    pub idle: usize,
    /// Open connections, idle or in use, as the pool counts them.
    pub open: usize,
}

/// The machines under test. An error is the text of a misuse.
pub(super) trait Driver: fmt::Debug {
    fn start(&mut self, now: Now, request: Prepared) -> TransferNumber;
    fn connected(&mut self, now: Now, socket: SocketNumber) -> Result<(), String>;
    fn connect_failed(&mut self, now: Now, socket: SocketNumber, failure: IoFailure) -> Result<(), String>;
    fn socket_input(&mut self, now: Now, socket: SocketNumber, input: Input<'_>) -> Result<(), String>;
    fn transfer_input(&mut self, now: Now, transfer: TransferNumber, input: Input<'_>) -> Result<(), String>;
    fn push_body(&mut self, now: Now, transfer: TransferNumber, bytes: &[u8]) -> Result<usize, String>;
    fn pause(&mut self, transfer: TransferNumber, paused: bool) -> Result<(), String>;
    fn tick(&mut self, now: Now);
    /// Begins a poll of all sockets. Only an engine uses this.
    fn begin_poll(&mut self) {}
    fn mark_polled(&mut self, _now: Now) {}
    fn awaits_poll(&self) -> bool {
        false
    }
    fn cancel_all(&mut self, now: Now);
    fn close_idle(&mut self);
    /// Polls, and returns also how often the session was used.
    fn poll(&mut self, session: &mut Session) -> (DriverOutput, u32);
    fn outgoing(&self, socket: SocketNumber) -> &[u8];
    fn body(&self, transfer: TransferNumber) -> &[u8];
    fn space(&mut self, socket: SocketNumber) -> &mut [u8];
    /// Returns whose body bytes may be read directly into so much memory of the caller's now, and
    /// the plan. An engine plans by itself.
    fn plan(&self, _socket: SocketNumber, _room: usize) -> Option<(TransferNumber, ReadPlan)> {
        None
    }
    /// Reports these bytes as read, the first of them directly into the caller's memory.
    fn read_direct(&mut self, _now: Now, socket: SocketNumber, _bytes: &[u8]) -> Result<(), String> {
        Err(format!("nothing is read directly from s{socket}"))
    }
    fn transfer(&self, transfer: TransferNumber) -> Option<&Transfer>;
    fn deadline(&self) -> Option<Instant>;
    fn counts(&self) -> Counts;
    fn retained(&self) -> Retained;
}

/// Maps names to numbers and back.
#[derive(Debug)]
struct Numbers<T> {
    names: Vec<T>,
    /// By the small index of the name.
    numbers: Vec<u32>,
}

impl<T: Copy + PartialEq> Numbers<T> {
    fn new() -> Self {
        Numbers { names: Vec::new(), numbers: Vec::new() }
    }

    fn add(&mut self, name: T, index: usize) -> u32 {
        self.names.push(name);
        let number = self.names.len() as u32;
        if self.numbers.len() <= index {
            self.numbers.resize(index + 1, 0);
        }
        self.numbers[index] = number;
        number
    }

    fn name(&self, number: u32) -> Option<T> {
        self.names.get((number as usize).checked_sub(1)?).copied()
    }

    fn number(&self, name: T, index: usize) -> u32 {
        let number = self.numbers.get(index).copied().unwrap_or(0);
        assert!(self.name(number) == Some(name), "a name that was never given");
        number
    }
}

/// Counts how often the session is used.
struct Adapter<'a> {
    session: &'a mut Session,
    calls: u32,
}

impl SessionAccess for Adapter<'_> {
    fn with<R>(&mut self, f: impl FnOnce(&mut Session) -> R) -> Result<R, Unavailable> {
        self.calls += 1;
        Ok(f(self.session))
    }
}

/// An engine and its names.
pub(super) struct EngineDriver {
    engine: Engine,
    transfers: Numbers<TransferId>,
    sockets: Numbers<SocketId>,
    mark: Option<PollMark>,
}

impl EngineDriver {
    pub(super) fn new(limits: PoolLimits) -> EngineDriver {
        EngineDriver { engine: Engine::new(limits), transfers: Numbers::new(), sockets: Numbers::new(), mark: None }
    }

    fn named(&self, s: SocketNumber) -> Result<SocketId, String> {
        self.sockets.name(s).ok_or_else(|| format!("no socket s{s}"))
    }

    fn known(&self, t: TransferNumber) -> Result<TransferId, String> {
        self.transfers.name(t).ok_or_else(|| format!("no transfer t{t}"))
    }
}

impl fmt::Debug for EngineDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.engine.fmt(f)
    }
}

impl Driver for EngineDriver {
    fn start(&mut self, now: Now, request: Prepared) -> TransferNumber {
        let id = self.engine.start(now, request, None);
        self.transfers.add(id, id.index())
    }

    fn connected(&mut self, now: Now, socket: SocketNumber) -> Result<(), String> {
        let socket = self.named(socket)?;
        self.engine.connected(now, socket).map_err(|misuse| misuse.to_string())
    }

    fn connect_failed(&mut self, now: Now, socket: SocketNumber, failure: IoFailure) -> Result<(), String> {
        let socket = self.named(socket)?;
        self.engine.connect_failed(now, socket, failure).map_err(|misuse| misuse.to_string())
    }

    fn socket_input(&mut self, now: Now, socket: SocketNumber, input: Input<'_>) -> Result<(), String> {
        let socket = self.named(socket)?;
        self.engine.socket_input(now, socket, input).map_err(|misuse| misuse.to_string())
    }

    fn transfer_input(&mut self, now: Now, transfer: TransferNumber, input: Input<'_>) -> Result<(), String> {
        let id = self.known(transfer)?;
        if let Input::Cancel = input {
            self.engine.cancel(now, id);
            return Ok(());
        }
        self.engine.transfer_input(now, id, input).map_err(|misuse| misuse.to_string())
    }

    fn push_body(&mut self, now: Now, transfer: TransferNumber, bytes: &[u8]) -> Result<usize, String> {
        let id = self.known(transfer)?;
        self.engine.push_body(now, id, bytes).map_err(|misuse| misuse.to_string())
    }

    fn pause(&mut self, transfer: TransferNumber, paused: bool) -> Result<(), String> {
        let id = self.known(transfer)?;
        if paused {
            self.engine.pause(id)
        } else {
            self.engine.resume(id)
        }
        Ok(())
    }

    fn tick(&mut self, now: Now) {
        self.engine.tick(now);
    }

    fn begin_poll(&mut self) {
        self.mark = Some(self.engine.begin_poll());
    }

    fn mark_polled(&mut self, now: Now) {
        if let Some(mark) = self.mark.take() {
            self.engine.mark_polled(now, mark);
        }
    }

    fn awaits_poll(&self) -> bool {
        self.engine.awaits_poll()
    }

    fn cancel_all(&mut self, now: Now) {
        self.engine.cancel_all(now);
    }

    fn close_idle(&mut self) {
        self.engine.close_idle();
    }

    fn poll(&mut self, session: &mut Session) -> (DriverOutput, u32) {
        let mut door = Adapter { session, calls: 0 };
        let output = self.engine.poll(&mut door);
        let calls = door.calls;
        let socket = |s: SocketId| self.sockets.number(s, s.index());
        let transfer = |t: TransferId| self.transfers.number(t, t.index());
        let output = match output {
            Output::Resolve(t) => {
                let (name, port) = self.engine.peer_name(t).expect("a name to look up");
                DriverOutput::Resolve(transfer(t), name.into(), port)
            }
            Output::Connect(s) => {
                let address = self.engine.address(s).expect("an address to connect to").clone();
                DriverOutput::Connect(self.sockets.add(s, s.index()), address)
            }
            Output::Transmit(s) => DriverOutput::Transmit(socket(s), self.engine.outgoing(s).len()),
            Output::Read(s) => DriverOutput::Read(socket(s)),
            Output::Probe(s) => DriverOutput::Probe(socket(s)),
            Output::Close(s) => DriverOutput::Close(socket(s)),
            Output::NeedBody(t) => DriverOutput::NeedBody(transfer(t)),
            Output::Rewind(t) => DriverOutput::Rewind(transfer(t)),
            Output::Body(t) => DriverOutput::Body(transfer(t), self.engine.body(t).len()),
            Output::Event(t, event) => DriverOutput::Event(transfer(t), event),
            Output::Ended { id, transfer: ended, error } => DriverOutput::Ended(transfer(id), Box::new(ended), error),
            Output::Wait => DriverOutput::Wait,
        };
        (output, calls)
    }

    fn outgoing(&self, socket: SocketNumber) -> &[u8] {
        self.sockets.name(socket).map_or(&[], |socket| self.engine.outgoing(socket))
    }

    fn body(&self, transfer: TransferNumber) -> &[u8] {
        self.transfers.name(transfer).map_or(&[], |transfer| self.engine.body(transfer))
    }

    fn space(&mut self, socket: SocketNumber) -> &mut [u8] {
        match self.sockets.name(socket) {
            Some(socket) => self.engine.space(socket),
            None => &mut [],
        }
    }

    fn transfer(&self, transfer: TransferNumber) -> Option<&Transfer> {
        self.engine.transfer(self.transfers.name(transfer)?)
    }

    fn deadline(&self) -> Option<Instant> {
        self.engine.deadline()
    }

    fn counts(&self) -> Counts {
        let pool = self.engine.statistics();
        Counts { transfers: self.engine.len(), sockets: self.engine.sockets(), idle: pool.idle, open: pool.open }
    }

    fn retained(&self) -> Retained {
        self.engine.retained()
    }
}
