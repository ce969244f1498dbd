//! The `deflate` coding: zlib data as in RFC 9110 §8.4.1.2, or the bare deflate data that some
//! servers send.
//!
//! The first two bytes decide: a zlib header contains a check value (RFC 1950 §2.2).

use super::codec::Step;
use super::inflate::{Frame, Inflate, State};
use super::tail::Tail;
use super::{Coding, DecodeError};

const CODING: Coding = Coding::Deflate;

/// The state of a `deflate` body.
#[derive(Debug)]
pub(super) struct Deflate {
    phase: Phase,
    strict: bool,
}

#[derive(Debug)]
enum Phase {
    /// The first of the two deciding bytes, once received.
    Deciding(Option<u8>),
    Data(Inflate),
    After(Tail),
}

impl Deflate {
    pub(super) fn new(strict: bool) -> Deflate {
        Deflate { phase: Phase::Deciding(None), strict }
    }

    pub(super) fn is_complete(&self) -> bool {
        matches!(self.phase, Phase::After(_))
    }

    pub(super) fn ignored_tail(&self) -> bool {
        matches!(self.phase, Phase::After(Tail::Ignored))
    }

    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let mut step = Step::default();
        loop {
            let rest = input.get(step.consumed..).unwrap_or_default();
            match &mut self.phase {
                Phase::Deciding(first) => {
                    let Some(&byte) = rest.first() else { return step };
                    step.consumed += 1;
                    match *first {
                        None => *first = Some(byte),
                        Some(first) => {
                            let frame = if is_zlib_header(first, byte) { Frame::Zlib } else { Frame::Bare };
                            self.phase = Phase::Data(Inflate::begun(frame, &[first, byte]));
                        }
                    }
                }
                Phase::Data(inflate) => {
                    let room = output.get_mut(step.produced..).unwrap_or_default();
                    let (consumed, produced, state) = inflate.step(rest, room);
                    step.consumed += consumed;
                    step.produced += produced;
                    match state {
                        State::Running => return step,
                        State::Ended => self.phase = Phase::After(Tail::Clean),
                        State::Corrupt(cause) => {
                            step.fault = Some(DecodeError::Corrupt { coding: CODING, cause });
                            return step;
                        }
                    }
                }
                Phase::After(tail) => {
                    let (used, fault) = tail.swallow(rest, CODING, self.strict);
                    step.consumed += used;
                    step.fault = fault;
                    return step;
                }
            }
        }
    }
}

/// Whether these can be the first bytes of zlib data without a preset dictionary (RFC 1950 §2.2).
fn is_zlib_header(method: u8, flags: u8) -> bool {
    let check = u16::from_be_bytes([method, flags]);
    method & 0x0F == 8 && method >> 4 <= 7 && check.is_multiple_of(31) && flags & 0x20 == 0
}
