//! The request body on its way out: from memory without a copy where that is possible, or pushed by the embedder.

use super::{Machine, Stage, Transfer};
use crate::body::Body;
use crate::error::{ErrorKind, Misuse};
use crate::http1;

/// A body of at most this size is copied behind the head, so that both leave in one write; a larger one is written
/// straight from the caller's memory.
const COPY: usize = 16 * 1024;

/// How far the request body has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upload {
    /// It waits for 100 (Continue), since that time of the monotonic clock (T53).
    Held(crate::Instant),
    /// It is being sent; so many bytes of it are on their way.
    Sending { sent: u64 },
    /// All of it has been handed over.
    Finished,
    /// It was given up: the final response came first.
    Stopped,
}

impl Transfer {
    /// The bytes that come after all of [`Transfer::outgoing`] and may go out in the same system call (`writev`).
    /// `Input::Wrote` counts both together.
    pub fn outgoing_next(&self) -> &[u8] {
        self.0.outgoing_next()
    }
}

impl Machine {
    pub(super) fn begin_upload(&mut self) {
        self.upload = if self.attempt.expect { Upload::Held(self.now.instant) } else { Upload::Sending { sent: 0 } };
        self.feed_upload();
    }

    /// Moves as much of a body in memory into the link as there is room for.
    pub(super) fn feed_upload(&mut self) {
        let (Upload::Sending { sent }, Some(link)) = (&mut self.upload, &mut self.link) else { return };
        let done = match &self.request.body {
            Body::Empty => true,
            Body::Bytes(bytes) => {
                let direct = bytes.len() > COPY && link.is_plain();
                if !direct {
                    let rest = |sent: u64| bytes.get(usize::try_from(sent).unwrap_or(usize::MAX)..).unwrap_or_default();
                    while let Ok(n @ 1..) = link.send_body(rest(*sent)) {
                        *sent += n as u64;
                    }
                }
                *sent >= bytes.len() as u64
            }
            Body::Stream { length, .. } => *length == Some(*sent),
        };
        if done {
            self.finish_upload();
        }
    }

    fn finish_upload(&mut self) {
        let Some(link) = &mut self.link else { return };
        self.upload = Upload::Finished;
        if link.http().owes_body() && link.finish_body(None).is_err() {
            self.fail(ErrorKind::RequestBody("ended before its declared length".into()));
        }
    }

    /// The part of a large body in memory that can be written as it lies.
    fn direct(&self) -> &[u8] {
        match (&self.upload, &self.request.body, &self.link) {
            (Upload::Sending { sent }, Body::Bytes(bytes), Some(link)) if bytes.len() > COPY && link.is_plain() => {
                bytes.get(usize::try_from(*sent).unwrap_or(usize::MAX)..).unwrap_or_default()
            }
            _ => &[],
        }
    }

    pub(super) fn outgoing_next(&self) -> &[u8] {
        match &self.link {
            Some(link) if !link.outgoing().is_empty() => self.direct(),
            _ => &[],
        }
    }

    pub(super) fn outgoing(&self) -> &[u8] {
        let Some(link) = &self.link else { return &[] };
        let out = link.outgoing();
        if out.is_empty() { self.direct() } else { out }
    }

    pub(super) fn wrote(&mut self, n: usize) -> Result<(), Misuse> {
        if n == 0 {
            return Ok(());
        }
        let queued = self.link.as_ref().map_or(0, |link| link.outgoing().len()).min(n);
        let straight = n - queued;
        if straight > 0 && straight > self.direct().len() {
            return Err(Misuse::TooMany);
        }
        let Some(link) = &mut self.link else { return Err(Misuse::NotAsked) };
        link.wrote(queued);
        if let (Upload::Sending { sent }, true) = (&mut self.upload, straight > 0) {
            link.bypass(straight).map_err(|_| Misuse::TooMany)?;
            *sent += straight as u64;
        }
        self.progress = self.now.instant;
        self.feed_upload();
        if self.attempt.sent_at.is_none() && matches!(self.stage, Stage::Exchange { .. }) && self.request_is_sent() {
            self.attempt.sent_at = Some(self.now.instant);
        }
        Ok(())
    }

    /// Whether the embedder's body stream is wanted now.
    pub(super) fn wants_body(&self) -> bool {
        matches!(self.upload, Upload::Sending { .. })
            && matches!(self.request.body, Body::Stream { .. })
            && matches!(self.stage, Stage::Exchange { .. } | Stage::Deliver(_))
            && self.link.as_ref().is_some_and(|link| link.outgoing().len() < COPY && link.body_room() > 0)
    }

    pub(super) fn push_body(&mut self, now: crate::Now, bytes: &[u8]) -> Result<usize, Misuse> {
        self.set_now(now);
        let sends = matches!(self.stage, Stage::Exchange { .. } | Stage::Deliver(_));
        if !sends || !matches!(self.request.body, Body::Stream { .. }) {
            return Err(Misuse::NotAsked);
        }
        if self.expire() {
            // Nothing more is wanted.
            return Ok(bytes.len());
        }
        let (Upload::Sending { sent }, Some(link)) = (&mut self.upload, &mut self.link) else {
            return Err(Misuse::NotAsked);
        };
        match link.send_body(bytes) {
            Ok(n) => {
                *sent += n as u64;
                self.parked.body = false;
                self.progress = now.instant;
                self.feed_upload();
                Ok(n)
            }
            Err(http1::Misuse::NoBody | http1::Misuse::AwaitingContinue) => Err(Misuse::NotAsked),
            Err(_) => {
                self.fail(ErrorKind::RequestBody("longer than its declared length".into()));
                Ok(bytes.len())
            }
        }
    }

    pub(super) fn body_end(&mut self) -> Result<(), Misuse> {
        match (self.upload, &self.request.body) {
            (Upload::Sending { .. }, Body::Stream { .. }) => {
                self.parked.body = false;
                self.progress = self.now.instant;
                self.finish_upload();
                Ok(())
            }
            // Everything had been taken already, or nothing more is wanted.
            (Upload::Finished | Upload::Stopped, Body::Stream { .. }) => Ok(()),
            _ => Err(Misuse::NotAsked),
        }
    }

    pub(super) fn body_failed(&mut self, words: String) -> Result<(), Misuse> {
        match (self.upload, &self.request.body) {
            (Upload::Held(_) | Upload::Sending { .. }, Body::Stream { .. }) => {
                self.fail(ErrorKind::RequestBody(words));
                Ok(())
            }
            (Upload::Finished | Upload::Stopped, Body::Stream { .. }) => Ok(()),
            _ => Err(Misuse::NotAsked),
        }
    }

    /// The final response is there although the request is not (T52): a short rest of known length is still sent, so that
    /// the connection can be kept; anything else is given up.
    pub(super) fn stop_upload(&mut self) {
        let head_sent = self.link.as_ref().is_some_and(|link| link.http().head_sent());
        let rest = match self.upload {
            Upload::Stopped => return,
            Upload::Finished if head_sent => return,
            // It answers nothing that we asked: the connection serves no other request.
            _ if !head_sent => None,
            Upload::Finished | Upload::Held(_) => None,
            Upload::Sending { sent } => self.request.body.length().map(|length| length.saturating_sub(sent)),
        };
        let memory = matches!(self.request.body, Body::Bytes(_));
        if !memory || rest.is_none_or(|rest| rest > self.request.settings.limits.drain_bytes) {
            self.upload = Upload::Stopped;
            if let Some(link) = &mut self.link {
                link.abort_body();
            }
        }
    }

    pub(super) fn request_is_sent(&self) -> bool {
        let Some(link) = &self.link else { return true };
        let handed_over = match self.upload {
            Upload::Finished => link.http().request_sent(),
            Upload::Stopped => true,
            Upload::Held(_) | Upload::Sending { .. } => false,
        };
        handed_over && link.outgoing().is_empty() && link.has_flushed()
    }

    /// 100 (Continue) came, or was waited for long enough.
    pub(super) fn release_body(&mut self) {
        if let Upload::Held(_) = self.upload {
            if let Some(link) = &mut self.link {
                link.stop_waiting();
            }
            self.upload = Upload::Sending { sent: 0 };
            self.feed_upload();
        }
    }
}
