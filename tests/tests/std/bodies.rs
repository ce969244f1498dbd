//! Bodies through petition-std, all from seeds: framings, chunks, truncation, limits, the pieces in
//! which they arrive and the reads that take them. The body read is what was sent, a premature end
//! is an error, and a connection is reused wherever it may be.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};

use petition_std::{Error, ErrorKind, Limits, Response, Session};
use petition_tests::httpbin::pattern;
use petition_tests::net::{PATIENCE, gate::Gate};
use petition_tests::rng::Rng;
use petition_tests::server::{Pace, Script, Scripted};
use petition_tests::support::session_trusting;
use petition_tests::tls::{Authority, Endpoint};

/// Sizes near which the behaviour changes: few bytes after a body, large reads, the buffer.
const SIZES: [usize; 16] = [2, 5, 9, 55, 64, 100, 4096, 8184, 8191, 8193, 8200, 8256, 17408, 65536, 131072, 200000];
const NO_CONTENT: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
const FORGED: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";

fn size(rng: &mut Rng) -> usize {
    SIZES[rng.below(SIZES.len())] - 1 + rng.below(3)
}

/// A response as its server means it.
struct Answer {
    body: Vec<u8>,
    wire: Vec<u8>,
    /// The offsets in `wire` of the parts of the body, and their lengths.
    parts: Vec<(usize, usize)>,
    /// Whether it ends with the connection.
    closes: bool,
}

impl Answer {
    fn of(rng: &mut Rng) -> Answer {
        let (framing, body) = (rng.below(3), pattern(size(rng) * (1 + rng.below(6)) + rng.below(70), 1));
        let length = format!("Content-Length: {}", body.len());
        let field = [&length, "Connection: close", "Transfer-Encoding: chunked"][framing];
        let mut wire = format!("HTTP/1.1 200 OK\r\n{field}\r\n\r\n").into_bytes();
        let mut parts = vec![(wire.len(), body.len())];
        if framing == 2 {
            parts = chunks(rng, &body, &mut wire);
        } else {
            wire.extend_from_slice(&body);
        }
        Answer { body, wire, parts, closes: framing == 1 }
    }

    /// Returns how many body bytes this many response bytes contain.
    fn body_in(&self, end: usize) -> usize {
        self.parts.iter().map(|&(at, len)| end.saturating_sub(at).min(len)).sum()
    }
}

fn chunks(rng: &mut Rng, mut body: &[u8], wire: &mut Vec<u8>) -> Vec<(usize, usize)> {
    let mut parts = Vec::new();
    while !body.is_empty() {
        let (chunk, rest) = body.split_at(size(rng).min(body.len()));
        let extension = ["", "", "", ";a", ";x=\"yyyyyyyyyyyyyyyyyyyyyyy\""][rng.below(5)];
        wire.extend_from_slice(format!("{:x}{extension}\r\n", chunk.len()).as_bytes());
        parts.push((wire.len(), chunk.len()));
        wire.extend_from_slice(&[chunk, b"\r\n"].concat());
        body = rest;
    }
    wire.extend_from_slice([&b"0\r\n\r\n"[..], b"0\r\nX: y\r\n\r\n"][rng.below(2)]);
    parts
}

/// Returns where to split the response: not in the head, and always this near to the end.
fn pieces(rng: &mut Rng, head: usize, end: usize, near: usize) -> Vec<usize> {
    let last = end.saturating_sub(near).max(head);
    let mut ends = vec![(head + [0, size(rng), end][rng.below(3)]).min(last)];
    while let Some(at) = ends.last().copied().filter(|at| *at < last) {
        ends.push((at + size(rng).max(end / 60) + rng.below(2) * rng.below(200)).min(last));
    }
    ends.extend((last < end).then_some(end));
    ends
}

/// A response, how it arrives and how it is read.
struct Scenario {
    answer: Answer,
    truncated: bool,
    leftovers: bool,
    keeps: bool,
    /// The ends of the pieces in which it arrives; each waits at the gate.
    pieces: Vec<usize>,
    gate: Gate,
    limit: Option<usize>,
    deadline: bool,
    reads: Vec<usize>,
    /// Where reading stops: the rest is collected or dropped.
    stop: Option<usize>,
    collects: bool,
}

impl Scenario {
    fn of(seed: u64) -> Scenario {
        let mut rng = Rng::new(seed);
        let (mut answer, gate) = (Answer::of(&mut rng), Gate::new());
        let (len, head, whole, mut near) = (answer.body.len(), answer.parts[0].0, answer.wire.len(), 0);
        let truncated = !answer.closes && rng.one_in(3);
        answer.wire.truncate(if truncated { head + rng.below(whole - head) } else { whole });
        let keeps = !answer.closes && !truncated;
        let leftovers = keeps && rng.one_in(4);
        if leftovers {
            // They have to be there when the end is read, since nobody can know of what comes
            // later: a short piece has both.
            let forged = &FORGED[..1 + rng.below(FORGED.len())];
            near = forged.len() + 1 + rng.below(1000);
            answer.wire.extend_from_slice(forged);
        } else if rng.one_in(2) {
            gate.open();
        }
        let pieces = pieces(&mut rng, head, answer.wire.len(), near);
        let limit = rng.one_in(4).then(|| rng.below(len + 10));
        let (deadline, collects) = (rng.one_in(2), rng.one_in(2));
        let mixed = (0..=rng.below(4)).map(|_| size(&mut rng)).collect();
        let reads = if rng.one_in(4) { vec![262_144] } else { mixed };
        let stop = (!leftovers && rng.one_in(5)).then(|| rng.below(len + 1));
        Scenario { answer, truncated, leftovers, keeps, pieces, gate, limit, deadline, reads, stop, collects }
    }

    fn script(&self) -> Script {
        let begins = [0].iter().chain(&self.pieces);
        let pieces = begins.zip(&self.pieces).map(|(&at, &end)| &self.answer.wire[at..end]);
        let script = Script::new().read_request().send_pieces(pieces, Pace::Gate(self.gate.clone()));
        if self.keeps { script.answer(NO_CONTENT) } else { script.close() }
    }

    /// Runs over TLS if there is an authority, and after an upload of this many bytes: such a
    /// socket does not block.
    fn play(&self, authority: Option<&Authority>, upload: usize) {
        let scripts = [self.script(), Script::new().answer(NO_CONTENT)];
        let server = match authority {
            Some(authority) => Scripted::start_tls(&Endpoint::new(&authority.issue_localhost()), scripts).unwrap(),
            None => Scripted::start(scripts).unwrap(),
        };
        let url = if authority.is_some() { server.https_url("/") } else { server.url("/") };
        let session = authority.map_or_else(Session::new, session_trusting);
        let mut limits = Limits::default();
        limits.stream_bytes = self.limit.map(|limit| limit as u64);
        session.configure(|options| {
            options.limits(|l| {
                l.all(limits);
            });
            options.total_timeout(self.deadline.then_some(PATIENCE));
        });
        self.gate.release();
        let mut request = if upload > 0 { session.put(&url).data(vec![7; upload]) } else { session.get(&url) };
        let (mut response, mut got) = (request.send().unwrap(), Vec::new());
        let end = self.read(&mut response, &mut got);
        assert!(self.answer.body.starts_with(&got), "not what was sent, in {} bytes", got.len());
        self.judge(got.len(), &end, authority.is_none());
        drop(response);
        let second = session.get(&url).send().unwrap();
        assert_eq!(second.status(), 204);
        let (may, must) = (self.keeps && end.is_ok(), self.keeps && matches!(end, Ok(true)) && !self.leftovers);
        assert!(must <= second.reused() && second.reused() <= may);
    }

    /// Reads, and releases the next piece once the earlier ones are read. Returns whether that was
    /// all.
    fn read(&self, response: &mut Response, got: &mut Vec<u8>) -> Result<bool, Error> {
        let (mut pieces, mut reads) = (self.pieces.iter().peekable(), self.reads.iter().cycle());
        let mut space = vec![0; 262_144];
        let mut there = pieces.next().map_or(0, |end| self.answer.body_in(*end));
        while self.stop.is_none_or(|stop| got.len() < stop) {
            while let Some(end) = pieces.next_if(|_| there <= got.len()) {
                self.gate.release();
                there = self.answer.body_in(*end);
            }
            let room = reads.next().map_or(&mut [][..], |size| &mut space[..*size]);
            match response.read(room).map_err(|error| error.downcast::<Error>().unwrap())? {
                0 => return Ok(true),
                n => got.extend_from_slice(&space[..n]),
            }
        }
        self.gate.open();
        if self.collects {
            got.extend_from_slice(&Response::bytes(response)?);
        }
        Ok(self.collects)
    }

    /// Checks that this is the right end after this many body bytes.
    fn judge(&self, got: usize, end: &Result<bool, Error>, counted: bool) {
        let sent = self.answer.wire.len();
        let came = self.answer.body_in(sent);
        let due = self.limit.unwrap_or(came).min(came);
        match end {
            Ok(all) => assert!(!all || !self.truncated && due == came && got == due, "no error, {got} bytes of {due}"),
            Err(error) if due < came => assert!(matches!(error.kind(), ErrorKind::Limit(_)), "{error}"),
            Err(error) => {
                assert!(error.is_truncated() && self.truncated, "{error}");
                assert!(!counted || error.report().bytes_received == sent as u64, "{error}, and {sent} were sent");
            }
        }
        // A rest that cannot be collected is not returned.
        assert!(end.is_ok() || got == due || self.stop.is_some_and(|stop| stop <= got), "{got} bytes of {due}");
    }
}

fn play(seeds: std::ops::Range<u64>, authority: Option<&Authority>, upload: usize) {
    for seed in seeds {
        let played = catch_unwind(AssertUnwindSafe(|| Scenario::of(seed).play(authority, upload)));
        assert!(played.is_ok(), "seed {seed}");
    }
}

#[test]
fn body_arrives_as_the_server_sent_it() {
    play(0..250, None, 0);
}

#[test]
fn upload_arrives_as_sent() {
    play(1000..1060, None, 100_000);
}

#[test]
fn tls_delivers_what_was_sent() {
    play(2000..2030, Some(&Authority::new()), 0);
}
