//! Server-sent events: the format `text/event-stream` and its reconnection rules (WHATWG HTML
//! §9.2).
//!
//! [`Parser`] turns body bytes into events, however the bytes are split.
//! [`EventSource`](crate::transfer::EventSource) decides whether a closed connection is replaced.

mod parser;

use std::fmt;

pub use parser::Parser;

/// The media type of an event stream.
pub const MEDIA_TYPE: &str = "text/event-stream";

/// One event of a stream.
///
/// Its `Debug` output shows the length of the data, not the data.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageEvent {
    /// The type of the event, from its `event` field; `message` without one.
    pub event: String,
    /// The lines of its `data` fields, joined by line feeds.
    pub data: String,
    /// The last event ID, set by this event or an earlier one. Empty if none set it.
    pub id: String,
}

impl fmt::Debug for MessageEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageEvent")
            .field("event", &self.event)
            .field("data_bytes", &self.data.len())
            .finish_non_exhaustive()
    }
}
