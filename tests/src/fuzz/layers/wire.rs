//! Drives a link with one request against given bytes, flight by flight.

use petition_core::http1::{BodyLength, RequestHead};
use petition_core::link::{LayerFailure, Link, LinkError, LinkEvent, ProxyFailure, TlsFailure};
use petition_core::{Instant, Method, Now, UnixTime};

use crate::rng::Rng;

/// The result of a run.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) events: Vec<String>,
    pub(super) body: Vec<u8>,
    pub(super) sent: Vec<u8>,
    pub(super) error: Option<String>,
    /// It failed because bytes arrived with the end of a handshake.
    pub(super) early: bool,
    /// The response is complete.
    pub(super) complete: bool,
}

/// How a link is driven: all at once, or in small pieces with polls in between.
pub(super) struct Drive {
    rng: Option<Rng>,
    post: bool,
    polls: usize,
    seen: Seen,
}

pub(super) fn now() -> Now {
    Now::new(Instant::default(), UnixTime(1_800_000_000))
}

/// The result of a step.
#[derive(PartialEq)]
pub(super) enum Turn {
    WantsBytes,
    Over,
}

impl Drive {
    pub(super) fn new(method: &Method, rng: Option<Rng>) -> Drive {
        Drive { rng, post: *method == Method::POST, polls: 0, seen: Seen::default() }
    }

    /// Runs to the end, with these flights and then the end of the connection.
    pub(super) fn run(mut self, mut link: Link, flights: &[&[u8]]) -> Seen {
        self.request(&mut link);
        let total: usize = flights.iter().map(|flight| flight.len()).sum();
        let mut flights = flights.iter().copied().peekable();
        let mut flight = &[][..];
        loop {
            if self.turn(&mut link) == Turn::Over {
                break;
            }
            assert!(self.polls <= 16 * total + 200, "work is linear");
            while flight.is_empty() && flights.peek().is_some() {
                flight = flights.next().unwrap_or_default();
            }
            if flight.is_empty() {
                link.receive_eof();
            }
            let n = self.piece(flight.len());
            self.give(&mut link, &flight[..n]);
            flight = &flight[n..];
        }
        self.finish(link)
    }

    pub(super) fn request(&mut self, link: &mut Link) {
        let mut head = RequestHead::new(if self.post { "POST" } else { "GET" }, "/");
        if self.post {
            head.body = BodyLength::Known(3);
        }
        link.send_head(&head, [("Host", &b"a.test"[..])]).unwrap();
        if self.post {
            assert_eq!(link.send_body(b"abc"), Ok(3));
            link.finish_body(None).unwrap();
        }
    }

    /// Returns how many of the available bytes to deliver at once.
    pub(super) fn piece(&mut self, len: usize) -> usize {
        self.rng.as_mut().filter(|_| len > 0).map_or(len, |rng| 1 + rng.below(len.min(9)))
    }

    /// Delivers the bytes in either way.
    pub(super) fn give(&mut self, link: &mut Link, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.rng.as_mut().is_some_and(|rng| rng.below(3) == 0) {
                return link.received(bytes);
            }
            let space = link.space();
            assert!(!space.is_empty(), "there is room");
            let n = space.len().min(bytes.len());
            space[..n].copy_from_slice(&bytes[..n]);
            link.filled(n);
            bytes = &bytes[n..];
        }
    }

    /// Polls until the link needs bytes or has ended; writes its output and consumes its events.
    pub(super) fn turn(&mut self, link: &mut Link) -> Turn {
        let mut idle = 0;
        loop {
            self.polls += 1;
            let event = link.poll(now());
            self.seen.sent.extend_from_slice(link.outgoing());
            link.wrote(link.outgoing().len());
            match event {
                Ok(LinkEvent::NeedInput) if link.wants_read() => return Turn::WantsBytes,
                Ok(LinkEvent::NeedInput) => {
                    idle += 1;
                    assert!(idle < 4, "it wants nothing, and says nothing");
                }
                Ok(LinkEvent::Established) => self.seen.events.push("established".into()),
                Ok(LinkEvent::Informational(head)) => self.seen.events.push(format!("interim {:?}", head.raw())),
                Ok(LinkEvent::Head(head)) => self.seen.events.push(format!("head {:?}", head.raw())),
                Ok(LinkEvent::Switched) => self.seen.events.push("switched".into()),
                Ok(LinkEvent::Body) => {
                    let n = match &mut self.rng {
                        None => link.body().len(),
                        Some(rng) => rng.below(link.body().len() + 1),
                    };
                    self.seen.body.extend_from_slice(&link.body()[..n]);
                    link.consume(n);
                }
                Ok(LinkEvent::End) => {
                    self.seen.complete = true;
                    return Turn::Over;
                }
                Err(error) => {
                    self.seen.early = matches!(
                        error,
                        LinkError::Proxy(ProxyFailure::EarlyBytes)
                            | LinkError::Tls(TlsFailure::EarlyBytes)
                            | LinkError::Layer(LayerFailure::EarlyBytes)
                    );
                    self.seen.error = Some(error.to_string());
                    return Turn::Over;
                }
            }
        }
    }

    /// Returns the bytes sent since the last call.
    pub(super) fn sent_since(&self, heard: &mut usize) -> &[u8] {
        let news = self.seen.sent.get(*heard..).unwrap_or_default();
        *heard = self.seen.sent.len();
        news
    }

    /// Ends the run: an error is final, and an ended link is not used again.
    pub(super) fn finish(self, mut link: Link) -> Seen {
        if let Some(error) = &self.seen.error {
            assert!(!error.contains('\n') && !error.contains(super::SECRET), "{error}");
            assert!(matches!(link.poll(now()), Err(LinkError::Over)), "an error is the last word");
            assert!(!link.is_established() && !link.wants_read() && link.reuse(now()).is_err());
        }
        let counters = link.counters();
        assert!(counters.application >= self.seen.body.len() as u64 && counters.sent >= self.seen.sent.len() as u64);
        link.close();
        assert!(matches!(link.poll(now()), Err(LinkError::Over)) && link.body().is_empty());
        self.seen
    }
}
