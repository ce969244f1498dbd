//! Connectors of the caller over both transports: in-memory pairs, reuse and its probe, TLS,
//! failures, and streams that break their contract.

use std::io::{self, ErrorKind as Io, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use petition_core::{Address, ConnectTo, ErrorKind, Method, Phase, Request, Timeout};
use petition_mio::{DriverConfig, LoopThread};
use petition_std::Session;
use petition_std::connector::{Pipe, Sides, pair};
use petition_tests::httpbin::Httpbin;
use petition_tests::memory::{client_config, server_config};
use petition_tests::net::watch::Watch;
use petition_tests::support::{Client, ONE_SECOND, Upload, timed};
use petition_tests::tls::Authority;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/// What a connector does with a target: a far end, an error, or nothing.
type Open = Arc<dyn Fn(&Address, &str, u16) -> Option<io::Result<Pipe>> + Send + Sync>;

fn get(url: &str) -> Request {
    Request::new(Method::GET, url)
}

/// A client over each transport, whose connector does this. Every origin leads to it.
fn clients(open: Open) -> [Client; 2] {
    let of_std = open.clone();
    let session = Session::builder()
        .connector(move |target: &petition_std::connector::Target<'_>, _: Option<Duration>| {
            let opened = of_std(target.address(), target.host(), target.port())?;
            Some(opened.map(|near| Box::new(near) as Box<dyn petition_std::connector::Stream>))
        })
        .build();
    let connect = move |target: &petition_mio::connector::Target<'_>, ready: &petition_mio::connector::Readiness| {
        let ready = ready.clone();
        let opened = open(target.address(), target.host(), target.port())?;
        Some(opened.map(|mut near| {
            near.on_ready(move || ready.notify());
            Box::new(near) as Box<dyn petition_mio::connector::Stream>
        }))
    };
    let config = DriverConfig { connector: Some(Box::new(connect)), ..DriverConfig::default() };
    let clients = [Client::Std(session), Client::Mio(LoopThread::spawn(config).unwrap())];
    for client in &clients {
        client.configure(|options| {
            options.connect_to(ConnectTo::new().every_origin(Address::custom("double")));
        });
    }
    clients
}

/// A connector whose connections are served by `serve`, each on a thread of its own; and how many
/// it opened.
fn serving(serve: impl Fn(usize, Pipe) -> io::Result<()> + Send + Sync + 'static) -> (Open, Arc<AtomicUsize>) {
    let (serve, opened) = (Arc::new(serve), Arc::new(AtomicUsize::new(0)));
    let count = opened.clone();
    let open: Open = Arc::new(move |_, _, _| {
        let (near, far) = pair();
        let (serve, number) = (serve.clone(), count.fetch_add(1, Ordering::SeqCst));
        thread::spawn(move || serve(number, far));
        Some(Ok(near))
    });
    (open, opened)
}

/// Reads one head; returns `None` at the end.
fn head(far: &mut impl Read) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if far.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.extend(byte);
    }
    Ok(Some(String::from_utf8_lossy(&head).into_owned()))
}

#[test]
fn pair_in_memory_serves_requests_on_one_connection() {
    let (open, opened) = serving(|_, mut far| {
        while let Some(head) = head(&mut far)? {
            write!(far, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{head}", head.len())?;
        }
        Ok(())
    });
    for client in clients(open) {
        for n in 0..3 {
            let answer = client.get(format!("http://any.test/{n}"));
            assert!(answer.text().starts_with(&format!("GET /{n} HTTP/1.1\r\nHost: any.test\r\n")), "{client:?}");
            assert_eq!((answer.reused, answer.peer), (n > 0, Some(Address::custom("double"))), "{client:?}");
        }
    }
    assert_eq!(opened.load(Ordering::SeqCst), 2);
}

#[test]
fn large_bodies_pass_both_ways_through_a_pair() {
    let (open, _) = serving(|_, mut far| {
        let Some(head) = head(&mut far)? else { return Ok(()) };
        let length = head.split("Content-Length: ").nth(1).unwrap().split("\r\n").next().unwrap().parse().unwrap();
        let mut body = vec![0; length];
        far.read_exact(&mut body)?;
        write!(far, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n")?;
        far.write_all(&body)?;
        far.read_to_end(&mut body).map(drop)
    });
    for client in clients(open) {
        let bytes: Vec<u8> = (0..1_000_000u32).map(|n| (n / 7) as u8).collect();
        let answer = client.send(Request::new(Method::POST, "http://a.test/").data(bytes.clone())).unwrap();
        assert!(answer.body == bytes, "{client:?}");
        let answer = client.upload(Request::new(Method::POST, "http://b.test/"), &Upload::new(bytes.clone()), true);
        assert!(answer.unwrap().body == bytes, "{client:?}");
    }
}

#[test]
fn tls_runs_over_a_connector() {
    let authority = Authority::new();
    let (server, trust) = (server_config(&authority, &["a.test"]), client_config(&authority));
    let (open, _) = serving(move |_, far| {
        let connection = rustls::ServerConnection::new(server.clone()).unwrap();
        let mut far = rustls::StreamOwned::new(connection, far);
        while head(&mut far)?.is_some() {
            far.write_all(OK)?;
            far.flush()?;
        }
        Ok(())
    });
    for client in clients(open) {
        client.configure(|options| {
            options.tls(trust.clone());
        });
        assert_eq!(client.get("https://a.test/").text(), "hi");
        assert!(client.get("https://a.test/").reused, "{client:?}");
        assert!(client.send(get("https://b.test/")).unwrap_err().is_tls(), "{client:?}");
    }
}

#[test]
fn t47_stale_bytes_of_a_pair_are_never_an_answer() {
    let stale = Arc::new(Watch::new(0));
    let told = stale.clone();
    let (open, opened) = serving(move |_, mut far| {
        if head(&mut far)?.is_some() {
            far.write_all(OK)?;
            far.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ncanary")?;
            told.update(|n| *n += 1);
            far.read_to_end(&mut Vec::new())?;
        }
        Ok(())
    });
    for (number, client) in clients(open).into_iter().enumerate() {
        for n in 1..=3 {
            assert_eq!(client.get("http://a.test/").text(), "hi", "{client:?}");
            stale.wait_for("the stale answer", |count| (*count == number * 3 + n).then_some(()));
        }
    }
    assert_eq!(opened.load(Ordering::SeqCst), 6);
}

#[test]
fn ended_pair_is_followed_by_a_new_one() {
    let (open, opened) = serving(|_, mut far| {
        head(&mut far)?;
        far.write_all(OK)
    });
    for client in clients(open) {
        for _ in 0..5 {
            assert_eq!(client.get("http://a.test/").text(), "hi", "{client:?}");
        }
    }
    assert_eq!(opened.load(Ordering::SeqCst), 10);
}

#[test]
fn connector_sees_each_target_and_may_pass_on_it() {
    let server = Httpbin::start_plain().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = seen.clone();
    let open: Open = Arc::new(move |address, host, port| {
        told.lock().unwrap().push((address.clone(), host.to_owned(), port));
        match address {
            Address::Tcp(_) => None,
            _ => Some(Err(io::Error::other("the double is closed"))),
        }
    });
    for client in clients(open) {
        seen.lock().unwrap().clear();
        let error = client.send(get("https://c.test:44/")).unwrap_err();
        assert!(error.is_connect() && error.to_string().contains("custom address: the double is closed"), "{error}");
        assert_eq!(*seen.lock().unwrap(), [(Address::custom("double"), "c.test".to_owned(), 44)]);
        seen.lock().unwrap().clear();
        let answer = client.send(get(&server.url("/get")).connect_to(None)).unwrap();
        let address = server.address();
        assert_eq!((answer.status(), answer.peer), (200, Some(address.into())), "{client:?}");
        assert_eq!(*seen.lock().unwrap(), [(address.into(), "127.0.0.1".to_owned(), address.port())]);
    }
}

#[test]
fn custom_address_without_a_connector_is_an_error() {
    for client in Client::both(&Authority::new()) {
        let request = get("http://a.test/").connect_to(ConnectTo::from(Address::custom("canary")));
        let error = client.send(request).unwrap_err();
        assert_eq!(error.phase(), Phase::Connect);
        let text = error.to_string();
        assert!(text.contains("no connector serves this address") && !text.contains("canary"), "{text}");
    }
}

#[test]
fn connector_learns_the_time_left() {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    let session = Session::builder()
        .connector(move |_: &petition_std::connector::Target<'_>, left: Option<Duration>| {
            // There are two addresses, but the connector may use the whole time for the first.
            count.fetch_add(1, Ordering::SeqCst);
            thread::sleep(left.unwrap());
            Some(Err(Io::TimedOut.into()))
        })
        .build();
    let mut request = session.get("http://localhost/").connect_timeout(Duration::from_secs(1));
    let error = timed(ONE_SECOND, || request.send()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Timeout { which: Timeout::Connect, .. }), "{error}");
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[test]
fn silent_pair_times_out_like_a_socket() {
    let (open, _) = serving(|_, mut far| far.read_to_end(&mut Vec::new()).map(drop));
    for client in clients(open) {
        let request = get("http://a.test/").idle_timeout(Duration::from_secs(1));
        let error = timed(ONE_SECOND, || client.send(request)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Timeout { which: Timeout::Idle, .. }), "{error}");
    }
}

/// A stream that reports more bytes than there were.
struct Liar;

impl petition_std::connector::Stream for Liar {
    fn try_read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        Ok(space.len() + 1)
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn wait(&mut self, wanted: Sides, _: Option<Duration>) -> io::Result<Sides> {
        Ok(wanted)
    }
}

impl petition_mio::connector::Stream for Liar {
    fn try_read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        petition_std::connector::Stream::try_read(self, space)
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn is_quiet(&mut self) -> bool {
        true
    }
}

#[test]
fn stream_that_reports_too_many_bytes_fails_alone() {
    let session = Session::builder()
        .connector(|_: &petition_std::connector::Target<'_>, _: Option<Duration>| {
            Some(Ok(Box::new(Liar) as Box<dyn petition_std::connector::Stream>))
        })
        .build();
    let connect = |_: &petition_mio::connector::Target<'_>, _: &petition_mio::connector::Readiness| {
        Some(Ok(Box::new(Liar) as Box<dyn petition_mio::connector::Stream>))
    };
    let config = DriverConfig { connector: Some(Box::new(connect)), ..DriverConfig::default() };
    for client in [Client::Std(session), Client::Mio(LoopThread::spawn(config).unwrap())] {
        let error = client.send(get("http://127.0.0.1/")).unwrap_err();
        let text = petition_tests::support::everything(&error);
        assert!(text.contains("the connector's stream reported"), "{text}");
    }
}

#[test]
fn connector_that_panics_fails_one_request_of_a_loop() {
    let mut first = true;
    let server = Httpbin::start_plain().unwrap();
    let connect = move |_: &petition_mio::connector::Target<'_>, _: &petition_mio::connector::Readiness| {
        assert!(!std::mem::take(&mut first), "intended");
        None
    };
    let config = DriverConfig { connector: Some(Box::new(connect)), ..DriverConfig::default() };
    let client = Client::Mio(LoopThread::spawn(config).unwrap());
    let error = client.send(get(&server.url("/get"))).unwrap_err();
    assert!(error.to_string().contains("the connector panicked"), "{error}");
    assert_eq!(client.get(server.url("/get")).status(), 200);
}

/// A stream that answers one request, has a stale answer then, and reports nothing.
#[derive(Default)]
struct Mute {
    answered: bool,
    stale: bool,
}

impl petition_mio::connector::Stream for Mute {
    fn try_read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let answer = match (self.answered, self.stale) {
            (true, false) => OK,
            (true, true) => b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ncanary",
            (false, _) => return Err(Io::WouldBlock.into()),
        };
        self.stale = true;
        space[..answer.len()].copy_from_slice(answer);
        Ok(answer.len())
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.answered = true;
        Ok(bytes.len())
    }

    fn is_quiet(&mut self) -> bool {
        !self.answered
    }
}

#[test]
fn t47_stream_that_reports_nothing_is_asked_before_reuse() {
    let opened = Arc::new(AtomicUsize::new(0));
    let count = opened.clone();
    let connect = move |_: &petition_mio::connector::Target<'_>, ready: &petition_mio::connector::Readiness| {
        count.fetch_add(1, Ordering::SeqCst);
        ready.notify();
        Some(Ok(Box::new(Mute::default()) as Box<dyn petition_mio::connector::Stream>))
    };
    let config = DriverConfig { connector: Some(Box::new(connect)), ..DriverConfig::default() };
    let client = Client::Mio(LoopThread::spawn(config).unwrap());
    for _ in 0..3 {
        assert_eq!(client.get("http://127.0.0.1/").text(), "hi");
    }
    assert_eq!(opened.load(Ordering::SeqCst), 3);
}

#[test]
fn socket_of_the_caller_is_a_stream() {
    let server = Httpbin::start_plain().unwrap();
    let address = server.address();
    let session = Session::builder()
        .connector(move |_: &petition_std::connector::Target<'_>, _: Option<Duration>| {
            let stream = std::net::TcpStream::connect(address).unwrap();
            stream.set_nonblocking(true).unwrap();
            Some(Ok(Box::new(stream) as Box<dyn petition_std::connector::Stream>))
        })
        .build();
    // Connecting still, and polled.
    let connect = move |_: &petition_mio::connector::Target<'_>, _: &petition_mio::connector::Readiness| {
        let stream = mio::net::TcpStream::connect(address);
        Some(stream.map(|stream| Box::new(stream) as Box<dyn petition_mio::connector::Stream>))
    };
    let config = DriverConfig { connector: Some(Box::new(connect)), ..DriverConfig::default() };
    for client in [Client::Std(session), Client::Mio(LoopThread::spawn(config).unwrap())] {
        client.configure(|options| {
            options.connect_to(ConnectTo::new().every_origin(Address::custom("own")));
        });
        assert_eq!(client.get("http://a.test/get").status(), 200);
        let big = client.get("http://a.test/bytes/100000");
        assert!(big.reused && big.body.len() == 100_000, "{client:?}");
        let bytes = vec![b'x'; 300_000];
        let request = Request::new(Method::POST, "http://a.test/post");
        let answer = client.upload(request, &Upload::new(bytes), false).unwrap();
        assert!(answer.body.len() > 300_000, "{client:?}");
    }
}
