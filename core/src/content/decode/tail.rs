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
    /// Throws `input` away: how much of it, and in strict mode the fault, which is at the first byte that is not zero.
    pub(super) fn swallow(&mut self, input: &[u8], coding: Coding, strict: bool) -> (usize, Option<DecodeError>) {
        let other = input.iter().position(|&byte| byte != 0).filter(|_| *self == Tail::Clean);
        match other {
            Some(at) if strict => return (at + 1, Some(DecodeError::TrailingData { coding })),
            Some(_) => *self = Tail::Ignored,
            None => {}
        }
        (input.len(), None)
    }
}
