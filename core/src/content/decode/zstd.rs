//! The `zstd` coding: frames and skippable frames one after another (RFC 8878 §3), by the package `ruzstd`.
//!
//! The headers of frames and blocks are read here, so that a block is handed over only when all of it is there (at
//! most 128 KiB are kept for that) and nothing is believed that is out of bounds: a window over its limit is refused,
//! as RFC 9659 §3 allows, and a block that says it is longer than a block may be. Checksum and stated size are compared.
//! The package makes room for the window as data comes.
//!
//! The package gives out what has left the window, and the rest at the end of the frame: a stream that pauses
//! inside a frame is late by up to one window.

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

/// The magic number, the descriptor, and as much as a descriptor can announce (RFC 8878 §3.1.1.1).
const LONGEST_HEADER: usize = 4 + 14;

/// The state of a `zstd` body.
#[derive(Debug)]
pub(super) struct Zstd {
    phase: Phase,
    window: u64,
    /// The most that a frame held since that was asked.
    peak: usize,
    strict: bool,
}

#[derive(Debug)]
enum Phase {
    /// The head of a frame of either kind, as far as it is there. `first`: no frame came before.
    Head {
        bytes: [u8; LONGEST_HEADER],
        have: usize,
        first: bool,
    },
    /// Bytes left of a skippable frame.
    Skip(u32),
    Frame(Box<Frame>),
    After(Tail),
}

/// A frame whose header was read.
struct Frame {
    decoder: FrameDecoder,
    window: usize,
    held: Held,
    /// The size that the header states, if it does.
    stated: Option<u64>,
    produced: u64,
    checksum: bool,
    /// The next block as far as it is there, its header included, when it did not come in one piece.
    block: Vec<u8>,
}

/// What the head of a frame asks for.
enum Head {
    /// More bytes: so many in all.
    Longer(usize),
    Frame(Box<Frame>),
    Skippable(u32),
    /// No frame begins like this.
    Other,
}

impl Zstd {
    /// `window` is the largest that a frame may have.
    pub(super) fn new(window: u64, strict: bool) -> Zstd {
        Zstd { phase: Phase::head(true), window, peak: 0, strict }
    }

    /// What the decoder of a frame held at most since this was asked before: reckoned by what was decoded, so that it does not depend on how the
    /// input is split.
    pub(super) fn held(&mut self) -> usize {
        let now = match &self.phase {
            Phase::Frame(frame) => frame.held(),
            _ => 0,
        };
        std::mem::replace(&mut self.peak, now).max(now)
    }

    /// The storage of a block that has come in part.
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
                    Ok(Head::Longer(wanted)) => {
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
                        step.fault = Some(corrupt("no frame begins like this"));
                        return step;
                    }
                    Ok(Head::Other) => {
                        let mut tail = Tail::Clean;
                        let seen = bytes.get(..*have).unwrap_or_default();
                        (_, step.fault) = tail.swallow(seen, CODING, self.strict);
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
                            Err(what) => step.fault = Some(corrupt(what)),
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

/// Reads the head of a frame as far as it is there (RFC 8878 §3.1.1.1 and §3.1.2).
fn head(bytes: &[u8], most: u64) -> Result<Head, DecodeError> {
    let skippable = |first: u8| first & 0xF0 == 0x50;
    let rest_of_magic = match bytes.first() {
        None => return Ok(Head::Longer(1)),
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
            _ => Head::Longer(8),
        });
    }
    let Some(&descriptor) = bytes.get(4) else { return Ok(Head::Longer(5)) };
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
    let Some(whole) = bytes.get(..length) else { return Ok(Head::Longer(length)) };
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
    LimitExceeded::check("decode_window", most, window)?;
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(most);
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

    /// Moves what is decoded and has left the window, or all of it at the end.
    fn take(&mut self, output: &mut [u8]) -> usize {
        // Reading from memory into memory: the error type is there for the trait.
        let produced = self.decoder.read(output).unwrap_or_default();
        self.produced += produced as u64;
        produced
    }

    /// Decodes the next block if all of it is there, else keeps what is; returns what was consumed, and whether a
    /// block was decoded.
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

    /// The length of the block that begins here: its header, its content, and after the last one the
    /// checksum. `None` while the header is not there.
    fn block_length(&self, bytes: &[u8]) -> Result<Option<usize>, &'static str> {
        let &[a, b, c, ..] = bytes else { return Ok(None) };
        let header = u32::from_le_bytes([a, b, c, 0]);
        let size = usize::try_from(header >> 3).unwrap_or(usize::MAX);
        if size > LARGEST {
            return Err("a block is over 128 KiB");
        }
        let content = match header >> 1 & 3 {
            0 | 2 => size,
            1 => 1,
            _ => return Err("a block is of the reserved type"),
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

    /// Whether what came out of a complete frame is what its header and its checksum say.
    fn check(&self) -> Result<(), &'static str> {
        if self.stated.is_some_and(|stated| stated != self.produced) {
            return Err("the size of the data differs");
        }
        if self.checksum && self.decoder.get_checksum_from_data() != self.decoder.get_calculated_checksum() {
            return Err("the checksum of the data differs");
        }
        Ok(())
    }
}

fn corrupt(what: &'static str) -> DecodeError {
    DecodeError::Corrupt { coding: CODING, what }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.block.len();
        f.debug_struct("Frame").field("produced", &self.produced).field("kept", &kept).finish_non_exhaustive()
    }
}
