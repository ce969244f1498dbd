//! Name look-ups on helper threads, so that the loop never waits for one.
//!
//! `getaddrinfo` blocks and cannot be interrupted. At most [`MAX_ACTIVE`] look-ups that a request
//! waits for run at once, on threads that are started when they are needed and end when no name is
//! left. Addresses, names of the loopback and static answers start none. A name is looked up once
//! for all who ask for it meanwhile; one that nobody waits for any more is forgotten, or, where a
//! helper is in it already, left behind: it holds up no other, until [`MAX_HELPERS`] are left
//! behind.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use petition_core::contain;
use petition_core::engine::TransferId;
pub use petition_core::route::resolve::{Resolver, StaticResolver};
use petition_shared::lookups::{Helpers, LookupJob};
pub use petition_shared::lookups::{MAX_ACTIVE, MAX_HELPERS, QUEUE};

use crate::command::{Command, Name};
use crate::queue::Inbox;

/// The operating system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, host: &str, port: u16, _left: Option<Duration>) -> io::Result<Vec<SocketAddr>> {
        Ok((host, port).to_socket_addrs()?.collect())
    }
}

/// The look-ups of one loop.
pub(crate) struct Lookups {
    resolver: Arc<dyn Resolver>,
    helpers: Arc<Helpers>,
    inbox: Arc<Inbox>,
    names: HashMap<Name, Asking>,
    /// Which name a transfer waits for.
    asked: HashMap<TransferId, Name>,
    /// A name was left: another may have its turn.
    left: bool,
}

/// A name that is being looked up, and who waits for it; nobody when it was left behind.
struct Asking {
    waiting: BTreeSet<TransferId>,
    asked: LookupJob,
}

impl Lookups {
    pub(crate) fn new(resolver: Box<dyn Resolver>, inbox: Arc<Inbox>) -> Lookups {
        Lookups {
            resolver: resolver.into(),
            helpers: Arc::default(),
            inbox,
            names: HashMap::new(),
            asked: HashMap::new(),
            left: false,
        }
    }

    /// The addresses, if they are known without waiting.
    pub(crate) fn known(&self, host: &str, port: u16) -> io::Result<Option<Vec<SocketAddr>>> {
        contain(|| self.resolver.known(host, port)).ok_or_else(panicked)
    }

    /// Begins a look-up, or joins one that is under way; its answer comes as a
    /// [`Command::Resolved`].
    pub(crate) fn begin(&mut self, id: TransferId, host: &str, port: u16) -> io::Result<()> {
        let name: Name = (host.into(), port);
        match self.names.get_mut(&name) {
            Some(asking) => {
                asking.asked.reclaim();
                asking.waiting.insert(id);
            }
            None => {
                let (resolver, inbox, name) = (self.resolver.clone(), self.inbox.clone(), name.clone());
                let asked = self.helpers.submit({
                    let name = name.clone();
                    move || {
                        let (host, port) = &name;
                        let result = contain(|| resolver.resolve(host, *port, None)).unwrap_or_else(|| Err(panicked()));
                        // Before the loop knows: then the resolver is the loop's alone.
                        drop(resolver);
                        inbox.push(Command::Resolved(name, result));
                    }
                })?;
                self.names.insert(name, Asking { waiting: BTreeSet::from([id]), asked });
            }
        }
        self.asked.insert(id, name);
        Ok(())
    }

    /// A look-up has ended: who waits for this name.
    pub(crate) fn ended(&mut self, name: &Name) -> BTreeSet<TransferId> {
        let waiting = self.names.remove(name).map(|asking| asking.waiting).unwrap_or_default();
        for id in &waiting {
            self.asked.remove(id);
        }
        waiting
    }

    /// This transfer waits for no name any more.
    #[inline]
    pub(crate) fn leave(&mut self, id: TransferId) {
        if !self.asked.is_empty() {
            self.leave_name(id);
        }
    }

    fn leave_name(&mut self, id: TransferId) {
        let Some(name) = self.asked.remove(&id) else { return };
        let Some(asking) = self.names.get_mut(&name) else { return };
        asking.waiting.remove(&id);
        if asking.waiting.is_empty() {
            self.left = true;
            if !asking.asked.abandon() {
                self.names.remove(&name);
            }
        }
    }

    /// All that are to leave now have left.
    pub(crate) fn go_on(&mut self) {
        if std::mem::take(&mut self.left) {
            // Where no thread can be started, one that comes back does what waits.
            let _ = self.helpers.start_threads();
        }
    }
}

fn panicked() -> io::Error {
    io::Error::other("the resolver panicked")
}

impl Drop for Lookups {
    /// A helper that waits in a look-up ends by itself after it; nobody waits for it.
    fn drop(&mut self) {
        self.helpers.close();
    }
}
