//! T47 over petition-mio: bytes that arrive on an idle connection answer no request, and the probe
//! costs no system call of its own.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mio::{Events, Poll};
use petition_core::Session;
use petition_mio::{Client, Driver, DriverConfig, EventLoop, petition_core};
use petition_tests::net::PATIENCE;
use petition_tests::server::{Gate, Script, Scripted};
use petition_tests::tls::{Authority, Endpoint};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const STALE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstale";

/// Longer than one turn.
const FRAME: Duration = Duration::from_millis(300);

/// A server whose first connection answers once, and sends unsolicited bytes on demand.
struct Stale {
    server: Scripted,
    url: String,
    says: Gate,
    said: Mutex<Receiver<()>>,
}

impl Stale {
    fn start(endpoint: Option<&Endpoint>) -> Arc<Stale> {
        let (tell, said) = mpsc::channel();
        let (says, tell) = (Gate::new(), Mutex::new(tell));
        let first = Script::new().answer(OK).wait(&says).send(STALE).act(move |_| {
            // The test may have ended.
            let _ = tell.lock().unwrap().send(());
            Ok(())
        });
        let scripts = [first.answer(OK), Script::new().answer(OK).answer(OK)];
        let server = match endpoint {
            None => Scripted::start(scripts).unwrap(),
            Some(endpoint) => Scripted::start_tls(endpoint, scripts).unwrap(),
        };
        let url = if endpoint.is_some() { server.https_url("/") } else { server.url("/") };
        Arc::new(Stale { server, url, says, said: Mutex::new(said) })
    }

    /// Makes it send its unsolicited bytes, and waits until they are sent.
    fn says_more(&self) {
        self.says.release();
        self.said.lock().unwrap().recv_timeout(PATIENCE).unwrap();
    }

    #[track_caller]
    fn was_asked_elsewhere(&self) {
        assert_eq!((self.server.counts().accepted, self.server.record(0).requests.len()), (2, 1));
    }
}

fn get(client: &Client, url: &str, tell: &Sender<String>) {
    let tell = tell.clone();
    client.get(url).send(move |outcome| {
        let words = outcome.map_or_else(|error| error.to_string(), |response| response.text().unwrap());
        // The test may have ended.
        let _ = tell.send(words);
    });
}

/// Gets `url`. During its callback the server sends more; the callback then sends a request to that
/// server in the same turn.
fn ask_when_answered(client: &Client, url: &str, stale: &Arc<Stale>, tell: Sender<String>) {
    let (again, stale) = (client.clone(), stale.clone());
    client.get(url).send(move |outcome| {
        assert_eq!(outcome.unwrap().text().unwrap(), "ok");
        stale.says_more();
        get(&again, &stale.url, &tell);
    });
}

/// Turns a loop once.
type Turns = fn(&mut EventLoop);

const TURNS: [Turns; 2] = [|it| it.turn(Some(Duration::from_millis(20))).unwrap(), |it| it.pump(FRAME).unwrap()];

#[track_caller]
fn until(event_loop: &mut EventLoop, turns: Turns, told: &Receiver<String>) -> String {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Ok(words) = told.try_recv() {
            return words;
        }
        assert!(Instant::now() < end, "no answer: {event_loop:?}");
        turns(event_loop);
    }
}

/// Runs a plain loop and one under TLS, each with a server and with either way to turn it.
fn worlds() -> Vec<(EventLoop, Arc<Stale>, Turns)> {
    let authority = Authority::new();
    let endpoint = Endpoint::new(&authority.issue_localhost());
    let mut worlds = Vec::new();
    for (endpoint, turns) in [None, Some(&endpoint)].into_iter().flat_map(|way| TURNS.map(|turns| (way, turns))) {
        let mut session = Session::new();
        let tls = petition_tests::memory::client_config(&authority);
        session.configure(|options| {
            options.tls(tls);
        });
        let options = DriverConfig { session: session.into(), ..DriverConfig::default() };
        worlds.push((EventLoop::with(options).unwrap(), Stale::start(endpoint), turns));
    }
    worlds
}

#[test]
fn t47_bytes_during_a_callback_answer_nothing() {
    for (mut event_loop, stale, turns) in worlds() {
        let (tell, told) = mpsc::channel();
        let client = event_loop.client();
        ask_when_answered(&client, &stale.url, &stale, tell);
        assert_eq!(until(&mut event_loop, turns, &told), "ok");
        stale.was_asked_elsewhere();
    }
}

#[test]
fn t47_bytes_during_another_callback_answer_no_idle_connection() {
    for (mut event_loop, stale, turns) in worlds() {
        let other = Scripted::start([Script::new().answer(OK)]).unwrap();
        let (tell, told) = mpsc::channel();
        let client = event_loop.client();
        get(&client, &stale.url, &tell);
        assert_eq!(until(&mut event_loop, turns, &told), "ok");
        // It has been idle for long, and a poll has found it quiet.
        event_loop.turn(Some(Duration::ZERO)).unwrap();
        ask_when_answered(&client, &other.url("/"), &stale, tell);
        assert_eq!(until(&mut event_loop, turns, &told), "ok");
        stale.was_asked_elsewhere();
    }
}

#[test]
fn t47_bytes_before_a_turn_answer_nothing() {
    for (mut event_loop, stale, turns) in worlds() {
        let (tell, told) = mpsc::channel();
        let client = event_loop.client();
        get(&client, &stale.url, &tell);
        assert_eq!(until(&mut event_loop, turns, &told), "ok");
        stale.says_more();
        get(&client, &stale.url, &tell);
        assert_eq!(until(&mut event_loop, turns, &told), "ok");
        stale.was_asked_elsewhere();
    }
}

/// How the caller of a driver polls.
struct Own {
    poll: Poll,
    events: Events,
    driver: Driver,
    /// Whether it reports complete polls.
    tells: bool,
}

impl Own {
    fn until(&mut self, told: &Receiver<String>) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let more = self.driver.turn(None);
            if let Ok(words) = told.try_recv() {
                return words;
            }
            assert!(Instant::now() < end, "no answer");
            self.poll_once(if more { Duration::ZERO } else { Duration::from_millis(20) });
        }
    }

    fn poll_once(&mut self, wait: Duration) {
        self.poll.poll(&mut self.events, Some(wait)).unwrap();
        for event in &self.events {
            self.driver.ready(event);
        }
        if self.tells {
            self.driver.mark_polled(&self.events);
        }
    }
}

#[test]
fn t47_marking_polls_is_optional_for_safety() {
    // With room for one event, a poll with an event is never complete.
    for (tells, room) in [(false, 64), (true, 64), (true, 1)] {
        let poll = Poll::new().unwrap();
        let driver = Driver::new(poll.registry(), 0..100, DriverConfig::default()).unwrap();
        let mut own = Own { poll, events: Events::with_capacity(room), driver, tells };
        let (stale, kept) =
            (Stale::start(None), Scripted::start([Script::new().repeat(5, Script::new().answer(OK))]).unwrap());
        let (tell, told) = mpsc::channel();
        let client = own.driver.client();
        for _ in 0..5 {
            get(&client, &kept.url("/"), &tell);
            assert_eq!(own.until(&told), "ok");
        }
        assert_eq!(kept.counts().accepted, 1, "what is clean is used again");
        get(&client, &stale.url, &tell);
        assert_eq!(own.until(&told), "ok");
        stale.says_more();
        get(&client, &stale.url, &tell);
        assert_eq!(own.until(&told), "ok");
        stale.was_asked_elsewhere();
    }
}

#[test]
fn callback_request_is_sent_within_the_frame() {
    let server = Scripted::start([Script::new().repeat(2, Script::new().answer(OK))]).unwrap();
    let mut event_loop = EventLoop::new().unwrap();
    let (tell, told) = mpsc::channel();
    let client = event_loop.client();
    let url = server.url("/");
    client.clone().get(&url).send({
        let url = url.clone();
        move |_| {
            get(&client, &url, &tell);
        }
    });
    // The first response is there. The second request waits for a poll; this frame has time for
    // several.
    let end = Instant::now() + PATIENCE;
    while event_loop.driver().statistics().reused == 0 {
        assert!(Instant::now() < end);
        event_loop.pump(FRAME).unwrap();
    }
    server.wait_for_requests(2);
    assert_eq!(until(&mut event_loop, TURNS[1], &told), "ok");
    assert_eq!(server.counts().accepted, 1);
}

#[test]
fn t47_poll_without_room_for_all_events_proves_nothing() {
    let stale = Stale::start(None);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let poll = Poll::new().unwrap();
    // Two of the caller's own sockets become ready at the wrong moment.
    let mut own_sockets: Vec<_> = (200..202)
        .map(|token| {
            let mut near = mio::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            poll.registry().register(&mut near, mio::Token(token), mio::Interest::READABLE).unwrap();
            (near, listener.accept().unwrap().0)
        })
        .collect();
    let driver = Driver::new(poll.registry(), 0..100, DriverConfig::default()).unwrap();
    let mut own = Own { poll, events: Events::with_capacity(2), driver, tells: true };
    let (tell, told) = mpsc::channel();
    let client = own.driver.client();
    get(&client, &stale.url, &tell);
    assert_eq!(own.until(&told), "ok");
    // The next request gets the idle connection and waits for a poll.
    get(&client, &stale.url, &tell);
    own.poll_once(Duration::ZERO);
    assert!(own.driver.turn(None), "a poll is awaited");
    assert_eq!(own.driver.timeout(), Some(Duration::ZERO));
    for (_, far) in &mut own_sockets {
        std::io::Write::write_all(far, b"mine").unwrap();
    }
    stale.says_more();
    own.poll_once(Duration::ZERO);
    assert_eq!(own.until(&told), "ok");
    stale.was_asked_elsewhere();
}
