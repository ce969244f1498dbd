//! Addresses that refuse connections or never answer.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// Returns a local address that refuses connections: its port was bound a moment ago and is free
/// again.
///
/// # Errors
/// When no port is free.
pub fn refusing() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// A listener that never accepts, with a full queue: connecting to it neither succeeds nor fails.
///
/// Linux behaves so; other systems may refuse instead.
#[derive(Debug)]
pub struct BlackHole {
    address: SocketAddr,
    // Both keep the queue full.
    _listener: Socket,
    _queued: Vec<TcpStream>,
}

impl BlackHole {
    /// Opens the listener and fills its queue.
    ///
    /// # Errors
    /// When no port is free, or the system accepts more connections than requested.
    pub fn open() -> io::Result<Self> {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        listener.listen(0)?;
        let address =
            listener.local_addr()?.as_socket().ok_or_else(|| io::Error::other("the listener has no address"))?;
        let mut queued = Vec::new();
        for _ in 0..16 {
            match TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
                Ok(stream) => queued.push(stream),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    return Ok(Self { address, _listener: listener, _queued: queued });
                }
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("the queue of the listener does not fill"))
    }

    /// Returns the address to which connecting hangs.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
