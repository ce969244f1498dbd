//! Finding the end of a head, line by line, and nothing twice.
//!
//! Decides: where the head ends, whether the first line is a status line, and whether a limit is met. All of it
//! is decided at byte positions that do not depend on how the input was split: a limit is met by the first byte
//! beyond it, a line is judged by its LF, the protocol's name by its seventh byte, or by its first wrong one where the
//! connection had served another request: what is left of that may be short, and nothing may follow it. The fields themselves are left
//! to `parse`, once the whole head is there.

use super::config::{Config, Leniency, LeniencySet};
use super::error::{Excerpt, Part, ProtocolError, Refused};
use super::status_line::{self, StatusLine};
use crate::byte_search;
use crate::limits::LimitExceeded;

/// What one line was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// One more line of the head.
    Within,
    /// An empty line before the head, to be thrown away.
    Leading,
    /// The empty line that ends the head.
    End,
}

/// How far into a head the scan has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scan {
    line_start: usize,
    pub(crate) status: Option<StatusLine>,
    pub(crate) fields: usize,
    pub(crate) folded: bool,
    pub(crate) used: LeniencySet,
}

/// What the scan is to respect: settled before a head begins.
pub(crate) struct ScanRules<'a> {
    pub(crate) config: &'a Config,
    /// Bytes that all heads of this exchange may still have.
    pub(crate) heads_left: usize,
    /// Whether an empty line may come first.
    pub(crate) leading_empty_line: bool,
    /// Whether the connection had served another request.
    pub(crate) served: bool,
}

const PREFIX: &[u8] = b"HTTP/1.";

impl Scan {
    /// Takes the next line. `head` is the head so far, up to and including the LF of that line.
    pub(crate) fn line(&mut self, head: &[u8], rules: &ScanRules<'_>) -> Result<Line, Refused> {
        self.check(head, head.len(), rules)?;
        self.judge(head, rules).map_err(|error| error.after(head.len()))
    }

    /// The line is there in full, and no limit on size is met.
    fn judge(&mut self, head: &[u8], rules: &ScanRules<'_>) -> Result<Line, ProtocolError> {
        let leniencies = &rules.config.leniencies;
        let line = head.get(self.line_start..).unwrap_or_default();
        #[cfg(test)]
        steps::add(line.len());
        let (content, bare) = match line {
            [content @ .., b'\r', b'\n'] => (content, false),
            [content @ .., b'\n'] => (content, true),
            _ => (line, false),
        };
        if bare {
            if !leniencies.bare_lf {
                // Garbage is called garbage, however its lines end.
                if self.status.is_none() {
                    check_prefix(line)?;
                }
                return Err(ProtocolError::BareLf { part: Part::Head });
            }
            self.used.insert(Leniency::BareLf);
        }
        let Some(&first) = content.first() else {
            if self.status.is_some() {
                return Ok(Line::End);
            }
            if !rules.leading_empty_line {
                return Err(ProtocolError::LeadingEmptyLine);
            }
            self.used.insert(Leniency::LeadingEmptyLine);
            return Ok(Line::Leading);
        };
        if self.status.is_none() {
            check_prefix(line)?;
            self.status = Some(status_line::parse(content, rules.config, &mut self.used)?);
        } else if first == b' ' || first == b'\t' {
            self.folded = true;
        } else {
            self.fields = self.fields.saturating_add(1);
            let limit = rules.config.limits.most_head_fields();
            LimitExceeded::check("head_fields", limit as u64, self.fields as u64)?;
        }
        self.line_start = head.len();
        Ok(Line::Within)
    }

    /// Looks at the size of a head that has come to `len` bytes, and at its beginning, of which `first` may be a part
    /// only: then nothing is decided until there is more of it.
    pub(crate) fn check(&self, first: &[u8], len: usize, rules: &ScanRules<'_>) -> Result<(), Refused> {
        if self.status.is_none() {
            if let Some(wrong) = first_wrong(first).filter(|_| rules.served) {
                self.check_size(wrong.len(), rules)?;
                return Err(ProtocolError::NotHttp1 { seen: Excerpt::new(wrong) }.after(wrong.len()));
            }
            match first.get(..PREFIX.len()) {
                Some(prefix) => {
                    // A limit below seven bytes comes first, one above it last.
                    self.check_size(PREFIX.len(), rules)?;
                    check_prefix(prefix).map_err(|error| error.after(PREFIX.len()))?;
                }
                None if first.len() < len => return Ok(()),
                None => {}
            }
        }
        self.check_size(len, rules)
    }

    /// Whether the head so far begins as a status line does.
    pub(crate) fn can_be_response(&self, head: &[u8]) -> bool {
        self.status.is_some() || check_prefix(head).is_ok()
    }

    /// Why a head that ends here is wrong, beyond being cut short.
    pub(crate) fn cut(&self, head: &[u8]) -> ProtocolError {
        if self.status.is_none()
            && let Err(wrong) = check_prefix(head)
        {
            return wrong;
        }
        let bare_cr = byte_search::memchr_iter(b'\r', head).any(|at| head.get(at + 1).is_some_and(|&b| b != b'\n'));
        if bare_cr {
            return ProtocolError::BareCr { part: Part::Head };
        }
        ProtocolError::Truncated { part: Part::Head, got: head.len() as u64, expected: None }
    }

    // The limit that is met first, counted in bytes from the start of the head, is the one that is reported.
    fn check_size(&self, len: usize, rules: &ScanRules<'_>) -> Result<(), Refused> {
        let limits = &rules.config.limits;
        let line_end = self.line_start.saturating_add(limits.head_line_bytes);
        let head_end = limits.head_bytes.min(i32::MAX as usize);
        let most = line_end.min(head_end).min(rules.heads_left);
        if len <= most {
            return Ok(());
        }
        let (name, limit) = if head_end <= line_end && head_end <= rules.heads_left {
            ("head_bytes", limits.head_bytes)
        } else if line_end <= rules.heads_left {
            ("head_line_bytes", limits.head_line_bytes)
        } else {
            ("all_heads_bytes", limits.all_heads_bytes)
        };
        let exceeded = LimitExceeded { name, limit: limit as u64, seen: (limit as u64).saturating_add(1) };
        Err(ProtocolError::Limit(exceeded).after(most.saturating_add(1)))
    }
}

/// The beginning of a line up to the first byte that is not of a status line. None of an empty line is: its LF judges it.
fn first_wrong(line: &[u8]) -> Option<&[u8]> {
    if let [b'\r'] | [b'\r', b'\n', ..] | [b'\n', ..] = line {
        return None;
    }
    let at = line.iter().zip(PREFIX).position(|(seen, meant)| seen != meant)?;
    line.get(..=at)
}

fn check_prefix(line: &[u8]) -> Result<(), ProtocolError> {
    #[cfg(test)]
    steps::add(PREFIX.len());
    let start = line.get(..PREFIX.len()).unwrap_or(line);
    if PREFIX.starts_with(start) { Ok(()) } else { Err(ProtocolError::NotHttp1 { seen: Excerpt::new(start) }) }
}

/// How many bytes were looked at, so that a test can tell linear work from quadratic.
#[cfg(test)]
pub(crate) mod steps {
    use std::cell::Cell;

    thread_local!(static STEPS: Cell<usize> = const { Cell::new(0) });

    pub(crate) fn add(n: usize) {
        STEPS.with(|steps| steps.set(steps.get() + n));
    }

    /// The bytes looked at while `f` runs.
    pub(crate) fn count(f: impl FnOnce()) -> usize {
        STEPS.with(|steps| steps.set(0));
        f();
        STEPS.with(Cell::get)
    }
}
