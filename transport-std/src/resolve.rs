//! Name resolution: the system's resolver, or the caller's own.
//!
//! The system's look-up (`getaddrinfo`) blocks and cannot be interrupted. With a deadline, it runs
//! on a helper thread, the only thread that this crate starts. If the deadline passes, the look-up
//! is abandoned, unless another request waits for the same name. At most [`MAX_ACTIVE`] look-ups
//! run at once in this process, and at most [`MAX_HELPERS`] with the abandoned ones. Further names
//! wait, each within its deadline. Without a deadline, and for addresses and loopback names, no
//! thread is started.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use petition_shared::process::PerProcess;
use petition_shared::shared_lookups::SharedLookups;

pub use petition_core::route::resolve::Resolver;
pub use petition_shared::lookups::{MAX_ACTIVE, MAX_HELPERS, QUEUE};

/// The operating system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

/// The look-ups of this process.
fn lookups() -> &'static Arc<SharedLookups> {
    static SHARED: LazyLock<PerProcess<Arc<SharedLookups>>> = LazyLock::new(|| PerProcess::new(Arc::default()));
    SHARED.get(|_| Arc::default())
}

impl Resolver for SystemResolver {
    fn resolve(&self, host: &str, port: u16, left: Option<Duration>) -> io::Result<Vec<SocketAddr>> {
        match left {
            None => look_up(host, port),
            Some(left) => {
                let name = host.to_owned();
                lookups().wait(host, port, left, move || look_up(&name, port))
            }
        }
    }
}

fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok((host, port).to_socket_addrs()?.collect())
}

#[cfg(test)]
mod tests {
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
}
