//! Finds the end of a head line by line, without reading a byte twice.
//!
//! Decides where the head ends, whether the first line is a status line, and whether a limit is
//! exceeded. Each decision falls at a byte position that does not depend on how the input was
//! split. A limit is exceeded at the first byte beyond it, and a line is checked at its LF. The
//! protocol name is checked at its seventh byte; on a reused connection, at its first invalid byte,
//! since leftovers may be short and nothing may follow. `parse` handles the fields once the head is
//! complete.

use super::config::{Config, Leniency, LeniencySet};
use super::error::{Excerpt, Part, ProtocolError, Refused};
use super::status_line::{self, StatusLine};
use crate::byte_search;
use crate::limits::LimitExceeded;

/// The classification of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// One more line of the head.
    Within,
    /// An empty line before the head, to be skipped.
    Leading,
    /// The empty line that ends the head.
    End,
}

/// The progress of the scan through a head.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scan {
    line_start: usize,
    pub(crate) status: Option<StatusLine>,
    pub(crate) fields: usize,
    pub(crate) folded: bool,
    pub(crate) used: LeniencySet,
}

/// The rules for a scan, fixed before the head begins.
pub(crate) struct ScanRules<'a> {
    pub(crate) config: &'a Config,
    /// The bytes left for all heads of this exchange.
    pub(crate) heads_left: usize,
    /// Whether an empty line may precede the head.
    pub(crate) leading_empty_line: bool,
    /// Whether the connection has served another request.
    pub(crate) served: bool,
}

const PREFIX: &[u8] = b"HTTP/1.";

impl Scan {
    /// Processes the next line. `head` is the head so far, up to and including the LF of that line.
    pub(crate) fn line(&mut self, head: &[u8], rules: &ScanRules<'_>) -> Result<Line, Refused> {
        self.check(head, head.len(), rules)?;
        self.classify(head, rules).map_err(|error| error.after(head.len()))
    }

    /// Classifies a complete line that exceeds no size limit.
    fn classify(&mut self, head: &[u8], rules: &ScanRules<'_>) -> Result<Line, ProtocolError> {
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
                // Report garbage as such, however its lines end.
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

    /// Checks the size of a head of `len` bytes so far, and its start. `first` may be only part of
    /// the head; the check of the start then waits for more.
    pub(crate) fn check(&self, first: &[u8], len: usize, rules: &ScanRules<'_>) -> Result<(), Refused> {
        if self.status.is_none() {
            if let Some(invalid) = first_wrong(first).filter(|_| rules.served) {
                self.check_size(invalid.len(), rules)?;
                return Err(ProtocolError::NotHttp1 { excerpt: Excerpt::new(invalid) }.after(invalid.len()));
            }
            match first.get(..PREFIX.len()) {
                Some(prefix) => {
                    // A limit below seven bytes applies first, one above applies last.
                    self.check_size(PREFIX.len(), rules)?;
                    check_prefix(prefix).map_err(|error| error.after(PREFIX.len()))?;
                }
                None if first.len() < len => return Ok(()),
                None => {}
            }
        }
        self.check_size(len, rules)
    }

    /// Whether the head so far starts like a status line.
    pub(crate) fn can_be_response(&self, head: &[u8]) -> bool {
        self.status.is_some() || check_prefix(head).is_ok()
    }

    /// Returns the error for a head that ends here: its own fault if it has one, otherwise
    /// truncation.
    pub(crate) fn cut(&self, head: &[u8]) -> ProtocolError {
        if self.status.is_none()
            && let Err(invalid) = check_prefix(head)
        {
            return invalid;
        }
        let bare_cr = byte_search::memchr_iter(b'\r', head).any(|at| head.get(at + 1).is_some_and(|&b| b != b'\n'));
        if bare_cr {
            return ProtocolError::BareCr { part: Part::Head };
        }
        ProtocolError::Truncated { part: Part::Head, received: head.len() as u64, expected: None }
    }

    // Of several limits, the one exceeded first, in bytes from the start of the head, is reported.
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
        let exceeded = LimitExceeded { name, limit: limit as u64, found: (limit as u64).saturating_add(1) };
        Err(ProtocolError::Limit(exceeded).after(most.saturating_add(1)))
    }
}

/// Returns the start of a line up to the first byte that does not belong to a status line. Returns
/// `None` for an empty line, which is checked at its LF.
fn first_wrong(line: &[u8]) -> Option<&[u8]> {
    if let [b'\r'] | [b'\r', b'\n', ..] | [b'\n', ..] = line {
        return None;
    }
    let at = line.iter().zip(PREFIX).position(|(byte, expected)| byte != expected)?;
    line.get(..=at)
}

fn check_prefix(line: &[u8]) -> Result<(), ProtocolError> {
    #[cfg(test)]
    steps::add(PREFIX.len());
    let start = line.get(..PREFIX.len()).unwrap_or(line);
    if PREFIX.starts_with(start) { Ok(()) } else { Err(ProtocolError::NotHttp1 { excerpt: Excerpt::new(start) }) }
}

/// Counts processed bytes, so that a test can tell linear from quadratic work.
#[cfg(test)]
pub(crate) mod steps {
    use std::cell::Cell;

    thread_local!(static STEPS: Cell<usize> = const { Cell::new(0) });

    pub(crate) fn add(n: usize) {
        STEPS.with(|steps| steps.set(steps.get() + n));
    }

    /// Returns the number of bytes processed while `f` runs.
    pub(crate) fn count(f: impl FnOnce()) -> usize {
        STEPS.with(|steps| steps.set(0));
        f();
        STEPS.with(Cell::get)
    }
}
