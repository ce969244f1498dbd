//! The session that threads and transports share.
//!
//! A transport works on it for moments, [under a lock](SharedSession::access). Code of the caller's gets the session
//! itself, [out of the lock](SharedSession::with): so whoever needs it meanwhile finds out who holds it, and is
//! refused instead of waiting for ever.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use petition_core::{Seed, Session, Unavailable};

use crate::process::{PerProcess, Process, this_thread};

/// A request waits no longer than this for a closure on another thread that holds the session, counted from the
/// beginning of that closure.
pub const SESSION_PATIENCE: Duration = Duration::from_secs(10);

/// In a child process, for so long a lock is tried that a thread of the parent may have held.
const LOST: Duration = Duration::from_secs(1);

/// A [`Session`] that threads and transports share. Clones are the same session. A default one is seeded from the operating system.
#[derive(Clone, Default)]
pub struct SharedSession(Arc<Parts>);

struct Parts {
    state: Mutex<State>,
    /// A closure has given the session back.
    returned: Condvar,
    /// The thread that has the lock for a moment; 0 when nobody has.
    inside: AtomicUsize,
    /// Whether the lock was free once in this process: then nobody of the parent's holds it.
    sound: PerProcess<AtomicBool>,
}

struct State {
    /// `None` while a closure of the caller's has it.
    session: Option<Box<Session>>,
    held: Option<Held>,
}

/// A closure that has the session.
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

    /// Calls `f` with the session, to look at it or to change it. Nobody else has it meanwhile: a request that is sent
    /// from within `f` fails at once with [`Unavailable`], one on another thread waits for `f` to return, for
    /// [`SESSION_PATIENCE`] at most.
    ///
    /// # Panics
    /// When it is called from within another `f` of this session; in a child process, when another thread of its
    /// parent held the session at the time of the fork. When `f` panics, which leaves the session usable.
    pub fn with<R>(&self, f: impl FnOnce(&mut Session) -> R) -> R {
        let mut out = self.0.take_out().unwrap_or_else(|why| panic!("{why}"));
        f(&mut out.session)
    }

    /// For transports: calls `f` with `caller` and the session under its lock. `f` is short and waits for nothing. Waits
    /// no longer than `left` says, nor than [`SESSION_PATIENCE`].
    ///
    /// # Errors
    /// When a closure given to [`SharedSession::with`] has the session, and this thread would wait for itself or has
    /// waited long enough; in a child process, when another thread of its parent had it at the time of the fork.
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
        let _inside = Inside::enter(&self.0.inside);
        Ok(f(caller, session))
    }
}

/// This thread has the lock.
struct Inside<'a>(&'a AtomicUsize);

impl Inside<'_> {
    #[inline]
    fn enter(inside: &AtomicUsize) -> Inside<'_> {
        inside.store(this_thread(), Ordering::Relaxed);
        Inside(inside)
    }
}

impl Drop for Inside<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// The session in the hands of a closure.
struct Out<'a> {
    parts: &'a Parts,
    session: Box<Session>,
}

impl Drop for Out<'_> {
    fn drop(&mut self) {
        let session = std::mem::take(&mut self.session);
        // In a child that was forked within the closure, the lock may be lost, and the session with it.
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
        if self.inside.load(Ordering::Relaxed) == this_thread() {
            return Err(Unavailable::SessionInUse);
        }
        let sound = self.sound.get(|_| AtomicBool::new(false));
        if sound.load(Ordering::Relaxed) {
            return Ok(self.state.lock().unwrap_or_else(PoisonError::into_inner));
        }
        let began = Instant::now();
        loop {
            match self.state.try_lock() {
                Ok(state) => {
                    sound.store(true, Ordering::Relaxed);
                    return Ok(state);
                }
                Err(TryLockError::Poisoned(state)) => return Ok(state.into_inner()),
                Err(TryLockError::WouldBlock) if began.elapsed() > LOST => return Err(Unavailable::SessionLost),
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// Waits until no closure has the session, for `left` at most.
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

    fn take_out(&self) -> Result<Out<'_>, Unavailable> {
        let state = self.lock()?;
        let mut state = self.wait(state, None)?;
        let session = state.session.take().unwrap_or_default();
        state.held = Some(Held { by: this_thread(), since: Instant::now(), process: Process::current() });
        Ok(Out { parts: self, session })
    }
}

impl Default for Parts {
    fn default() -> Self {
        Parts {
            state: Mutex::new(State { session: Some(Box::new(Session::seeded(seed()))), held: None }),
            returned: Condvar::new(),
            inside: AtomicUsize::new(0),
            sound: PerProcess::new(AtomicBool::new(true)),
        }
    }
}

/// A seed from the operating system's randomness, with which std keys its hashers.
fn seed() -> Seed {
    Seed::from_entropy([(); 2].map(|()| RandomState::new().build_hasher().finish()))
}

impl From<Session> for SharedSession {
    fn from(session: Session) -> Self {
        let shared = SharedSession::default();
        shared.with(|place| *place = session);
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

    /// What `call` comes to on a thread of its own, which may wait for ever.
    #[track_caller]
    fn in_time<R: Send + 'static>(call: impl FnOnce() -> R + Send + 'static) -> R {
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || tell.send(call()));
        told.recv_timeout(2 * SESSION_PATIENCE).expect("a call that returns")
    }

    #[test]
    fn every_session_has_a_seed_of_its_own() {
        assert_ne!(seed(), seed());
    }

    #[test]
    fn session_in_use_by_this_thread_is_refused_at_once() {
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
    fn session_held_by_another_thread_is_waited_for_in_bounds() {
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
    fn closure_that_panics_gives_the_session_back() {
        in_time(panics_in_closures);
    }

    fn panics_in_closures() {
        let shared = SharedSession::default();
        let change = |session: &mut Session| {
            session.configure(|options| {
                options.keep_alive(false);
            });
            panic!("as asked")
        };
        assert!(catch_unwind(AssertUnwindSafe(|| shared.with(change))).is_err());
        let nested = AssertUnwindSafe(|| shared.with(|_| shared.with(|_| ())));
        assert!(catch_unwind(nested).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| shared.access((), |()| None, |(), _| panic!("as asked")))).is_err());
        assert!(!shared.with(|session| session.settings().keep_alive));
        assert_eq!(length(&shared, Duration::ZERO), Ok(0));
    }
}
