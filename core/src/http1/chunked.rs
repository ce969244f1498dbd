//! Decodes the chunked transfer coding (RFC 9112 §7.1): sizes, extensions, data, trailers.
//!
//! Strict wherever another reading would move the end of a message: lines end with CRLF only, sizes
//! are 1 to 16 hexadecimal digits, and extensions follow the grammar although they are ignored.
//! Data is never copied. The state survives any split, and every limit is checked at a byte
//! position that does not depend on splits.

use std::ops::Range;

use super::config::{Config, Leniency, LeniencySet};
use super::error::{Part, ProtocolError, Refused};
use super::head::Fields;
use super::parse;
use super::token::{is_token_byte, is_value_byte};
use crate::byte_search;
use crate::limits::LimitExceeded;

#[derive(Debug)]
enum State {
    /// Within a chunk size, after this number of digits.
    Size(u8),
    /// Spaces and tabs after the size; whether they include a tab.
    SizeSpace(bool),
    /// After `;`.
    ExtStart,
    ExtName,
    /// Spaces and tabs after an extension's name; whether they include a tab.
    ExtNameSpace(bool),
    /// After `=`.
    ExtEquals,
    ExtToken,
    ExtQuoted,
    ExtQuotedPair,
    /// After a closing quote.
    ExtQuotedEnd,
    /// Spaces and tabs after an extension's value; whether they include a tab.
    ExtSpace(bool),
    /// After the CR of a size line.
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// After the line of the last chunk.
    TrailerStart,
    /// After the CR of the final line.
    FinalLf,
    Trailers(Box<Trailers>),
    Done,
}

#[derive(Debug, Default)]
struct Trailers {
    bytes: Vec<u8>,
    line_start: usize,
    lines: usize,
}

/// The result of [`Decoder::advance`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// All input was consumed.
    NeedInput,
    /// Content, as a range of the input; the bytes before it are framing.
    Data(Range<usize>),
    /// The end, with its offset in the input and the trailers, if any.
    End(usize, Option<Box<Fields>>),
}

#[derive(Debug)]
pub(crate) struct Decoder {
    state: State,
    /// The size being read, then the rest of the chunk.
    size: u64,
    /// Bytes of framing so far.
    framing: u64,
    line_extensions: usize,
    extensions: usize,
}

const MAX_SIZE: u64 = i64::MAX as u64;

impl Decoder {
    pub(crate) fn new() -> Decoder {
        Decoder { state: State::Size(0), size: 0, framing: 0, line_extensions: 0, extensions: 0 }
    }

    /// Whether only the final CRLF is missing.
    pub(crate) fn lacks_final_crlf(&self) -> bool {
        matches!(self.state, State::TrailerStart | State::FinalLf)
    }

    /// Returns the storage held for incomplete trailers.
    pub(crate) fn capacity(&self) -> usize {
        match &self.state {
            State::Trailers(trailers) => trailers.bytes.capacity(),
            _ => 0,
        }
    }

    /// Returns how many bytes of trailers have arrived, if the end of the connection would truncate
    /// the trailers now.
    pub(crate) fn trailers_begun(&self) -> Option<usize> {
        match &self.state {
            State::Trailers(trailers) => Some(trailers.bytes.len()),
            _ => None,
        }
    }

    /// Returns the number of bytes missing from the current chunk's data.
    pub(crate) fn data_left(&self) -> u64 {
        if let State::Data = self.state { self.size } else { 0 }
    }

    /// Skips `n` bytes of data, no more than [`data_left`](Self::data_left).
    pub(crate) fn skip_data(&mut self, n: u64) {
        self.size = self.size.saturating_sub(n);
        if self.size == 0 {
            self.state = State::DataCr;
        }
    }

    /// Continues decoding. `content` is the amount of content before this input.
    pub(crate) fn advance(
        &mut self,
        input: &[u8],
        content: u64,
        config: &Config,
        used: &mut LeniencySet,
    ) -> Result<Step, Refused> {
        let mut at = 0;
        while let Some(rest) = input.get(at..).filter(|rest| !rest.is_empty()) {
            match &mut self.state {
                State::Data => {
                    let n = usize::try_from(self.size).unwrap_or(usize::MAX).min(rest.len());
                    self.size -= n as u64;
                    if self.size == 0 {
                        self.state = State::DataCr;
                    }
                    return Ok(Step::Data(at..at + n));
                }
                State::Trailers(trailers) => {
                    let (taken, done) = trailers.advance(rest, config).map_err(|refused| refused.from(at as isize))?;
                    at += taken;
                    if done {
                        let fields = parse::trailers(&trailers.bytes, trailers.lines, config);
                        let fields = fields.map_err(|error| error.after(at))?;
                        if !trailers.bytes.is_ascii() {
                            used.insert(Leniency::ObsText);
                        }
                        self.state = State::Done;
                        return Ok(Step::End(at, Some(Box::new(fields))));
                    }
                }
                State::Done => return Ok(Step::End(at, None)),
                State::TrailerStart if rest.first().is_some_and(|&b| b != b'\r' && b != b'\n') => {
                    self.state = State::Trailers(Box::default());
                }
                _ => {
                    if matches!(self.state, State::DataCr | State::Size(0))
                        && let Some((taken, size)) = plain_line(&self.state, rest)
                    {
                        self.framing = self.framing.saturating_add(taken as u64);
                        self.size = size;
                        at += taken;
                        self.size_line_ends(content, config).map_err(|error| error.after(at))?;
                    } else if let Some(&byte) = rest.first() {
                        at += 1;
                        self.framing_byte(byte, content, config, used).map_err(|error| error.after(at))?;
                        if matches!(self.state, State::Done) {
                            return Ok(Step::End(at, None));
                        }
                    }
                }
            }
        }
        Ok(match self.state {
            State::Done => Step::End(at, None),
            _ => Step::NeedInput,
        })
    }

    fn framing_byte(
        &mut self,
        byte: u8,
        content: u64,
        config: &Config,
        used: &mut LeniencySet,
    ) -> Result<(), ProtocolError> {
        use State::*;
        self.framing = self.framing.saturating_add(1);
        // Tabs need tracking: before `;` the grammar allows spaces and tabs, at the end of the line
        // neither.
        let mut tolerated = |leniency, otherwise| {
            if config.leniencies.allows(leniency) {
                used.insert(leniency);
                Ok(SizeLf)
            } else {
                Err(otherwise)
            }
        };
        let tab = byte == b'\t';
        let state = match (&self.state, byte) {
            (&Size(digits), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = match byte {
                    b'0'..=b'9' => byte - b'0',
                    _ => (byte | 0x20) - b'a' + 10,
                };
                if digits == 16 || self.size > MAX_SIZE >> 4 {
                    return Err(ProtocolError::ChunkSize { byte });
                }
                self.size = self.size << 4 | u64::from(digit);
                Size(digits + 1)
            }
            (Size(0), _) => return Err(ProtocolError::ChunkSize { byte }),
            (Size(_), b' ' | b'\t') => SizeSpace(tab),
            (SizeSpace(true) | ExtNameSpace(true) | ExtSpace(true), b'\r') => {
                return Err(ProtocolError::ChunkSize { byte: b'\t' });
            }
            (SizeSpace(_) | ExtNameSpace(_) | ExtSpace(_), b'\r') => {
                tolerated(Leniency::ChunkSizeTrailingSpace, ProtocolError::ChunkSize { byte: b' ' })?
            }
            (ExtStart, b'\r') => tolerated(Leniency::EmptyChunkExtension, ProtocolError::ChunkExtension { byte })?,
            (Size(_) | ExtName | ExtToken | ExtQuotedEnd, b'\r') => SizeLf,
            (
                Size(_) | SizeSpace(_) | ExtStart | ExtName | ExtNameSpace(_) | ExtToken | ExtQuotedEnd | ExtSpace(_),
                b'\n',
            ) => {
                return Err(ProtocolError::BareLf { part: Part::Body });
            }
            (Size(_) | SizeSpace(_) | ExtName | ExtNameSpace(_) | ExtToken | ExtQuotedEnd | ExtSpace(_), b';') => {
                ExtStart
            }
            (Size(_), _) => return Err(ProtocolError::ChunkSize { byte }),
            (&SizeSpace(before), b' ' | b'\t') => SizeSpace(before | tab),
            (SizeSpace(_), _) => return Err(ProtocolError::ChunkSize { byte }),
            (ExtStart, b' ' | b'\t') => ExtStart,
            (ExtStart | ExtName, _) if is_token_byte(byte) => ExtName,
            (&ExtNameSpace(before), b' ' | b'\t') => ExtNameSpace(before | tab),
            (ExtName, b' ' | b'\t') => ExtNameSpace(tab),
            (ExtName | ExtNameSpace(_), b'=') => ExtEquals,
            (ExtEquals, b' ' | b'\t') => ExtEquals,
            (ExtEquals, b'"') => ExtQuoted,
            (ExtEquals | ExtToken, _) if is_token_byte(byte) => ExtToken,
            (&ExtSpace(before), b' ' | b'\t') => ExtSpace(before | tab),
            (ExtToken | ExtQuotedEnd, b' ' | b'\t') => ExtSpace(tab),
            (ExtQuoted, b'"') => ExtQuotedEnd,
            (ExtQuoted, b'\\') => ExtQuotedPair,
            (ExtQuoted | ExtQuotedPair, _) if is_value_byte(byte) => ExtQuoted,
            (
                ExtStart | ExtName | ExtNameSpace(_) | ExtEquals | ExtToken | ExtQuoted | ExtQuotedPair | ExtQuotedEnd
                | ExtSpace(_),
                _,
            ) => return Err(ProtocolError::ChunkExtension { byte }),
            (SizeLf, b'\n') => return self.size_line_ends(content, config),
            (SizeLf, _) => return Err(ProtocolError::BareCr { part: Part::Body }),
            (DataCr, b'\r') => DataLf,
            (DataLf, b'\n') => Size(0),
            (DataCr | DataLf, _) => return Err(ProtocolError::ChunkEnd { byte }),
            (TrailerStart, b'\r') => FinalLf,
            (TrailerStart, _) => return Err(ProtocolError::BareLf { part: Part::Trailers }),
            (FinalLf, b'\n') => Done,
            (FinalLf, _) => return Err(ProtocolError::BareCr { part: Part::Trailers }),
            // Not framing: `advance` handles these states.
            (Data | Trailers(_) | Done, _) => return Ok(()),
        };
        if matches!(
            state,
            SizeSpace(_)
                | ExtStart
                | ExtName
                | ExtNameSpace(_)
                | ExtEquals
                | ExtToken
                | ExtQuoted
                | ExtQuotedPair
                | ExtQuotedEnd
                | ExtSpace(_)
        ) {
            let limits = &config.limits;
            self.line_extensions = self.line_extensions.saturating_add(1);
            self.extensions = self.extensions.saturating_add(1);
            LimitExceeded::check(
                "chunk_extension_bytes",
                limits.chunk_extension_bytes as u64,
                self.line_extensions as u64,
            )?;
            LimitExceeded::check(
                "chunk_extensions_bytes",
                limits.chunk_extensions_bytes as u64,
                self.extensions as u64,
            )?;
        }
        self.state = state;
        Ok(())
    }

    fn size_line_ends(&mut self, content: u64, config: &Config) -> Result<(), ProtocolError> {
        let beyond = self.framing.saturating_sub(content.saturating_mul(8));
        LimitExceeded::check("chunk_overhead_bytes", config.limits.chunk_overhead_bytes, beyond)?;
        self.line_extensions = 0;
        self.state = if self.size == 0 { State::TrailerStart } else { State::Data };
        Ok(())
    }
}

/// Parses a complete size line with nothing but a nonzero size, after the end of the previous chunk
/// if that is due. Returns its length and the size. All other lines are read byte by byte.
fn plain_line(state: &State, input: &[u8]) -> Option<(usize, u64)> {
    let line = match state {
        State::DataCr => input.strip_prefix(b"\r\n")?,
        _ => input,
    };
    let mut size = 0;
    for (digits, &byte) in line.iter().take(9).enumerate() {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            _ => {
                let ends = size > 0 && line.get(digits..)?.starts_with(b"\r\n");
                return ends.then_some((input.len() - line.len() + digits + 2, size));
            }
        };
        size = size << 4 | u64::from(digit);
    }
    None
}

impl Trailers {
    /// Collects bytes of the trailer section. Returns how many, and whether the section is
    /// complete.
    fn advance(&mut self, input: &[u8], config: &Config) -> Result<(usize, bool), Refused> {
        #[cfg(test)]
        super::scan::steps::add(input.len());
        let mut taken = 0;
        for lf in byte_search::memchr_iter(b'\n', input) {
            let line = input.get(taken..=lf).unwrap_or_default();
            self.check_size(line.len(), config).map_err(|refused| refused.from(taken as isize))?;
            self.bytes.extend_from_slice(line);
            taken = lf + 1;
            match self.bytes.get(self.line_start..).unwrap_or_default() {
                b"\r\n" => return Ok((taken, true)),
                [first, .., b'\r', b'\n'] => {
                    if !matches!(first, b' ' | b'\t') {
                        self.lines = self.lines.saturating_add(1);
                        let limit = config.limits.most_trailer_fields();
                        LimitExceeded::check("trailer_fields", limit as u64, self.lines as u64)
                            .map_err(|limit| ProtocolError::from(limit).after(taken))?;
                    }
                }
                _ => return Err(ProtocolError::BareLf { part: Part::Trailers }.after(taken)),
            }
            self.line_start = self.bytes.len();
        }
        let rest = input.get(taken..).unwrap_or_default();
        self.check_size(rest.len(), config).map_err(|refused| refused.from(taken as isize))?;
        self.bytes.extend_from_slice(rest);
        Ok((input.len(), false))
    }

    // As in `scan`, the limit exceeded first is reported. Positions count from the end of the
    // stored bytes.
    fn check_size(&self, more: usize, config: &Config) -> Result<(), Refused> {
        let len = self.bytes.len().saturating_add(more);
        let limits = &config.limits;
        let line_end = self.line_start.saturating_add(limits.head_line_bytes);
        let end = limits.trailer_bytes.min(i32::MAX as usize);
        if len <= line_end.min(end) {
            return Ok(());
        }
        let (name, limit) = if end <= line_end {
            ("trailer_bytes", limits.trailer_bytes)
        } else {
            ("head_line_bytes", limits.head_line_bytes)
        };
        let exceeded = LimitExceeded { name, limit: limit as u64, found: (limit as u64).saturating_add(1) };
        let room = line_end.min(end).saturating_sub(self.bytes.len());
        Err(ProtocolError::Limit(exceeded).after(room.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complete_size_lines_are_parsed_in_one_step() {
        let line = |text: &str| plain_line(&State::Size(0), text.as_bytes());
        let all = ["5", "09", "a", "F", "1aB9", "0123cdef", "ffffffff"];
        for digits in all {
            let size = u64::from_str_radix(digits, 16).unwrap();
            assert_eq!(line(&format!("{digits}\r\nrest")), Some((digits.len() + 2, size)), "{digits}");
            let after_data = plain_line(&State::DataCr, format!("\r\n{digits}\r\n").as_bytes());
            assert_eq!(after_data, Some((digits.len() + 4, size)), "{digits}");
        }
        // An end, a truncated line, a line with more than a size, and a long line.
        for text in ["0\r\n", "00\r\n", "", "\r\n", "5", "5\r", "5\n", "5;x\r\n", "5 \r\n", "g\r\n", "012345678\r\n"] {
            assert_eq!(line(text), None, "{text:?}");
        }
        assert_eq!(plain_line(&State::DataCr, b"5\r\n"), None, "the end of the data is due");
    }
}
