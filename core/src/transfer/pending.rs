//! Pending outputs, given before anything else: sockets to release or close, then an event, and
//! finally the terminal event.

use super::io::{Event, Want};
use crate::error::Error;
use crate::route::dial::AttemptId;

/// What to do with the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SocketOrder {
    Release,
    Close,
}

/// Orders that wait for the next poll. Most polls find none, which costs one check.
#[derive(Default)]
pub(super) struct PendingOutputs {
    waiting: bool,
    socket: Option<SocketOrder>,
    /// Connection attempts whose sockets must be closed.
    losers: Option<Box<Losers>>,
    event: Option<Event>,
    /// Whether the terminal event is due.
    ending: bool,
    failure: Option<Error>,
}

/// Boxed, since they are rare; clippy allows a boxed `Vec` only in a type of its own.
#[derive(Default)]
struct Losers(Vec<AttemptId>);

impl PendingOutputs {
    pub(super) fn abandon(&mut self, losers: &mut Vec<AttemptId>) {
        if !losers.is_empty() {
            self.losers.get_or_insert_default().0.append(losers);
            self.waiting = true;
        }
    }

    /// Drops the order to close this attempt's socket, which is closed already.
    pub(super) fn forget(&mut self, attempt: AttemptId) {
        if let Some(losers) = &mut self.losers {
            losers.0.retain(|loser| *loser != attempt);
        }
        self.update();
    }

    pub(super) fn socket(&mut self, order: SocketOrder) {
        self.socket = Some(order);
        self.waiting = true;
    }

    pub(super) fn event(&mut self, event: Event) {
        self.event = Some(event);
        self.waiting = true;
    }

    /// Sets the terminal event, given after all other outputs.
    pub(super) fn end(&mut self, result: Result<(), Error>) {
        self.failure = result.err();
        (self.ending, self.waiting) = (true, true);
    }

    /// Returns why the transfer failed, if it did, whether or not the terminal event was given.
    pub(super) fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    #[inline]
    pub(super) fn are_waiting(&self) -> bool {
        self.waiting
    }

    /// Whether only the terminal event is pending.
    pub(super) fn is_only_terminal(&self) -> bool {
        self.ending && self.socket.is_none() && self.losers.is_none() && self.event.is_none()
    }

    #[inline]
    pub(super) fn next(&mut self) -> Option<Want> {
        if let Some(losers) = &mut self.losers {
            let next = losers.0.pop().map(Want::CancelConnect);
            self.update();
            return next;
        }
        let next = match self.socket.take() {
            Some(SocketOrder::Release) => Want::Release,
            Some(SocketOrder::Close) => Want::Close,
            None => return Some(Want::Event),
        };
        self.waiting = self.event.is_some() || self.ending;
        Some(next)
    }

    /// Takes the event of [`Want::Event`].
    #[inline]
    pub(super) fn take_event(&mut self) -> Event {
        let event = match self.event.take() {
            Some(event) => event,
            None => self.last(),
        };
        self.waiting = self.ending;
        event
    }

    fn last(&mut self) -> Event {
        self.ending = false;
        self.failure.clone().map_or(Event::Done, Event::Failed)
    }

    fn update(&mut self) {
        if self.losers.as_ref().is_some_and(|losers| losers.0.is_empty()) {
            self.losers = None;
        }
        self.waiting = self.event.is_some() || self.ending || self.socket.is_some() || self.losers.is_some();
    }
}
