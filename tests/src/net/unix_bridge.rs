//! A Unix socket in front of a TCP server of the kit.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use super::temp_dir::TempDir;

/// Accepts on a Unix socket and passes the bytes of each connection on to a TCP server and back,
/// ends included.
///
/// Dropping it closes the listener; connections end with their client and server.
#[derive(Debug)]
pub struct UnixBridge {
    path: PathBuf,
    accepted: Arc<AtomicUsize>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    _directory: TempDir,
}

impl UnixBridge {
    /// Starts to accept on behalf of `server`.
    ///
    /// # Errors
    /// When the socket cannot be made.
    pub fn start(server: SocketAddr) -> io::Result<UnixBridge> {
        let directory = TempDir::new()?;
        let path = directory.path().join("canary.sock");
        let listener = UnixListener::bind(&path)?;
        let (accepted, stopped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let thread = thread::spawn({
            let (accepted, stopped) = (accepted.clone(), stopped.clone());
            move || {
                while let Ok((near, _)) = listener.accept() {
                    if stopped.load(Ordering::SeqCst) {
                        return;
                    }
                    accepted.fetch_add(1, Ordering::SeqCst);
                    // A server that is gone closes the connection.
                    let _ = join(near, server);
                }
            }
        });
        Ok(UnixBridge { path, accepted, stopped, thread: Some(thread), _directory: directory })
    }

    /// Returns the path of its socket.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns how many connections it has accepted.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

/// Passes bytes both ways, on two threads that end with the connections.
fn join(near: UnixStream, server: SocketAddr) -> io::Result<()> {
    let far = TcpStream::connect(server)?;
    far.set_nodelay(true)?;
    let (mut from_near, mut to_far) = (near.try_clone()?, far.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from_near, &mut to_far);
        let _ = to_far.shutdown(Shutdown::Write);
    });
    let (mut from_far, mut to_near) = (far, near);
    thread::spawn(move || {
        let _ = io::copy(&mut from_far, &mut to_near);
        let _ = to_near.shutdown(Shutdown::Write);
    });
    Ok(())
}

impl Drop for UnixBridge {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Ends the accept.
        drop(UnixStream::connect(&self.path));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
