//! Inputs at odd moments: an unrequested input is a `Misuse`, and nothing panics, hangs or is lost.

use std::io::ErrorKind as Io;
use std::net::SocketAddr;
use std::time::Duration;

use petition_core::route::dial::AttemptId;
use petition_core::{
    Body, Event, Input, Instant, IoFailure, Method, Misuse, Now, Output, Request, Session, Side, Transfer, UnixTime,
};
use petition_tests::memory::ms;
use petition_tests::rng::Rng;

const RESPONSES: [&[u8]; 6] = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 307 X\r\nLocation: /next\r\nContent-Length: 3\r\n\r\nab",
    b"HTTP/1.1 417 X\r\nContent-Length: 0\r\n\r\n",
    b"c",
    b"\xff\0garbage\r\n\r\n",
];

/// A driver that gives random inputs: correct or not.
struct Fool {
    rng: Rng,
    transfer: Transfer,
    session: Session,
    attempts: Vec<AttemptId>,
    now: u64,
    terminal: usize,
    misuses: usize,
    /// Sockets that the transfer ordered, and has not ordered to close or keep.
    open: i64,
    connected: bool,
}

impl Fool {
    fn new(seed: u64) -> Fool {
        let mut rng = Rng::new(seed);
        let session = Session::new();
        let body = match rng.below(4) {
            0 => Body::Empty,
            1 => Body::from(vec![b'x'; rng.below(40_000)]),
            n => Body::Stream { length: (n == 2).then_some(10), rewindable: rng.one_in(2) },
        };
        let method = [Method::GET, Method::POST, Method::HEAD][rng.below(3)].clone();
        let expect = rng.one_in(3);
        let url = ["http://127.0.0.1/", "http://a.test/", "https://a.test/"][rng.below(3)];
        let request = Request::new(method, url).data(body).timeout(ms(100_000));
        let request = request.expect_continue((expect).then_some(Duration::from_secs(1)));
        let transfer = Transfer::new(session.prepare(&request).unwrap(), Now::default());
        Fool {
            rng,
            transfer,
            session,
            attempts: Vec::new(),
            now: 0,
            terminal: 0,
            misuses: 0,
            open: 0,
            connected: false,
        }
    }

    fn now(&self) -> Now {
        Now::new(Instant::from_origin(ms(self.now)), UnixTime(1_780_000_000))
    }

    fn input(&mut self, input: Input<'_>) {
        let now = self.now();
        let (ended, what) = (self.transfer.is_ended(), format!("{input:?}"));
        match self.transfer.handle(now, input) {
            Ok(()) => {}
            Err(Misuse::AlreadyEnded) => assert!(ended, "{what}"),
            Err(_) => self.misuses += 1,
        }
    }

    fn poll(&mut self) -> Output {
        let output = self.transfer.poll();
        match &output {
            Output::Event(event) => {
                assert_eq!(self.terminal, 0, "an event after the last: {event:?}");
                self.terminal += usize::from(matches!(event, Event::Done | Event::Failed(_)));
            }
            Output::Connect(attempt) => {
                self.attempts.push(*attempt);
                self.open += 1;
            }
            Output::CancelConnect(_) => self.open -= 1,
            Output::Close => {
                self.open -= 1;
                self.connected = false;
            }
            Output::Release => {
                assert!(self.transfer.take_link().is_some());
                self.open -= 1;
                self.connected = false;
            }
            _ => {}
        }
        output
    }

    /// Answers the output.
    fn answer(&mut self, output: Output) {
        let now = self.now();
        match output {
            Output::Sync => self.transfer.sync(now, &mut self.session).unwrap(),
            Output::Acquire(_) => self.input(Input::OpenNew),
            Output::Probe => self.input(Input::Alive),
            Output::Resolve => {
                let addresses: [SocketAddr; 2] = ["[::1]:80".parse().unwrap(), "127.0.0.1:80".parse().unwrap()];
                self.input(Input::Resolved(&addresses));
            }
            Output::Connect(attempt) if !self.connected => {
                self.connected = true;
                self.input(Input::Connected(attempt));
            }
            Output::Transmit => {
                let n = self.transfer.outgoing().len();
                let n = self.rng.below(n + 1);
                self.input(Input::Wrote(n));
            }
            Output::Read => {
                let response = RESPONSES[if self.rng.one_in(4) { self.rng.below(6) } else { 0 }];
                self.input(Input::Received(response));
            }
            Output::NeedBody => {
                if self.rng.one_in(3) {
                    self.input(Input::BodyEnd);
                } else {
                    let n = self.rng.below(8);
                    let _ = self.transfer.push_body(now, &b"01234567"[..n]);
                }
            }
            Output::Rewind => self.input(Input::Rewound),
            Output::Body => {
                let n = self.transfer.body().len();
                self.input(Input::Consumed(n));
            }
            _ => {}
        }
    }

    /// Passes another input.
    fn nonsense(&mut self) {
        let failure = || IoFailure::new(Io::ConnectionReset);
        let n = self.rng.below(5);
        let attempt = self.attempts.last().copied();
        match self.rng.below(23) {
            0 => self.input(Input::OpenNew),
            1 => self.input(Input::Alive),
            2 => self.input(Input::Dead),
            3 => self.input(Input::Resolved(&[])),
            4 => self.input(Input::ResolveFailed(failure())),
            5 => self.input(Input::Wrote(n)),
            6 => self.input(Input::Received(RESPONSES[n])),
            7 => self.input(Input::Received(b"")),
            8 => self.input(Input::Filled(n)),
            9 => self.input(Input::Eof),
            10 => self.input(Input::Failed(Side::Read, failure())),
            11 => self.input(Input::Failed(Side::Write, failure())),
            12 => self.input(Input::Failed(Side::Body, failure())),
            13 => self.input(Input::Blocked([Side::Read, Side::Write, Side::Body][n % 3])),
            14 => self.input(Input::Ready([Side::Read, Side::Write, Side::Body][n % 3])),
            15 => self.input(Input::BodyEnd),
            16 => self.input(Input::BodyFailed("gone".into())),
            17 => self.input(if n < 3 { Input::Rewound } else { Input::NotRewound }),
            18 => self.input(Input::Consumed(n)),
            19 => self.input(Input::Discard),
            20 => {
                let now = self.now();
                let _ = self.transfer.push_body(now, b"abc");
            }
            21 => {
                let now = self.now();
                let _ = self.transfer.sync(now, &mut self.session);
            }
            _ if attempt.is_some() && self.connected => self.input(Input::ConnectFailed(attempt.unwrap(), failure())),
            _ => self.input(Input::Tick),
        }
    }
}

#[test]
fn random_inputs_never_panic_hang_or_lose_sockets() {
    for seed in 0..3000 {
        let mut fool = Fool::new(seed);
        let nonsense = 2 + (seed as usize % 5);
        for _ in 0..300 {
            if fool.rng.one_in(nonsense * 3) {
                fool.nonsense();
            }
            let output = fool.poll();
            if fool.rng.one_in(20) {
                fool.now += fool.rng.next_u64() % 40_000;
            }
            fool.answer(output);
            if fool.terminal > 0 {
                break;
            }
        }
        // Whatever the inputs, time ends the transfer.
        fool.now += 1_000_000;
        fool.input(Input::Tick);
        for _ in 0..40 {
            fool.poll();
        }
        assert_eq!(fool.terminal, 1, "seed {seed}: {:?}", fool.transfer);
        assert!(fool.transfer.is_ended() && fool.transfer.deadline().is_none());
        assert_eq!(fool.open, 0, "seed {seed}: a socket was forgotten");
    }
}

#[test]
fn second_answer_to_an_attempt_is_a_misuse() {
    let mut session = Session::new();
    let request = Request::new(Method::GET, "http://a.test/");
    let now = Now::default();
    let mut transfer = Transfer::new(session.prepare(&request).unwrap(), now);
    let addresses: [SocketAddr; 2] = ["[::1]:80".parse().unwrap(), "127.0.0.1:80".parse().unwrap()];
    let mut attempts = Vec::new();
    while attempts.len() < 2 {
        match transfer.poll() {
            Output::Sync => transfer.sync(now, &mut session).unwrap(),
            Output::Acquire(_) => transfer.handle(now, Input::OpenNew).unwrap(),
            Output::Resolve => transfer.handle(now, Input::Resolved(&addresses)).unwrap(),
            Output::Connect(attempt) => {
                attempts.push(attempt);
                if attempts.len() == 1 {
                    transfer.handle(now, Input::ConnectFailed(attempt, IoFailure::new(Io::ConnectionRefused))).unwrap();
                    assert_eq!(transfer.handle(now, Input::Connected(attempt)), Err(Misuse::UnexpectedInput));
                }
            }
            other => panic!("{other:?}"),
        }
    }
    transfer.handle(now, Input::Connected(attempts[1])).unwrap();
    let failed = Input::ConnectFailed(attempts[1], IoFailure::new(Io::ConnectionRefused));
    assert_eq!(transfer.handle(now, failed), Err(Misuse::UnexpectedInput));
    assert!(matches!(transfer.poll(), Output::Transmit), "it goes on with the connection that there is");
}

/// Returns a transfer to `url` that has requested an idle connection.
fn asking(session: &mut Session, url: &str) -> Transfer {
    let now = Now::default();
    let mut transfer = Transfer::new(session.prepare(&Request::new(Method::GET, url)).unwrap(), now);
    loop {
        match transfer.poll() {
            Output::Sync => transfer.sync(now, session).unwrap(),
            Output::Acquire(_) => return transfer,
            other => panic!("{other:?}"),
        }
    }
}

/// Answers with a link of these layers.
fn acquired(layers: Vec<Box<dyn petition_core::link::Layer>>) -> Input<'static> {
    let link = Box::new(petition_core::link::Link::new(layers, petition_core::http1::Config::default()));
    Input::Acquired { link, peer: None }
}

#[test]
fn t9_plain_connection_never_serves_https() {
    let authority = petition_tests::tls::Authority::new();
    let client = petition_tests::memory::client_config(&authority);
    let tls = || vec![Box::new(petition_core::tls::TlsLayer::new(&client, "a.test").unwrap()) as _];
    let (mut session, now) = (Session::new(), Now::default());
    let mut secure = asking(&mut session, "https://a.test/");
    assert_eq!(secure.handle(now, acquired(Vec::new())), Err(Misuse::OtherRoute));
    // Nothing has changed: the request is still open.
    assert_eq!(secure.handle(now, acquired(tls())), Ok(()));
    let mut plain = asking(&mut session, "http://a.test/");
    assert_eq!(plain.handle(now, acquired(tls())), Err(Misuse::OtherRoute));
    assert_eq!(plain.handle(now, Input::OpenNew), Ok(()));
}
