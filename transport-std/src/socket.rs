//! One connected socket, with reads and writes that end at a deadline without a system call to set it.
//!
//! A blocking socket keeps its timeouts from call to call. A timeout that is shorter than what is left of the deadline only wakes us early, and
//! the core is told the time and asks again; so a timeout is set anew only when it would come too late, or much too
//! early. For requests in a row under the same limits that is never.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::sys;

/// Below this, a timeout is set to exactly what is left.
const EXACT: Duration = Duration::from_millis(20);

/// A connected socket and what is set on it.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    peer: SocketAddr,
    read_timeout: Timeout,
    write_timeout: Timeout,
    blocking: bool,
}

/// A timeout that is set, and what may be left of a deadline for it to do.
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
    /// Takes over a connected socket that does not block.
    pub(crate) fn new(stream: TcpStream, peer: SocketAddr) -> io::Result<Socket> {
        stream.set_nodelay(true)?;
        Ok(Socket {
            stream,
            peer,
            read_timeout: Timeout::default(),
            write_timeout: Timeout::default(),
            blocking: false,
        })
    }

    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Whether calls wait by themselves. A socket that does not block is waited for with [`wait`](sys::wait).
    pub(crate) fn is_blocking(&self) -> bool {
        self.blocking
    }

    pub(crate) fn set_blocking(&mut self, blocking: bool) -> io::Result<()> {
        if self.blocking != blocking {
            self.stream.set_nonblocking(!blocking)?;
            self.blocking = blocking;
        }
        Ok(())
    }

    /// Has the reads of a blocking socket wait no longer than `left`, and perhaps less.
    pub(crate) fn limit_read(&mut self, left: Option<Duration>) -> io::Result<()> {
        if let (true, Some(timeout)) = (self.blocking, stale(self.read_timeout, left)) {
            self.stream.set_read_timeout(timeout)?;
            self.read_timeout = Timeout::new(timeout);
        }
        Ok(())
    }

    /// Reads, within the [limit](Socket::limit_read) of the time.
    pub(crate) fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        self.stream.read(space)
    }

    /// Reads into one slice after the other, within the [limit](Socket::limit_read) of the time; or `at_once`, which waits for nothing.
    pub(crate) fn read_vectored(&mut self, space: &mut [IoSliceMut<'_>], at_once: bool) -> io::Result<usize> {
        if at_once { sys::read_at_once(&self.stream, space) } else { self.stream.read_vectored(space) }
    }

    /// For how long a read waits before it is given up.
    pub(crate) fn waits(&self) -> Duration {
        self.read_timeout.set.filter(|_| self.blocking).unwrap_or_default()
    }

    /// Writes `bytes`, and `next` behind them; a blocking socket waits no longer than `left`, and perhaps less.
    pub(crate) fn write(&mut self, bytes: &[u8], next: &[u8], left: Option<Duration>) -> io::Result<usize> {
        if let (true, Some(timeout)) = (self.blocking, stale(self.write_timeout, left)) {
            self.stream.set_write_timeout(timeout)?;
            self.write_timeout = Timeout::new(timeout);
        }
        if next.is_empty() {
            return self.stream.write(bytes);
        }
        self.stream.write_vectored(&[IoSlice::new(bytes), IoSlice::new(next)])
    }

    /// Whether nothing can be read: no bytes, no end, no error. One system call, which waits for nothing.
    pub(crate) fn is_quiet(&self) -> bool {
        sys::is_quiet(&self.stream)
    }
}

/// The timeout to set, if the one that is set will not do.
fn stale(timeout: Timeout, left: Option<Duration>) -> Option<Option<Duration>> {
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
    fn a_timeout_that_wakes_a_little_early_is_left_alone() {
        let (s, ms) = (Duration::from_secs, Duration::from_millis);
        let stale = |set, left| stale(Timeout::new(set), left);
        assert_eq!(stale(None, Some(s(40))), Some(Some(s(30))));
        assert_eq!(stale(Some(s(30)), Some(s(40))), None);
        assert_eq!(stale(Some(s(30)), Some(s(30))), None);
        assert_eq!(stale(Some(s(30)), Some(s(29))), Some(Some(s(29) / 4 * 3)), "never late");
        assert_eq!(stale(Some(s(1)), Some(s(40))), Some(Some(s(30))), "never much too early");
        assert_eq!(stale(Some(s(1)), Some(ms(5))), Some(Some(ms(5))));
        assert_eq!(stale(Some(ms(5)), Some(Duration::ZERO)), Some(Some(Duration::from_micros(1))));
        assert_eq!(stale(None, None), None);
        assert_eq!(stale(Some(s(1)), None), Some(None));
    }
}
