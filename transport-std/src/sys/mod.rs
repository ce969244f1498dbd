//! System calls on sockets that std does not offer, and what differs between families of systems.
//!
//! Each family has one file with the same items; no other file of this crate asks for the system it is built for.
//!
//! - `TIMED_CALLS`: whether a read or write that waits may be given a timeout and repeated after it.
//! - `SILENT_REFUSALS`: how often to ask a socket that is being connected for an error, where [`wait`] may not report one.
//! - `connect`: begins to connect. The socket does not block and is not inherited by other programs.
//! - `read_at_once`: reads into one slice after the other, and waits for nothing.
//! - `is_quiet`: whether nothing can be read: no bytes, no end, no error. One system call, which waits for nothing.

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
pub(crate) use unix::{SILENT_REFUSALS, TIMED_CALLS, connect, is_quiet, read_at_once};
#[cfg(windows)]
pub(crate) use windows::{SILENT_REFUSALS, TIMED_CALLS, connect, is_quiet, read_at_once};

#[cfg(not(any(unix, windows)))]
compile_error!("petition-std needs the sockets of Unix or of Windows; petition-core has none and builds here");

/// No wait is longer than what the systems without `ppoll` take: the largest `c_int` of milliseconds, 24 days.
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// The directions of a socket that a wait is for, or that are ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sides {
    pub(crate) read: bool,
    pub(crate) write: bool,
}

impl Sides {
    pub(crate) const WRITE: Sides = Sides { read: false, write: true };
    pub(crate) const BOTH: Sides = Sides { read: true, write: true };

    fn flags(self) -> PollFlags {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, self.read);
        flags.set(PollFlags::OUT, self.write);
        flags
    }

    /// An error or the end shows on both sides, since a call on either returns it. Of the bits that `IN` and `OUT` stand for, Windows reports some.
    fn reported(flags: PollFlags) -> Sides {
        let any = !(PollFlags::IN | PollFlags::OUT).contains(flags);
        Sides { read: any || flags.intersects(PollFlags::IN), write: any || flags.intersects(PollFlags::OUT) }
    }
}

/// Waits until one of the sockets is ready for what is asked, or the time is over; which one that is, and for what. May return early with
/// `None`: after a signal, or when `left` is longer than a system takes.
///
/// # Errors
/// The system cannot wait for these sockets. On Windows also when there is none.
pub(crate) fn wait<'a>(
    sockets: impl IntoIterator<Item = (&'a TcpStream, Sides)>,
    left: Option<Duration>,
) -> io::Result<Option<(usize, Sides)>> {
    let mut polled: Vec<_> = sockets.into_iter().map(|(socket, sides)| PollFd::new(socket, sides.flags())).collect();
    let timeout = left.and_then(|left| Timespec::try_from(left.min(LONGEST)).ok());
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
    fn wait_tells_which_socket_is_ready_and_for_what() {
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
    fn socket_is_quiet_until_bytes_or_the_end_come() {
        let (near, mut far) = pair();
        assert!(is_quiet(&near));
        far.write_all(b"x").unwrap();
        wait([(&near, READ)], None).unwrap();
        assert!(!is_quiet(&near) && !is_quiet(&near), "looking takes nothing");
        let (near, far) = pair();
        drop(far);
        wait([(&near, READ)], None).unwrap();
        assert!(!is_quiet(&near));
    }

    #[test]
    fn reading_at_once_fills_both_slices_and_waits_for_nothing() {
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
    fn connecting_waits_for_nothing_and_blocks_no_later_read() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = connect(listener.local_addr().unwrap()).unwrap();
        assert_eq!(wait([(&near, Sides::WRITE)], None).unwrap(), Some((0, Sides::WRITE)));
        assert!(near.take_error().unwrap().is_none());
        assert_eq!(near.peek(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
