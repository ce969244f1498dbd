//! What a scripted server does on one connection: a list of steps, made once, followed by one or many connections.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::conversation::Conversation;
use crate::net::gate::Gate;

/// What parts the pieces of a [`Script::send_pieces`].
#[derive(Clone, Debug)]
pub enum Pace {
    /// Nothing: each is a write of its own, and the kernel may hand several to one read.
    AtOnce,
    /// Each piece waits at the gate first, so that the test can see one arrive before it lets the next go.
    Gate(Gate),
    /// This much time before each piece.
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

/// The steps of one connection, in their order.
///
/// After the last step the server sends FIN and reads on until the client closes, so that no RST can overtake what was
/// sent and everything the client still sends is recorded; [`close`](Script::close) and [`reset`](Script::reset) end
/// otherwise. When the client closes or resets before a step has what it needs, the script ends there, which
/// [`Record::ending`](super::Record::ending) tells; it is no failure.
#[derive(Clone, Default)]
pub struct Script {
    steps: Vec<Step>,
}

impl Script {
    /// Does nothing but end.
    pub fn new() -> Self {
        Self::default()
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Reads to the end of a request head. A head that no client may send fails the test.
    pub fn read_head(self) -> Self {
        self.then(Step::ReadHead)
    }

    /// Reads a request with its body, however that is delimited. A request that no client may send fails the test.
    pub fn read_request(self) -> Self {
        self.then(Step::ReadRequest)
    }

    /// Reads `n` bytes.
    pub fn read_exactly(self, n: usize) -> Self {
        self.then(Step::ReadExactly(n))
    }

    /// Reads up to and with the first `end`.
    pub fn read_until(self, end: impl AsRef<[u8]>) -> Self {
        self.then(Step::ReadUntil(end.as_ref().to_vec()))
    }

    /// Sends `bytes` in one write.
    pub fn send(self, bytes: impl AsRef<[u8]>) -> Self {
        self.then(Step::Send(bytes.as_ref().to_vec()))
    }

    /// Sends each piece in a write of its own, parted as `pace` says.
    pub fn send_pieces<P: AsRef<[u8]>>(self, pieces: impl IntoIterator<Item = P>, pace: Pace) -> Self {
        let pieces = pieces.into_iter().map(|piece| piece.as_ref().to_vec()).collect();
        self.then(Step::SendPieces(pieces, pace))
    }

    /// Sends `bytes` one by one, parted as `pace` says.
    pub fn send_byte_by_byte(self, bytes: impl AsRef<[u8]>, pace: Pace) -> Self {
        self.send_pieces(bytes.as_ref().iter().map(|byte| [*byte]), pace)
    }

    /// Does nothing, not even reading, until the test releases `gate`.
    pub fn wait(self, gate: &Gate) -> Self {
        self.then(Step::Wait(gate.clone()))
    }

    /// Sends nothing until the client closes (or the server is dropped); what the client sends is recorded.
    pub fn stall(self) -> Self {
        self.then(Step::Stall)
    }

    /// Sends FIN (TLS: as the endpoint's farewell says); the script goes on and can read.
    pub fn half_close(self) -> Self {
        self.then(Step::HalfClose)
    }

    /// Sends FIN without TLS's `close_notify`; the script goes on and can read.
    pub fn truncate(self) -> Self {
        self.then(Step::Truncate)
    }

    /// Closes at once and ends the script. If bytes of the client are unread, the kernel sends RST instead of FIN,
    /// and the client may lose what was sent before.
    pub fn close(self) -> Self {
        self.then(Step::Close)
    }

    /// Closes with RST and ends the script.
    pub fn reset(self) -> Self {
        self.then(Step::Reset)
    }

    /// Does whatever `action` does. Its error ends the script as the client's going would.
    pub fn act(self, action: impl Fn(&mut Conversation) -> io::Result<()> + Send + Sync + 'static) -> Self {
        self.then(Step::Act(Arc::new(action)))
    }

    /// Follows `script` `times` times: several exchanges on one connection.
    pub fn repeat(self, times: usize, script: Script) -> Self {
        self.then(Step::Repeat(times, script))
    }

    /// Reads a request and answers it with `response`, bytes as they are, in one write.
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
