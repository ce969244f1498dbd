//! What other threads, and callbacks, ask of the loop.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mio::Waker;
use petition_core::route::pool::PoolStatistics;
use petition_shared::process::{Process, this_thread};

use crate::command::Command;

/// A longer queue that has become empty gives its memory back.
const KEEP: usize = 256;

/// Commands on their way to the loop.
pub(crate) struct Inbox {
    /// Where the loop is.
    process: Process,
    state: Mutex<State>,
    /// Some wait: looked at far more often than commands come.
    some: AtomicBool,
    /// The loop is, or is about to be, waiting in the operating system: it must be woken. Set and acted upon under the lock.
    asleep: AtomicBool,
    /// The thread that turns the loop now; 0 when nobody does.
    turned_by: AtomicUsize,
    /// Of the loop's pool, as the loop reported them last.
    statistics: Mutex<PoolStatistics>,
    waker: Waker,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Command>,
    /// How many of them begin a request.
    starts: usize,
    /// The loop is gone: commands come back.
    closed: bool,
}

impl Inbox {
    pub(crate) fn new(waker: Waker) -> Inbox {
        let process = Process::current();
        Inbox {
            process,
            state: Mutex::default(),
            some: AtomicBool::new(false),
            asleep: AtomicBool::new(true),
            turned_by: AtomicUsize::new(0),
            statistics: Mutex::default(),
            waker,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the loop is in this process. Its children have no such thread, and its lock may never be free in them.
    pub(crate) fn is_here(&self) -> bool {
        self.process.is_current()
    }

    /// Whether this is called from within a turn, by a callback: what it waits for cannot come.
    fn is_turned_here(&self) -> bool {
        self.turned_by.load(Ordering::Relaxed) == this_thread()
    }

    /// Whether the loop goes on while this thread waits.
    pub(crate) fn can_wait(&self) -> bool {
        self.is_here() && !self.is_turned_here()
    }

    /// Tells the clients what the pool has done, and what it holds.
    pub(crate) fn report(&self, statistics: PoolStatistics) {
        // A thread of the parent may hold the lock for ever in a child.
        if self.is_here() {
            *self.statistics.lock().unwrap_or_else(PoisonError::into_inner) = statistics;
        }
    }

    /// What the loop reported last; nothing in a child process.
    pub(crate) fn statistics(&self) -> PoolStatistics {
        if !self.is_here() {
            return PoolStatistics::default();
        }
        *self.statistics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This thread turns the loop, until what is returned is dropped.
    pub(crate) fn turn(inbox: &Arc<Inbox>) -> Turn {
        inbox.turned_by.store(this_thread(), Ordering::Relaxed);
        Turn(inbox.clone())
    }

    /// Hands a command to the loop; the command itself when the loop is gone, or in another process. From the loop's own thread, and while the loop is busy,
    /// this makes no system call.
    pub(crate) fn push(&self, command: Command) -> Option<Command> {
        if !self.is_here() {
            return Some(command);
        }
        let wake = {
            let mut state = self.state();
            if state.closed {
                return Some(command);
            }
            state.starts += usize::from(matches!(command, Command::Start(_)));
            state.waiting.push_back(command);
            self.some.store(true, Ordering::Release);
            self.asleep.load(Ordering::Relaxed) && self.asleep.swap(false, Ordering::Relaxed)
        };
        if wake {
            // When it cannot be woken, the loop is over or out of descriptors; the command is found at the next turn.
            let _ = self.waker.wake();
        }
        None
    }

    /// Exchanges what waits for the empty queue that is given; how many requests are to be begun.
    pub(crate) fn take(&self, into: &mut VecDeque<Command>) -> usize {
        if into.capacity() > KEEP {
            *into = VecDeque::new();
        }
        let mut state = self.state();
        std::mem::swap(into, &mut state.waiting);
        self.some.store(!state.waiting.is_empty(), Ordering::Release);
        std::mem::take(&mut state.starts)
    }

    /// Says that the loop is going to wait. False when there are commands: it must not.
    pub(crate) fn sleep(&self) -> bool {
        // Whoever comes later finds the loop asleep.
        let state = self.state();
        let empty = state.waiting.is_empty();
        self.asleep.store(empty, Ordering::Relaxed);
        empty
    }

    /// The loop is about to look at its commands. Somebody who does not know yet wakes it in vain.
    pub(crate) fn awake(&self) {
        self.asleep.store(false, Ordering::Relaxed);
    }

    /// Whether no command waits.
    pub(crate) fn is_empty(&self) -> bool {
        !self.some.load(Ordering::Acquire)
    }

    /// How many of those that wait begin a request.
    pub(crate) fn starts(&self) -> usize {
        if self.is_empty() || !self.is_here() { 0 } else { self.state().starts }
    }

    /// No more commands from now on; those that wait are given out.
    pub(crate) fn close(&self) -> VecDeque<Command> {
        let state = if self.is_here() { Some(self.state()) } else { self.state.try_lock().ok() };
        let Some(mut state) = state else { return VecDeque::new() };
        state.closed = true;
        std::mem::take(&mut state.waiting)
    }
}

/// A turn of the loop.
pub(crate) struct Turn(Arc<Inbox>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.turned_by.store(0, Ordering::Relaxed);
    }
}
