//! The `gzip` coding: one or more members, each with a header, data and check values (RFC 1952
//! §2.2).
//!
//! After a member, the bytes 1F 8B start another one; [`Tail`] handles anything else.

use super::Coding;
use super::codec::Step;
use super::gzip_header::{GzipHeader, corrupt};
use super::inflate::{Frame, Inflate, State};
use super::tail::Tail;
use zlib_rs::crc32::crc32;

/// The state of a `gzip` body.
#[derive(Debug)]
pub(super) struct Gzip {
    phase: Phase,
    inflate: Inflate,
    strict: bool,
}

#[derive(Debug)]
enum Phase {
    Header(GzipHeader),
    Data {
        crc: u32,
        /// The size modulo 2³², as in the trailer.
        size: u32,
    },
    Trailer {
        crc: u32,
        size: u32,
        bytes: [u8; 8],
        have: usize,
    },
    /// Between two members, or at the end.
    Between,
    /// After a byte 1F there.
    Magic,
    After(Tail),
}

impl Gzip {
    pub(super) fn new(strict: bool) -> Gzip {
        Gzip { phase: Phase::Header(GzipHeader::new()), inflate: Inflate::new(Frame::Bare), strict }
    }

    pub(super) fn is_complete(&self) -> bool {
        matches!(self.phase, Phase::Between | Phase::After(_))
    }

    pub(super) fn ignored_tail(&self) -> bool {
        matches!(self.phase, Phase::After(Tail::Ignored))
    }

    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let mut step = Step::default();
        loop {
            let rest = input.get(step.consumed..).unwrap_or_default();
            match &mut self.phase {
                Phase::Header(header) => {
                    let Some(&byte) = rest.first() else { return step };
                    step.consumed += 1;
                    match header.push(byte) {
                        Ok(false) => {}
                        Ok(true) => self.phase = Phase::Data { crc: 0, size: 0 },
                        Err(fault) => {
                            step.fault = Some(fault);
                            return step;
                        }
                    }
                }
                Phase::Data { crc, size } => {
                    let room = output.get_mut(step.produced..).unwrap_or_default();
                    let (consumed, produced, state) = self.inflate.step(rest, room);
                    let data = room.get(..produced).unwrap_or_default();
                    *crc = crc32(*crc, data);
                    // Truncation is harmless: the trailer holds the sum modulo 2³².
                    *size = size.wrapping_add(data.len() as u32);
                    step.consumed += consumed;
                    step.produced += produced;
                    match state {
                        State::Running => return step,
                        State::Ended => {
                            let (crc, size) = (*crc, *size);
                            self.phase = Phase::Trailer { crc, size, bytes: [0; 8], have: 0 };
                        }
                        State::Corrupt(cause) => {
                            step.fault = Some(corrupt(cause));
                            return step;
                        }
                    }
                }
                Phase::Trailer { crc, size, bytes, have } => {
                    let wanted = bytes.get_mut(*have..).unwrap_or_default();
                    let count = wanted.len().min(rest.len());
                    for (to, from) in wanted.iter_mut().zip(rest) {
                        *to = *from;
                    }
                    *have += count;
                    step.consumed += count;
                    if *have < bytes.len() {
                        return step;
                    }
                    let trailer = u64::from_le_bytes(*bytes);
                    let (stated_crc, stated_size) = (trailer & 0xFFFF_FFFF, trailer >> 32);
                    if stated_crc != u64::from(*crc) {
                        step.fault = Some(corrupt("the CRC-32 of the data does not match"));
                        return step;
                    }
                    if stated_size != u64::from(*size) {
                        step.fault = Some(corrupt("the size of the data does not match"));
                        return step;
                    }
                    self.phase = Phase::Between;
                }
                Phase::Between => match rest.first() {
                    None => return step,
                    Some(0x1F) => {
                        step.consumed += 1;
                        self.phase = Phase::Magic;
                    }
                    Some(_) => self.phase = Phase::After(Tail::Clean),
                },
                Phase::Magic => match rest.first() {
                    None => return step,
                    Some(0x8B) => {
                        self.inflate.restart();
                        self.phase = Phase::Header(GzipHeader::after_magic_byte());
                    }
                    Some(_) => {
                        let mut tail = Tail::Clean;
                        (_, step.fault) = tail.swallow(&[0x1F], Coding::Gzip, self.strict);
                        self.phase = Phase::After(tail);
                        if step.fault.is_some() {
                            return step;
                        }
                    }
                },
                Phase::After(tail) => {
                    let (used, fault) = tail.swallow(rest, Coding::Gzip, self.strict);
                    step.consumed += used;
                    step.fault = fault;
                    return step;
                }
            }
        }
    }
}
