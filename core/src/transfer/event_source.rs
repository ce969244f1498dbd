//! Decides whether and when an event stream reconnects (WHATWG HTML §9.2.3).

use std::fmt;
use std::time::Duration;

use http::StatusCode;

use super::Transfer;
use crate::content::events::{MEDIA_TYPE, MessageEvent, Parser};
use crate::content::media_type;
use crate::error::{Error, ErrorKind, Timeout};
use crate::http1::ResponseHead;
use crate::limits::{LimitExceeded, Limits};
use crate::options::Setting;
use crate::policy::retry::is_idempotent;
use crate::request::Request;

/// Whether and when an event stream reconnects.
///
/// A server sets the delay with `retry`, from 100 ms up to `max_delay`. After a connection that
/// delivered no event, the server cannot shorten the delay. With each consecutive failure the delay
/// doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reconnect {
    /// The delay before a reconnection, until the server sets one. Default: 3 s.
    pub delay: Duration,
    /// The maximum delay, including delays that the server sets. Default: 60 s.
    pub max_delay: Duration,
    /// The number of consecutive failures to get an event stream before the source ends. `None`
    /// means no limit, and 0 means never to reconnect. Default: 10.
    pub failures: Option<u32>,
    /// Whether to reconnect after 500, 502, 503 and 504. Default: `false`, they end the source.
    pub server_errors: bool,
}

impl Reconnect {
    /// The defaults that the fields document.
    pub const DEFAULT: Reconnect = Reconnect {
        delay: Duration::from_secs(3),
        max_delay: Duration::from_secs(60),
        failures: Some(10),
        server_errors: false,
    };

    /// The policy that never reconnects.
    pub const NEVER: Reconnect = Reconnect { failures: Some(0), ..Reconnect::DEFAULT };

    /// Sets the delay before a reconnection, until the server sets one.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sets the maximum delay.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// Sets the number of consecutive failures before the source ends.
    pub fn failures(mut self, failures: impl Into<Option<u32>>) -> Self {
        self.failures = failures.into();
        self
    }

    /// Sets whether the source reconnects after a 500, 502, 503 or 504.
    pub fn server_errors(mut self, retried: bool) -> Self {
        self.server_errors = retried;
        self
    }
}

impl Default for Reconnect {
    fn default() -> Self {
        Reconnect::DEFAULT
    }
}

/// The action after a connection of an event stream has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Reconnect after this time.
    Reconnect(Duration),
    /// The source has ended, with the error of the last connection if it failed.
    End,
}

/// An event stream over any number of successive connections.
///
/// A transport sends the request after [`EventSource::prepare`]. It reports the head with
/// [`EventSource::opened`] and each piece of the body with [`EventSource::parse`]. When the
/// connection ends, [`EventSource::closed`] returns the next action.
pub struct EventSource {
    reconnect: Reconnect,
    repeatable: bool,
    parser: Parser,
    delay: Duration,
    /// Whether the current connection delivered an event.
    heard: bool,
    /// The number of consecutive connections without an event stream.
    failures: u32,
    ended: bool,
}

/// The shortest delay between two connections, whatever the server asks for.
const LEAST_DELAY: Duration = Duration::from_millis(100);

impl EventSource {
    /// Creates the source of a request's events. If the request has a `Last-Event-ID` field, the
    /// source resumes after that event. A request whose method is not idempotent is sent once,
    /// unless the request itself sets [`idempotent`](crate::Options::idempotent).
    pub fn new(request: &Request, reconnect: Reconnect) -> EventSource {
        let declared = request.options().level().is_some_and(|level| level.idempotent == Setting::Set(true));
        let id = request.options().headers.get("Last-Event-ID").and_then(|id| std::str::from_utf8(id.as_bytes()).ok());
        EventSource {
            reconnect,
            repeatable: declared || is_idempotent(request.method()),
            parser: Parser::resumed(&Limits::DEFAULT, id.unwrap_or_default().to_owned()),
            delay: reconnect.delay,
            heard: false,
            failures: 0,
            ended: false,
        }
    }

    /// Returns the ID of the last event that set one.
    pub fn last_event_id(&self) -> &str {
        self.parser.last_event_id()
    }

    /// Sets the fields of the next request: `Accept` and `Cache-Control` unless the request has
    /// them, and `Last-Event-ID` if an event had an ID. An ID that is not a valid field value is
    /// omitted.
    pub fn prepare(&self, request: &mut Request) {
        let headers = &mut request.options_mut().headers;
        for (name, value) in [("Accept", MEDIA_TYPE), ("Cache-Control", "no-store")] {
            if !headers.contains(name) {
                // The name and the value are valid.
                let _ = headers.set(name, value);
            }
        }
        let id = self.last_event_id();
        headers.unset("Last-Event-ID");
        if !id.is_empty() {
            // The server chose the value. An invalid one is rejected here, so it cannot be sent.
            let _ = headers.set("Last-Event-ID", id);
        }
    }

    /// Reports the head of a response. Parsing resumes after the last event.
    ///
    /// # Errors
    /// - [`ErrorKind::Status`] for a status of 400 or more.
    /// - [`ErrorKind::NotEventStream`] for any other status except 200 and 204, and for any other
    ///   media type.
    /// - [`ErrorKind::Undecoded`] if a content coding is still applied.
    ///
    /// A 204 ends the source without an error.
    pub fn opened(&mut self, transfer: &Transfer, head: &ResponseHead) -> Result<(), Error> {
        let limits = &transfer.request().settings().limits;
        self.check(head.status(), head.get("content-type"), limits).map_err(|kind| transfer.error(kind))?;
        // An undecoded body is not an event stream.
        transfer.lines(head).map(drop).inspect_err(|_| self.ended = true)
    }

    fn check(&mut self, status: StatusCode, content_type: Option<&[u8]>, limits: &Limits) -> Result<(), ErrorKind> {
        self.parser = Parser::resumed(limits, self.parser.last_event_id().to_owned());
        if status == StatusCode::NO_CONTENT {
            self.ended = true;
            return Ok(());
        }
        if status != StatusCode::OK {
            self.ended |= !(self.reconnect.server_errors && matches!(status.as_u16(), 500 | 502..=504));
            return Err(match status.as_u16() {
                400.. => ErrorKind::Status(status),
                code => ErrorKind::NotEventStream(format!("status {code}").into()),
            });
        }
        check_media_type(content_type).inspect_err(|_| self.ended = true)?;
        self.failures = 0;
        Ok(())
    }

    /// Parses a piece of the body as [`Parser::parse`] does.
    ///
    /// # Errors
    /// A limit is exceeded. The source has then ended.
    pub fn parse(&mut self, bytes: &[u8]) -> Result<(usize, Option<MessageEvent>), LimitExceeded> {
        let parsed = self.parser.parse(bytes).inspect_err(|_| self.ended = true)?;
        if let Some(retry) = self.parser.retry() {
            self.delay = retry;
        }
        self.heard |= parsed.1.is_some();
        Ok(parsed)
    }

    /// Reports the end of a connection, clean or failed. Returns the next action.
    ///
    /// The source reconnects after connection failures, truncation, and deadlines other than the
    /// total one. All other errors end the source.
    pub fn closed(&mut self, error: Option<&Error>) -> Next {
        let (failures, heard) = (self.failures, std::mem::take(&mut self.heard));
        self.failures = failures.saturating_add(1);
        let given_up = self.reconnect.failures.is_some_and(|most| failures >= most);
        if self.ended || !self.repeatable || given_up || error.is_some_and(|error| !is_transient(error)) {
            self.ended = true;
            return Next::End;
        }
        // A server may shorten the delay, but only between connections that deliver events.
        let least = if heard { LEAST_DELAY.min(self.reconnect.delay) } else { self.reconnect.delay };
        let doubled = 1_u32.checked_shl(failures).unwrap_or(u32::MAX);
        Next::Reconnect(self.delay.max(least).saturating_mul(doubled).min(self.reconnect.max_delay))
    }
}

/// Checks that a response is an event stream.
///
/// # Errors
/// [`ErrorKind::NotEventStream`] with the media type.
pub(super) fn check_media_type(content_type: Option<&[u8]>) -> Result<(), ErrorKind> {
    const SHOWN: usize = 64;
    let essence = media_type::essence(content_type.unwrap_or_default());
    if essence.eq_ignore_ascii_case(MEDIA_TYPE.as_bytes()) {
        return Ok(());
    }
    let shown = essence.get(..SHOWN).unwrap_or(essence);
    Err(ErrorKind::NotEventStream(shown.escape_ascii().to_string().into()))
}

fn is_transient(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Resolve(_) | ErrorKind::Connect(_) | ErrorKind::Io(_) => true,
        // The head decided which statuses are retried.
        ErrorKind::Status(_) => true,
        ErrorKind::Timeout { which, .. } => *which != Timeout::Total,
        _ => error.is_truncated(),
    }
}

impl fmt::Debug for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSource")
            .field("reconnect", &self.reconnect)
            .field("failures", &self.failures)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "event_source_tests.rs"]
mod tests;
