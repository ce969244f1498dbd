//! Contains panics of the caller's code: a panic ends only the operation that called it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Returns the result of `call`, or `None` if it panics. The panic hook has run by then.
pub fn contain<R>(call: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(call)).map_err(discard_panic).ok()
}

/// Drops the payload of a panic. If the drop panics, the second payload is leaked.
pub fn discard_panic(payload: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A payload whose drop panics with another such payload.
    struct PanicsOnDrop;

    impl Drop for PanicsOnDrop {
        fn drop(&mut self) {
            std::panic::panic_any(PanicsOnDrop);
        }
    }

    #[test]
    fn t90_panic_whose_payload_panics_is_contained() {
        assert_eq!(contain(|| 1), Some(1));
        match catch_unwind(|| contain(|| std::panic::panic_any(PanicsOnDrop))) {
            Ok(contained) => assert_eq!(contained, None::<()>),
            Err(payload) => {
                // The test itself must not drop it.
                std::mem::forget(payload);
                panic!("the panic was not contained");
            }
        }
    }
}
