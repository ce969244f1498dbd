//! Name look-ups on helper threads, so that the loop never blocks on one.
//!
//! `getaddrinfo` blocks and cannot be interrupted. At most [`MAX_ACTIVE`] look-ups run at once, on
//! threads that start when needed and end when no name is left. Addresses, loopback names and
//! names with static addresses start none. Requests for one name share a look-up. An abandoned
//! name is dropped. If a helper is already looking it up, it no longer delays other names, up to
//! [`MAX_HELPERS`] such helpers.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use petition_core::contain;
use petition_core::engine::TransferId;
pub use petition_core::route::resolve::Resolver;
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
    names: HashMap<Name, PendingName>,
    /// The name that each transfer waits for.
    asked: HashMap<TransferId, Name>,
    /// Whether a name was abandoned, so that another may start.
    left: bool,
}

/// A name being looked up, and the transfers that wait for it; none if it was abandoned.
struct PendingName {
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

    /// Starts a look-up, or joins a pending one. Its answer arrives as [`Command::Resolved`].
    pub(crate) fn begin(&mut self, id: TransferId, host: &str, port: u16) -> io::Result<()> {
        let name: Name = (host.into(), port);
        match self.names.get_mut(&name) {
            Some(pending) => {
                pending.asked.reclaim();
                pending.waiting.insert(id);
            }
            None => {
                let (resolver, inbox, name) = (self.resolver.clone(), self.inbox.clone(), name.clone());
                let asked = self.helpers.submit({
                    let name = name.clone();
                    move || {
                        let (host, port) = &name;
                        let result = contain(|| resolver.resolve(host, *port, None)).unwrap_or_else(|| Err(panicked()));
                        // Dropped before the answer is sent: the loop is then the resolver's only
                        // owner.
                        drop(resolver);
                        inbox.push(Command::Resolved(name, result));
                    }
                })?;
                self.names.insert(name, PendingName { waiting: BTreeSet::from([id]), asked });
            }
        }
        self.asked.insert(id, name);
        Ok(())
    }

    /// Ends a look-up. Returns the transfers that wait for this name.
    pub(crate) fn ended(&mut self, name: &Name) -> BTreeSet<TransferId> {
        let waiting = self.names.remove(name).map(|pending| pending.waiting).unwrap_or_default();
        for id in &waiting {
            self.asked.remove(id);
        }
        waiting
    }

    /// Removes a transfer that no longer waits for a name.
    #[inline]
    pub(crate) fn leave(&mut self, id: TransferId) {
        if !self.asked.is_empty() {
            self.leave_name(id);
        }
    }

    fn leave_name(&mut self, id: TransferId) {
        let Some(name) = self.asked.remove(&id) else { return };
        let Some(pending) = self.names.get_mut(&name) else { return };
        pending.waiting.remove(&id);
        if pending.waiting.is_empty() {
            self.left = true;
            if !pending.asked.abandon() {
                self.names.remove(&name);
            }
        }
    }

    /// Starts queued look-ups after a group of transfers has left.
    pub(crate) fn go_on(&mut self) {
        if std::mem::take(&mut self.left) {
            // If no thread can be started, an existing one runs the queued look-ups later.
            let _ = self.helpers.start_threads();
        }
    }
}

fn panicked() -> io::Error {
    io::Error::other("the resolver panicked")
}

impl Drop for Lookups {
    /// Drops the queue. Helpers end by themselves after their current look-up.
    fn drop(&mut self) {
        self.helpers.close();
    }
}
