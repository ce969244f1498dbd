//! Runs a peer's script against the bytes that arrive, under TLS where the script says so.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::time::Duration;

use rustls::ServerConnection;

use super::peer::{Peer, Step};
use crate::network::{End, Wire};

#[derive(Default)]
pub(super) struct ScriptRunner {
    steps: VecDeque<Step>,
    /// Every byte that arrived, decrypted.
    pub(super) received: Vec<u8>,
    /// How many of these bytes the steps have used.
    cursor: usize,
    /// The last request head.
    head: Vec<u8>,
    /// The TLS layers, from the wire up.
    layers: Vec<ServerConnection>,
    not_reading: bool,
    pub(super) wakes: Option<Duration>,
    now: Duration,
    pub(super) tls_failure: Option<String>,
}

impl ScriptRunner {
    pub(super) fn new(peer: Peer) -> ScriptRunner {
        ScriptRunner { steps: peer.steps.into(), ..ScriptRunner::default() }
    }

    /// Returns true when every step is done.
    pub(super) fn is_done(&self) -> bool {
        self.steps.is_empty()
    }

    /// Runs the steps that can run now.
    pub(super) fn run(&mut self, now: Duration, wire: &mut Wire) {
        self.now = now;
        loop {
            self.receive(wire);
            let Some(step) = self.steps.pop_front() else { break };
            if let Some(unfinished) = self.step(step, now, wire) {
                self.steps.push_front(unfinished);
                break;
            }
        }
        self.flush(wire);
    }

    /// Runs one step, and returns it if it is not finished.
    fn step(&mut self, step: Step, now: Duration, wire: &mut Wire) -> Option<Step> {
        match step {
            Step::Head => {
                let rest = &self.received[self.cursor..];
                let Some(end) = find(rest, b"\r\n\r\n") else { return Some(step) };
                self.head = rest[..end + 4].to_vec();
                self.cursor += end + 4;
            }
            Step::Body => {
                let Some(n) = body_length(&self.head, &self.received[self.cursor..]) else { return Some(step) };
                self.cursor += n;
            }
            Step::Received(n) | Step::Passes(n) if self.received.len() < n => return Some(step),
            Step::Received(_) => {}
            Step::Passes(n) => self.cursor = self.cursor.max(n),
            Step::Send(mut bytes) => {
                let n = bytes.len().min(wire.room_to_client());
                self.say(&bytes[..n], wire);
                if n < bytes.len() {
                    bytes.drain(..n);
                    return Some(Step::Send(bytes));
                }
            }
            Step::Answer(answer) => {
                let bytes = answer(&String::from_utf8_lossy(&self.head)).into_bytes();
                return self.step(Step::Send(bytes), now, wire);
            }
            Step::Fill { byte, left } => {
                let n = left.min(wire.room_to_client() as u64);
                self.say(&vec![byte; n as usize], wire);
                if left > n {
                    return Some(Step::Fill { byte, left: left - n });
                }
            }
            Step::Endless { ref unit, every } => {
                if self.sleeps(now, every) {
                    return Some(step);
                }
                while wire.room_to_client() >= unit.len() {
                    self.say(unit, wire);
                    if !every.is_zero() {
                        break;
                    }
                }
                if !every.is_zero() {
                    self.wakes = Some(now + every);
                }
                return Some(step);
            }
            Step::Sleep(time) if self.sleeps(now, time) => return Some(step),
            Step::Until(time) if self.sleeps(now, time.saturating_sub(now)) => return Some(step),
            Step::Sleep(_) | Step::Until(_) => {}
            Step::StartTls(config) => {
                let layer = ServerConnection::new(config).expect("a kit's server configuration is sound");
                self.layers.push(layer);
                // Bytes that arrived after the last step belong inside.
                let early = self.received.split_off(self.cursor);
                self.receive_inside(&early);
            }
            Step::CloseNotify => {
                if let Some(top) = self.layers.last_mut() {
                    top.send_close_notify();
                }
                self.flush(wire);
            }
            Step::StopReading => self.not_reading = true,
            Step::HalfClose => self.end(End::Fin, false, wire),
            Step::Deaf => wire.refuse_writes(now),
            Step::Close => self.end(End::Fin, true, wire),
            Step::Reset => self.end(End::Reset, true, wire),
        }
        None
    }

    fn end(&mut self, end: End, both: bool, wire: &mut Wire) {
        self.flush(wire);
        wire.finish(self.now, end, both);
    }

    /// Sends a segment, unless the peer's direction has ended.
    fn push(&self, bytes: &[u8], wire: &mut Wire) {
        if !bytes.is_empty() && !wire.is_finished() {
            wire.push(self.now, bytes.to_vec());
        }
    }

    /// Returns true until the time is over, and sets the wake-up.
    fn sleeps(&mut self, now: Duration, time: Duration) -> bool {
        let until = *self.wakes.get_or_insert(now + time);
        if now < until {
            return true;
        }
        self.wakes = None;
        false
    }

    fn say(&mut self, bytes: &[u8], wire: &mut Wire) {
        match self.layers.last_mut() {
            None => self.push(bytes, wire),
            Some(top) => {
                top.writer().write_all(bytes).expect("rustls buffers");
                self.flush(wire);
            }
        }
    }

    /// Sends what TLS has to send.
    fn flush(&mut self, wire: &mut Wire) {
        for i in (0..self.layers.len()).rev() {
            let mut out = Vec::new();
            while self.layers[i].wants_write() {
                self.layers[i].write_tls(&mut out).expect("a Vec takes everything");
            }
            match i.checked_sub(1) {
                Some(below) => self.layers[below].writer().write_all(&out).expect("rustls buffers"),
                None => self.push(&out, wire),
            }
        }
    }

    fn receive(&mut self, wire: &mut Wire) {
        if self.not_reading {
            return;
        }
        let from = wire.arrived;
        while let Some(offset) = wire.next_arrived(self.now) {
            wire.take(offset);
        }
        if wire.arrived > from {
            let bytes = wire.sent[from..wire.arrived].to_vec();
            self.receive_inside(&bytes);
            self.flush(wire);
        }
    }

    fn receive_inside(&mut self, bytes: &[u8]) {
        let mut data = bytes.to_vec();
        for layer in &mut self.layers {
            let mut rest = &data[..];
            let mut plain = Vec::new();
            while !rest.is_empty() && self.tls_failure.is_none() {
                if layer.read_tls(&mut rest).is_err() {
                    break;
                }
                if let Err(error) = layer.process_new_packets() {
                    self.tls_failure = Some(error.to_string());
                }
                // An error says that no plain bytes are available.
                let _ = layer.reader().read_to_end(&mut plain);
            }
            data = plain;
        }
        self.received.extend_from_slice(&data);
    }
}

pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

/// Returns the length of the body that `head` announces, once `rest` holds it whole.
fn body_length(head: &[u8], rest: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name).map(str::trim));
    if field("transfer-encoding:") == Some("chunked") {
        let mut at = 0;
        loop {
            let line = find(&rest[at..], b"\r\n")?;
            let size = usize::from_str_radix(std::str::from_utf8(&rest[at..at + line]).ok()?, 16).ok()?;
            at += line + 2 + size + 2;
            if rest.len() < at {
                return None;
            }
            if size == 0 {
                return Some(at);
            }
        }
    }
    let length = field("content-length:").map_or(0, |n| n.parse().expect("a number in Content-Length"));
    (rest.len() >= length).then_some(length)
}
