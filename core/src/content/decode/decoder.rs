//! The decoder of a body: all its codings, the ratio limit, and how far one call goes.

use super::memory::{DecodeMemory, Share};
use super::stage::{Allowance, Stage, Stop, pull};
use super::{Coding, Codings, DecodeError};
use crate::{LimitExceeded, Limits};
use std::fmt;

/// The most that one call produces.
const PULL: usize = 64 * 1024;

/// Decoded bytes below which no ratio is looked at.
const RATIO_FLOOR: u64 = 1024 * 1024;

/// The unit in which encoded bytes are counted for the ratio.
const BLOCK: u64 = 4096;

/// What a [`Decoder`] wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// All input was consumed and all that follows from it was produced: give more input, or finish.
    Input,
    /// There may be more: call again with a fresh slice, and with the input that was not consumed.
    Output,
    /// The body is complete and correct. Only [`Decoder::finish`] says this.
    Done,
}

/// What a call did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the input that are used up. The rest remains the caller's, to be given again.
    pub consumed: usize,
    /// Bytes of the output that were written.
    pub produced: usize,
    /// What is wanted next.
    pub next: Next,
}

/// Takes the codings off one body.
///
/// Call [`decode`](Decoder::decode) with what has arrived until it wants [`Next::Input`]; at the end of the body, call
/// [`finish`](Decoder::finish) until it is [`Next::Done`]. Without `Done` the body is not known to be complete.
/// Each call with a non-empty output consumes, produces, or asks for input: calling as told never spins.
///
/// ```
/// # #[cfg(feature = "gzip")] {
/// use petition_core::Limits;
/// use petition_core::content::decode::{Codings, Decoder, Next};
///
/// let limits = Limits::DEFAULT;
/// let codings = Codings::parse([&b"deflate"[..]], &limits)?;
/// let mut decoder = Decoder::new(&codings, &limits, true).expect("a coding that is compiled in");
/// let (mut body, mut slice) = (&b"\x4B\x4C\x4A\x06\x00"[..], [0; 1024]);
/// let progress = decoder.decode(body, &mut slice)?;
/// assert_eq!(&slice[..progress.produced], b"abc");
/// body = &body[progress.consumed..];
/// assert!(body.is_empty() && progress.next == Next::Input);
/// assert_eq!(decoder.finish(&mut slice)?.next, Next::Done);
/// # }
/// # Ok::<(), petition_core::content::decode::DecodeError>(())
/// ```
///
/// **The ratio** ([`Limits::decode_ratio`]). A stage may have produced at most `max(1 MiB, ratio × encoded)`,
/// where the encoded bytes that a piece of output depends on are rounded up to whole blocks of 4 KiB of the
/// body. A block is fed only when all that follows from the one before is delivered; so the limit is met at
/// the same byte however the body arrives. Codings inside others are each held to it.
///
/// **The memory** ([`Limits::decode_memory`]). What a `br` or `zstd` body needs for its window and tables grows with what was decoded, and is counted
/// with that of all decoders that share a [`DecodeMemory`]. `gzip` and `deflate` need less than 64 KiB each.
///
/// An error is final: every later call returns it again.
pub struct Decoder {
    stages: Vec<Stage>,
    share: Share,
    ratio: u64,
    encoded: u64,
    /// The last call left output behind: the next block must wait.
    behind: bool,
    /// A body of no bytes is cut, not empty.
    expects_data: bool,
    failed: Option<DecodeError>,
}

impl fmt::Debug for Decoder {
    // Between two codings lies a part of the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("codings", &self.stages.len())
            .field("encoded", &self.encoded)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

impl Decoder {
    /// A decoder for a body with these codings, or `None` when there is nothing to take off (the body is plain,
    /// or a coding is unknown: see [`Codings::undecoded`]).
    ///
    /// `strict` makes data after the end of the encoded data an error; zero padding is fine even then.
    pub fn new(codings: &Codings, limits: &Limits, strict: bool) -> Option<Decoder> {
        Decoder::sharing(codings, limits, strict, &DecodeMemory::default())
    }

    /// As [`Decoder::new`], for one of several decoders that share a limit on what they hold.
    pub fn sharing(codings: &Codings, limits: &Limits, strict: bool, memory: &DecodeMemory) -> Option<Decoder> {
        let outermost_first = codings.list().iter().rev().enumerate();
        let stages: Vec<Stage> =
            outermost_first.map(|(at, &coding)| Stage::new(coding, limits, strict, at == 0)).collect::<Option<_>>()?;
        if stages.is_empty() {
            return None;
        }
        let share = Share::new(memory.clone(), limits.decode_memory);
        Some(Decoder {
            stages,
            share,
            ratio: limits.decode_ratio,
            encoded: 0,
            behind: false,
            expects_data: false,
            failed: None,
        })
    }

    /// Lets a body of no bytes count as cut, and not as empty: for one that only the end of the connection delimits.
    pub fn expect_data(&mut self) {
        self.expects_data = true;
    }

    /// Decodes some of `input` into `output`, at most 64 KiB.
    ///
    /// An empty `output` does nothing and is answered with [`Next::Output`].
    ///
    /// # Errors
    /// [`DecodeError`]: corrupt data, trailing data in strict mode, or the `decode_ratio` limit; after all that
    /// was decoded before it has been delivered.
    pub fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, DecodeError> {
        self.run(input, false, output)
    }

    /// The body has ended: delivers what is left. To be called until it is [`Next::Done`].
    ///
    /// A body of no bytes at all is complete, whatever its codings (a server may say `gzip` of nothing); unless
    /// [data is expected](Decoder::expect_data).
    ///
    /// # Errors
    /// As [`Decoder::decode`], and [`DecodeError::Truncated`] when the encoded data is not complete.
    pub fn finish(&mut self, output: &mut [u8]) -> Result<Progress, DecodeError> {
        if self.encoded == 0 && self.failed.is_none() && !self.expects_data {
            return Ok(Progress { consumed: 0, produced: 0, next: Next::Done });
        }
        self.run(&[], true, output)
    }

    /// The outermost coding after whose end other data was ignored, if there was any so far.
    pub fn trailing_data(&self) -> Option<Coding> {
        self.stages.iter().find_map(Stage::ignored_tail)
    }

    /// The storage held for encoded bytes that wait: between codings, and a block of zstd that has come in part (up to 256 KiB).
    pub fn retained(&self) -> usize {
        self.stages.iter().map(Stage::retained).sum()
    }

    /// Encoded bytes consumed so far.
    pub fn encoded_bytes(&self) -> u64 {
        self.encoded
    }

    fn run(&mut self, input: &[u8], ended: bool, output: &mut [u8]) -> Result<Progress, DecodeError> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        let wanted = output.len().min(PULL);
        let output = output.get_mut(..wanted).unwrap_or_default();
        let mut rest = input;
        let mut produced = 0;
        let next = loop {
            let in_block = self.encoded % BLOCK;
            let feed = if in_block == 0 && self.behind {
                0
            } else {
                usize::try_from(BLOCK - in_block).unwrap_or(usize::MAX).min(rest.len())
            };
            let allowance = self.allowance(feed);
            let mut piece = rest.get(..feed).unwrap_or_default();
            let room = output.get_mut(produced..).unwrap_or_default();
            let (filled, stop) = pull(&mut self.stages, &mut piece, ended, &allowance, room);
            let consumed = feed - piece.len();
            self.encoded += consumed as u64;
            rest = rest.get(consumed..).unwrap_or_default();
            produced += filled;
            self.behind = stop == Stop::Full;
            let stop = match self.share.hold(self.stages.iter_mut().map(Stage::held).sum()) {
                Ok(()) => stop,
                Err(limit) => Stop::Failed(limit.into()),
            };
            match stop {
                Stop::Full => break Next::Output,
                Stop::Starved if rest.is_empty() => break Next::Input,
                Stop::Starved => {}
                Stop::Done => break Next::Done,
                Stop::Failed(fault) => {
                    self.failed = Some(fault);
                    if produced == 0 {
                        return Err(fault);
                    }
                    break Next::Output;
                }
            }
        };
        Ok(Progress { consumed: input.len() - rest.len(), produced, next })
    }

    /// What each stage may have produced once `feed` more bytes are in.
    fn allowance(&self, feed: usize) -> Allowance {
        let encoded = (self.encoded + feed as u64).div_ceil(BLOCK).max(1).saturating_mul(BLOCK);
        let bytes = self.ratio.saturating_mul(encoded).max(RATIO_FLOOR);
        let seen = bytes.saturating_add(1).div_ceil(encoded);
        Allowance { bytes, exceeded: LimitExceeded { name: "decode_ratio", limit: self.ratio, seen } }
    }
}
