//! Every limit and every deadline is reached, and what follows names it (invariant 12). A limit
//! that is added and not reached here fails the first test.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::SocketAddr;

use petition_core::content::events::Parser;
use petition_core::link::ProxyFailure;
use petition_core::route::dial::DialError;
use petition_core::{
    ErrorKind, Input, Instant, Limits, Method, Now, Output, Proxy, Request, Session, Timeout, Transfer,
};
use petition_tests::memory::{Caller, ConnectionState, Peer, World, ms, same_in, secs};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

type Set = fn(&mut Limits, usize);

fn get(url: &str) -> Request {
    Request::new(Method::GET, url)
}

fn under(w: &mut World, set: Set, value: usize) {
    let mut limits = Limits::DEFAULT;
    set(&mut limits, value);
    w.session.configure(|o| {
        o.limits(|l| {
            l.all(limits);
        });
    });
}

/// What is one too much fails and says so: name, value and what was seen. What is just enough does
/// not.
fn names(name: &'static str, amount: usize, set: Set, scenario: impl Fn(&mut World)) -> &'static str {
    names_in(0..6, name, amount, set, scenario)
}

/// Does the same in these styles, without byte-by-byte ones, which take too long.
fn names_in(
    seeds: std::ops::Range<u64>,
    name: &'static str,
    amount: usize,
    set: Set,
    scenario: impl Fn(&mut World),
) -> &'static str {
    for (value, fits) in [(amount, true), (amount - 1, false)] {
        let world = same_in(seeds.clone(), |w| {
            under(w, set, value);
            scenario(w);
        });
        let run = world.transcripts.last().unwrap();
        if fits {
            assert_eq!(run.words().last(), Some(&"done"), "{name} of {value}: {}", run.error());
            continue;
        }
        assert_eq!(run.words().last(), Some(&"failed"), "{name} of {value}");
        let text = run.error().to_string();
        let (_, seen) =
            text.split_once(&format!("limit {name} is {value}, found ")).unwrap_or_else(|| panic!("{text}"));
        let digits: String = seen.chars().take_while(char::is_ascii_digit).collect();
        let more = digits.parse::<usize>().is_ok_and(|seen| seen > value) || seen.starts_with("one more");
        assert!(more, "{text}");
    }
    name
}

/// Does the same for one response.
fn answered(name: &'static str, amount: usize, set: Set, answer: impl Into<Vec<u8>>) -> &'static str {
    let answer = answer.into();
    names(name, amount, set, |w| {
        w.serve("a.test:80", Peer::replies([&answer]));
        w.send_with(get("http://a.test/"), Caller { collects: true, ..Caller::default() });
    })
}

fn heads() -> Vec<&'static str> {
    let interim = "HTTP/1.1 103 X\r\n\r\n";
    let several = format!("{interim}{interim}{OK}");
    vec![
        answered("head_bytes", OK.len() - 2, |l, n| l.head_bytes = n, OK),
        answered(
            "head_line_bytes",
            29,
            |l, n| l.head_line_bytes = n,
            format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(19)),
        ),
        answered(
            "head_fields",
            3,
            |l, n| l.head_fields = n,
            "HTTP/1.1 200 OK\r\nA: b\r\nA: b\r\nContent-Length: 0\r\n\r\n",
        ),
        answered("reason_bytes", 7, |l, n| l.reason_bytes = n, "HTTP/1.1 200 Is fine\r\nContent-Length: 0\r\n\r\n"),
        answered("informational_responses", 2, |l, n| l.informational_responses = n, several.clone()),
        answered("all_heads_bytes", several.len() - 2, |l, n| l.all_heads_bytes = n, several),
    ]
}

fn bodies() -> Vec<&'static str> {
    let chunked = |framed: &str| format!("{CHUNKED}{framed}");
    // 8 bytes of framing for each byte of content are free; what is above is counted at the end of
    // each size line.
    let overhead = chunked(&format!("1\r\na\r\n{}\r\nb\r\n0\r\n\r\n", "0".repeat(11) + "1"));
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        let body = encoder.finish().unwrap();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len());
        [head.into_bytes(), body].concat()
    };
    vec![
        answered("chunk_extension_bytes", 5, |l, n| l.chunk_extension_bytes = n, chunked("2;abcd\r\nhi\r\n0\r\n\r\n")),
        answered(
            "chunk_extensions_bytes",
            6,
            |l, n| l.chunk_extensions_bytes = n,
            chunked("1;ab\r\nh\r\n1;cd\r\ni\r\n0\r\n\r\n"),
        ),
        answered("chunk_overhead_bytes", 11, |l, n| l.chunk_overhead_bytes = n as u64, overhead),
        answered("trailer_bytes", 16, |l, n| l.trailer_bytes = n, chunked("0\r\nA: b\r\nOld: c\r\n\r\n")),
        answered("trailer_fields", 2, |l, n| l.trailer_fields = n, chunked("0\r\nA: b\r\nA: c\r\n\r\n")),
        answered(
            "content_codings",
            2,
            |l, n| l.content_codings = n,
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 0\r\n\r\n",
        ),
        answered("body_bytes", 2, |l, n| l.body_bytes = n as u64, OK),
        names(
            "stream_bytes",
            2,
            |l, n| l.stream_bytes = Some(n as u64),
            |w| {
                w.serve("a.test:80", Peer::replies([OK]));
                w.get("http://a.test/");
            },
        ),
        // 2 MiB from one block of 4 KiB; anything smaller counts as that.
        names_in(
            3..7,
            "decode_ratio",
            512,
            |l, n| l.decode_ratio = n as u64,
            |w| {
                w.serve("a.test:80", Peer::replies([gzip(&vec![0; 2 << 20])]));
                w.get("http://a.test/");
            },
        ),
    ]
}

fn windows() -> Vec<&'static str> {
    // A window of 128 KiB; three raw bytes, then three more and the end.
    let frame = b"\x28\xB5\x2F\xFD\x00\x38\x18\0\0abc\x19\0\0def";
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: {}\r\n\r\n", frame.len());
    let answer = [head.as_bytes(), frame].concat();
    vec![
        answered("decode_window", 128 * 1024, |l, n| l.decode_window = n as u64, answer.clone()),
        // The package's storage grows in powers of two, and is never full.
        answered("decode_memory", 8, |l, n| l.decode_memory = n as u64, answer),
    ]
}

fn redirects() -> Vec<&'static str> {
    let redirect = |to: &str| format!("HTTP/1.1 302 X\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    vec![names(
        "location_bytes",
        5,
        |l, n| l.location_bytes = n,
        |w| {
            w.serve("a.test:80", Peer::replies([&redirect("/abcd"), OK]));
            w.get("http://a.test/");
        },
    )]
}

/// Limits that end no transfer: they bound the work, which the outcome shows.
/// Limits of what parses a body on the caller's side.
fn parsers() -> Vec<&'static str> {
    let stream = b"data: abcdef\ndata: g\n\n";
    let cases: [(&'static str, Set, usize); 2] =
        [("line_bytes", |l, n| l.line_bytes = n, 12), ("event_bytes", |l, n| l.event_bytes = n, 8)];
    for (name, set, amount) in cases {
        for (value, fits) in [(amount, true), (amount - 1, false)] {
            let mut limits = Limits::DEFAULT;
            set(&mut limits, value);
            let parsed = Parser::new(&limits).parse(stream);
            assert_eq!(parsed.is_ok(), fits, "{name} of {value}");
            if let Err(error) = parsed {
                assert_eq!(error.to_string(), format!("limit {name} is {value}, found {amount}"));
            }
        }
    }
    cases.map(|(name, ..)| name).to_vec()
}

fn measures() -> Vec<&'static str> {
    // An unwanted body is drained up to the limit; beyond it the connection is closed.
    for (limit, kept) in [(9, true), (8, false)] {
        let world = same_in(0..6, |w| {
            under(w, |l, n| l.drain_bytes = n as u64, limit);
            let first = "HTTP/1.1 302 X\r\nLocation: /b\r\nContent-Length: 9\r\n\r\nun wanted";
            w.serve("a.test:80", Peer::replies([first, OK]));
            w.serve("a.test:80", Peer::replies([OK]));
            w.get("http://a.test/").assert(200, "hi");
        });
        assert_eq!(world.connections().len() == 1, kept, "drain_bytes of {limit}");
    }
    // And for no longer than the time limit.
    let world = same_in(0..6, |w| {
        under(w, |l, n| l.drain_time = ms(n as u64), 70);
        let first = "HTTP/1.1 302 X\r\nLocation: /b\r\nContent-Length: 9\r\n\r\nun";
        w.serve("a.test:80", Peer::replies([first]));
        w.serve("a.test:80", Peer::replies([OK]));
        w.get("http://a.test/").assert(200, "hi");
    });
    let run = &world.transcripts[0];
    assert_eq!((run.ended - run.began, world.connections()[0].state), (ms(70), ConnectionState::Closed), "drain_time");
    // A proxy's refusal is stored up to the limit.
    let world = same_in(0..6, |w| {
        under(w, |l, n| l.proxy_refusal_bytes = n, 4);
        w.serve("p.test:3128", Peer::new().head().send("HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nbecause …"));
        let proxy = Proxy::new("http://p.test:3128").unwrap().tunnel(petition_core::route::proxy::Tunnel::Always);
        w.send(get("http://a.test/").proxy(proxy));
    });
    match world.transcripts[0].kind() {
        ErrorKind::Proxy(ProxyFailure::Refused(refusal)) => assert_eq!(refusal.body, b"beca", "proxy_refusal_bytes"),
        other => panic!("{other}"),
    }
    // Only this many addresses are tried.
    let world = same_in(0..6, |w| {
        under(w, |l, n| l.addresses = n, 3);
        let addresses: Vec<SocketAddr> = (1..=5).map(|n| format!("192.0.2.{n}:80").parse().unwrap()).collect();
        addresses.iter().for_each(|address| w.refuses_after(*address, ms(1)));
        w.name("a.test", ms(0), &addresses);
        w.get("http://a.test/");
    });
    match world.transcripts[0].kind() {
        ErrorKind::Connect(DialError::AllFailed(tried)) => assert_eq!(tried.len(), 3, "addresses"),
        other => panic!("{other}"),
    }
    // Beyond the limit, a challenge is the response.
    for (rounds, status) in [(1, 401), (2, 200)] {
        same_in(0..6, |w| {
            under(w, |l, n| l.auth_rounds = n, rounds);
            let asks = ["", ", stale=true"].map(|stale| {
                let field = format!("WWW-Authenticate: Digest realm=r, nonce=n, qop=auth{stale}");
                format!("HTTP/1.1 401 No\r\n{field}\r\nContent-Length: 2\r\n\r\nhi")
            });
            w.serve("a.test:80", Peer::replies([asks[0].as_str(), &asks[1], OK]));
            w.send(get("http://a.test/").digest_auth("user", "password")).assert(status, "hi");
        });
    }
    // A URL is rejected before sending.
    let mut session = Session::new();
    let mut limits = Limits::DEFAULT;
    limits.url_bytes = 14;
    session.configure(|o| {
        o.limits(|l| {
            l.all(limits);
        });
    });
    assert!(session.prepare(&get("http://a.test")).is_ok());
    let words = session.prepare(&get("http://a.test/b")).unwrap_err().to_string();
    assert!(words.contains("limit url_bytes is 14, found 15"), "{words}");
    vec!["drain_bytes", "drain_time", "proxy_refusal_bytes", "addresses", "auth_rounds", "url_bytes"]
}

#[test]
fn every_limit_is_reached_and_named() {
    let all: BTreeSet<&str> = Limits::DEFAULT.named().map(|(name, _)| name).collect();
    let reached = [heads(), bodies(), windows(), redirects(), measures(), parsers()].concat();
    assert_eq!(reached.iter().copied().collect::<BTreeSet<_>>(), all);
    assert_eq!(reached.len(), all.len(), "each once");
}

#[test]
fn redirect_limit_is_reached_and_named() {
    let redirect = "HTTP/1.1 302 X\r\nLocation: /\r\nContent-Length: 0\r\n\r\n";
    for (max, fits) in [(2, true), (1, false)] {
        let world = same_in(0..6, |w| {
            w.session.configure(|options| {
                options.redirects(|r| {
                    r.max(max);
                });
            });
            w.serve("a.test:80", Peer::replies([redirect, redirect, OK]));
            w.get("http://a.test/");
        });
        let run = world.transcripts.last().unwrap();
        assert_eq!(run.words().last(), Some(if fits { &"done" } else { &"failed" }), "{max}");
        assert!(fits || run.error().to_string().contains("limit redirects.max is 1, found one more"));
    }
}

/// Runs a request that ends by this deadline, and returns its duration.
fn ends_by(which: Timeout) -> (String, std::time::Duration) {
    if which == Timeout::Pool {
        return no_place();
    }
    let world = same_in(0..6, |w| {
        let address = w.address_of("a.test:80");
        let first_byte = |request: Request| request.first_byte_timeout(secs(3));
        let request = get("http://a.test/");
        match which {
            Timeout::Connect => w.black_hole(address),
            Timeout::Handshake => w.serve("p.test:3128", Peer::new()),
            _ => w.serve("a.test:80", Peer::new()),
        }
        let proxy = Proxy::new("http://p.test:3128").unwrap().tunnel(petition_core::route::proxy::Tunnel::Always);
        w.send(match which {
            Timeout::Handshake => request.proxy(proxy),
            Timeout::FirstByte => first_byte(request),
            Timeout::Total => first_byte(request).timeout(secs(2)),
            _ => request,
        });
    });
    let run = &world.transcripts[0];
    (run.error().to_string(), run.ended - run.began)
}

/// Never answers the acquisition of a connection.
fn no_place() -> (String, std::time::Duration) {
    let mut session = Session::new();
    let mut transfer = Transfer::new(session.prepare(&get("http://a.test/")).unwrap(), Now::default());
    assert!(matches!(transfer.poll(), Output::Sync));
    transfer.sync(Now::default(), &mut session).unwrap();
    assert!(matches!(transfer.poll(), Output::Acquire(_)));
    let at = transfer.deadline().unwrap();
    transfer.handle(Now::new(at, Now::default().unix), Input::Tick).unwrap();
    match transfer.poll() {
        Output::Event(petition_core::Event::Failed(error)) => (error.to_string(), at - Instant::ZERO),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_deadline_is_reached_and_named() {
    for which in Timeout::all() {
        let (text, took) = ends_by(which);
        let due = match which {
            Timeout::Connect | Timeout::Pool | Timeout::Handshake => secs(10),
            Timeout::FirstByte => secs(3),
            Timeout::Idle => secs(30),
            Timeout::Total => secs(2),
            other => panic!("{other:?} is not reached here"),
        };
        assert!(took == due && text.contains(&format!("timed out: {}", which.option())), "after {took:?}: {text}");
    }
}
