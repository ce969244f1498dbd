//! Servers and proxies in memory.

use std::collections::VecDeque;

/// The other side of the wire.
pub(in crate::link) trait Peer {
    fn receive(&mut self, bytes: &[u8]);
    /// Returns the bytes it sends.
    fn take(&mut self) -> Vec<u8>;
    /// Whether it has closed the connection after the bytes taken so far.
    fn closed(&self) -> bool;
    /// Returns the application bytes it has received.
    fn seen(&self) -> &[u8];
}

/// Waits for exact bytes and answers them, step by step. Then it closes, passes bytes on, or does
/// nothing.
#[derive(Default)]
pub(in crate::link) struct Script {
    steps: VecDeque<(Vec<u8>, Vec<u8>)>,
    pending: Vec<u8>,
    seen: Vec<u8>,
    out: Vec<u8>,
    closes: bool,
    then: Option<Box<dyn Peer>>,
}

impl Script {
    pub(in crate::link) fn new<A: AsRef<[u8]>, B: AsRef<[u8]>>(steps: impl IntoIterator<Item = (A, B)>) -> Self {
        let own = |(a, b): (A, B)| (a.as_ref().to_vec(), b.as_ref().to_vec());
        Script { steps: steps.into_iter().map(own).collect(), ..Script::default() }
    }

    pub(super) fn then_closes(self) -> Self {
        Script { closes: true, ..self }
    }

    pub(in crate::link) fn then(self, peer: impl Peer + 'static) -> Self {
        Script { then: Some(Box::new(peer)), ..self }
    }
}

impl Peer for Script {
    fn receive(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        while let Some((expected, answer)) = self.steps.front() {
            if !self.pending.starts_with(expected) {
                return;
            }
            self.out.extend_from_slice(answer);
            self.seen.extend(self.pending.drain(..expected.len()));
            self.steps.pop_front();
        }
        let rest = std::mem::take(&mut self.pending);
        match &mut self.then {
            Some(peer) => peer.receive(&rest),
            None => self.seen.extend(rest),
        }
    }

    fn take(&mut self) -> Vec<u8> {
        let mut out = std::mem::take(&mut self.out);
        if let Some(peer) = &mut self.then {
            out.extend(peer.take());
        }
        out
    }

    fn closed(&self) -> bool {
        let done = self.steps.is_empty() && self.out.is_empty();
        done && (self.closes || self.then.as_ref().is_some_and(|peer| peer.closed()))
    }

    fn seen(&self) -> &[u8] {
        self.then.as_ref().map_or(&self.seen, |peer| peer.seen())
    }
}

pub(in crate::link) const GET: &str = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
pub(in crate::link) const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// Answers `times` GETs with HELLO.
pub(in crate::link) fn hello(times: usize) -> Script {
    Script::new(std::iter::repeat_n((GET, HELLO), times))
}
