//! The script of a connection: a list of steps, for one or many connections.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::conversation::Conversation;
use crate::net::gate::Gate;

/// What separates the pieces of a [`Script::send_pieces`].
#[derive(Clone, Debug)]
pub enum Pace {
    /// Nothing: each piece is its own write, and one read may return several.
    AtOnce,
    /// Each piece waits at the gate first, so that the test can observe it before the next one.
    Gate(Gate),
    /// This time precedes each piece.
    Every(Duration),
}

type Action = Arc<dyn Fn(&mut Conversation) -> io::Result<()> + Send + Sync>;

#[derive(Clone)]
enum Step {
    ReadHead,
    ReadRequest,
    ReadExactly(usize),
    ReadUntil(Vec<u8>),
    Send(Vec<u8>),
    SendPieces(Vec<Vec<u8>>, Pace),
    Wait(Gate),
    Stall,
    HalfClose,
    Truncate,
    Close,
    Reset,
    Act(Action),
    Repeat(usize, Script),
}

/// The steps of one connection, in order.
///
/// After the last step the server sends FIN, and reads until the client closes. So no RST overtakes
/// what was sent, and everything that the client sends is recorded. [`close`](Script::close) and
/// [`reset`](Script::reset) end otherwise. If the client closes or resets before a step has what it
/// needs, the script ends there. That is no failure; [`Record::ending`](super::Record::ending)
/// reports it.
#[derive(Clone, Default)]
pub struct Script {
    steps: Vec<Step>,
}

impl Script {
    /// Returns a script without steps.
    pub fn new() -> Self {
        Self::default()
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Reads a request head. A head that no client may send fails the test.
    pub fn read_head(self) -> Self {
        self.then(Step::ReadHead)
    }

    /// Reads a request with its body, in any framing. A request that no client may send fails the
    /// test.
    pub fn read_request(self) -> Self {
        self.then(Step::ReadRequest)
    }

    /// Reads `n` bytes.
    pub fn read_exactly(self, n: usize) -> Self {
        self.then(Step::ReadExactly(n))
    }

    /// Reads up to and including the first `end`.
    pub fn read_until(self, end: impl AsRef<[u8]>) -> Self {
        self.then(Step::ReadUntil(end.as_ref().to_vec()))
    }

    /// Sends `bytes` in one write.
    pub fn send(self, bytes: impl AsRef<[u8]>) -> Self {
        self.then(Step::Send(bytes.as_ref().to_vec()))
    }

    /// Sends each piece in its own write, spaced as `pace` says.
    pub fn send_pieces<P: AsRef<[u8]>>(self, pieces: impl IntoIterator<Item = P>, pace: Pace) -> Self {
        let pieces = pieces.into_iter().map(|piece| piece.as_ref().to_vec()).collect();
        self.then(Step::SendPieces(pieces, pace))
    }

    /// Sends `bytes` one by one, spaced as `pace` says.
    pub fn send_byte_by_byte(self, bytes: impl AsRef<[u8]>, pace: Pace) -> Self {
        self.send_pieces(bytes.as_ref().iter().map(|byte| [*byte]), pace)
    }

    /// Waits, without reading, until the test releases `gate`.
    pub fn wait(self, gate: &Gate) -> Self {
        self.then(Step::Wait(gate.clone()))
    }

    /// Sends nothing until the client closes or the server is dropped. Records what the client
    /// sends.
    pub fn stall(self) -> Self {
        self.then(Step::Stall)
    }

    /// Sends FIN; under TLS, what the endpoint's farewell says. The script continues and can read.
    pub fn half_close(self) -> Self {
        self.then(Step::HalfClose)
    }

    /// Sends FIN without TLS's `close_notify`. The script continues and can read.
    pub fn truncate(self) -> Self {
        self.then(Step::Truncate)
    }

    /// Closes at once and ends the script. If the client has sent unread bytes, the kernel sends
    /// RST instead of FIN, and the client may lose earlier bytes.
    pub fn close(self) -> Self {
        self.then(Step::Close)
    }

    /// Closes with RST and ends the script.
    pub fn reset(self) -> Self {
        self.then(Step::Reset)
    }

    /// Runs `action`. Its error ends the script as a close by the client would.
    pub fn act(self, action: impl Fn(&mut Conversation) -> io::Result<()> + Send + Sync + 'static) -> Self {
        self.then(Step::Act(Arc::new(action)))
    }

    /// Runs `script` `times` times: several exchanges on one connection.
    pub fn repeat(self, times: usize, script: Script) -> Self {
        self.then(Step::Repeat(times, script))
    }

    /// Reads a request, and responds with the bytes of `response` in one write.
    pub fn answer(self, response: impl AsRef<[u8]>) -> Self {
        self.read_request().send(response)
    }

    pub(crate) fn follow(&self, conversation: &mut Conversation) -> io::Result<()> {
        for step in &self.steps {
            if conversation.is_over() {
                break;
            }
            match step {
                Step::ReadHead => drop(conversation.read_head()?),
                Step::ReadRequest => drop(conversation.read_request()?),
                Step::ReadExactly(n) => drop(conversation.read_exactly(*n)?),
                Step::ReadUntil(end) => drop(conversation.read_until(end)?),
                Step::Send(bytes) => conversation.send(bytes)?,
                Step::SendPieces(pieces, pace) => conversation.send_pieces(pieces, pace)?,
                Step::Wait(gate) => conversation.wait(gate)?,
                Step::Stall => conversation.stall()?,
                Step::HalfClose => conversation.half_close()?,
                Step::Truncate => conversation.truncate()?,
                Step::Close => conversation.close()?,
                Step::Reset => conversation.reset()?,
                Step::Act(action) => action(conversation)?,
                Step::Repeat(times, script) => {
                    for _ in 0..*times {
                        script.follow(conversation)?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Script of {} steps", self.steps.len())
    }
}
