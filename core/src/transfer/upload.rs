//! Sends the request body: from memory, without copying if possible, or pushed by the embedder.

use super::Transfer;
use super::machine::Machine;
use super::stage::Stage;
use crate::error::{ErrorKind, Misuse};
use crate::http1;
use crate::request::body::Body;

/// A body of at most this size is copied after the head, so that both leave in one write. A larger
/// one is written directly from the caller's memory.
const COPY: usize = 16 * 1024;

/// Smaller pieces are gathered into one chunk while earlier output is pending: alone they would be
/// mostly framing.
const SMALL: usize = 1024;

/// The state of the request body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upload {
    /// It waits for 100 (Continue), since this time.
    Held(crate::Instant),
    /// It is being sent; `sent` bytes have been handed to the link.
    Sending { sent: u64 },
    /// All of it has been handed to the link.
    Finished,
    /// It was aborted, since the final response came first. `touched` says whether any of it was
    /// consumed.
    Stopped { touched: bool },
}

impl Upload {
    /// Returns the state after an abort.
    pub(super) fn stopped(self) -> Upload {
        Upload::Stopped {
            touched: !matches!(
                self,
                Upload::Held(_) | Upload::Sending { sent: 0 } | Upload::Stopped { touched: false }
            ),
        }
    }
}

impl Transfer {
    /// Whether the request body is being sent; an early response ends that.
    pub(crate) fn is_uploading(&self) -> bool {
        matches!(self.0.upload, Upload::Held(_) | Upload::Sending { .. })
    }

    /// Returns the bytes that follow [`Transfer::outgoing`] and may leave in the same system call
    /// (`writev`). `Input::Wrote` counts both together.
    pub fn outgoing_next(&self) -> &[u8] {
        self.0.outgoing_next()
    }
}

impl Machine {
    pub(super) fn begin_upload(&mut self) {
        drop(self.chain.take_gathered());
        self.upload = if self.attempt.expect { Upload::Held(self.now.instant) } else { Upload::Sending { sent: 0 } };
        self.feed_upload();
    }

    /// Moves as much of an in-memory body into the link as fits.
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
            Body::Stream { length, .. } => {
                if !self.chain.gathered().is_empty() && link.outgoing().is_empty() {
                    // All of it fits.
                    let _ = link.send_body(&self.chain.take_gathered());
                }
                *length == Some(*sent)
            }
        };
        if done {
            self.finish_upload();
        }
    }

    fn finish_upload(&mut self) {
        let Some(link) = &mut self.link else { return };
        let gathered = self.chain.take_gathered();
        if !gathered.is_empty() {
            let _ = link.send_body(&gathered);
        }
        self.upload = Upload::Finished;
        if link.http().owes_body() && link.finish_body(None).is_err() {
            self.fail(ErrorKind::RequestBody("ended before its declared length".into()));
        }
    }

    /// Returns the part of a large in-memory body that can be written without copying.
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
        let direct_bytes = n - queued;
        if direct_bytes > 0 && direct_bytes > self.direct().len() {
            return Err(Misuse::TooManyBytes);
        }
        let Some(link) = &mut self.link else { return Err(Misuse::UnexpectedInput) };
        link.wrote(queued);
        if let (Upload::Sending { sent }, true) = (&mut self.upload, direct_bytes > 0) {
            link.bypass(direct_bytes).map_err(|_| Misuse::TooManyBytes)?;
            *sent += direct_bytes as u64;
        }
        self.progress = self.now.instant;
        self.feed_upload();
        if self.attempt.sent_at.is_none() && matches!(self.stage, Stage::Exchange { .. }) && self.request_is_sent() {
            self.attempt.sent_at = Some(self.now.instant);
        }
        Ok(())
    }

    /// Whether body bytes are requested from the embedder's stream now.
    #[inline]
    pub(super) fn wants_body(&self) -> bool {
        matches!(self.upload, Upload::Sending { .. }) && self.stream_has_room()
    }

    fn stream_has_room(&self) -> bool {
        matches!(self.request.body, Body::Stream { .. })
            && matches!(self.stage, Stage::Exchange { .. } | Stage::Deliver(_))
            && self.link.as_ref().is_some_and(|link| link.outgoing().len() + self.chain.gathered().len() < COPY)
            && self.body_room() > 0
    }

    /// Returns how many body bytes can be accepted now.
    pub(super) fn body_room(&self) -> usize {
        let room = self.link.as_ref().map_or(0, |link| link.body_room());
        room.saturating_sub(self.chain.gathered().len())
    }

    pub(super) fn push_body(&mut self, now: crate::Now, bytes: &[u8]) -> Result<usize, Misuse> {
        self.set_now(now);
        let sends = matches!(self.stage, Stage::Exchange { .. } | Stage::Deliver(_));
        if !sends || !matches!(self.request.body, Body::Stream { .. }) {
            return Err(Misuse::UnexpectedInput);
        }
        if self.expire() {
            // No more bytes are needed.
            return Ok(bytes.len());
        }
        let room = self.body_room();
        let (Upload::Sending { sent }, Some(link)) = (&mut self.upload, &mut self.link) else {
            return Err(Misuse::UnexpectedInput);
        };
        let chunked = self.request.body.length().is_none();
        let gathers = !link.outgoing().is_empty() && bytes.len() < SMALL;
        let taken = if chunked && (gathers || !self.chain.gathered().is_empty()) {
            let bytes = bytes.get(..room).unwrap_or(bytes);
            self.chain.cold_mut().gathered.extend_from_slice(bytes);
            Ok(bytes.len())
        } else {
            link.send_body(bytes)
        };
        match taken {
            Ok(n) => {
                *sent += n as u64;
                self.blocked.body = false;
                self.progress = now.instant;
                self.feed_upload();
                Ok(n)
            }
            Err(http1::Misuse::NoBody | http1::Misuse::AwaitingContinue) => Err(Misuse::UnexpectedInput),
            Err(_) => {
                self.fail(ErrorKind::RequestBody("longer than its declared length".into()));
                Ok(bytes.len())
            }
        }
    }

    pub(super) fn body_end(&mut self) -> Result<(), Misuse> {
        match (self.upload, &self.request.body) {
            (Upload::Sending { .. }, Body::Stream { .. }) => {
                self.blocked.body = false;
                self.progress = self.now.instant;
                self.finish_upload();
                Ok(())
            }
            // The body is complete, or no more of it is needed.
            (Upload::Finished | Upload::Stopped { .. }, Body::Stream { .. }) => Ok(()),
            _ => Err(Misuse::UnexpectedInput),
        }
    }

    pub(super) fn body_failed(&mut self, words: String) -> Result<(), Misuse> {
        match (self.upload, &self.request.body) {
            (Upload::Held(_) | Upload::Sending { .. }, Body::Stream { .. }) => {
                self.fail(ErrorKind::RequestBody(words));
                Ok(())
            }
            (Upload::Finished | Upload::Stopped { .. }, Body::Stream { .. }) => Ok(()),
            _ => Err(Misuse::UnexpectedInput),
        }
    }

    /// Handles a final response that arrives before the request is fully sent. A short remainder of
    /// known length is still sent, so that the connection can be reused. Otherwise the upload is
    /// aborted.
    pub(super) fn stop_upload(&mut self) {
        let head_sent = self.link.as_ref().is_some_and(|link| link.http().head_sent());
        let rest = match self.upload {
            Upload::Stopped { .. } => return,
            Upload::Finished if head_sent => return,
            // The response answers no request: the connection serves no other one.
            _ if !head_sent => None,
            Upload::Finished | Upload::Held(_) => None,
            Upload::Sending { sent } => self.request.body.length().map(|length| length.saturating_sub(sent)),
        };
        let memory = matches!(self.request.body, Body::Bytes(_));
        if !memory || rest.is_none_or(|rest| rest > self.request.settings.limits.drain_bytes) {
            self.upload = self.upload.stopped();
            if let Some(link) = &mut self.link {
                link.abort_body();
            }
        }
    }

    pub(super) fn request_is_sent(&self) -> bool {
        let Some(link) = &self.link else { return true };
        let handed_over = match self.upload {
            Upload::Finished => link.http().request_sent(),
            Upload::Stopped { .. } => true,
            Upload::Held(_) | Upload::Sending { .. } => false,
        };
        handed_over && link.outgoing().is_empty() && link.has_flushed()
    }

    /// Starts sending the held body: 100 (Continue) arrived, or the wait is over.
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

#[cfg(test)]
mod tests {
    use crate::transfer::driven_tests::Driven;
    use crate::{Body, Input, Method, Now, Output, Request, Session, Side, Transfer};

    /// A transfer whose head has been written, and which asks for its chunked body next.
    fn streaming() -> Transfer {
        streaming_of(None)
    }

    /// A transfer as in `streaming`, with a body of this length.
    fn streaming_of(length: Option<u64>) -> Transfer {
        let body = Body::Stream { length, rewindable: false };
        let request = Request::new(Method::POST, "http://127.0.0.1/").data(body);
        let mut driven = Driven::new(&request, "");
        let mut head = String::new();
        while let Output::Transmit = driven.until(|output| matches!(output, Output::Transmit | Output::NeedBody)) {
            head += &write(&mut driven.transfer);
        }
        assert!(head.ends_with("\r\n\r\n"), "the head leaves before body bytes are requested: {head}");
        driven.transfer
    }

    fn handle(transfer: &mut Transfer, input: Input<'_>) {
        transfer.handle(Now::default(), input).unwrap();
    }

    fn push(transfer: &mut Transfer, bytes: &[u8]) {
        assert!(matches!(transfer.poll(), Output::NeedBody));
        assert_eq!(transfer.push_body(Now::default(), bytes), Ok(bytes.len()));
    }

    /// Writes all pending output.
    fn write(transfer: &mut Transfer) -> String {
        assert!(matches!(transfer.poll(), Output::Transmit));
        let bytes = String::from_utf8(transfer.outgoing().to_vec()).unwrap();
        handle(transfer, Input::Wrote(bytes.len()));
        bytes
    }

    #[test]
    fn t52_pieces_leave_alone_while_writing_is_possible() {
        let mut transfer = streaming();
        for piece in ["a", "b"] {
            push(&mut transfer, piece.as_bytes());
            assert_eq!(write(&mut transfer), format!("1\r\n{piece}\r\n"));
        }
        assert!(matches!(transfer.poll(), Output::NeedBody));
    }

    #[test]
    fn t52_small_pieces_gather_while_writing_would_block() {
        let mut transfer = streaming();
        push(&mut transfer, b"a");
        handle(&mut transfer, Input::Blocked(Side::Write));
        for piece in ["b", "c", "d"] {
            push(&mut transfer, piece.as_bytes());
        }
        handle(&mut transfer, Input::Ready(Side::Write));
        assert_eq!([write(&mut transfer), write(&mut transfer)], ["1\r\na\r\n", "3\r\nbcd\r\n"]);
        push(&mut transfer, b"e");
        handle(&mut transfer, Input::Blocked(Side::Write));
        push(&mut transfer, b"f");
        // The end flushes gathered bytes, and gathering is bounded.
        handle(&mut transfer, Input::BodyEnd);
        handle(&mut transfer, Input::Ready(Side::Write));
        assert_eq!(write(&mut transfer), "1\r\ne\r\n1\r\nf\r\n0\r\n\r\n");

        let mut transfer = streaming();
        push(&mut transfer, b"a");
        handle(&mut transfer, Input::Blocked(Side::Write));
        let mut pieces = 0;
        while let Output::NeedBody = transfer.poll() {
            push(&mut transfer, &[b'x'; 100]);
            pieces += 1;
        }
        assert_eq!(pieces, super::COPY.div_ceil(100));
    }

    #[test]
    fn t52_readable_bytes_precede_pending_output() {
        let mut transfer = streaming();
        push(&mut transfer, b"a");
        handle(&mut transfer, Input::Ready(Side::Read));
        assert!(matches!(transfer.poll(), Output::Read));
        handle(&mut transfer, Input::Received(b"HTTP/1.1 103 Early Hints\r\n\r\n"));
        assert!(matches!(transfer.poll(), Output::Event(_)));
        // Only once: another read might block.
        assert_eq!(write(&mut transfer), "1\r\na\r\n");
        assert!(matches!(transfer.poll(), Output::NeedBody));
        handle(&mut transfer, Input::Ready(Side::Read));
        handle(&mut transfer, Input::Received(b"HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n"));
        while !matches!(transfer.poll(), Output::Close) {}
        assert!(!transfer.is_uploading());
    }

    #[test]
    fn t52_answered_upload_continues_up_to_the_limit() {
        for (rest, is_sent) in [(20_000, true), (20_001, false)] {
            let mut session = Session::new();
            session.configure(|options| {
                options.limits(|l| {
                    l.drain_bytes(20_000);
                });
            });
            let mut request = Request::new(Method::POST, "http://127.0.0.1/");
            request.set_data("x".repeat(rest));
            let mut driven = Driven::within(session, Now::default(), &request, "");
            driven.until(|output| matches!(output, Output::Transmit));
            let Driven { mut transfer, mut session, now, .. } = driven;
            assert!(write(&mut transfer).ends_with("\r\n\r\n"), "the body does not leave with the head");
            handle(&mut transfer, Input::Ready(Side::Read));
            handle(&mut transfer, Input::Received(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
            let mut sent = String::new();
            while !transfer.is_ended() {
                match transfer.poll() {
                    Output::Transmit => sent += &write(&mut transfer),
                    Output::Sync => transfer.sync(now, &mut session).unwrap(),
                    Output::Event(_) => {}
                    _ => break,
                }
            }
            assert_eq!(sent.len(), if is_sent { rest } else { 0 }, "{rest}");
        }
    }

    #[test]
    fn last_byte_ends_a_stream_of_known_length() {
        let mut transfer = streaming_of(Some(4));
        for piece in ["ab", "cd"] {
            push(&mut transfer, piece.as_bytes());
            assert_eq!(write(&mut transfer), piece);
        }
        assert!(matches!(transfer.poll(), Output::Read), "the stream need not report its end");
    }

    #[test]
    fn t88_zero_timeout_suffices_for_a_free_slot() {
        let mut session = Session::new();
        session.configure(|options| {
            options.pool_timeout(crate::time::Duration::ZERO);
        });
        let request = Request::new(Method::GET, "http://127.0.0.1/");
        let mut transfer = Transfer::new(session.prepare(&request).unwrap(), Now::default());
        transfer.sync(Now::default(), &mut session).unwrap();
        assert!(matches!(transfer.poll(), Output::Acquire(_)));
        handle(&mut transfer, Input::OpenNew);
        assert!(matches!(transfer.poll(), Output::Connect(..)));

        let mut waiting = Transfer::new(session.prepare(&request).unwrap(), Now::default());
        waiting.sync(Now::default(), &mut session).unwrap();
        assert!(matches!(waiting.poll(), Output::Acquire(_)));
        handle(&mut waiting, Input::Tick);
        assert!(waiting.is_ended(), "it does not wait");
    }
}
