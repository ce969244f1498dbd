//! Server-sent events and lines over both transports: reconnection, its end, limits and
//! cancelling.

use std::ops::ControlFlow;
use std::sync::mpsc;
use std::time::Duration;

use petition_core::{LimitExceeded, Method, Request};
use petition_mio::{
    DriverConfig, Error, ErrorKind, EventHandler, Handle, LineHandler, LoopThread, MessageEvent, Reconnect,
};
use petition_std::Session;
use petition_tests::net::PATIENCE;
use petition_tests::net::gate::Gate;
use petition_tests::server::{Pace, Script, Scripted};

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

/// The policy of these tests, which do not wait.
fn at_once() -> Reconnect {
    Reconnect::DEFAULT.delay(Duration::ZERO)
}

fn get(url: &str) -> Request {
    Request::new(Method::GET, url)
}

fn stream(body: &str) -> Script {
    Script::new().read_request().send(HEAD).send(body)
}

/// The events as `type|data|id`, and how the source ended. `None`: the test had enough.
type Followed = (Vec<String>, Option<Result<(), Error>>);

fn shown(event: &MessageEvent) -> String {
    format!("{}|{}|{}", event.event, event.data, event.id)
}

fn follow_std(request: Request, policy: Reconnect, most: usize) -> Followed {
    let mut events = Vec::new();
    let mut stream = Session::new().request_from(request).events().reconnect(policy);
    while events.len() < most {
        match stream.next() {
            Some(Ok(event)) => events.push(shown(&event)),
            Some(Err(error)) => {
                assert!(stream.next().is_none(), "an error is the last item");
                return (events, Some(Err(error)));
            }
            None => return (events, Some(Ok(()))),
        }
    }
    (events, None)
}

struct Collect {
    events: Vec<String>,
    most: usize,
    tell: mpsc::Sender<Followed>,
}

impl EventHandler for Collect {
    fn event(&mut self, event: MessageEvent) -> ControlFlow<()> {
        assert!(self.events.len() < self.most, "no event follows Break");
        self.events.push(shown(&event));
        if self.events.len() == self.most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn end(self: Box<Self>, result: Result<(), Error>) {
        let enough = result.is_ok() && self.events.len() == self.most;
        self.tell.send((self.events, (!enough).then_some(result))).unwrap();
    }
}

fn follow_mio(request: Request, policy: Reconnect, most: usize) -> Followed {
    let client = LoopThread::spawn(DriverConfig::default()).unwrap();
    let (tell, told) = mpsc::channel();
    client.request_from(request).events(policy, Collect { events: Vec::new(), most, tell });
    told.recv_timeout(PATIENCE).expect("an end")
}

const FACES: [fn(Request, Reconnect, usize) -> Followed; 2] = [follow_std, follow_mio];

#[test]
fn event_stream_continues_on_the_next_connection() {
    for follow in FACES {
        let server = Scripted::start([
            stream("\u{feff}: hello\n\nretry: 0\nid: 1\ndata: one\n\nevent: add\ndata: two\n\ndata: cut off"),
            stream("id: 3\r\ndata: three\r\n\r\n").reset(),
            stream("data: four\n\n"),
        ])
        .unwrap();
        let (events, end) = follow(get(&server.url("/events")), at_once(), 4);
        assert_eq!(events, ["message|one|1", "add|two|1", "message|three|3", "message|four|3"]);
        assert!(end.is_none());
        let requests = server.requests();
        let ids: Vec<_> = requests.iter().map(|head| head.value("last-event-id")).collect();
        assert_eq!(ids, [None, Some("1".to_owned()), Some("3".to_owned())]);
        for request in &requests {
            assert_eq!(request.value("accept").as_deref(), Some("text/event-stream"));
            assert_eq!(request.value("cache-control").as_deref(), Some("no-store"));
        }
    }
}

#[test]
fn no_content_ends_an_event_stream() {
    for follow in FACES {
        let gone = Script::new().answer("HTTP/1.1 204 No Content\r\n\r\n");
        let server = Scripted::start([stream("data: one\n\n"), gone]).unwrap();
        let (events, end) = follow(get(&server.url("/")), at_once(), 9);
        assert_eq!(events, ["message|one|"]);
        assert!(matches!(end, Some(Ok(()))), "{end:?}");
    }
}

#[test]
fn other_responses_end_an_event_stream_with_an_error() {
    for follow in FACES {
        for (answer, message) in [
            ("HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n", "expected a status below 400, found 404 Not Found"),
            (
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 8\r\n\r\ndata: x\n",
                "expected text/event-stream, found text/html",
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: mystery\r\n\
                 Content-Length: 9\r\n\r\ndata: x\n\n",
                "the body has unknown content codings (mystery); read it as bytes",
            ),
        ] {
            let server = Scripted::start([Script::new().answer(answer)]).unwrap();
            let (events, end) = follow(get(&server.url("/")), at_once(), 9);
            assert!(events.is_empty());
            let error = end.unwrap().unwrap_err();
            assert_eq!(error.kind().to_string(), message);
        }
    }
}

#[test]
fn failures_end_an_event_stream_after_some_time() {
    for follow in FACES {
        let server = Scripted::each(Script::new().read_request().reset()).unwrap();
        let request = get(&server.url("/")).retry_dead_connection(false);
        let (events, end) = follow(request, at_once().failures(2), 9);
        assert!(events.is_empty() && end.unwrap().is_err());
        assert_eq!(server.requests().len(), 3);
    }
}

#[test]
fn post_is_followed_by_no_other_request() {
    for follow in FACES {
        let server = Scripted::start([stream("data: one\n\n")]).unwrap();
        let request = Request::new(Method::POST, server.url("/")).data("prompt");
        let (events, end) = follow(request, at_once(), 9);
        assert_eq!((events.len(), server.requests().len()), (1, 1));
        assert!(matches!(end, Some(Ok(()))), "{end:?}");
    }
}

#[test]
fn t98_oversized_event_ends_an_event_stream() {
    for follow in FACES {
        let server = Scripted::start([stream("data: abc\n\ndata: abcd\n\n")]).unwrap();
        let request = get(&server.url("/")).limits(|limits| {
            limits.event_bytes(3);
        });
        let (events, end) = follow(request, at_once(), 9);
        assert_eq!(events, ["message|abc|"]);
        let error = end.unwrap().unwrap_err();
        let expected = LimitExceeded { name: "event_bytes", limit: 3, found: 4 };
        assert!(matches!(error.kind(), ErrorKind::Limit(found) if *found == expected), "{error}");
    }
}

#[test]
fn events_of_one_response_are_read_on_demand() {
    let gate = Gate::new();
    let pieces = Script::new().read_request().send(HEAD).send("data: one\n\n");
    let server = Scripted::start([pieces.wait(&gate).send("data: two\n\ndata: cut")]).unwrap();
    let mut events = Session::new().get(server.url("/")).send().unwrap().events();
    assert_eq!(events.next().unwrap().unwrap().data, "one");
    assert_eq!(events.response().status(), 200);
    gate.open();
    assert_eq!(events.next().unwrap().unwrap().data, "two");
    assert!(events.next().is_none() && events.next().is_none());
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn collected_body_has_its_events_too() {
    let server = Scripted::start([stream("data: one\n\ndata: two\n\n")]).unwrap();
    let response = Session::new().get(server.url("/")).send().unwrap();
    assert_eq!(response.text().unwrap().len(), 22);
    let data: Vec<_> = response.events().map(|event| event.unwrap().data).collect();
    assert_eq!(data, ["one", "two"]);
}

/// Tells the handle when the source waits to connect again.
struct Waiting(mpsc::Sender<Option<Result<(), Error>>>);

impl EventHandler for Waiting {
    fn event(&mut self, _: MessageEvent) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn reconnecting(&mut self, after: Duration, error: Option<&Error>) {
        assert!(error.is_none() && after == Duration::from_secs(3600));
        self.0.send(None).unwrap();
    }

    fn end(self: Box<Self>, result: Result<(), Error>) {
        self.0.send(Some(result)).unwrap();
    }
}

/// A source that waits for an hour.
fn waiting(client: &LoopThread, url: &str) -> (Handle, mpsc::Receiver<Option<Result<(), Error>>>) {
    let (tell, told) = mpsc::channel();
    let hour = Duration::from_secs(3600);
    let policy = Reconnect::DEFAULT.delay(hour).max_delay(hour);
    let handle = client.get(url).group(7).events(policy, Waiting(tell));
    assert!(told.recv_timeout(PATIENCE).unwrap().is_none());
    (handle, told)
}

#[test]
fn waiting_event_stream_can_be_cancelled() {
    let server = Scripted::each(stream("data: one\n\n")).unwrap();
    let client = LoopThread::spawn(DriverConfig::default()).unwrap();
    let ended = |told: mpsc::Receiver<Option<Result<(), Error>>>| {
        let result = told.recv_timeout(PATIENCE).unwrap().unwrap();
        assert!(matches!(result.unwrap_err().kind(), ErrorKind::Cancelled));
        assert!(told.recv().is_err(), "the handler is gone");
    };
    let (handle, told) = waiting(&client, &server.url("/"));
    handle.cancel();
    ended(told);
    let (_handle, told) = waiting(&client, &server.url("/"));
    client.cancel_group(7);
    ended(told);
    let (_handle, told) = waiting(&client, &server.url("/"));
    drop(client);
    ended(told);
}

/// The lines, and how the body ended.
type Split = (Vec<String>, Result<(), Error>);

struct Keep {
    lines: Vec<String>,
    tell: mpsc::Sender<Split>,
}

impl LineHandler for Keep {
    fn line(&mut self, line: String) -> ControlFlow<()> {
        let last = line == "stop";
        self.lines.push(line);
        if last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn end(self: Box<Self>, result: Result<(), Error>) {
        self.tell.send((self.lines, result)).unwrap();
    }
}

/// The lines over each transport; those after `stop` are not wanted.
fn lines(request: impl Fn() -> Request) -> [Split; 2] {
    let (mut found, mut result) = (Vec::new(), Ok(()));
    for line in Session::new().send(request()).unwrap().lines() {
        match line {
            Ok(line) => found.push(line),
            Err(error) => result = Err(error),
        }
        if found.last().is_some_and(|line| line == "stop") {
            break;
        }
    }
    let client = LoopThread::spawn(DriverConfig::default()).unwrap();
    let (tell, told) = mpsc::channel();
    client.request_from(request()).lines(Keep { lines: Vec::new(), tell });
    [(found, result), told.recv_timeout(PATIENCE).unwrap()]
}

#[test]
fn lines_are_decoded_as_they_arrive() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=latin1\r\nConnection: close\r\n\r\n";
    let body: [&[u8]; 4] = [b"Gr\xfc", b"\xdfe\r", b"\n\nlast", b"\xe9"];
    let server = Scripted::each(Script::new().read_request().send(head).send_pieces(body, Pace::AtOnce)).unwrap();
    for (lines, result) in lines(|| get(&server.url("/"))) {
        assert_eq!(lines, ["Grüße", "", "lasté"]);
        result.unwrap();
    }
}

#[test]
fn lines_end_when_no_more_are_wanted() {
    let answer = "HTTP/1.1 200 OK\r\n\r\none\nstop\nthree\n";
    let server = Scripted::each(Script::new().read_request().send(answer).stall()).unwrap();
    for (lines, result) in lines(|| get(&server.url("/"))) {
        assert_eq!(lines, ["one", "stop"]);
        result.unwrap();
    }
}

#[test]
fn t98_oversized_line_is_an_error_after_the_others() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\none\ntoo long\nten";
    let server = Scripted::each(Script::new().answer(answer)).unwrap();
    let request = || {
        get(&server.url("/")).limits(|limits| {
            limits.line_bytes(4);
        })
    };
    for (lines, result) in lines(request) {
        assert_eq!(lines, ["one"]);
        let error = result.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Limit(limit) if limit.name == "line_bytes"), "{error}");
    }
}

#[test]
fn truncated_lines_end_in_an_error() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\none\ntw";
    let server = Scripted::each(Script::new().read_request().send(answer).close()).unwrap();
    for (lines, result) in lines(|| get(&server.url("/"))) {
        assert_eq!(lines, ["one"], "the rest may be half a line");
        assert!(result.unwrap_err().is_truncated());
    }
}
