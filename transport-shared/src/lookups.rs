//! Look-ups on helper threads.
//!
//! `getaddrinfo` blocks and cannot be interrupted: a helper that is in it stays there, also when nobody waits for the
//! answer any more. Such a helper does not count among the [`HELPERS`] that may work at once: another one takes the
//! next name. The helpers together are never more than [`MOST_HELPERS`]; beyond that, names wait in the order of their
//! coming. A name that waits is forgotten as soon as nobody asks for it.
//!
//! A helper is started when a name needs one, and ends when no name is left.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use petition_core::contain;

use crate::process::Process;

/// The most look-ups that run at once and that somebody waits for.
pub const HELPERS: usize = 16;

/// The most threads in all, those included that are in a look-up for which nobody waits any more.
pub const MOST_HELPERS: usize = 64;

/// The most names that wait for a helper; one more fails at once.
pub const QUEUE: usize = 4096;

/// Those who leave seldom leave alone: where many names wait, the place of one that was left is given on after this,
/// when the names that nobody waits for any more are forgotten.
const GRACE: Duration = Duration::from_millis(50);

type Job = Box<dyn FnOnce() + Send>;

/// Threads that look up names.
pub struct Helpers {
    process: Process,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By their numbers, which grow.
    queue: BTreeMap<u64, Job>,
    /// Whether somebody waits for it.
    running: BTreeMap<u64, bool>,
    /// How many of those that run somebody waits for.
    wanted: usize,
    /// Threads on their way to their first job.
    starting: usize,
    number: u64,
    /// When a job that runs was left.
    left: Option<Instant>,
}

impl Default for Helpers {
    fn default() -> Self {
        Helpers { process: Process::current(), state: Mutex::default() }
    }
}

impl Helpers {
    /// Has `job` done on a helper thread, as soon as one may take it. A panic of it is contained.
    ///
    /// # Errors
    /// When too many wait, or there is no helper and none can be started.
    pub fn ask(self: &Arc<Self>, job: impl FnOnce() + Send + 'static) -> io::Result<Asked> {
        let number = {
            let mut state = self.lock();
            if state.queue.len() >= QUEUE {
                return Err(io::Error::other("too many names are being looked up"));
            }
            let number = state.number;
            state.number += 1;
            state.queue.insert(number, Box::new(job));
            number
        };
        let asked = Asked { helpers: self.clone(), number };
        match self.go_on() {
            // Those that are there will get to it.
            Err(error) if self.lock().is_deserted() => Err(error),
            _ => Ok(asked),
        }
    }

    /// Forgets the jobs that wait. Those that run end by themselves; nobody waits for them.
    pub fn close(&self) {
        if self.process.is_current() {
            let forgotten = std::mem::take(&mut self.lock().queue);
            drop(forgotten);
        }
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.lock().threads()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the threads that may work now: due after jobs were [left](Asked::leave), all of those that are left at
    /// once, so that none begins that is about to be left.
    ///
    /// # Errors
    /// When a thread cannot be started. What waits is done by those that are there.
    pub fn go_on(self: &Arc<Self>) -> io::Result<()> {
        loop {
            {
                let mut state = self.lock();
                let idle = state.starting >= state.queue.len();
                if idle || state.wanted + state.starting >= HELPERS || state.threads() >= MOST_HELPERS {
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
        if self.lock().is_hasty() {
            std::thread::sleep(GRACE);
        }
        let mut next = {
            let mut state = self.lock();
            state.starting -= 1;
            state.take()
        };
        while let Some((number, job)) = next {
            contain(job);
            let mut state = self.lock();
            if state.running.remove(&number) == Some(true) {
                state.wanted -= 1;
            }
            next = state.take();
        }
    }
}

impl State {
    fn threads(&self) -> usize {
        self.running.len() + self.starting
    }

    /// More names wait than can begin, and others were just left.
    fn is_hasty(&self) -> bool {
        self.queue.len() > self.starting && self.left.is_some_and(|left| left.elapsed() < GRACE)
    }

    /// The first that waits, if one more may run.
    fn take(&mut self) -> Option<(u64, Job)> {
        if self.wanted >= HELPERS {
            return None;
        }
        let (number, job) = self.queue.pop_first()?;
        self.running.insert(number, true);
        self.wanted += 1;
        Some((number, job))
    }

    /// Nobody is there to do what waits.
    fn is_deserted(&self) -> bool {
        self.threads() == 0 && !self.queue.is_empty()
    }
}

/// A job that was asked for. Dropping it says that nobody waits for it any more.
pub struct Asked {
    helpers: Arc<Helpers>,
    number: u64,
}

impl Asked {
    /// Nobody waits for it any more. True when it runs all the same and will end; false when it is forgotten, or has
    /// ended.
    pub fn leave(&self) -> bool {
        // In a child process no helper exists, and the lock may never be free.
        if !self.helpers.process.is_current() {
            return false;
        }
        let mut state = self.helpers.lock();
        let forgotten = state.queue.remove(&self.number);
        let runs = match state.running.get_mut(&self.number) {
            Some(wanted) => {
                if std::mem::take(wanted) {
                    state.wanted -= 1;
                    state.left = Some(Instant::now());
                }
                true
            }
            None => false,
        };
        // What it holds is dropped outside the lock.
        drop(state);
        drop(forgotten);
        runs
    }

    /// Somebody waits for it again.
    pub fn rejoin(&self) {
        let mut state = self.helpers.lock();
        if let Some(wanted) = state.running.get_mut(&self.number)
            && !std::mem::replace(wanted, true)
        {
            state.wanted += 1;
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.leave();
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").field("number", &self.number).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, mpsc};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// Look-ups that do not come back before they are let go.
    #[derive(Default)]
    struct Stuck(Mutex<bool>, Condvar);

    impl Stuck {
        fn wait(&self) {
            let mut free = self.0.lock().unwrap();
            while !*free {
                free = self.1.wait(free).unwrap();
            }
        }

        fn free(&self) {
            *self.0.lock().unwrap() = true;
            self.1.notify_all();
        }
    }

    struct World {
        helpers: Arc<Helpers>,
        stuck: Arc<Stuck>,
        began: (mpsc::Sender<usize>, mpsc::Receiver<usize>),
    }

    impl World {
        fn new() -> World {
            World { helpers: Arc::default(), stuck: Arc::default(), began: mpsc::channel() }
        }

        fn ask_stuck(&self, name: usize) -> Asked {
            let (stuck, began) = (self.stuck.clone(), self.began.0.clone());
            self.helpers
                .ask(move || {
                    began.send(name).unwrap();
                    stuck.wait();
                })
                .unwrap()
        }

        fn begun(&self, count: usize) -> Vec<usize> {
            (0..count).map(|_| self.began.1.recv_timeout(PATIENCE).unwrap()).collect()
        }

        fn is_answered(&self) -> bool {
            let (answer, answered) = mpsc::channel();
            let _asked = self.helpers.ask(move || answer.send(()).unwrap()).unwrap();
            answered.recv_timeout(PATIENCE).is_ok()
        }
    }

    #[test]
    fn t86_names_nobody_waits_for_hold_up_no_other() {
        let world = World::new();
        let asked: Vec<_> = (0..3 * HELPERS).map(|name| world.ask_stuck(name)).collect();
        world.begun(HELPERS);
        drop(asked);
        world.helpers.go_on().unwrap();
        assert!(world.is_answered());
        assert!(world.helpers.threads() <= HELPERS + 1);
        assert!(world.began.1.try_recv().is_err(), "what waited was forgotten");
        world.stuck.free();
    }

    #[test]
    fn t86_helpers_are_bounded_and_names_beyond_wait_in_order() {
        let world = World::new();
        for name in 0..MOST_HELPERS {
            let asked = world.ask_stuck(name);
            assert_eq!(world.begun(1), [name]);
            assert!(asked.leave());
        }
        let [first, second, third] = [0, 1, 2].map(|name| world.ask_stuck(MOST_HELPERS + name));
        assert_eq!(world.helpers.threads(), MOST_HELPERS);
        assert!(world.began.1.try_recv().is_err(), "no helper is left");
        drop(second);
        world.stuck.free();
        let mut begun = world.begun(2);
        begun.sort_unstable();
        assert_eq!(begun, [MOST_HELPERS, MOST_HELPERS + 2]);
        drop((first, third));
        assert!(world.is_answered());
    }

    #[test]
    fn name_that_is_wanted_again_counts_again() {
        let world = World::new();
        let asked: Vec<_> = (0..HELPERS).map(|name| world.ask_stuck(name)).collect();
        world.begun(HELPERS);
        asked.iter().for_each(|asked| assert!(asked.leave() && asked.leave()));
        asked.iter().for_each(Asked::rejoin);
        let one_more = world.ask_stuck(HELPERS);
        assert_eq!(world.helpers.threads(), HELPERS);
        assert!(!one_more.leave(), "it had not begun");
        world.stuck.free();
        assert!(world.is_answered());
    }

    #[test]
    fn job_that_panics_leaves_its_helper_to_others() {
        let world = World::new();
        for _ in 0..2 * HELPERS {
            let (gone, is_gone) = mpsc::channel::<()>();
            let _asked = world.helpers.ask(move || {
                let _gone = gone;
                panic!("as asked")
            });
            assert_eq!(is_gone.recv_timeout(PATIENCE), Err(mpsc::RecvTimeoutError::Disconnected));
        }
        assert!(world.is_answered());
    }

    #[test]
    fn queue_is_bounded_and_forgotten_when_closed() {
        let world = World::new();
        let asked: Vec<_> = (0..HELPERS).map(|name| world.ask_stuck(name)).collect();
        world.begun(HELPERS);
        let waiting: Vec<_> = (0..QUEUE).map(|name| world.ask_stuck(name)).collect();
        assert!(world.helpers.ask(|| ()).is_err());
        world.helpers.close();
        drop((asked, waiting));
        world.stuck.free();
        assert!(world.began.1.try_recv().is_err());
    }
}
