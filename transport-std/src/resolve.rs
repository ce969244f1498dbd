//! Name resolution: the system's resolver, or the caller's own.
//!
//! The system's look-up (`getaddrinfo`) blocks and cannot be interrupted. With a deadline, it runs
//! on a helper thread, the only thread that this crate starts. If the deadline passes, the look-up
//! is abandoned and its answer discarded. At most [`MAX_ACTIVE`] look-ups run at once in this
//! process, and at most [`MAX_HELPERS`] with the abandoned ones. Further names wait, each within
//! its deadline. Without a deadline, and for addresses and loopback names, no thread is started.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, LazyLock, mpsc};
use std::time::{Duration, Instant};

use petition_shared::lookups::Helpers;
use petition_shared::process::PerProcess;

pub use petition_core::route::resolve::Resolver;
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

/// Runs a look-up on a helper thread and waits for its result for at most `left`.
fn within<T: Send + 'static>(
    helpers: &Arc<Helpers>,
    left: Duration,
    look_up: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let began = Instant::now();
    let (answer, answered) = mpsc::sync_channel(1);
    // The receiver is gone after a timeout.
    let job = helpers.submit(move || drop(answer.send(look_up())))?;
    let answer = answered.recv_timeout(left.saturating_sub(began.elapsed()));
    drop(job);
    match answer {
        Ok(answer) => answer,
        Err(mpsc::RecvTimeoutError::Timeout) => {
            // Another thread replaces the abandoned one, if it can be started.
            let _ = helpers.start_threads();
            Err(io::Error::new(io::ErrorKind::TimedOut, "the look-up timed out"))
        }
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(io::Error::other("the look-up panicked")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};

    use super::*;

    #[test]
    fn look_up_without_time_frees_its_slot() {
        for _ in 0..MAX_ACTIVE * 2 {
            let result = SystemResolver.resolve("localhost", 80, Some(Duration::ZERO));
            assert!(result.is_ok() || result.unwrap_err().kind() == io::ErrorKind::TimedOut);
        }
    }

    #[test]
    fn look_up_with_unlimited_time_ends() {
        assert!(SystemResolver.resolve("localhost", 80, Some(Duration::MAX)).is_ok());
    }

    #[test]
    fn t86_abandoned_look_ups_delay_no_other() {
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
