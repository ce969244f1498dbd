//! Nested codings: each stage reads its input from the one below through a small buffer.
//!
//! The ratio applies to every stage, not only the last. Otherwise an inner coding that produces no
//! output (for example, a skippable frame) could make the stage below work indefinitely.

use super::codec::{Codec, Step};
use super::{Coding, DecodeError};
use crate::{LimitExceeded, Limits};

/// The buffer size between two stages, in bytes.
const BETWEEN: usize = 8 * 1024;

/// The output that each stage may have produced so far, and the error for exceeding it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    pub(super) bytes: u64,
    pub(super) exceeded: LimitExceeded,
}

/// Why pulling stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The output is full.
    Full,
    /// The input is used up, and so is its output.
    Starved,
    /// The input ended at a valid point.
    Done,
    /// A fault at this position of the output.
    Failed(DecodeError),
}

/// One coding with its input.
#[derive(Debug)]
pub(super) struct Stage {
    coding: Coding,
    codec: Codec,
    produced: u64,
    source: Source,
}

/// The source of a stage's input.
#[derive(Debug)]
enum Source {
    /// The caller.
    Outside,
    /// The stage below.
    Below { buffer: Box<[u8]>, start: usize, end: usize, after: Stop },
}

impl Stage {
    /// Returns `None` for a coding that is not compiled in.
    pub(super) fn new(coding: Coding, limits: &Limits, strict: bool, lowest: bool) -> Option<Stage> {
        let source = match lowest {
            true => Source::Outside,
            false => Source::Below { buffer: vec![0; BETWEEN].into(), start: 0, end: 0, after: Stop::Starved },
        };
        Some(Stage { coding, codec: Codec::new(coding, limits, strict)?, produced: 0, source })
    }

    /// Works like [`Codec::held`].
    pub(super) fn held(&mut self) -> usize {
        self.codec.held()
    }

    /// Returns the storage of waiting input.
    pub(super) fn retained(&self) -> usize {
        let between = match &self.source {
            Source::Below { buffer, .. } => buffer.len(),
            Source::Outside => 0,
        };
        between + self.codec.retained()
    }

    pub(super) fn ignored_tail(&self) -> Option<Coding> {
        self.codec.ignored_tail().then_some(self.coding)
    }

    /// Returns the result for input that has ended and is used up.
    fn end(&self) -> Stop {
        match self.codec.is_complete() {
            true => Stop::Done,
            false => Stop::Failed(DecodeError::Truncated { coding: self.coding }),
        }
    }
}

/// Runs a step of the codec within the allowance.
fn step(codec: &mut Codec, total: &mut u64, input: &[u8], output: &mut [u8], allowance: &Allowance) -> Step {
    let room = usize::try_from(allowance.bytes.saturating_sub(*total)).unwrap_or(usize::MAX).min(output.len());
    let within = output.get_mut(..room).unwrap_or_default();
    let mut step = codec.step(input, within);
    *total += step.produced as u64;
    if step.fault.is_none() && step.produced == room && room < output.len() {
        // The allowance is used up: one more byte is an error, none is not.
        let more = codec.step(input.get(step.consumed..).unwrap_or_default(), &mut [0]);
        step.consumed += more.consumed;
        step.fault = if more.produced > 0 { Some(allowance.exceeded.into()) } else { more.fault };
    }
    step
}

/// Fills `output` from the last of `stages`. `input` feeds the first one, and `ended` means that no
/// more follows.
///
/// Returns how much was produced and why it stopped. Advances `input` past the consumed bytes.
pub(super) fn pull(
    stages: &mut [Stage],
    input: &mut &[u8],
    ended: bool,
    allowance: &Allowance,
    output: &mut [u8],
) -> (usize, Stop) {
    let Some((stage, below)) = stages.split_last_mut() else { return (0, Stop::Done) };
    let mut produced = 0;
    loop {
        let room = output.get_mut(produced..).unwrap_or_default();
        let wanted = room.len();
        let available = match &stage.source {
            Source::Outside => *input,
            Source::Below { buffer, start, end, .. } => buffer.get(*start..*end).unwrap_or_default(),
        };
        let step = step(&mut stage.codec, &mut stage.produced, available, room, allowance);
        produced += step.produced;
        match &mut stage.source {
            Source::Outside => *input = input.get(step.consumed..).unwrap_or_default(),
            Source::Below { start, .. } => *start += step.consumed,
        }
        if let Some(fault) = step.fault {
            return (produced, Stop::Failed(fault));
        }
        if step.produced == wanted {
            return (produced, Stop::Full);
        }
        let Source::Below { buffer, start, end, after } = &mut stage.source else {
            return (produced, if ended { stage.end() } else { Stop::Starved });
        };
        match *after {
            Stop::Failed(_) => return (produced, *after),
            Stop::Done => return (produced, stage.end()),
            Stop::Full | Stop::Starved => {}
        }
        let (filled, stop) = pull(below, input, ended, allowance, buffer);
        (*start, *end, *after) = (0, filled, stop);
        if filled == 0 && stop == Stop::Starved {
            return (produced, Stop::Starved);
        }
    }
}
