//! L1 against any bytes: no panic, bounded work, and the same events, body and error however the bytes are cut.

use petition_core::Limits;
use petition_core::http1::{Config, Connection, Eof, Event, Leniencies, ProtocolError, RequestHead};

use super::{Dice, choice};

/// All that one play of the bytes showed.
#[derive(Debug, PartialEq)]
struct Played {
    events: Vec<String>,
    body: Vec<u8>,
    error: Option<ProtocolError>,
    reuse: Result<(), String>,
}

/// A response to one of several requests, whole, byte by byte and in random pieces.
pub fn response(mut data: &[u8]) {
    let chosen = choice(&mut data);
    let seed = choice(&mut data) as u64;
    let method = ["GET", "HEAD", "CONNECT", "POST"][chosen % 4];
    let leniencies = if chosen & 4 == 0 { Leniencies::COMPAT } else { Leniencies::STRICT };
    let limits = if chosen & 8 == 0 {
        Limits::DEFAULT
    } else {
        let mut small = Limits::DEFAULT;
        (small.head_bytes, small.head_line_bytes, small.head_fields) = (200, 80, 5);
        (small.trailer_bytes, small.trailer_fields, small.chunk_extension_bytes) = (60, 2, 16);
        small
    };
    let config = Config { limits, leniencies };
    let eof = if chosen & 16 == 0 { Eof::Clean } else { Eof::Truncated };
    let upgrade = (chosen & 32 != 0).then_some("h2c");
    let play = |pieces: &[&[u8]]| play(config, method, upgrade, eof, pieces);
    let whole = play(&[data]);
    assert_eq!(whole, play(&Dice::new(seed).pieces(data, 9)), "in pieces");
    if data.len() <= 512 {
        assert_eq!(whole, play(&data.chunks(1).collect::<Vec<_>>()), "byte by byte");
    }
}

fn play(config: Config, method: &str, upgrade: Option<&str>, eof: Eof, pieces: &[&[u8]]) -> Played {
    let mut connection = Connection::new(config);
    let target = if method == "CONNECT" { "a.test:1" } else { "/" };
    let head = RequestHead { upgrade, ..RequestHead::new(method, target) };
    connection.send_head(&head, [("Host", &b"a.test"[..])]).unwrap();
    connection.wrote(connection.outgoing().len());
    let _ = connection.finish_body(None);
    connection.wrote(connection.outgoing().len());
    let mut played = Played { events: Vec::new(), body: Vec::new(), error: None, reuse: Ok(()) };
    let mut calls = 0;
    let total: usize = pieces.iter().map(|piece| piece.len()).sum();
    let mut over = false;
    // One empty piece more: an end that follows the last byte is seen without further bytes.
    'pieces: for piece in pieces.iter().copied().chain([&[][..]]) {
        let mut input = piece;
        loop {
            calls += 1;
            assert!(calls <= 4 * total + 4 * pieces.len() + 16, "work is linear");
            match connection.receive(input) {
                Ok(received) => {
                    let more = played.take(&received.event, input);
                    input = &input[received.consumed..];
                    match more {
                        More::Now => {}
                        More::Input => break,
                        More::Never => {
                            over = true;
                            break 'pieces;
                        }
                    }
                }
                Err(error) => {
                    assert_eq!(connection.receive(input).unwrap_err(), error, "an error stays");
                    played.error = Some(error);
                    over = true;
                    break 'pieces;
                }
            }
        }
    }
    if !over {
        match connection.receive_eof(eof) {
            Ok(event) => drop(played.take(&event, &[])),
            Err(error) => played.error = Some(error),
        }
    }
    if played.error.is_some() {
        played.reuse = connection.reuse().map_err(|reason| format!("{reason:?}"));
        assert!(played.reuse.is_err(), "nothing unclean is reused");
    }
    played
}

enum More {
    Now,
    Input,
    Never,
}

impl Played {
    fn take(&mut self, event: &Event, input: &[u8]) -> More {
        match event {
            Event::NeedInput => return More::Input,
            Event::Body(range) => {
                self.body.extend_from_slice(&input[range.clone()]);
                return More::Now;
            }
            Event::Informational(head) | Event::Head(head) => {
                for (name, value) in head.fields().iter() {
                    assert!(!name.is_empty() && !value.iter().any(|b| matches!(b, b'\r' | b'\n' | 0)));
                }
                self.events.push(format!("{} {:?}", head.status(), head.raw()));
                return More::Now;
            }
            Event::End => self.events.push("end".into()),
            Event::Switched => self.events.push("switched".into()),
        }
        More::Never
    }
}
