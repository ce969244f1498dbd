//! The record of a run: everything that a caller, a peer or a log could observe.

use std::time::Duration;

use petition_core::buffer::Retained;
use petition_core::content::decode::DecodeError;
use petition_core::content::text::Text;
use petition_core::http1::LeniencySet;
use petition_core::transfer::Hop;
use petition_core::{Error, ErrorKind, Phase};

/// How a transfer ended.
#[derive(Debug)]
pub enum Outcome {
    /// With [`Event::Done`](petition_core::Event::Done).
    Done,
    /// With [`Event::Failed`](petition_core::Event::Failed).
    Failed(Error),
}

/// The record of one transfer.
#[derive(Debug)]
pub struct Transcript {
    /// A short text for each event, in order, with its time.
    pub events: Vec<(Duration, String)>,
    /// The status of the final response, or 0.
    pub status: u16,
    /// Its raw head.
    pub head: Vec<u8>,
    /// The body that was delivered.
    pub body: Vec<u8>,
    /// How it ended.
    pub outcome: Outcome,
    /// When it ended.
    pub ended: Duration,
    /// When it began.
    pub began: Duration,
    /// The hops before the last.
    pub history: Vec<Hop>,
    /// The connections that it used, as indices into
    /// [`World::connections`](super::World::connections), in order.
    pub used: Vec<usize>,
    /// How many of them were reused.
    pub reused: usize,
    /// Codings left on the body.
    pub undecoded: Vec<String>,
    /// The leniencies that the final response needed.
    pub tolerated: LeniencySet,
    /// The body as text, if the transfer was done.
    pub content: Option<Result<Text, Error>>,
    /// The Debug output of the request, of every output and of the transfer itself.
    pub debug: String,
    /// The most bytes held at a time, for each direction.
    pub retained: Retained,
    pub(super) polls: usize,
    pub(super) inputs: usize,
    pub(super) after_end: usize,
}

impl Transcript {
    /// Returns the events without their times.
    pub fn words(&self) -> Vec<&str> {
        self.events.iter().map(|(_, word)| word.as_str()).collect()
    }

    /// Returns the number of polls and inputs.
    pub fn steps(&self) -> usize {
        self.polls + self.inputs
    }

    /// Returns the error. Panics when there is none.
    pub fn error(&self) -> &Error {
        match &self.outcome {
            Outcome::Failed(error) => error,
            Outcome::Done => panic!("expected a failure, the transfer was done: {:?}", self.words()),
        }
    }

    /// Returns the error's kind.
    pub fn kind(&self) -> &ErrorKind {
        self.error().kind()
    }

    /// Returns the error's phase.
    pub fn phase(&self) -> Phase {
        self.error().report().phase
    }

    /// Returns the body as text. Panics unless the transfer was done.
    pub fn text(&self) -> String {
        if let Outcome::Failed(error) = &self.outcome {
            panic!("expected a response, found: {error}");
        }
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the decoded body, or why it is not text. Panics unless the transfer was done.
    pub fn content(&self) -> Result<&Text, &ErrorKind> {
        let content = self.content.as_ref().unwrap_or_else(|| panic!("no response: {}", self.error()));
        content.as_ref().map_err(Error::kind)
    }

    /// Panics unless the transfer was done with this status and body.
    #[track_caller]
    pub fn assert(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.text().as_str()), (status, body), "{:?}", self.words());
    }

    pub(super) fn essence(&self) -> String {
        let outcome = match &self.outcome {
            Outcome::Done => "done".to_owned(),
            // The driver decides how many bytes had moved by then, unless a received byte caused
            // the error.
            Outcome::Failed(error) => {
                let text = error.to_string();
                let start = text
                    .split_once(" bytes sent, ")
                    .map_or(text.clone(), |(start, _)| start.trim_end_matches(char::is_numeric).into());
                match error.kind() {
                    ErrorKind::Decode(DecodeError::Limit(_)) => start,
                    ErrorKind::Protocol(_) | ErrorKind::Decode(_) => {
                        format!("{start}{} received", error.report().bytes_received)
                    }
                    _ => start,
                }
            }
        };
        format!(
            "{:?}\n{}\nbody {:?}\n{outcome} at {:?}",
            self.events,
            self.status,
            String::from_utf8_lossy(&self.body),
            self.ended
        )
    }
}
