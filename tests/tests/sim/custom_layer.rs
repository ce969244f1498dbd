//! A custom protocol below HTTP, by the public trait: a transfer with an established link works
//! over it as over any other, however the bytes are cut and wherever the handshake stops.

use petition_core::http1::Config;
use petition_core::link::{Layer, LayerEof, LayerError, LayerKind, Link, Received};
use petition_core::{ErrorKind, Event, Input, Instant, Method, Now, Output, Request, Session, Transfer};
use petition_tests::memory::ms;
use petition_tests::rng::Rng;

/// A handshake of two flights, then masked bytes in frames of at most 200 bytes. A frame of length
/// 0 ends the direction.
#[derive(Default)]
struct Masked {
    open: bool,
    ended: bool,
}

const HELLO: &[u8] = b"hello, who are you?";
const SERVER_HELLO: &[u8] = b"it is me";
const FINISHED: &[u8] = b"fine";
const MASK: u8 = 0x5a;

fn frames(plain: &[u8], out: &mut Vec<u8>) {
    for chunk in plain.chunks(200) {
        out.push(chunk.len() as u8);
        out.extend(chunk.iter().map(|b| b ^ MASK));
    }
}

impl Layer for Masked {
    fn kind(&self) -> LayerKind {
        LayerKind::Other
    }

    fn start(&mut self, _: Now, down: &mut Vec<u8>) -> Result<(), LayerError> {
        down.extend_from_slice(HELLO);
        Ok(())
    }

    fn receive(&mut self, _: Now, wire: &mut [u8], down: &mut Vec<u8>) -> Result<Received, LayerError> {
        if !self.open {
            if !SERVER_HELLO.starts_with(&wire[..wire.len().min(SERVER_HELLO.len())]) {
                return Err(LayerError::Other("this is somebody else".into()));
            }
            if wire.len() < SERVER_HELLO.len() {
                return Ok(Received::NEED_MORE);
            }
            self.open = true;
            down.extend_from_slice(FINISHED);
            return Ok(Received::used(SERVER_HELLO.len()));
        }
        let length = usize::from(wire[0]);
        if length == 0 {
            self.ended = true;
            return Ok(Received::used(1));
        }
        let Some(frame) = wire.get_mut(1..=length) else { return Ok(Received::NEED_MORE) };
        frame.iter_mut().for_each(|b| *b ^= MASK);
        Ok(Received { discard: 1 + length, plain: 1..1 + length })
    }

    fn receive_eof(&mut self) -> Result<LayerEof, LayerError> {
        match (self.open, self.ended) {
            (false, _) => Err(LayerError::Other("hung up in the handshake".into())),
            (true, true) => Ok(LayerEof::Clean),
            (true, false) => Ok(LayerEof::Truncated),
        }
    }

    fn peer_closed(&self) -> bool {
        self.ended
    }

    fn send(&mut self, plain: &[u8], down: &mut Vec<u8>) -> Result<usize, LayerError> {
        let n = plain.len().min(200);
        frames(&plain[..n], down);
        Ok(n)
    }

    fn close(&mut self, down: &mut Vec<u8>) {
        down.push(0);
    }

    fn is_open(&self) -> bool {
        self.open
    }
}

/// The peer: what it received, and what it sends when.
#[derive(Default)]
struct Far {
    received: Vec<u8>,
    say: Vec<u8>,
    greeted: bool,
    answered: bool,
}

impl Far {
    fn received(&mut self, bytes: &[u8], response: &[u8]) {
        self.received.extend_from_slice(bytes);
        if !self.greeted && self.received.starts_with(HELLO) {
            self.greeted = true;
            self.say.extend_from_slice(SERVER_HELLO);
        }
        if !self.answered && self.request().ends_with(b"\r\n\r\n") {
            self.answered = true;
            frames(response, &mut self.say);
        }
    }

    fn request(&self) -> Vec<u8> {
        let mut rest = self.received.get(HELLO.len() + FINISHED.len()..).unwrap_or_default();
        let mut plain = Vec::new();
        while let Some((&length, more)) = rest.split_first()
            && let Some((frame, more)) = more.split_at_checked(length.into())
        {
            plain.extend(frame.iter().map(|b| b ^ MASK));
            rest = more;
        }
        plain
    }
}

/// The result: the peer's received bytes, the status, the body, the error.
type Outcome = (Vec<u8>, u16, Vec<u8>, Option<String>);

/// Runs a GET over the layer; the peer may close after some number of bytes.
fn get(response: &[u8], hangs_up: Option<usize>, rng: Option<Rng>) -> Outcome {
    let mut rng = rng;
    let mut cut = |n: usize| rng.as_mut().map_or(n, |rng| 1 + rng.below(n.min(5)));
    let (mut session, now) = (Session::new(), Now::new(Instant::from_origin(ms(1)), Default::default()));
    let request = Request::new(Method::GET, "http://masked.test/path");
    let mut transfer = Transfer::new(session.prepare(&request).unwrap(), now);
    let (mut far, mut said) = (Far::default(), 0);
    let (mut status, mut body) = (0, Vec::new());
    for _ in 0..100_000 {
        match transfer.poll() {
            Output::Sync => transfer.sync(now, &mut session).unwrap(),
            Output::Acquire(_) => {
                let layers: Vec<Box<dyn Layer>> = vec![Box::new(Masked::default())];
                let link = Box::new(Link::new(layers, Config::default()));
                transfer.handle(now, Input::Acquired { link, peer: None }).unwrap();
            }
            Output::Transmit => {
                let n = cut(transfer.outgoing().len());
                far.received(&transfer.outgoing()[..n], response);
                transfer.handle(now, Input::Wrote(n)).unwrap();
            }
            Output::Read => {
                let end = hangs_up.map_or(far.say.len(), |most| most.min(far.say.len()));
                if said == end {
                    assert!(hangs_up.is_some(), "nothing more comes: {transfer:?}");
                    transfer.handle(now, Input::Eof).unwrap();
                    continue;
                }
                let n = cut(end - said);
                transfer.handle(now, Input::Received(&far.say[said..said + n])).unwrap();
                said += n;
            }
            Output::Body => {
                let n = cut(transfer.body().len());
                body.extend_from_slice(&transfer.body()[..n]);
                transfer.handle(now, Input::Consumed(n)).unwrap();
            }
            Output::Event(Event::Head(head)) => status = head.status().as_u16(),
            Output::Event(Event::Done) => return (far.request(), status, body, None),
            Output::Event(Event::Failed(error)) => {
                assert!(!matches!(error.kind(), ErrorKind::Timeout { .. }));
                return (far.request(), status, body, Some(error.kind().to_string()));
            }
            Output::Resolve => {
                // The retry after a dead connection; there is no other.
                let gone = petition_core::IoFailure::new(std::io::ErrorKind::NotFound);
                transfer.handle(now, Input::ResolveFailed(gone)).unwrap();
            }
            Output::Release => drop(transfer.take_link().unwrap()),
            Output::Close | Output::Event(_) => {}
            Output::Probe => transfer.handle(now, Input::Alive).unwrap(),
            other => panic!("{other:?}"),
        }
    }
    panic!("no end in sight: {transfer:?}");
}

#[test]
fn custom_layer_works_under_any_split() {
    let body = "masked ".repeat(300);
    let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let whole = get(response.as_bytes(), None, None);
    assert_eq!((whole.1, &whole.2[..], &whole.3), (200, body.as_bytes(), &None));
    assert!(whole.0.starts_with(b"GET /path HTTP/1.1\r\nHost: masked.test\r\n"), "{}", whole.0.escape_ascii());
    for seed in 0..50 {
        assert_eq!(get(response.as_bytes(), None, Some(Rng::new(seed))), whole, "seed {seed}");
    }
}

#[test]
fn truncated_layer_is_never_a_success() {
    let response = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    let all = SERVER_HELLO.len() + response.len() + 1;
    for end in 0..all {
        let whole = get(response, Some(end), None);
        assert!(whole.3.is_some(), "cut at {end} of {all}");
        assert_eq!(get(response, Some(end), Some(Rng::new(end as u64))).3, whole.3, "cut at {end}");
    }
    assert_eq!(get(response, Some(all), None).3, None);
}
