//! One connection of the simulated network: the wire, its fault, and the state of its model server.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use super::origins::{ORIGINS, SOCKS};
use super::request_spec::Credentials;
use super::tls::TlsServer;
use super::wire_monitor::WireMonitor;
use crate::network::{self, End, Read};
use petition_core::route::address::Address;

/// The most bytes of one segment.
const SEGMENT: usize = 16 * 1024;

/// The fault of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// The server's direction ends with a reset after this many bytes; the flag: bytes in flight
    /// are lost.
    ResetDown(usize, bool),
    /// The server closes after this many bytes.
    FinDown(usize),
    /// The server goes silent after this many bytes.
    StallDown(usize),
    /// The server resets after receiving this many bytes.
    ResetUp(usize),
    /// The server stops reading after this many bytes.
    StopReading(usize),
    /// The server closes if no request arrives for this time after a response.
    IdleClose(Duration),
    /// The server ends at the head of the request of this number, with or without a reset, after
    /// this many bytes of a response.
    DiesAt(usize, bool, usize),
    /// The server sends nothing after its next response, but still reads.
    HalfClose,
}

pub(super) struct Wire {
    pub(super) address: Address,
    pub(super) origin: usize,
    /// The client has it.
    pub(super) open: bool,
    pub(super) connected: Option<Duration>,
    pub(super) fault: Fault,
    pub(super) fired: bool,
    network: network::Wire,
    /// Bytes of the server that do not fit yet.
    backlog: VecDeque<u8>,
    /// Whether the server closes after the backlog: `Some(true)` in both directions.
    closes: Option<bool>,
    pub(super) wants_write: bool,
    /// The number of bytes that the server sent.
    pub(super) generated: usize,
    pub(super) monitor: WireMonitor,
    /// The server's state: the next request, and when it answers.
    pub(super) next: usize,
    pub(super) thinks: Option<Duration>,
    pub(super) continued: bool,
    /// Since when the client's body waits for 100 (Continue), and the byte with which it was sent.
    pub(super) held: Option<Duration>,
    pub(super) invited: Option<usize>,
    /// When its transfer released it.
    pub(super) released: Option<Duration>,
    /// What the last response says about reuse.
    pub(super) reusable: bool,
    /// The end of the last unsolicited bytes, among all sent bytes.
    pub(super) stale: usize,
    /// The number of bytes that the client had read at its last successful probe.
    pub(super) probed: Option<usize>,
    /// The first bytes that it read since its last request began.
    pub(super) received: Vec<u8>,
    /// Under TLS: the start of each write, and why no request was to begin with it.
    pub(super) writes: Vec<(usize, Option<&'static str>)>,
    /// Whether it was reported readable during a request, and not blocked since.
    pub(super) announced: bool,
    pub(super) lasts: Option<u64>,
    /// The server's end of TLS.
    pub(super) tls: Option<Box<TlsServer>>,
    /// Through the proxy: the origin, and the byte at which the tunnel begins.
    pub(super) tunnel: Option<(usize, usize)>,
    /// The credentials that a SOCKS proxy was given.
    pub(super) given: Option<Credentials>,
}

/// Removes and returns the first `n` bytes.
fn first(bytes: &mut VecDeque<u8>, n: usize) -> Vec<u8> {
    let (one, other) = bytes.as_slices();
    let front = one.len().min(n);
    let taken = [&one[..front], &other[..n - front]].concat();
    bytes.drain(..n);
    taken
}

impl Wire {
    pub(super) fn new(address: Address, origin: usize, fault: Fault, latency: Duration, bandwidth: u64) -> Wire {
        Wire {
            address,
            origin,
            open: true,
            connected: None,
            fault,
            fired: false,
            network: network::Wire::new(latency, bandwidth),
            backlog: VecDeque::new(),
            closes: None,
            wants_write: false,
            generated: 0,
            monitor: if origin == SOCKS { WireMonitor::of_socks() } else { WireMonitor::default() },
            next: 0,
            thinks: None,
            continued: false,
            held: None,
            invited: None,
            released: None,
            reusable: true,
            stale: 0,
            probed: None,
            received: Vec::new(),
            writes: Vec::new(),
            announced: false,
            lasts: None,
            tls: ORIGINS[origin].secure.then(|| Box::new(TlsServer::new())),
            tunnel: None,
            given: None,
        }
    }

    /// Sends bytes of the server. Returns when they, or parts of them, arrive.
    pub(super) fn say(&mut self, now: Duration, bytes: &[u8]) -> Vec<Duration> {
        if self.is_finished() || self.closes.is_some() {
            return Vec::new();
        }
        match &mut self.tls {
            None => self.send(now, bytes),
            Some(tls) => {
                let out = tls.say(bytes, false);
                self.send(now, &out)
            }
        }
    }

    fn send(&mut self, now: Duration, bytes: &[u8]) -> Vec<Duration> {
        self.backlog.extend(bytes);
        self.generated += bytes.len();
        self.pump(now)
    }

    /// Returns how many plain bytes of the client the server has.
    pub(super) fn known(&self) -> usize {
        self.tls.as_ref().map_or(self.arrived, |tls| tls.plain.len())
    }

    /// Under TLS: returns the decrypted bytes that have arrived, and sends TLS's own replies.
    pub(super) fn decipher(&mut self, now: Duration) -> (Vec<u8>, Vec<Duration>) {
        let Some(tls) = &mut self.tls else { return Default::default() };
        let from = tls.hear(&self.network.sent, self.network.arrived);
        let plain = tls.plain[from..].to_vec();
        let out = tls.say(b"", false);
        let times = if self.has_ended() { Vec::new() } else { self.send(now, &out) };
        (plain, times)
    }

    /// Closes once everything is sent; `both`: it also stops reading; `torn`: without TLS's closure
    /// alert.
    pub(super) fn close_after(&mut self, now: Duration, both: bool, torn: bool) -> Vec<Duration> {
        if self.closes.is_none() {
            if let Some(tls) = &mut self.tls
                && !self.network.is_finished()
            {
                let out = tls.say(b"", !torn);
                self.backlog.extend(&out);
                self.generated += out.len();
            }
            self.closes = Some(both);
        }
        self.pump(now)
    }

    fn pump(&mut self, now: Duration) -> Vec<Duration> {
        let mut arrivals = Vec::new();
        while !self.is_finished() && !self.backlog.is_empty() && self.room_to_client() > 0 {
            let gone = self.generated - self.backlog.len();
            let mut n = self.backlog.len().min(SEGMENT).min(self.room_to_client());
            if let Fault::ResetDown(at, _) | Fault::FinDown(at) | Fault::StallDown(at) = self.fault {
                n = n.min(at.saturating_sub(gone));
                if n == 0 {
                    return self.break_down(now, arrivals);
                }
            }
            let bytes = first(&mut self.backlog, n);
            arrivals.push(self.push(now, bytes));
        }
        if let (Some(both), true, false) = (self.closes, self.backlog.is_empty(), self.is_finished()) {
            arrivals.push(self.finish(now, End::Fin, both));
        }
        arrivals
    }

    fn break_down(&mut self, now: Duration, mut arrivals: Vec<Duration>) -> Vec<Duration> {
        self.fired = true;
        match self.fault {
            Fault::ResetDown(_, loses) => {
                self.finish(now, End::Reset, true);
                if loses {
                    self.lose();
                }
            }
            Fault::FinDown(_) => {
                self.finish(now, End::Fin, true);
            }
            // The rest stays in the backlog forever.
            _ => return arrivals,
        }
        arrivals.push(self.last_arrival());
        arrivals
    }

    /// Probes the connection. Returns true if there is nothing to read.
    pub(super) fn probe(&mut self, now: Duration) -> bool {
        let quiet = !self.readable(now);
        if quiet {
            self.probed = Some(self.read);
        }
        quiet
    }

    /// Returns why no request may begin now on a connection that has had one. T47: a probe must
    /// have followed the last read; if no time passes between the probe and the request, nothing
    /// can have come in between.
    pub(super) fn unfit(&self, now: Duration, at_once: bool) -> Option<&'static str> {
        if self.probed != Some(self.read) {
            return Some("a request on a connection that was not looked at since something was read from it");
        }
        (at_once && self.readable(now)).then_some("a request on a connection of which something could be read")
    }

    /// Under TLS: returns the same for the time when this plain byte was written.
    pub(super) fn unfit_then(&self, plain: usize) -> Option<&'static str> {
        let record = self.tls.as_ref()?.record_of(plain);
        let at = self.writes.partition_point(|(from, _)| *from <= record);
        self.writes[..at].last()?.1
    }

    /// Returns true if the bytes read since the last request began may be a response.
    pub(super) fn answer_begun(&self) -> bool {
        let received = self.received.strip_prefix(b"\r\n").unwrap_or(&self.received);
        !received.is_empty() && received.iter().zip(b"HTTP/1.").all(|(seen, intended)| seen == intended)
    }

    /// Sends unsolicited bytes. They arrive at once, or with what is under way.
    pub(super) fn inject(&mut self, now: Duration, bytes: &[u8]) -> Duration {
        let bytes = match &mut self.tls {
            None => bytes.to_vec(),
            Some(tls) => tls.say(bytes, false),
        };
        self.generated += bytes.len();
        self.stale = self.generated;
        self.push_at_once(now, bytes)
    }

    /// Returns true if the server can send more: its former bytes are under way, and no fault
    /// counts them.
    pub(super) fn takes_more(&self) -> bool {
        let counted = matches!(self.fault, Fault::ResetDown(..) | Fault::FinDown(_) | Fault::StallDown(_));
        self.open && !self.has_ended() && self.backlog.is_empty() && !counted
    }

    /// Whether the server has answered all that the client has written.
    pub(super) fn is_idle(&self) -> bool {
        self.monitor.is_between() && self.monitor.requests.len() == self.next && self.sent.len() == self.arrived
    }

    /// Whether everything that was sent has been read, and no end has come.
    pub(super) fn is_quiet(&self) -> bool {
        self.read == self.generated && !self.is_finished() && self.closes.is_none()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.is_finished() || self.closes.is_some()
    }

    /// Reads, and returns when more bytes arrive that now fit.
    pub(super) fn read(&mut self, now: Duration, most: usize) -> (Read, Vec<Duration>) {
        let read = self.network.read(now, most);
        let arrivals = if let Read::Bytes(_) = read { self.pump(now) } else { Vec::new() };
        (read, arrivals)
    }

    /// Takes the bytes that have arrived at the server. Returns when a reset arrives at the client,
    /// if there is one.
    pub(super) fn arrive(&mut self, now: Duration) -> Option<Duration> {
        while let Some(offset) = self.next_arrived(now) {
            match self.fault {
                Fault::StopReading(most) if offset > most => {
                    self.fired = true;
                    self.arrived = self.arrived.max(most);
                    continue;
                }
                Fault::ResetUp(most) if offset > most && !self.is_finished() => {
                    self.fired = true;
                    self.backlog.clear();
                    return Some(self.finish(now, End::Reset, true));
                }
                _ => {}
            }
            self.take(offset);
        }
        None
    }
}

impl Deref for Wire {
    type Target = network::Wire;

    fn deref(&self) -> &network::Wire {
        &self.network
    }
}

impl DerefMut for Wire {
    fn deref_mut(&mut self) -> &mut network::Wire {
        &mut self.network
    }
}
