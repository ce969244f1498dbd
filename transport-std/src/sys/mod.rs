//! System calls on sockets that std does not offer, and the differences between operating systems.
//!
//! Each family of systems has one file with the same items. No other file of this crate depends on
//! the target system.
//!
//! - `TIMED_CALLS`: whether a blocking read or write can have a timeout and be repeated after it.
//! - `SILENT_REFUSALS`: how often to check a connecting socket for an error, if [`wait`] may not
//!   report one.
//! - `open`: opens a TCP socket that is non-blocking and not inherited by child programs.
//! - `bind`, `set_keep_alive`, `connect`: the local address of such a socket, probes by the system,
//!   and the start of its connect.
//! - `connect_unix`: connects a Unix socket, within a time limit. The socket is then non-blocking and
//!   not inherited.
//! - `read_at_once`: reads into several slices without blocking.
//! - `is_quiet`: whether nothing can be read: no bytes, no end, no error. One non-blocking system
//!   call.

use std::io;
use std::net::TcpStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::{
    SILENT_REFUSALS, TIMED_CALLS, bind, connect, connect_unix, is_quiet, open, read_at_once, set_keep_alive,
};
#[cfg(windows)]
pub(crate) use windows::{
    SILENT_REFUSALS, TIMED_CALLS, bind, connect, connect_unix, is_quiet, open, read_at_once, set_keep_alive,
};

#[cfg(not(any(unix, windows)))]
compile_error!("petition-std needs the sockets of Unix or of Windows; petition-core has none and builds here");

/// The longest wait that systems without `ppoll` support: the largest `c_int` of milliseconds, 24
/// days.
const MAX_WAIT: Duration = Duration::from_millis(i32::MAX as u64);

pub(crate) use crate::connector::Sides;

impl Sides {
    pub(crate) const WRITE: Sides = Sides { read: false, write: true };
    pub(crate) const BOTH: Sides = Sides { read: true, write: true };

    fn flags(self) -> PollFlags {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, self.read);
        flags.set(PollFlags::OUT, self.write);
        flags
    }

    /// Converts reported flags. An error or the end counts for both sides, since a call on either
    /// returns it. Windows reports some of the bits that `IN` and `OUT` combine.
    fn reported(flags: PollFlags) -> Sides {
        let any = !(PollFlags::IN | PollFlags::OUT).contains(flags);
        Sides { read: any || flags.intersects(PollFlags::IN), write: any || flags.intersects(PollFlags::OUT) }
    }
}

/// Waits until one of the sockets is ready, for at most `left`. Returns its index and the ready
/// sides. May return `None` early: after a signal, or if `left` exceeds the system's limit.
///
/// # Errors
/// If the system cannot wait for these sockets; on Windows also if there are none.
pub(crate) fn wait<'a>(
    sockets: impl IntoIterator<Item = (&'a TcpStream, Sides)>,
    left: Option<Duration>,
) -> io::Result<Option<(usize, Sides)>> {
    let mut polled: Vec<_> = sockets.into_iter().map(|(socket, sides)| PollFd::new(socket, sides.flags())).collect();
    let timeout = left.and_then(|left| Timespec::try_from(left.min(MAX_WAIT)).ok());
    match rustix::event::poll(&mut polled, timeout.as_ref()) {
        Ok(_) | Err(Errno::INTR) => {
            let ready = polled.iter().map(PollFd::revents).enumerate().find(|(_, flags)| !flags.is_empty());
            Ok(ready.map(|(index, flags)| (index, Sides::reported(flags))))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;

    const READ: Sides = Sides { read: true, write: false };

    /// Both ends of a connection.
    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        near.set_nonblocking(true).unwrap();
        (near, listener.accept().unwrap().0)
    }

    #[test]
    fn wait_returns_the_ready_socket_and_its_sides() {
        let (first, _first) = pair();
        let (second, mut far) = pair();
        let reads = || [(&first, READ), (&second, READ)];
        assert_eq!(wait(reads(), Some(Duration::ZERO)).unwrap(), None);
        far.write_all(b"x").unwrap();
        assert_eq!(wait(reads(), Some(Duration::MAX)).unwrap(), Some((1, READ)));
        assert_eq!(wait([(&second, Sides::BOTH)], None).unwrap(), Some((0, Sides::BOTH)));
        assert_eq!(wait([(&second, Sides::WRITE)], None).unwrap(), Some((0, Sides::WRITE)));
    }

    #[test]
    fn socket_is_quiet_until_bytes_or_end() {
        let (near, mut far) = pair();
        assert!(is_quiet(&near));
        far.write_all(b"x").unwrap();
        wait([(&near, READ)], None).unwrap();
        assert!(!is_quiet(&near) && !is_quiet(&near), "checking consumes nothing");
        let (near, far) = pair();
        drop(far);
        wait([(&near, READ)], None).unwrap();
        assert!(!is_quiet(&near));
    }

    #[test]
    fn read_at_once_fills_both_slices_without_blocking() {
        let (near, mut far) = pair();
        let (mut first, mut second) = ([0; 2], [0; 4]);
        let mut read = || {
            let mut space = [io::IoSliceMut::new(&mut first), io::IoSliceMut::new(&mut second)];
            read_at_once(&near, &mut space)
        };
        assert_eq!(read().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        far.write_all(b"abc").unwrap();
        wait([(&near, READ)], None).unwrap();
        assert_eq!(read().unwrap(), 3);
        assert_eq!((&first, &second), (b"ab", b"c\0\0\0"));
    }

    #[test]
    fn connecting_does_not_block() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = open(listener.local_addr().unwrap()).unwrap();
        connect(&near, listener.local_addr().unwrap()).unwrap();
        assert_eq!(wait([(&near, Sides::WRITE)], None).unwrap(), Some((0, Sides::WRITE)));
        assert!(near.take_error().unwrap().is_none());
        assert_eq!(near.peek(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
