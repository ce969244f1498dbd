//! One connection of a scripted server, as its script sees it.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use super::script::Pace;
use super::scripted::Records;
use crate::net::gate::{Gate, Stop};
use crate::net::incoming::{BodyEnd, Incoming};
use crate::net::message::{Framing, Head};
use crate::net::service::Peer;
use crate::net::wire::Wire;

/// The connection of a script. Each method does what the [`Script`](super::Script) step of the same
/// name does.
pub struct Conversation {
    index: usize,
    stop: Arc<Stop>,
    /// `None` once closed.
    incoming: Option<Incoming>,
    /// True once FIN was sent.
    said_all: bool,
    records: Arc<Records>,
}

impl Conversation {
    /// Drops the peer's own handle of the socket, so that closing the wire closes the socket.
    pub(crate) fn new(peer: Peer, wire: Wire, records: Arc<Records>) -> Self {
        let (index, stop, theirs) = (peer.index, Arc::clone(peer.stop()), Arc::clone(&records));
        let incoming = Incoming::new(wire, move |bytes| {
            theirs.update(|records| {
                if let Some(record) = records.get_mut(index) {
                    record.received.extend_from_slice(bytes);
                }
            });
        });
        Self { index, stop, incoming: Some(incoming), said_all: false, records }
    }

    /// Returns how many connections the server accepted before this one.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Returns true once the script has closed or reset the connection.
    pub fn is_over(&self) -> bool {
        self.incoming.is_none()
    }

    fn incoming(&mut self) -> io::Result<&mut Incoming> {
        self.incoming.as_mut().ok_or_else(|| io::Error::new(io::ErrorKind::NotConnected, "the script has closed"))
    }

    /// Runs one read, and turns a violation into a failure of the test.
    #[track_caller]
    fn reading<R>(&mut self, what: &str, read: impl FnOnce(&mut Incoming) -> io::Result<R>) -> io::Result<R> {
        let incoming = self.incoming()?;
        read(incoming).inspect_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                panic!(
                    "no {what} within {:?}; unread so far: \"{}\"",
                    crate::net::PATIENCE,
                    incoming.buffered().escape_ascii()
                )
            }
            io::ErrorKind::InvalidData => panic!("the client sent what it must not: {error}"),
            _ => {}
        })
    }

    /// Reads and returns a request head.
    ///
    /// # Errors
    /// When the client closes or resets first.
    ///
    /// # Panics
    /// When the client violates the protocol, or sends nothing for too long. The other reads panic
    /// likewise.
    pub fn read_head(&mut self) -> io::Result<Head> {
        let head = self.reading("request head", |incoming| {
            let closed = || io::Error::new(io::ErrorKind::UnexpectedEof, "the client closed before a request");
            incoming.head()?.ok_or_else(closed)
        })?;
        let index = self.index;
        self.records.update(|records| {
            if let Some(record) = records.get_mut(index) {
                record.requests.push(head.clone());
            }
        });
        Ok(head)
    }

    /// Reads the body that belongs to `head`. Returns it with what is known at its end.
    ///
    /// # Errors
    /// Those of [`Conversation::read_head`].
    pub fn read_body(&mut self, head: &Head) -> io::Result<(Vec<u8>, BodyEnd)> {
        let framing = head.framing().unwrap_or(Framing::Absent);
        let mut body = Vec::new();
        let end = self.reading("request body", |incoming| {
            incoming.body(framing, &mut |piece| {
                body.extend_from_slice(piece);
                Ok(())
            })
        })?;
        let index = self.index;
        self.records.update(|records| {
            if let Some(record) = records.get_mut(index) {
                record.bodies.push(body.clone());
            }
        });
        Ok((body, end))
    }

    /// Reads a request with its body.
    ///
    /// # Errors
    /// Those of [`Conversation::read_head`].
    pub fn read_request(&mut self) -> io::Result<(Head, Vec<u8>)> {
        let head = self.read_head()?;
        let (body, _) = self.read_body(&head)?;
        Ok((head, body))
    }

    /// Reads `n` bytes.
    ///
    /// # Errors
    /// Those of [`Conversation::read_head`].
    pub fn read_exactly(&mut self, n: usize) -> io::Result<Vec<u8>> {
        self.reading(&format!("{n} bytes"), |incoming| incoming.exactly(n))
    }

    /// Reads up to and including the first `end`.
    ///
    /// # Errors
    /// Those of [`Conversation::read_head`].
    pub fn read_until(&mut self, end: &[u8]) -> io::Result<Vec<u8>> {
        self.reading(&format!("\"{}\"", end.escape_ascii()), |incoming| incoming.until(end))
    }

    /// Sends `bytes` in one write.
    ///
    /// # Errors
    /// When the client has closed.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.incoming()?.wire().write_all(bytes)
    }

    /// Sends each piece in its own write, spaced as `pace` says.
    ///
    /// # Errors
    /// When the client has closed, or the server is dropped.
    pub fn send_pieces<P: AsRef<[u8]>>(&mut self, pieces: &[P], pace: &Pace) -> io::Result<()> {
        for piece in pieces {
            match pace {
                Pace::AtOnce => {}
                Pace::Gate(gate) => self.wait(gate)?,
                Pace::Every(time) => self.pause(*time)?,
            }
            self.send(piece.as_ref())?;
        }
        Ok(())
    }

    /// Waits until the test releases `gate`.
    ///
    /// # Errors
    /// When the server is dropped first.
    pub fn wait(&mut self, gate: &Gate) -> io::Result<()> {
        gate.pass(&self.stop)
    }

    /// Waits for `time`.
    ///
    /// # Errors
    /// When the server is dropped first.
    pub fn pause(&mut self, time: Duration) -> io::Result<()> {
        self.stop.pause(time)
    }

    /// Reads without sending until the client closes or the server is dropped.
    ///
    /// # Errors
    /// When the client resets the connection, or (TLS) closes without `close_notify`.
    pub fn stall(&mut self) -> io::Result<()> {
        let incoming = self.incoming()?;
        incoming.wire().socket().set_read_patience(None)?;
        incoming.drain()?;
        incoming.wire().socket().set_read_patience(Some(crate::net::PATIENCE))
    }

    /// Sends FIN; under TLS, what the endpoint's farewell says.
    ///
    /// # Errors
    /// When the client has closed.
    pub fn half_close(&mut self) -> io::Result<()> {
        self.said_all = true;
        self.incoming()?.wire().half_close()
    }

    /// Sends FIN without TLS's `close_notify`.
    ///
    /// # Errors
    /// When the client has closed.
    pub fn truncate(&mut self) -> io::Result<()> {
        self.said_all = true;
        self.incoming()?.wire().truncate()
    }

    /// Closes the connection.
    ///
    /// # Errors
    /// When the client has closed.
    pub fn close(&mut self) -> io::Result<()> {
        self.leave()?.close()
    }

    /// Closes with RST.
    ///
    /// # Errors
    /// When the script has already closed.
    pub fn reset(&mut self) -> io::Result<()> {
        self.leave()?.reset()
    }

    /// Gives up the connection. The returned wire is its last handle.
    fn leave(&mut self) -> io::Result<Wire> {
        self.incoming()?;
        self.incoming.take().map(Incoming::into_wire).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Ends after the last step: sends FIN, then reads until the client closes.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        if self.is_over() {
            return Ok(());
        }
        if self.incoming()?.wire().resets() {
            return self.close();
        }
        if !self.said_all {
            self.half_close()?;
        }
        self.stall()
    }
}

impl std::fmt::Debug for Conversation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Conversation {}", self.index())
    }
}
