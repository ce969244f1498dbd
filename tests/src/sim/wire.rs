//! One connection of the simulated network: bytes under way in both directions, with latency, bandwidth and a fault.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use super::origins::ORIGINS;
use super::tls::TlsServer;
use super::wire_monitor::WireMonitor;

/// Bytes that fit on the way in either direction.
pub(super) const WINDOW: usize = 64 * 1024;

/// Most bytes that travel together.
const SEGMENT: usize = 16 * 1024;

/// What goes wrong on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// The server's direction ends with a reset after so many bytes; the flag: what is under way is lost.
    ResetDown(usize, bool),
    /// The server closes after so many bytes.
    FinDown(usize),
    /// Nothing more comes after so many bytes.
    StallDown(usize),
    /// A reset once the server has so many bytes.
    ResetUp(usize),
    /// The server reads no more after so many bytes.
    StopReading(usize),
    /// The server closes when nothing was asked for so long after a response.
    IdleClose(Duration),
    /// The server goes away when the head of its request of this number comes: with a reset, or without, so much of an answer said before.
    DiesAt(usize, bool, usize),
    /// The server sends no more after its next response, and reads on.
    HalfClose,
}

/// How the server's direction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Fin,
    Reset,
}

/// What reading gives.
pub(super) enum Read {
    Bytes(Vec<u8>),
    Nothing,
    End(End),
}

pub(super) struct Wire {
    pub(super) address: SocketAddr,
    pub(super) origin: usize,
    /// The client has it.
    pub(super) open: bool,
    pub(super) connected: Option<Duration>,
    pub(super) fault: Fault,
    pub(super) fired: bool,
    latency: Duration,
    bandwidth: u64,
    down: VecDeque<(Duration, Vec<u8>)>,
    queued: usize,
    down_last: Duration,
    end: Option<(Duration, End)>,
    /// What the server has to send and has no room for yet.
    backlog: VecDeque<u8>,
    /// After the backlog the server closes: `Some(true)` in both directions.
    closes: Option<bool>,
    up: VecDeque<(Duration, usize)>,
    up_last: Duration,
    /// Bytes of the client that the server has.
    pub(super) arrived: usize,
    /// Of these, so many were taken out of the window.
    taken: usize,
    /// From when on writing fails.
    deaf: Option<Duration>,
    pub(super) wants_write: bool,
    /// Everything that the client wrote.
    pub(super) sent: Vec<u8>,
    /// How much the client has read, and the server sent.
    pub(super) read: usize,
    pub(super) generated: usize,
    pub(super) monitor: WireMonitor,
    /// The server's own part: which request is next, when it has thought enough.
    pub(super) next: usize,
    pub(super) thinks: Option<Duration>,
    pub(super) continued: bool,
    /// Since when the client's body waits for 100 (Continue), and by which byte that was said.
    pub(super) held: Option<Duration>,
    pub(super) invited: Option<usize>,
    /// When the transfer that used it let it go.
    pub(super) released: Option<Duration>,
    /// What the last response says about using it again.
    pub(super) reusable: bool,
    /// Where the last bytes end that nobody asked for, among all that was sent.
    pub(super) stale: usize,
    /// How much the client had read when it last looked and found nothing.
    pub(super) looked: Option<usize>,
    /// The first bytes that it has read since its last request began.
    pub(super) received: Vec<u8>,
    /// Under TLS: where each write began, and why no request was to begin with it.
    pub(super) writes: Vec<(usize, Option<&'static str>)>,
    /// In the midst of a request it was told that there is something to read, and not since that there is nothing.
    pub(super) announced: bool,
    pub(super) lasts: Option<u64>,
    /// The server's end of TLS.
    pub(super) tls: Option<Box<TlsServer>>,
    /// Behind the proxy: the origin to which it leads, and from which byte on.
    pub(super) tunnel: Option<(usize, usize)>,
}

/// Takes the first `n` bytes out.
fn first(bytes: &mut VecDeque<u8>, n: usize) -> Vec<u8> {
    let (one, other) = bytes.as_slices();
    let front = one.len().min(n);
    let taken = [&one[..front], &other[..n - front]].concat();
    bytes.drain(..n);
    taken
}

impl Wire {
    pub(super) fn new(address: SocketAddr, origin: usize, fault: Fault, latency: Duration, bandwidth: u64) -> Wire {
        Wire {
            address,
            origin,
            open: true,
            connected: None,
            fault,
            fired: false,
            latency,
            bandwidth,
            down: VecDeque::new(),
            queued: 0,
            down_last: Duration::ZERO,
            end: None,
            backlog: VecDeque::new(),
            closes: None,
            up: VecDeque::new(),
            up_last: Duration::ZERO,
            arrived: 0,
            taken: 0,
            deaf: None,
            wants_write: false,
            sent: Vec::new(),
            read: 0,
            generated: 0,
            monitor: WireMonitor::default(),
            next: 0,
            thinks: None,
            continued: false,
            held: None,
            invited: None,
            released: None,
            reusable: true,
            stale: 0,
            looked: None,
            received: Vec::new(),
            writes: Vec::new(),
            announced: false,
            lasts: None,
            tls: ORIGINS[origin].secure.then(|| Box::new(TlsServer::new())),
            tunnel: None,
        }
    }

    fn travel(&self, now: Duration, bytes: usize, last: Duration) -> Duration {
        let time = (now + self.latency).max(last);
        match self.bandwidth {
            0 => time,
            bandwidth => time + Duration::from_micros(bytes as u64 * 1_000_000 / bandwidth),
        }
    }

    /// The server says something. Returns when it, or part of it, arrives.
    pub(super) fn say(&mut self, now: Duration, bytes: &[u8]) -> Vec<Duration> {
        if self.end.is_some() || self.closes.is_some() {
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

    /// How much of what the client says the server knows, as HTTP.
    pub(super) fn known(&self) -> usize {
        self.tls.as_ref().map_or(self.arrived, |tls| tls.plain.len())
    }

    /// Under TLS: what has arrived, deciphered; and the answers of TLS itself.
    pub(super) fn decipher(&mut self, now: Duration) -> (Vec<u8>, Vec<Duration>) {
        let Some(tls) = &mut self.tls else { return Default::default() };
        let from = tls.hear(&self.sent, self.arrived);
        let plain = tls.plain[from..].to_vec();
        let out = tls.say(b"", false);
        let times = if self.has_ended() { Vec::new() } else { self.send(now, &out) };
        (plain, times)
    }

    /// The server closes once it has said everything; `both`: it hears no more either; `torn`: without the good-bye of TLS.
    pub(super) fn close_after(&mut self, now: Duration, both: bool, torn: bool) -> Vec<Duration> {
        if self.closes.is_none() {
            if let Some(tls) = &mut self.tls
                && self.end.is_none()
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
        while self.end.is_none() && !self.backlog.is_empty() && self.queued < WINDOW {
            let gone = self.generated - self.backlog.len();
            let mut n = self.backlog.len().min(SEGMENT).min(WINDOW - self.queued);
            if let Fault::ResetDown(at, _) | Fault::FinDown(at) | Fault::StallDown(at) = self.fault {
                n = n.min(at.saturating_sub(gone));
                if n == 0 {
                    return self.break_down(now, arrivals);
                }
            }
            let bytes = first(&mut self.backlog, n);
            self.down_last = self.travel(now, n, self.down_last);
            self.queued += n;
            self.down.push_back((self.down_last, bytes));
            arrivals.push(self.down_last);
        }
        if let (Some(both), true, None) = (self.closes, self.backlog.is_empty(), self.end) {
            self.finish(now, End::Fin, both);
            arrivals.push(self.down_last);
        }
        arrivals
    }

    fn break_down(&mut self, now: Duration, mut arrivals: Vec<Duration>) -> Vec<Duration> {
        self.fired = true;
        match self.fault {
            Fault::ResetDown(_, loses) => {
                self.finish(now, End::Reset, true);
                if loses {
                    self.down.clear();
                    self.queued = 0;
                }
            }
            Fault::FinDown(_) => {
                self.finish(now, End::Fin, true);
            }
            // It stays in the backlog for ever.
            _ => return arrivals,
        }
        arrivals.push(self.down_last);
        arrivals
    }

    /// Ends the server's direction now, behind what is under way.
    pub(super) fn finish(&mut self, now: Duration, end: End, both: bool) -> Duration {
        self.down_last = self.travel(now, 0, self.down_last);
        self.end = Some((self.down_last, end));
        if both {
            self.deaf = Some(self.down_last);
        }
        self.down_last
    }

    /// Whether a read would give something now.
    pub(super) fn readable(&self, now: Duration) -> bool {
        match (self.down.front(), self.end) {
            (Some((at, _)), _) => *at <= now,
            (None, Some((at, _))) => at <= now,
            (None, None) => false,
        }
    }

    /// A look by the client, which may find it quiet.
    pub(super) fn look(&mut self, now: Duration) -> bool {
        let quiet = !self.readable(now);
        if quiet {
            self.looked = Some(self.read);
        }
        quiet
    }

    /// Why no request is to begin now on a connection that has had one. T47: after the last read it must have been looked at; where no time
    /// passes between that and the request, nothing can have come in between.
    pub(super) fn unfit(&self, now: Duration, at_once: bool) -> Option<&'static str> {
        if self.looked != Some(self.read) {
            return Some("a request on a connection that was not looked at since something was read from it");
        }
        (at_once && self.readable(now)).then_some("a request on a connection of which something could be read")
    }

    /// Under TLS: the same, for when it was that this plain byte was written.
    pub(super) fn unfit_then(&self, plain: usize) -> Option<&'static str> {
        let record = self.tls.as_ref()?.record_of(plain);
        let at = self.writes.partition_point(|(from, _)| *from <= record);
        self.writes[..at].last()?.1
    }

    /// Whether what the client has read since its last request began may be a response.
    pub(super) fn answer_begun(&self) -> bool {
        let received = self.received.strip_prefix(b"\r\n").unwrap_or(&self.received);
        !received.is_empty() && received.iter().zip(b"HTTP/1.").all(|(seen, intended)| seen == intended)
    }

    /// The server says something that nobody asked for. It is there at once, or with what is under way.
    pub(super) fn inject(&mut self, now: Duration, bytes: &[u8]) -> Duration {
        let bytes = match &mut self.tls {
            None => bytes.to_vec(),
            Some(tls) => tls.say(bytes, false),
        };
        self.down_last = self.down_last.max(now);
        self.queued += bytes.len();
        self.generated += bytes.len();
        self.stale = self.generated;
        self.down.push_back((self.down_last, bytes));
        self.down_last
    }

    /// Whether the server's direction takes bytes, all of its former ones are under way, and nothing that is to go wrong counts them.
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
        self.read == self.generated && self.end.is_none() && self.closes.is_none()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.end.is_some() || self.closes.is_some()
    }

    pub(super) fn read(&mut self, now: Duration, most: usize) -> (Read, Vec<Duration>) {
        match self.down.front_mut() {
            Some((at, _)) if *at > now => (Read::Nothing, Vec::new()),
            Some((_, bytes)) => {
                let rest = bytes.split_off(most.min(bytes.len()));
                let piece = std::mem::replace(bytes, rest);
                if bytes.is_empty() {
                    self.down.pop_front();
                }
                self.queued -= piece.len();
                self.read += piece.len();
                let arrivals = self.pump(now);
                (Read::Bytes(piece), arrivals)
            }
            None => match self.end {
                Some((at, end)) if at <= now => (Read::End(end), Vec::new()),
                _ => (Read::Nothing, Vec::new()),
            },
        }
    }

    /// How much can be written now.
    ///
    /// # Errors
    /// When writing fails.
    pub(super) fn room(&self, now: Duration) -> Result<usize, ErrorKind> {
        if self.deaf.is_some_and(|at| at <= now) {
            return Err(ErrorKind::BrokenPipe);
        }
        Ok(WINDOW.saturating_sub(self.sent.len() - self.taken))
    }

    /// Bytes leave; returns when they arrive.
    pub(super) fn write(&mut self, now: Duration, bytes: &[u8]) -> Duration {
        self.sent.extend_from_slice(bytes);
        self.up_last = self.travel(now, bytes.len(), self.up_last);
        self.up.push_back((self.up_last, self.sent.len()));
        self.up_last
    }

    /// Takes in what has arrived at the server. Returns when the client hears of a reset, if there is one.
    pub(super) fn arrive(&mut self, now: Duration) -> Option<Duration> {
        while let Some(&(at, offset)) = self.up.front()
            && at <= now
        {
            self.up.pop_front();
            match self.fault {
                Fault::StopReading(most) if offset > most => {
                    self.fired = true;
                    self.arrived = self.arrived.max(most);
                    continue;
                }
                Fault::ResetUp(most) if offset > most && self.end.is_none() => {
                    self.fired = true;
                    self.backlog.clear();
                    return Some(self.finish(now, End::Reset, true));
                }
                _ => {}
            }
            self.arrived = offset;
            self.taken = offset;
        }
        None
    }
}
