//! Name look-ups shared by callers with individual timeouts. One look-up serves all callers that
//! wait for the same name.
//!
//! So a look-up that never ends holds one helper thread, however many callers request the name. It
//! delays other names only once [`MAX_HELPERS`](crate::lookups::MAX_HELPERS) such look-ups run. A
//! caller that gives up does not end the look-up; the next caller joins it.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use petition_core::contain;

use crate::lookups::{Helpers, LookupJob};

type Name = (Box<str>, u16);

/// The addresses, or the kind and text of the error, which every caller gets.
type Answer = Result<Vec<SocketAddr>, (io::ErrorKind, String)>;

/// Look-ups by name.
#[derive(Default)]
pub struct SharedLookups {
    helpers: Arc<Helpers>,
    pending: Mutex<HashMap<Name, Pending>>,
    /// The number of the next caller. No two have the same: one that leaves late removes no other.
    next: AtomicU64,
}

/// A look-up that is queued or running. One without callers is abandoned, and still running.
struct Pending {
    job: LookupJob,
    callers: BTreeMap<u64, SyncSender<Answer>>,
}

impl SharedLookups {
    /// Runs `look_up` for this name on a helper thread, or joins a running look-up of the name.
    /// Waits for the answer for at most `left`.
    ///
    /// # Errors
    /// The look-up's own error; [`io::ErrorKind::TimedOut`] if `left` elapsed; another kind if the
    /// look-up panicked or could not be started.
    pub fn wait(
        self: &Arc<Self>,
        host: &str,
        port: u16,
        left: Duration,
        look_up: impl FnOnce() -> io::Result<Vec<SocketAddr>> + Send + 'static,
    ) -> io::Result<Vec<SocketAddr>> {
        let began = Instant::now();
        let name: Name = (host.into(), port);
        let (answer, answered) = sync_channel(1);
        let caller = self.join(&name, answer, look_up)?;
        match answered.recv_timeout(left.saturating_sub(began.elapsed())) {
            Ok(answer) => answer.map_err(|(kind, text)| io::Error::new(kind, text)),
            Err(RecvTimeoutError::Timeout) => {
                self.leave(&name, caller);
                Err(io::Error::new(io::ErrorKind::TimedOut, "the look-up timed out"))
            }
            Err(RecvTimeoutError::Disconnected) => Err(io::Error::other("the look-up was dropped")),
        }
    }

    /// Adds a caller to the look-up of a name, and starts one if there is none.
    fn join(
        self: &Arc<Self>,
        name: &Name,
        answer: SyncSender<Answer>,
        look_up: impl FnOnce() -> io::Result<Vec<SocketAddr>> + Send + 'static,
    ) -> io::Result<u64> {
        let caller = self.next.fetch_add(1, Ordering::Relaxed);
        let mut all = self.lock();
        if let Some(pending) = all.get_mut(name) {
            pending.job.reclaim();
            pending.callers.insert(caller, answer);
            return Ok(caller);
        }
        let (shared, key) = (self.clone(), name.clone());
        let job = self.helpers.submit(move || shared.ended(&key, look_up))?;
        all.insert(name.clone(), Pending { job, callers: BTreeMap::from([(caller, answer)]) });
        Ok(caller)
    }

    /// Runs a look-up and gives its answer to all callers.
    fn ended(&self, name: &Name, look_up: impl FnOnce() -> io::Result<Vec<SocketAddr>>) {
        let result = contain(look_up).unwrap_or_else(|| Err(io::Error::other("the look-up panicked")));
        let answer = result.map_err(|error| (error.kind(), error.to_string()));
        let Some(Pending { job, callers, .. }) = self.lock().remove(name) else { return };
        job.ended();
        for caller in callers.into_values() {
            // The receiver is gone after a timeout.
            let _ = caller.send(answer.clone());
        }
    }

    /// Removes a caller whose time has elapsed. The last caller to leave abandons the look-up.
    fn leave(&self, name: &Name, caller: u64) {
        let mut all = self.lock();
        let Some(pending) = all.get_mut(name) else { return };
        pending.callers.remove(&caller);
        if !pending.callers.is_empty() {
            return;
        }
        if !pending.job.abandon() {
            all.remove(name);
        }
        drop(all);
        // Another thread replaces the abandoned one, if it can be started.
        let _ = self.helpers.start_threads();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Name, Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Condvar;
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::lookups::{MAX_ACTIVE, MAX_HELPERS};

    const SHORT: Duration = Duration::from_millis(20);

    /// Names that are never found, until they are released.
    #[derive(Clone, Default)]
    struct Dead {
        open: Arc<(Mutex<bool>, Condvar)>,
        asked: Arc<AtomicUsize>,
    }

    impl Dead {
        fn wait(&self, lookups: &Arc<SharedLookups>, host: &str, left: Duration) -> io::Result<Vec<SocketAddr>> {
            let dead = self.clone();
            lookups.wait(host, 80, left, move || {
                dead.asked.fetch_add(1, Ordering::SeqCst);
                drop(dead.open.1.wait_while(dead.open.0.lock().unwrap(), |open| !*open).unwrap());
                Ok(vec![([192, 0, 2, 1], 80).into()])
            })
        }

        fn release(&self) {
            *self.open.0.lock().unwrap() = true;
            self.open.1.notify_all();
        }
    }

    fn is_found(lookups: &Arc<SharedLookups>) -> bool {
        lookups.wait("good.test", 80, Duration::MAX, || Ok(Vec::new())).is_ok()
    }

    #[test]
    fn t86_dead_name_holds_one_helper_however_often_it_is_asked() {
        let (lookups, dead) = (Arc::default(), Dead::default());
        for _ in 0..MAX_HELPERS + 1 {
            let late = dead.wait(&lookups, "dead.test", Duration::from_millis(1));
            assert_eq!(late.unwrap_err().kind(), io::ErrorKind::TimedOut);
        }
        assert!(dead.asked.load(Ordering::SeqCst) <= 1 && lookups.helpers.threads() <= 1);
        assert!(is_found(&lookups));
        dead.release();
    }

    #[test]
    fn t86_abandoned_names_delay_no_other() {
        let (lookups, dead) = (Arc::default(), Dead::default());
        for n in 0..2 * MAX_ACTIVE {
            let late = dead.wait(&lookups, &format!("dead{n}.test"), SHORT);
            assert_eq!(late.unwrap_err().kind(), io::ErrorKind::TimedOut);
        }
        assert!(is_found(&lookups));
        dead.release();
    }

    #[test]
    fn callers_of_one_name_share_its_answer() {
        let (lookups, dead): (Arc<SharedLookups>, _) = (Arc::default(), Dead::default());
        let callers: Vec<_> = (0..8)
            .map(|_| {
                let (lookups, dead) = (lookups.clone(), dead.clone());
                std::thread::spawn(move || dead.wait(&lookups, "a.test", Duration::MAX))
            })
            .collect();
        // One that gives up takes nothing from the others.
        assert!(dead.wait(&lookups, "a.test", SHORT).is_err());
        while lookups.lock().values().map(|pending| pending.callers.len()).sum::<usize>() < 8 {
            std::thread::yield_now();
        }
        dead.release();
        for caller in callers {
            assert_eq!(caller.join().unwrap().unwrap(), ["192.0.2.1:80".parse().unwrap()]);
        }
        assert_eq!(dead.asked.load(Ordering::SeqCst), 1);
        assert!(lookups.lock().is_empty());
    }

    #[test]
    fn failure_and_panic_reach_the_caller() {
        let lookups = Arc::new(SharedLookups::default());
        let failed = lookups.wait("a.test", 80, Duration::MAX, || Err(io::Error::new(io::ErrorKind::NotFound, "none")));
        assert_eq!(failed.unwrap_err().to_string(), "none");
        let panicked = lookups.wait("a.test", 80, Duration::MAX, || panic!("intended"));
        assert!(panicked.unwrap_err().to_string().contains("panicked"));
        assert!(is_found(&lookups) && lookups.lock().is_empty());
    }
}
