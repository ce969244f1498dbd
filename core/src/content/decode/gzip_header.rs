//! Parses the header of a gzip member byte by byte, without storing it (RFC 1952 §2.3).

use super::{Coding, DecodeError};
use zlib_rs::crc32::crc32;

/// The maximum header size. The extra field alone may have 64 KiB; name and comment have no length
/// field.
const LONGEST: u32 = 256 * 1024;

const HEADER_CRC: u8 = 0x02;
const EXTRA: u8 = 0x04;
const NAME: u8 = 0x08;
const COMMENT: u8 = 0x10;
const RESERVED: u8 = 0xE0;

/// A partially parsed header.
#[derive(Clone, Debug)]
pub(super) struct GzipHeader {
    part: Part,
    flags: u8,
    length: u32,
    crc: u32,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    /// The first ten bytes: magic, method, flags, time, extra flags, system.
    Fixed(u8),
    ExtraLength(Option<u8>),
    Extra(u16),
    Name,
    Comment,
    Crc(Option<u8>),
    Complete,
}

impl GzipHeader {
    pub(super) fn new() -> GzipHeader {
        GzipHeader { part: Part::Fixed(0), flags: 0, length: 0, crc: 0 }
    }

    /// Creates a header whose first byte, 1F, was already consumed.
    pub(super) fn after_magic_byte() -> GzipHeader {
        GzipHeader { part: Part::Fixed(1), flags: 0, length: 1, crc: crc32(0, &[0x1F]) }
    }

    /// Processes one byte; returns `true` for the last byte of the header.
    pub(super) fn push(&mut self, byte: u8) -> Result<bool, DecodeError> {
        self.length += 1;
        if self.length > LONGEST {
            return Err(corrupt("the header exceeds 256 KiB"));
        }
        if !matches!(self.part, Part::Crc(_)) {
            self.crc = crc32(self.crc, &[byte]);
        }
        self.part = match self.part {
            Part::Fixed(at) => {
                match at {
                    0 if byte != 0x1F => return Err(corrupt("the data does not begin with 1F 8B")),
                    1 if byte != 0x8B => return Err(corrupt("the data does not begin with 1F 8B")),
                    2 if byte != 8 => return Err(corrupt("the method is not deflate")),
                    3 if byte & RESERVED != 0 => return Err(corrupt("reserved flags are set")),
                    3 => self.flags = byte,
                    _ => {}
                }
                if at == 9 { self.optional(EXTRA) } else { Part::Fixed(at + 1) }
            }
            Part::ExtraLength(None) => Part::ExtraLength(Some(byte)),
            Part::ExtraLength(Some(low)) => match u16::from_le_bytes([low, byte]) {
                0 => self.optional(NAME),
                length => Part::Extra(length),
            },
            Part::Extra(1) => self.optional(NAME),
            Part::Extra(left) => Part::Extra(left.saturating_sub(1)),
            Part::Name if byte == 0 => self.optional(COMMENT),
            Part::Comment if byte == 0 => self.optional(HEADER_CRC),
            part @ (Part::Name | Part::Comment) => part,
            Part::Crc(None) => Part::Crc(Some(byte)),
            Part::Crc(Some(low)) => {
                let computed = self.crc & 0xFFFF;
                if computed != u32::from(u16::from_le_bytes([low, byte])) {
                    return Err(corrupt("the CRC of the header does not match"));
                }
                Part::Complete
            }
            Part::Complete => Part::Complete,
        };
        Ok(matches!(self.part, Part::Complete))
    }

    /// Returns the first optional part from `flag` on that is present, in the order of RFC 1952
    /// §2.3.
    fn optional(&self, flag: u8) -> Part {
        let parts = [
            (EXTRA, Part::ExtraLength(None)),
            (NAME, Part::Name),
            (COMMENT, Part::Comment),
            (HEADER_CRC, Part::Crc(None)),
        ];
        let left = parts.into_iter().skip_while(|(first, _)| *first != flag);
        left.filter(|(flag, _)| self.flags & flag != 0).map(|(_, part)| part).next().unwrap_or(Part::Complete)
    }
}

pub(super) fn corrupt(cause: &'static str) -> DecodeError {
    DecodeError::Corrupt { coding: Coding::Gzip, cause }
}
