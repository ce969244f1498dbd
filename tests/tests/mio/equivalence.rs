//! The same scenarios through three drivers, in memory, blocking and mio: the same bytes reach the
//! servers, and the outcomes are the same.

use std::net::Ipv4Addr;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use petition_core::{Body, Error, ErrorKind, Method, Request, Session};
use petition_mio::{DriverConfig, Flow, Handler, LoopThread, ResponseInfo, UploadChunk, petition_core};
use petition_tests::memory::{self, Caller, Outcome, Peer, Source, Style, World, ms};
use petition_tests::server::{Script, Scripted};
use petition_tests::tls::{Authority, Endpoint, Leaf};

/// A step of a server on one connection.
#[derive(Clone)]
enum Act {
    /// Reads a request, and sends this.
    Answer(&'static str),
    /// Reads a head, and sends this.
    Early(&'static str),
    Close,
}
use Act::{Answer, Close, Early};

/// A request.
#[derive(Clone)]
struct Ask {
    method: Method,
    url: &'static str,
    body: Body,
    upload: &'static str,
    timeout: Option<Duration>,
    cancelled: bool,
}

fn get(url: &'static str) -> Ask {
    Ask { method: Method::GET, url, body: Body::Empty, upload: "", timeout: None, cancelled: false }
}

/// Returns an error's text, and the received bytes if one of them caused it.
fn told(error: &Error) -> String {
    let (kind, received) = (error.kind(), error.report().bytes_received);
    match kind {
        ErrorKind::Protocol(_) | ErrorKind::Decode(_) => format!("{kind}, {received} received"),
        _ => kind.to_string(),
    }
}

impl Ask {
    /// `scheme://host/…` with the port of the servers.
    fn url(&self, port: u16) -> String {
        let (host, path) = self.url.split_once("test/").expect("a name under test");
        format!("{host}test:{port}/{path}")
    }

    fn request(&self, port: u16) -> Request {
        let mut request = Request::new(self.method.clone(), self.url(port));
        request.set_data(self.body.clone());
        request.set_timeout(self.timeout);
        request
    }
}

/// The observations: the bytes of each connection, and one line for each request.
type Seen = (Vec<String>, Vec<String>);

struct Scene {
    tls: bool,
    connections: Vec<Vec<Act>>,
    asks: Vec<Ask>,
    /// Buffers decide how much of an upload precedes an early response, so only heads are compared.
    heads_only: bool,
}

fn scene(connections: &[&[Act]], asks: &[Ask]) -> Scene {
    let connections = connections.iter().map(|acts| acts.to_vec()).collect();
    Scene { tls: false, connections, asks: asks.to_vec(), heads_only: false }
}

fn line(status: u16, body: &[u8], error: Option<String>) -> String {
    error.unwrap_or_else(|| format!("{status} {}", String::from_utf8_lossy(body)))
}

impl Scene {
    #[track_caller]
    fn plays_the_same(self) {
        let authority = Authority::new();
        let (server, port) = self.server(&authority);
        let blocking = self.blocking(&authority, &server, port);
        drop(server);
        let (server, other) = self.server(&authority);
        let mio = self.mio(&authority, &server, other);
        drop(server);
        let memory = self.memory(&authority, port);
        assert_eq!((memory.0.len(), memory.1.len()), (self.connections.len(), self.asks.len()), "{memory:?}");
        assert_eq!(blocking, memory, "blocking and in memory");
        assert_eq!(self.shown(mio, other, port), memory, "mio and in memory");
    }

    /// Ports are part of the Host field.
    fn shown(&self, (bytes, lines): Seen, from: u16, to: u16) -> Seen {
        let change = |text: String| text.replace(&format!(":{from}"), &format!(":{to}"));
        (bytes.into_iter().map(change).collect(), lines)
    }

    fn received(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        match text.find("\r\n\r\n") {
            Some(end) if self.heads_only => text[..end].to_owned(),
            _ => text.into_owned(),
        }
    }

    fn session(&self, authority: &Authority) -> Session {
        let mut session = Session::new();
        let tls = memory::client_config(authority);
        session.configure(|options| {
            options.tls(tls);
            for name in ["a.test", "b.test"] {
                options.static_addresses.set_all_ports(name, [Ipv4Addr::LOCALHOST.into()]).unwrap();
            }
        });
        session
    }

    fn server(&self, authority: &Authority) -> (Scripted, u16) {
        let scripts = self.connections.iter().map(|acts| {
            acts.iter().fold(Script::new(), |script, act| match act {
                Answer(reply) => script.read_request().send(reply),
                Early(reply) => script.read_head().send(reply),
                Close => script.close(),
            })
        });
        // An ended script still reads.
        let scripts = scripts.zip(&self.connections).map(|(script, acts)| match acts.last() {
            Some(Close) => script,
            _ => script.stall(),
        });
        let server = match self.tls {
            false => Scripted::start(scripts),
            true => Scripted::start_tls(&Endpoint::new(&authority.issue(&Leaf::new(&["a.test", "b.test"]))), scripts),
        };
        let server = server.unwrap();
        let port = server.address().port();
        (server, port)
    }

    /// A connection that a server closes after a response is closed before the next request.
    fn settle(&self, server: &Scripted) {
        for (index, acts) in self.connections.iter().enumerate() {
            if matches!(acts[..], [Answer(_), Close]) && !server.record(index).bodies.is_empty() {
                server.wait_for_end(index);
            }
        }
        let since = Instant::now();
        while since.elapsed() < ms(3) {
            std::thread::yield_now();
        }
    }

    fn records(&self, server: &Scripted) -> Vec<String> {
        (0..server.counts().accepted).map(|index| self.received(&server.record(index).received)).collect()
    }

    fn blocking(&self, authority: &Authority, server: &Scripted, port: u16) -> Seen {
        let state = self.session(authority).into();
        let session = petition_std::Session::builder().state(state).build();
        let mut lines = Vec::new();
        for ask in &self.asks {
            let mut request = session.request(ask.method.clone(), ask.url(port)).timeout(ask.timeout);
            request = match &ask.body {
                Body::Stream { length, .. } => request.stream(ask.upload.as_bytes(), *length),
                Body::Bytes(bytes) => request.data(bytes.clone()),
                Body::Empty => request,
            };
            lines.push(match request.send() {
                Err(error) => told(&error),
                Ok(mut response) => {
                    if ask.cancelled {
                        std::io::Read::read_exact(&mut response, &mut [0; 4]).unwrap();
                        "cancelled".into()
                    } else {
                        let status = response.status().as_u16();
                        match response.bytes() {
                            Ok(body) => line(status, &body, None),
                            Err(error) => told(&error),
                        }
                    }
                }
            });
            self.settle(server);
        }
        drop(session);
        server.wait_for_counts("the end", |counts| counts.open == 0);
        (self.records(server), lines)
    }

    fn mio(&self, authority: &Authority, server: &Scripted, port: u16) -> Seen {
        let options = DriverConfig { session: self.session(authority).into(), ..DriverConfig::default() };
        let client = LoopThread::spawn(options).unwrap();
        let mut lines = Vec::new();
        for ask in &self.asks {
            let (tell, told) = mpsc::channel();
            let taker = Taker { tell, status: 0, body: Vec::new(), upload: ask.upload.as_bytes() };
            let handle = client.request_from(ask.request(port)).stream(taker);
            lines.push(loop {
                match told.recv_timeout(Duration::from_secs(20)).expect("an end") {
                    Some(line) => break line,
                    None if ask.cancelled => handle.cancel(),
                    None => {}
                }
            });
            self.settle(server);
        }
        drop(client);
        server.wait_for_counts("the end", |counts| counts.open == 0);
        (self.records(server), lines)
    }

    fn memory(&self, authority: &Authority, port: u16) -> Seen {
        let mut world = World::new(Style::plain());
        world.session = self.session(authority);
        // The session's static addresses.
        for name in ["a.test", "b.test"] {
            world.name(name, Duration::ZERO, &[(Ipv4Addr::LOCALHOST, port).into()]);
        }
        let tls = memory::server_config(authority, &["a.test", "b.test"]);
        for acts in &self.connections {
            let peer = if self.tls { Peer::tls(&tls) } else { Peer::new() };
            let peer = acts.iter().fold(peer, |peer, act| match act {
                Answer(reply) => peer.request().send(reply),
                Early(reply) => peer.head().send(reply),
                Close => peer.close(),
            });
            world.serve(&format!("a.test:{port}"), peer);
        }
        let mut lines = Vec::new();
        for ask in &self.asks {
            let cancel_at = ask.cancelled.then(|| world.time() + ms(50));
            let caller = Caller { source: Source::new(ask.upload), cancel_at, ..Caller::default() };
            let run = world.send_with(ask.request(port), caller);
            let error = match &run.outcome {
                Outcome::Done => None,
                Outcome::Failed(error) => Some(told(error)),
            };
            lines.push(line(run.status, &run.body, error));
            world.pass(ms(5));
        }
        (world.connections().iter().map(|connection| self.received(&connection.received)).collect(), lines)
    }
}

/// Ignores each piece, and reports the end with a line.
struct Taker {
    tell: mpsc::Sender<Option<String>>,
    status: u16,
    body: Vec<u8>,
    upload: &'static [u8],
}

impl Handler for Taker {
    fn head(&mut self, head: ResponseInfo) {
        self.status = head.status().as_u16();
    }

    fn data(&mut self, piece: &[u8]) -> Flow {
        self.body.extend_from_slice(piece);
        self.tell.send(None).unwrap();
        Flow::Continue
    }

    fn upload(&mut self, space: &mut [u8]) -> Result<UploadChunk, String> {
        let (piece, rest) = self.upload.split_at(space.len().min(self.upload.len()));
        space[..piece.len()].copy_from_slice(piece);
        self.upload = rest;
        Ok(if piece.is_empty() { UploadChunk::End } else { UploadChunk::Bytes(piece.len()) })
    }

    fn end(self: Box<Self>, result: Result<(), Error>) {
        let error = result.err().map(|error| told(&error));
        self.tell.send(Some(line(self.status, &self.body, error))).unwrap();
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const TO_OTHER_PATH: &str = "HTTP/1.1 302 Found\r\nLocation: /next\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2; Path=/next\r\nContent-Length: 0\r\n\r\n";
const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n6;x=y\r\npedia!\r\n0\r\nT: v\r\n\r\n";

#[test]
fn redirects_with_cookies_are_equal() {
    scene(&[&[Answer(TO_OTHER_PATH), Answer(OK), Answer(OK)]], &[get("http://a.test/"), get("http://a.test/later")])
        .plays_the_same();
}

#[test]
fn chunked_both_ways() {
    let body = Body::Stream { length: None, rewindable: false };
    let upload = Ask { method: Method::POST, body, upload: "hello world", ..get("http://a.test/up") };
    scene(&[&[Answer(CHUNKED), Answer(CHUNKED)]], &[get("http://a.test/down"), upload]).plays_the_same();
}

#[test]
fn connection_closed_while_idle_is_replaced() {
    let post = Ask { method: Method::POST, body: "data".into(), ..get("http://a.test/post") };
    scene(&[&[Answer(OK), Close], &[Answer(OK)]], &[get("http://a.test/"), post]).plays_the_same();
}

#[test]
fn connection_dying_under_a_request_is_replaced() {
    let dies: &[Act] = &[Answer(OK), Answer(""), Close];
    scene(&[dies, &[Answer(OK)]], &[get("http://a.test/"), get("http://a.test/again")]).plays_the_same();
    let post = Ask { method: Method::POST, body: "data".into(), ..get("http://a.test/post") };
    scene(&[dies], &[get("http://a.test/"), post]).plays_the_same();
}

#[test]
fn deadline_and_cancel_end_equally() {
    let late = Ask { timeout: Some(ms(80)), ..get("http://a.test/late") };
    scene(&[&[Answer("")], &[Answer(OK)]], &[late, get("http://a.test/")]).plays_the_same();
    let cancelled = Ask { cancelled: true, ..get("http://a.test/") };
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
    scene(&[&[Answer(half)], &[Answer(OK)]], &[cancelled, get("http://a.test/")]).plays_the_same();
}

#[test]
fn early_response_ends_equally() {
    let refusal = "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig";
    let post = Ask { method: Method::POST, body: vec![b'x'; 500_000].into(), ..get("http://a.test/post") };
    let mut scene = scene(&[&[Early(refusal)], &[Answer(OK)]], &[post, get("http://a.test/")]);
    scene.heads_only = true;
    scene.plays_the_same();
}

#[test]
fn tls_gives_equal_results() {
    let to_other_host =
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: /next\r\nSet-Cookie: s=1; Secure\r\nContent-Length: 0\r\n\r\n";
    let post = Ask { method: Method::POST, body: "data".into(), ..get("https://a.test/post") };
    let mut scene = scene(&[&[Answer(to_other_host), Answer(CHUNKED), Answer(OK)]], &[post, get("https://a.test/")]);
    scene.tls = true;
    scene.plays_the_same();
}

#[test]
fn nonsense_gives_the_same_error() {
    let truncated = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
    for reply in ["nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", truncated, ""] {
        let acts: &[Act] = &[Answer(if reply == truncated { truncated } else { reply }), Close];
        scene(&[acts], &[get("http://a.test/")]).plays_the_same();
    }
}

#[test]
fn rejected_bytes_are_counted_equally() {
    let garbage = &[Answer("SSH-2.0-OpenSSH_9.6\r\n"), Close];
    let chunk = &[Answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nnot a size"), Close];
    let cut = &[Answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi"), Close];
    let encoded = &[Answer("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!"), Close];
    scene(&[garbage, chunk, cut, encoded], &[(); 4].map(|()| get("http://a.test/"))).plays_the_same();
}
