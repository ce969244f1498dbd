//! The `br` coding (RFC 7932), by the package `brotli-decompressor`.
//!
//! Windows over 16 MiB (an extension of the format) are refused.

use super::codec::Step;
use super::tail::Tail;
use super::{Coding, DecodeError};
use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use std::fmt;

const CODING: Coding = Coding::Brotli;

/// The state of a `br` body.
pub(super) struct Brotli {
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
    after: Option<Tail>,
    strict: bool,
}

impl Brotli {
    pub(super) fn new(strict: bool) -> Brotli {
        let alloc = StandardAlloc::default;
        Brotli { state: Box::new(BrotliState::new_strict(alloc(), alloc(), alloc())), after: None, strict }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.after.is_some()
    }

    pub(super) fn ignored_tail(&self) -> bool {
        self.after == Some(Tail::Ignored)
    }

    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let mut step = Step::default();
        let mut total = 0;
        let by: usize = option_env!("BRBY").map_or(1 << 20, |v| v.parse().unwrap());
        while self.after.is_none() {
            let given = (input.len() - step.consumed).min(by);
            let mut left = given;
            let mut room = output.len() - step.produced;
            let result = BrotliDecompressStream(
                &mut left,
                &mut step.consumed,
                input,
                &mut room,
                &mut step.produced,
                output,
                &mut total,
                &mut self.state,
            );
            match result {
                BrotliResult::ResultSuccess => self.after = Some(Tail::Clean),
                BrotliResult::NeedsMoreInput if step.consumed < input.len() => {}
                BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => return step,
                BrotliResult::ResultFailure => {
                    let what = "the brotli data is malformed";
                    step.fault = Some(DecodeError::Corrupt { coding: CODING, what });
                    return step;
                }
            }
        }
        if let Some(tail) = &mut self.after {
            let rest = input.get(step.consumed..).unwrap_or_default();
            step.consumed = input.len();
            step.fault = tail.swallow(rest, CODING, self.strict).err();
        }
        step
    }
}

impl fmt::Debug for Brotli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Brotli").field("after", &self.after).finish_non_exhaustive()
    }
}
