//! The pool behind its lock, and the threads that wait for a place in it.
//!
//! Nobody waits unless the pool limits how many connections are open. Those who do are served first come, first served for each route, and no longer than
//! their deadlines say (T88). Nothing is closed while the lock is held.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use petition_core::link::Link;
use petition_core::route::Route;
use petition_core::route::pool::{Pool, PoolLimits, Take};
use petition_core::{Acquire, Instant};

use crate::socket::Socket;

/// What the pool keeps of a connection.
pub(crate) struct IdleConnection {
    pub(crate) link: Box<Link>,
    pub(crate) socket: Box<Socket>,
}

/// The connections of a session.
pub(crate) struct Places {
    limits: PoolLimits,
    state: Mutex<State>,
    freed: Condvar,
}

struct State {
    pool: Pool<Route, IdleConnection>,
    /// Who waits, in the order of coming.
    line: VecDeque<(u64, Route)>,
    tickets: u64,
}

impl Places {
    pub(crate) fn new(limits: PoolLimits) -> Places {
        let state = State { pool: Pool::new(limits), line: VecDeque::new(), tickets: 0 };
        Places { limits, state: Mutex::new(state), freed: Condvar::new() }
    }

    pub(crate) fn limits(&self) -> PoolLimits {
        self.limits
    }

    /// In a child process: closes the child's descriptors of the parent's idle connections. Nothing is sent on them, and
    /// they stay open in the parent.
    pub(crate) fn let_go(&self) {
        // A thread of the parent may hold the lock, and never gives it back here: then they stay open here as well.
        let Ok(mut state) = self.state.try_lock() else { return };
        let closed = state.pool.clear();
        drop(state);
        drop(closed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A kept connection, or leave to open one; `None` when that is to be waited for.
    pub(crate) fn take_now(&self, route: &Route, want: Acquire, now: Instant) -> Option<Take<Route, IdleConnection>> {
        let mut state = self.lock();
        if !state.line.is_empty() {
            return None;
        }
        match ask(&mut state.pool, route, want, now) {
            Take::Full => None,
            taken => Some(taken),
        }
    }

    /// A kept connection where that is wanted, or leave to open one; `None` when there was neither for as long as `left` says.
    pub(crate) fn take(
        &self,
        route: &Route,
        want: Acquire,
        now: Instant,
        left: Option<Duration>,
    ) -> Option<Take<Route, IdleConnection>> {
        let mut state = self.lock();
        if !state.line.iter().any(|(_, waiting)| waiting == route) {
            match ask(&mut state.pool, route, want, now) {
                Take::Full => {}
                taken => return Some(taken),
            }
        }
        let ticket = state.tickets;
        state.tickets += 1;
        state.line.push_back((ticket, route.clone()));
        let began = std::time::Instant::now();
        let taken = loop {
            let waited = began.elapsed();
            state = match left {
                None => self.freed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(left) if waited >= left => break None,
                Some(left) => self.freed.wait_timeout(state, left - waited).unwrap_or_else(PoisonError::into_inner).0,
            };
            let first = state.line.iter().find(|(_, waiting)| waiting == route);
            if first.is_some_and(|(first, _)| *first == ticket) {
                match ask(&mut state.pool, route, want, now + began.elapsed()) {
                    Take::Full => {}
                    taken => break Some(taken),
                }
            }
        };
        state.line.retain(|(waiting, _)| *waiting != ticket);
        if !state.line.is_empty() {
            // The next in line may do what this one could not.
            self.freed.notify_all();
        }
        taken
    }

    /// Calls `f` with the pool; whoever waits looks again after it.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut Pool<Route, IdleConnection>) -> R) -> R {
        let mut state = self.lock();
        let result = f(&mut state.pool);
        if !state.line.is_empty() {
            self.freed.notify_all();
        }
        result
    }
}

fn ask(
    pool: &mut Pool<Route, IdleConnection>,
    route: &Route,
    want: Acquire,
    now: Instant,
) -> Take<Route, IdleConnection> {
    match want {
        Acquire::Any => pool.take(route, now),
        Acquire::New => pool.open(route),
    }
}
