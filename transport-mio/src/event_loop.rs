//! A loop of one's own: turned by the caller, or running on a thread of its own.

use std::io;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mio::{Events, Poll};
use petition_core::{Unavailable, contain};

use crate::client::Client;
use crate::driver::{Driver, DriverConfig};

/// How many events one poll takes in.
const EVENTS: usize = 1024;

/// An event loop with a `Poll` of its own, turned by the caller. Callbacks run within [`EventLoop::turn`] and nowhere else.
///
/// ```no_run
/// use petition_mio::EventLoop;
///
/// let mut event_loop = EventLoop::new()?;
/// let client = event_loop.client();
/// client.get("https://httpbin.org/get").send(|result| println!("{:?}", result.map(|response| response.status())));
/// while !event_loop.driver().is_empty() {
///     event_loop.turn(None)?;
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is served unless it is turned"]
pub struct EventLoop {
    poll: Poll,
    events: Events,
    driver: Driver,
    /// The last turn ended for want of time.
    unfinished: bool,
}

impl EventLoop {
    /// A loop with the default options.
    ///
    /// # Errors
    /// When the operating system gives no poll or waker.
    pub fn new() -> io::Result<EventLoop> {
        EventLoop::with(DriverConfig::default())
    }

    /// A loop of this configuration.
    ///
    /// # Errors
    /// As [`EventLoop::new`].
    pub fn with(config: DriverConfig) -> io::Result<EventLoop> {
        let poll = Poll::new()?;
        let driver = Driver::new(poll.registry(), 0..usize::MAX, config)?;
        Ok(EventLoop { poll, events: Events::with_capacity(EVENTS), driver, unfinished: false })
    }

    /// A handle that submits requests, from any thread.
    pub fn client(&self) -> Client {
        self.driver.client()
    }

    /// The driver inside.
    pub fn driver(&self) -> &Driver {
        &self.driver
    }

    /// The driver inside.
    pub fn driver_mut(&mut self) -> &mut Driver {
        &mut self.driver
    }

    /// Waits until there is something to do, at most for `timeout` (`None`: as long as it takes), and does it. When there is something at hand, that is
    /// done and nothing is waited for.
    ///
    /// # Errors
    /// When the poll fails; in a child process, where every request has ended then.
    pub fn turn(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.step(timeout, None)
    }

    /// Works for about as long as `budget` and never waits: for a game's frame. What is not done is done at the next call.
    ///
    /// # Errors
    /// When the poll fails.
    pub fn pump(&mut self, budget: Duration) -> io::Result<()> {
        self.step(Some(Duration::ZERO), Some(budget))
    }

    /// Turns until [`Client::stop`] is called.
    ///
    /// # Errors
    /// When the poll fails.
    pub fn run(&mut self) -> io::Result<()> {
        while !self.driver.take_stopped() {
            self.turn(None)?;
        }
        Ok(())
    }

    fn step(&mut self, timeout: Option<Duration>, budget: Option<Duration>) -> io::Result<()> {
        if !self.driver.is_here() {
            // The poll is the parent's as well.
            self.driver.turn(None);
            return Err(io::Error::other(Unavailable::ParentProcess));
        }
        let began = budget.map(|_| Instant::now());
        // Work that is at hand is not kept waiting, but what has come is told before it is done.
        let due = match self.unfinished || self.driver.has_work() {
            true => Some(Duration::ZERO),
            false => self.driver.timeout(),
        };
        let mut wait = [timeout, due].into_iter().flatten().min();
        loop {
            match self.poll.poll(&mut self.events, wait) {
                Ok(()) => {
                    for event in &self.events {
                        self.driver.ready(event);
                    }
                    self.driver.mark_polled(&self.events);
                }
                // It told of nothing.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            let left = budget.zip(began).map(|(budget, began)| budget.saturating_sub(began.elapsed()));
            self.unfinished = true;
            self.unfinished = self.driver.turn(left);
            // With time left, requests that wait for the next poll need not wait for the next frame.
            let over =
                left.is_none_or(|left| left.is_zero()) || began.is_some_and(|began| Some(began.elapsed()) >= budget);
            if over || !self.driver.awaits_poll() {
                return Ok(());
            }
            wait = Some(Duration::ZERO);
        }
    }
}

/// A loop on a thread of its own. Dropping it ends every request; every callback runs.
#[derive(Debug)]
#[must_use = "dropping it ends every request"]
pub struct LoopThread {
    client: Client,
    thread: Option<JoinHandle<()>>,
}

impl LoopThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the operating system gives no thread, poll or waker.
    pub fn spawn(config: DriverConfig) -> io::Result<LoopThread> {
        let mut event_loop = EventLoop::with(config)?;
        let client = event_loop.client();
        let run = move || {
            // A callback that panics has said so by the panic hook; the others are served on.
            while contain(|| event_loop.run()).is_none() {}
            // So are those that learn of the end.
            contain(|| drop(event_loop));
        };
        let thread = std::thread::Builder::new().name("petition".into()).spawn(run)?;
        Ok(LoopThread { client, thread: Some(thread) })
    }

    /// A handle that submits requests.
    pub fn client(&self) -> &Client {
        &self.client
    }
}

impl std::ops::Deref for LoopThread {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for LoopThread {
    fn drop(&mut self) {
        self.client.stop();
        if let Some(thread) = self.thread.take() {
            if !self.client.is_here() {
                // A child process has no such thread: there is nothing to wait for, nor to let go.
                return std::mem::forget(thread);
            }
            // Dropped by one of its own callbacks, it ends after that.
            if thread.thread().id() != std::thread::current().id() {
                // It does not panic: what its callbacks do is contained.
                let _ = thread.join();
            }
        }
    }
}
