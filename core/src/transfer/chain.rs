//! What a transfer remembers over its hops, and how it ends. Most requests have one hop: what is there only after the first is in a box.

use super::io::{Event, Hop};
use crate::error::Error;
use crate::redirect::Seen;

/// The terminal event.
pub(super) enum Ending {
    Done,
    Failed(Error),
}

impl Ending {
    pub(super) fn event(self) -> Event {
        match self {
            Ending::Done => Event::Done,
            Ending::Failed(error) => Event::Failed(error),
        }
    }
}

/// What is remembered over the hops.
#[derive(Default)]
pub(super) struct Chain {
    /// Nothing, for most requests.
    pub(super) past: Option<Box<Past>>,
    /// A response of the chain changed the jar.
    pub(super) new_cookies: bool,
    pub(super) expect: Expectation,
}

/// The hops before this one.
#[derive(Default)]
pub(super) struct Past {
    pub(super) history: Vec<Hop>,
    pub(super) seen: Seen,
    pub(super) referer: Option<String>,
}

impl Chain {
    pub(super) fn history(&self) -> &[Hop] {
        self.past.as_ref().map_or(&[], |past| &past.history)
    }

    pub(super) fn referer(&self) -> Option<&str> {
        self.past.as_ref()?.referer.as_deref()
    }

    pub(super) fn past_mut(&mut self) -> &mut Past {
        self.past.get_or_insert_default()
    }
}

/// Whether a request still asks with `Expect: 100-continue` (T53).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Expectation {
    #[default]
    Asks,
    /// 417 came back, and the session is to know.
    Refused,
    /// It came back, and the session knows.
    Known,
}
