//! Streams: back-pressure, uploads on demand, early and informational responses, redirects that
//! rewind.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use petition_core::http1::ResponseHead;
use petition_mio::{Body, Flow, Handle, Handler, Method, Request, ResponseInfo, UploadChunk};
use petition_tests::net::gate::Gate;
use petition_tests::server::{Script, Scripted};

use super::*;

/// Records what arrives; pauses and supplies as configured.
struct Stream {
    heads: mpsc::Sender<String>,
    taken: Arc<AtomicU64>,
    flow: Flow,
    /// The request body, in these pieces; after each piece, later.
    upload: Vec<&'static str>,
    at: usize,
    ready: bool,
    rewinds: Arc<AtomicUsize>,
}

impl Stream {
    fn new(heads: mpsc::Sender<String>) -> Stream {
        Stream {
            heads,
            taken: Arc::default(),
            flow: Flow::Continue,
            upload: Vec::new(),
            at: 0,
            ready: true,
            rewinds: Arc::default(),
        }
    }
}

impl Handler for Stream {
    fn informational(&mut self, head: ResponseHead) {
        self.heads.send(head.status().as_str().into()).unwrap();
    }

    fn head(&mut self, head: ResponseInfo) {
        self.heads.send(head.status().as_str().into()).unwrap();
    }

    fn data(&mut self, piece: &[u8]) -> Flow {
        self.taken.fetch_add(piece.len() as u64, Ordering::SeqCst);
        self.flow
    }

    fn upload(&mut self, space: &mut [u8]) -> Result<UploadChunk, String> {
        if !std::mem::replace(&mut self.ready, true) {
            self.heads.send("later".into()).unwrap();
            return Ok(UploadChunk::Later);
        }
        let Some(piece) = self.upload.get(self.at) else { return Ok(UploadChunk::End) };
        self.at += 1;
        self.ready = false;
        space[..piece.len()].copy_from_slice(piece.as_bytes());
        Ok(UploadChunk::Bytes(piece.len()))
    }

    fn rewind(&mut self) -> bool {
        self.rewinds.fetch_add(1, Ordering::SeqCst);
        (self.at, self.ready) = (0, true);
        true
    }

    fn end(self: Box<Self>, result: Result<(), Error>) {
        self.heads.send(result.map_or_else(|error| error.kind().to_string(), |()| "end".into())).unwrap();
    }
}

#[test]
fn any_thread_can_pause_and_resume() {
    let gate = Gate::new();
    let body = "x".repeat(100_000);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let script = Script::new().read_head().send(head).wait(&gate).send(&body);
    let server = Scripted::start([script]).unwrap();
    let mut event_loop = event_loop();
    let (heads, told) = outcomes();
    let handler = Stream::new(heads);
    let taken = handler.taken.clone();
    let handle = event_loop.client().get(server.url("/")).stream(handler);
    turn_until(&mut event_loop, "the head", |_| told.try_recv().is_ok());
    handle.pause();
    gate.release();
    for _ in 0..10 {
        event_loop.turn(Some(Duration::from_millis(5))).unwrap();
    }
    assert_eq!(taken.load(Ordering::SeqCst), 0);
    handle.resume();
    finish(&mut event_loop);
    assert_eq!(taken.load(Ordering::SeqCst), body.len() as u64);
}

fn put(url: String, length: Option<u64>, rewindable: bool) -> Request {
    let mut request = Request::new(Method::PUT, url);
    request.set_data(Body::Stream { length, rewindable });
    request
}

#[test]
fn upload_is_pulled_and_waits_for_its_source() {
    for length in [None, Some(9)] {
        let server = Scripted::start([Script::new().answer("HTTP/1.1 204 No Content\r\n\r\n")]).unwrap();
        let client = thread();
        let (heads, told) = outcomes();
        let handler = Stream { upload: vec!["one", "two", "six"], ..Stream::new(heads) };
        let handle: Handle = client.request_from(put(server.url("/"), length, false)).stream(handler);
        for _ in 0..2 {
            assert_eq!(next(&told), "later");
            handle.resume();
        }
        let mut rest: Vec<String> = Vec::new();
        while rest.last().is_none_or(|last| last != "end") {
            rest.push(next(&told));
            handle.resume();
        }
        assert_eq!(rest.iter().filter(|what| *what != "later").collect::<Vec<_>>(), ["204", "end"]);
        let record = server.wait_for_record(0, "the body", |record| !record.bodies.is_empty());
        assert_eq!(record.bodies, [b"onetwosix"]);
    }
}

#[test]
fn t52_early_response_to_an_upload_is_delivered() {
    let refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno";
    let server = Scripted::start([Script::new().read_head().send(refusal).stall()]).unwrap();
    let client = thread();
    let (heads, told) = outcomes();
    let handler = Stream { upload: vec!["a beginning"; 1000], ..Stream::new(heads) };
    let taken = handler.taken.clone();
    let _handle = client.request_from(put(server.url("/"), None, false)).stream(handler);
    let mut seen: Vec<String> = Vec::new();
    while seen.last().is_none_or(|last| last != "end") {
        seen.push(next(&told));
    }
    seen.retain(|what| what != "later");
    assert_eq!((seen, taken.load(Ordering::SeqCst)), (vec!["413".into(), "end".into()], 2));
}

#[test]
fn t52_early_refusal_of_memory_body_is_delivered() {
    let refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno";
    let server = Scripted::start([Script::new().read_head().send(refusal).stall()]).unwrap();
    let client = thread();
    let outcome = client.post(server.url("/")).data(vec![0_u8; 64 << 20]).join().wait();
    assert_eq!(kind(&outcome), "413");
}

#[test]
fn informational_responses_come_first() {
    let answer =
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
    let server = Scripted::start([Script::new().answer(answer)]).unwrap();
    let (heads, told) = outcomes();
    let client = thread();
    client.get(server.url("/")).stream(Stream::new(heads));
    assert_eq!([next(&told), next(&told), next(&told), next(&told)], ["103", "102", "204", "end"]);
}

#[test]
fn t14_redirect_keeping_the_body_rewinds_it() {
    for rewindable in [true, false] {
        let script = Script::new()
            .answer("HTTP/1.1 307 Temporary Redirect\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n")
            .answer("HTTP/1.1 204 No Content\r\n\r\n");
        let server = Scripted::each(script).unwrap();
        let client = thread();
        let (heads, told) = outcomes();
        let handler = Stream { upload: vec!["body"], ..Stream::new(heads) };
        let rewinds = handler.rewinds.clone();
        let handle = client.request_from(put(server.url("/"), Some(4), rewindable)).stream(handler);
        let mut seen: Vec<String> = Vec::new();
        while seen.last().is_none_or(|last| last != "end") {
            seen.push(next(&told));
            handle.resume();
        }
        seen.retain(|what| what != "later");
        if rewindable {
            assert_eq!((seen, rewinds.load(Ordering::SeqCst)), (vec!["204".into(), "end".into()], 1));
            assert_eq!(server.record(0).bodies, [b"body", b"body"]);
        } else {
            assert_eq!((seen, rewinds.load(Ordering::SeqCst)), (vec!["307".into(), "end".into()], 0));
        }
    }
}

#[test]
fn large_upload_to_a_slow_reader_arrives() {
    let body: Vec<u8> = (0..8 << 20).map(|i: u32| (i % 251) as u8).collect();
    let server = Scripted::start([Script::new().answer("HTTP/1.1 204 No Content\r\n\r\n")]).unwrap();
    let outcome = thread().post(server.url("/")).data(body.clone()).join().wait();
    assert_eq!(kind(&outcome), "204");
    assert!(server.record(0).bodies == [body]);
}

/// Returns what a handler sees of a response before its body, as one line.
struct Facts(mpsc::Sender<String>);

impl Handler for Facts {
    fn head(&mut self, head: ResponseInfo) {
        let hops: Vec<_> = head.history().iter().map(|hop| (hop.status().unwrap().as_u16(), hop.url.path())).collect();
        let cookies: Vec<_> = head.cookies().iter().map(|cookie| cookie.name().to_owned()).collect();
        let line = format!(
            "{:?} {} {} {hops:?} {:?} reused={} cookies={cookies:?} {:?}",
            head.version(),
            head.status().as_u16(),
            head.url(),
            head.peer(),
            head.reused(),
            head.tolerated(),
        );
        assert!(head.ok() && head.elapsed() > Duration::ZERO && head.elapsed() < PATIENCE);
        assert_eq!((head.header("x-a"), head.headers().len(), head.reason()), (Some("b"), 3, &b"OK"[..]));
        self.0.send(line).unwrap();
        assert_eq!(head.into_head().status(), 200);
    }

    fn data(&mut self, _: &[u8]) -> Flow {
        Flow::Continue
    }

    fn end(self: Box<Self>, result: Result<(), Error>) {
        result.unwrap();
    }
}

#[test]
fn handler_knows_what_a_response_knows() {
    let moved = "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n";
    // A line that ends with a bare LF is tolerated and reported.
    let answer = "HTTP/1.1 200 OK\r\nX-A: b\nSet-Cookie: c=d\r\nContent-Length: 2\r\n\r\nhi";
    let server = Scripted::each(Script::new().answer(moved).answer(answer)).unwrap();
    let (tell, told) = outcomes();
    let client = thread();
    client.get(server.url("/here")).stream(Facts(tell));
    let response = petition_std::Session::new().get(server.url("/here")).send().unwrap();
    assert_eq!(response.text().unwrap(), "hi");
    let address = server.address();
    let expected = format!(
        "Http11 200 {} [(302, \"/here\")] Some(Tcp({address})) reused=true cookies=[\"c\"] {{BareLf}}",
        server.url("/there")
    );
    assert_eq!(told.recv_timeout(PATIENCE).as_deref(), Ok(expected.as_str()));
    let blocking =
        (response.reused(), response.peer(), response.history().len(), response.cookies(), response.tolerated());
    // The same for a collected response. Its client is new: the server closes the connections of the others at some
    // moment, and a request sent at that moment is sent again, which the history records.
    let response = thread().get(server.url("/here")).join().wait().unwrap();
    let collected =
        (response.reused(), response.peer(), response.history().len(), response.cookies(), response.tolerated());
    assert_eq!(collected, blocking);
    assert_eq!((blocking.0, blocking.1, blocking.2), (true, Some(&address.into()), 1));
}
