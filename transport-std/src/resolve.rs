//! Names to addresses: the system's resolver, static answers, or the caller's own.
//!
//! The system's look-up (`getaddrinfo`) blocks and cannot be interrupted. When a deadline is set it therefore runs on a helper
//! thread, the only thread that this crate ever starts; one that is not back in time is left to finish by itself, and its answer is thrown
//! away. Never more than [`HELPERS`] of them run at once. Without a deadline, and for addresses and names of the
//! loopback, no thread is started.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Condvar, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// The most look-ups that run on helper threads at once, in this process.
pub const HELPERS: usize = 16;

pub use petition_core::resolve::{Resolver, StaticResolver};

/// The operating system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

/// How many helpers run, and a bell that rings when one ends.
static RUNNING: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

struct Place;

impl Place {
    fn take(until: Instant) -> Option<Place> {
        let (running, bell) = &RUNNING;
        let mut count = running.lock().unwrap_or_else(PoisonError::into_inner);
        while *count >= HELPERS {
            let left = until.checked_duration_since(Instant::now())?;
            count = bell.wait_timeout(count, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *count += 1;
        Some(Place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let (running, bell) = &RUNNING;
        *running.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        bell.notify_one();
    }
}

impl Resolver for SystemResolver {
    fn resolve(&self, host: &str, port: u16, left: Option<Duration>) -> io::Result<Vec<SocketAddr>> {
        let Some(left) = left else { return Ok((host, port).to_socket_addrs()?.collect()) };
        let until = Instant::now() + left;
        let late = || io::Error::new(io::ErrorKind::TimedOut, "the look-up did not end in time");
        let place = Place::take(until).ok_or_else(late)?;
        let (answer, answered) = mpsc::sync_channel(1);
        let name = host.to_owned();
        std::thread::Builder::new().name("petition-resolve".into()).spawn(move || {
            let _place = place;
            let addresses = (name.as_str(), port).to_socket_addrs().map(Iterator::collect);
            // Nobody waits any more when time ran out.
            let _ = answer.send(addresses);
        })?;
        let left = until.checked_duration_since(Instant::now()).unwrap_or_default();
        answered.recv_timeout(left).map_err(|_| late())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_up_without_time_is_late_and_gives_its_place_back() {
        for _ in 0..HELPERS * 2 {
            let result = SystemResolver.resolve("localhost", 80, Some(Duration::ZERO));
            assert!(result.is_ok() || result.unwrap_err().kind() == io::ErrorKind::TimedOut);
        }
    }
}
