//! Accessors change nothing: after any of them, at any time, the machines continue unchanged.

use std::sync::Arc;
use std::time::Duration;

use petition_core::engine::{self, Engine};
use petition_core::http1::{self, Config, Connection, Leniencies, RequestHead};
use petition_core::link::{Link, LinkEvent};
use petition_core::{ErrorKind, Event, Input, Limits, Method, Misuse, Now, Output, Request, Session, Transfer};
use petition_tests::memory::answer as answer_output;

/// One GET of `/0`, answered by `answer` with the number of each hop; `meddle` is called after each
/// poll. The outputs, and how it ended.
fn run(
    request: Request,
    answer: impl Fn(u32) -> String,
    mut meddle: impl FnMut(&mut Transfer, &Output),
) -> (Vec<String>, Result<Vec<u8>, petition_core::Error>) {
    let (mut session, now) = (Session::new(), Now::default());
    let mut transfer = Transfer::new(session.prepare(&request).unwrap(), now);
    let (mut outputs, mut body, mut hop) = (Vec::new(), Vec::new(), 0);
    for _ in 0..1000 {
        let output = transfer.poll();
        outputs.push(format!("{output:?}"));
        meddle(&mut transfer, &output);
        match answer_output(now, &mut transfer, &mut session, output) {
            None => {}
            Some(Output::Read) => {
                transfer.handle(now, Input::Received(answer(hop).as_bytes())).unwrap();
                hop += 1;
            }
            Some(Output::Body) => {
                body.extend_from_slice(transfer.body());
                transfer.handle(now, Input::Consumed(transfer.body().len())).unwrap();
            }
            Some(Output::Event(Event::Done)) => return (outputs, Ok(body)),
            Some(Output::Event(Event::Failed(error))) => return (outputs, Err(error)),
            Some(Output::Release | Output::Close | Output::Event(_)) => {}
            Some(other) => panic!("{other:?}"),
        }
    }
    panic!("it does not end: {:?}", &outputs[outputs.len() - 5..]);
}

fn get() -> Request {
    Request::new(Method::GET, "http://127.0.0.1/0")
}

fn to_the_next(hop: u32) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: /{}\r\nContent-Length: 0\r\n\r\n", hop + 1)
}

/// A redirect that keeps its connection, one that closes it, and a response.
fn mixed(hop: u32) -> String {
    match hop {
        0 => to_the_next(0),
        1 => "HTTP/1.1 302 Found\r\nLocation: /2\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".into(),
        _ => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".into(),
    }
}

#[test]
fn t13_taken_history_counts_against_the_limit() {
    let mut taken = 0;
    let (_, result) = run(get(), to_the_next, |transfer, _| taken += transfer.take_history().len());
    let error = result.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Redirect(_)), "{error}");
    assert_eq!((taken, error.report().hop), (10, 10));
}

#[test]
fn link_is_given_out_on_release_only() {
    let (plain, result) = run(get(), mixed, |_, _| {});
    assert_eq!(result.unwrap(), b"hello");
    assert_eq!(plain.iter().filter(|output| *output == "Release").count(), 2);
    assert_eq!(plain.iter().filter(|output| *output == "Close").count(), 1);
    let (meddled, result) = run(get(), mixed, |transfer, output| {
        let released = matches!(output, Output::Release);
        assert_eq!(transfer.take_link().is_some(), released, "{output:?}");
        assert!(transfer.take_link().is_none(), "{output:?}");
    });
    assert_eq!(result.unwrap(), b"hello");
    assert_eq!(plain, meddled);
}

#[test]
fn body_limit_counts_earlier_bytes() {
    let answer = |piece: u32| match piece {
        0 => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n".into(),
        _ => "4\r\nabcd\r\n".to_owned(),
    };
    let (_, result) = run(get(), answer, |transfer, output| {
        if matches!(output, Output::Body) {
            transfer.limit_body("body_bytes", Some(10));
        }
    });
    let text = result.unwrap_err().to_string();
    assert!(text.contains("limit body_bytes is 10, found 11"), "{text}");
}

#[test]
fn body_limit_set_early_holds() {
    let mut first = true;
    let (_, result) = run(get(), mixed, |transfer, _| {
        if std::mem::take(&mut first) {
            transfer.limit_body("body_bytes", Some(4));
        }
    });
    let text = result.unwrap_err().to_string();
    assert!(text.contains("limit body_bytes is 4, found 5"), "{text}");
}

#[test]
fn engine_rejects_started_transfers() {
    let (mut session, now) = (Session::new(), Now::default());
    let mut engine = Engine::default();
    let fresh = |session: &Session| Transfer::new(session.prepare(&get()).unwrap(), now);
    let mut asked = fresh(&session);
    assert!(matches!(asked.poll(), Output::Sync));
    asked.handle(now, Input::Tick).unwrap();
    assert!(engine.adopt(asked, None).is_ok(), "nothing was answered");
    let mut cancelled = fresh(&session);
    cancelled.handle(now, Input::Cancel).unwrap();
    assert!(engine.adopt(cancelled, None).is_ok(), "its end is still to be said");
    let mut begun = fresh(&session);
    begun.sync(now, &mut session).unwrap();
    assert!(engine.adopt(begun, None).is_err());
    let mut over = fresh(&session);
    over.handle(now, Input::Cancel).unwrap();
    assert!(matches!(over.poll(), Output::Event(Event::Failed(_))));
    assert!(engine.adopt(over, None).is_err());
    let mut connected = fresh(&session);
    connected.sync(now, &mut session).unwrap();
    assert!(matches!(connected.poll(), Output::Acquire(_)));
    connected.handle(now, Input::OpenNew).unwrap();
    let Output::Connect(attempt) = connected.poll() else { panic!("it connects") };
    connected.handle(now, Input::Connected(attempt)).unwrap();
    connected.handle(now, Input::Cancel).unwrap();
    assert!(engine.adopt(connected, None).is_err(), "its socket is still to be closed");
    assert_eq!(engine.len(), 2);
}

#[test]
fn engine_rejects_transfers_between_hops() {
    let asking = Request::new(Method::POST, "http://127.0.0.1/0").data("body");
    let asking = asking.expect_continue(Duration::from_secs(1));
    let refused = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n".to_owned();
    for (request, answer) in [(get(), to_the_next(0)), (asking, refused)] {
        let (mut session, now) = (Session::new(), Now::default());
        let mut transfer = Transfer::new(session.prepare(&request).unwrap(), now);
        let (mut first, mut answered) = (true, false);
        loop {
            match transfer.poll() {
                Output::Sync if !std::mem::take(&mut first) => break,
                Output::Sync => transfer.sync(now, &mut session).unwrap(),
                Output::Acquire(_) => transfer.handle(now, Input::OpenNew).unwrap(),
                Output::Connect(attempt) => transfer.handle(now, Input::Connected(attempt)).unwrap(),
                Output::Transmit => transfer.handle(now, Input::Wrote(transfer.outgoing().len())).unwrap(),
                Output::Read if !std::mem::replace(&mut answered, true) => {
                    transfer.handle(now, Input::Received(answer.as_bytes())).unwrap();
                }
                Output::Release | Output::Close | Output::Event(_) => {}
                other => panic!("{other:?}"),
            }
        }
        assert!(answered && Engine::default().adopt(transfer, None).is_err(), "{answer}");
    }
}

#[test]
fn engine_rejects_inputs_it_handles_itself() {
    let (mut session, now) = (Session::new(), Now::default());
    let mut engine = Engine::default();
    let id = engine.start(now, session.prepare(&get()).unwrap(), None);
    let link = || Box::new(Link::new(Vec::new(), Config::default()));
    let acquired = || Input::Acquired { link: link(), peer: None };
    for input in [acquired(), Input::OpenNew] {
        assert_eq!(engine.transfer_input(now, id, input), Err(Misuse::UnexpectedInput));
    }
    let engine::Output::Connect(socket) = engine.poll(&mut session) else { panic!("it connects") };
    let mut other = Transfer::new(session.prepare(&get()).unwrap(), now);
    other.sync(now, &mut session).unwrap();
    assert!(matches!(other.poll(), Output::Acquire(_)));
    other.handle(now, Input::OpenNew).unwrap();
    // Other callers know the number of an attempt as well.
    let Output::Connect(attempt) = other.poll() else { panic!("it connects") };
    assert_eq!(engine.transfer_input(now, id, Input::Connected(attempt)), Err(Misuse::UnexpectedInput));
    engine.connected(now, socket).unwrap();
    for input in [acquired(), Input::OpenNew, Input::Connected(attempt)] {
        assert_eq!(engine.socket_input(now, socket, input), Err(Misuse::UnexpectedInput));
    }
    assert!(matches!(engine.poll(&mut session), engine::Output::Transmit(of) if of == socket));
}

#[test]
fn connection_settings_spare_the_current_exchange() {
    let strict = Config { limits: Limits::DEFAULT, leniencies: Leniencies::STRICT };
    let mut small = strict;
    small.limits.head_bytes = 40;
    let mut connection = Connection::new(strict);
    let send = |connection: &mut Connection| {
        connection.send_head(&RequestHead::new("GET", "/"), [("Host", &b"a.test"[..])]).unwrap();
        connection.wrote(connection.outgoing().len());
    };
    let answer = &b"HTTP/1.1 204 No Content\r\nX-Long: 0123456789\r\n\r\n"[..];
    send(&mut connection);
    assert!(connection.receive(&answer[..20]).is_ok());
    connection.set_config(&Arc::new(small));
    assert!(matches!(connection.receive(&answer[20..]).unwrap().event, http1::Event::Head(_)));
    assert_eq!(connection.receive(b"").unwrap().event, http1::Event::End);
    connection.reuse().unwrap();
    connection.set_config(&Arc::new(small));
    send(&mut connection);
    assert!(connection.receive(answer).unwrap_err().to_string().contains("head_bytes"));
}

#[test]
fn consuming_framing_loses_no_head() {
    let now = Now::default();
    let mut link = Link::new(Vec::new(), Config::default());
    assert!(matches!(link.poll(now).unwrap(), LinkEvent::Established));
    link.send_head(&RequestHead::new("GET", "/"), [("Host", &b"a.test"[..])]).unwrap();
    link.wrote(link.outgoing().len());
    link.received(
        b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    );
    let mut events = Vec::new();
    loop {
        link.consume_framing();
        let event = link.poll(now).unwrap();
        events.push(format!("{event:?}").chars().take(8).collect::<String>());
        link.consume(usize::MAX);
        if matches!(event, LinkEvent::End) {
            break;
        }
    }
    assert_eq!(events, ["Informat", "Head(Res", "Body", "End"]);
}
