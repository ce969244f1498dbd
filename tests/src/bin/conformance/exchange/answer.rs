//! The result of an operation, and whether it is what the operation requested.
//!
//! The library delivers any response. This module judges what a program makes of its status, and of
//! responses to range and conditional requests.

use petition_core::UnixTime;
use petition_core::http_date::parse_http_date;
use petition_core::http1::ResponseHead;
use serde_json::{Value, json};

use super::class;
use super::op::{Condition, Op};
use super::transport::Exchanged;
use crate::latin1;

/// The outcome of one operation.
pub(super) struct Outcome {
    pub(super) head: Option<ResponseHead>,
    body: Vec<u8>,
    /// The class, and the text.
    pub(super) error: Option<(&'static str, String)>,
}

impl Outcome {
    /// Nothing was sent.
    pub(super) fn unsent(class: &'static str, words: String) -> Outcome {
        Outcome { head: None, body: Vec::new(), error: Some((class, words)) }
    }

    /// Judges a response.
    pub(super) fn of(op: &Op, exchanged: Exchanged) -> Outcome {
        let Exchanged { head, body, error } = exchanged;
        let error = error.map(|error| (class::of(&error), error.to_string()));
        let mut outcome = Outcome { head, body, error };
        if outcome.error.is_none() {
            outcome.judge(op);
        }
        outcome
    }

    fn judge(&mut self, op: &Op) {
        let Some(head) = &self.head else { return };
        let status = head.status().as_u16();
        let ranged = op.resume_from.filter(|_| !op.is_upload());
        if ranged.is_some_and(|from| status == 416 || status == 200 && length(head) == Some(from)) {
            // The body is complete, even if failures are not wanted.
            self.body.clear();
        } else if op.fail && status >= 400 {
            self.error = Some(("http-error", format!("status {status}")));
        } else if op.follow && op.max_redirs == Some(0) && is_redirect(head) {
            // For the library, a limit of 0 means that the redirect is the response.
            self.error = Some(("too-many-redirects", "the first one".into()));
        } else if ranged.is_some_and(|from| starts_at(head) != Some(from)) {
            self.error = Some(("range-refused", format!("status {status}")));
        } else if op.condition.is_some_and(|condition| !is_met(condition, head)) {
            self.body.clear();
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let head = self.head.as_ref();
        json!({
            "error": self.error.as_ref().map(|(class, _)| class),
            "message": self.error.as_ref().map(|(_, words)| words),
            "status": head.map(|head| head.status().as_u16()),
            "headers": head.map(|head| latin1::fields(head.fields().iter())),
            "body": latin1::string(&self.body),
        })
    }
}

fn is_redirect(head: &ResponseHead) -> bool {
    matches!(head.status().as_u16(), 301 | 302 | 303 | 307 | 308) && head.get("location").is_some()
}

/// Returns the length of the whole document.
fn length(head: &ResponseHead) -> Option<u64> {
    std::str::from_utf8(head.get("content-length")?).ok()?.trim().parse().ok()
}

/// Returns the first byte of the range: `Content-Range: bytes 50-99/100` (RFC 9110 §14.4).
fn starts_at(head: &ResponseHead) -> Option<u64> {
    let text = std::str::from_utf8(head.get("content-range")?).ok()?;
    let range = text.trim().strip_prefix("bytes")?.trim_start_matches([' ', ':']);
    range.split('-').next()?.trim().parse().ok()
}

/// Returns whether the document's modification time fulfils the condition; without a time it does.
fn is_met(condition: Condition, head: &ResponseHead) -> bool {
    // Only two-digit years depend on the present.
    let present = UnixTime(1_790_000_000);
    let changed = head.get("last-modified").and_then(|text| parse_http_date(text, present));
    match (condition, changed) {
        (_, None) => true,
        (Condition::ModifiedSince(time), Some(changed)) => changed > time,
        (Condition::UnmodifiedSince(time), Some(changed)) => changed < time,
    }
}
