//! What kawa reads, in Petition's terms.

use kawa::h1::{NoCallbacks, parse};
use kawa::{AsBuffer, Block, BodySize, Buffer, Kawa, Kind, ParsingPhase, StatusLine};

use super::is_taken_out;

/// How far it read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// To the end of the message, after this many bytes.
    Complete {
        after: usize,
    },
    Incomplete,
    Refused,
}

/// The parsed parts.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) status: u16,
    pub(super) reason: Vec<u8>,
    pub(super) method: Vec<u8>,
    pub(super) target: Vec<u8>,
    /// The heads so far, including interim ones.
    pub(super) heads: usize,
    pub(super) fields: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
    pub(super) trailers: Vec<(String, Vec<u8>)>,
}

/// A buffer of fixed size.
struct Bytes(Vec<u8>);

impl AsBuffer for Bytes {
    fn as_buffer(&self) -> &[u8] {
        &self.0
    }
    fn as_mut_buffer(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Reading {
    /// Reads a response to GET, on a connection that ends after these bytes. Since kawa reads
    /// single messages, interim responses are read one by one.
    pub(super) fn of_response(data: &[u8]) -> (Reading, Verdict) {
        let mut reading = Reading::default();
        let mut at = 0;
        loop {
            let verdict = reading.message(&data[at..], Kind::Response);
            match verdict {
                Verdict::Complete { after } => {
                    at += after;
                    let interim = (100..200).contains(&reading.status) && reading.status != 101;
                    if !interim {
                        return (reading, Verdict::Complete { after: at });
                    }
                }
                other => return (reading, other),
            }
        }
    }

    /// Reads the request at the start of these bytes.
    pub(super) fn of_request(data: &[u8]) -> (Reading, Verdict) {
        let mut reading = Reading::default();
        let verdict = reading.message(data, Kind::Request);
        (reading, verdict)
    }

    fn message(&mut self, data: &[u8], kind: Kind) -> Verdict {
        let mut kawa = Kawa::new(kind, Buffer { start: 0, head: 0, end: data.len(), buffer: Bytes(data.to_vec()) });
        // It stops at the end of each body; a second call sees that nothing follows.
        parse(&mut kawa, &mut NoCallbacks);
        parse(&mut kawa, &mut NoCallbacks);
        (self.fields, self.trailers) = (Vec::new(), Vec::new());
        let bytes = kawa.storage.buffer();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut head_over = false;
        for block in &kawa.blocks {
            match block {
                Block::StatusLine => self.heads += 1,
                Block::Header(pair) if !pair.is_elided() => {
                    let (name, value) = (text(pair.key.data(bytes)), pair.val.data(bytes).to_vec());
                    if !is_taken_out(&name) {
                        if head_over { &mut self.trailers } else { &mut self.fields }.push((name, value));
                    }
                }
                Block::Chunk(chunk) => self.body.extend_from_slice(chunk.data.data(bytes)),
                Block::Flags(flags) => head_over |= flags.end_header || flags.end_body,
                _ => {}
            }
        }
        match &kawa.detached.status_line {
            StatusLine::Response { code, reason, .. } => {
                (self.status, self.reason) = (*code, reason.data(bytes).to_vec());
            }
            StatusLine::Request { method, uri, .. } => {
                (self.method, self.target) = (method.data(bytes).to_vec(), uri.data(bytes).to_vec());
            }
            StatusLine::Unknown => {}
        }
        match kawa.parsing_phase {
            ParsingPhase::Terminated => Verdict::Complete { after: kawa.storage.head },
            // Read until the connection closes.
            ParsingPhase::Body if kawa.body_size == BodySize::Empty => Verdict::Complete { after: data.len() },
            ParsingPhase::Error { .. } => Verdict::Refused,
            _ => Verdict::Incomplete,
        }
    }
}
