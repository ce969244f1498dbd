//! Gates that a test opens and a server waits at, and the signal that ends every wait of a server.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::PATIENCE;
use super::watch::Watch;

#[derive(Debug, Default)]
struct Permits {
    left: usize,
    open: bool,
}

/// A gate: a server step waits at it until the test lets it pass.
///
/// Clones share the gate. A gate counts: each [`release`](Gate::release) lets one step pass, now or
/// later.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    permits: Arc<Watch<Permits>>,
}

impl Gate {
    /// Returns a closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets one step pass.
    pub fn release(&self) {
        self.permits.update(|permits| permits.left += 1);
    }

    /// Lets every further step pass.
    pub fn open(&self) {
        self.permits.update(|permits| permits.open = true);
    }

    /// Waits for a permit and takes it. `stop` ends the wait.
    ///
    /// # Errors
    /// [`io::ErrorKind::ConnectionAborted`] when the server is stopped first.
    ///
    /// # Panics
    /// After [`PATIENCE`].
    #[track_caller]
    pub fn pass(&self, stop: &Stop) -> io::Result<()> {
        stop.watch(self);
        let passed = self.permits.find(PATIENCE, |permits| {
            if permits.open {
                Some(true)
            } else if permits.left > 0 {
                permits.left -= 1;
                Some(true)
            } else if stop.is_set() {
                Some(false)
            } else {
                None
            }
        });
        match passed {
            Some(true) => Ok(()),
            Some(false) => Err(stopped()),
            None => panic!("a server step waited {PATIENCE:?} at a gate that the test never released"),
        }
    }
}

/// The signal that tells a server's threads that the server is being dropped.
#[derive(Debug, Default)]
pub struct Stop {
    set: AtomicBool,
    bell: Watch<()>,
    gates: Mutex<Vec<Gate>>,
}

impl Stop {
    /// Returns true once the server is being dropped.
    pub fn is_set(&self) -> bool {
        self.set.load(Ordering::SeqCst)
    }

    /// Ends every wait on this signal, now and later.
    pub fn set(&self) {
        self.set.store(true, Ordering::SeqCst);
        self.bell.update(|()| ());
        for gate in self.gates.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            gate.permits.update(|_| ());
        }
    }

    /// Waits for `time`. Only for endpoints that are slow by purpose, never to order two threads.
    ///
    /// # Errors
    /// [`io::ErrorKind::ConnectionAborted`] when the server is stopped first.
    pub fn pause(&self, time: Duration) -> io::Result<()> {
        match self.bell.find(time, |()| self.is_set().then_some(())) {
            Some(()) => Err(stopped()),
            None => Ok(()),
        }
    }

    fn watch(&self, gate: &Gate) {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if !gates.iter().any(|known| Arc::ptr_eq(&known.permits, &gate.permits)) {
            gates.push(gate.clone());
        }
    }
}

fn stopped() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the server was stopped")
}
