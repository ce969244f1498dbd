//! Event loops: turned by the caller, or running on their own thread.

use std::io;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mio::{Events, Poll};
use petition_core::{Unavailable, contain};

use crate::client::Client;
use crate::driver::{Driver, DriverConfig};

/// How many events one poll can return.
const EVENTS: usize = 1024;

/// An event loop with a `Poll` of its own, turned by the caller. Callbacks run within
/// [`EventLoop::turn`] and nowhere else.
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
#[must_use = "nothing happens until it is turned"]
pub struct EventLoop {
    poll: Poll,
    events: Events,
    driver: Driver,
    /// Whether the last turn ran out of time.
    unfinished: bool,
}

impl EventLoop {
    /// Creates a loop with the default configuration.
    ///
    /// # Errors
    /// If the operating system provides no poll or waker.
    pub fn new() -> io::Result<EventLoop> {
        EventLoop::with(DriverConfig::default())
    }

    /// Creates a loop with this configuration.
    ///
    /// # Errors
    /// As [`EventLoop::new`].
    pub fn with(config: DriverConfig) -> io::Result<EventLoop> {
        let poll = Poll::new()?;
        let driver = Driver::new(poll.registry(), 0..usize::MAX, config)?;
        Ok(EventLoop { poll, events: Events::with_capacity(EVENTS), driver, unfinished: false })
    }

    /// Returns a client that submits requests, from any thread.
    pub fn client(&self) -> Client {
        self.driver.client()
    }

    /// Returns the driver.
    pub fn driver(&self) -> &Driver {
        &self.driver
    }

    /// Returns the driver for changing.
    pub fn driver_mut(&mut self) -> &mut Driver {
        &mut self.driver
    }

    /// Waits for work, for at most `timeout` (`None`: no limit), and performs it. If there is work
    /// already, it does not wait.
    ///
    /// # Errors
    /// If the poll fails; always in a child process, after ending every request.
    pub fn turn(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.step(timeout, None)
    }

    /// Works for about `budget` without waiting, for example in a frame of a game. The next call
    /// continues the rest.
    ///
    /// # Errors
    /// If the poll fails.
    pub fn pump(&mut self, budget: Duration) -> io::Result<()> {
        self.step(Some(Duration::ZERO), Some(budget))
    }

    /// Turns until [`Client::stop`] is called.
    ///
    /// # Errors
    /// If the poll fails.
    pub fn run(&mut self) -> io::Result<()> {
        while !self.driver.take_stopped() {
            self.turn(None)?;
        }
        Ok(())
    }

    fn step(&mut self, timeout: Option<Duration>, budget: Option<Duration>) -> io::Result<()> {
        if !self.driver.is_here() {
            // The poll belongs to the parent.
            self.driver.turn(None);
            return Err(io::Error::other(Unavailable::ParentProcess));
        }
        let began = budget.map(|_| Instant::now());
        // Do not wait if there is work, but collect new events before performing it.
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
                // It returned no events.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            let left = budget.zip(began).map(|(budget, began)| budget.saturating_sub(began.elapsed()));
            self.unfinished = true;
            self.unfinished = self.driver.turn(left);
            // With time left, requests that wait for the next poll do not wait for the next frame.
            let over =
                left.is_none_or(|left| left.is_zero()) || began.is_some_and(|began| Some(began.elapsed()) >= budget);
            if over || !self.driver.awaits_poll() {
                return Ok(());
            }
            wait = Some(Duration::ZERO);
        }
    }
}

/// A loop on its own thread. Dropping it ends every request; every callback runs.
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
    /// If the operating system provides no thread, poll or waker.
    pub fn spawn(config: DriverConfig) -> io::Result<LoopThread> {
        let mut event_loop = EventLoop::with(config)?;
        let client = event_loop.client();
        let run = move || {
            // The panic hook has reported a panicking callback; serve the others.
            while contain(|| event_loop.run()).is_none() {}
            // The same holds for callbacks that run at the end.
            contain(|| drop(event_loop));
        };
        let thread = std::thread::Builder::new().name("petition".into()).spawn(run)?;
        Ok(LoopThread { client, thread: Some(thread) })
    }

    /// Returns the client that submits requests.
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
                // A child process has no such thread to join or detach.
                return std::mem::forget(thread);
            }
            // If one of its own callbacks drops it, the thread ends after that callback.
            if thread.thread().id() != std::thread::current().id() {
                // It does not panic, since callbacks are contained.
                let _ = thread.join();
            }
        }
    }
}
