//! The decoder of a body: all its codings, the ratio limit, and the work of one call.

use super::memory::{DecodeMemory, Share};
use super::stage::{Allowance, Stage, Stop, pull};
use super::{Coding, Codings, DecodeError};
use crate::{LimitExceeded, Limits};
use std::fmt;

/// The maximum output of one call, in bytes.
const PULL: usize = 64 * 1024;

/// The ratio is not checked below this number of decoded bytes.
const RATIO_FLOOR: u64 = 1024 * 1024;

/// The unit for counting encoded bytes in the ratio.
const BLOCK: u64 = 4096;

/// The next action that a [`Decoder`] needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// All input was consumed and all its output produced: supply more input, or finish.
    Input,
    /// More output may follow: call again with a fresh slice, and with the input not yet consumed.
    Output,
    /// The body is complete and correct. Only [`Decoder::finish`] returns this.
    Done,
}

/// The result of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The number of input bytes used up. Supply the rest again.
    pub consumed: usize,
    /// The number of output bytes written.
    pub produced: usize,
    /// The next action.
    pub next: Next,
}

/// Removes the codings of one body.
///
/// Call [`decode`](Decoder::decode) with received bytes until it returns [`Next::Input`]. At the
/// end of the body, call [`finish`](Decoder::finish) until it returns [`Next::Done`]; only then is
/// the body complete. Each call with a non-empty output consumes, produces, or asks for input, so
/// this loop never spins.
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
/// **Ratio** ([`Limits::decode_ratio`]). A stage may produce at most `max(1 MiB, ratio × encoded)`
/// bytes. `encoded` counts the body bytes that the output depends on, rounded up to blocks of 4
/// KiB. A block is fed only when all output of the previous one is delivered. The limit is
/// therefore reached at the same byte however the body arrives. It applies to each of several
/// nested codings.
///
/// **Memory** ([`Limits::decode_memory`]). The window and tables of a `br` or `zstd` body grow with
/// the decoded data. They are counted together with those of all decoders that share a
/// [`DecodeMemory`]. `gzip` and `deflate` need less than 64 KiB each.
///
/// An error is final: every later call returns it again.
pub struct Decoder {
    stages: Vec<Stage>,
    share: Share,
    ratio: u64,
    encoded: u64,
    /// The last call left output behind, so the next block must wait.
    behind: bool,
    /// An empty body counts as truncated.
    expects_data: bool,
    failed: Option<DecodeError>,
}

impl fmt::Debug for Decoder {
    // The buffers between codings contain parts of the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("codings", &self.stages.len())
            .field("encoded", &self.encoded)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

impl Decoder {
    /// Creates a decoder for a body with these codings. Returns `None` if there is nothing to
    /// decode: the body is plain, or a coding is unknown (see [`Codings::undecoded`]).
    ///
    /// `strict` makes data after the end of the encoded data an error; zero padding is always
    /// accepted.
    pub fn new(codings: &Codings, limits: &Limits, strict: bool) -> Option<Decoder> {
        Decoder::sharing(codings, limits, strict, &DecodeMemory::default())
    }

    /// Works like [`Decoder::new`], for one of several decoders that share a memory limit.
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

    /// Makes an empty body count as truncated, for a body delimited by the end of the connection.
    pub fn expect_data(&mut self) {
        self.expects_data = true;
    }

    /// Decodes some of `input` into `output`, at most 64 KiB.
    ///
    /// With an empty `output` it does nothing and returns [`Next::Output`].
    ///
    /// # Errors
    /// [`DecodeError`] for corrupt data, trailing data in strict mode, or the `decode_ratio` and
    /// `decode_memory` limits. All output decoded before the error is delivered first.
    pub fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, DecodeError> {
        self.run(input, false, output)
    }

    /// Signals the end of the body and delivers the remaining output. Call it until it returns
    /// [`Next::Done`].
    ///
    /// An empty body is complete, whatever its codings (a server may declare `gzip` for nothing),
    /// unless [data is expected](Decoder::expect_data).
    ///
    /// # Errors
    /// As for [`Decoder::decode`], and [`DecodeError::Truncated`] if the encoded data is
    /// incomplete.
    pub fn finish(&mut self, output: &mut [u8]) -> Result<Progress, DecodeError> {
        if self.encoded == 0 && self.failed.is_none() && !self.expects_data {
            return Ok(Progress { consumed: 0, produced: 0, next: Next::Done });
        }
        self.run(&[], true, output)
    }

    /// Returns the outermost coding after whose end other data was ignored so far.
    pub fn trailing_data(&self) -> Option<Coding> {
        self.stages.iter().find_map(Stage::ignored_tail)
    }

    /// Returns the storage held for waiting encoded bytes: between codings, and for an incomplete
    /// zstd block (up to 256 KiB).
    pub fn retained(&self) -> usize {
        self.stages.iter().map(Stage::retained).sum()
    }

    /// Returns the number of encoded bytes consumed so far.
    pub fn encoded_bytes(&self) -> u64 {
        self.encoded
    }

    fn run(&mut self, input: &[u8], ended: bool, output: &mut [u8]) -> Result<Progress, DecodeError> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        let len = output.len().min(PULL);
        let output = output.get_mut(..len).unwrap_or_default();
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

    /// Returns the output that each stage may have produced after `feed` more bytes.
    fn allowance(&self, feed: usize) -> Allowance {
        let encoded = (self.encoded + feed as u64).div_ceil(BLOCK).max(1).saturating_mul(BLOCK);
        let bytes = self.ratio.saturating_mul(encoded).max(RATIO_FLOOR);
        let seen = bytes.saturating_add(1).div_ceil(encoded);
        Allowance { bytes, exceeded: LimitExceeded { name: "decode_ratio", limit: self.ratio, found: seen } }
    }
}
