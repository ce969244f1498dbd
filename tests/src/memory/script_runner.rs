//! A peer at work: its script against what it hears, under TLS where the script says so.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::time::Duration;

use rustls::ServerConnection;

use super::peer::{Peer, Step};
use super::socket::{End, Line};

#[derive(Default)]
pub(super) struct ScriptRunner {
    steps: VecDeque<Step>,
    /// Everything heard, decrypted.
    pub(super) received: Vec<u8>,
    /// What steps have dealt with.
    cursor: usize,
    /// The head that was dealt with last.
    head: Vec<u8>,
    /// TLS, the layer nearest to the wire first.
    layers: Vec<ServerConnection>,
    not_reading: bool,
    pub(super) wakes: Option<Duration>,
    pub(super) tls_failure: Option<String>,
}

impl ScriptRunner {
    pub(super) fn new(peer: Peer) -> ScriptRunner {
        ScriptRunner { steps: peer.steps.into(), ..ScriptRunner::default() }
    }

    /// Whether every step was taken.
    pub(super) fn is_done(&self) -> bool {
        self.steps.is_empty()
    }

    /// Does whatever can be done now.
    pub(super) fn run(&mut self, now: Duration, line: &mut Line) {
        if line.hung_up {
            return;
        }
        loop {
            self.hear(line);
            let Some(step) = self.steps.pop_front() else { break };
            if let Some(unfinished) = self.step(step, now, line) {
                self.steps.push_front(unfinished);
                break;
            }
        }
        self.speak(line);
    }

    /// One step; it comes back when it is not finished.
    fn step(&mut self, step: Step, now: Duration, line: &mut Line) -> Option<Step> {
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
            Step::Received(n) if self.received.len() < n => return Some(step),
            Step::Received(_) => {}
            Step::Send(mut bytes) => {
                let n = bytes.len().min(line.room_to_client());
                self.say(&bytes[..n], line);
                if n < bytes.len() {
                    bytes.drain(..n);
                    return Some(Step::Send(bytes));
                }
            }
            Step::Answer(answer) => {
                let bytes = answer(&String::from_utf8_lossy(&self.head)).into_bytes();
                return self.step(Step::Send(bytes), now, line);
            }
            Step::Fill { byte, left } => {
                let n = left.min(line.room_to_client() as u64);
                self.say(&vec![byte; n as usize], line);
                if left > n {
                    return Some(Step::Fill { byte, left: left - n });
                }
            }
            Step::Endless { ref unit, every } => {
                if self.sleeps(now, every) {
                    return Some(step);
                }
                while line.room_to_client() >= unit.len() {
                    self.say(unit, line);
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
                // What was heard behind the last step belongs inside.
                let early = self.received.split_off(self.cursor);
                self.hear_inside(&early);
            }
            Step::CloseNotify => {
                if let Some(top) = self.layers.last_mut() {
                    top.send_close_notify();
                }
                self.speak(line);
            }
            Step::StopReading => self.not_reading = true,
            Step::HalfClose => self.end(End::Fin, line),
            Step::Deaf => line.deaf = true,
            Step::Close => {
                self.end(End::Fin, line);
                line.deaf = true;
            }
            Step::Reset => self.end(End::Reset, line),
        }
        None
    }

    fn end(&mut self, end: End, line: &mut Line) {
        self.speak(line);
        line.end = Some(end);
    }

    /// True until the time is over; sets the alarm.
    fn sleeps(&mut self, now: Duration, time: Duration) -> bool {
        let until = *self.wakes.get_or_insert(now + time);
        if now < until {
            return true;
        }
        self.wakes = None;
        false
    }

    fn say(&mut self, bytes: &[u8], line: &mut Line) {
        match self.layers.last_mut() {
            None => line.push(bytes),
            Some(top) => {
                top.writer().write_all(bytes).expect("rustls buffers");
                self.speak(line);
            }
        }
    }

    /// Whatever TLS has to send goes on its way.
    fn speak(&mut self, line: &mut Line) {
        for i in (0..self.layers.len()).rev() {
            let mut out = Vec::new();
            while self.layers[i].wants_write() {
                self.layers[i].write_tls(&mut out).expect("a Vec takes everything");
            }
            match i.checked_sub(1) {
                Some(below) => self.layers[below].writer().write_all(&out).expect("rustls buffers"),
                None => line.push(&out),
            }
        }
    }

    fn hear(&mut self, line: &mut Line) {
        if !self.not_reading && !line.inbox.is_empty() {
            let wire = std::mem::take(&mut line.inbox);
            self.hear_inside(&wire);
            self.speak(line);
        }
    }

    fn hear_inside(&mut self, wire: &[u8]) {
        let mut data = wire.to_vec();
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
                // An error here says that there is nothing now, or nothing more.
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

/// The length of the body that `head` announces, as far as it has come whole in `rest`.
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
