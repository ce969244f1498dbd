//! The receiving side of one exchange: heads, body, end.
//!
//! Enforces the order of messages (RFC 9112 §6.3, §9.2; RFC 9110 §15.2): interim responses, one
//! final head, its body, the end. 101 is valid only after a request for it, and nothing is valid
//! while idle.

use std::ops::Range;

use super::chunked::{Decoder, Step};
use super::config::Leniency;
use super::connection::Connection;
use super::error::{Excerpt, Part, ProtocolError, Refused};
use super::fast_head;
use super::framing::{self, BodyFraming};
use super::misuse::Misuse;
use super::parse::{self, Parsed};
use super::receiving::{Eof, Event, PartialHead, Received, Receiving};
use super::reuse::NotReusable;
use super::scan::{Line, Scan, ScanRules};
use super::version::Version;
use crate::byte_search;
use crate::limits::LimitExceeded;

fn received(consumed: usize, event: Event) -> Result<Received, Refused> {
    Ok(Received { consumed, event })
}

impl Connection {
    pub(super) fn advance(&mut self, input: &[u8]) -> Result<Received, Refused> {
        match &mut self.receiving {
            Receiving::Failed(error) => Err((**error).clone().after(0)),
            Receiving::Switched => received(0, Event::Switched),
            Receiving::Finished | Receiving::Length(0) => self.end(0, input),
            _ if input.is_empty() => received(0, Event::NeedInput),
            Receiving::Idle => Err(ProtocolError::Unsolicited.after(1)),
            // On a reused connection, an answer to a request that the peer cannot have received
            // belongs to an earlier one.
            Receiving::Head(_) if self.served && !self.sender.head_written() => {
                Err(ProtocolError::Unsolicited.after(1))
            }
            Receiving::Head(partial) => {
                let partial = partial.take();
                self.head(partial, input)
            }
            Receiving::Length(left) => {
                let n = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                *left -= n as u64;
                self.content(0..n)
            }
            Receiving::UntilClose => self.content(0..input.len()),
            Receiving::Chunked(decoder) => {
                let step = decoder.advance(input, self.exchange.content, &self.config, &mut self.exchange.used);
                match step? {
                    Step::NeedInput => received(input.len(), Event::NeedInput),
                    Step::Data(range) => self.content(range),
                    Step::End(at, trailers) => {
                        self.trailers = trailers;
                        self.end(at, input)
                    }
                }
            }
        }
    }

    /// Returns how many content bytes come next, if any: a transport may read them directly into
    /// their destination. `u64::MAX` while the body extends to the end of the connection. 0 if
    /// framing is due or the bytes must be inspected.
    pub fn direct_read_limit(&self) -> u64 {
        match &self.receiving {
            // Content that must not exist is rejected as it arrives.
            _ if self.exchange.status == 205 => 0,
            Receiving::Length(left) => *left,
            Receiving::Chunked(decoder) => decoder.data_left(),
            Receiving::UntilClose => u64::MAX,
            _ => 0,
        }
    }

    /// Accounts for `n` content bytes that the embedder itself has read.
    ///
    /// # Errors
    /// [`Misuse::CannotBypass`] if `n` exceeds [`direct_read_limit`](Self::direct_read_limit).
    pub fn advance_body(&mut self, n: u64) -> Result<(), Misuse> {
        if n > self.direct_read_limit() {
            return Err(Misuse::CannotBypass);
        }
        match &mut self.receiving {
            Receiving::Length(left) => *left -= n,
            Receiving::Chunked(decoder) if n > 0 => decoder.skip_data(n),
            _ => {}
        }
        self.exchange.content = self.exchange.content.saturating_add(n);
        self.exchange.received = self.exchange.received.saturating_add(n);
        Ok(())
    }

    fn content(&mut self, range: Range<usize>) -> Result<Received, Refused> {
        if self.exchange.status == 205 {
            if !self.config.leniencies.reset_content_body {
                return Err(ProtocolError::ResetContentBody.after(range.start + 1));
            }
            self.tolerate(Leniency::ResetContentBody);
        }
        self.exchange.content = self.exchange.content.saturating_add(range.len() as u64);
        received(range.end, Event::Body(range))
    }

    /// Whether the response is over, so that [`receive`](Self::receive) would return
    /// [`Event::End`]; that event then counts as returned. The caller must check for bytes after
    /// it, as with [`reuse`](Self::reuse).
    pub(crate) fn takes_end(&mut self) -> bool {
        let over = self.response_received();
        if over {
            self.receiving.enter(Receiving::Finished);
        }
        over
    }

    /// Ends the response `at` bytes into the input.
    fn end(&mut self, at: usize, input: &[u8]) -> Result<Received, Refused> {
        self.receiving.enter(Receiving::Finished);
        if at < input.len() {
            self.forbid(NotReusable::Leftover);
        }
        received(at, Event::End)
    }

    /// Continues a head whose first bytes are in `partial`.
    fn head(&mut self, partial: Option<Box<PartialHead>>, input: &[u8]) -> Result<Received, Refused> {
        #[cfg(test)]
        super::scan::steps::add(input.len());
        let heads_left = self.config.limits.all_heads_bytes.saturating_sub(self.exchange.heads as usize);
        if partial.is_none()
            && let Some(parsed) = fast_head::parse(input, heads_left, &self.config)
        {
            let consumed = parsed.head.raw().len();
            return self.head_received(parsed, consumed);
        }
        let config = self.config.clone();
        let tolerated = config.leniencies.leading_empty_line && (self.served || self.exchange.informational > 0);
        let mut rules = ScanRules { config: &config, heads_left, leading_empty_line: tolerated, served: self.served };
        let Some(mut partial) = partial else {
            let mut scan = Scan::default();
            let mut start = 0;
            for lf in byte_search::memchr_iter(b'\n', input) {
                let head = input.get(start..=lf).unwrap_or_default();
                match scan.line(head, &rules).map_err(|refused| refused.from(start as isize))? {
                    Line::Within => {}
                    Line::Leading => {
                        start = lf + 1;
                        rules.leading_empty_line = false;
                    }
                    Line::End => return self.head_complete(head, scan, lf + 1),
                }
            }
            let bytes = input.get(start..).unwrap_or_default();
            scan.check(bytes, bytes.len(), &rules).map_err(|refused| refused.from(start as isize))?;
            self.receiving = Receiving::Head(Some(Box::new(PartialHead { scan, bytes: bytes.to_vec() })));
            return received(input.len(), Event::NeedInput);
        };
        let PartialHead { scan, bytes } = &mut *partial;
        rules.leading_empty_line &= !scan.used.contains(Leniency::LeadingEmptyLine);
        let mut taken = 0;
        // The start of the head relative to this input: negative, unless an empty line in the input
        // is skipped.
        let mut start = -(bytes.len() as isize);
        for lf in byte_search::memchr_iter(b'\n', input) {
            let line = input.get(taken..=lf).unwrap_or_default();
            // Check before copying: bytes beyond a limit are not stored.
            let refused = |refused: Refused| refused.from(start);
            scan.check(bytes, bytes.len().saturating_add(line.len()), &rules).map_err(refused)?;
            bytes.extend_from_slice(line);
            taken = lf + 1;
            match scan.line(bytes, &rules).map_err(refused)? {
                Line::Within => {}
                Line::Leading => {
                    bytes.clear();
                    start = taken as isize;
                    rules.leading_empty_line = false;
                }
                Line::End => return self.head_complete(bytes, *scan, taken),
            }
        }
        let rest = input.get(taken..).unwrap_or_default();
        let refused = |refused: Refused| refused.from(start);
        scan.check(bytes, bytes.len().saturating_add(rest.len()), &rules).map_err(refused)?;
        bytes.extend_from_slice(rest);
        scan.check(bytes, bytes.len(), &rules).map_err(refused)?;
        self.receiving = Receiving::Head(Some(partial));
        received(input.len(), Event::NeedInput)
    }

    /// Parses a complete head; `consumed` bytes of the input led up to its end.
    fn head_complete(&mut self, bytes: &[u8], scan: Scan, consumed: usize) -> Result<Received, Refused> {
        let Some(line) = scan.status else {
            // The scan ends no head before its status line.
            return Err(ProtocolError::StatusLine { excerpt: Excerpt::new(b"") }.after(consumed));
        };
        let parsed = parse::head(bytes, &scan, line, &self.config).map_err(|error| error.after(consumed))?;
        self.head_received(parsed, consumed)
    }

    /// Applies a head to the exchange; `consumed` bytes of the input led up to its end.
    fn head_received(&mut self, parsed: Parsed, consumed: usize) -> Result<Received, Refused> {
        let event = self.process_head(parsed).map_err(|error| error.after(consumed))?;
        received(consumed, event)
    }

    fn process_head(&mut self, parsed: Parsed) -> Result<Event, ProtocolError> {
        let Parsed { head, signals, used } = parsed;
        self.exchange.heads = self.exchange.heads.saturating_add(head.raw().len() as u32);
        self.exchange.used.extend(used);
        let status = head.status().as_u16();
        if (100..200).contains(&status) && status != 101 {
            self.exchange.informational = self.exchange.informational.saturating_add(1);
            let limit = self.config.limits.informational_responses as u64;
            LimitExceeded::check("informational_responses", limit, self.exchange.informational.into())?;
            if status == 100 {
                self.sender.stop_waiting();
            }
            if signals.announces_body(status) {
                self.forbid(NotReusable::BodyAnnounced);
            }
            self.receiving = Receiving::Head(None);
            return Ok(Event::Informational(head));
        }
        if status == 101 && !self.exchange.upgrade {
            return Err(ProtocolError::UnexpectedSwitch { status });
        }
        let framing = framing::decide(
            self.exchange.method,
            head.version(),
            status,
            &signals,
            self.exchange.te_gzip,
            &self.config.leniencies,
            &mut self.exchange.used,
        )?;
        let next = match framing {
            BodyFraming::None => Receiving::Finished,
            BodyFraming::Length(n) => Receiving::Length(n),
            BodyFraming::Chunked => Receiving::Chunked(Box::new(Decoder::new())),
            BodyFraming::UntilClose => Receiving::UntilClose,
            // The peer may switch only after it has the entire request (RFC 9110 §7.8).
            BodyFraming::Switched if self.request_sent() => Receiving::Switched,
            BodyFraming::Switched => return Err(ProtocolError::UnexpectedSwitch { status }),
        };
        self.receiving.enter(next);
        self.exchange.status = status;
        self.exchange.framing = Some(framing);
        self.keep_alive_timeout = signals.keep_alive_timeout;
        // A body that waits for 100 is no longer wanted (RFC 9110 §10.1.1).
        if self.awaiting_continue() {
            self.sender.abort();
        }
        if let Some(leniency) = self.exchange.used.poison() {
            self.forbid(NotReusable::Poisoned(leniency));
        }
        if signals.close {
            self.forbid(NotReusable::CloseReceived);
        } else if head.version() == Version::Http10 && !signals.keep_alive {
            self.forbid(NotReusable::Http10);
        }
        if framing == BodyFraming::UntilClose {
            self.forbid(NotReusable::UntilClose);
        }
        if framing == BodyFraming::None && signals.announces_body(status) {
            self.forbid(NotReusable::BodyAnnounced);
        }
        Ok(Event::Head(head))
    }

    pub(super) fn advance_eof(&mut self, eof: Eof) -> Result<Event, ProtocolError> {
        let content = self.exchange.content;
        let truncated = |part, received, expected| Err(ProtocolError::Truncated { part, received, expected });
        match &self.receiving {
            Receiving::Failed(error) => return Err((**error).clone()),
            Receiving::Switched => return Ok(Event::Switched),
            Receiving::Idle => return Ok(Event::End),
            Receiving::Head(Some(partial)) if !partial.bytes.is_empty() => {
                return Err(partial.scan.cut(&partial.bytes));
            }
            // A tolerated empty line is not part of a response.
            Receiving::Head(_) if self.exchange.informational == 0 => return Err(ProtocolError::Empty),
            Receiving::Head(_) => return truncated(Part::Head, 0, None),
            Receiving::Finished | Receiving::Length(0) => {}
            Receiving::Length(left) => return truncated(Part::Body, content, Some(content.saturating_add(*left))),
            Receiving::Chunked(decoder) => {
                if let Some(got) = decoder.trailers_begun() {
                    return truncated(Part::Trailers, got as u64, None);
                }
                if !decoder.lacks_final_crlf() || !self.config.leniencies.missing_final_crlf {
                    return truncated(Part::Body, content, None);
                }
                self.tolerate(Leniency::MissingFinalCrlf);
            }
            Receiving::UntilClose if eof == Eof::Clean => {}
            Receiving::UntilClose if !self.config.leniencies.unclean_tls_close => {
                return truncated(Part::Body, content, None);
            }
            Receiving::UntilClose => self.tolerate(Leniency::UncleanTlsClose),
        }
        self.receiving.enter(Receiving::Finished);
        Ok(Event::End)
    }
}
