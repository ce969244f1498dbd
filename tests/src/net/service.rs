//! A loopback listener with one thread per connection, which counts, stops and joins them.

use std::any::Any;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::PATIENCE;
use super::gate::Stop;
use super::socket::{Socket, WeakSocket};
use super::watch::Watch;

/// The counters of a service.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Connections accepted so far.
    pub accepted: usize,
    /// Connections that a thread still serves.
    pub open: usize,
    /// The panics of connection threads.
    pub failures: Vec<String>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: Arc<Stop>,
    counts: Watch<Counts>,
    sockets: Mutex<Vec<WeakSocket>>,
}

/// One accepted connection, as its thread receives it.
#[derive(Debug)]
pub struct Peer {
    /// The connection.
    pub socket: Socket,
    /// How many connections were accepted before this one.
    pub index: usize,
    shared: Arc<Shared>,
}

impl Peer {
    /// The signal that ends the service.
    pub fn stop(&self) -> &Arc<Stop> {
        &self.shared.stop
    }

    /// Makes the end of the service also end `socket`, which this thread opened.
    pub fn adopt(&self, socket: &Socket) {
        self.shared.adopt(socket);
    }
}

impl Shared {
    fn adopt(&self, socket: &Socket) {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        sockets.retain(|known| known.upgrade().is_some());
        sockets.push(socket.downgrade());
        drop(sockets);
        if self.stop.is_set() {
            socket.shut();
        }
    }

    fn shut_all(&self) {
        for socket in self.sockets.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Some(socket) = socket.upgrade() {
                socket.shut();
            }
        }
    }
}

/// A running listener. Dropping it stops the accepting thread, ends every connection, and joins
/// every thread. Then it panics if the thread of a connection panicked, unless the test is failing
/// already.
pub struct Service {
    name: &'static str,
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl Service {
    /// Listens on a free port of 127.0.0.1, and serves each connection with `serve` on its own
    /// thread.
    ///
    /// # Errors
    /// When no port is free or no thread can be started.
    pub fn start(name: &'static str, serve: impl Fn(Peer) + Send + Sync + 'static) -> io::Result<Self> {
        Self::start_at(name, (Ipv4Addr::LOCALHOST, 0).into(), serve)
    }

    /// Does the same as [`Service::start`] at a given address.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub fn start_at(
        name: &'static str,
        address: SocketAddr,
        serve: impl Fn(Peer) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let serve = Arc::new(serve);
        let acceptor = thread::Builder::new()
            .name(format!("{name} accept"))
            .spawn(move || accept(name, &listener, &theirs, &serve))?;
        Ok(Self { name, address, shared, acceptor: Some(acceptor) })
    }

    /// Returns the listening address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the current counters.
    pub fn counts(&self) -> Counts {
        self.shared.counts.read(Clone::clone)
    }

    /// Waits until the counters satisfy `enough`.
    ///
    /// # Panics
    /// After [`PATIENCE`], with `what` and the counters.
    #[track_caller]
    pub fn wait_for(&self, what: &str, enough: impl Fn(&Counts) -> bool) {
        self.shared.counts.wait_for(what, |counts| enough(counts).then_some(()));
    }

    /// Stops, joins every thread, and returns the panics of connection threads.
    fn end(&mut self) -> Vec<String> {
        let Some(acceptor) = self.acceptor.take() else { return Vec::new() };
        self.shared.stop.set();
        // A connection wakes the accepting thread, which then sees the signal.
        drop(TcpStream::connect(self.address));
        self.shared.shut_all();
        let idle = self.shared.counts.find(PATIENCE, |counts| (counts.open == 0).then_some(()));
        if idle.is_none() {
            return vec![format!("connections did not end within {PATIENCE:?} of the stop")];
        }
        let mut failures = self.counts().failures;
        if let Err(panic) = acceptor.join() {
            failures.push(reason(&*panic));
        }
        failures
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {:?}", self.name, self.address, self.counts())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let failures = self.end();
        if !failures.is_empty() && !thread::panicking() {
            panic!("{} at {} failed:\n  {}", self.name, self.address, failures.join("\n  "));
        }
    }
}

fn accept<F: Fn(Peer) + Send + Sync + 'static>(
    name: &'static str,
    listener: &TcpListener,
    shared: &Arc<Shared>,
    serve: &Arc<F>,
) {
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    loop {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            // The client left before it was accepted.
            Err(_) if !shared.stop.is_set() => continue,
            Err(_) => break,
        };
        if shared.stop.is_set() {
            break;
        }
        let Ok(socket) = Socket::new(stream, PATIENCE) else { continue };
        shared.adopt(&socket);
        let index = shared.counts.update(|counts| {
            counts.open += 1;
            counts.accepted += 1;
            counts.accepted - 1
        });
        threads.retain(|thread| !thread.is_finished());
        let (serve, theirs) = (Arc::clone(serve), Arc::clone(shared));
        let spawned = thread::Builder::new().name(format!("{name} {index}")).stack_size(512 * 1024).spawn(move || {
            let peer = Peer { socket, index, shared: Arc::clone(&theirs) };
            // Drops the socket here, so that a connection that is no longer counted is closed.
            let outcome = catch_unwind(AssertUnwindSafe(|| serve(peer)));
            theirs.counts.update(|counts| {
                counts.open -= 1;
                if let Err(panic) = outcome {
                    counts.failures.push(format!("connection {index}: {}", reason(&*panic)));
                }
            });
        });
        match spawned {
            Ok(thread) => threads.push(thread),
            Err(error) => shared.counts.update(|counts| {
                counts.open -= 1;
                counts.failures.push(format!("connection {index}: no thread: {error}"));
            }),
        }
    }
    for thread in threads {
        // Panics were caught above.
        let _ = thread.join();
    }
}

fn reason(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".to_owned())
}
