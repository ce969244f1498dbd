//! An engine behind glass: every input and output passes here, is numbered, counted, hashed, and written down where that is wanted.
//!
//! What is written is a transcript: text that [`replay`](super::replay) feeds to a new engine, which must say the same again. A transcript holds
//! what was sent and received as it was, secrets included; who passes one on takes them out first, consistently on both sides.

use std::fmt::Write;

use petition_core::engine::{Engine, Output, SessionAccess, SocketId, TransferId};
use petition_core::pool::PoolLimits;
use petition_core::tls::TlsConfig;
use petition_core::{Input, IoFailure, Misuse, Now, Session, Side};

use super::replay::write_limits;
use super::said::Said;
use super::told::{SocketNumber, Told, TransferNumber};

/// The first line of a transcript.
pub const TITLE: &str = "petition transcript 1";

/// The engine, its session, and what passed.
pub struct Tape {
    /// The session. To be looked at.
    pub session: Session,
    /// The TLS configuration of every request, if it is not the session's.
    pub tls: Option<TlsConfig>,
    /// How many inputs there were.
    pub inputs: u64,
    /// How many times the engine was polled.
    pub polls: u64,
    /// How many bytes went in and out.
    pub bytes: u64,
    engine: Engine,
    now: Option<Now>,
    transfers: Numbers<TransferId>,
    sockets: Numbers<SocketId>,
    hash: u64,
    text: Option<String>,
}

/// Names by number and back.
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

/// Says what it is called for, so that it is known when the session was asked.
struct Door<'a> {
    session: &'a mut Session,
    calls: u32,
}

impl SessionAccess for Door<'_> {
    fn with<R>(&mut self, f: impl FnOnce(&mut Session) -> R) -> R {
        self.calls += 1;
        f(self.session)
    }
}

impl Tape {
    /// A new engine; `written` says whether the transcript is kept as text.
    pub fn new(limits: PoolLimits, session: Session, written: bool) -> Tape {
        let text = written.then(|| format!("{TITLE}\n{}\n", write_limits(&limits)));
        Tape {
            session,
            tls: None,
            inputs: 0,
            polls: 0,
            bytes: 0,
            engine: Engine::new(limits),
            now: None,
            transfers: Numbers::new(),
            sockets: Numbers::new(),
            hash: 0xcbf2_9ce4_8422_2325,
            text,
        }
    }

    /// The engine. To be looked at.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// A number that stands for everything that passed.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The transcript, if it was kept.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// A line of explanation in the transcript.
    pub fn remark(&mut self, words: &str) {
        if let Some(text) = &mut self.text {
            let _ = writeln!(text, "# {words}");
        }
    }

    /// The bytes to write to a socket.
    pub fn outgoing(&self, socket: SocketNumber) -> &[u8] {
        self.sockets.name(socket).map_or(&[], |socket| self.engine.outgoing(socket))
    }

    /// The body bytes at hand.
    pub fn body(&self, transfer: TransferNumber) -> &[u8] {
        self.transfers.name(transfer).map_or(&[], |transfer| self.engine.body(transfer))
    }

    /// How much can be read into the machine's own space now.
    pub fn space(&mut self, socket: SocketNumber) -> usize {
        self.sockets.name(socket).map_or(0, |socket| self.engine.space(socket).len())
    }

    /// A transfer that has not ended.
    pub fn transfer(&self, transfer: TransferNumber) -> Option<&petition_core::Transfer> {
        self.engine.transfer(self.transfers.name(transfer)?)
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

    /// Tells the engine something. Returns the bytes that were taken, for a body that was pushed, else 0.
    ///
    /// # Errors
    /// What the engine says against it, in words.
    pub fn tell(&mut self, now: Now, told: &Told<'_>) -> Result<usize, String> {
        self.note(now, told);
        let taken = self.apply(now, told);
        // What came too late is a misuse, and part of the record.
        if let (Err(words), Some(text)) = (&taken, &mut self.text) {
            let _ = writeln!(text, "! {words}");
        }
        taken
    }

    fn note(&mut self, now: Now, told: &Told<'_>) {
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
            *text += &told.write();
        }
        let (kind, number) = match told {
            Told::Start(t, _) => (1, *t),
            Told::SessionField(..) => (2, 0),
            Told::Connected(s) => (3, *s),
            Told::ConnectFailed(s, _) => (4, *s),
            Told::Wrote(s, _) => (5, *s),
            Told::Filled(s, _) => (6, *s),
            Told::Received(s, _) => (7, *s),
            Told::Eof(s) => (8, *s),
            Told::Failed(s, ..) => (9, *s),
            Told::Blocked(s, _) => (10, *s),
            Told::Ready(s, _) => (11, *s),
            Told::Checked(s, alive) => (12 + 32 * u64::from(*alive), *s),
            Told::Resolved(t, _) => (13, *t),
            Told::ResolveFailed(t, _) => (14, *t),
            Told::Pushed(t, _) => (15, *t),
            Told::BodyEnd(t) => (16, *t),
            Told::BodyFailed(t) => (17, *t),
            Told::BodyBlocked(t) => (18, *t),
            Told::BodyReady(t) => (19, *t),
            Told::Rewound(t, done) => (20 + 32 * u64::from(*done), *t),
            Told::Consumed(t, _) => (21, *t),
            Told::Discard(t) => (22, *t),
            Told::Cancel(t) => (23, *t),
            Told::Pause(t) => (24, *t),
            Told::Resume(t) => (25, *t),
            Told::Tick => (26, 0),
            Told::CancelAll => (27, 0),
            Told::CloseIdle => (28, 0),
        };
        self.mix(kind << 32 | u64::from(number));
        if let Told::Wrote(_, data)
        | Told::Filled(_, data)
        | Told::Received(_, data)
        | Told::Pushed(_, data)
        | Told::Consumed(_, data) = told
        {
            self.mix_bytes(data);
        }
    }

    fn apply(&mut self, now: Now, told: &Told<'_>) -> Result<usize, String> {
        let failure = |kind: &std::io::ErrorKind| IoFailure::new(*kind);
        let socket = |s: &SocketNumber| self.sockets.name(*s).ok_or(format!("no socket s{s}"));
        let transfer = |t: &TransferNumber| self.transfers.name(*t).ok_or(format!("no transfer t{t}"));
        let done = match told {
            Told::Start(number, asked) => {
                let request = asked.request(self.tls.as_ref())?;
                let prepared = self.session.prepare(&request).map_err(|e| e.to_string())?;
                let id = self.engine.start(now, prepared, None);
                let given = self.transfers.add(id, id.index());
                return if given == *number { Ok(0) } else { Err(format!("transfer t{number} would be t{given}")) };
            }
            Told::SessionField(name, value, sensitive) => {
                let set = self.session.update(|options| match sensitive {
                    true => options.headers.set_sensitive(name, value),
                    false => options.headers.set(name, value),
                });
                return set.map(|()| 0).map_err(|e| e.to_string());
            }
            Told::Connected(s) => self.engine.connected(now, socket(s)?),
            Told::ConnectFailed(s, kind) => self.engine.connect_failed(now, socket(s)?, failure(kind)),
            Told::Wrote(s, data) => {
                let s = socket(s)?;
                if !self.engine.outgoing(s).starts_with(data) {
                    return Err("these are not the bytes that are outgoing".into());
                }
                self.engine.socket_input(now, s, Input::Wrote(data.len()))
            }
            Told::Filled(s, data) => {
                let s = socket(s)?;
                let space = self.engine.space(s);
                match space.get_mut(..data.len()) {
                    Some(space) => space.copy_from_slice(data),
                    None => return Err(format!("there is room for {} bytes", space.len())),
                }
                self.engine.socket_input(now, s, Input::Filled(data.len()))
            }
            Told::Received(s, data) => self.engine.socket_input(now, socket(s)?, Input::Received(data)),
            Told::Eof(s) => self.engine.socket_input(now, socket(s)?, Input::Eof),
            Told::Failed(s, side, kind) => {
                self.engine.socket_input(now, socket(s)?, Input::Failed(*side, failure(kind)))
            }
            Told::Blocked(s, side) => self.engine.socket_input(now, socket(s)?, Input::Blocked(*side)),
            Told::Ready(s, side) => self.engine.socket_input(now, socket(s)?, Input::Ready(*side)),
            Told::Checked(s, true) => self.engine.socket_input(now, socket(s)?, Input::Alive),
            Told::Checked(s, false) => self.engine.socket_input(now, socket(s)?, Input::Dead),
            Told::Resolved(t, addresses) => self.engine.transfer_input(now, transfer(t)?, Input::Resolved(addresses)),
            Told::ResolveFailed(t, kind) => {
                self.engine.transfer_input(now, transfer(t)?, Input::ResolveFailed(failure(kind)))
            }
            Told::Pushed(t, data) => {
                return self.engine.push_body(now, transfer(t)?, data).map_err(|e| e.to_string());
            }
            Told::BodyEnd(t) => self.engine.transfer_input(now, transfer(t)?, Input::BodyEnd),
            Told::BodyFailed(t) => self.engine.transfer_input(now, transfer(t)?, Input::BodyFailed("gone".into())),
            Told::BodyBlocked(t) => self.engine.transfer_input(now, transfer(t)?, Input::Blocked(Side::Body)),
            Told::BodyReady(t) => self.engine.transfer_input(now, transfer(t)?, Input::Ready(Side::Body)),
            Told::Rewound(t, true) => self.engine.transfer_input(now, transfer(t)?, Input::Rewound),
            Told::Rewound(t, false) => self.engine.transfer_input(now, transfer(t)?, Input::NotRewound),
            Told::Consumed(t, data) => {
                let t = transfer(t)?;
                if !self.engine.body(t).starts_with(data) {
                    return Err("these are not the bytes at hand".into());
                }
                self.engine.transfer_input(now, t, Input::Consumed(data.len()))
            }
            Told::Discard(t) => self.engine.transfer_input(now, transfer(t)?, Input::Discard),
            Told::Cancel(t) => {
                self.engine.cancel(now, transfer(t)?);
                Ok(())
            }
            Told::Pause(t) => {
                self.engine.pause(transfer(t)?);
                Ok(())
            }
            Told::Resume(t) => {
                self.engine.resume(transfer(t)?);
                Ok(())
            }
            Told::Tick => {
                self.engine.tick(now);
                Ok(())
            }
            Told::CancelAll => {
                self.engine.cancel_all(now);
                Ok(())
            }
            Told::CloseIdle => {
                self.engine.close_idle();
                Ok(())
            }
        };
        done.map(|()| 0).map_err(|misuse: Misuse| misuse.to_string())
    }

    /// Polls the engine. Also says how often the session was asked for meanwhile.
    pub fn poll(&mut self) -> (Said, u32) {
        self.polls += 1;
        let mut door = Door { session: &mut self.session, calls: 0 };
        let output = self.engine.poll(&mut door);
        let calls = door.calls;
        let socket = |s: SocketId| self.sockets.number(s, s.index());
        let transfer = |t: TransferId| self.transfers.number(t, t.index());
        let said = match output {
            Output::Resolve(t) => {
                let (name, port) = self.engine.peer_name(t).expect("a name to look up");
                Said::Resolve(transfer(t), name.into(), port)
            }
            Output::Connect(s, address) => Said::Connect(self.sockets.add(s, s.index()), address),
            Output::Transmit(s) => Said::Transmit(socket(s), self.engine.outgoing(s).len()),
            Output::Read(s) => Said::Read(socket(s)),
            Output::Check(s) => Said::Check(socket(s)),
            Output::Close(s) => Said::Close(socket(s)),
            Output::NeedBody(t) => Said::NeedBody(transfer(t)),
            Output::Rewind(t) => Said::Rewind(transfer(t)),
            Output::Body(t) => Said::Body(transfer(t), self.engine.body(t).len()),
            Output::Event(t, event) => Said::Event(transfer(t), event),
            Output::Ended { id, transfer: ended, error } => Said::Ended(transfer(id), Box::new(ended), error),
            Output::Wait => Said::Wait,
        };
        let (kind, number, more) = match &said {
            Said::Resolve(t, _, port) => (1, *t, u64::from(*port)),
            Said::Connect(s, address) => (2, *s, u64::from(address.port())),
            Said::Transmit(s, n) => (3, *s, *n as u64),
            Said::Read(s) => (4, *s, 0),
            Said::Check(s) => (5, *s, 0),
            Said::Close(s) => (6, *s, 0),
            Said::NeedBody(t) => (7, *t, 0),
            Said::Rewind(t) => (8, *t, 0),
            Said::Body(t, n) => (9, *t, *n as u64),
            Said::Event(t, _) => (10, *t, 0),
            Said::Ended(t, _, error) => (11, *t, u64::from(error.is_some())),
            Said::Wait => (12, 0, 0),
        };
        self.mix(kind << 40 | u64::from(number));
        self.mix(more);
        if let Some(text) = &mut self.text {
            *text += &said.write();
            text.push('\n');
        }
        (said, calls)
    }
}
