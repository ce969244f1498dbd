//! Malicious or broken servers, over real sockets and both transports: the outcome of each of their
//! answers, and that the client still works afterwards.

mod bodies;
mod cookies;
mod extreme_limits;
mod framing;
mod heads;
mod proxies;
mod redirects;
mod requests;
mod slow_servers;
mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use petition_mio::petition_core::Options;
use petition_mio::{Method, Request};
use petition_tests::server::{Pace, Script, Scripted};
use petition_tests::support::{Answer, Client, eventually};
use petition_tests::tls::Authority;

/// The answer to the request after the tested one.
const NEXT: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext";

/// The expected outcome of an answer.
#[derive(Clone, Copy, Debug)]
enum Want {
    /// An error with this text.
    Refused(&'static str),
    /// This body, and the connection is reused.
    Kept(&'static str),
    /// This body, and another connection for the next request.
    Poisoned(&'static str),
}
use Want::{Kept, Poisoned, Refused};

/// Whether the server ends the connection after its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Waits,
    Ends,
}
use Then::{Ends, Waits};

fn clients() -> [Client; 2] {
    Client::both(&Authority::new())
}

fn get(url: String) -> Request {
    Request::new(Method::GET, url)
}

/// Sends the answer in one write, and byte by byte: the outcome is the same.
#[track_caller]
fn each_way(answer: &str, then: Then, want: Want) {
    for split in [false, true] {
        let send = |script: Script| match split {
            false => script.send(answer),
            true => script.send_byte_by_byte(answer, Pace::AtOnce),
        };
        plays(&|| send(Script::new().read_request()), then, want, &|_| {}, &format!("{answer:.300?} split {split}"));
    }
}

/// Sends two requests from new clients with these options; `script` answers the first.
#[track_caller]
fn plays(script: &dyn Fn() -> Script, then: Then, want: Want, set: &dyn Fn(&mut Options), what: &str) {
    for client in clients() {
        client.configure(set);
        let (told, sent) = flagged(script());
        let first = match then {
            Waits => told.read_request().send(NEXT),
            Ends => told.half_close(),
        };
        let server = Scripted::start([first, Script::new().answer(NEXT)]).unwrap();
        let result = client.send(get(server.url("/first")));
        let context = || format!("{what}, {client:?}: {:?}", result.as_ref().map(Answer::text));
        match (want, &result) {
            (Refused(words), Err(error)) => assert!(error.to_string().contains(words), "{what} {client:?}: {error}"),
            (Kept(body) | Poisoned(body), Ok(answer)) => assert_eq!(answer.text(), body, "{}", context()),
            (want, _) => panic!("expected {want:?}: {}", context()),
        }
        if then == Waits {
            settle(&server, &sent);
        }
        let next = client.send(get(server.url("/next"))).unwrap_or_else(|error| panic!("{error}, {}", context()));
        assert_eq!((next.text().as_str(), next.reused), ("next", matches!(want, Kept(_))), "{}", context());
        assert!(server.counts().accepted <= 2, "{}", context());
    }
}

/// The script, and whether it has ended.
fn flagged(script: Script) -> (Script, Arc<AtomicBool>) {
    let sent = Arc::new(AtomicBool::new(false));
    let tell = sent.clone();
    let told = script.act(move |_| {
        tell.store(true, Ordering::SeqCst);
        Ok(())
    });
    (told, sent)
}

/// Until all of the answer is there, or the client has closed before that; and the connection was
/// idle for longer than nobody looks.
#[track_caller]
fn settle(server: &Scripted, sent: &AtomicBool) {
    let over = || sent.load(Ordering::SeqCst) || server.record(0).ending.is_some();
    eventually("the whole answer to be sent", || over().then_some(()));
    let since = Instant::now();
    while since.elapsed() < Duration::from_millis(2) {
        std::thread::yield_now();
    }
}
