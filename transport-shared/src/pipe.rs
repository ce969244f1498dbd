//! A connection in memory: two ends that exchange bytes without the operating system.
//!
//! Each direction stores up to [`CAPACITY`] bytes, so a writer waits for its reader as over a
//! socket. An end serves one transport's connector, the other one a test's server, for example.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many bytes each direction stores.
pub const CAPACITY: usize = 64 * 1024;

/// Called when an end may have become readable or writable.
type Waker = Arc<dyn Fn() + Send + Sync>;

/// One end of a connection in memory. Dropping it closes both directions.
///
/// `Read` and `Write` block. [`Pipe::try_read`] and [`Pipe::try_write`] do not.
pub struct Pipe {
    shared: Arc<Shared>,
    side: usize,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The bytes that each side wrote.
    flows: [Flow; 2],
    /// The waker of each side.
    wakers: [Option<Waker>; 2],
}

#[derive(Default)]
struct Flow {
    bytes: VecDeque<u8>,
    /// Whether its writer has closed.
    ended: bool,
    /// Whether its reader is gone.
    unread: bool,
}

/// Returns the two ends of a new connection in memory.
pub fn pair() -> (Pipe, Pipe) {
    let shared: Arc<Shared> = Arc::default();
    (Pipe { shared: shared.clone(), side: 0 }, Pipe { shared, side: 1 })
}

impl Pipe {
    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes the other end.
    fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.state();
        let result = change(&mut state);
        let waker = state.wakers[1 - self.side].clone();
        drop(state);
        self.shared.changed.notify_all();
        // The caller's code runs without the lock.
        if let Some(waker) = waker {
            waker();
        }
        result
    }

    /// Reads without blocking. Returns 0 after the other end's last byte.
    ///
    /// # Errors
    /// [`WouldBlock`](ErrorKind::WouldBlock) if no byte has arrived.
    pub fn try_read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let (empty, ended) = {
            let flow = &self.state().flows[1 - self.side];
            (flow.bytes.is_empty(), flow.ended)
        };
        match (empty, ended) {
            (true, true) => return Ok(0),
            (true, false) if !space.is_empty() => return Err(ErrorKind::WouldBlock.into()),
            _ => {}
        }
        self.change(|state| state.flows[1 - self.side].bytes.read(space))
    }

    /// Writes without blocking.
    ///
    /// # Errors
    /// [`WouldBlock`](ErrorKind::WouldBlock) if the direction is full,
    /// [`BrokenPipe`](ErrorKind::BrokenPipe) if the other end is gone or this one was
    /// [shut down](Pipe::shutdown).
    pub fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = {
            let flow = &self.state().flows[self.side];
            if flow.ended || flow.unread {
                return Err(ErrorKind::BrokenPipe.into());
            }
            CAPACITY.saturating_sub(flow.bytes.len())
        };
        let taken = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        if taken.is_empty() && !bytes.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.change(|state| state.flows[self.side].bytes.extend(taken));
        Ok(taken.len())
    }

    /// Whether a read and a write would not block.
    pub fn is_ready(&self) -> (bool, bool) {
        ready(&self.state(), self.side)
    }

    /// Waits until a read does not block if `read`, or a write if `write`, for at most `left`.
    /// Returns both as [`Pipe::is_ready`] does.
    pub fn wait(&self, read: bool, write: bool, left: Option<Duration>) -> (bool, bool) {
        let until = left.and_then(|left| Instant::now().checked_add(left));
        let mut state = self.state();
        loop {
            let now = ready(&state, self.side);
            if (read && now.0) || (write && now.1) {
                return now;
            }
            state = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return now,
                Some(left) => self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }

    /// Calls `waker` whenever this end may have become ready. It must not block.
    pub fn on_ready(&mut self, waker: impl Fn() + Send + Sync + 'static) {
        self.state().wakers[self.side] = Some(Arc::new(waker));
    }

    /// Ends this end's direction; the other end reads what was written and then the end.
    pub fn shutdown(&mut self) {
        self.change(|state| state.flows[self.side].ended = true);
    }
}

fn ready(state: &State, side: usize) -> (bool, bool) {
    let (from, to) = (&state.flows[1 - side], &state.flows[side]);
    (!from.bytes.is_empty() || from.ended, to.bytes.len() < CAPACITY || to.ended || to.unread)
}

impl Read for Pipe {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.try_read(space) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => drop(self.wait(true, false, None)),
                result => return result,
            }
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.try_write(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => drop(self.wait(false, true, None)),
                result => return result,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.change(|state| {
            state.flows[self.side].ended = true;
            state.flows[1 - self.side].unread = true;
            state.wakers[self.side] = None;
        });
    }
}

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipe").field("ready", &self.is_ready()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    fn blocks<T: fmt::Debug>(result: io::Result<T>) -> bool {
        result.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    #[test]
    fn bytes_pass_both_ways_until_the_end() {
        let (mut a, mut b) = pair();
        let mut space = [0; 4];
        assert!(blocks(b.try_read(&mut space)) && b.is_ready() == (false, true));
        assert_eq!(a.try_write(b"abcdef").unwrap(), 6);
        assert_eq!((b.try_read(&mut space).unwrap(), &space), (4, b"abcd"));
        assert_eq!(b.try_write(b"x").unwrap(), 1);
        a.shutdown();
        assert_eq!(a.try_write(b"y").unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!((b.try_read(&mut space).unwrap(), b.try_read(&mut space).unwrap()), (2, 0));
        drop(b);
        assert_eq!((a.try_read(&mut space).unwrap(), a.try_read(&mut space).unwrap()), (1, 0));
    }

    #[test]
    fn full_direction_blocks_until_it_is_read() {
        let (mut a, mut b) = pair();
        assert_eq!(a.try_write(&vec![7; CAPACITY + 1]).unwrap(), CAPACITY);
        assert!(blocks(a.try_write(b"x")) && !a.is_ready().1);
        let writer = thread::spawn(move || a.write_all(b"the rest"));
        let mut all = Vec::new();
        b.read_to_end(&mut all).unwrap();
        writer.join().unwrap().unwrap();
        assert_eq!((all.len(), all.ends_with(b"the rest")), (CAPACITY + 8, true));
    }

    #[test]
    fn dropped_end_breaks_writes_and_wakes_the_other() {
        let (a, mut b) = pair();
        let woken = Arc::new(AtomicUsize::new(0));
        let counted = woken.clone();
        b.on_ready(move || {
            counted.fetch_add(1, Ordering::SeqCst);
        });
        drop(a);
        assert_eq!(woken.load(Ordering::SeqCst), 1);
        assert_eq!(b.try_write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(b.wait(true, false, None), (true, true));
    }

    #[test]
    fn wait_ends_with_its_time() {
        let (a, _b) = pair();
        assert_eq!(a.wait(true, false, Some(Duration::from_millis(1))), (false, true));
        assert_eq!(a.wait(true, true, None), (false, true));
    }
}
