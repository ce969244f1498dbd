//! T47 over real sockets: bytes that arrive on an idle connection answer no request.

use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};

use petition_std::Session;
use petition_tests::net::PATIENCE;
use petition_tests::server::{Gate, Script, Scripted};
use petition_tests::support::session_trusting;
use petition_tests::tls::{Authority, Endpoint};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const STALE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstale";
const TIMED_OUT: &str = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 5\r\n\r\nstale";

/// A server that answers once on each connection, sends unsolicited bytes on demand, and then reads
/// on.
struct World {
    server: Scripted,
    session: Session,
    url: String,
    says: Gate,
    said: Receiver<()>,
}

impl World {
    fn new(tls: bool, stale: &str, closes: bool) -> World {
        let (tell, said) = mpsc::channel();
        let (says, tell) = (Gate::new(), Arc::new(Mutex::new(tell)));
        let first = Script::new().answer(OK).wait(&says).send(stale);
        let first = if closes { first.half_close() } else { first };
        let first = first.act(move |_| {
            // The test may have ended.
            let _ = tell.lock().unwrap().send(());
            Ok(())
        });
        // If the next request used the first connection, it would get this response, and the test
        // would notice.
        let scripts = [first.answer(OK), Script::new().answer(OK).answer(OK)];
        let (server, session) = if tls {
            let authority = Authority::new();
            let endpoint = Endpoint::new(&authority.issue_localhost());
            (Scripted::start_tls(&endpoint, scripts).unwrap(), session_trusting(&authority))
        } else {
            (Scripted::start(scripts).unwrap(), Session::new())
        };
        let url = if tls { server.https_url("/") } else { server.url("/") };
        World { server, session, url, says, said }
    }

    /// Makes the server send its unsolicited bytes, and waits until they are sent.
    fn says_more(&self) {
        self.says.release();
        self.said.recv_timeout(PATIENCE).unwrap();
    }

    /// Checks that the next request uses another connection.
    #[track_caller]
    fn asks_elsewhere(&self) {
        let response = self.session.get(&self.url).send().unwrap();
        assert_eq!((response.status().as_u16(), response.text().unwrap()), (200, "ok".into()));
        assert_eq!((self.server.counts().accepted, self.server.record(0).requests.len()), (2, 1));
    }
}

#[test]
fn t47_bytes_between_calls_answer_nothing() {
    for (tls, (stale, closes)) in
        [false, true].into_iter().flat_map(|tls| [(STALE, false), (TIMED_OUT, true)].map(|case| (tls, case)))
    {
        let world = World::new(tls, stale, closes);
        // Head and body arrived together. The caller takes the body after more has arrived, and
        // sends another request at once.
        let response = world.session.get(&world.url).send().unwrap();
        world.says_more();
        assert_eq!(response.text().unwrap(), "ok");
        world.asks_elsewhere();
    }
}

#[test]
fn t47_bytes_after_the_body_answer_nothing() {
    for (tls, (stale, closes)) in
        [false, true].into_iter().flat_map(|tls| [(STALE, false), (TIMED_OUT, true)].map(|case| (tls, case)))
    {
        let world = World::new(tls, stale, closes);
        assert_eq!(world.session.get(&world.url).send().unwrap().text().unwrap(), "ok");
        world.says_more();
        world.asks_elsewhere();
    }
}

#[test]
fn t47_dropped_response_leaves_nothing_behind() {
    for tls in [false, true] {
        let world = World::new(tls, STALE, false);
        let response = world.session.get(&world.url).send().unwrap();
        world.says_more();
        drop(response);
        world.asks_elsewhere();
    }
}

#[test]
fn t47_t54_garbage_after_the_request_is_a_dead_connection() {
    for garbage in ["0\r\n\r\n", "hello", "\r\n0\r\n\r\n"] {
        let dies = Script::new().answer(OK).read_request().send(garbage).stall();
        let server = Scripted::start([dies, Script::new().answer(OK)]).unwrap();
        let session = Session::new();
        for _ in 0..2 {
            assert_eq!(session.get(server.url("/")).send().unwrap().text().unwrap(), "ok", "{garbage:?}");
        }
        assert_eq!(server.counts().accepted, 2);
    }
}

#[test]
fn t47_late_tls_ticket_spoils_no_answer() {
    // TLS 1.3 servers send tickets after the handshake, some only with their first response. Any
    // bytes in the socket before the next request make the connection unusable; those that came
    // with the response do not.
    let authority = Authority::new();
    let endpoint = Endpoint::new(&authority.issue_localhost());
    let server = Scripted::start_tls(&endpoint, [Script::new().repeat(20, Script::new().answer(OK))]).unwrap();
    let session = session_trusting(&authority);
    for n in 0..20 {
        let response = session.get(server.https_url("/")).send().unwrap();
        assert_eq!((response.reused(), response.text().unwrap()), (n > 0, "ok".into()));
    }
}
