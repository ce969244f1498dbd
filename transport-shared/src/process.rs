//! Which process this is. A child of fork(2) shares its parent's sockets, and has none of its other threads.
//!
//! A handler of `fork` counts in the child, so that asking costs no system call. A child that is made past that handler,
//! by `clone` or `_Fork`, is not noticed.

use std::sync::OnceLock;

/// The process in which it was made.
#[derive(Clone, Debug)]
pub struct Process(Guard);

#[derive(Clone, Debug)]
enum Guard {
    Handler(forkguard::Guard),
    /// For want of memory there is no handler: each question is a system call.
    Id(forkguard::pid::Guard),
}

impl Process {
    /// The process that runs now.
    pub fn current() -> Process {
        let handler = forkguard::Guard::try_new().map(Guard::Handler);
        Process(handler.unwrap_or_else(|_| Guard::Id(forkguard::pid::Guard::default())))
    }

    /// Whether it is the one that runs now. False in its children.
    #[inline]
    pub fn is_current(&self) -> bool {
        match &self.0 {
            Guard::Handler(guard) => !guard.clone().detected_fork(),
            Guard::Id(guard) => !guard.clone().detected_fork(),
        }
    }
}

/// A number that no other living thread has.
#[inline]
pub fn this_thread() -> usize {
    thread_local! {
        static HERE: u8 = const { 0 };
    }
    HERE.with(|here| std::ptr::from_ref(here).addr())
}

/// A value of which every process has its own. A child reaches its own although the parent's may be locked by a thread
/// that does not exist in the child.
#[derive(Debug)]
pub struct PerProcess<T> {
    process: Process,
    value: T,
    child: OnceLock<Box<PerProcess<T>>>,
}

impl<T> PerProcess<T> {
    /// The value for this process.
    pub fn new(value: T) -> PerProcess<T> {
        PerProcess { process: Process::current(), value, child: OnceLock::new() }
    }

    /// The value of this process. In a child, `renew` makes it from the parent's when it is first asked for.
    #[inline]
    pub fn get(&self, renew: impl Fn(&T) -> T) -> &T {
        self.get_with_process(renew).0
    }

    /// The same, and this process.
    #[inline]
    pub fn get_with_process(&self, renew: impl Fn(&T) -> T) -> (&T, &Process) {
        let mut of = self;
        while !of.process.is_current() {
            of = of.child.get_or_init(|| Box::new(PerProcess::new(renew(&of.value))));
        }
        (&of.value, &of.process)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_fork_the_value_stays() {
        let process = Process::current();
        let value = PerProcess::new(1);
        assert_eq!((process.is_current(), value.get(|of| of + 1)), (true, &1));
    }
}
