//! A TCP socket that several threads of a server can share, and that can be reset.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Weak};
use std::time::Duration;

use socket2::SockRef;

/// An accepted or opened connection. Clones share one descriptor; the last drop closes it.
#[derive(Clone, Debug)]
pub struct Socket(Arc<TcpStream>);

impl Socket {
    /// Takes a connected stream, disables Nagle's algorithm, and limits each read and write to
    /// `patience`.
    ///
    /// # Errors
    /// When a socket option cannot be set.
    pub fn new(stream: TcpStream, patience: Duration) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        Ok(Self(Arc::new(stream)))
    }

    /// Connects to `address`, with the settings of [`Socket::new`].
    ///
    /// # Errors
    /// When the connection cannot be made.
    pub fn connect(address: SocketAddr, patience: Duration) -> io::Result<Self> {
        Self::new(TcpStream::connect_timeout(&address, patience)?, patience)
    }

    /// Returns the peer's address.
    ///
    /// # Errors
    /// When it is no longer connected.
    pub fn peer(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    /// Changes the limit of each read; `None` removes it.
    ///
    /// # Errors
    /// When the socket option cannot be set.
    pub fn set_read_patience(&self, patience: Option<Duration>) -> io::Result<()> {
        self.0.set_read_timeout(patience)
    }

    /// Sends FIN. The peer's bytes can still be read.
    ///
    /// # Errors
    /// When it is no longer connected.
    pub fn half_close(&self) -> io::Result<()> {
        self.0.shutdown(Shutdown::Write)
    }

    /// Ends both directions at once: every thread that is blocked on this socket returns.
    pub fn shut(&self) {
        // Fails only if the peer has already left, and then no thread is blocked.
        let _ = self.0.shutdown(Shutdown::Both);
    }

    /// Makes the last drop abortive: the peer sees RST, and unsent bytes are lost.
    ///
    /// # Errors
    /// When the socket option cannot be set.
    pub fn reset_on_drop(&self) -> io::Result<()> {
        SockRef::from(&*self.0).set_linger(Some(Duration::ZERO))
    }

    /// Returns a handle that does not keep the connection open.
    pub fn downgrade(&self) -> WeakSocket {
        WeakSocket(Arc::downgrade(&self.0))
    }
}

/// A handle of a [`Socket`] that does not keep it open.
#[derive(Clone, Debug)]
pub struct WeakSocket(Weak<TcpStream>);

impl WeakSocket {
    /// Returns the socket while another handle keeps it open.
    pub fn upgrade(&self) -> Option<Socket> {
        self.0.upgrade().map(Socket)
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(buffer)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.0).write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self.0).write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
