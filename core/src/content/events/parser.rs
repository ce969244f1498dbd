//! Parses an event stream (WHATWG HTML §9.2.5, §9.2.6).
//!
//! Lines end in CR, LF or CRLF. One byte order mark at the start is ignored. The text is UTF-8, and
//! malformed bytes become U+FFFD. Line ends are ASCII, so each line can be decoded by itself. An
//! incomplete event at the end of the stream is dropped.

use std::fmt;
use std::time::Duration;

use super::MessageEvent;
use crate::byte_search::memchr2;
use crate::limits::{LimitExceeded, Limits};

/// The longest ID of an event. A longer one is ignored, since each event carries a copy, and each
/// reconnection sends it.
const ID_BYTES: usize = 4096;

/// An incremental parser for one event stream.
///
/// ```
/// use petition_core::Limits;
/// use petition_core::content::events::Parser;
///
/// let mut parser = Parser::new(&Limits::DEFAULT);
/// let bytes = b"id: 7\ndata: one\ndata: two\n\ndata: th";
/// let (consumed, event) = parser.parse(bytes)?;
/// assert_eq!(event.unwrap().data, "one\ntwo");
/// assert_eq!(parser.parse(&bytes[consumed..])?, (8, None));
/// assert_eq!(parser.last_event_id(), "7");
/// # Ok::<(), petition_core::LimitExceeded>(())
/// ```
#[derive(Clone)]
pub struct Parser {
    line_bytes: usize,
    event_bytes: usize,
    /// The received part of the current line.
    line: Vec<u8>,
    /// Whether the last byte was a CR. A following LF belongs to the same line end.
    after_cr: bool,
    /// Whether the first line has ended.
    begun: bool,
    event: String,
    data: String,
    /// Whether the current event has a data field, which may be empty.
    has_data: bool,
    /// The ID that the current event sets.
    id: Option<String>,
    last_event_id: String,
    retry: Option<Duration>,
    failed: Option<LimitExceeded>,
}

impl Parser {
    /// Creates a parser with these limits: [`Limits::line_bytes`] and [`Limits::event_bytes`].
    pub fn new(limits: &Limits) -> Parser {
        Parser::resumed(limits, String::new())
    }

    /// Creates a parser for a stream that resumes after the event with this ID.
    pub fn resumed(limits: &Limits, last_event_id: String) -> Parser {
        Parser {
            line_bytes: limits.line_bytes,
            event_bytes: limits.event_bytes,
            line: Vec::new(),
            after_cr: false,
            begun: false,
            event: String::new(),
            data: String::new(),
            has_data: false,
            id: None,
            last_event_id,
            retry: None,
            failed: None,
        }
    }

    /// Parses bytes up to the end of the next event. Returns the number of consumed bytes, and the
    /// event. If no event is complete, all bytes are consumed.
    ///
    /// # Errors
    /// A line or the data of an event exceeds its limit. Every later call returns the same error.
    pub fn parse(&mut self, bytes: &[u8]) -> Result<(usize, Option<MessageEvent>), LimitExceeded> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        self.advance(bytes).inspect_err(|error| self.failed = Some(*error))
    }

    /// Returns the ID of the last event that set one, for the field `Last-Event-ID`.
    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// Returns the last reconnection time that the stream set. No limit is applied to it.
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    fn advance(&mut self, bytes: &[u8]) -> Result<(usize, Option<MessageEvent>), LimitExceeded> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if std::mem::take(&mut self.after_cr)
                && let Some(tail) = rest.strip_prefix(b"\n")
            {
                rest = tail;
                continue;
            }
            let Some(end) = memchr2(b'\r', b'\n', rest) else {
                self.extend_line(rest)?;
                break;
            };
            let (part, tail) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            self.extend_line(part)?;
            self.after_cr = tail.starts_with(b"\r");
            rest = tail.get(1..).unwrap_or_default();
            if let Some(event) = self.end_line()? {
                return Ok((bytes.len() - rest.len(), Some(event)));
            }
        }
        Ok((bytes.len(), None))
    }

    fn extend_line(&mut self, part: &[u8]) -> Result<(), LimitExceeded> {
        check("line_bytes", self.line_bytes, self.line.len().saturating_add(part.len()))?;
        self.line.extend_from_slice(part);
        Ok(())
    }

    fn end_line(&mut self) -> Result<Option<MessageEvent>, LimitExceeded> {
        let mut buffer = std::mem::take(&mut self.line);
        let mut line = buffer.as_slice();
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        }
        let event = if line.is_empty() {
            self.dispatch()
        } else {
            self.field(line)?;
            None
        };
        buffer.clear();
        // Reuse the allocation for the next line, unless it is large.
        if buffer.capacity() <= 4096 {
            self.line = buffer;
        }
        Ok(event)
    }

    fn field(&mut self, line: &[u8]) -> Result<(), LimitExceeded> {
        let mut parts = line.splitn(2, |&byte| byte == b':');
        let name = parts.next().unwrap_or_default();
        let value = parts.next().unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => {
                let text = String::from_utf8_lossy(value);
                let separator = usize::from(self.has_data);
                check("event_bytes", self.event_bytes, self.data.len() + separator + text.len())?;
                if separator == 1 {
                    self.data.push('\n');
                }
                self.data.push_str(&text);
                self.has_data = true;
            }
            b"event" => self.event = String::from_utf8_lossy(value).into_owned(),
            b"id" if !value.contains(&0) => {
                let id = String::from_utf8_lossy(value);
                if id.len() <= ID_BYTES {
                    self.id = Some(id.into_owned());
                }
            }
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                let digits = std::str::from_utf8(value).unwrap_or_default();
                self.retry = Some(Duration::from_millis(digits.parse().unwrap_or(u64::MAX)));
            }
            // Comments have an empty name.
            _ => {}
        }
        Ok(())
    }

    fn dispatch(&mut self) -> Option<MessageEvent> {
        if let Some(id) = self.id.take() {
            self.last_event_id = id;
        }
        let event = std::mem::take(&mut self.event);
        let data = std::mem::take(&mut self.data);
        // WHATWG HTML dispatches no event whose data is empty.
        if !std::mem::take(&mut self.has_data) || data.is_empty() {
            return None;
        }
        let event = if event.is_empty() { "message".to_owned() } else { event };
        Some(MessageEvent { event, data, id: self.last_event_id.clone() })
    }
}

fn check(name: &'static str, limit: usize, found: usize) -> Result<(), LimitExceeded> {
    match found > limit {
        // The actual excess would depend on how the bytes were split.
        true => Err(LimitExceeded { name, limit: limit as u64, found: (limit as u64).saturating_add(1) }),
        false => Ok(()),
    }
}

impl fmt::Debug for Parser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parser")
            .field("line_bytes", &self.line.len())
            .field("data_bytes", &self.data.len())
            .field("retry", &self.retry)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
