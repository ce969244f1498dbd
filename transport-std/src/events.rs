//! Server-sent events: of one response, or of a request that reconnects.

use std::fmt;
use std::iter::FusedIterator;
use std::time::Duration;

use petition_core::Error;
use petition_core::content::events::{MessageEvent, Parser};
use petition_core::transfer::{EventSource, Next, Reconnect};

use crate::request::Request;
use crate::response::Response;

/// The server-sent events of one response: see [`Response::events`].
#[must_use = "nothing is read until the iterator is used"]
pub struct Events {
    response: Response,
    /// `None` after the end or an error.
    parser: Option<Result<Parser, Error>>,
}

impl Events {
    pub(crate) fn new(response: Response) -> Events {
        let parser = response.with_transfer(|transfer| transfer.events(response.head()));
        Events { response, parser: Some(parser) }
    }

    /// Returns the response.
    pub fn response(&self) -> &Response {
        &self.response
    }
}

impl Iterator for Events {
    type Item = Result<MessageEvent, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut parser = match self.parser.take()? {
            Ok(parser) => parser,
            Err(error) => return Some(Err(error)),
        };
        loop {
            match self.response.body_mut().take(|bytes| parser.parse(bytes)) {
                Ok(Some(None)) => {}
                Ok(Some(Some(event))) => {
                    self.parser = Some(Ok(parser));
                    return Some(Ok(event));
                }
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl FusedIterator for Events {}

/// The server-sent events of a request that reconnects: see [`Request::events`].
///
/// The iterator ends after a 204, or after a clean end if the policy does not reconnect. An error
/// is its last item. Dropping the iterator closes the connection.
#[must_use = "nothing is sent until the iterator is used"]
pub struct EventStream {
    request: Request,
    reconnect: Reconnect,
    source: Option<EventSource>,
    response: Option<Response>,
    /// The time to wait before the next connection.
    delay: Duration,
    ended: bool,
}

impl EventStream {
    pub(crate) fn new(request: Request) -> EventStream {
        EventStream {
            request,
            reconnect: Reconnect::DEFAULT,
            source: None,
            response: None,
            delay: Duration::ZERO,
            ended: false,
        }
    }

    /// Sets the reconnection policy. Default: [`Reconnect::DEFAULT`]. Has no effect after the first
    /// call of `next`.
    pub fn reconnect(mut self, policy: Reconnect) -> Self {
        self.reconnect = policy;
        self
    }

    /// Returns the ID of the last event that set one; empty if none did.
    pub fn last_event_id(&self) -> &str {
        self.source.as_ref().map_or("", EventSource::last_event_id)
    }

    /// Returns the current response, if one is open.
    pub fn response(&self) -> Option<&Response> {
        self.response.as_ref()
    }

    /// Connects, after the delay.
    fn open(request: &mut Request, source: &mut EventSource, delay: Duration) -> Result<Response, Error> {
        if !delay.is_zero() {
            std::thread::sleep(delay);
        }
        source.prepare(request.core_mut());
        let response = request.send()?;
        response.with_transfer(|transfer| source.opened(transfer, response.head()))?;
        Ok(response)
    }

    /// Returns the next event of the open connection; `None` at its end.
    fn read(response: &mut Response, source: &mut EventSource) -> Result<Option<MessageEvent>, Error> {
        loop {
            match response.body_mut().take(|bytes| source.parse(bytes))? {
                Some(None) => {}
                Some(event) => return Ok(event),
                None => return Ok(None),
            }
        }
    }
}

impl Iterator for EventStream {
    type Item = Result<MessageEvent, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            let source = self.source.get_or_insert_with(|| EventSource::new(self.request.core(), self.reconnect));
            let outcome = match &mut self.response {
                Some(response) => EventStream::read(response, source),
                None => match EventStream::open(&mut self.request, source, self.delay) {
                    Ok(response) => {
                        self.response = Some(response);
                        continue;
                    }
                    Err(error) => Err(error),
                },
            };
            let error = match outcome {
                Ok(Some(event)) => return Some(Ok(event)),
                Ok(None) => None,
                Err(error) => Some(error),
            };
            self.response = None;
            match source.closed(error.as_ref()) {
                Next::Reconnect(delay) => self.delay = delay,
                Next::End => {
                    self.ended = true;
                    return error.map(Err);
                }
            }
        }
        None
    }
}

impl FusedIterator for EventStream {}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("response", &self.response).finish_non_exhaustive()
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("request", &self.request)
            .field("reconnect", &self.reconnect)
            .field("response", &self.response)
            .finish_non_exhaustive()
    }
}
