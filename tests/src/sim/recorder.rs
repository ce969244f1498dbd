//! An engine behind glass, or transfers driven by hand: every input and output passes here, is numbered, counted, hashed, and written down
//! where that is wanted.
//!
//! What is written is a transcript: text that [`replay`](super::replay) feeds to a new engine, which must say the same again. A transcript holds
//! what was sent and received as it was, secrets included; who passes one on takes them out first, consistently on both sides.

use std::fmt::Write;

use petition_core::buffer::Retained;
use petition_core::route::pool::PoolLimits;
use petition_core::tls::TlsConfig;
use petition_core::{Input, Instant, IoFailure, Now, Session, Side, Transfer};

use super::by_hand::ByHand;
use super::driven::{Counts, Driven, Engined};
use super::inputs::{SocketNumber, Told, TransferNumber};
use super::outputs::Said;
use super::replay::write_limits;

/// The first line of a transcript.
pub const TITLE: &str = "petition transcript 1";

/// What stands before the limits where there is no engine.
pub(super) const BY_HAND: &str = "by hand, ";

/// The engine, or what stands for one, its session, and what passed.
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
    driven: Box<dyn Driven>,
    now: Option<Now>,
    hash: u64,
    text: Option<String>,
}

impl Tape {
    /// A new engine; `written` says whether the transcript is kept as text.
    pub fn new(limits: PoolLimits, session: Session, written: bool) -> Tape {
        Tape::of(
            Box::new(Engined::new(limits)),
            session,
            written.then(|| format!("{TITLE}\n{}\n", write_limits(&limits))),
        )
    }

    /// The same for transfers that are driven by hand, without an engine.
    pub fn by_hand(limits: PoolLimits, session: Session, written: bool) -> Tape {
        let text = written.then(|| format!("{TITLE}\n{BY_HAND}{}\n", write_limits(&limits)));
        Tape::of(Box::new(ByHand::new(limits)), session, text)
    }

    fn of(driven: Box<dyn Driven>, session: Session, text: Option<String>) -> Tape {
        Tape { session, tls: None, inputs: 0, polls: 0, bytes: 0, driven, now: None, hash: 0xcbf2_9ce4_8422_2325, text }
    }

    /// When a tick is due at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        self.driven.deadline()
    }

    /// Whether a request waits for the next poll of all sockets.
    pub fn awaits_poll(&self) -> bool {
        self.driven.awaits_poll()
    }

    /// What there is now.
    pub fn counts(&self) -> Counts {
        self.driven.counts()
    }

    /// The storage held for bytes by all of it.
    pub fn retained(&self) -> Retained {
        self.driven.retained()
    }

    /// What the machines show of themselves.
    pub fn shown(&self) -> String {
        format!("{:?}", self.driven)
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
        self.driven.outgoing(socket)
    }

    /// The body bytes at hand.
    pub fn body(&self, transfer: TransferNumber) -> &[u8] {
        self.driven.body(transfer)
    }

    /// How much can be read into the machine's own space now.
    pub fn space(&mut self, socket: SocketNumber) -> usize {
        self.driven.space(socket).len()
    }

    /// Whose body bytes may be read straight to the caller now, and how many: those of a transfer that is driven by hand.
    pub fn due(&self, socket: SocketNumber) -> Option<(TransferNumber, usize)> {
        self.driven.due(socket)
    }

    /// A transfer that has not ended.
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
            Told::SessionField(..) | Told::BaseUrl(_) => (2, 0),
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
            Told::ReadDirect(s, _) => (29, *s),
            Told::BeginPoll => (30, 0),
            Told::MarkPolled => (31, 0),
        };
        self.mix(kind << 32 | u64::from(number));
        if let Told::Wrote(_, data)
        | Told::Filled(_, data)
        | Told::Received(_, data)
        | Told::ReadDirect(_, data)
        | Told::Pushed(_, data)
        | Told::Consumed(_, data) = told
        {
            self.mix_bytes(data);
        }
    }

    fn apply(&mut self, now: Now, told: &Told<'_>) -> Result<usize, String> {
        let failure = |kind: &std::io::ErrorKind| IoFailure::new(*kind);
        let driven = &mut *self.driven;
        match told {
            Told::Start(number, asked) => {
                let request = asked.request(self.tls.as_ref())?;
                let prepared = self.session.prepare(&request).map_err(|e| e.to_string())?;
                let given = driven.start(now, prepared);
                if given == *number { Ok(()) } else { Err(format!("transfer t{number} would be t{given}")) }
            }
            Told::SessionField(name, value, sensitive) => {
                let set = self.session.configure(|options| match sensitive {
                    true => options.headers.set_sensitive(name, value),
                    false => options.headers.set(name, value),
                });
                set.map_err(|e| e.to_string())
            }
            Told::BaseUrl(url) => self.session.set_base_url(url).map_err(|e| e.to_string()),
            Told::Connected(s) => driven.connected(now, *s),
            Told::ConnectFailed(s, kind) => driven.connect_failed(now, *s, failure(kind)),
            Told::Wrote(s, data) if !driven.outgoing(*s).starts_with(data) => {
                Err("these are not the bytes that are outgoing".into())
            }
            Told::Wrote(s, data) => driven.socket_input(now, *s, Input::Wrote(data.len())),
            Told::Filled(s, data) => {
                let space = driven.space(*s);
                match space.get_mut(..data.len()) {
                    Some(space) => space.copy_from_slice(data),
                    None => return Err(format!("there is room for {} bytes", space.len())),
                }
                driven.socket_input(now, *s, Input::Filled(data.len()))
            }
            Told::ReadDirect(s, data) => driven.bypass(now, *s, data),
            Told::Received(s, data) => driven.socket_input(now, *s, Input::Received(data)),
            Told::Eof(s) => driven.socket_input(now, *s, Input::Eof),
            Told::Failed(s, side, kind) => driven.socket_input(now, *s, Input::Failed(*side, failure(kind))),
            Told::Blocked(s, side) => driven.socket_input(now, *s, Input::Blocked(*side)),
            Told::Ready(s, side) => driven.socket_input(now, *s, Input::Ready(*side)),
            Told::Checked(s, true) => driven.socket_input(now, *s, Input::Alive),
            Told::Checked(s, false) => driven.socket_input(now, *s, Input::Dead),
            Told::Resolved(t, addresses) => driven.transfer_input(now, *t, Input::Resolved(addresses)),
            Told::ResolveFailed(t, kind) => driven.transfer_input(now, *t, Input::ResolveFailed(failure(kind))),
            Told::Pushed(t, data) => return driven.push_body(now, *t, data),
            Told::BodyEnd(t) => driven.transfer_input(now, *t, Input::BodyEnd),
            Told::BodyFailed(t) => driven.transfer_input(now, *t, Input::BodyFailed("gone".into())),
            Told::BodyBlocked(t) => driven.transfer_input(now, *t, Input::Blocked(Side::Body)),
            Told::BodyReady(t) => driven.transfer_input(now, *t, Input::Ready(Side::Body)),
            Told::Rewound(t, true) => driven.transfer_input(now, *t, Input::Rewound),
            Told::Rewound(t, false) => driven.transfer_input(now, *t, Input::NotRewound),
            Told::Consumed(t, data) if !driven.body(*t).starts_with(data) => {
                Err("these are not the bytes at hand".into())
            }
            Told::Consumed(t, data) => driven.transfer_input(now, *t, Input::Consumed(data.len())),
            Told::Discard(t) => driven.transfer_input(now, *t, Input::Discard),
            Told::Cancel(t) => driven.transfer_input(now, *t, Input::Cancel),
            Told::Pause(t) => driven.pause(*t, true),
            Told::Resume(t) => driven.pause(*t, false),
            Told::Tick => {
                driven.tick(now);
                Ok(())
            }
            Told::BeginPoll => {
                driven.look();
                Ok(())
            }
            Told::MarkPolled => {
                driven.mark_polled(now);
                Ok(())
            }
            Told::CancelAll => {
                driven.cancel_all(now);
                Ok(())
            }
            Told::CloseIdle => {
                driven.close_idle();
                Ok(())
            }
        }
        .map(|()| 0)
    }

    /// Polls the machines. Also says how often the session was asked for meanwhile.
    pub fn poll(&mut self) -> (Said, u32) {
        self.polls += 1;
        let (said, calls) = self.driven.poll(&mut self.session);
        let (kind, number, more) = match &said {
            Said::Resolve(t, _, port) => (1, *t, u64::from(*port)),
            Said::Connect(s, address) => (2, *s, u64::from(address.port())),
            Said::Transmit(s, n) => (3, *s, *n as u64),
            Said::Read(s) => (4, *s, 0),
            Said::Probe(s) => (5, *s, 0),
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
