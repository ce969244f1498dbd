//! Errors for requests that would otherwise wait forever.
//!
//! Core takes no locks and starts no processes: transports detect these conditions, and core's
//! errors carry them.

use std::fmt;

/// Why the session or the event loop cannot serve a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unavailable {
    /// A closure with access to the session is still running on this thread; the request would wait
    /// for itself.
    SessionInUse,
    /// A closure on another thread holds the session, and the request has waited as long as it may.
    SessionHeld,
    /// A thread of the parent process held the session during the fork. The child never gets it
    /// back.
    SessionLost,
    /// The event loop, or the response, belongs to the parent process of this fork.
    ParentProcess,
    /// A callback would wait for the loop that it runs on.
    LoopThread,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unavailable::SessionInUse => {
                "the session is in use by a closure that is still running on this thread; \
                 send the request after the closure returns"
            }
            Unavailable::SessionHeld => {
                "the session is in use by a closure on another thread that does not return; \
                 such a closure must not wait for a request"
            }
            Unavailable::SessionLost => {
                "another thread was using the session when this process was forked; \
                 create a new session in the child process"
            }
            Unavailable::ParentProcess => {
                "this process was forked, and the event loop or connection belongs to the parent; \
                 create a new client in the child process"
            }
            Unavailable::LoopThread => {
                "a callback of the event loop waits for a request of the same loop, which goes on only after the callback \
                 has returned; give that request a callback instead"
            }
        })
    }
}

impl std::error::Error for Unavailable {}
