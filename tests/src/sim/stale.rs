//! Unsolicited bytes of servers between two exchanges (T47): the rest of a body, a body that should
//! not be there, a whole second response, a 408 before they close.

use std::time::Duration;

use super::world::{Scheduled, World};
use crate::memory::ms;
use crate::network::End;
use crate::rng::Rng;

/// Unsolicited bytes after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stale {
    /// Bytes that cannot begin a response.
    Junk(&'static [u8]),
    /// A whole response.
    Response,
    /// A 408, after which the server closes.
    TimedOut,
}

/// A field that only unsolicited responses have.
pub(super) const CANARY: &str = "X-Canary";

impl Stale {
    pub(super) fn bytes(self) -> Vec<u8> {
        let status = match self {
            Stale::Junk(bytes) => return bytes.to_vec(),
            Stale::Response => "200 OK",
            Stale::TimedOut => "408 Request Timeout",
        };
        format!("HTTP/1.1 {status}\r\n{CANARY}: 1\r\nContent-Length: 6\r\n\r\ncanary").into_bytes()
    }
}

/// Chooses what a server sends late, and when, with its own generator, so that nothing else depends
/// on it.
pub(super) fn late(page: usize, length: usize) -> Option<(Duration, Stale)> {
    let mut rng = Rng::new(((page as u64) << 32) ^ length as u64 ^ 0x0073_7461_6c65);
    if !rng.one_in(5) {
        return None;
    }
    let after = match rng.below(4) {
        0 => Duration::ZERO,
        1 => Duration::from_micros(rng.next_u64() % 2_000),
        2 => ms(rng.next_u64() % 200),
        _ => ms(rng.next_u64() % 10_000),
    };
    let junk: [&[u8]; 4] = [b"0\r\n\r\n", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"\0junk"];
    let stale = match rng.below(4) {
        0 | 1 => Stale::Junk(junk[rng.below(4)]),
        2 => Stale::Response,
        _ => Stale::TimedOut,
    };
    Some((after, stale))
}

impl World {
    /// Sends the unsolicited bytes, if the server has not answered since.
    pub(super) fn says_stale(&mut self, socket: u32, next: usize, stale: Stale) {
        let now = self.clock.now;
        let delays = self.plan.conditions.noise > 0 || self.plan.conditions.cut.is_some();
        let wire = self.wire(socket);
        if !wire.takes_more() || wire.next != next {
            return;
        }
        if let Stale::Junk(bytes) = stale {
            // Under TLS it is unknown when a request is written.
            let crosses = !wire.is_idle() || wire.tls.is_some();
            let times = wire.say(now, bytes);
            wire.stale = wire.generated;
            self.fired |= crosses;
            return self.arrivals(socket, times);
        }
        // A whole response would pass for the answer to a request under way, or to one that follows
        // a probe. So it comes before both.
        let about_to_write = delays && wire.probed == Some(wire.read);
        if !wire.is_idle() || about_to_write {
            return;
        }
        let mut arrives = wire.inject(now, &stale.bytes());
        self.at(arrives, Scheduled::ToClient(socket));
        if stale == Stale::TimedOut {
            let wire = self.wire(socket);
            wire.fired = true;
            arrives = wire.finish(now, End::Fin, true);
            self.at(arrives, Scheduled::ToClient(socket));
        }
    }
}
