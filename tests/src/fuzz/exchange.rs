//! One exchange on one connection whose response is the given bytes, shared by the targets of L1.
//!
//! Checked in every run: the work is linear, errors and ends persist, nothing unclean is reused,
//! field values contain no line break, and the counts match the input.

use petition_core::http1::{
    BodyFraming, Config, Connection, Eof, Event, Fields, Leniencies, LeniencySet, ProtocolError, RequestHead,
    ResponseHead,
};

use petition_core::Limits;

/// The request, the settings, and how the response's bytes end.
pub(super) struct Exchange {
    pub(super) config: Config,
    pub(super) method: &'static str,
    pub(super) upgrade: Option<&'static str>,
    pub(super) eof: Eof,
}

/// The result of one run.
#[derive(Debug, PartialEq)]
pub(super) struct Played {
    /// The heads of interim responses, and the final one.
    pub(super) heads: Vec<ResponseHead>,
    pub(super) body: Vec<u8>,
    pub(super) outcome: Outcome,
    pub(super) framing: Option<BodyFraming>,
    pub(super) trailers: Option<Fields>,
    pub(super) tolerated: LeniencySet,
    pub(super) received: u64,
}

#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    /// The response ended after this many bytes; `eof` if the end of the connection ended it.
    Ended {
        after: usize,
        eof: bool,
    },
    Switched {
        after: usize,
    },
    Failed(ProtocolError),
}

/// Limits so small that short inputs reach them.
pub(super) const SMALL: Limits = {
    let mut small = Limits::DEFAULT;
    (small.head_bytes, small.head_line_bytes, small.head_fields, small.all_heads_bytes) = (200, 80, 5, 300);
    (small.trailer_bytes, small.trailer_fields, small.reason_bytes) = (60, 2, 20);
    (small.chunk_extension_bytes, small.chunk_extensions_bytes, small.chunk_overhead_bytes) = (16, 40, 64);
    small.informational_responses = 2;
    small
};

impl Exchange {
    /// Returns a GET under these limits and leniencies, whose connection ends cleanly.
    pub(super) fn get(limits: Limits, leniencies: Leniencies) -> Exchange {
        Exchange { config: Config { limits, leniencies }, method: "GET", upgrade: None, eof: Eof::Clean }
    }

    /// Sends the request and receives the pieces one after the other, then the end.
    pub(super) fn play(&self, pieces: &[&[u8]]) -> Played {
        let mut connection = Connection::new(self.config);
        let target = if self.method == "CONNECT" { "a.test:1" } else { "/" };
        let head = RequestHead { upgrade: self.upgrade, ..RequestHead::new(self.method, target) };
        connection.send_head(&head, [("Host", &b"a.test"[..])]).unwrap();
        connection.wrote(connection.outgoing().len());
        let _ = connection.finish_body(None);
        connection.wrote(connection.outgoing().len());
        let (mut heads, mut body) = (Vec::new(), Vec::new());
        let outcome = self.receive(&mut connection, pieces, &mut heads, &mut body);
        if let Outcome::Failed(error) = &outcome {
            assert_eq!(&connection.receive(b"HTTP/1.1 200 OK\r\n\r\n").unwrap_err(), error, "an error stays");
            assert_eq!(&connection.receive_eof(self.eof).unwrap_err(), error, "an error stays");
            assert!(!error.to_string().contains('\n'), "an error is one line");
        }
        if connection.can_reuse().is_ok() {
            let delimited = matches!(
                connection.body_framing(),
                Some(BodyFraming::None | BodyFraming::Length(_) | BodyFraming::Chunked)
            );
            assert!(delimited && matches!(outcome, Outcome::Ended { eof: false, .. }), "nothing unclean is reused");
        }
        assert_eq!(connection.body_received(), body.len() as u64);
        Played {
            heads,
            body,
            outcome,
            framing: connection.body_framing(),
            trailers: connection.trailers().cloned(),
            tolerated: connection.leniencies_used(),
            received: connection.bytes_received(),
        }
    }

    fn receive(
        &self,
        connection: &mut Connection,
        pieces: &[&[u8]],
        heads: &mut Vec<ResponseHead>,
        body: &mut Vec<u8>,
    ) -> Outcome {
        let mut calls = 0;
        let mut after = 0;
        let total: usize = pieces.iter().map(|piece| piece.len()).sum();
        // One more empty piece: an end after the last byte needs no further bytes.
        for piece in pieces.iter().copied().chain([&[][..]]) {
            let mut input = piece;
            loop {
                calls += 1;
                assert!(calls <= 4 * total + 4 * pieces.len() + 16, "work is linear");
                let received = match connection.receive(input) {
                    Ok(received) => received,
                    Err(error) => return Outcome::Failed(error),
                };
                after += received.consumed;
                let rest = &input[received.consumed..];
                match received.event {
                    Event::NeedInput => {
                        assert!(rest.is_empty());
                        break;
                    }
                    Event::Body(range) => body.extend_from_slice(&input[range]),
                    Event::Informational(head) | Event::Head(head) => {
                        for (name, value) in head.fields().iter() {
                            let clean = |b: &u8| !matches!(b, b'\r' | b'\n' | 0);
                            assert!(!name.is_empty() && value.iter().all(clean));
                        }
                        heads.push(head);
                    }
                    Event::End => {
                        assert_eq!(connection.receive(b"").unwrap().event, Event::End, "an end stays");
                        return Outcome::Ended { after, eof: false };
                    }
                    Event::Switched => return Outcome::Switched { after },
                }
                input = rest;
            }
        }
        assert_eq!(after, total, "what was taken is counted");
        match connection.receive_eof(self.eof) {
            Ok(Event::End) => Outcome::Ended { after, eof: true },
            Ok(event) => panic!("{event:?} at the end"),
            Err(error) => Outcome::Failed(error),
        }
    }
}
