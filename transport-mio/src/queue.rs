//! The queue of commands from other threads and callbacks to the loop.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mio::Waker;
use petition_core::route::pool::PoolStatistics;
use petition_shared::process::{Process, this_thread};

use crate::command::Command;

/// An emptied queue with a larger capacity frees its memory.
const KEEP: usize = 256;

/// The commands waiting for the loop.
pub(crate) struct Inbox {
    /// The process of the loop.
    process: Process,
    state: Mutex<State>,
    /// Whether commands are waiting. Checked far more often than commands arrive.
    some: AtomicBool,
    /// Whether the loop is blocked in the operating system, or about to be, and must be woken. Set
    /// and used under the lock.
    asleep: AtomicBool,
    /// The thread that turns the loop now; 0 if none does.
    turned_by: AtomicUsize,
    /// The last reported statistics of the loop's pool.
    statistics: Mutex<PoolStatistics>,
    waker: Waker,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Command>,
    /// How many of them start a request.
    starts: usize,
    /// Whether the loop has ended: commands are returned.
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

    /// Whether the loop is in this process. Its children have no such thread, and its lock may
    /// never be released in them.
    pub(crate) fn is_here(&self) -> bool {
        self.process.is_current()
    }

    /// Whether the call comes from a callback within a turn: waiting would never end.
    fn is_turned_here(&self) -> bool {
        self.turned_by.load(Ordering::Relaxed) == this_thread()
    }

    /// Whether the loop continues while this thread waits.
    pub(crate) fn can_wait(&self) -> bool {
        self.is_here() && !self.is_turned_here()
    }

    /// Publishes the pool's statistics to the clients.
    pub(crate) fn report(&self, statistics: PoolStatistics) {
        // In a child, a thread of the parent may hold the lock forever.
        if self.is_here() {
            *self.statistics.lock().unwrap_or_else(PoisonError::into_inner) = statistics;
        }
    }

    /// Returns the last published statistics; zeros in a child process.
    pub(crate) fn statistics(&self) -> PoolStatistics {
        if !self.is_here() {
            return PoolStatistics::default();
        }
        *self.statistics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks this thread as turning the loop until the returned guard is dropped.
    pub(crate) fn turn(inbox: &Arc<Inbox>) -> Turn {
        inbox.turned_by.store(this_thread(), Ordering::Relaxed);
        Turn(inbox.clone())
    }

    /// Queues a command for the loop. Returns it if the loop has ended or is in another process.
    /// Makes no system call from the loop's own thread, or while the loop is busy.
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
            // If waking fails, the loop has ended or is out of descriptors; the next turn finds the
            // command.
            let _ = self.waker.wake();
        }
        None
    }

    /// Swaps the queued commands into an empty queue. Returns how many of them start a request.
    pub(crate) fn take(&self, into: &mut VecDeque<Command>) -> usize {
        if into.capacity() > KEEP {
            *into = VecDeque::new();
        }
        let mut state = self.state();
        std::mem::swap(into, &mut state.waiting);
        self.some.store(!state.waiting.is_empty(), Ordering::Release);
        std::mem::take(&mut state.starts)
    }

    /// Marks the loop as about to block. Returns false if commands are waiting: then it must not
    /// block.
    pub(crate) fn sleep(&self) -> bool {
        // A later command finds the loop asleep.
        let state = self.state();
        let empty = state.waiting.is_empty();
        self.asleep.store(empty, Ordering::Relaxed);
        empty
    }

    /// Marks the loop as awake, about to check its commands. A concurrent wake-up is harmless.
    pub(crate) fn awake(&self) {
        self.asleep.store(false, Ordering::Relaxed);
    }

    /// Whether no command is waiting.
    pub(crate) fn is_empty(&self) -> bool {
        !self.some.load(Ordering::Acquire)
    }

    /// Returns how many waiting commands start a request.
    pub(crate) fn starts(&self) -> usize {
        if self.is_empty() || !self.is_here() { 0 } else { self.state().starts }
    }

    /// Closes the queue and returns the waiting commands.
    pub(crate) fn close(&self) -> VecDeque<Command> {
        let state = if self.is_here() { Some(self.state()) } else { self.state.try_lock().ok() };
        let Some(mut state) = state else { return VecDeque::new() };
        state.closed = true;
        std::mem::take(&mut state.waiting)
    }
}

/// A guard for a turn of the loop.
pub(crate) struct Turn(Arc<Inbox>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.turned_by.store(0, Ordering::Relaxed);
    }
}
