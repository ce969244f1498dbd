//! A TLS session with a real server whose records are tampered with.

use std::io::{Read, Write};
use std::sync::{Arc, OnceLock};

use petition_core::http1::{Config, Leniencies};
use petition_core::link::Link;
use petition_core::tls::{TlsConfig, TlsLayer};
use petition_core::{Limits, Method};
use rustls::{ServerConfig, ServerConnection};

use super::wire::{Drive, Seen, Turn};
use crate::fuzz::choice;
use crate::memory::{client_config, server_config};
use crate::rng::Rng;
use crate::tls::Authority;

/// How the server's records are tampered with. Records are counted from 0 over the whole session.
#[derive(Clone, Copy, Debug)]
enum Tampering {
    Nothing,
    Flip {
        at: usize,
    },
    Drop,
    Repeat,
    CutWithin {
        at: usize,
    },
    /// Inserts a record of this type before it.
    Insert {
        kind: u8,
    },
}

fn world() -> &'static (Authority, Arc<ServerConfig>) {
    static WORLD: OnceLock<(Authority, Arc<ServerConfig>)> = OnceLock::new();
    WORLD.get_or_init(|| {
        let authority = Authority::new();
        let server = server_config(&authority, &["a.test"]);
        (authority, server)
    })
}

/// Returns settings that trust the server, without a session to resume.
pub(super) fn client() -> TlsConfig {
    client_config(&world().0)
}

/// Sends a response through TLS. The first bytes choose the tampering; the rest is the content.
pub(super) fn session(chosen: usize, seed: u64, mut data: &[u8]) {
    let (what, which, at) = (choice(&mut data), choice(&mut data) % 16, choice(&mut data));
    let tampering = match what % 6 {
        0 => Tampering::Nothing,
        1 => Tampering::Flip { at },
        2 => Tampering::Drop,
        3 => Tampering::Repeat,
        4 => Tampering::CutWithin { at },
        _ => Tampering::Insert { kind: [20, 21, 22, 23, 24, 0][at % 6] },
    };
    let framing = match chosen >> 3 & 3 {
        0 => format!("Content-Length: {}\r\n", data.len()),
        _ => String::new(),
    };
    let response = [format!("HTTP/1.1 200 OK\r\n{framing}\r\n").as_bytes(), data].concat();
    let polite = chosen & 32 == 0;
    let delimited = !framing.is_empty();
    let [whole, cut] = [None, Some(Rng::new(seed))].map(|rng| run(rng, &response, polite, which, tampering));
    for (seen, touched) in [&whole, &cut] {
        assert!(data.starts_with(&seen.body), "what comes is what was sent");
        let all = seen.body == data;
        assert!(all || !seen.complete, "{tampering:?} of record {which}: a part passes for the whole");
        if !touched && (polite || delimited) {
            assert!(seen.complete, "nothing was done to it: {:?}", seen.error);
        }
    }
    assert_eq!(whole.0.events.len(), cut.0.events.len());
    assert_eq!((whole.0.body, whole.0.complete), (cut.0.body, cut.0.complete));
}

/// Returns whether any record was changed, and what the client observed.
fn run(rng: Option<Rng>, response: &[u8], polite: bool, which: usize, tampering: Tampering) -> (Seen, bool) {
    let (authority, server) = world();
    let layer = TlsLayer::new(&client_config(authority), "a.test").unwrap();
    let config = Config { limits: Limits::DEFAULT, leniencies: Leniencies::STRICT };
    let mut link = Link::new(vec![Box::new(layer)], config);
    let mut drive = Drive::new(&Method::GET, rng);
    let mut server = ServerConnection::new(server.clone()).unwrap();
    server.set_buffer_limit(None);
    let mut channel = Channel { which, tampering, ..Channel::default() };
    let (mut heard, mut answered) = (0, false);
    drive.request(&mut link);
    while drive.turn(&mut link) != Turn::Over {
        let mut news = drive.sent_since(&mut heard);
        while !news.is_empty() && server.read_tls(&mut news).is_ok_and(|n| n > 0) {
            // The client's bytes are correct; an alert from the client is an error here, and the
            // end.
            if server.process_new_packets().is_err() {
                channel.over = true;
            }
        }
        let mut request = [0; 1024];
        let asked = server.reader().read(&mut request).is_ok_and(|n| n > 0);
        if asked && !std::mem::replace(&mut answered, true) {
            server.writer().write_all(response).unwrap();
            if polite {
                server.send_close_notify();
            }
        }
        let mut records = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut records).unwrap();
        }
        channel.pass(&records);
        let n = drive.piece(channel.bytes.len());
        if n == 0 {
            // Nothing else follows: the connection ends.
            link.receive_eof();
        }
        let piece: Vec<u8> = channel.bytes.drain(..n).collect();
        drive.give(&mut link, &piece);
    }
    (drive.finish(link), channel.touched)
}

/// The path from the server to the client.
struct Channel {
    which: usize,
    tampering: Tampering,
    count: usize,
    touched: bool,
    bytes: Vec<u8>,
    over: bool,
}

impl Default for Channel {
    fn default() -> Channel {
        let tampering = Tampering::Nothing;
        Channel { which: 0, tampering, count: 0, touched: false, bytes: Vec::new(), over: false }
    }
}

impl Channel {
    /// Passes on whole records, and tampers with one of them.
    fn pass(&mut self, mut records: &[u8]) {
        while let Some((&[kind, major, minor, high, low], rest)) = records.split_first_chunk() {
            let (body, rest) = rest.split_at(usize::from(high) << 8 | usize::from(low));
            records = rest;
            if self.over {
                continue;
            }
            let mut record = vec![kind, major, minor, high, low];
            record.extend_from_slice(body);
            let hit = self.count == self.which && !matches!(self.tampering, Tampering::Nothing);
            self.count += 1;
            self.touched |= hit;
            match self.tampering {
                Tampering::Flip { at } if hit => record[5 + at % body.len()] ^= 1 << (at % 8),
                Tampering::Drop if hit => record.clear(),
                Tampering::Repeat if hit => record.extend_from_within(..),
                Tampering::CutWithin { at } if hit => {
                    record.truncate(at % record.len());
                    self.over = true;
                }
                Tampering::Insert { kind } if hit => {
                    record.splice(..0, [kind, 3, 3, 0, 2, 1, 0]);
                }
                _ => {}
            }
            self.bytes.extend_from_slice(&record);
        }
        assert!(records.is_empty(), "a server writes whole records");
    }
}
