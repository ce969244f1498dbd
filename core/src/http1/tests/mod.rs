//! Tests of one connection, and the function that plays a response in every possible split.

mod arbitrary;
mod chunked;
mod exchanges;
mod facts;
mod field_lines;
mod heads;
mod limits;
mod reasons;
mod requests;
mod responses;
mod status_lines;

use super::*;

/// The setup of a case.
#[derive(Clone, Copy)]
struct Setup {
    method: &'static str,
    upgrade: Option<&'static str>,
    /// Whether another exchange preceded it on the same connection.
    served: bool,
    config: Config,
}

impl Setup {
    const COMPAT: Setup = Setup {
        method: "GET",
        upgrade: None,
        served: false,
        config: Config { limits: crate::Limits::DEFAULT, leniencies: Leniencies::COMPAT },
    };
    const STRICT: Setup =
        Setup { config: Config { limits: crate::Limits::DEFAULT, leniencies: Leniencies::STRICT }, ..Self::COMPAT };

    /// Returns a connection that has sent its request and waits for the response.
    fn connection(&self) -> Connection {
        let mut connection = Connection::new(self.config);
        if self.served {
            send(&mut connection, "GET", None);
            let mut input = &b"HTTP/1.1 204 No Content\r\n\r\n"[..];
            while connection.receive(input).map(|r| (r.consumed, r.event)).is_ok_and(|(consumed, event)| {
                input = &input[consumed..];
                event != Event::End
            }) {}
            connection.reuse().unwrap();
        }
        send(&mut connection, self.method, self.upgrade);
        connection
    }
}

fn send(connection: &mut Connection, method: &str, upgrade: Option<&str>) {
    let head = RequestHead { upgrade, ..RequestHead::new(method, "/") };
    connection.send_head(&head, [("Host", &b"example.com"[..])]).unwrap();
    connection.wrote(usize::MAX);
}

/// One observed event; adjacent body pieces are joined.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Saw {
    Informational(ResponseHead),
    Head(ResponseHead, Option<BodyFraming>),
    Body(Vec<u8>),
    End,
    Switched,
    Error(ProtocolError),
}

/// All results that must not depend on splits.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Run {
    saw: Vec<Saw>,
    trailers: Option<Fields>,
    used: LeniencySet,
    /// Before the end of the connection, if that came.
    reuse: Result<(), NotReusable>,
    received: u64,
}

impl Run {
    /// Formats the run on one line, for tables.
    fn line(&self) -> String {
        let mut line = String::new();
        for saw in &self.saw {
            line += &match saw {
                Saw::Informational(head) => format!("{} ", head.status().as_u16()),
                Saw::Head(head, framing) => format!("{}/{:?} ", head.status().as_u16(), framing.unwrap()),
                Saw::Body(bytes) => format!("\"{}\" ", bytes.escape_ascii()),
                Saw::End => "end".into(),
                Saw::Switched => "switched".into(),
                Saw::Error(error) => format!("! {error}"),
            };
        }
        if let Some(Saw::End) = self.saw.last() {
            line += &match self.reuse {
                Ok(()) => ", reusable".into(),
                Err(reason) => format!(", {reason}"),
            };
        }
        line
    }

    fn head(&self) -> &ResponseHead {
        let head = self.saw.iter().find_map(|saw| if let Saw::Head(head, _) = saw { Some(head) } else { None });
        head.unwrap_or_else(|| panic!("no head: {}", self.line()))
    }

    fn error(&self) -> &ProtocolError {
        match self.saw.last() {
            Some(Saw::Error(error)) => error,
            _ => panic!("no error: {}", self.line()),
        }
    }
}

fn play<'a>(setup: &Setup, pieces: impl IntoIterator<Item = &'a [u8]>, eof: Option<Eof>) -> Run {
    let mut connection = setup.connection();
    let mut saw: Vec<Saw> = Vec::new();
    let over = |saw: &[Saw]| matches!(saw.last(), Some(Saw::End | Saw::Switched | Saw::Error(_)));
    for mut piece in pieces {
        loop {
            let received = match connection.receive(piece) {
                Ok(received) => received,
                Err(error) => {
                    assert_eq!(connection.receive(piece), Err(error.clone()), "an error is repeated");
                    if !over(&saw) {
                        saw.push(Saw::Error(error));
                    }
                    break;
                }
            };
            if over(&saw) {
                assert_eq!(received.consumed, 0, "nothing is consumed after the end");
                break;
            }
            match received.event {
                Event::NeedInput => {
                    assert_eq!(received.consumed, piece.len());
                    break;
                }
                Event::Informational(head) => saw.push(Saw::Informational(head)),
                Event::Head(head) => saw.push(Saw::Head(head, connection.body_framing())),
                Event::Body(range) => {
                    assert!(!range.is_empty() && range.end == received.consumed);
                    match saw.last_mut() {
                        Some(Saw::Body(body)) => body.extend_from_slice(&piece[range]),
                        _ => saw.push(Saw::Body(piece[range].to_vec())),
                    }
                }
                Event::End => saw.push(Saw::End),
                Event::Switched => saw.push(Saw::Switched),
            }
            piece = &piece[received.consumed..];
        }
    }
    let reuse = connection.can_reuse();
    if let (Some(eof), false) = (eof, over(&saw)) {
        match connection.receive_eof(eof) {
            Ok(event) => {
                assert_eq!(event, Event::End);
                saw.push(Saw::End);
            }
            Err(error) => saw.push(Saw::Error(error)),
        }
    }
    Run {
        saw,
        reuse,
        used: connection.leniencies_used(),
        // After an error, the amount of consumed input is unspecified.
        received: if matches!(reuse, Err(NotReusable::Failed)) { 0 } else { connection.bytes_received() },
        trailers: connection.take_trailers(),
    }
}

/// Plays `input` whole, byte by byte, at every two-way split, and with bytes after it, and requires
/// equal results.
fn every_way(setup: &Setup, input: &[u8], eof: Option<Eof>) -> Run {
    let whole = play(setup, [input], eof);
    let same = |other: Run, how: &str| {
        assert_eq!(other, whole, "{how}: \"{}\"\n{}\n{}", input.escape_ascii(), other.line(), whole.line());
    };
    same(play(setup, input.chunks(1), eof), "byte by byte");
    // Beyond a few thousand bytes every split would take too long; the framing lies at both ends.
    for at in (0..=input.len()).filter(|at| input.len() < 3000 || *at < 500 || input.len() - at < 500) {
        let (a, b) = input.split_at(at);
        same(play(setup, [a, b], eof), &format!("split at {at}"));
    }
    let ended = play(setup, [input], None);
    if let Some(Saw::End | Saw::Switched | Saw::Error(_)) = ended.saw.last() {
        for more in [&b"\r\n"[..], b"HTTP/1.1 200 OK\r\n\r\n", b"\0"] {
            let longer = [input, more].concat();
            let after = play(setup, [&longer[..]], None);
            same(play(setup, longer.chunks(1), None).without_reuse(&whole), "byte by byte, with bytes after it");
            assert_eq!(after.saw, ended.saw, "with bytes after it: \"{}\"", input.escape_ascii());
            assert!(after.reuse.is_err(), "leftover bytes forbid reuse");
        }
    }
    whole
}

impl Run {
    fn without_reuse(self, other: &Run) -> Run {
        Run { reuse: other.reuse, ..self }
    }
}

#[test]
fn connection_is_small() {
    let size = size_of::<Connection>();
    assert!(size <= 200, "{size}");
}
