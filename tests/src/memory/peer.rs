//! The script of a peer on one connection: a list of steps, written as a chain.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;

/// The script of one connection. After its last step the peer keeps the connection open and reads
/// on.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Head,
    Body,
    Received(usize),
    Passes(usize),
    Send(Vec<u8>),
    Answer(fn(&str) -> String),
    Fill { byte: u8, left: u64 },
    Endless { unit: Vec<u8>, every: Duration },
    Sleep(Duration),
    Until(Duration),
    StartTls(Arc<ServerConfig>),
    CloseNotify,
    StopReading,
    HalfClose,
    Deaf,
    Close,
    Reset,
}

impl Peer {
    /// Returns a peer that only reads.
    pub fn new() -> Peer {
        Peer::default()
    }

    /// Returns a peer that answers each whole request with the next of these replies.
    pub fn replies<B: AsRef<[u8]>>(replies: impl IntoIterator<Item = B>) -> Peer {
        replies.into_iter().fold(Peer::new(), |peer, reply| peer.request().send(reply))
    }

    /// As [`Peer::replies`], under TLS.
    pub fn tls(config: &Arc<ServerConfig>) -> Peer {
        Peer::new().start_tls(config)
    }

    fn then(mut self, step: Step) -> Peer {
        self.steps.push(step);
        self
    }

    /// Waits for a whole request, head and body.
    pub fn request(self) -> Peer {
        self.then(Step::Head).then(Step::Body)
    }

    /// Waits for a request head.
    pub fn head(self) -> Peer {
        self.then(Step::Head)
    }

    /// Waits for the body that the last head announced.
    pub fn body(self) -> Peer {
        self.then(Step::Body)
    }

    /// Waits until `n` bytes have arrived on this connection in total.
    pub fn received(self, n: usize) -> Peer {
        self.then(Step::Received(n))
    }

    /// Waits until `n` bytes have arrived in total, and passes over them: they belong to another
    /// protocol than HTTP.
    pub fn passes(self, n: usize) -> Peer {
        self.then(Step::Passes(n))
    }

    /// Sends bytes as one segment: one read never returns bytes of two segments.
    pub fn send(self, bytes: impl AsRef<[u8]>) -> Peer {
        self.then(Step::Send(bytes.as_ref().to_vec()))
    }

    /// Sends the result of `answer` for the last request head.
    pub fn answer(self, answer: fn(&str) -> String) -> Peer {
        self.then(Step::Answer(answer))
    }

    /// Sends one byte at a time, each after `every`.
    pub fn trickle(self, bytes: impl AsRef<[u8]>, every: Duration) -> Peer {
        bytes.as_ref().iter().fold(self, |peer, byte| peer.sleep(every).send([*byte]))
    }

    /// Sends the same byte `n` times.
    pub fn fill(self, byte: u8, n: u64) -> Peer {
        self.then(Step::Fill { byte, left: n })
    }

    /// Sends these bytes for ever, each time after `every`.
    pub fn endless(self, unit: impl AsRef<[u8]>, every: Duration) -> Peer {
        self.then(Step::Endless { unit: unit.as_ref().to_vec(), every })
    }

    /// Does nothing for this time but read.
    pub fn sleep(self, time: Duration) -> Peer {
        self.then(Step::Sleep(time))
    }

    /// Does nothing until this time of the world but read.
    pub fn until(self, time: Duration) -> Peer {
        self.then(Step::Until(time))
    }

    /// Starts TLS as the server; the following steps run inside it. A second call starts TLS inside
    /// TLS.
    pub fn start_tls(self, config: &Arc<ServerConfig>) -> Peer {
        self.then(Step::StartTls(config.clone()))
    }

    /// Sends TLS's closure alert.
    pub fn close_notify(self) -> Peer {
        self.then(Step::CloseNotify)
    }

    /// Stops reading; 64 KiB still fit on the way.
    pub fn stop_reading(self) -> Peer {
        self.then(Step::StopReading)
    }

    /// Ends its direction and reads on.
    pub fn half_close(self) -> Peer {
        self.then(Step::HalfClose)
    }

    /// Makes the client's writes fail. The peer can still send.
    pub fn deaf(self) -> Peer {
        self.then(Step::Deaf)
    }

    /// Closes both directions: the client reads what was sent, and its writes fail.
    pub fn close(self) -> Peer {
        self.then(Step::Close)
    }

    /// Resets: the client reads what was sent, then reads and writes fail.
    pub fn reset(self) -> Peer {
        self.then(Step::Reset)
    }
}
