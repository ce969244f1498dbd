//! Code of the caller's that panics is contained: it ends what it was called for and nothing else.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `call` returns; `None` when it panics, which the panic hook has reported by then.
pub fn contain<R>(call: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(call)).map_err(discard_panic).ok()
}

/// Drops the payload of a panic. The drop may panic as well: the payload of that one is leaked.
pub fn discard_panic(payload: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A payload that panics when it is dropped, and so does the payload of that panic.
    struct Spiteful;

    impl Drop for Spiteful {
        fn drop(&mut self) {
            std::panic::panic_any(Spiteful);
        }
    }

    #[test]
    fn t90_panic_whose_payload_panics_is_contained() {
        assert_eq!(contain(|| 1), Some(1));
        match catch_unwind(|| contain(|| std::panic::panic_any(Spiteful))) {
            Ok(contained) => assert_eq!(contained, None::<()>),
            Err(payload) => {
                // The test's own end must not drop it.
                std::mem::forget(payload);
                panic!("it was not contained");
            }
        }
    }
}
