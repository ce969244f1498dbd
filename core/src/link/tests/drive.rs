//! Moves bytes between a link and a peer. Observed results must not depend on how.

use super::peer::Peer;
use crate::http1::{BodyLength, RequestHead};
use crate::link::{Link, LinkError, LinkEvent};
use crate::rng_tests::Rng;
use crate::{Instant, Now, UnixTime};
use std::collections::VecDeque;

/// 2024-07-03
pub(in crate::link) const TODAY: Now = Now::new(Instant::ZERO, UnixTime(1_720_000_000));

/// How bytes enter the link.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Entry {
    Space,
    Slice,
    Lent,
}

/// How bytes are split.
#[derive(Clone, Copy, Debug)]
enum Cut {
    Whole,
    Bytes,
    Random(Rng),
}

impl Cut {
    fn next(&mut self, available: usize) -> usize {
        match self {
            Cut::Whole => available,
            Cut::Bytes => available.min(1),
            Cut::Random(rng) => {
                // Mostly small pieces, sometimes large ones.
                let most = 1 << rng.below(15);
                available.min(1 + rng.below(most))
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(in crate::link) struct Pattern {
    read: Cut,
    write: Cut,
    consume: Cut,
    entry: Entry,
    /// The first head is queued before the link is established.
    early: bool,
    /// Polls more often than needed.
    eager: bool,
}

pub(super) const WHOLE: Pattern = Pattern {
    read: Cut::Whole,
    write: Cut::Whole,
    consume: Cut::Whole,
    entry: Entry::Space,
    early: true,
    eager: false,
};

pub(super) fn patterns() -> Vec<Pattern> {
    let mut all = vec![
        WHOLE,
        Pattern { entry: Entry::Slice, early: false, ..WHOLE },
        Pattern { entry: Entry::Lent, eager: true, ..WHOLE },
        Pattern { read: Cut::Bytes, ..WHOLE },
        Pattern { read: Cut::Bytes, entry: Entry::Lent, early: false, ..WHOLE },
        Pattern { write: Cut::Bytes, eager: true, ..WHOLE },
        Pattern { read: Cut::Bytes, write: Cut::Bytes, consume: Cut::Bytes, entry: Entry::Slice, ..WHOLE },
    ];
    let random = |seed: u64| Cut::Random(Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    for seed in 1..25u64 {
        all.push(Pattern {
            read: random(seed),
            write: random(seed * 1001),
            consume: random(seed * 777),
            entry: [Entry::Space, Entry::Slice, Entry::Lent][seed as usize % 3],
            early: seed % 2 == 0,
            eager: seed % 5 == 0,
        });
    }
    all
}

/// One request of a script.
#[derive(Clone, Default)]
pub(in crate::link) struct Request {
    pub(super) method: &'static str,
    pub(super) body: Vec<u8>,
    pub(super) chunked: bool,
    pub(super) upgrade: Option<&'static str>,
}

pub(in crate::link) fn get() -> Request {
    Request { method: "GET", ..Request::default() }
}

/// The observed events, without the boundaries of pieces.
#[derive(Debug, PartialEq, Default)]
pub(in crate::link) struct Seen {
    pub(in crate::link) events: Vec<String>,
    pub(super) body: Vec<u8>,
}

impl Seen {
    pub(super) fn last(&self) -> &str {
        self.events.last().map_or("", String::as_str)
    }
}

/// Runs `requests` in sequence until the last one is answered, an error occurs, or no bytes move.
pub(super) fn drive(link: &mut Link, peer: &mut dyn Peer, mut pattern: Pattern, requests: &[Request]) -> Seen {
    drive_at(TODAY, link, peer, &mut pattern, requests)
}

pub(super) fn drive_at(
    now: Now,
    link: &mut Link,
    peer: &mut dyn Peer,
    pattern: &mut Pattern,
    requests: &[Request],
) -> Seen {
    let mut run = Run { requests: requests.iter().cloned().collect(), ..Run::default() };
    let mut wire = VecDeque::new();
    let mut scratch = Vec::with_capacity(20_000);
    if pattern.early {
        run.next(link);
    }
    loop {
        if pattern.eager && link.body().is_empty() {
            run.write(link);
        }
        let event = match link.poll(now) {
            Ok(event) => event,
            Err(error) => {
                run.seen.events.push(format!("error: {error}"));
                // The result of the attempt to reuse it.
                peer.receive(link.outgoing());
                assert!(matches!(link.poll(now), Err(LinkError::Over)));
                return run.seen;
            }
        };
        let done = run.event(link, event, now, pattern);
        run.write(link);
        let n = pattern.write.next(link.outgoing().len());
        if n > 0 {
            peer.receive(&link.outgoing()[..n]);
            link.wrote(n);
        }
        wire.extend(peer.take());
        if done {
            return run.seen;
        }
        if !link.wants_read() {
            continue;
        }
        let n = pattern.read.next(wire.len());
        if n > 0 {
            read(link, &mut wire, n, pattern.entry, &mut scratch);
        } else if peer.closed() {
            link.receive_eof();
        } else if link.outgoing().is_empty() {
            // One more poll: more bytes may be ready to send.
            run.write(link);
            assert!(matches!(link.poll(now), Ok(LinkEvent::NeedInput)));
            if link.outgoing().is_empty() {
                run.seen.events.push("waits".into());
                return run.seen;
            }
        }
    }
}

fn read(link: &mut Link, wire: &mut VecDeque<u8>, n: usize, entry: Entry, scratch: &mut Vec<u8>) {
    if entry == Entry::Slice {
        let bytes: Vec<u8> = wire.drain(..n).collect();
        link.received(&bytes);
        return;
    }
    if entry == Entry::Lent {
        // Unused bytes move to the link's own storage when the buffer is taken back.
        if let Err(back) = link.give_read_buffer(std::mem::take(scratch)) {
            *scratch = back;
        }
    }
    let space = link.space();
    let n = n.min(space.len());
    assert!(n > 0);
    for (slot, byte) in space.iter_mut().zip(wire.drain(..n)) {
        *slot = byte;
    }
    link.filled(n);
    if let Some(back) = link.take_read_buffer() {
        *scratch = back;
    }
}

#[derive(Default)]
struct Run {
    requests: VecDeque<Request>,
    body: Vec<u8>,
    sent: usize,
    finished: bool,
    begun: bool,
    seen: Seen,
}

impl Run {
    fn next(&mut self, link: &mut Link) {
        let Some(request) = self.requests.pop_front() else { return };
        let body = match (request.chunked, request.body.len()) {
            (true, _) => BodyLength::Chunked,
            (false, 0) => BodyLength::None,
            (false, n) => BodyLength::Known(n as u64),
        };
        let head = RequestHead { body, upgrade: request.upgrade, ..RequestHead::new(request.method, "/") };
        link.send_head(&head, [("Host", &b"a.example"[..])]).unwrap();
        self.body = request.body;
        self.sent = 0;
        self.finished = !request.chunked;
        self.begun = true;
    }

    fn write(&mut self, link: &mut Link) {
        if self.sent < self.body.len() && link.body_room() > 0 {
            // Always the same pieces, so that the chunks are equal too.
            let piece = (self.body.len() - self.sent).min(10_000);
            if link.body_room() >= piece {
                assert_eq!(link.send_body(&self.body[self.sent..self.sent + piece]), Ok(piece));
                self.sent += piece;
            }
        }
        if self.begun && !self.finished && self.sent == self.body.len() {
            link.finish_body([]).unwrap();
            self.finished = true;
        }
    }

    /// Returns whether this was the end.
    fn event(&mut self, link: &mut Link, event: LinkEvent, now: Now, pattern: &mut Pattern) -> bool {
        let said = match event {
            LinkEvent::NeedInput => return false,
            LinkEvent::Established => {
                if !pattern.early {
                    self.next(link);
                }
                "established".into()
            }
            LinkEvent::Informational(head) => format!("informational {}", head.status().as_u16()),
            LinkEvent::Head(head) => format!("head {}", head.status().as_u16()),
            LinkEvent::Body => {
                let before = link.body().to_vec();
                assert!(matches!(link.poll(now), Ok(LinkEvent::Body)));
                assert_eq!(link.body(), before);
                assert!(!link.wants_read(), "reading goes on over an unread body");
                let n = pattern.consume.next(before.len());
                self.seen.body.extend_from_slice(&before[..n]);
                link.consume(n);
                return false;
            }
            LinkEvent::Switched => "switched".into(),
            LinkEvent::End => {
                // The request may still be in transit.
                let unsent = self.sent < self.body.len() || !self.finished || !link.outgoing().is_empty();
                if unsent || (!link.http().request_sent() && !link.http().is_idle()) {
                    return false;
                }
                self.seen.events.push("end".into());
                match link.reuse(now) {
                    Ok(()) => "reusable".into(),
                    Err(why) => format!("not reusable: {why}"),
                }
            }
        };
        let end = said.starts_with("reusable") || said.starts_with("not");
        self.seen.events.push(said);
        if end {
            if self.requests.is_empty() {
                return true;
            }
            self.next(link);
        }
        false
    }
}

/// Drives a fresh link and peer under every pattern and requires equal results.
pub(in crate::link) fn everywhere<P: Peer>(
    requests: &[Request],
    mut make: impl FnMut() -> (Link, P),
    mut check: impl FnMut(&P, &Seen),
) {
    let mut first: Option<Seen> = None;
    for pattern in patterns() {
        let (mut link, mut peer) = make();
        let seen = drive(&mut link, &mut peer, pattern, requests);
        check(&peer, &seen);
        match &first {
            None => first = Some(seen),
            Some(first) => assert!(*first == seen, "{pattern:?}: {:?} but {:?}", first.events, seen.events),
        }
    }
}
