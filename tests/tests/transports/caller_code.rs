//! The caller's code over both transports: it calls back where it would wait for itself, panics, or
//! never returns. Only its own request ends; nothing else waits or ends.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use petition_core::route::address_policy::AddressPolicy;
use petition_core::route::resolve::Resolver;
use petition_core::{Error, ErrorKind, Method, Request, Unavailable};
use petition_mio::{DriverConfig, EventLoop, LoopThread, petition_core};
use petition_std::Session;
use petition_tests::httpbin::Httpbin;
use petition_tests::net::PATIENCE;
use petition_tests::net::gate::{Gate, Stop};
use petition_tests::support::{Client, chain};
use petition_tests::tls::Authority;

fn is_in_use(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable(Unavailable::SessionInUse))
}

/// Returns the result of `call` on another thread within the tests' patience: it may wait forever.
#[track_caller]
fn in_time<R: Send + 'static>(call: impl FnOnce() -> R + Send + 'static) -> R {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || tell.send(call()));
    told.recv_timeout(PATIENCE).expect("a call that returns")
}

#[test]
fn request_within_update_or_cookies_fails_at_once() {
    let server = Httpbin::start_plain().unwrap();
    let url = server.url("/status/204");
    for within in ["configure", "cookies", "set_headers"] {
        let (session, url) = (Session::new(), url.clone());
        let error = in_time(move || {
            let send = || session.get(&url).timeout(Duration::from_secs(1)).send().map(|response| response.status());
            let error = match within {
                "configure" => session.configure(|_| send().unwrap_err()),
                "cookies" => session.cookies(|_| send().unwrap_err()),
                _ => {
                    // Nothing is held while the caller's iterator runs.
                    let fields = std::iter::once_with(|| ("X-Status", send().unwrap().as_str().to_owned()));
                    session.set_headers(fields).unwrap();
                    return None;
                }
            };
            assert_eq!(send().unwrap(), 204, "and works after that");
            Some(error)
        });
        assert!(error.as_ref().is_none_or(is_in_use), "{error:?}");
        let text = error.map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(text.contains("send the request after the closure returns"), within != "set_headers");
    }
}

#[test]
fn nested_request_on_a_loops_session_fails() {
    let server = Httpbin::start_plain().unwrap();
    let url = server.url("/status/204");
    let (error, status) = in_time(move || {
        let client = LoopThread::spawn(DriverConfig::default()).unwrap();
        let error = client.configure(|_| client.get(&url).join().wait().unwrap_err());
        (error, client.get(&url).join().wait().unwrap().status())
    });
    assert!(is_in_use(&error), "{error}");
    assert_eq!(status, 204);
}

#[test]
fn nested_request_over_the_other_transport_fails() {
    let server = Httpbin::start_plain().unwrap();
    let url = server.url("/status/204");
    let errors = in_time(move || {
        let client = LoopThread::spawn(DriverConfig::default()).unwrap();
        let session = Session::builder().state(client.state()).build();
        [
            session.configure(|_| client.get(&url).join().wait().unwrap_err()),
            client.configure(|_| session.get(&url).send().unwrap_err()),
        ]
    });
    assert!(errors.iter().all(is_in_use), "{errors:?}");
}

#[test]
fn turning_within_the_session_fails_the_request() {
    let server = Httpbin::start_plain().unwrap();
    let url = server.url("/status/204");
    let outcome = in_time(move || {
        let mut event_loop = EventLoop::new().unwrap();
        let client = event_loop.client();
        let (tell, told) = mpsc::channel();
        client.get(&url).send(move |outcome| tell.send(outcome).unwrap());
        client.configure(|_| event_loop.turn(Some(Duration::ZERO)).unwrap());
        told.try_recv().expect("an outcome").unwrap_err()
    });
    assert!(is_in_use(&outcome), "{outcome}");
}

#[test]
fn t91_callback_waiting_for_its_loop_is_released() {
    let server = Httpbin::start_plain().unwrap();
    let url = server.url("/status/204");
    let waited = in_time(move || {
        let client = LoopThread::spawn(DriverConfig::default()).unwrap();
        let (tell, told) = mpsc::channel();
        let inner = petition_mio::Client::clone(&client);
        client.get(&url).send(move |_| tell.send(inner.get(&url).join().wait().unwrap_err()).unwrap());
        told.recv().unwrap()
    });
    assert!(matches!(waited.kind(), ErrorKind::Unavailable(Unavailable::LoopThread)), "{waited}");
}

#[test]
fn panicking_closure_leaves_the_session_usable() {
    let server = Httpbin::start_plain().unwrap();
    for client in Client::both(&Authority::new()) {
        let change = std::panic::AssertUnwindSafe(|| {
            client.configure(|options| {
                options.headers.set("X-Early", "yes").unwrap();
                panic!("as asked")
            })
        });
        assert!(std::panic::catch_unwind(change).is_err());
        let answer = client.get(server.url("/headers"));
        assert!(answer.text().contains("X-Early"), "{client:?}: {}", answer.text());
    }
}

#[test]
fn t29_t91_panicking_address_policy_ends_its_request() {
    let server = Httpbin::start_plain().unwrap();
    for client in Client::both(&Authority::new()) {
        // Once without and once with an idle connection.
        for _ in 0..2 {
            let policy = AddressPolicy::Custom(Arc::new(|_| panic!("as asked")));
            let request = Request::new(Method::GET, server.url("/get"));
            let request = request.address_policy(policy);
            let error = client.send(request).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::AddressDenied(_)), "{client:?}: {error}");
            assert_eq!(client.get(server.url("/get")).status(), 200);
        }
    }
}

/// A payload that panics on drop, as does the payload of that panic.
struct Spiteful;

impl Drop for Spiteful {
    fn drop(&mut self) {
        std::panic::panic_any(Spiteful);
    }
}

#[test]
fn t91_panicking_payload_spares_the_loop() {
    let server = Httpbin::start_plain().unwrap();
    in_time(move || {
        let client = LoopThread::spawn(DriverConfig::default()).unwrap();
        client.get(server.url("/status/204")).send(|_| std::panic::panic_any(Spiteful));
        assert_eq!(client.get(server.url("/status/204")).join().wait().unwrap().status(), 204);
        // The same when the loop ends with several requests.
        for _ in 0..3 {
            client.get(server.url("/delay/10")).send(|_| std::panic::panic_any(Spiteful));
        }
        drop(client);
    });
}

/// Blocks on names that begin with "stuck" until released, and panics at names that request it.
struct Names {
    gate: Gate,
    stop: Arc<Stop>,
    asked: Sender<String>,
}

impl Names {
    fn new() -> (Names, Gate, Receiver<String>) {
        let (gate, (tell, asked)) = (Gate::new(), mpsc::channel());
        (Names { gate: gate.clone(), stop: Arc::default(), asked: tell }, gate, asked)
    }
}

impl Resolver for Names {
    fn resolve(&self, host: &str, port: u16, _: Option<Duration>) -> io::Result<Vec<SocketAddr>> {
        assert_ne!(host, "panic.test", "as asked");
        let _ = self.asked.send(host.to_owned());
        if host.starts_with("stuck") {
            self.gate.pass(&self.stop)?;
        }
        Ok(vec![([127, 0, 0, 1], port).into()])
    }
}

fn with_names(names: Names) -> LoopThread {
    LoopThread::spawn(DriverConfig { resolver: Box::new(names), ..DriverConfig::default() }).unwrap()
}

#[test]
fn t91_panicking_resolver_ends_its_request() {
    let server = Httpbin::start_plain().unwrap();
    let (names, _gate, _asked) = Names::new();
    let client = with_names(names);
    let url = |host: &str| format!("http://{host}:{}/status/204", server.address().port());
    let error = client.get(url("panic.test")).join().wait().unwrap_err();
    assert!(chain(&error).contains("the resolver panicked"), "{error}");
    assert_eq!(client.get(url("a.test")).join().wait().unwrap().status(), 204);
}

#[test]
fn t86_abandoned_names_delay_no_other() {
    const NAMES: usize = 40;
    let server = Httpbin::start_plain().unwrap();
    let port = server.address().port();
    let (names, gate, asked) = Names::new();
    let client = with_names(names);
    // The caller requests half of them, a redirecting server the other half.
    let pending: Vec<_> = (0..NAMES)
        .map(|n| {
            let slow = format!("http://stuck{n}.test:{port}/");
            let url = match n % 2 {
                0 => slow,
                _ => server.url(&format!("/redirect-to?url={}", slow.replace(':', "%3A").replace('/', "%2F"))),
            };
            client.get(url).timeout(Duration::from_millis(300)).join()
        })
        .collect();
    for (n, pending) in pending.into_iter().enumerate() {
        let outcome = pending.wait();
        assert!(outcome.as_ref().is_err_and(Error::is_timeout), "{n}: {outcome:?}");
    }
    let fresh = client.get(format!("http://fresh.test:{port}/status/204")).timeout(PATIENCE);
    assert_eq!(fresh.join().wait().unwrap().status(), 204);
    assert!(asked.try_iter().count() > petition_mio::resolve::MAX_ACTIVE, "all that work at once are stuck");
    gate.open();
}

#[test]
fn abandoned_look_up_serves_a_later_request() {
    let server = Httpbin::start_plain().unwrap();
    let (names, gate, asked) = Names::new();
    let client = with_names(names);
    let url = format!("http://stuck.test:{}/status/204", server.address().port());
    let late = client.get(&url).timeout(Duration::from_millis(20)).join().wait().unwrap_err();
    assert!(late.is_timeout(), "{late}");
    let again = client.get(&url).timeout(PATIENCE).join();
    gate.open();
    assert_eq!(again.wait().unwrap().status(), 204);
    assert_eq!(asked.try_iter().count(), 1, "the look-up under way has served");
}
