//! The `br` coding (RFC 7932), decoded by the package `brotli-decompressor`.
//!
//! Windows over 16 MiB (an extension of the format) are rejected.
//!
//! On corrupt data the package holds back the output decoded since its last write; this module
//! delivers that output first. If an insertion overruns the end of its meta-block, the package
//! notices earlier when it is starved. The error is the same, but may come some bytes earlier.

use super::codec::Step;
use super::tail::Tail;
use super::{Coding, DecodeError};
use brotli_decompressor::{
    Allocator, BrotliDecoderTakeOutput, BrotliDecompressStream, BrotliResult, BrotliState, SliceWrapper, StandardAlloc,
};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const CODING: Coding = Coding::Brotli;

/// The state of a `br` body.
pub(super) struct Brotli {
    state: Box<State>,
    held: Counted,
    phase: Phase,
    strict: bool,
}

type State = BrotliState<Counted, Counted, Counted>;

/// The standard allocator, with a count of the bytes allocated.
#[derive(Clone, Default)]
struct Counted(Arc<AtomicUsize>);

impl<T: Clone + Default> Allocator<T> for Counted {
    type AllocatedMemory = <StandardAlloc as Allocator<T>>::AllocatedMemory;

    fn alloc_cell(&mut self, len: usize) -> Self::AllocatedMemory {
        let cell = StandardAlloc::default().alloc_cell(len);
        self.0.fetch_add(size_of_val(SliceWrapper::<T>::slice(&cell)), Ordering::Relaxed);
        cell
    }

    fn free_cell(&mut self, cell: Self::AllocatedMemory) {
        self.0.fetch_sub(size_of_val(SliceWrapper::<T>::slice(&cell)), Ordering::Relaxed);
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Phase {
    Data,
    /// Output decoded before the fault is still being delivered.
    Corrupt,
    After(Tail),
}

impl Brotli {
    pub(super) fn new(strict: bool) -> Brotli {
        let held = Counted::default();
        let state = Box::new(BrotliState::new_strict(held.clone(), held.clone(), held.clone()));
        Brotli { state, held, phase: Phase::Data, strict }
    }

    pub(super) fn is_complete(&self) -> bool {
        matches!(self.phase, Phase::After(_))
    }

    /// Returns the size of the ring buffer, which grows with the data up to its window, and of the
    /// tables.
    pub(super) fn held(&self) -> usize {
        self.held.0.load(Ordering::Relaxed)
    }

    pub(super) fn ignored_tail(&self) -> bool {
        self.phase == Phase::After(Tail::Ignored)
    }

    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let mut step = Step::default();
        if self.phase == Phase::Data {
            let mut left = input.len();
            let mut room = output.len();
            // The package also counts its output; that count is not used.
            let mut total = 0;
            let before = self.state.error_code;
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
                BrotliResult::ResultSuccess => self.phase = Phase::After(Tail::Clean),
                BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => return step,
                BrotliResult::ResultFailure => {
                    self.state.error_code = before;
                    self.state.meta_block_remaining_len = self.state.meta_block_remaining_len.max(0);
                    self.phase = Phase::Corrupt;
                }
            }
        }
        match &mut self.phase {
            Phase::Data => {}
            Phase::Corrupt => {
                let room = output.get_mut(step.produced..).unwrap_or_default();
                step.produced += salvage(&mut self.state, room);
                if step.produced < output.len() {
                    let cause = "the brotli data is malformed";
                    step.fault = Some(DecodeError::Corrupt { coding: CODING, cause });
                }
            }
            Phase::After(tail) => {
                let rest = input.get(step.consumed..).unwrap_or_default();
                let (used, fault) = tail.swallow(rest, CODING, self.strict);
                step.consumed += used;
                step.fault = fault;
            }
        }
        step
    }
}

/// Takes output that was decoded before a fault and not yet written.
fn salvage(state: &mut State, output: &mut [u8]) -> usize {
    let mut size = output.len();
    if size == 0 {
        // The package treats zero as "all".
        return 0;
    }
    let taken = BrotliDecoderTakeOutput(state, &mut size);
    let Some(output) = output.get_mut(..taken.len()) else { return 0 };
    output.copy_from_slice(taken);
    taken.len()
}

impl fmt::Debug for Brotli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Brotli").field("phase", &self.phase).finish_non_exhaustive()
    }
}
