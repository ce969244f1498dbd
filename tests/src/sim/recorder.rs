//! Records an engine, or transfers driven by hand: every input and output passes here and is
//! numbered, counted and hashed, and written as text on request.
//!
//! What is written is a transcript: text that [`replay`](super::replay) feeds to a new engine,
//! which must give the same outputs. A transcript holds everything sent and received, secrets
//! included. Take them out, consistently on both sides, before you pass it on.

use std::fmt::Write;

use petition_core::buffer::Retained;
use petition_core::route::pool::PoolLimits;
use petition_core::tls::TlsConfig;
use petition_core::transfer::ReadPlan;
use petition_core::{Input, Instant, IoFailure, Now, Session, Side, Transfer};

use super::by_hand::ManualDriver;
use super::driven::{Counts, Driver, EngineDriver};
use super::inputs::{DriverInput, SocketNumber, TransferNumber};
use super::outputs::DriverOutput;
use super::replay::write_limits;

/// The first line of a transcript.
pub const TITLE: &str = "petition transcript 1";

/// The prefix of the limits if there is no engine.
pub(super) const BY_HAND: &str = "by hand, ";

/// The engine, or what stands for one, its session, and what passed.
pub struct Recorder {
    /// The session, for reading only.
    pub session: Session,
    /// The TLS configuration of every request, if it is not the session's.
    pub tls: Option<TlsConfig>,
    /// The number of inputs.
    pub inputs: u64,
    /// The number of polls.
    pub polls: u64,
    /// The number of bytes in and out.
    pub bytes: u64,
    driven: Box<dyn Driver>,
    now: Option<Now>,
    hash: u64,
    text: Option<String>,
}

impl Recorder {
    /// Returns a recorder of a new engine; `written` decides whether the transcript is kept as
    /// text.
    pub fn new(limits: PoolLimits, session: Session, written: bool) -> Recorder {
        Recorder::of(
            Box::new(EngineDriver::new(limits)),
            session,
            written.then(|| format!("{TITLE}\n{}\n", write_limits(&limits))),
        )
    }

    /// Does the same for transfers driven by hand, without an engine.
    pub fn by_hand(limits: PoolLimits, session: Session, written: bool) -> Recorder {
        let text = written.then(|| format!("{TITLE}\n{BY_HAND}{}\n", write_limits(&limits)));
        Recorder::of(Box::new(ManualDriver::new(limits)), session, text)
    }

    fn of(driven: Box<dyn Driver>, session: Session, text: Option<String>) -> Recorder {
        Recorder {
            session,
            tls: None,
            inputs: 0,
            polls: 0,
            bytes: 0,
            driven,
            now: None,
            hash: 0xcbf2_9ce4_8422_2325,
            text,
        }
    }

    /// Returns when a tick is due at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        self.driven.deadline()
    }

    /// Returns whether a request waits for the next poll of all sockets.
    pub fn awaits_poll(&self) -> bool {
        self.driven.awaits_poll()
    }

    /// Returns the current counts.
    pub fn counts(&self) -> Counts {
        self.driven.counts()
    }

    /// Returns the storage held for bytes.
    pub fn retained(&self) -> Retained {
        self.driven.retained()
    }

    /// Returns the machines' Debug output.
    pub fn shown(&self) -> String {
        format!("{:?}", self.driven)
    }

    /// Returns a hash of all inputs and outputs.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// Returns the transcript, if it was kept.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Adds a comment line to the transcript.
    pub fn remark(&mut self, words: &str) {
        if let Some(text) = &mut self.text {
            let _ = writeln!(text, "# {words}");
        }
    }

    /// Returns the bytes to write to a socket.
    pub fn outgoing(&self, socket: SocketNumber) -> &[u8] {
        self.driven.outgoing(socket)
    }

    /// Returns the available body bytes.
    pub fn body(&self, transfer: TransferNumber) -> &[u8] {
        self.driven.body(transfer)
    }

    /// Returns how much can be read into the machine's own buffer now.
    pub fn space(&mut self, socket: SocketNumber) -> usize {
        self.driven.space(socket).len()
    }

    /// Returns whose body bytes may be read directly into so much memory of the caller's now, and
    /// the plan. Only a transfer driven by hand has any.
    pub fn plan(&self, socket: SocketNumber, room: usize) -> Option<(TransferNumber, ReadPlan)> {
        self.driven.plan(socket, room)
    }

    /// Returns a transfer that has not ended.
    pub fn transfer(&self, transfer: TransferNumber) -> Option<&Transfer> {
        self.driven.transfer(transfer)
    }

    fn mix(&mut self, n: u64) {
        self.hash = (self.hash ^ n).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }

    fn mix_bytes(&mut self, bytes: &[u8]) {
        self.mix(bytes.len() as u64);
        self.bytes += bytes.len() as u64;
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        for byte in rest {
            self.mix(u64::from(*byte));
        }
    }

    /// Passes an input. Returns the number of accepted bytes of a pushed body, otherwise 0.
    ///
    /// # Errors
    /// The text of the misuse.
    pub fn handle(&mut self, now: Now, input: &DriverInput<'_>) -> Result<usize, String> {
        self.note(now, input);
        let taken = self.apply(now, input);
        // A late input is a misuse, and part of the record.
        if let (Err(words), Some(text)) = (&taken, &mut self.text) {
            let _ = writeln!(text, "! {words}");
        }
        taken
    }

    fn note(&mut self, now: Now, input: &DriverInput<'_>) {
        self.inputs += 1;
        if self.now != Some(now) {
            self.now = Some(now);
            self.mix(now.instant.since_origin().as_micros() as u64);
            self.mix(now.unix.0);
            if let Some(text) = &mut self.text {
                let micros = now.instant.since_origin().as_micros();
                let _ = writeln!(text, "at {}.{:06} {}", micros / 1_000_000, micros % 1_000_000, now.unix.0);
            }
        }
        if let Some(text) = &mut self.text {
            *text += &input.write();
        }
        let (kind, number) = match input {
            DriverInput::Start(t, _) => (1, *t),
            DriverInput::SessionField(..) | DriverInput::BaseUrl(_) | DriverInput::Hsts(_) => (2, 0),
            DriverInput::Connected(s) => (3, *s),
            DriverInput::ConnectFailed(s, _) => (4, *s),
            DriverInput::Wrote(s, _) => (5, *s),
            DriverInput::Filled(s, _) => (6, *s),
            DriverInput::Received(s, _) => (7, *s),
            DriverInput::Eof(s) => (8, *s),
            DriverInput::Failed(s, ..) => (9, *s),
            DriverInput::Blocked(s, _) => (10, *s),
            DriverInput::Ready(s, _) => (11, *s),
            DriverInput::Checked(s, alive) => (12 + 32 * u64::from(*alive), *s),
            DriverInput::Resolved(t, _) => (13, *t),
            DriverInput::ResolveFailed(t, _) => (14, *t),
            DriverInput::Pushed(t, _) => (15, *t),
            DriverInput::BodyEnd(t) => (16, *t),
            DriverInput::BodyFailed(t) => (17, *t),
            DriverInput::BodyBlocked(t) => (18, *t),
            DriverInput::BodyReady(t) => (19, *t),
            DriverInput::Rewound(t, done) => (20 + 32 * u64::from(*done), *t),
            DriverInput::Consumed(t, _) => (21, *t),
            DriverInput::Discard(t) => (22, *t),
            DriverInput::Cancel(t) => (23, *t),
            DriverInput::Pause(t) => (24, *t),
            DriverInput::Resume(t) => (25, *t),
            DriverInput::Tick => (26, 0),
            DriverInput::CancelAll => (27, 0),
            DriverInput::CloseIdle => (28, 0),
            DriverInput::ReadDirect(s, _) => (29, *s),
            DriverInput::BeginPoll => (30, 0),
            DriverInput::MarkPolled => (31, 0),
        };
        self.mix(kind << 32 | u64::from(number));
        if let DriverInput::Wrote(_, data)
        | DriverInput::Filled(_, data)
        | DriverInput::Received(_, data)
        | DriverInput::ReadDirect(_, data)
        | DriverInput::Pushed(_, data)
        | DriverInput::Consumed(_, data) = input
        {
            self.mix_bytes(data);
        }
    }

    fn apply(&mut self, now: Now, input: &DriverInput<'_>) -> Result<usize, String> {
        let failure = |kind: &std::io::ErrorKind| IoFailure::new(*kind);
        let driven = &mut *self.driven;
        match input {
            DriverInput::Start(number, spec) => {
                let request = spec.request(self.tls.as_ref())?;
                let prepared = self.session.prepare(&request).map_err(|e| e.to_string())?;
                let given = driven.start(now, prepared);
                if given == *number { Ok(()) } else { Err(format!("transfer t{number} would be t{given}")) }
            }
            DriverInput::SessionField(name, value, sensitive) => {
                let set = self.session.configure(|options| match sensitive {
                    true => options.headers.set_sensitive(name, value),
                    false => options.headers.set(name, value),
                });
                set.map_err(|e| e.to_string())
            }
            DriverInput::BaseUrl(url) => self.session.set_base_url(url).map_err(|e| e.to_string()),
            DriverInput::Hsts(text) => {
                self.session.hsts(|store| store.load(&text.replace("  ", "\n"), now.unix));
                Ok(())
            }
            DriverInput::Connected(s) => driven.connected(now, *s),
            DriverInput::ConnectFailed(s, kind) => driven.connect_failed(now, *s, failure(kind)),
            DriverInput::Wrote(s, data) if !driven.outgoing(*s).starts_with(data) => {
                Err("these are not the bytes that are outgoing".into())
            }
            DriverInput::Wrote(s, data) => driven.socket_input(now, *s, Input::Wrote(data.len())),
            DriverInput::Filled(s, data) => {
                let space = driven.space(*s);
                match space.get_mut(..data.len()) {
                    Some(space) => space.copy_from_slice(data),
                    None => return Err(format!("there is room for {} bytes", space.len())),
                }
                driven.socket_input(now, *s, Input::Filled(data.len()))
            }
            DriverInput::ReadDirect(s, data) => driven.read_direct(now, *s, data),
            DriverInput::Received(s, data) => driven.socket_input(now, *s, Input::Received(data)),
            DriverInput::Eof(s) => driven.socket_input(now, *s, Input::Eof),
            DriverInput::Failed(s, side, kind) => driven.socket_input(now, *s, Input::Failed(*side, failure(kind))),
            DriverInput::Blocked(s, side) => driven.socket_input(now, *s, Input::Blocked(*side)),
            DriverInput::Ready(s, side) => driven.socket_input(now, *s, Input::Ready(*side)),
            DriverInput::Checked(s, true) => driven.socket_input(now, *s, Input::Alive),
            DriverInput::Checked(s, false) => driven.socket_input(now, *s, Input::Dead),
            DriverInput::Resolved(t, addresses) => driven.transfer_input(now, *t, Input::Resolved(addresses)),
            DriverInput::ResolveFailed(t, kind) => driven.transfer_input(now, *t, Input::ResolveFailed(failure(kind))),
            DriverInput::Pushed(t, data) => return driven.push_body(now, *t, data),
            DriverInput::BodyEnd(t) => driven.transfer_input(now, *t, Input::BodyEnd),
            DriverInput::BodyFailed(t) => driven.transfer_input(now, *t, Input::BodyFailed("gone".into())),
            DriverInput::BodyBlocked(t) => driven.transfer_input(now, *t, Input::Blocked(Side::Body)),
            DriverInput::BodyReady(t) => driven.transfer_input(now, *t, Input::Ready(Side::Body)),
            DriverInput::Rewound(t, true) => driven.transfer_input(now, *t, Input::Rewound),
            DriverInput::Rewound(t, false) => driven.transfer_input(now, *t, Input::NotRewound),
            DriverInput::Consumed(t, data) if !driven.body(*t).starts_with(data) => {
                Err("these are not the bytes at hand".into())
            }
            DriverInput::Consumed(t, data) => driven.transfer_input(now, *t, Input::Consumed(data.len())),
            DriverInput::Discard(t) => driven.transfer_input(now, *t, Input::Discard),
            DriverInput::Cancel(t) => driven.transfer_input(now, *t, Input::Cancel),
            DriverInput::Pause(t) => driven.pause(*t, true),
            DriverInput::Resume(t) => driven.pause(*t, false),
            DriverInput::Tick => {
                driven.tick(now);
                Ok(())
            }
            DriverInput::BeginPoll => {
                driven.begin_poll();
                Ok(())
            }
            DriverInput::MarkPolled => {
                driven.mark_polled(now);
                Ok(())
            }
            DriverInput::CancelAll => {
                driven.cancel_all(now);
                Ok(())
            }
            DriverInput::CloseIdle => {
                driven.close_idle();
                Ok(())
            }
        }
        .map(|()| 0)
    }

    /// Polls the machines, and returns also how often the session was used.
    pub fn poll(&mut self) -> (DriverOutput, u32) {
        self.polls += 1;
        let (output, calls) = self.driven.poll(&mut self.session);
        let (kind, number, more) = match &output {
            DriverOutput::Resolve(t, _, port) => (1, *t, u64::from(*port)),
            DriverOutput::Connect(s, address) => {
                (2, *s, address.socket_addr().map_or(0, |address| u64::from(address.port())))
            }
            DriverOutput::Transmit(s, n) => (3, *s, *n as u64),
            DriverOutput::Read(s) => (4, *s, 0),
            DriverOutput::Probe(s) => (5, *s, 0),
            DriverOutput::Close(s) => (6, *s, 0),
            DriverOutput::NeedBody(t) => (7, *t, 0),
            DriverOutput::Rewind(t) => (8, *t, 0),
            DriverOutput::Body(t, n) => (9, *t, *n as u64),
            DriverOutput::Event(t, _) => (10, *t, 0),
            DriverOutput::Ended(t, _, error) => (11, *t, u64::from(error.is_some())),
            DriverOutput::Wait => (12, 0, 0),
        };
        self.mix(kind << 40 | u64::from(number));
        self.mix(more);
        if let Some(text) = &mut self.text {
            *text += &output.write();
            text.push('\n');
        }
        (output, calls)
    }
}
