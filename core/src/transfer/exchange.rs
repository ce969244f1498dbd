//! Drives the link: its events, its offers, and the embedder's answers.

use super::Transfer;
use super::io::{Event, Side, Want};
use super::machine::{Blocked, Machine};
use super::read_plan::NextPiece;
use super::stage::Stage;
use super::upload::Upload;
use crate::error::{ErrorKind, IoFailure, Misuse, Phase};
use crate::http1::ResponseHead;
use crate::link::{self, LayerKind, Link, LinkEvent};
use crate::route::proxy::Proxy;
use crate::time::Instant;

/// A failed write. A response, or the reason, may have arrived nevertheless, and is awaited for a
/// short time.
#[derive(Clone, Debug)]
pub(super) struct SendFailed {
    pub(super) failure: IoFailure,
    pub(super) at: Instant,
}

/// Returns the phase of establishing the connection. With an https proxy, the layer on the socket
/// is the proxy's TLS.
pub(super) fn establishing(link: &Link, proxy: Option<&Proxy>) -> Phase {
    match link.phase() {
        link::Phase::Establishing(LayerKind::Proxy) => Phase::Proxy,
        _ if proxy.is_some_and(Proxy::is_https) && link.opens_first_layer() => Phase::ProxyTls,
        _ => Phase::Tls,
    }
}

/// The state of the read side.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum ReadSide {
    /// Unknown: a read may block.
    #[default]
    Open,
    Blocked,
    /// It was reported ready, and has not been read since.
    Ready,
}

/// The state of the write side.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum WriteSide {
    #[default]
    Open,
    Blocked,
    /// A write failed: no more writes are offered on this connection.
    Failed,
}

impl Blocked {
    /// Clears the readiness, which holds for one read only: the next may block.
    pub(super) fn read_done(&mut self) {
        if self.read == ReadSide::Ready {
            self.read = ReadSide::Open;
        }
    }
}

impl Transfer {
    /// Whether a read comes before any other offer, because the socket was reported readable.
    pub(crate) fn reads_first(&self) -> bool {
        self.0.blocked.read == ReadSide::Ready
    }
}

impl Machine {
    /// Polls the link. Returns `None` if it failed, which has been handled.
    pub(super) fn poll_link(&mut self) -> Option<LinkEvent> {
        let Some(link) = &mut self.link else {
            self.fail(ErrorKind::Internal("an exchange without a connection"));
            return None;
        };
        let result = link.poll(self.now);
        let progress = link.counters().application;
        if progress != self.attempt.seen {
            self.attempt.seen = progress;
            self.progress = self.now.instant;
        }
        match result {
            Ok(event) => Some(event),
            Err(error) => {
                self.link_failed(error);
                None
            }
        }
    }

    #[inline(never)]
    pub(super) fn step_exchange(&mut self) -> Option<Want> {
        let opening = matches!(self.stage, Stage::Establish { .. });
        if opening && self.link.as_ref().is_some_and(|link| link.is_established()) {
            self.begin_exchange();
            return None;
        }
        if let (false, Some(link)) = (self.link_dirty, &mut self.link) {
            if !link.has_flushed()
                && let Err(error) = link.flush_request()
            {
                self.link_failed(error);
                return None;
            }
            return Some(self.offer());
        }
        match self.poll_link()? {
            LinkEvent::NeedInput => {
                self.link_dirty = false;
                return Some(self.offer());
            }
            LinkEvent::Established => {}
            LinkEvent::Informational(head) => self.informational(head),
            LinkEvent::Head(head) => self.head_received(head),
            // None of these can precede a head, and no upgrade was requested.
            LinkEvent::Body | LinkEvent::End | LinkEvent::Switched => {
                self.fail(ErrorKind::Internal("a body before its head"));
            }
        }
        None
    }

    fn informational(&mut self, head: ResponseHead) {
        if head.status() == http::StatusCode::CONTINUE {
            self.release_body();
        }
        self.pending.event(Event::Informational(head));
    }

    /// Returns the next system call to offer.
    ///
    /// - Bytes that are known to be readable are read first: an early final response ends the
    ///   upload.
    /// - Pending output is written before more body bytes are requested: their source may wait for
    ///   the server.
    /// - Otherwise a read comes last, so that a driver with blocking calls needs no second thread.
    pub(super) fn offer(&self) -> Want {
        if self.blocked.read == ReadSide::Ready {
            Want::Read
        } else if self.can_write() {
            Want::Transmit
        } else if self.wants_body() && !self.blocked.body {
            Want::NeedBody
        } else if self.blocked.read == ReadSide::Open {
            Want::Read
        } else {
            Want::Wait
        }
    }

    /// Returns the next offer of an exchange; `None` if another output or unprocessed input comes
    /// first.
    pub(super) fn offer_at_once(&self) -> Option<Want> {
        let quiet = matches!(self.stage, Stage::Exchange { .. }) && !self.pending.are_waiting() && !self.link_dirty;
        let flushed = quiet && self.link.as_ref().is_some_and(|link| link.has_flushed());
        flushed.then(|| self.offer())
    }

    /// Whether to offer a write. An aborted upload is never resumed, not even in the middle of a
    /// TLS record.
    pub(super) fn can_write(&self) -> bool {
        self.blocked.write == WriteSide::Open
            && !matches!(self.upload, Upload::Stopped { .. })
            && !self.outgoing().is_empty()
    }

    /// Whether the embedder's stream, not the peer, holds up the request.
    pub(super) fn waits_for_stream(&self) -> bool {
        self.wants_body() && (!self.blocked.body || self.outgoing().is_empty())
    }

    fn reads(&self) -> bool {
        matches!(self.stage, Stage::Establish { .. } | Stage::Exchange { .. } | Stage::Deliver(_) | Stage::Drain { .. })
    }

    pub(super) fn received(&mut self, bytes: &[u8]) -> Result<(), Misuse> {
        let reads = self.reads();
        match &mut self.link {
            Some(link) if reads => {
                link.received(bytes);
                self.buffered();
                Ok(())
            }
            _ => Err(Misuse::UnexpectedInput),
        }
    }

    pub(super) fn filled(&mut self, n: usize) -> Result<(), Misuse> {
        let reads = self.reads();
        match &mut self.link {
            Some(link) if reads => {
                if n > link.space().len() {
                    return Err(Misuse::TooManyBytes);
                }
                link.filled(n);
                self.buffered();
                Ok(())
            }
            _ => Err(Misuse::UnexpectedInput),
        }
    }

    /// A read went through the buffer.
    #[inline]
    fn buffered(&mut self) {
        self.blocked.read_done();
        if let Stage::Deliver(delivery) = &mut self.stage {
            delivery.next = NextPiece::Unknown;
        }
    }

    pub(super) fn eof(&mut self) -> Result<(), Misuse> {
        let reads = self.reads();
        match &mut self.link {
            Some(link) if reads => {
                link.receive_eof();
                Ok(())
            }
            _ => Err(Misuse::UnexpectedInput),
        }
    }

    pub(super) fn io_failed(&mut self, side: Side, failure: IoFailure) -> Result<(), Misuse> {
        if side == Side::Body {
            return self.body_failed(failure.text);
        }
        if self.link.is_none() || !self.reads() {
            return Err(Misuse::UnexpectedInput);
        }
        if side == Side::Write {
            self.blocked.write = WriteSide::Failed;
        }
        if matches!(self.stage, Stage::Exchange { .. }) && self.lost() {
            return Ok(());
        }
        match (&mut self.stage, side) {
            (Stage::Drain { then, .. }, _) => {
                let then = *then;
                self.close_link();
                self.after_body(then);
            }
            (
                Stage::Exchange { send_failed: Some(first) } | Stage::Establish { send_failed: Some(first), .. },
                Side::Read,
            ) => {
                let first = first.failure.clone();
                self.fail(ErrorKind::Io(first));
            }
            (Stage::Exchange { send_failed: Some(_) } | Stage::Establish { send_failed: Some(_), .. }, Side::Write) => {
            }
            (Stage::Establish { send_failed, .. }, Side::Write) => {
                // The peer may have sent the reason, in an alert or a refusal.
                *send_failed = Some(Box::new(SendFailed { failure, at: self.now.instant }));
            }
            (Stage::Exchange { send_failed }, Side::Write) => {
                *send_failed = Some(Box::new(SendFailed { failure, at: self.now.instant }));
                // The stream may have caused the wait until now.
                self.progress = self.now.instant;
                self.abort_upload();
            }
            (Stage::Deliver(_), Side::Write) => self.abort_upload(),
            _ => self.fail(ErrorKind::Io(failure)),
        }
        Ok(())
    }

    pub(super) fn park(&mut self, side: Side, blocked: bool) -> Result<(), Misuse> {
        match (side, self.blocked.write) {
            (Side::Read, _) => self.blocked.read = if blocked { ReadSide::Blocked } else { ReadSide::Ready },
            (Side::Write, WriteSide::Failed) => {}
            (Side::Write, _) => self.blocked.write = if blocked { WriteSide::Blocked } else { WriteSide::Open },
            (Side::Body, _) => {
                self.blocked.body = blocked;
                // The time of the embedder's stream does not count against the peer.
                self.progress = self.now.instant;
            }
        }
        Ok(())
    }

    pub(super) fn abort_upload(&mut self) {
        self.upload = self.upload.stopped();
        if let Some(link) = &mut self.link {
            link.abort_body();
        }
    }
}
