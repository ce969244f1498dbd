//! Server-sent events over successive connections.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use petition_core::content::events::MessageEvent;
use petition_core::http1::ResponseHead;
use petition_core::transfer::{EventSource, Next, Reconnect, ResponseInfo, Transfer};
use petition_core::{Error, Instant};

use crate::client::RequestBuilder;
use crate::clock;
use crate::command::{Delayed, RequestState, Start};
use crate::job::{Job, Parse};
use crate::lines::Stopped;

/// Receives server-sent events on the loop's thread. [`EventHandler::end`] is the last call, and is
/// made exactly once.
pub trait EventHandler {
    /// Receives the head of each event stream, once its status and media type have been checked.
    fn open(&mut self, _head: ResponseInfo) {}

    /// Receives the next event. `Break` ends the source without an error.
    fn event(&mut self, event: MessageEvent) -> ControlFlow<()>;

    /// Called when a connection has ended, with its error if it failed. Another connection follows
    /// after this time.
    fn reconnecting(&mut self, _after: Duration, _error: Option<&Error>) {}

    /// Receives the end of the source: `Ok` if the server or the handler ended it, or an error.
    fn end(self: Box<Self>, result: Result<(), Error>);
}

/// Follows a request's events.
pub(crate) struct Follow<H> {
    request: RequestBuilder,
    /// The state shared with the caller's handle, which cancels the current connection.
    ticket: Arc<RequestState>,
    source: EventSource,
    handler: Box<H>,
    stopped: Option<Stopped>,
}

impl<H: EventHandler + Send + 'static> Follow<H> {
    pub(crate) fn new(
        request: RequestBuilder,
        reconnect: Reconnect,
        handler: H,
        ticket: Arc<RequestState>,
    ) -> Follow<H> {
        let source = EventSource::new(request.request(), reconnect);
        Follow { request, ticket, source, handler: Box::new(handler), stopped: None }
    }

    /// Returns the command that connects at this time.
    pub(crate) fn connection(mut self: Box<Self>, at: Instant) -> Start {
        self.source.prepare(self.request.request_mut());
        let (transfer, group) = self.request.prepare(at);
        let source = self.request.take_source();
        Start { transfer, group, ticket: self.ticket.clone(), job: Job::Parse(self), source }
    }

    fn parse(&mut self, mut piece: &[u8]) -> Result<(), Stopped> {
        while !piece.is_empty() {
            let (consumed, event) = self.source.parse(piece).map_err(Stopped::Exceeded)?;
            piece = piece.get(consumed..).unwrap_or_default();
            if event.is_some_and(|event| self.handler.event(event) == ControlFlow::Break(())) {
                return Err(Stopped::Enough);
            }
        }
        Ok(())
    }
}

impl<H: EventHandler + Send + 'static> Parse for Follow<H> {
    fn open(&mut self, transfer: &Transfer, head: &ResponseHead) -> bool {
        self.stopped = self.source.opened(transfer, head).err().map(Stopped::Failed);
        self.stopped.is_none()
    }

    fn head(&mut self, info: ResponseInfo) {
        self.handler.open(info);
    }

    fn data(&mut self, piece: &[u8]) -> bool {
        self.stopped = self.parse(piece).err();
        self.stopped.is_none()
    }

    fn end(mut self: Box<Self>, transfer: Option<Transfer>, error: Option<Error>) -> Option<Delayed> {
        let result = match (self.stopped.take(), error) {
            (Some(Stopped::Enough), _) => {
                self.handler.end(Ok(()));
                return None;
            }
            (Some(stopped), _) => stopped.result(transfer.as_ref()),
            (None, error) => error.map_or(Ok(()), Err),
        };
        let error = result.as_ref().err();
        match self.source.closed(error) {
            Next::Reconnect(after) => {
                self.handler.reconnecting(after, error);
                let at = clock::instant() + after;
                Some(Box::new((at, self.connection(at))))
            }
            Next::End => {
                self.handler.end(result);
                None
            }
        }
    }
}
