//! What follows the end of the encoded data: zero padding is always fine, anything else is tolerated or refused.

use super::{Coding, DecodeError};

/// The end of one coding's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// Nothing but zero bytes so far.
    Clean,
    /// Something else, which was ignored.
    Ignored,
}

impl Tail {
    /// Throws `input` away.
    ///
    /// # Errors
    /// In strict mode, when it is not all zero bytes.
    pub(super) fn swallow(&mut self, input: &[u8], coding: Coding, strict: bool) -> Result<(), DecodeError> {
        if *self == Tail::Clean && input.iter().any(|&byte| byte != 0) {
            if strict {
                return Err(DecodeError::TrailingData { coding });
            }
            *self = Tail::Ignored;
        }
        Ok(())
    }
}
