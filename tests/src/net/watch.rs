//! State that threads change and tests wait for, without sleeping or hanging.

use std::fmt::Debug;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::PATIENCE;

/// A value behind a lock, with a condition variable that is notified after each change.
#[derive(Debug, Default)]
pub struct Watch<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T> Watch<T> {
    /// Wraps `value`.
    pub fn new(value: T) -> Self {
        Self { value: Mutex::new(value), changed: Condvar::new() }
    }

    /// Changes the value and wakes all waiting threads.
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let answer = change(&mut self.lock());
        self.changed.notify_all();
        answer
    }

    /// Reads the current value.
    pub fn read<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.lock())
    }

    /// Waits until `found` returns a value, or until `patience` has passed.
    pub fn find<R>(&self, patience: Duration, mut found: impl FnMut(&mut T) -> Option<R>) -> Option<R> {
        let deadline = Instant::now() + patience;
        let mut guard = self.lock();
        loop {
            if let Some(answer) = found(&mut guard) {
                return Some(answer);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            guard = self.changed.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    // A poisoned lock must not hide the panic that poisoned it; the values are plain data.
    fn lock(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Debug> Watch<T> {
    /// Waits until `found` returns a value.
    ///
    /// # Panics
    /// After [`PATIENCE`], with `what` and the current value.
    #[track_caller]
    pub fn wait_for<R>(&self, what: &str, found: impl FnMut(&mut T) -> Option<R>) -> R {
        match self.find(PATIENCE, found) {
            Some(answer) => answer,
            None => panic!("waited {PATIENCE:?} for {what}; as it stands: {:?}", self.lock()),
        }
    }
}
