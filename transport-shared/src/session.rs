//! The session that threads and transports share.
//!
//! A transport uses it briefly [under a lock](SharedSession::access). The caller's closures get the
//! session itself [outside the lock](SharedSession::with). A request that needs it meanwhile can
//! tell which thread holds it, and fails instead of waiting forever.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use petition_core::{Seed, Session, Unavailable};

use crate::process::{PerProcess, Process, this_thread};

/// How long a request waits for a closure on another thread that holds the session, counted from
/// the start of that closure.
pub const SESSION_PATIENCE: Duration = Duration::from_secs(10);

/// How long a child process tries a lock that a thread of the parent may hold.
const LOST_LOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// A [`Session`] that threads and transports share. Clones refer to the same session. The default
/// is seeded from the operating system.
#[derive(Clone, Default)]
pub struct SharedSession(Arc<Parts>);

struct Parts {
    state: Mutex<State>,
    /// Notified when a closure returns the session.
    returned: Condvar,
    /// The thread that holds the lock; 0 if none does.
    lock_holder: AtomicUsize,
    /// Whether the lock has been free in this process: then no thread of the parent holds it.
    known_free: PerProcess<AtomicBool>,
}

struct State {
    /// `None` while a closure of the caller holds it.
    session: Option<Box<Session>>,
    held: Option<Held>,
}

/// The closure that holds the session.
struct Held {
    by: usize,
    since: Instant,
    process: Process,
}

impl SharedSession {
    /// Shares this session.
    pub fn new(session: Session) -> SharedSession {
        SharedSession::from(session)
    }

    /// Calls `f` with the session, to read or change it. `f` has exclusive access. Meanwhile, a
    /// request sent from within `f` fails at once with [`Unavailable`]. A request on another thread
    /// waits for `f` to return, for at most [`SESSION_PATIENCE`].
    ///
    /// # Panics
    /// - If called from within another `f` of this session.
    /// - In a child process, if another thread of its parent held the session during the fork.
    /// - If `f` panics; the session stays usable.
    pub fn with<R>(&self, f: impl FnOnce(&mut Session) -> R) -> R {
        let mut checked_out = self.0.check_out().unwrap_or_else(|why| panic!("{why}"));
        f(&mut checked_out.session)
    }

    /// For transports: calls `f` with `caller` and the session under its lock. `f` must be short
    /// and must not block. Waits for the session no longer than `left` returns, and at most
    /// [`SESSION_PATIENCE`].
    ///
    /// # Errors
    /// - [`Unavailable::SessionInUse`] if a closure in [`SharedSession::with`] holds the session on
    ///   this thread.
    /// - [`Unavailable::SessionHeld`] if one on another thread holds it for too long.
    /// - [`Unavailable::SessionLost`] in a child process, if another thread of its parent held it
    ///   during the fork.
    #[inline]
    pub fn access<C, R>(
        &self,
        caller: C,
        left: impl FnOnce(&C) -> Option<Duration>,
        f: impl FnOnce(C, &mut Session) -> R,
    ) -> Result<R, Unavailable> {
        let mut state = self.0.lock()?;
        if state.session.is_none() {
            state = self.0.wait(state, Some(left(&caller).unwrap_or(Duration::MAX).min(SESSION_PATIENCE)))?;
        }
        let Some(session) = &mut state.session else { return Err(Unavailable::SessionHeld) };
        let _inside = HoldingLock::enter(&self.0.lock_holder);
        Ok(f(caller, session))
    }
}

/// A guard that marks this thread as holding the lock.
struct HoldingLock<'a>(&'a AtomicUsize);

impl HoldingLock<'_> {
    #[inline]
    fn enter(lock_holder: &AtomicUsize) -> HoldingLock<'_> {
        lock_holder.store(this_thread(), Ordering::Relaxed);
        HoldingLock(lock_holder)
    }
}

impl Drop for HoldingLock<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// The session while a closure holds it.
struct CheckedOut<'a> {
    parts: &'a Parts,
    session: Box<Session>,
}

impl Drop for CheckedOut<'_> {
    fn drop(&mut self) {
        let session = std::mem::take(&mut self.session);
        // In a child forked within the closure, the lock may be lost, and the session with it.
        let Ok(mut state) = self.parts.lock() else { return };
        state.session = Some(session);
        state.held = None;
        self.parts.returned.notify_all();
    }
}

impl Parts {
    #[inline]
    fn lock(&self) -> Result<MutexGuard<'_, State>, Unavailable> {
        match self.state.try_lock() {
            Ok(state) => Ok(state),
            Err(TryLockError::Poisoned(state)) => Ok(state.into_inner()),
            Err(TryLockError::WouldBlock) => self.lock_when_free(),
        }
    }

    #[cold]
    fn lock_when_free(&self) -> Result<MutexGuard<'_, State>, Unavailable> {
        if self.lock_holder.load(Ordering::Relaxed) == this_thread() {
            return Err(Unavailable::SessionInUse);
        }
        let known_free = self.known_free.get(|_| AtomicBool::new(false));
        if known_free.load(Ordering::Relaxed) {
            return Ok(self.state.lock().unwrap_or_else(PoisonError::into_inner));
        }
        let began = Instant::now();
        loop {
            match self.state.try_lock() {
                Ok(state) => {
                    known_free.store(true, Ordering::Relaxed);
                    return Ok(state);
                }
                Err(TryLockError::Poisoned(state)) => return Ok(state.into_inner()),
                Err(TryLockError::WouldBlock) if began.elapsed() > LOST_LOCK_TIMEOUT => {
                    return Err(Unavailable::SessionLost);
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// Waits until no closure holds the session, for at most `left`.
    #[cold]
    fn wait<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        left: Option<Duration>,
    ) -> Result<MutexGuard<'a, State>, Unavailable> {
        let began = Instant::now();
        while let Some(held) = &state.held {
            if held.by == this_thread() {
                return Err(Unavailable::SessionInUse);
            }
            if !held.process.is_current() {
                return Err(Unavailable::SessionLost);
            }
            state = match left {
                None => self.returned.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(left) => {
                    let left =
                        left.saturating_sub(began.elapsed()).min(SESSION_PATIENCE.saturating_sub(held.since.elapsed()));
                    if left.is_zero() {
                        return Err(Unavailable::SessionHeld);
                    }
                    self.returned.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        Ok(state)
    }

    fn check_out(&self) -> Result<CheckedOut<'_>, Unavailable> {
        let state = self.lock()?;
        let mut state = self.wait(state, None)?;
        let session = state.session.take().unwrap_or_default();
        state.held = Some(Held { by: this_thread(), since: Instant::now(), process: Process::current() });
        Ok(CheckedOut { parts: self, session })
    }
}

impl Default for Parts {
    fn default() -> Self {
        Parts {
            state: Mutex::new(State { session: Some(Box::new(Session::seeded(seed()))), held: None }),
            returned: Condvar::new(),
            lock_holder: AtomicUsize::new(0),
            known_free: PerProcess::new(AtomicBool::new(true)),
        }
    }
}

/// Creates a seed from the operating system's randomness, which std uses to key its hashers.
fn seed() -> Seed {
    Seed::from_entropy(|bytes| {
        for piece in bytes.chunks_mut(8) {
            let random = RandomState::new().build_hasher().finish().to_ne_bytes();
            piece.iter_mut().zip(random).for_each(|(byte, random)| *byte = random);
        }
    })
}

impl From<Session> for SharedSession {
    fn from(session: Session) -> Self {
        let shared = SharedSession::default();
        shared.with(|slot| *slot = session);
        shared
    }
}

impl fmt::Debug for SharedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSession").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::mpsc;

    use super::*;

    fn length(shared: &SharedSession, left: Duration) -> Result<usize, Unavailable> {
        shared.access(left, |left| Some(*left), |_, session| session.jar().len())
    }

    /// Returns the result of `call`, run on a thread of its own; panics if it does not return in
    /// time.
    #[track_caller]
    fn in_time<R: Send + 'static>(call: impl FnOnce() -> R + Send + 'static) -> R {
        let (result, received) = mpsc::channel();
        std::thread::spawn(move || result.send(call()));
        received.recv_timeout(2 * SESSION_PATIENCE).expect("a call that returns")
    }

    #[test]
    fn seeds_are_different() {
        assert_ne!(seed(), seed());
    }

    #[test]
    fn nested_session_use_fails_at_once() {
        in_time(|| {
            let shared = SharedSession::default();
            let within = shared.with(|_| length(&shared, Duration::MAX));
            assert_eq!(within, Err(Unavailable::SessionInUse));
            let within = shared.access((), |()| None, |(), _| length(&shared, Duration::MAX));
            assert_eq!(within, Ok(Err(Unavailable::SessionInUse)));
            assert_eq!(length(&shared, Duration::ZERO), Ok(0), "and free afterwards");
        });
    }

    #[test]
    fn session_wait_is_bounded() {
        let shared = SharedSession::default();
        let (held, is_held) = mpsc::channel();
        let (go, may_go) = mpsc::channel::<()>();
        let other = shared.clone();
        let thread = std::thread::spawn(move || {
            other.with(|_| {
                held.send(()).unwrap();
                may_go.recv().unwrap();
            });
        });
        is_held.recv().unwrap();
        let waiting = shared.clone();
        let refused = in_time(move || length(&waiting, Duration::from_millis(5)));
        assert_eq!(refused, Err(Unavailable::SessionHeld));
        go.send(()).unwrap();
        assert_eq!(length(&shared, Duration::MAX), Ok(0));
        thread.join().unwrap();
    }

    #[test]
    fn panicking_closure_returns_the_session() {
        in_time(panics_in_closures);
    }

    fn panics_in_closures() {
        let shared = SharedSession::default();
        let change = |session: &mut Session| {
            session.configure(|options| {
                options.keep_alive(false);
            });
            panic!("intended")
        };
        assert!(catch_unwind(AssertUnwindSafe(|| shared.with(change))).is_err());
        let nested = AssertUnwindSafe(|| shared.with(|_| shared.with(|_| ())));
        assert!(catch_unwind(nested).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| shared.access((), |()| None, |(), _| panic!("intended")))).is_err());
        assert!(!shared.with(|session| session.settings().keep_alive));
        assert_eq!(length(&shared, Duration::ZERO), Ok(0));
    }
}
