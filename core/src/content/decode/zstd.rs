//! The `zstd` coding: a sequence of frames and skippable frames (RFC 8878 §3), decoded by the
//! package `ruzstd`.
//!
//! This module parses frame and block headers itself. It passes on only complete blocks (buffering
//! at most 128 KiB) and rejects out-of-range values: a window over its limit, as RFC 9659 §3
//! allows, and a block that claims more than the maximum block size. It compares the checksum and
//! the stated size. The package allocates the window as data arrives.
//!
//! The package releases data that has left the window, and the rest at the end of the frame. A
//! stream that pauses within a frame is therefore late by up to one window.

use super::codec::Step;
use super::tail::Tail;
use super::zstd_block::{Held, LARGEST};
use super::{Coding, DecodeError};
use crate::LimitExceeded;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use ruzstd::io::Read;
use std::fmt;

const CODING: Coding = Coding::Zstd;

const BLOCK_HEADER: usize = 3;

const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// The magic number, the descriptor, and the longest fields that it can announce (RFC 8878
/// §3.1.1.1).
const LONGEST_HEADER: usize = 4 + 14;

/// The state of a `zstd` body.
#[derive(Debug)]
pub(super) struct Zstd {
    phase: Phase,
    window: u64,
    /// The peak memory of a frame since the last query.
    peak: usize,
    strict: bool,
}

#[derive(Debug)]
enum Phase {
    /// The partial header of a frame of either kind. `first` means that no frame came before.
    Head {
        bytes: [u8; LONGEST_HEADER],
        have: usize,
        first: bool,
    },
    /// The number of bytes left of a skippable frame.
    Skip(u32),
    Frame(Box<Frame>),
    After(Tail),
}

/// A frame whose header was parsed.
struct Frame {
    decoder: FrameDecoder,
    window: usize,
    held: Held,
    /// The size stated in the header, if any.
    stated: Option<u64>,
    produced: u64,
    checksum: bool,
    /// The next block with its header, while incomplete.
    block: Vec<u8>,
}

/// The result of parsing a frame header.
enum Head {
    /// More bytes are needed; holds the required total.
    NeedMore(usize),
    Frame(Box<Frame>),
    Skippable(u32),
    /// Not the start of a frame.
    Other,
}

impl Zstd {
    /// Creates a decoder whose frames may have windows of up to `window` bytes.
    pub(super) fn new(window: u64, strict: bool) -> Zstd {
        Zstd { phase: Phase::head(true), window, peak: 0, strict }
    }

    /// Returns the peak memory of a frame's decoder since the last call. It is computed from
    /// decoded data, so that it does not depend on how the input is split.
    pub(super) fn held(&mut self) -> usize {
        let now = match &self.phase {
            Phase::Frame(frame) => frame.held(),
            _ => 0,
        };
        std::mem::replace(&mut self.peak, now).max(now)
    }

    /// Returns the storage of an incomplete block.
    pub(super) fn retained(&self) -> usize {
        match &self.phase {
            Phase::Frame(frame) => frame.block.capacity(),
            _ => 0,
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        matches!(self.phase, Phase::Head { have: 0, first: false, .. } | Phase::After(_))
    }

    pub(super) fn ignored_tail(&self) -> bool {
        matches!(self.phase, Phase::After(Tail::Ignored))
    }

    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let mut step = Step::default();
        loop {
            let rest = input.get(step.consumed..).unwrap_or_default();
            match &mut self.phase {
                Phase::Head { bytes, have, first } => match head(bytes.get(..*have).unwrap_or_default(), self.window) {
                    Ok(Head::NeedMore(wanted)) => {
                        let to = bytes.get_mut(*have..wanted).unwrap_or_default();
                        let count = to.len().min(rest.len());
                        if count == 0 {
                            return step;
                        }
                        for (to, from) in to.iter_mut().zip(rest) {
                            *to = *from;
                        }
                        *have += count;
                        step.consumed += count;
                    }
                    Ok(Head::Frame(frame)) => self.phase = Phase::Frame(frame),
                    Ok(Head::Skippable(length)) => self.phase = Phase::Skip(length),
                    Ok(Head::Other) if *first => {
                        step.fault = Some(corrupt("the data does not begin with a frame"));
                        return step;
                    }
                    Ok(Head::Other) => {
                        let mut tail = Tail::Clean;
                        let head = bytes.get(..*have).unwrap_or_default();
                        (_, step.fault) = tail.swallow(head, CODING, self.strict);
                        self.phase = Phase::After(tail);
                    }
                    Err(fault) => step.fault = Some(fault),
                },
                Phase::Skip(left) => {
                    let count = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    step.consumed += count;
                    *left -= u32::try_from(count).unwrap_or(*left);
                    if *left > 0 {
                        return step;
                    }
                    self.phase = Phase::head(false);
                }
                Phase::Frame(frame) => {
                    let room = output.get_mut(step.produced..).unwrap_or_default();
                    let produced = frame.take(room);
                    step.produced += produced;
                    if step.produced == output.len() {
                        return step;
                    }
                    if frame.decoder.is_finished() {
                        step.fault = frame.check().err().map(corrupt);
                        self.phase = Phase::head(false);
                    } else {
                        match frame.feed(rest) {
                            Ok((consumed, complete)) => {
                                self.peak = self.peak.max(frame.held());
                                step.consumed += consumed;
                                if !complete {
                                    return step;
                                }
                            }
                            Err(cause) => step.fault = Some(corrupt(cause)),
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
            if step.fault.is_some() {
                return step;
            }
        }
    }
}

impl Phase {
    fn head(first: bool) -> Phase {
        Phase::Head { bytes: [0; LONGEST_HEADER], have: 0, first }
    }
}

/// Parses the header of a frame as far as it has arrived (RFC 8878 §3.1.1.1 and §3.1.2).
fn head(bytes: &[u8], max_window: u64) -> Result<Head, DecodeError> {
    let skippable = |first: u8| first & 0xF0 == 0x50;
    let rest_of_magic = match bytes.first() {
        None => return Ok(Head::NeedMore(1)),
        Some(&0x28) => MAGIC,
        Some(&first) if skippable(first) => [first, 0x2A, 0x4D, 0x18],
        Some(_) => return Ok(Head::Other),
    };
    let common = bytes.len().min(rest_of_magic.len());
    if bytes.get(..common) != rest_of_magic.get(..common) {
        return Ok(Head::Other);
    }
    if bytes.first().copied().is_some_and(skippable) {
        return Ok(match bytes.get(4..8) {
            Some(&[a, b, c, d]) => Head::Skippable(u32::from_le_bytes([a, b, c, d])),
            _ => Head::NeedMore(8),
        });
    }
    let Some(&descriptor) = bytes.get(4) else { return Ok(Head::NeedMore(5)) };
    if descriptor & 0x08 != 0 {
        return Err(corrupt("a reserved bit of the frame header is set"));
    }
    let single_segment = descriptor & 0x20 != 0;
    let dictionary = match descriptor & 0x03 {
        3 => 4,
        bytes => usize::from(bytes),
    };
    let size = match descriptor >> 6 {
        0 => usize::from(single_segment),
        power => 1 << power,
    };
    let size_at = 5 + usize::from(!single_segment) + dictionary;
    let length = size_at + size;
    let Some(whole) = bytes.get(..length) else { return Ok(Head::NeedMore(length)) };
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
    let stated = whole.get(size_at..).unwrap_or_default();
    let stated = match stated.len() {
        0 => None,
        2 => Some(number(stated) + 256),
        _ => Some(number(stated)),
    };
    let window = match (single_segment, whole.get(5)) {
        (false, Some(&descriptor)) => {
            let base = 1_u64 << (10 + (descriptor >> 3));
            base + (base >> 3) * u64::from(descriptor & 7)
        }
        _ => stated.unwrap_or_default(),
    };
    LimitExceeded::check("decode_window", max_window, window)?;
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(max_window);
    decoder.init(whole).map_err(|error| match error {
        ruzstd::decoding::errors::FrameDecoderError::DictNotProvided { .. } => corrupt("it needs a dictionary"),
        _ => corrupt("the frame header is malformed"),
    })?;
    let checksum = descriptor & 0x04 != 0;
    let window = usize::try_from(window).unwrap_or(usize::MAX);
    let (held, block) = (Held::default(), Vec::new());
    Ok(Head::Frame(Box::new(Frame { decoder, window, held, stated, produced: 0, checksum, block })))
}

impl Frame {
    fn held(&self) -> usize {
        self.held.bytes(self.window, self.stated)
    }

    /// Takes decoded data that has left the window, or all of it at the end.
    fn take(&mut self, output: &mut [u8]) -> usize {
        // Reading from memory cannot fail; the error type comes from the trait.
        let produced = self.decoder.read(output).unwrap_or_default();
        self.produced += produced as u64;
        produced
    }

    /// Decodes the next block if it is complete, otherwise stores its bytes. Returns how much was
    /// consumed, and whether a block was decoded.
    fn feed(&mut self, input: &[u8]) -> Result<(usize, bool), &'static str> {
        if self.block.is_empty()
            && let Some(length) = self.block_length(input)?
            && let Some(block) = input.get(..length)
        {
            self.decode(block)?;
            return Ok((length, true));
        }
        let mut consumed = 0;
        loop {
            let length = self.block_length(&self.block)?;
            let wanted = length.unwrap_or(BLOCK_HEADER).saturating_sub(self.block.len());
            let rest = input.get(consumed..).unwrap_or_default();
            let more = rest.get(..wanted).unwrap_or(rest);
            self.block.extend_from_slice(more);
            consumed += more.len();
            if more.len() < wanted {
                return Ok((consumed, false));
            }
            if length.is_some() {
                let mut block = std::mem::take(&mut self.block);
                self.decode(&block)?;
                block.clear();
                self.block = block;
                return Ok((consumed, true));
            }
        }
    }

    /// Returns the length of the block at the start of `bytes`: header, content, and the checksum
    /// after the last one. `None` while the header is incomplete.
    fn block_length(&self, bytes: &[u8]) -> Result<Option<usize>, &'static str> {
        let &[a, b, c, ..] = bytes else { return Ok(None) };
        let header = u32::from_le_bytes([a, b, c, 0]);
        let size = usize::try_from(header >> 3).unwrap_or(usize::MAX);
        if size > LARGEST {
            return Err("a block exceeds 128 KiB");
        }
        let content = match header >> 1 & 3 {
            0 | 2 => size,
            1 => 1,
            _ => return Err("a block has the reserved type"),
        };
        let checksum = if header & 1 == 1 && self.checksum { 4 } else { 0 };
        Ok(Some(BLOCK_HEADER + content + checksum))
    }

    fn decode(&mut self, mut block: &[u8]) -> Result<(), &'static str> {
        if let (&[a, b, c, ..], Some(content)) = (block, block.get(BLOCK_HEADER..)) {
            let size = usize::try_from(u32::from_le_bytes([a, b, c, 0]) >> 3).unwrap_or(usize::MAX);
            match a >> 1 & 3 {
                2 => self.held.compressed(content.get(..size).unwrap_or(content), self.window.min(LARGEST))?,
                _ => self.held.plain(size),
            }
        }
        match self.decoder.decode_blocks(&mut block, BlockDecodingStrategy::UptoBlocks(1)) {
            Ok(_) => Ok(()),
            Err(_) => Err("a block is malformed"),
        }
    }

    /// Compares a complete frame with its stated size and its checksum.
    fn check(&self) -> Result<(), &'static str> {
        if self.stated.is_some_and(|stated| stated != self.produced) {
            return Err("the size of the data does not match");
        }
        if self.checksum && self.decoder.get_checksum_from_data() != self.decoder.get_calculated_checksum() {
            return Err("the checksum of the data does not match");
        }
        Ok(())
    }
}

fn corrupt(cause: &'static str) -> DecodeError {
    DecodeError::Corrupt { coding: CODING, cause }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let buffered = self.block.len();
        f.debug_struct("Frame").field("produced", &self.produced).field("buffered", &buffered).finish_non_exhaustive()
    }
}
