//! Process identity. A child of fork(2) shares its parent's sockets, but has none of its other
//! threads.
//!
//! A `fork` handler counts in the child, so that the check costs no system call. A child created
//! without the handler, by `clone` or `_Fork`, is not detected.

use std::sync::OnceLock;

/// The process that created this value.
#[derive(Clone, Debug)]
pub struct Process(Guard);

#[derive(Clone, Debug)]
enum Guard {
    Handler(forkguard::Guard),
    /// No handler, for lack of memory: each check costs a system call.
    Id(forkguard::pid::Guard),
}

impl Process {
    /// Returns the current process.
    pub fn current() -> Process {
        let handler = forkguard::Guard::try_new().map(Guard::Handler);
        Process(handler.unwrap_or_else(|_| Guard::Id(forkguard::pid::Guard::default())))
    }

    /// Whether this is the current process; `false` in its children.
    #[inline]
    pub fn is_current(&self) -> bool {
        match &self.0 {
            Guard::Handler(guard) => !guard.clone().detected_fork(),
            Guard::Id(guard) => !guard.clone().detected_fork(),
        }
    }
}

/// Returns a number that is unique among living threads.
#[inline]
pub fn this_thread() -> usize {
    thread_local! {
        static HERE: u8 = const { 0 };
    }
    HERE.with(|here| std::ptr::from_ref(here).addr())
}

/// A value that each process has its own copy of. A child reaches its copy even if a thread that
/// does not exist in the child has locked the parent's.
#[derive(Debug)]
pub struct PerProcess<T> {
    process: Process,
    value: T,
    child: OnceLock<Box<PerProcess<T>>>,
}

impl<T> PerProcess<T> {
    /// Creates the value for this process.
    pub fn new(value: T) -> PerProcess<T> {
        PerProcess { process: Process::current(), value, child: OnceLock::new() }
    }

    /// Returns the value of this process. In a child, the first call derives it from the parent's
    /// with `renew`.
    #[inline]
    pub fn get(&self, renew: impl Fn(&T) -> T) -> &T {
        self.get_with_process(renew).0
    }

    /// Returns the value as [`PerProcess::get`] does, and this process.
    #[inline]
    pub fn get_with_process(&self, renew: impl Fn(&T) -> T) -> (&T, &Process) {
        let mut current = self;
        while !current.process.is_current() {
            current = current.child.get_or_init(|| Box::new(PerProcess::new(renew(&current.value))));
        }
        (&current.value, &current.process)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_stays_without_a_fork() {
        let process = Process::current();
        let value = PerProcess::new(1);
        assert_eq!((process.is_current(), value.get(|of| of + 1)), (true, &1));
    }
}
