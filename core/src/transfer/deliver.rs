//! Delivers the response body to the caller: pulled, decoded in bounded steps, and limited in size.

use super::Transfer;
use super::io::{Event, Want};
use super::machine::Machine;
use super::read_plan::NextPiece;
use super::stage::{AfterBody, Stage};
use crate::content::decode::{Codings, DecodeError, Decoder, Next, SizeLimit};
use crate::error::{ErrorKind, Misuse};
use crate::http1::{BodyFraming, Fields, Leniency, ResponseHead};
use crate::link::LinkEvent;
use crate::options::Settings;
use crate::request::prepared::Prepared;

/// The number of bytes decoded per step.
const STEP: usize = 32 * 1024;

/// The body of the final response.
pub(super) struct Delivery {
    pub(super) size: SizeLimit,
    /// Available bytes that count towards the size limit: of the link's body, or of `decoded`. In a
    /// run of direct reads, the bytes that remain of the piece.
    pub(super) count: usize,
    pub(super) next: NextPiece,
    decoded: Option<Box<Decoded>>,
    /// Whether the link has delivered the whole body.
    received: bool,
}

struct Decoded {
    decoder: Decoder,
    buffer: Vec<u8>,
    start: usize,
    /// Whether the decoder has more output before it accepts more input.
    behind: bool,
    /// Whether only the end of the connection delimits the body.
    may_be_cut: bool,
    done: bool,
}

impl Delivery {
    pub(super) fn plain(settings: &Settings) -> Delivery {
        let size = SizeLimit::stream(&settings.limits);
        Delivery { size, count: 0, next: NextPiece::Unknown, decoded: None, received: false }
    }

    /// Returns also the codings left on the body, and whether a value that names no coding was
    /// ignored.
    pub(super) fn decoding(
        head: &ResponseHead,
        request: &Prepared,
        framing: Option<BodyFraming>,
    ) -> Result<(Delivery, Vec<Box<str>>, bool), DecodeError> {
        let settings = &request.settings;
        let plain = Delivery::plain(settings);
        if framing == Some(BodyFraming::None) {
            return Ok((plain, Vec::new(), false));
        }
        let fields = settings.decode.then(|| head.get_all("content-encoding")).into_iter().flatten();
        let codings = match request.takes_transfer_codings() {
            true => Codings::parse_with_transfer(fields, head.get_all("transfer-encoding"), &settings.limits)?,
            false => Codings::parse(fields, &settings.limits)?,
        };
        let leniencies = &settings.framing.leniencies;
        let misnamed = !codings.misnamed().is_empty();
        // A part of encoded data cannot be decoded by itself.
        let part = head.status() == http::StatusCode::PARTIAL_CONTENT && request.headers.contains("range");
        if part || misnamed && !leniencies.not_a_coding {
            return Ok((plain, codings.left_on(), false));
        }
        let strict = !leniencies.data_after_coding;
        let decoder = Decoder::sharing(&codings, &settings.limits, strict, &settings.decode_memory);
        let decoded = decoder.map(|mut decoder| {
            // A connection that ends right after the head may have truncated the whole body.
            let may_be_cut = framing == Some(BodyFraming::UntilClose);
            if may_be_cut && !leniencies.empty_encoded_body {
                decoder.expect_data();
            }
            Box::new(Decoded { decoder, buffer: Vec::new(), start: 0, behind: false, may_be_cut, done: false })
        });
        Ok((Delivery { decoded, ..plain }, codings.into_undecoded(), misnamed))
    }

    /// Whether the body is not decoded.
    pub(super) fn is_plain(&self) -> bool {
        self.decoded.is_none()
    }

    pub(super) fn waits_for_caller(&self) -> bool {
        self.visible() > 0
    }

    fn visible(&self) -> usize {
        if self.next == NextPiece::Run { 0 } else { self.count }
    }

    /// Whether no bytes are available, so that the link's next bytes are delivered next.
    pub(super) fn shows_nothing(&self) -> bool {
        self.visible() == 0 && self.decoded.is_none() && !self.received
    }

    pub(super) fn capacity(&self) -> usize {
        self.decoded.as_ref().map_or(0, |decoded| decoded.buffer.capacity() + decoded.decoder.retained())
    }
}

impl Decoded {
    /// Runs one bounded step. Returns how many bytes were consumed and produced.
    fn run(&mut self, input: &[u8], ended: bool, size: &SizeLimit) -> Result<(usize, usize), DecodeError> {
        self.buffer.resize(STEP, 0);
        self.start = 0;
        let room = size.slice_len(self.buffer.len());
        let output = self.buffer.get_mut(..room).unwrap_or_default();
        let progress = if ended { self.decoder.finish(output)? } else { self.decoder.decode(input, output)? };
        self.behind = progress.next == Next::Output;
        self.done = progress.next == Next::Done;
        Ok((progress.consumed, progress.produced))
    }
}

impl Transfer {
    /// Returns the trailer fields of the final response, after [`Event::Done`]. `None` if it had no
    /// trailer section. Fields that must not be trailers are omitted (RFC 9110 §6.5.1).
    pub fn trailers(&self) -> Option<&Fields> {
        self.0.chain.cold.as_ref()?.trailers.as_ref()
    }
}

impl Machine {
    /// Delivers a response: its head now, and its body as it arrives.
    pub(super) fn deliver(&mut self, head: ResponseHead) {
        let mut delivery = if head.has_content_encodings() || self.request.takes_transfer_codings() {
            let framing = self.link.as_ref().and_then(|link| link.http().body_framing());
            match Delivery::decoding(&head, &self.request, framing) {
                Ok((delivery, undecoded, misnamed)) => {
                    if !undecoded.is_empty() {
                        self.chain.cold_mut().undecoded = undecoded;
                    }
                    if misnamed {
                        self.tolerated.insert(Leniency::NotACoding);
                    }
                    delivery
                }
                Err(error) => return self.end_with(ErrorKind::Decode(error), Some(Box::new(head))),
            }
        } else {
            Delivery::plain(&self.request.settings)
        };
        if let Some((name, limit)) = self.chain.cold.as_mut().and_then(|cold| cold.body_limit.take()) {
            delivery.size.change(name, limit);
        }
        self.enter(Stage::Deliver(delivery));
        self.pending.event(Event::Head(head));
    }

    pub(super) fn body(&self) -> &[u8] {
        let Stage::Deliver(delivery) = &self.stage else { return &[] };
        let bytes = match &delivery.decoded {
            Some(decoded) => decoded.buffer.get(decoded.start..).unwrap_or_default(),
            None => self.link.as_ref().map_or(&[][..], |link| link.body()),
        };
        bytes.get(..delivery.visible()).unwrap_or_default()
    }

    pub(super) fn consumed(&mut self, n: usize) -> Result<(), Misuse> {
        let Stage::Deliver(delivery) = &mut self.stage else {
            return if n == 0 { Ok(()) } else { Err(Misuse::UnexpectedInput) };
        };
        if n > delivery.visible() {
            return Err(Misuse::TooManyBytes);
        }
        delivery.count -= n;
        match (&mut delivery.decoded, &mut self.link) {
            (Some(decoded), _) => decoded.start += n,
            (None, Some(link)) => link.consume(n),
            (None, None) => {}
        }
        // The caller's time does not count against the peer.
        self.progress = self.now.instant;
        Ok(())
    }

    pub(super) fn discard(&mut self) -> Result<(), Misuse> {
        match &self.stage {
            Stage::Deliver(_) => {
                self.drop_body(AfterBody::Done);
                Ok(())
            }
            Stage::Drain { .. } => Ok(()),
            _ => Err(Misuse::UnexpectedInput),
        }
    }

    #[inline(never)]
    pub(super) fn step_deliver(&mut self) -> Option<Want> {
        self.take_in_run();
        let Stage::Deliver(delivery) = &mut self.stage else { return None };
        if delivery.count > 0 {
            return Some(Want::Body);
        }
        if delivery.received || delivery.decoded.as_ref().is_some_and(|decoded| decoded.behind) {
            self.decode();
            return None;
        }
        let over = self.link.as_mut().is_some_and(|link| link.takes_end());
        match if over { LinkEvent::End } else { self.poll_link()? } {
            LinkEvent::NeedInput => return Some(self.offer()),
            LinkEvent::Body => self.decode(),
            LinkEvent::End => {
                let Stage::Deliver(delivery) = &mut self.stage else { return None };
                delivery.received = true;
                if delivery.decoded.is_none() {
                    self.delivered();
                } else if !self.can_write() {
                    // A short rest of the request is still sent, but only after the caller has the
                    // body.
                    self.finish_link();
                }
            }
            LinkEvent::Established | LinkEvent::Informational(_) | LinkEvent::Head(_) | LinkEvent::Switched => {
                self.fail(ErrorKind::Internal("a second head behind the final one"));
            }
        }
        None
    }

    /// Makes the next bytes available: those of the link, or of one decoding step. Finishes at the
    /// end of the body.
    fn decode(&mut self) {
        let Stage::Deliver(delivery) = &mut self.stage else { return };
        let input = self.link.as_ref().map_or(&[][..], |link| link.body());
        let Some(decoded) = &mut delivery.decoded else {
            let n = delivery.size.slice_len(input.len());
            return match delivery.size.take(n) {
                Ok(()) => {
                    delivery.count = n;
                    delivery.next = delivery.next.shown(n);
                }
                Err(limit) => self.refuse(n, ErrorKind::Limit(limit)),
            };
        };
        let before = decoded.decoder.encoded_bytes();
        let step = decoded.run(input, delivery.received, &delivery.size);
        let used_up = decoded.decoder.encoded_bytes() - before;
        let done = decoded.done;
        if done && decoded.decoder.trailing_data().is_some() {
            self.tolerated.insert(Leniency::DataAfterCoding);
        }
        if done && decoded.may_be_cut && decoded.decoder.encoded_bytes() == 0 {
            self.tolerated.insert(Leniency::EmptyEncodedBody);
        }
        match step {
            Ok((used, produced)) => {
                if let Err(limit) = delivery.size.take(produced) {
                    return self.refuse(used, ErrorKind::Limit(limit));
                }
                delivery.count = produced;
                if let (Some(link), true) = (&mut self.link, used > 0) {
                    link.consume(used);
                }
                if done && produced == 0 {
                    self.delivered();
                }
            }
            Err(error) => self.refuse(usize::try_from(used_up).unwrap_or(usize::MAX), ErrorKind::Decode(error)),
        }
    }

    /// Fails because of the last of the next `used` bytes of the body.
    fn refuse(&mut self, used: usize, kind: ErrorKind) {
        if let Some(link) = &mut self.link {
            link.consume(used);
        }
        self.fail(kind);
    }

    /// Finishes after the caller has the whole body. The rest of the request may take the drain
    /// time.
    fn delivered(&mut self) {
        if self.can_write() {
            let since = self.now.instant;
            self.enter(Stage::Drain { since, left: 0, may_read: false, then: AfterBody::Done });
        } else {
            if self.link.as_ref().is_some_and(|link| !link.http().is_idle()) {
                self.finish_link();
            }
            self.after_body(AfterBody::Done);
        }
    }
}
