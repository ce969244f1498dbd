//! Minimal and maximal limits, and impossible counts, never cause a panic.

use std::collections::BTreeSet;
use std::time::Duration;

use petition_core::engine::{self, Engine};
use petition_core::http1::{self, Config, Connection, Leniencies, RequestHead};
use petition_core::route::pool::PoolLimits;
use petition_core::{
    Body, Event, Input, Limits, Method, Misuse, Now, Options, Output, Proxy, Request, Session, Side, Transfer, UnixTime,
};
use petition_tests::memory::{Caller, Peer, Source, Style, World, next_output, secs};

/// Values at which arithmetic fails, if anywhere.
const NUMBERS: [u64; 8] = [0, 1, 2, i32::MAX as u64 + 1, u32::MAX as u64 + 1, u64::MAX / 2, u64::MAX - 1, u64::MAX];

const TIMES: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_nanos(1),
    Duration::from_nanos(u64::MAX),
    Duration::new(u64::MAX, 0),
    Duration::MAX,
];

fn size(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

type SetLimit = fn(&mut Limits, u64);
type Change = Box<dyn Fn(&mut Limits)>;

const LIMITS: [(&str, SetLimit); 26] = [
    ("head_bytes", |l, n| l.head_bytes = size(n)),
    ("head_line_bytes", |l, n| l.head_line_bytes = size(n)),
    ("head_fields", |l, n| l.head_fields = size(n)),
    ("reason_bytes", |l, n| l.reason_bytes = size(n)),
    ("informational_responses", |l, n| l.informational_responses = size(n)),
    ("all_heads_bytes", |l, n| l.all_heads_bytes = size(n)),
    ("chunk_extension_bytes", |l, n| l.chunk_extension_bytes = size(n)),
    ("chunk_extensions_bytes", |l, n| l.chunk_extensions_bytes = size(n)),
    ("chunk_overhead_bytes", |l, n| l.chunk_overhead_bytes = n),
    ("trailer_bytes", |l, n| l.trailer_bytes = size(n)),
    ("trailer_fields", |l, n| l.trailer_fields = size(n)),
    ("content_codings", |l, n| l.content_codings = size(n)),
    ("body_bytes", |l, n| l.body_bytes = n),
    ("stream_bytes", |l, n| l.stream_bytes = Some(n)),
    ("line_bytes", |l, n| l.line_bytes = size(n)),
    ("event_bytes", |l, n| l.event_bytes = size(n)),
    ("decode_ratio", |l, n| l.decode_ratio = n),
    ("decode_window", |l, n| l.decode_window = n),
    ("decode_memory", |l, n| l.decode_memory = n),
    ("drain_bytes", |l, n| l.drain_bytes = n),
    ("drain_time", |l, n| l.drain_time = if n == u64::MAX { Duration::MAX } else { Duration::from_nanos(n) }),
    ("proxy_refusal_bytes", |l, n| l.proxy_refusal_bytes = size(n)),
    ("addresses", |l, n| l.addresses = size(n)),
    ("auth_rounds", |l, n| l.auth_rounds = size(n)),
    ("url_bytes", |l, n| l.url_bytes = size(n)),
    ("location_bytes", |l, n| l.location_bytes = size(n)),
];

type SetTime = fn(&mut Options, Duration) -> &mut Options;

const TIMEOUTS: [SetTime; 7] = [
    |o, t| o.connect_timeout(t),
    |o, t| o.pool_timeout(t),
    |o, t| o.handshake_timeout(t),
    |o, t| o.first_byte_timeout(t),
    |o, t| o.idle_timeout(t),
    |o, t| o.total_timeout(t),
    |o, t| o.expect_continue(t),
];

/// A little of everything that a limit is about: a redirect with a body in the way, interim heads,
/// an encoded chunked body with extensions and trailers, a stream that waits for 100, a proxy's
/// refusal.
fn everything(w: &mut World, set: &dyn Fn(&mut Options)) {
    let with = |request: Request| request.configure(set);
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\xcb\x48\xcd\xc9\xc9\x07\0\x86\xa6\x10\x36\x05\0\0\0";
    let redirect = "HTTP/1.1 302 Found for now\r\nLocation: /b\r\nContent-Length: 6\r\n\r\nunread";
    let head = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 All is well\r\nX: y\r\nX: z\r\n\
                Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n19;name=value\r\n";
    let answer = [head.as_bytes(), gzip, b"\r\n0;a;b\r\nA: b\r\nA: c\r\n\r\n"].concat();
    w.serve("a.test:80", Peer::replies([redirect.as_bytes(), &answer]));
    w.serve("a.test:80", Peer::replies([&answer[..]]));
    w.send_with(with(Request::new(Method::GET, "http://a.test/a")), Caller { collects: true, ..Caller::default() });
    w.serve("b.test:80", Peer::new().head().sleep(secs(2)).body().send("HTTP/1.1 204 No Content\r\n\r\n"));
    let upload = Body::Stream { length: Some(9), rewindable: false };
    let request = Request::new(Method::POST, "http://b.test/").data(upload).expect_continue(secs(1));
    let caller = Caller { source: Source::new("some body"), ..Caller::default() };
    w.send_with(with(request), caller);
    let refusal = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 9\r\n\r\nforbidden";
    w.serve("p.test:3128", Peer::new().head().send(refusal));
    let proxy = Proxy::new("http://p.test:3128").unwrap().tunnel(petition_core::route::proxy::Tunnel::Always);
    let request = with(Request::new(Method::GET, "http://c.test/"));
    w.send(request.proxy(proxy));
}

/// In three styles of answering. What comes of it may differ by the style, where a limit leaves no
/// time for anything.
fn everywhere(set: &dyn Fn(&mut Options)) {
    for seed in 0..3 {
        let mut world = World::new(Style::of(seed));
        everything(&mut world, set);
        assert_eq!(world.transcripts.len(), 3);
    }
}

#[test]
fn t90_no_limit_value_causes_a_panic() {
    let known: BTreeSet<&str> = LIMITS.iter().map(|(name, _)| *name).collect();
    assert_eq!(known, Limits::DEFAULT.named().map(|(name, _)| name).collect());
    let mut set: Vec<Change> = Vec::new();
    for n in NUMBERS {
        set.extend(LIMITS.map(|(_, change)| Box::new(move |limits: &mut Limits| change(limits, n)) as Box<_>));
        set.push(Box::new(move |limits| LIMITS.iter().for_each(|(_, change)| change(limits, n))));
    }
    for change in set {
        let mut limits = Limits::DEFAULT;
        change(&mut limits);
        // A URL beyond its limit fails before sending.
        limits.url_bytes = limits.url_bytes.max(64);
        let all = |options: &mut Options| {
            options.limits(|l| {
                l.all(limits);
            });
        };
        everywhere(&all);
        let mut session = Session::new();
        change(&mut limits);
        session.configure(|o| {
            o.limits(|l| {
                l.all(limits);
            });
        });
        let _ = session.set_base_url("http://a.test/");
        let _ = session.prepare(&Request::new(Method::GET, "http://a.test/"));
    }
}

#[test]
fn t90_no_timeout_causes_a_panic() {
    for time in TIMES {
        for change in TIMEOUTS {
            everywhere(&|options| {
                change(options, time);
            });
        }
    }
}

/// Runs five requests to two hosts over an engine with these limits, until all have ended.
fn over_an_engine(limits: PoolLimits) {
    let (mut session, mut engine) = (Session::new(), Engine::new(limits));
    let mut now = Now::new(petition_core::Instant::ZERO, UnixTime(0));
    let mut ended = 0;
    for n in 0..5 {
        let request = Request::new(Method::GET, format!("http://127.0.0.{}/", 1 + n % 2));
        engine.start(now, session.prepare(&request.timeout(secs(60))).unwrap(), None);
    }
    for _ in 0..10_000 {
        match engine.poll(&mut session) {
            engine::Output::Connect(socket) => engine.connected(now, socket).unwrap(),
            engine::Output::Transmit(socket) => {
                let n = engine.outgoing(socket).len();
                engine.socket_input(now, socket, Input::Wrote(n)).unwrap();
            }
            engine::Output::Read(socket) => {
                let answer = b"HTTP/1.1 204 No Content\r\nKeep-Alive: timeout=4294967295\r\n\r\n";
                engine.socket_input(now, socket, Input::Received(answer)).unwrap();
                engine.socket_input(now, socket, Input::Blocked(Side::Read)).unwrap();
            }
            engine::Output::Probe(socket) => engine.socket_input(now, socket, Input::Alive).unwrap(),
            engine::Output::Ended { .. } => ended += 1,
            engine::Output::Wait if ended == 5 => return,
            engine::Output::Wait => {
                now.instant = engine.deadline().expect("they do not wait for ever");
                engine.tick(now);
            }
            _ => {}
        }
    }
    panic!("it does not come to an end under {limits:?}");
}

#[test]
fn t90_no_pool_limit_causes_a_panic() {
    for n in NUMBERS.map(size) {
        for (total, per_key) in [(Some(n), None), (None, Some(n)), (Some(n), Some(n))] {
            let base = PoolLimits::DEFAULT.open_total(total).open_per_key(per_key);
            over_an_engine(base);
            over_an_engine(base.idle_total(n));
            over_an_engine(base.idle_per_key(n));
        }
    }
    for time in TIMES {
        over_an_engine(PoolLimits::DEFAULT.idle_time(time));
        over_an_engine(PoolLimits::DEFAULT.age(time));
    }
}

/// Returns a transfer that is reading a body until close.
fn reading(session: &mut Session) -> Transfer {
    let now = Now::default();
    let request =
        Request::new(Method::POST, "http://127.0.0.1/").data(Body::Stream { length: None, rewindable: false });
    let mut transfer = Transfer::new(session.prepare(&request).unwrap(), now);
    loop {
        match next_output(now, &mut transfer, session) {
            Output::NeedBody => transfer.handle(now, Input::BodyEnd).unwrap(),
            Output::Read => transfer.handle(now, Input::Received(b"HTTP/1.1 200 OK\r\n\r\n")).unwrap(),
            Output::Event(Event::Head(_)) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(transfer.poll(), Output::Read));
    transfer
}

#[test]
fn t90_impossible_count_is_a_misuse() {
    let (mut session, now) = (Session::new(), Now::default());
    let most = isize::MAX as usize;
    for n in [most + 1, usize::MAX - 1, usize::MAX] {
        let mut transfer = reading(&mut session);
        assert_eq!(transfer.read_plan(usize::MAX).direct, usize::MAX);
        for input in [Input::ReadDirect(n), Input::Filled(n), Input::Wrote(n), Input::Consumed(n)] {
            let what = format!("{input:?}");
            assert_eq!(transfer.handle(now, input), Err(Misuse::TooManyBytes), "{what}");
        }
        assert_eq!(transfer.read_plan(usize::MAX).direct, usize::MAX);
    }
    // The largest possible counts do not overflow.
    let mut transfer = reading(&mut session);
    for n in [most, most, 1] {
        transfer.handle(now, Input::ReadDirect(n)).unwrap();
    }
    assert_eq!(transfer.handle(now, Input::ReadDirect(1)), Err(Misuse::UnexpectedInput));
}

/// What comes of a head with so many fields, each of another name, under limits that say nothing
/// against it.
fn head_of(fields: usize) -> Result<http1::Event, http1::ProtocolError> {
    let mut limits = Limits::DEFAULT;
    (limits.head_fields, limits.head_bytes, limits.all_heads_bytes) = (usize::MAX, usize::MAX, usize::MAX);
    let mut connection = Connection::new(Config { limits, leniencies: Leniencies::COMPAT });
    connection.send_head(&RequestHead::new("HEAD", "/"), [("Host", &b"a.test"[..])]).unwrap();
    let names = (0..fields).map(|n| format!("x{n}: v\r\n"));
    let head = ["HTTP/1.1 200 OK\r\n".to_owned()].into_iter().chain(names).collect::<String>() + "\r\n";
    connection.receive(head.as_bytes()).map(|received| received.event)
}

#[test]
fn t90_field_count_stays_within_map_capacity() {
    let Ok(http1::Event::Head(head)) = head_of(Limits::MAX_FIELDS) else { panic!("it is refused") };
    assert_eq!(head.to_header_map().len(), Limits::MAX_FIELDS);
    for fields in [Limits::MAX_FIELDS + 1, 40_000] {
        let text = head_of(fields).unwrap_err().to_string();
        assert!(text.contains("limit head_fields is 6500, found 6501"), "{text}");
    }
}
