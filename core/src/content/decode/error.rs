//! Errors of an encoded body.

use super::Coding;
use crate::LimitExceeded;
use std::fmt;

/// Why a body could not be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// A limit was exceeded: `content_codings`, `decode_ratio`, `decode_window` or `decode_memory`.
    Limit(LimitExceeded),
    /// The body ended within the encoded data.
    Truncated {
        /// The coding whose data is incomplete.
        coding: Coding,
    },
    /// The data is not valid for its coding, or its check value differs.
    Corrupt {
        /// The coding that failed.
        coding: Coding,
        /// The fault.
        cause: &'static str,
    },
    /// Other data follows the encoded data. Only in strict mode; otherwise it is ignored and
    /// [`super::Decoder::trailing_data`] reports it.
    TrailingData {
        /// The coding after whose end the data follows.
        coding: Coding,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Limit(limit) => limit.fmt(f),
            DecodeError::Truncated { coding } => write!(f, "the body ends within its {coding} data"),
            DecodeError::Corrupt { coding, cause } => write!(f, "the body is not valid {coding} data: {cause}"),
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
