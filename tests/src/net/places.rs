//! Addresses at which something goes wrong before a byte is sent, and directories that vanish.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// An address of this machine that refuses connections: it was bound a moment ago, and is free again.
///
/// # Errors
/// When the machine has no port left.
pub fn refusing() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// A listener that never accepts and whose queue is full: connecting to it neither succeeds nor fails.
///
/// This is what Linux does; other systems may refuse instead.
#[derive(Debug)]
pub struct BlackHole {
    address: SocketAddr,
    // Both keep the queue full for as long as the value lives.
    _listener: Socket,
    _queued: Vec<TcpStream>,
}

impl BlackHole {
    /// Opens the listener and fills its queue.
    ///
    /// # Errors
    /// When the machine has no port left, or accepts more than it was told to.
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

    /// Where connecting hangs.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A directory under the system's temporary one, removed with all its content when it is dropped.
#[derive(Debug)]
pub struct TempDir(PathBuf);

impl TempDir {
    /// Makes a new, empty directory; on Unix others may write to it, since servers change their user.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new() -> io::Result<Self> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("petition-{}-{number}", std::process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => {
                    #[cfg(unix)]
                    {
                        use std::os::unix::fs::PermissionsExt;
                        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777))?;
                    }
                    return Ok(Self(path));
                }
                // A process of the same number left it behind.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes `content` to the file `name` in it and gives the file's path.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> io::Result<PathBuf> {
        let path = self.0.join(name);
        std::fs::write(&path, content)?;
        Ok(path)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // Nothing depends on it; the system empties its temporary directory in time.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
