//! Deadlines on real sockets: against trickle, stall, black holes and silent resolvers (T84, T85).
//! The time of a test is the deadline's own; nothing sleeps.

use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::mpsc;
use std::time::Duration;

use petition_std::resolve::Resolver;
use petition_std::{Error, ErrorKind, Options, Phase, Proxy, Session, Timeout};
use petition_tests::net::unreachable::BlackHole;
use petition_tests::server::{Pace, Script, Scripted};
use petition_tests::support::{ONE_SECOND, World, chain, session_trusting, timed};
use petition_tests::tls::{Authority, Endpoint, Handshake};

const SECOND: Duration = Duration::from_secs(1);
const TRICKLE: Pace = Pace::Every(Duration::from_millis(100));

fn set(session: &Session, set: impl FnOnce(&mut Options)) {
    session.configure(set);
}

fn session_with(choose: impl FnOnce(&mut Options)) -> Session {
    let session = Session::new();
    set(&session, choose);
    session
}

fn within_a_second() -> Session {
    session_with(|options| {
        options.total_timeout(SECOND);
    })
}

#[track_caller]
fn assert_timeout(error: &Error, which: Timeout, phase: Phase) {
    let ErrorKind::Timeout { which: fired, limit } = *error.kind() else { panic!("{error}") };
    assert_eq!((fired, limit, error.report().phase), (which, SECOND, phase), "{error}");
    assert!(error.to_string().contains(&format!("timed out: {} is 1s", which.option())), "{error}");
}

/// Head and body in single bytes, for far longer than a second.
fn trickling() -> Script {
    Script::new()
        .read_request()
        .send_byte_by_byte("HTTP/1.1 200 OK\r\nX-Slow: yes, it is\r\nContent-Length: 1\r\n\r\n.", TRICKLE)
}

#[test]
fn trickling_head_hits_the_total_deadline() {
    let server = Scripted::start([trickling()]).unwrap();
    let session = within_a_second();
    let error = timed(ONE_SECOND, || session.get(server.url("/")).send().unwrap_err());
    assert_timeout(&error, Timeout::Total, Phase::Head);
    assert_eq!(session.statistics().open, 0);
}

#[test]
fn trickling_tls_head_hits_the_total_deadline() {
    let authority = Authority::new();
    let server = Scripted::start_tls(&Endpoint::new(&authority.issue_localhost()), [trickling()]).unwrap();
    let session = session_trusting(&authority);
    set(&session, |options| {
        options.total_timeout(SECOND);
    });
    let error = timed(ONE_SECOND, || session.get(server.https_url("/")).send().unwrap_err());
    assert_timeout(&error, Timeout::Total, Phase::Head);
}

#[test]
fn trickling_body_hits_the_total_deadline() {
    for framing in ["Content-Length: 100\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n64\r\n", "\r\n"] {
        let head = format!("HTTP/1.1 200 OK\r\n{framing}");
        let script = Script::new().read_request().send(head).send_byte_by_byte([b'.'; 100], TRICKLE);
        let server = Scripted::start([script]).unwrap();
        let (session, mut body) = (within_a_second(), Vec::new());
        let error = timed(ONE_SECOND, || {
            let mut response = session.get(server.url("/")).send().unwrap();
            response.read_to_end(&mut body).unwrap_err()
        });
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let inner = error.get_ref().unwrap().downcast_ref().unwrap();
        assert_timeout(inner, Timeout::Total, Phase::Body);
        assert!(body.len() >= 2, "what came in time was delivered: {body:?}");
    }
}

#[test]
fn trickling_interims_hit_the_total_deadline() {
    let interim = vec!["HTTP/1.1 102 Processing\r\n\r\n"; 15];
    let server = Scripted::start([Script::new().read_request().send_pieces(interim, TRICKLE).stall()]).unwrap();
    let error = timed(ONE_SECOND, || within_a_second().get(server.url("/")).send().unwrap_err());
    assert_timeout(&error, Timeout::Total, Phase::Head);
}

#[test]
fn trickling_handshake_hits_its_deadlines() {
    let authority = Authority::new();
    let handshake = Handshake::Trickle(Duration::from_millis(100));
    let endpoint = Endpoint::builder(&authority.issue_localhost()).handshake(handshake).build();
    let server = Scripted::start_tls(&endpoint, [Script::new(), Script::new()]).unwrap();
    for which in [Timeout::Total, Timeout::Handshake] {
        let session = session_trusting(&authority);
        set(&session, |options| {
            match which {
                Timeout::Total => options.total_timeout(SECOND),
                _ => options.handshake_timeout(SECOND),
            };
        });
        let error = timed(ONE_SECOND, || session.get(server.https_url("/")).send().unwrap_err());
        assert_timeout(&error, which, Phase::Tls);
    }
}

#[test]
fn stalled_handshake_hits_its_own_deadline() {
    let authority = Authority::new();
    let endpoint = Endpoint::builder(&authority.issue_localhost()).handshake(Handshake::StallAfter(50)).build();
    let server = Scripted::start_tls(&endpoint, [Script::new()]).unwrap();
    let session = session_trusting(&authority);
    set(&session, |options| {
        options.handshake_timeout(SECOND);
    });
    let error = timed(ONE_SECOND, || session.get(server.https_url("/")).send().unwrap_err());
    assert_timeout(&error, Timeout::Handshake, Phase::Tls);
}

#[test]
fn silent_proxy_hits_the_handshake_deadline() {
    let proxy = Scripted::start([Script::new().read_head().stall()]).unwrap();
    let session = session_trusting(&Authority::new());
    set(&session, |options| {
        options.proxy(Proxy::new(&proxy.url("")).unwrap());
        options.handshake_timeout(SECOND);
    });
    let error = timed(ONE_SECOND, || session.get("https://localhost/").send().unwrap_err());
    assert_timeout(&error, Timeout::Handshake, Phase::Proxy);
}

#[test]
fn black_hole_hits_the_connect_deadline() {
    let hole = BlackHole::open().unwrap();
    let url = format!("http://{}/", hole.address());
    let session = session_with(|options| {
        options.connect_timeout(SECOND);
    });
    let error = timed(ONE_SECOND, || session.get(&url).send().unwrap_err());
    assert_timeout(&error, Timeout::Connect, Phase::Connect);
    let error = timed(ONE_SECOND, || within_a_second().get(&url).send().unwrap_err());
    assert_timeout(&error, Timeout::Total, Phase::Connect);
}

#[test]
fn stalled_peer_hits_the_idle_deadline() {
    for (head, phase) in [
        ("", Phase::Head),
        ("HTTP/1.1 200 ", Phase::Head),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", Phase::Body),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", Phase::Body),
    ] {
        let server = Scripted::start([Script::new().read_request().send(head).stall()]).unwrap();
        let session = session_with(|options| {
            options.idle_timeout(SECOND);
        });
        let error =
            timed(ONE_SECOND, || session.get(server.url("/")).send().and_then(|response| response.text()).unwrap_err());
        assert_timeout(&error, Timeout::Idle, phase);
    }
}

#[test]
fn progress_postpones_the_idle_deadline() {
    // Two seconds of trickle under an idle limit of one.
    let script = Script::new().read_request().send("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n");
    let server = Scripted::start([script.send_byte_by_byte([b'.'; 20], TRICKLE)]).unwrap();
    let session = session_with(|options| {
        options.idle_timeout(SECOND);
    });
    let text = session.get(server.url("/")).send().unwrap().text().unwrap();
    assert_eq!(text.len(), 20);
}

#[test]
fn late_first_byte_hits_its_deadline() {
    let server = Scripted::start([Script::new().read_request().stall()]).unwrap();
    let session = session_with(|options| {
        options.first_byte_timeout(SECOND);
    });
    let error = timed(ONE_SECOND, || session.get(server.url("/")).send().unwrap_err());
    assert_timeout(&error, Timeout::FirstByte, Phase::Head);
}

#[test]
fn unread_upload_hits_the_idle_deadline() {
    let server = Scripted::run(None, |conversation| {
        conversation.read_head()?;
        // No step reads until the client has closed.
        conversation.pause(Duration::from_secs(20))
    })
    .unwrap();
    let session = session_with(|options| {
        options.idle_timeout(SECOND);
    });
    // The kernels' buffers take some of it first.
    let window = *ONE_SECOND.start()..=Duration::from_secs(4);
    let error = timed(window, || session.post(server.url("/")).data(vec![0; 50 << 20]).send().unwrap_err());
    assert_timeout(&error, Timeout::Idle, Phase::Send);
}

#[test]
fn total_deadline_spans_redirects() {
    let answers = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /NEXT\r\n\r\n";
    let server = Scripted::run(None, move |conversation| {
        for n in 0.. {
            conversation.read_request()?;
            conversation.pause(Duration::from_millis(300))?;
            conversation.send(answers.replace("NEXT", &n.to_string()).as_bytes())?;
        }
        Ok(())
    })
    .unwrap();
    let error = timed(ONE_SECOND, || within_a_second().get(server.url("/")).send().unwrap_err());
    assert_timeout(&error, Timeout::Total, Phase::Head);
    assert!(error.report().hop >= 1, "{error}");
}

#[test]
fn zero_deadline_fires_and_the_session_survives() {
    let world = World::plain();
    let error = world.session.get(world.url("/get")).timeout(Duration::ZERO).send().unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(world.session.get(world.url("/get")).send().unwrap().status(), 200);
}

#[test]
fn timed_out_connection_is_not_reused() {
    let world = World::plain();
    let slow = world.session.get(world.url("/delay/2")).timeout(Duration::from_millis(300)).send();
    assert!(slow.unwrap_err().is_timeout());
    let response = world.session.get(world.url("/get")).send().unwrap();
    assert_eq!((response.url().path(), response.reused(), world.server.counts().accepted), ("/get", false, 2));
}

#[test]
fn dead_address_does_not_delay_a_good_one() {
    let world = World::plain();
    let good = world.server.address();
    // All of 127/8 is this machine: 127.0.0.2 refuses, since nothing listens there; a full queue at
    // 127.0.0.3 is silent.
    let silent = silent_at(Ipv4Addr::new(127, 0, 0, 3), good.port());
    for dead in [Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::new(127, 0, 0, 3)] {
        let session = Session::new();
        session.configure(|o| o.resolve("two.test", good.port(), [IpAddr::from(dead), good.ip()])).unwrap();
        let url = format!("http://two.test:{}/get", good.port());
        let response = timed(Duration::ZERO..=Duration::from_secs(2), || session.get(&url).send().unwrap());
        assert_eq!(response.peer(), Some(&good.into()));
    }
    drop(silent);
}

/// A listener whose queue is full.
fn silent_at(ip: Ipv4Addr, port: u16) -> (socket2::Socket, Vec<std::net::TcpStream>) {
    let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from((ip, port)).into()).unwrap();
    listener.listen(0).unwrap();
    let connect = |_| std::net::TcpStream::connect_timeout(&(ip, port).into(), Duration::from_millis(200)).ok();
    (listener, (0..16).map_while(connect).collect())
}

#[test]
fn localhost_is_reached_whichever_family_listens() {
    let four = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = four.local_addr().unwrap().port();
    drop(four);
    let server =
        petition_tests::httpbin::Httpbin::builder().address((Ipv4Addr::LOCALHOST, port).into()).start().unwrap();
    let response = petition_std::get(server.base_at("localhost") + "/get").send().unwrap();
    assert_eq!(response.peer(), Some(&server.address().into()));
}

/// Answers when its sender is dropped, or when the time is over.
struct Silent;

impl Resolver for Silent {
    fn resolve(&self, _: &str, _: u16, left: Option<Duration>) -> io::Result<Vec<SocketAddr>> {
        let (_never, answer) = mpsc::channel::<()>();
        let left = left.expect("a deadline is set");
        let _ = answer.recv_timeout(left);
        Err(io::ErrorKind::TimedOut.into())
    }
}

#[test]
fn silent_resolver_hits_the_deadline() {
    for which in [Timeout::Total, Timeout::Connect] {
        let session = Session::builder().resolver(Silent).build();
        set(&session, |options| {
            match which {
                Timeout::Total => options.total_timeout(SECOND),
                _ => options.connect_timeout(SECOND),
            };
        });
        let error = timed(ONE_SECOND, || session.get("http://silent.test/").send().unwrap_err());
        assert_timeout(&error, which, Phase::Resolve);
    }
}

#[test]
fn early_resolver_failure_fails_the_look_up() {
    struct Hasty;
    impl Resolver for Hasty {
        fn resolve(&self, _: &str, _: u16, _: Option<Duration>) -> io::Result<Vec<SocketAddr>> {
            Err(io::Error::new(io::ErrorKind::TimedOut, "the name server is silent"))
        }
    }
    for connect_timeout in [None, Some(Duration::from_secs(15))] {
        let session = Session::builder().resolver(Hasty).build();
        set(&session, |options| {
            options.connect_timeout(connect_timeout);
        });
        let error =
            timed(Duration::ZERO..=Duration::from_secs(5), || session.get("http://a.test/").send().unwrap_err());
        assert!(matches!(error.kind(), ErrorKind::Resolve(_)), "{error}");
        assert!(
            chain(&error).ends_with("looking up the name: the look-up failed: the name server is silent"),
            "{error}"
        );
    }
}

/// Knows no name.
struct Nobody;

impl Resolver for Nobody {
    fn resolve(&self, _: &str, _: u16, _: Option<Duration>) -> io::Result<Vec<SocketAddr>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

#[test]
fn t85_name_without_addresses_has_its_error() {
    let session = Session::builder().resolver(Nobody).build();
    session.configure(|o| o.resolve("none.test", 80, [])).unwrap();
    let error = session.get("http://none.test/").send().unwrap_err();
    assert!(error.is_connect() && error.to_string().contains("the name has no address"), "{error}");
    let error = session.get("http://other.test/").send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Resolve(_)), "{error}");
}

#[test]
fn reused_connection_follows_each_requests_deadlines() {
    // The socket keeps its timeouts between calls, but no timeout may outlive its request.
    let world = World::tls();
    let get = |path: &str, limit: Option<Duration>| {
        let response = world.session.get(world.url(path)).timeout(limit).send()?;
        response.text().map(|_| response.reused())
    };
    get("/get", None).unwrap();
    assert!(get("/get", Some(Duration::from_millis(400))).unwrap_or(true));
    assert!(get("/delay/1", None).unwrap(), "a short timeout that is left on the socket ends nothing");
    let error = timed(ONE_SECOND, || get("/delay/5", Some(SECOND)).unwrap_err());
    assert_timeout(&error, Timeout::Total, Phase::Head);
}

/// The caller pauses for a second between two reads; only the caller is slow.
#[test]
fn time_between_two_reads_belongs_to_the_caller() {
    let elsewhere = Scripted::start([trickling(), trickling()]).unwrap();
    let half = |n: usize| vec![b'x'; n];
    for size in [100, 100_000] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 2 * size);
        let script = Script::new().read_request().send(head).send(half(size)).send_byte_by_byte(half(1), TRICKLE);
        let server = Scripted::start([script.send(half(size - 1)).stall()]).unwrap();
        let session = session_with(|options| {
            options.idle_timeout(SECOND / 2);
        });
        let mut response = session.get(server.url("/")).send().unwrap();
        let mut body = half(size);
        response.read_exact(&mut body).unwrap();
        within_a_second().get(elsewhere.url("/")).send().unwrap_err();
        response.read_exact(&mut body).unwrap();
        assert_eq!(response.read(&mut body).unwrap(), 0);
    }
}

/// The socket times out before the limit; then only the remaining time is waited for.
#[test]
fn stopped_large_body_hits_the_idle_limit() {
    for sent in [100_000, 1_000_000] {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n";
        let server = Scripted::start([Script::new().read_request().send(head).send(vec![b'x'; sent]).stall()]).unwrap();
        let session = session_with(|options| {
            options.idle_timeout(SECOND);
        });
        let mut response = session.get(server.url("/")).send().unwrap();
        response.read_exact(&mut vec![0; sent - 10]).unwrap();
        let mut space = vec![0; 16 * 1024];
        assert!(response.read(&mut space).unwrap() <= 10);
        let error = timed(ONE_SECOND, || {
            loop {
                if let Err(error) = response.read(&mut space) {
                    break error.downcast::<Error>().unwrap();
                }
            }
        });
        assert_timeout(&error, Timeout::Idle, Phase::Body);
    }
}

/// The total deadline continues while the caller pauses.
#[test]
fn deadline_between_two_reads_fails_the_next() {
    let elsewhere = Scripted::start([trickling(), trickling()]).unwrap();
    for size in [100, 100_000] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 2 * size);
        let script = Script::new().read_request().send(head).send(vec![b'x'; size]).stall();
        let server = Scripted::start([script]).unwrap();
        let session = within_a_second();
        let mut response = session.get(server.url("/")).send().unwrap();
        response.read_exact(&mut vec![0; size]).unwrap();
        within_a_second().get(elsewhere.url("/")).send().unwrap_err();
        let error = timed(Duration::ZERO..=SECOND / 2, || response.read(&mut vec![0; size]).unwrap_err());
        assert_timeout(&error.downcast::<Error>().unwrap(), Timeout::Total, Phase::Body);
    }
}
