//! What can be wrong with an encoded body.

use super::Coding;
use crate::LimitExceeded;
use std::fmt;

/// Why a body could not be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// A limit was met: `content_codings`, `decode_ratio`, `decode_window` or `decode_memory`.
    Limit(LimitExceeded),
    /// The body ended inside the encoded data.
    Truncated {
        /// The coding whose data ended too soon.
        coding: Coding,
    },
    /// The data is not what the coding says, or its check value does not fit.
    Corrupt {
        /// The coding that could not be taken off.
        coding: Coding,
        /// What was wrong.
        what: &'static str,
    },
    /// Other data follows the encoded data. Only in strict mode; else it is ignored and reported by
    /// [`super::Decoder::trailing_data`].
    TrailingData {
        /// The coding after whose end there was more.
        coding: Coding,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Limit(limit) => limit.fmt(f),
            DecodeError::Truncated { coding } => write!(f, "the body ends inside its {coding} data"),
            DecodeError::Corrupt { coding, what } => write!(f, "the body is not valid {coding} data: {what}"),
            DecodeError::TrailingData { coding } => write!(f, "other data follows the {coding} data of the body"),
        }
    }
}

impl std::error::Error for DecodeError {}

impl From<LimitExceeded> for DecodeError {
    fn from(limit: LimitExceeded) -> Self {
        DecodeError::Limit(limit)
    }
}
