//! What other threads, and callbacks, ask of the loop.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use mio::Waker;
use petition_core::engine::Group;
use petition_core::{Error, Transfer};

use crate::handle::Ticket;
use crate::job::Job;
use crate::resolve::Name;

/// A longer queue that has become empty gives its memory back.
const KEEP: usize = 256;

/// A request to the loop.
pub(crate) enum Command {
    /// Begin, or report that it cannot be begun.
    Start(Start),
    /// End with an error.
    Cancel(Arc<Ticket>),
    /// Deliver no body for now.
    Pause(Arc<Ticket>),
    /// Deliver again, and ask the body source again.
    Resume(Arc<Ticket>),
    /// End everything that was begun under this number.
    CancelGroup(u64),
    /// A look-up has ended.
    Resolved(Name, io::Result<Vec<SocketAddr>>),
    /// Return from [`EventLoop::run`](crate::EventLoop::run).
    Stop,
}

/// Small: many of them may wait at once.
pub(crate) struct Start {
    pub(crate) transfer: Result<Transfer, Error>,
    pub(crate) group: Option<Group>,
    pub(crate) ticket: Arc<Ticket>,
    pub(crate) job: Job,
}

/// Commands on their way to the loop.
pub(crate) struct Inbox {
    commands: Mutex<State>,
    /// There are some: looked at far more often than commands come.
    some: AtomicBool,
    /// The loop is, or is about to be, waiting in the operating system: it must be woken.
    asleep: AtomicBool,
    /// Requests that the loop has not begun.
    starts: AtomicUsize,
    waker: Waker,
}

struct State {
    waiting: VecDeque<Command>,
    /// The loop is gone: commands come back.
    closed: bool,
}

impl Inbox {
    pub(crate) fn new(waker: Waker) -> Inbox {
        let commands = Mutex::new(State { waiting: VecDeque::new(), closed: false });
        let (asleep, starts) = (AtomicBool::new(true), AtomicUsize::new(0));
        Inbox { commands, some: AtomicBool::new(false), asleep, starts, waker }
    }

    /// Hands a command to the loop; the command itself when the loop is gone. From the loop's own thread, and while the loop is busy,
    /// this makes no system call.
    pub(crate) fn push(&self, command: Command) -> Option<Command> {
        {
            let mut state = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
            if state.closed {
                return Some(command);
            }
            if matches!(command, Command::Start(_)) {
                self.starts.fetch_add(1, Ordering::Relaxed);
            }
            state.waiting.push_back(command);
            self.some.store(true, Ordering::SeqCst);
        }
        if self.asleep.load(Ordering::SeqCst) && self.asleep.swap(false, Ordering::SeqCst) {
            // When it cannot be woken, the loop is over or out of descriptors; the command is found at the next turn.
            let _ = self.waker.wake();
        }
        None
    }

    /// Exchanges what waits for the empty queue that is given.
    pub(crate) fn take(&self, into: &mut VecDeque<Command>) {
        if into.capacity() > KEEP {
            *into = VecDeque::new();
        }
        let mut state = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(into, &mut state.waiting);
        self.some.store(!state.waiting.is_empty(), Ordering::SeqCst);
    }

    /// Says that the loop is going to wait. False when there are commands: it must not.
    pub(crate) fn sleep(&self) -> bool {
        // Either this thread sees the command of another, or that one sees that the loop is asleep.
        self.asleep.store(true, Ordering::SeqCst);
        let empty = self.is_empty();
        if !empty {
            self.awake();
        }
        empty
    }

    /// Whether no command waits.
    pub(crate) fn is_empty(&self) -> bool {
        !self.some.load(Ordering::SeqCst)
    }

    /// How many requests the loop has not begun.
    pub(crate) fn starts(&self) -> usize {
        self.starts.load(Ordering::Relaxed)
    }

    /// One of them is begun, or refused.
    pub(crate) fn started(&self) {
        self.starts.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn awake(&self) {
        self.asleep.store(false, Ordering::SeqCst);
    }

    /// No more commands from now on; those that wait are given out.
    pub(crate) fn close(&self) -> VecDeque<Command> {
        let mut state = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        std::mem::take(&mut state.waiting)
    }
}
