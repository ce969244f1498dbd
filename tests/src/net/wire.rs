//! The byte path between a server of the kit and its client: TCP, or TLS over it.
//!
//! A wire can be cloned, so that one thread reads while another writes, as a tunnel needs. The TLS
//! state is locked only while bytes pass through it, never while a read blocks.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::ServerConnection;

use super::socket::Socket;

/// How a server ends a TLS connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Farewell {
    /// `close_notify`, then FIN: RFC 8446 §6.1.
    #[default]
    CloseNotify,
    /// FIN alone, which TLS regards as a truncation.
    Fin,
    /// RST alone.
    Reset,
}

/// A byte path to one client.
#[derive(Clone, Debug)]
pub enum Wire {
    /// Plain bytes.
    Plain(Socket),
    /// Bytes under TLS.
    Tls(TlsWire),
}

#[derive(Debug)]
struct State {
    connection: ServerConnection,
    /// Received bytes that rustls has not taken: it stops when its plaintext buffer is full.
    undigested: Vec<u8>,
}

/// A TLS byte path after its handshake.
#[derive(Clone, Debug)]
pub struct TlsWire {
    socket: Socket,
    state: Arc<Mutex<State>>,
    farewell: Farewell,
}

impl Wire {
    /// Returns a TLS wire over `socket`, after the handshake.
    pub fn tls(socket: Socket, mut connection: ServerConnection, farewell: Farewell) -> Self {
        connection.set_buffer_limit(None);
        let state = State { connection, undigested: Vec::new() };
        Self::Tls(TlsWire { socket, state: Arc::new(Mutex::new(state)), farewell })
    }

    /// Returns the underlying socket.
    pub fn socket(&self) -> &Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(tls) => &tls.socket,
        }
    }

    /// Returns true for TLS.
    pub fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// Ends the sending direction as the [`Farewell`] says (plain: FIN). With [`Farewell::Reset`]
    /// nothing is sent yet.
    ///
    /// # Errors
    /// When the peer has gone.
    pub fn half_close(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.half_close(),
            Self::Tls(tls) => match tls.farewell {
                Farewell::CloseNotify => {
                    let mut state = lock(&tls.state);
                    state.connection.send_close_notify();
                    flush(&mut state.connection, &mut tls.socket)?;
                    tls.socket.half_close()
                }
                Farewell::Fin => tls.socket.half_close(),
                Farewell::Reset => Ok(()),
            },
        }
    }

    /// Ends the connection as the [`Farewell`] says. It is closed once all clones are dropped.
    ///
    /// # Errors
    /// When the peer has gone.
    pub fn close(mut self) -> io::Result<()> {
        match &self {
            Self::Tls(tls) if tls.farewell == Farewell::Reset => tls.socket.reset_on_drop(),
            Self::Plain(_) | Self::Tls(_) => self.half_close(),
        }
    }

    /// Returns true if the farewell is an RST, so that the close need not wait.
    pub fn resets(&self) -> bool {
        matches!(self, Self::Tls(tls) if tls.farewell == Farewell::Reset)
    }

    /// Sends FIN without `close_notify`, whatever the farewell. The other direction stays open.
    ///
    /// # Errors
    /// When the peer has gone.
    pub fn truncate(&self) -> io::Result<()> {
        self.socket().half_close()
    }

    /// Ends the connection with RST. It is sent once all clones are dropped.
    ///
    /// # Errors
    /// When the socket refuses the option.
    pub fn reset(self) -> io::Result<()> {
        self.socket().reset_on_drop()
    }
}

impl Read for Wire {
    /// At the end of a TLS stream without `close_notify`, the error is
    /// [`io::ErrorKind::UnexpectedEof`].
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(tls) => tls.read(buffer),
        }
    }
}

impl Write for Wire {
    /// One call makes one write to the socket, which may hold several TLS records.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(tls) => {
                let mut state = lock(&tls.state);
                state.connection.writer().write_all(bytes)?;
                flush(&mut state.connection, &mut tls.socket)?;
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TlsWire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut raw = [0; 8192];
        loop {
            {
                let mut state = lock(&self.state);
                match state.connection.reader().read(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    answer => return answer,
                }
                if !state.undigested.is_empty() {
                    state.digest(&mut self.socket)?;
                    continue;
                }
            }
            let n = self.socket.read(&mut raw)?;
            let mut state = lock(&self.state);
            state.undigested.extend_from_slice(raw.get(..n).unwrap_or_default());
            state.digest(&mut self.socket)?;
        }
    }
}

impl State {
    /// Feeds rustls as much as it takes at a time. Without bytes, rustls learns of the end of the
    /// stream.
    fn digest(&mut self, socket: &mut Socket) -> io::Result<()> {
        let mut rest = self.undigested.as_slice();
        self.connection.read_tls(&mut rest)?;
        let taken = self.undigested.len() - rest.len();
        self.undigested.drain(..taken);
        let outcome = self.connection.process_new_packets();
        // An alert or the response to a key update may be due.
        flush(&mut self.connection, socket)?;
        outcome.map(drop).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

/// Sends all pending TLS bytes in one write.
pub(crate) fn flush(state: &mut ServerConnection, socket: &mut Socket) -> io::Result<()> {
    let mut due = Vec::new();
    while state.wants_write() {
        state.write_tls(&mut due)?;
    }
    if due.is_empty() { Ok(()) } else { socket.write_all(&due) }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
