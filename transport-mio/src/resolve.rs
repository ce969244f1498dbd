//! Name look-ups on a few helper threads, so that the loop never waits for one.
//!
//! `getaddrinfo` blocks and cannot be interrupted. At most [`HELPERS`] threads wait in it; they are started when they are first needed
//! and end with the loop. Addresses, names of the loopback and static answers start none. A name is looked up once for all
//! who ask for it meanwhile.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use petition_core::engine::TransferId;
pub use petition_core::resolve::{Resolver, StaticResolver};

use crate::inbox::{Command, Inbox};

/// The most helper threads of one loop.
pub const HELPERS: usize = 4;

/// The most names that wait for a helper; one more fails at once.
pub const QUEUE: usize = 4096;

/// The operating system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, host: &str, port: u16, _left: Option<Duration>) -> io::Result<Vec<SocketAddr>> {
        Ok((host, port).to_socket_addrs()?.collect())
    }
}

/// What is looked up: host and port.
pub(crate) type Name = (Box<str>, u16);

/// The helpers of one loop.
pub(crate) struct Lookups {
    shared: Arc<Shared>,
    inbox: Arc<Inbox>,
    helpers: usize,
    asking: HashMap<Name, Vec<TransferId>>,
}

struct Shared {
    resolver: Box<dyn Resolver>,
    queue: Mutex<Queue>,
    bell: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Name>,
    idle: usize,
    closed: bool,
}

impl Lookups {
    pub(crate) fn new(resolver: Box<dyn Resolver>, inbox: Arc<Inbox>) -> Lookups {
        Lookups {
            shared: Arc::new(Shared { resolver, queue: Mutex::default(), bell: Condvar::new() }),
            inbox,
            helpers: 0,
            asking: HashMap::new(),
        }
    }

    pub(crate) fn known(&self, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        self.shared.resolver.known(host, port)
    }

    /// Begins a look-up, or joins one that is under way; its answer comes as a [`Command::Resolved`].
    pub(crate) fn begin(&mut self, id: TransferId, host: &str, port: u16) -> io::Result<()> {
        let name: Name = (host.into(), port);
        if let Some(others) = self.asking.get_mut(&name) {
            others.push(id);
            return Ok(());
        }
        let idle = {
            let mut queue = self.shared.lock();
            if queue.waiting.len() >= QUEUE {
                return Err(io::Error::other("too many names are being looked up"));
            }
            queue.waiting.push_back(name.clone());
            queue.idle >= queue.waiting.len()
        };
        if !idle && self.helpers < HELPERS {
            let (shared, inbox) = (self.shared.clone(), self.inbox.clone());
            let spawned =
                std::thread::Builder::new().name("petition-resolve".into()).spawn(move || shared.serve(&inbox));
            match spawned {
                Ok(_) => self.helpers += 1,
                Err(error) if self.helpers == 0 => {
                    self.shared.lock().waiting.pop_back();
                    return Err(error);
                }
                // Those that are there will get to it.
                Err(_) => {}
            }
        }
        self.asking.insert(name, vec![id]);
        self.shared.bell.notify_one();
        Ok(())
    }

    /// Who asked for this name.
    pub(crate) fn ended(&mut self, name: &Name) -> Vec<TransferId> {
        self.asking.remove(name).unwrap_or_default()
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, inbox: &Inbox) {
        while let Some((host, port)) = self.next() {
            // The panic hook has said what it was.
            let result = catch_unwind(AssertUnwindSafe(|| self.resolver.resolve(&host, port, None)))
                .unwrap_or_else(|_| Err(io::Error::other("the resolver panicked")));
            inbox.push(Command::Resolved((host, port), result));
        }
    }

    fn next(&self) -> Option<Name> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return None;
            }
            if let Some(next) = queue.waiting.pop_front() {
                return Some(next);
            }
            queue.idle += 1;
            queue = self.bell.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
        }
    }
}

impl Drop for Lookups {
    /// A helper that waits in a look-up ends by itself after it; nobody waits for it.
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.bell.notify_all();
    }
}
