//! Names to addresses: the system's resolver, static answers, or the caller's own.
//!
//! The system's look-up (`getaddrinfo`) blocks and cannot be interrupted. When a deadline is set it
//! therefore runs on a helper thread, the only thread that this crate ever starts; one that is not
//! back in time is left to finish by itself, and its answer is thrown away. At most [`MAX_ACTIVE`]
//! look-ups that a request waits for run at once in this process, and at most [`MAX_HELPERS`] with
//! those that were left behind; names beyond that wait, each within its deadline. Without a
//! deadline, and for addresses and names of the loopback, no thread is started.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, LazyLock, mpsc};
use std::time::{Duration, Instant};

use petition_shared::lookups::Helpers;
use petition_shared::process::PerProcess;

pub use petition_core::route::resolve::{Resolver, StaticResolver};
pub use petition_shared::lookups::{MAX_ACTIVE, MAX_HELPERS, QUEUE};

/// The operating system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

/// The helper threads of this process.
fn helpers() -> &'static Arc<Helpers> {
    static SHARED: LazyLock<PerProcess<Arc<Helpers>>> = LazyLock::new(|| PerProcess::new(Arc::default()));
    SHARED.get(|_| Arc::default())
}

impl Resolver for SystemResolver {
    fn resolve(&self, host: &str, port: u16, left: Option<Duration>) -> io::Result<Vec<SocketAddr>> {
        match left {
            None => look_up(host, port),
            Some(left) => {
                let host = host.to_owned();
                within(helpers(), left, move || look_up(&host, port))
            }
        }
    }
}

fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok((host, port).to_socket_addrs()?.collect())
}

/// What a look-up on a helper thread comes to within `left`.
fn within<T: Send + 'static>(
    helpers: &Arc<Helpers>,
    left: Duration,
    look_up: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let began = Instant::now();
    let (answer, answered) = mpsc::sync_channel(1);
    // Nobody waits any more when time ran out.
    let asked = helpers.submit(move || drop(answer.send(look_up())))?;
    let answer = answered.recv_timeout(left.saturating_sub(began.elapsed()));
    drop(asked);
    match answer {
        Ok(answer) => answer,
        Err(mpsc::RecvTimeoutError::Timeout) => {
            // The next name takes the place of the one that is left behind, if a thread can be had
            // for it.
            let _ = helpers.start_threads();
            Err(io::Error::new(io::ErrorKind::TimedOut, "the look-up did not end in time"))
        }
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(io::Error::other("the look-up panicked")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};

    use super::*;

    #[test]
    fn a_look_up_without_time_is_late_and_gives_its_place_back() {
        for _ in 0..MAX_ACTIVE * 2 {
            let result = SystemResolver.resolve("localhost", 80, Some(Duration::ZERO));
            assert!(result.is_ok() || result.unwrap_err().kind() == io::ErrorKind::TimedOut);
        }
    }

    #[test]
    fn look_up_with_all_the_time_there_is_ends() {
        assert!(SystemResolver.resolve("localhost", 80, Some(Duration::MAX)).is_ok());
    }

    #[test]
    fn t86_look_ups_that_are_left_hold_up_no_other() {
        let stuck = Arc::new((Mutex::new(true), Condvar::new()));
        let helpers = Arc::default();
        for _ in 0..2 * MAX_ACTIVE {
            let stuck = stuck.clone();
            let late = within(&helpers, Duration::from_millis(20), move || {
                let guard = stuck.1.wait_while(stuck.0.lock().unwrap(), |stuck| *stuck).unwrap();
                drop(guard);
                Ok(())
            });
            assert_eq!(late.unwrap_err().kind(), io::ErrorKind::TimedOut);
        }
        assert_eq!(within(&helpers, Duration::MAX, || Ok(1)).unwrap(), 1);
        *stuck.0.lock().unwrap() = false;
        stuck.1.notify_all();
    }
}
