//! A connected socket whose reads and writes end at a deadline, usually without a system call to
//! set it.
//!
//! A blocking socket keeps its timeouts between calls. A timeout shorter than the time left only
//! wakes the caller early: core gets the time and asks again. A timeout is therefore set only if
//! the current one is too long or much too short. Consecutive requests with the same limits never
//! set it.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use petition_core::route::address::Address;

use crate::connector::{Sides, Stream, call};
use crate::sys;

const READ: Sides = Sides { read: true, write: false };

/// Below this, a timeout is set to exactly the time left.
const EXACT: Duration = Duration::from_millis(20);

/// A connected socket, or a connector's stream, and its current settings.
#[derive(Debug)]
pub(crate) struct Socket {
    channel: Channel,
    peer: Address,
    read_timeout: Timeout,
    write_timeout: Timeout,
    blocking: bool,
}

#[derive(Debug)]
enum Channel {
    Os(TcpStream),
    /// Never blocks by itself: the calls here wait for it.
    Custom(Box<dyn Stream>),
}

/// A timeout that is set, and the longest remaining time for which it is acceptable.
#[derive(Clone, Copy, Debug, Default)]
struct Timeout {
    set: Option<Duration>,
    most: Duration,
}

impl Timeout {
    fn new(set: Option<Duration>) -> Timeout {
        Timeout { set, most: set.map_or(Duration::ZERO, |set| set.saturating_mul(4)) }
    }
}

impl Socket {
    /// Takes over a connected, non-blocking socket: of TCP or, on Unix, a Unix socket. The calls of
    /// std's `TcpStream` that are used here are the same for both.
    pub(crate) fn new(stream: TcpStream, peer: Address) -> Socket {
        Socket::over(Channel::Os(stream), peer)
    }

    /// Takes over a stream that a connector opened.
    pub(crate) fn custom(stream: Box<dyn Stream>, peer: Address) -> Socket {
        Socket::over(Channel::Custom(stream), peer)
    }

    fn over(channel: Channel, peer: Address) -> Socket {
        let (read_timeout, write_timeout) = (Timeout::default(), Timeout::default());
        Socket { channel, peer, read_timeout, write_timeout, blocking: false }
    }

    pub(crate) fn peer(&self) -> &Address {
        &self.peer
    }

    /// Whether calls block. For a non-blocking socket, use [`Socket::wait`].
    pub(crate) fn is_blocking(&self) -> bool {
        self.blocking
    }

    pub(crate) fn set_blocking(&mut self, blocking: bool) -> io::Result<()> {
        if self.blocking != blocking {
            if let Channel::Os(stream) = &self.channel {
                stream.set_nonblocking(!blocking)?;
            }
            self.blocking = blocking;
        }
        Ok(())
    }

    /// Limits the blocking time of reads to `left`, possibly to less.
    pub(crate) fn limit_read(&mut self, left: Option<Duration>) -> io::Result<()> {
        if let (true, Some(timeout)) = (self.blocking, timeout_to_set(self.read_timeout, left)) {
            if let Channel::Os(stream) = &self.channel {
                stream.set_read_timeout(timeout)?;
            }
            self.read_timeout = Timeout::new(timeout);
        }
        Ok(())
    }

    /// Reads, within the [time limit](Socket::limit_read).
    pub(crate) fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        match &mut self.channel {
            Channel::Os(stream) => stream.read(space),
            Channel::Custom(stream) => {
                let wait = self.blocking.then_some(self.read_timeout.set);
                call(&mut **stream, READ, wait, space.len(), &mut |stream| stream.try_read(space))
            }
        }
    }

    /// Reads into several slices, within the [time limit](Socket::limit_read), or without blocking
    /// if `at_once`.
    pub(crate) fn read_vectored(&mut self, space: &mut [IoSliceMut<'_>], at_once: bool) -> io::Result<usize> {
        match &mut self.channel {
            Channel::Os(stream) if at_once => sys::read_at_once(stream, space),
            Channel::Os(stream) => stream.read_vectored(space),
            Channel::Custom(stream) => {
                let wait = (self.blocking && !at_once).then_some(self.read_timeout.set);
                let Some(space) = space.iter_mut().find(|space| !space.is_empty()) else { return Ok(0) };
                call(&mut **stream, READ, wait, space.len(), &mut |stream| stream.try_read(space))
            }
        }
    }

    /// Returns how long a read blocks before it times out.
    pub(crate) fn waits(&self) -> Duration {
        self.read_timeout.set.filter(|_| self.blocking).unwrap_or_default()
    }

    /// Writes `bytes` followed by `next`. A blocking socket blocks for at most `left`, possibly for
    /// less.
    pub(crate) fn write(&mut self, bytes: &[u8], next: &[u8], left: Option<Duration>) -> io::Result<usize> {
        if let (true, Some(timeout)) = (self.blocking, timeout_to_set(self.write_timeout, left)) {
            if let Channel::Os(stream) = &self.channel {
                stream.set_write_timeout(timeout)?;
            }
            self.write_timeout = Timeout::new(timeout);
        }
        match &mut self.channel {
            Channel::Os(stream) if next.is_empty() => stream.write(bytes),
            Channel::Os(stream) => stream.write_vectored(&[IoSlice::new(bytes), IoSlice::new(next)]),
            Channel::Custom(stream) => {
                let wait = self.blocking.then_some(self.write_timeout.set);
                let bytes = if bytes.is_empty() { next } else { bytes };
                call(&mut **stream, Sides::WRITE, wait, bytes.len(), &mut |stream| stream.try_write(bytes))
            }
        }
    }

    /// Waits until a wanted side is ready, for at most `left`; possibly for less. Returns the ready
    /// sides.
    pub(crate) fn wait(&mut self, wanted: Sides, left: Option<Duration>) -> io::Result<Sides> {
        match &mut self.channel {
            Channel::Os(stream) => {
                Ok(sys::wait([(&*stream, wanted)], left)?.map(|(_, ready)| ready).unwrap_or_default())
            }
            Channel::Custom(stream) => stream.wait(wanted, left),
        }
    }

    /// Whether nothing can be read: no bytes, no end, no error. One non-blocking system call.
    pub(crate) fn is_quiet(&mut self) -> bool {
        match &mut self.channel {
            Channel::Os(stream) => sys::is_quiet(stream),
            Channel::Custom(stream) => stream.wait(READ, Some(Duration::ZERO)).is_ok_and(|ready| !ready.read),
        }
    }
}

/// Returns the timeout to set, if the current one is not acceptable.
fn timeout_to_set(timeout: Timeout, left: Option<Duration>) -> Option<Option<Duration>> {
    match (timeout.set, left) {
        (None, None) => None,
        (Some(_), None) => Some(None),
        (Some(set), Some(left)) if set <= left && left <= timeout.most => None,
        (_, Some(left)) if left <= EXACT => Some(Some(left.max(Duration::from_micros(1)))),
        (_, Some(left)) => Some(Some(left / 4 * 3)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slightly_early_timeout_is_kept() {
        let (s, ms) = (Duration::from_secs, Duration::from_millis);
        let timeout_to_set = |set, left| timeout_to_set(Timeout::new(set), left);
        assert_eq!(timeout_to_set(None, Some(s(40))), Some(Some(s(30))));
        assert_eq!(timeout_to_set(Some(s(30)), Some(s(40))), None);
        assert_eq!(timeout_to_set(Some(s(30)), Some(s(30))), None);
        assert_eq!(timeout_to_set(Some(s(30)), Some(s(29))), Some(Some(s(29) / 4 * 3)), "never late");
        assert_eq!(timeout_to_set(Some(s(1)), Some(s(40))), Some(Some(s(30))), "never much too early");
        assert_eq!(timeout_to_set(Some(s(1)), Some(ms(5))), Some(Some(ms(5))));
        assert_eq!(timeout_to_set(Some(ms(5)), Some(Duration::ZERO)), Some(Some(Duration::from_micros(1))));
        assert_eq!(timeout_to_set(None, None), None);
        assert_eq!(timeout_to_set(Some(s(1)), None), Some(None));
    }
}
