//! A TCP socket that several threads of a server may hold, and that can be reset.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Weak};
use std::time::Duration;

use socket2::SockRef;

/// One accepted or opened connection. Clones share the one descriptor: the last drop closes it.
#[derive(Clone, Debug)]
pub struct Socket(Arc<TcpStream>);

impl Socket {
    /// Takes a connected stream, turns Nagle's algorithm off, and bounds each read and write by `patience`.
    ///
    /// # Errors
    /// When the socket refuses an option.
    pub fn new(stream: TcpStream, patience: Duration) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        Ok(Self(Arc::new(stream)))
    }

    /// Connects to `address`, as [`Socket::new`].
    ///
    /// # Errors
    /// When the connection cannot be made.
    pub fn connect(address: SocketAddr, patience: Duration) -> io::Result<Self> {
        Self::new(TcpStream::connect_timeout(&address, patience)?, patience)
    }

    /// The address of the other end.
    ///
    /// # Errors
    /// When it is no longer connected.
    pub fn peer(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    /// Changes the bound of each read; `None` waits without end.
    ///
    /// # Errors
    /// When the socket refuses the option.
    pub fn set_read_patience(&self, patience: Option<Duration>) -> io::Result<()> {
        self.0.set_read_timeout(patience)
    }

    /// Sends FIN; what the peer sends can still be read.
    ///
    /// # Errors
    /// When it is no longer connected.
    pub fn half_close(&self) -> io::Result<()> {
        self.0.shutdown(Shutdown::Write)
    }

    /// Ends both directions at once: every thread that is blocked on this socket returns.
    pub fn shut(&self) {
        // It fails only if the peer has already gone, and then nobody is blocked.
        let _ = self.0.shutdown(Shutdown::Both);
    }

    /// Makes the close that follows the last drop an abortive one: the peer sees RST, and unsent bytes are lost.
    ///
    /// # Errors
    /// When the socket refuses the option.
    pub fn reset_on_drop(&self) -> io::Result<()> {
        SockRef::from(&*self.0).set_linger(Some(Duration::ZERO))
    }

    /// A handle that does not keep the connection open.
    pub fn downgrade(&self) -> WeakSocket {
        WeakSocket(Arc::downgrade(&self.0))
    }
}

/// A handle of a [`Socket`] that does not keep it open.
#[derive(Clone, Debug)]
pub struct WeakSocket(Weak<TcpStream>);

impl WeakSocket {
    /// The socket, while somebody holds it.
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
