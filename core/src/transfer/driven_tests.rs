//! A transfer driven by hand, shared by the unit tests of its stages.

use crate::link::Link;
use crate::policy::Acquire;
use crate::transfer::{Input, Output, Transfer};
use crate::{Method, Now, Request, Session};

/// A transfer, with an embedder whose peer is reachable and sends `response`.
pub(super) struct Driven {
    pub(super) transfer: Transfer,
    pub(super) session: Session,
    pub(super) now: Now,
    pub(super) response: Vec<u8>,
    /// The answer to [`Output::Acquire`], whatever it asks for.
    pub(super) idle: Option<Box<Link>>,
    /// The connections asked for.
    pub(super) acquired: Vec<Acquire>,
}

/// Polls after which a run counts as endless.
const POLLS: usize = 100_000;

impl Driven {
    pub(super) fn new(request: &Request, response: impl Into<Vec<u8>>) -> Driven {
        Driven::within(Session::new(), Now::default(), request, response)
    }

    pub(super) fn get(response: impl Into<Vec<u8>>) -> Driven {
        Driven::new(&Request::new(Method::GET, "http://127.0.0.1/"), response)
    }

    pub(super) fn within(session: Session, now: Now, request: &Request, response: impl Into<Vec<u8>>) -> Driven {
        let transfer = Transfer::new(session.prepare(request).unwrap(), now);
        Driven { transfer, session, now, response: response.into(), idle: None, acquired: Vec::new() }
    }

    /// Starts another GET in the same session on the connection of this one.
    pub(super) fn then_get(mut self) -> Driven {
        self.until(|output| matches!(output, Output::Release));
        let (_, link) = self.transfer.take_link().expect("a connection to keep");
        let request = Request::new(Method::GET, "http://127.0.0.1/");
        let mut next = Driven::within(self.session, self.now, &request, self.response);
        next.idle = Some(link);
        next
    }

    pub(super) fn handle(&mut self, input: Input<'_>) {
        self.transfer.handle(self.now, input).unwrap();
    }

    /// Answers outputs until one is wanted, and returns that one unanswered.
    pub(super) fn until(&mut self, wanted: impl Fn(&Output) -> bool) -> Output {
        for _ in 0..POLLS {
            let output = self.transfer.poll();
            if wanted(&output) {
                return output;
            }
            match output {
                Output::Sync => self.transfer.sync(self.now, &mut self.session).unwrap(),
                Output::Acquire(which) => {
                    self.acquired.push(which);
                    match self.idle.take() {
                        Some(link) => self.handle(Input::Acquired { link, peer: None }),
                        None => self.handle(Input::OpenNew),
                    }
                }
                Output::Probe => self.handle(Input::Alive),
                Output::Connect(attempt) => self.handle(Input::Connected(attempt)),
                Output::Transmit => self.handle(Input::Wrote(self.transfer.outgoing().len())),
                Output::Read => {
                    let response = std::mem::take(&mut self.response);
                    self.handle(Input::Received(&response));
                    self.response = response;
                }
                Output::Body => self.handle(Input::Consumed(self.transfer.body().len())),
                Output::Release => drop(self.transfer.take_link()),
                Output::Close | Output::Event(_) => {}
                other => panic!("{other:?}"),
            }
        }
        panic!("the output does not come in {POLLS} polls: {:?}", self.transfer);
    }
}
