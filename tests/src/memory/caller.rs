//! How the caller of a transfer behaves.

use std::time::Duration;

use super::upload::Source;

/// How the caller of a transfer behaves.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The request body, where that is a stream.
    pub source: Source,
    /// How the response body is read.
    pub reader: Reader,
    /// Collects the body as a whole, under its limit.
    pub collects: bool,
    /// Cancels before this turn of the driver.
    pub cancel_at_turn: Option<usize>,
    /// Cancels at this time.
    pub cancel_at: Option<Duration>,
}

/// How the response body is read.
#[derive(Clone, Copy, Debug, Default)]
pub enum Reader {
    /// The caller reads it.
    #[default]
    Reads,
    /// After so many bytes the caller reads nothing until that time.
    Pauses(usize, Duration),
    /// After so many bytes the caller discards the rest.
    Discards(usize),
}
