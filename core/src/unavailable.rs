//! Why a request cannot be served at once and clearly, where it would otherwise wait for somebody who never comes.
//!
//! Core takes no lock and starts no process: a transport finds these out, and core carries them.

use std::fmt;

/// Why the session or the event loop cannot serve a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unavailable {
    /// A closure that was given the session still runs further up on this thread: it would wait for itself.
    SessionInUse,
    /// A closure on another thread has held the session for longer than a request waits.
    SessionHeld,
    /// A thread of the parent process held the session at the time of the fork. It never gives it back here.
    SessionLost,
    /// The event loop, or the response, belongs to the process that this one was forked from.
    ParentProcess,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unavailable::SessionInUse => {
                "the session is in use: a closure that was given it is still running on this thread; \
                 send the request after that closure has returned"
            }
            Unavailable::SessionHeld => {
                "the session is in use: a closure on another thread holds it and does not return; \
                 such a closure must not wait for a request"
            }
            Unavailable::SessionLost => {
                "the session was in use by another thread when this process was forked; \
                 make a new session in the child process"
            }
            Unavailable::ParentProcess => {
                "this process was forked, and what serves the request stayed in the parent process; \
                 make a new client in the child process"
            }
        })
    }
}

impl std::error::Error for Unavailable {}
