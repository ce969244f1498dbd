//! Name look-ups on helper threads.
//!
//! `getaddrinfo` blocks and cannot be interrupted: a helper that runs it stays there, even after
//! its look-up was abandoned. Such a helper does not count towards the [`MAX_ACTIVE`] helpers that
//! may work at once: another one takes the next name. There are never more than [`MAX_HELPERS`]
//! helpers; beyond that, names wait in order of arrival. A waiting name that is abandoned is
//! dropped at once.
//!
//! A helper starts when a name needs one, and ends when no name is left.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use petition_core::contain;

use crate::process::Process;

/// The maximum number of concurrent look-ups that are not abandoned.
pub const MAX_ACTIVE: usize = 16;

/// The maximum number of threads, including those in abandoned look-ups.
pub const MAX_HELPERS: usize = 64;

/// The maximum number of names that wait for a helper; one more fails at once.
pub const QUEUE: usize = 4096;

/// Look-ups are often abandoned in groups. If one is abandoned while many names wait, a new helper
/// starts with this delay. The rest of the group is then dropped first.
const GRACE: Duration = Duration::from_millis(50);

type Job = Box<dyn FnOnce() + Send>;

/// Helper threads that look up names.
pub struct Helpers {
    process: Process,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Waiting jobs by id, in order of arrival.
    queue: BTreeMap<u64, Job>,
    /// Running jobs; `false` if abandoned.
    running: BTreeMap<u64, bool>,
    /// The number of running jobs that are not abandoned.
    active: usize,
    /// Threads that have not taken their first job yet.
    starting: usize,
    id: u64,
    /// When a running job was last abandoned.
    last_abandoned: Option<Instant>,
}

impl Default for Helpers {
    fn default() -> Self {
        Helpers { process: Process::current(), state: Mutex::default() }
    }
}

impl Helpers {
    /// Runs `job` on a helper thread as soon as one is available. A panic of the job is contained.
    ///
    /// # Errors
    /// If [`QUEUE`] names wait already, or if there is no helper and none can be started.
    pub fn submit(self: &Arc<Self>, job: impl FnOnce() + Send + 'static) -> io::Result<LookupJob> {
        let id = {
            let mut state = self.lock();
            if state.queue.len() >= QUEUE {
                return Err(io::Error::other("too many names are being looked up"));
            }
            let id = state.id;
            state.id += 1;
            state.queue.insert(id, Box::new(job));
            id
        };
        let lookup = LookupJob { helpers: self.clone(), id, ended: false };
        match self.start_threads() {
            // Existing helpers will run the job.
            Err(error) if self.lock().has_no_helper() => Err(error),
            _ => Ok(lookup),
        }
    }

    /// Drops the waiting jobs. Running jobs finish on their own.
    pub fn close(&self) {
        if self.process.is_current() {
            let dropped = std::mem::take(&mut self.lock().queue);
            drop(dropped);
        }
    }

    /// Returns the number of threads.
    pub fn threads(&self) -> usize {
        self.lock().threads()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts as many threads as may work now. Call it after jobs were
    /// [abandoned](LookupJob::abandon): once after all of a group, so that no helper starts a job
    /// that is about to be abandoned.
    ///
    /// # Errors
    /// If a thread cannot be started. Existing helpers run the waiting jobs.
    pub fn start_threads(self: &Arc<Self>) -> io::Result<()> {
        loop {
            {
                let mut state = self.lock();
                let idle = state.starting >= state.queue.len();
                if idle || state.active + state.starting >= MAX_ACTIVE || state.threads() >= MAX_HELPERS {
                    return Ok(());
                }
                state.starting += 1;
            }
            let helpers = self.clone();
            let started = std::thread::Builder::new().name("petition-resolve".into()).spawn(move || helpers.serve());
            if let Err(error) = started {
                self.lock().starting -= 1;
                return Err(error);
            }
        }
    }

    fn serve(&self) {
        if self.lock().should_delay() {
            std::thread::sleep(GRACE);
        }
        let mut next = {
            let mut state = self.lock();
            state.starting -= 1;
            state.take()
        };
        while let Some((id, job)) = next {
            contain(job);
            let mut state = self.lock();
            if state.running.remove(&id) == Some(true) {
                state.active -= 1;
            }
            next = state.take();
        }
    }
}

impl State {
    fn threads(&self) -> usize {
        self.running.len() + self.starting
    }

    /// Whether more names wait than can start, and a job was abandoned just now.
    fn should_delay(&self) -> bool {
        self.queue.len() > self.starting && self.last_abandoned.is_some_and(|at| at.elapsed() < GRACE)
    }

    /// Takes the first waiting job, if one more may run.
    fn take(&mut self) -> Option<(u64, Job)> {
        if self.active >= MAX_ACTIVE {
            return None;
        }
        let (id, job) = self.queue.pop_first()?;
        self.running.insert(id, true);
        self.active += 1;
        Some((id, job))
    }

    /// Whether jobs wait but no helper exists.
    fn has_no_helper(&self) -> bool {
        self.threads() == 0 && !self.queue.is_empty()
    }
}

/// A submitted job. Dropping it abandons the job.
pub struct LookupJob {
    helpers: Arc<Helpers>,
    id: u64,
    ended: bool,
}

impl LookupJob {
    /// Abandons the job. Returns whether it is running and will end; `false` if it was dropped or
    /// has ended.
    pub fn abandon(&self) -> bool {
        // In a child process no helper exists, and the lock may never be released.
        if !self.helpers.process.is_current() {
            return false;
        }
        let mut state = self.helpers.lock();
        let dropped = state.queue.remove(&self.id);
        let runs = match state.running.get_mut(&self.id) {
            Some(active) => {
                if std::mem::take(active) {
                    state.active -= 1;
                    state.last_abandoned = Some(Instant::now());
                }
                true
            }
            None => false,
        };
        // Drop the job's captures outside the lock.
        drop(state);
        drop(dropped);
        runs
    }

    /// Drops the handle of a job that has ended, or is about to.
    pub(crate) fn ended(mut self) {
        self.ended = true;
    }

    /// Claims an abandoned job that is still running: it counts as active again.
    pub fn reclaim(&self) {
        let mut state = self.helpers.lock();
        if let Some(active) = state.running.get_mut(&self.id)
            && !std::mem::replace(active, true)
        {
            state.active += 1;
        }
    }
}

impl Drop for LookupJob {
    fn drop(&mut self) {
        if !self.ended {
            self.abandon();
        }
    }
}

impl fmt::Debug for LookupJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LookupJob").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, mpsc};

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(60);

    /// Look-ups that block until released.
    #[derive(Default)]
    struct Stuck(Mutex<bool>, Condvar);

    impl Stuck {
        fn wait(&self) {
            let mut released = self.0.lock().unwrap();
            while !*released {
                released = self.1.wait(released).unwrap();
            }
        }

        fn release(&self) {
            *self.0.lock().unwrap() = true;
            self.1.notify_all();
        }
    }

    struct Fixture {
        helpers: Arc<Helpers>,
        stuck: Arc<Stuck>,
        started: (mpsc::Sender<usize>, mpsc::Receiver<usize>),
    }

    impl Fixture {
        fn new() -> Fixture {
            Fixture { helpers: Arc::default(), stuck: Arc::default(), started: mpsc::channel() }
        }

        fn submit_stuck(&self, name: usize) -> LookupJob {
            let (stuck, started) = (self.stuck.clone(), self.started.0.clone());
            self.helpers
                .submit(move || {
                    started.send(name).unwrap();
                    stuck.wait();
                })
                .unwrap()
        }

        fn await_started(&self, count: usize) -> Vec<usize> {
            (0..count).map(|_| self.started.1.recv_timeout(TIMEOUT).unwrap()).collect()
        }

        fn is_answered(&self) -> bool {
            let (answer, answered) = mpsc::channel();
            let _job = self.helpers.submit(move || answer.send(()).unwrap()).unwrap();
            answered.recv_timeout(TIMEOUT).is_ok()
        }
    }

    #[test]
    fn t86_abandoned_lookups_delay_no_other() {
        let fixture = Fixture::new();
        let jobs: Vec<_> = (0..3 * MAX_ACTIVE).map(|name| fixture.submit_stuck(name)).collect();
        fixture.await_started(MAX_ACTIVE);
        drop(jobs);
        fixture.helpers.start_threads().unwrap();
        assert!(fixture.is_answered());
        assert!(fixture.helpers.threads() <= MAX_ACTIVE + 1);
        assert!(fixture.started.1.try_recv().is_err(), "waiting jobs were dropped");
        fixture.stuck.release();
    }

    #[test]
    fn t86_helpers_are_bounded_and_further_names_queue() {
        let fixture = Fixture::new();
        for name in 0..MAX_HELPERS {
            let job = fixture.submit_stuck(name);
            assert_eq!(fixture.await_started(1), [name]);
            assert!(job.abandon());
        }
        let [first, second, third] = [0, 1, 2].map(|name| fixture.submit_stuck(MAX_HELPERS + name));
        assert_eq!(fixture.helpers.threads(), MAX_HELPERS);
        assert!(fixture.started.1.try_recv().is_err(), "no helper is left");
        drop(second);
        fixture.stuck.release();
        let mut started_names = fixture.await_started(2);
        started_names.sort_unstable();
        assert_eq!(started_names, [MAX_HELPERS, MAX_HELPERS + 2]);
        drop((first, third));
        assert!(fixture.is_answered());
    }

    #[test]
    fn reclaimed_job_counts_as_active() {
        let fixture = Fixture::new();
        let jobs: Vec<_> = (0..MAX_ACTIVE).map(|name| fixture.submit_stuck(name)).collect();
        fixture.await_started(MAX_ACTIVE);
        jobs.iter().for_each(|job| assert!(job.abandon() && job.abandon()));
        jobs.iter().for_each(LookupJob::reclaim);
        let one_more = fixture.submit_stuck(MAX_ACTIVE);
        assert_eq!(fixture.helpers.threads(), MAX_ACTIVE);
        assert!(!one_more.abandon(), "the job had not started");
        fixture.stuck.release();
        assert!(fixture.is_answered());
    }

    #[test]
    fn panicking_job_frees_its_helper() {
        let fixture = Fixture::new();
        for _ in 0..2 * MAX_ACTIVE {
            let (gone, is_gone) = mpsc::channel::<()>();
            let _job = fixture.helpers.submit(move || {
                let _gone = gone;
                panic!("intended")
            });
            assert_eq!(is_gone.recv_timeout(TIMEOUT), Err(mpsc::RecvTimeoutError::Disconnected));
        }
        assert!(fixture.is_answered());
    }

    #[test]
    fn queue_is_bounded_and_dropped_on_close() {
        let fixture = Fixture::new();
        let jobs: Vec<_> = (0..MAX_ACTIVE).map(|name| fixture.submit_stuck(name)).collect();
        fixture.await_started(MAX_ACTIVE);
        let waiting: Vec<_> = (0..QUEUE).map(|name| fixture.submit_stuck(name)).collect();
        assert!(fixture.helpers.submit(|| ()).is_err());
        fixture.helpers.close();
        drop((jobs, waiting));
        fixture.stuck.release();
        assert!(fixture.started.1.try_recv().is_err());
    }
}
