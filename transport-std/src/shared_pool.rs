//! The shared pool: connections behind a lock, and threads that wait for a slot.
//!
//! Threads wait only if the pool limits open connections. They are served first come, first served
//! per route, within their deadlines. No connection is closed while the lock is held.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use petition_core::link::Link;
use petition_core::route::Route;
use petition_core::route::pool::{Pool, PoolLimits, Take};
use petition_core::{Acquire, Instant};

use crate::socket::Socket;

/// An idle connection.
pub(crate) struct IdleConnection {
    pub(crate) link: Box<Link>,
    pub(crate) socket: Box<Socket>,
}

/// The pool of a session, and its wait queue.
pub(crate) struct SharedPool {
    limits: PoolLimits,
    state: Mutex<State>,
    freed: Condvar,
}

struct State {
    pool: Pool<Route, IdleConnection>,
    /// The waiting threads, in order of arrival.
    queue: VecDeque<(u64, Route)>,
    next_number: u64,
}

impl SharedPool {
    pub(crate) fn new(limits: PoolLimits) -> SharedPool {
        let state = State { pool: Pool::new(limits), queue: VecDeque::new(), next_number: 0 };
        SharedPool { limits, state: Mutex::new(state), freed: Condvar::new() }
    }

    pub(crate) fn limits(&self) -> PoolLimits {
        self.limits
    }

    /// In a child process: closes the child's descriptors of the parent's idle connections, without
    /// sending anything. They stay open in the parent.
    pub(crate) fn close_in_child(&self) {
        // A thread of the parent may hold the lock, which is never released here: then they stay
        // open here too.
        let Ok(mut state) = self.state.try_lock() else { return };
        let closed = state.pool.clear();
        drop(state);
        drop(closed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an idle connection or a slot for a new one; returns `None` if the thread must wait.
    pub(crate) fn take_now(&self, route: &Route, want: Acquire, now: Instant) -> Option<Take<Route, IdleConnection>> {
        let mut state = self.lock();
        if !state.queue.is_empty() {
            return None;
        }
        match take_from(&mut state.pool, route, want, now) {
            Take::Full => None,
            taken => Some(taken),
        }
    }

    /// Takes an idle connection or a slot for a new one, and waits for it for at most `left`.
    /// Returns `None` on timeout.
    pub(crate) fn take(
        &self,
        route: &Route,
        want: Acquire,
        now: Instant,
        left: Option<Duration>,
    ) -> Option<Take<Route, IdleConnection>> {
        let mut state = self.lock();
        if !state.queue.iter().any(|(_, waiting)| waiting == route) {
            match take_from(&mut state.pool, route, want, now) {
                Take::Full => {}
                taken => return Some(taken),
            }
        }
        let number = state.next_number;
        state.next_number += 1;
        state.queue.push_back((number, route.clone()));
        let began = std::time::Instant::now();
        let taken = loop {
            let waited = began.elapsed();
            state = match left {
                None => self.freed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(left) if waited >= left => break None,
                Some(left) => self.freed.wait_timeout(state, left - waited).unwrap_or_else(PoisonError::into_inner).0,
            };
            let first = state.queue.iter().find(|(_, waiting)| waiting == route);
            if first.is_some_and(|(first, _)| *first == number) {
                match take_from(&mut state.pool, route, want, now + began.elapsed()) {
                    Take::Full => {}
                    taken => break Some(taken),
                }
            }
        };
        state.queue.retain(|(waiting, _)| *waiting != number);
        if !state.queue.is_empty() {
            // The next thread may succeed where this one did not.
            self.freed.notify_all();
        }
        taken
    }

    /// Calls `f` with the pool, then wakes the waiting threads.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut Pool<Route, IdleConnection>) -> R) -> R {
        let mut state = self.lock();
        let result = f(&mut state.pool);
        if !state.queue.is_empty() {
            self.freed.notify_all();
        }
        result
    }
}

fn take_from(
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
