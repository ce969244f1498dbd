//! Data after the end of the encoded data: zero padding is always accepted, anything else is
//! ignored or rejected.

use super::{Coding, DecodeError};

/// The data after the end of one coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// Only zero bytes so far.
    Clean,
    /// Other data, which was ignored.
    Ignored,
}

impl Tail {
    /// Discards `input` and returns how much. In strict mode also returns the fault, at the first
    /// nonzero byte.
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
