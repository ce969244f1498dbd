//! The interface that all codings share, and the choice among the compiled-in ones.

use super::{Coding, DecodeError};
use crate::Limits;

/// The result of one step of a codec.
///
/// If `produced` is less than the output's length, all input is used up and yields no more output.
/// A fault is the exception; it occurs at the position in the output that `produced` has reached.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    pub(super) consumed: usize,
    pub(super) produced: usize,
    pub(super) fault: Option<DecodeError>,
}

/// The state of one coding.
#[derive(Debug)]
pub(super) enum Codec {
    #[cfg(feature = "gzip")]
    Gzip(super::gzip::Gzip),
    #[cfg(feature = "gzip")]
    Deflate(super::deflate::Deflate),
    #[cfg(feature = "brotli")]
    Brotli(super::br::Brotli),
    #[cfg(feature = "zstd")]
    Zstd(super::zstd::Zstd),
}

impl Codec {
    /// Returns `None` for a coding that is not compiled in.
    #[allow(unused_variables, reason = "unused if no coding is compiled in")]
    pub(super) fn new(coding: Coding, limits: &Limits, strict: bool) -> Option<Codec> {
        match coding {
            #[cfg(feature = "gzip")]
            Coding::Gzip => Some(Codec::Gzip(super::gzip::Gzip::new(strict))),
            #[cfg(feature = "gzip")]
            Coding::Deflate => Some(Codec::Deflate(super::deflate::Deflate::new(strict))),
            #[cfg(feature = "brotli")]
            Coding::Brotli => Some(Codec::Brotli(super::br::Brotli::new(strict))),
            #[cfg(feature = "zstd")]
            Coding::Zstd => Some(Codec::Zstd(super::zstd::Zstd::new(limits.decode_window, strict))),
            #[allow(unreachable_patterns, reason = "reached when a coding is not compiled in")]
            _ => None,
        }
    }

    /// Decodes from `input` into `output` until one of them is used up. An empty `output` does
    /// nothing.
    #[allow(unused_variables, reason = "unused if no coding is compiled in")]
    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        if output.is_empty() {
            return Step::default();
        }
        match *self {
            #[cfg(feature = "gzip")]
            Codec::Gzip(ref mut codec) => codec.step(input, output),
            #[cfg(feature = "gzip")]
            Codec::Deflate(ref mut codec) => codec.step(input, output),
            #[cfg(feature = "brotli")]
            Codec::Brotli(ref mut codec) => codec.step(input, output),
            #[cfg(feature = "zstd")]
            Codec::Zstd(ref mut codec) => codec.step(input, output),
        }
    }

    /// Whether the input may end here because the encoded data is complete.
    pub(super) fn is_complete(&self) -> bool {
        match *self {
            #[cfg(feature = "gzip")]
            Codec::Gzip(ref codec) => codec.is_complete(),
            #[cfg(feature = "gzip")]
            Codec::Deflate(ref codec) => codec.is_complete(),
            #[cfg(feature = "brotli")]
            Codec::Brotli(ref codec) => codec.is_complete(),
            #[cfg(feature = "zstd")]
            Codec::Zstd(ref codec) => codec.is_complete(),
        }
    }

    /// Returns the peak size, since the last call, of a window and tables whose size the peer
    /// chooses; 0 if the format fixes it.
    pub(super) fn held(&mut self) -> usize {
        match *self {
            #[cfg(feature = "brotli")]
            Codec::Brotli(ref codec) => codec.held(),
            #[cfg(feature = "zstd")]
            Codec::Zstd(ref mut codec) => codec.held(),
            #[allow(unreachable_patterns, reason = "reached by codings of fixed size")]
            _ => 0,
        }
    }

    /// Returns the storage of incomplete input.
    pub(super) fn retained(&self) -> usize {
        match *self {
            #[cfg(feature = "zstd")]
            Codec::Zstd(ref codec) => codec.retained(),
            #[allow(unreachable_patterns, reason = "reached by codings that store no input")]
            _ => 0,
        }
    }

    /// Whether other data after the end was ignored.
    pub(super) fn ignored_tail(&self) -> bool {
        match *self {
            #[cfg(feature = "gzip")]
            Codec::Gzip(ref codec) => codec.ignored_tail(),
            #[cfg(feature = "gzip")]
            Codec::Deflate(ref codec) => codec.ignored_tail(),
            #[cfg(feature = "brotli")]
            Codec::Brotli(ref codec) => codec.ignored_tail(),
            #[cfg(feature = "zstd")]
            Codec::Zstd(ref codec) => codec.ignored_tail(),
        }
    }
}
