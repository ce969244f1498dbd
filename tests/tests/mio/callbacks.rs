//! Callbacks run exactly once, and last, in every case.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use petition_core::http1::ResponseHead;
use petition_mio::{Body, Client, Flow, Handle, Handler, Method, Request, ResponseInfo, UploadChunk};
use petition_tests::httpbin::Httpbin;
use petition_tests::net::gate::Gate;
use petition_tests::server::{Script, Scripted};
use petition_tests::tls::{Authority, Endpoint};

use super::*;

/// Counts its calls, to detect a second one.
fn counted(
    calls: &Arc<AtomicUsize>,
    then: impl FnOnce(Outcome) + Send + 'static,
) -> impl FnOnce(Outcome) + Send + 'static {
    let calls = calls.clone();
    move |outcome| {
        calls.fetch_add(1, Ordering::SeqCst);
        then(outcome);
    }
}

#[test]
fn success_and_errors_are_reported_once() {
    let server = Httpbin::start_plain().unwrap();
    let mut event_loop = event_loop();
    let (client, calls) = (event_loop.client(), Arc::new(AtomicUsize::new(0)));
    let refused = petition_tests::net::unreachable::refusing().unwrap();
    let (tell, told) = outcomes();
    let urls = [
        server.url("/get"),
        server.url("/status/500"),
        format!("http://{refused}/"),
        "http://no.such.name.invalid/".into(),
        "not a url".into(),
        server.url("/redirect/40"),
    ];
    for (i, url) in urls.iter().enumerate() {
        let tell = tell.clone();
        client.get(url).send(counted(&calls, move |outcome| tell.send((i, outcome.is_ok())).unwrap()));
    }
    assert!(told.try_recv().is_err(), "never from within send");
    turn_until(&mut event_loop, "six callbacks", |_| calls.load(Ordering::SeqCst) == 6);
    let mut outcomes: Vec<_> = told.try_iter().collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, [(0, true), (1, true), (2, false), (3, false), (4, false), (5, false)]);
    assert_nothing_left(&mut event_loop);
    assert_eq!(calls.load(Ordering::SeqCst), 6);
}

/// The handler's calls in order.
struct Recorder {
    calls: mpsc::Sender<String>,
    panics_in: &'static str,
}

impl Recorder {
    fn told(&self, what: impl Into<String>) {
        let what = what.into();
        self.calls.send(what.clone()).unwrap();
        assert_ne!(what, self.panics_in, "as asked");
    }
}

impl Handler for Recorder {
    fn informational(&mut self, head: ResponseHead) {
        self.told(head.status().as_str());
    }
    fn head(&mut self, _: ResponseInfo) {
        self.told("head");
    }
    fn data(&mut self, _: &[u8]) -> Flow {
        self.told("data");
        Flow::Continue
    }
    fn end(self: Box<Self>, result: Result<(), Error>) {
        self.told(result.map_or_else(|error| error.kind().to_string(), |()| "end".into()));
    }
}

#[test]
fn t91_panicking_callback_ends_only_its_request() {
    let server = Httpbin::start_plain().unwrap();
    let client = thread();
    for panics_in in ["head", "data", "end", "callback"] {
        let (calls, told) = outcomes();
        if panics_in == "callback" {
            client.get(server.url("/get")).send(|_| panic!("as asked"));
        } else {
            client.get(server.url("/bytes/10")).stream(Recorder { calls, panics_in });
        }
        assert_eq!(client.get(server.url("/get")).join().wait().unwrap().status(), 200, "{panics_in}");
        let expected: &[&str] = match panics_in {
            "head" => &["head", "cancelled"],
            "data" => &["head", "data", "cancelled"],
            "end" => &["head", "data", "end"],
            _ => &[],
        };
        let seen: Vec<String> = expected.iter().map(|_| next(&told)).collect();
        assert_eq!(seen, expected, "{panics_in}");
        assert!(told.try_recv().is_err(), "{panics_in}: nothing comes after the end");
    }
}

#[test]
fn panic_passes_through_turn_others_continue() {
    let server = Httpbin::start_plain().unwrap();
    let mut event_loop = event_loop();
    let (client, calls) = (event_loop.client(), Arc::new(AtomicUsize::new(0)));
    for i in 0..20 {
        let then = move |_| assert!(i % 4 != 0, "as asked");
        // Some of them fail before they begin.
        let url = if i % 3 == 0 { "nonsense".into() } else { server.url("/get") };
        client.get(url).send(counted(&calls, then));
    }
    let mut panics = 0;
    for _ in 0..1000 {
        panics +=
            usize::from(catch_unwind(AssertUnwindSafe(|| event_loop.turn(Some(Duration::from_millis(10))))).is_err());
        if calls.load(Ordering::SeqCst) == 20 {
            break;
        }
    }
    assert_eq!((calls.load(Ordering::SeqCst), panics), (20, 5));
    assert_nothing_left(&mut event_loop);
}

#[test]
fn dropping_the_loop_fails_every_request() {
    let gate = Gate::new();
    let server = Scripted::each(Script::new().read_head().wait(&gate)).unwrap();
    let mut event_loop = event_loop();
    let (client, calls) = (event_loop.client(), Arc::new(AtomicUsize::new(0)));
    let (tell, told) = outcomes();
    for i in 0..10 {
        let tell = tell.clone();
        let then = move |outcome: Outcome| {
            tell.send(kind(&outcome)).unwrap();
            assert_ne!(i, 3, "as asked: the others are told all the same");
        };
        client.get(server.url("/")).send(counted(&calls, then));
    }
    turn_until(&mut event_loop, "the requests to be sent", |_| server.requests().len() == 10);
    for _ in 0..5 {
        let tell = tell.clone();
        client.get(server.url("/")).send(counted(&calls, move |outcome| tell.send(kind(&outcome)).unwrap()));
    }
    assert!(catch_unwind(AssertUnwindSafe(|| drop(event_loop))).is_err(), "the panic is not lost");
    assert_eq!(calls.load(Ordering::SeqCst), 15);
    let late = client.get(server.url("/")).join();
    assert_eq!(kind(&late.wait()), "cancelled");
    assert!(told.try_iter().all(|kind| kind == "cancelled"));
    gate.open();
}

#[test]
fn callback_sending_after_the_end_is_not_reentered() {
    fn again(client: &Client, left: usize, depth: &Arc<AtomicUsize>, most: &Arc<AtomicUsize>) {
        let (next, inner, most) = (client.clone(), depth.clone(), most.clone());
        client.get("http://127.0.0.1:1/").send(move |outcome| {
            assert!(outcome.is_err());
            most.fetch_max(inner.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            if left > 0 {
                again(&next, left - 1, &inner, &most);
            }
            inner.fetch_sub(1, Ordering::SeqCst);
        });
    }
    let event_loop = event_loop();
    let (depth, most) = (Arc::default(), Arc::default());
    again(&event_loop.client(), 100_000, &depth, &most);
    drop(event_loop);
    assert_eq!(most.load(Ordering::SeqCst), 2, "one of the loop's own, and those behind it one after the other");
}

#[test]
fn t91_callback_may_start_ten_thousand_requests() {
    const N: usize = 10_000;
    let server = Httpbin::start_plain().unwrap();
    let limits = petition_core::route::pool::PoolLimits::DEFAULT.open_total(Some(16));
    let mut event_loop = EventLoop::with(DriverConfig { pool: limits, ..DriverConfig::default() }).unwrap();
    let (client, calls) = (event_loop.client(), Arc::new(AtomicUsize::new(0)));
    let (url, inner, counter) = (server.url("/status/204"), client.clone(), calls.clone());
    client.get(server.url("/get")).send(move |_| {
        for _ in 0..N {
            inner.get(&url).send(counted(&counter, |outcome| assert_eq!(kind(&outcome), "204")));
        }
        assert_eq!(counter.load(Ordering::SeqCst), 0, "none of them runs within this callback");
    });
    turn_until(&mut event_loop, "ten thousand answers", |_| calls.load(Ordering::SeqCst) == N);
    assert!(server.counts().accepted <= 17, "{:?}", server.counts());
    assert_nothing_left(&mut event_loop);
}

#[test]
fn t91_callback_may_cancel_everything() {
    let gate = Gate::new();
    let held = Scripted::each(Script::new().read_head().wait(&gate)).unwrap();
    let server = Httpbin::start_plain().unwrap();
    let mut event_loop = event_loop();
    let (client, calls) = (event_loop.client(), Arc::new(AtomicUsize::new(0)));
    let handles: Vec<Handle> = (0..20)
        .map(|_| client.get(held.url("/")).send(counted(&calls, |outcome| assert_eq!(kind(&outcome), "cancelled"))))
        .collect();
    turn_until(&mut event_loop, "the held requests", |_| held.requests().len() == 20);
    let own: Arc<Mutex<Option<Handle>>> = Arc::default();
    let (inside, inner) = (own.clone(), client.clone());
    let handle = client.get(server.url("/get")).send(counted(&calls, move |outcome| {
        assert_eq!(kind(&outcome), "200");
        handles.iter().for_each(Handle::cancel);
        inside.lock().unwrap().as_ref().unwrap().cancel();
        inner.cancel_group(7);
    }));
    *own.lock().unwrap() = Some(handle.clone());
    finish(&mut event_loop);
    handle.cancel();
    event_loop.turn(Some(Duration::ZERO)).unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 21);
    assert_nothing_left(&mut event_loop);
    gate.open();
}

#[test]
fn any_thread_can_cancel_a_group() {
    let gate = Gate::new();
    let server = Scripted::each(Script::new().read_head().wait(&gate)).unwrap();
    let client = thread();
    let (tell, told) = outcomes();
    for i in 0..12_u64 {
        let tell = tell.clone();
        client.get(server.url("/")).group(i % 3).send(move |outcome| tell.send((i, kind(&outcome))).unwrap());
    }
    server.wait_for_requests(12);
    client.cancel_group(1);
    let mut first: Vec<_> = (0..4).map(|_| next(&told)).collect();
    first.sort_unstable();
    assert_eq!(first.iter().map(|(i, _)| *i).collect::<Vec<_>>(), [1, 4, 7, 10]);
    let one = client.get(server.url("/")).join();
    server.wait_for_requests(13);
    let handle = one.handle().clone();
    std::thread::spawn(move || handle.cancel()).join().unwrap();
    assert_eq!(kind(&one.wait()), "cancelled");
    drop((client, tell));
    assert_eq!(told.iter().filter(|(_, kind)| kind == "cancelled").count(), 8, "the end of the thread tells the rest");
    gate.open();
}

#[test]
fn cancelling_at_any_stage_leaves_nothing() {
    let authority = Authority::new();
    let plain = Httpbin::start_plain().unwrap();
    let tls = Httpbin::start_tls(&Endpoint::new(&authority.issue_localhost())).unwrap();
    for server in [&plain, &tls] {
        let mut ended = 0;
        // After this many turns of a few steps each, until the request ends earlier.
        for pumps in 0..10_000 {
            let mut event_loop = EventLoop::with(trusting(&authority)).unwrap();
            let (client, calls) = (event_loop.client(), Arc::new(AtomicUsize::new(0)));
            let (tell, told) = outcomes();
            let url = server.url("/redirect/1");
            let handle = client.get(url).send(counted(&calls, move |outcome| tell.send(kind(&outcome)).unwrap()));
            for _ in 0..pumps {
                event_loop.pump(Duration::ZERO).unwrap();
            }
            handle.cancel();
            finish(&mut event_loop);
            assert_eq!(calls.load(Ordering::SeqCst), 1, "after {pumps} pumps");
            assert_nothing_left(&mut event_loop);
            let outcome = next(&told);
            assert!(outcome == "cancelled" || outcome == "200", "{outcome}");
            ended += usize::from(outcome == "200");
            if ended > 2 {
                break;
            }
        }
        assert!(ended > 2);
        server.wait_for_counts("every connection to be closed", |counts| counts.open == 0);
    }
}

/// Uploads a body in small pieces, and counts its ends.
struct Halting {
    pieces: usize,
    ends: Arc<AtomicUsize>,
    tell: mpsc::Sender<String>,
}

impl Handler for Halting {
    fn head(&mut self, _: ResponseInfo) {
        assert_eq!(self.ends.load(Ordering::SeqCst), 0);
    }
    fn data(&mut self, _: &[u8]) -> Flow {
        assert_eq!(self.ends.load(Ordering::SeqCst), 0);
        Flow::Continue
    }
    fn upload(&mut self, space: &mut [u8]) -> Result<UploadChunk, String> {
        assert_eq!(self.ends.load(Ordering::SeqCst), 0);
        let Some(left) = self.pieces.checked_sub(1) else { return Ok(UploadChunk::End) };
        self.pieces = left;
        space[..3].copy_from_slice(b"abc");
        Ok(UploadChunk::Bytes(3))
    }
    fn end(self: Box<Self>, result: Result<(), Error>) {
        self.ends.fetch_add(1, Ordering::SeqCst);
        self.tell.send(result.map_or_else(|error| error.kind().to_string(), |()| "end".into())).unwrap();
    }
}

/// The ways to end a request from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Handle,
    Group,
    Drop,
}

#[test]
fn stream_ended_at_any_stage_ends_once() {
    let authority = Authority::new();
    let tls = Httpbin::start_tls(&Endpoint::new(&authority.issue_localhost())).unwrap();
    for by in [By::Handle, By::Group, By::Drop] {
        let mut ended = 0;
        for pumps in 0..10_000 {
            let mut event_loop = EventLoop::with(trusting(&authority)).unwrap();
            let (client, ends) = (event_loop.client(), Arc::new(AtomicUsize::new(0)));
            let (tell, told) = outcomes();
            let mut request = Request::new(Method::POST, tls.url("/post"));
            request.set_data(Body::Stream { length: None, rewindable: false });
            let handler = Halting { pieces: 5, ends: ends.clone(), tell };
            let handle = client.request_from(request).group(9).stream(handler);
            for _ in 0..pumps {
                event_loop.pump(Duration::ZERO).unwrap();
            }
            match by {
                By::Handle => handle.cancel(),
                By::Group => client.cancel_group(9),
                By::Drop => {}
            }
            if by == By::Drop {
                drop(event_loop);
            } else {
                finish(&mut event_loop);
                assert_nothing_left(&mut event_loop);
            }
            let outcome = next(&told);
            assert_eq!(
                (ends.load(Ordering::SeqCst), told.try_recv().is_err()),
                (1, true),
                "{by:?} after {pumps} pumps"
            );
            assert!(outcome == "cancelled" || outcome == "end", "{outcome}");
            ended += usize::from(outcome == "end");
            if ended > 2 {
                break;
            }
        }
        assert!(ended > 2, "{by:?}");
        tls.wait_for_counts("every connection to be closed", |counts| counts.open == 0);
    }
}
