//! Situations that a well-behaved driver does not reach.

use petition_core::{
    ErrorKind, Event, Input, Instant, IoFailure, Method, Now, Output, Request, Session, Side, Transfer, UnixTime,
};
use petition_tests::memory::{answer, ms};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

fn at(millis: u64) -> Now {
    Now::new(Instant::from_origin(ms(millis)), UnixTime(1_780_000_000))
}

fn transfer(request: Request) -> (Session, Transfer) {
    let session = Session::new();
    let transfer = Transfer::new(session.prepare(&request).unwrap(), Now::default());
    (session, transfer)
}

/// Answers outputs until the wanted one, and returns that one unanswered.
fn until(session: &mut Session, transfer: &mut Transfer, wanted: fn(&Output) -> bool) -> Output {
    let now = Now::default();
    for _ in 0..50 {
        let output = transfer.poll();
        if wanted(&output) {
            return output;
        }
        answer(now, transfer, session, output);
    }
    panic!("it does not come: {transfer:?}");
}

#[test]
fn failed_attempt_is_not_closed_again() {
    let request = Request::new(Method::GET, "http://127.0.0.1/").timeout(ms(10));
    let (mut session, mut transfer) = transfer(request);
    let Output::Connect(attempt) = until(&mut session, &mut transfer, |o| matches!(o, Output::Connect(..))) else {
        unreachable!()
    };
    // A driver that reports a failure has closed the socket.
    let refused = IoFailure::new(std::io::ErrorKind::ConnectionRefused);
    transfer.handle(at(10), Input::ConnectFailed(attempt, refused)).unwrap();
    let output = transfer.poll();
    assert!(matches!(output, Output::Event(Event::Failed(_))), "{output:?}");
}

#[test]
fn connection_acquired_at_the_deadline_is_closed() {
    let (mut session, mut transfer) = transfer(Request::new(Method::GET, "http://127.0.0.1/"));
    let now = Now::default();
    until(&mut session, &mut transfer, |o| matches!(o, Output::Read));
    transfer.handle(now, Input::Received(OK)).unwrap();
    until(&mut session, &mut transfer, |o| matches!(o, Output::Body));
    transfer.handle(now, Input::Consumed(2)).unwrap();
    until(&mut session, &mut transfer, |o| matches!(o, Output::Release));
    let (_, link) = transfer.take_link().unwrap();

    let request = Request::new(Method::GET, "http://127.0.0.1/").timeout(ms(10));
    let mut second = Transfer::new(session.prepare(&request).unwrap(), now);
    until(&mut session, &mut second, |o| matches!(o, Output::Acquire(_)));
    let late = Now::new(Instant::from_origin(ms(10)), now.unix);
    second.handle(late, Input::Acquired { link, peer: None }).unwrap();
    assert!(matches!(second.poll(), Output::Close));
    assert!(matches!(second.poll(), Output::Event(Event::Failed(_))));
}

#[test]
fn empty_write_is_no_progress() {
    let (mut session, mut transfer) = transfer(Request::new(Method::GET, "http://127.0.0.1/"));
    until(&mut session, &mut transfer, |o| matches!(o, Output::Transmit));
    let deadline = transfer.deadline();
    transfer.handle(Now::new(Instant::from_origin(ms(500)), UnixTime(0)), Input::Wrote(0)).unwrap();
    assert_eq!(transfer.deadline(), deadline);
}

#[test]
fn head_is_reported_before_an_immediate_end() {
    let (mut session, mut transfer) = transfer(Request::new(Method::GET, "http://127.0.0.1/"));
    let now = Now::default();
    until(&mut session, &mut transfer, |o| matches!(o, Output::Read));
    transfer.handle(now, Input::Received(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n")).unwrap();
    until(&mut session, &mut transfer, |o| matches!(o, Output::Sync));
    transfer.sync(now, &mut session).unwrap();
    // The caller cancels before it gets the head.
    transfer.handle(now, Input::Cancel).unwrap();
    until(&mut session, &mut transfer, |o| matches!(o, Output::Event(Event::Head(_))));
    until(&mut session, &mut transfer, |o| matches!(o, Output::Event(Event::Failed(_))));
}

#[test]
fn cancel_at_the_drain_deadline_counts() {
    let (mut session, mut transfer) = transfer(Request::new(Method::GET, "http://127.0.0.1/"));
    until(&mut session, &mut transfer, |o| matches!(o, Output::Read));
    let redirect = b"HTTP/1.1 302 X\r\nLocation: /next\r\nContent-Length: 9\r\n\r\nabc";
    transfer.handle(at(0), Input::Received(redirect)).unwrap();
    until(&mut session, &mut transfer, |o| matches!(o, Output::Read));
    assert_eq!(transfer.deadline(), Some(Instant::from_origin(ms(250))));
    transfer.handle(at(250), Input::Cancel).unwrap();
    let Output::Event(Event::Failed(error)) = until(&mut session, &mut transfer, |o| matches!(o, Output::Event(_)))
    else {
        panic!("it goes on")
    };
    assert!(matches!(error.kind(), ErrorKind::Cancelled));
}

#[test]
fn late_tick_fires_every_passed_deadline() {
    // The drain's time is over, and so is that of the whole call.
    let request = Request::new(Method::GET, "http://127.0.0.1/").timeout(ms(300));
    let (mut session, mut transfer) = transfer(request);
    until(&mut session, &mut transfer, |o| matches!(o, Output::Read));
    let redirect = b"HTTP/1.1 302 X\r\nLocation: /next\r\nContent-Length: 9\r\n\r\nabc";
    transfer.handle(at(0), Input::Received(redirect)).unwrap();
    until(&mut session, &mut transfer, |o| matches!(o, Output::Read));
    transfer.handle(at(400), Input::Tick).unwrap();
    assert!(transfer.is_ended());
}

#[test]
fn next_address_keeps_the_connect_limit() {
    let (mut session, mut transfer) = transfer(Request::new(Method::GET, "http://a.test/"));
    until(&mut session, &mut transfer, |o| matches!(o, Output::Resolve));
    let addresses = ["[2001:db8::1]:80".parse().unwrap(), "192.0.2.1:80".parse().unwrap()];
    transfer.handle(at(0), Input::Resolved(&addresses)).unwrap();
    assert!(matches!(transfer.poll(), Output::Connect(..)));
    transfer.handle(at(11_000), Input::Tick).unwrap();
    assert!(transfer.is_ended(), "the second address is not tried when the time is over");
    assert!(matches!(transfer.poll(), Output::CancelConnect(_)));
}

#[test]
fn sync_after_the_deadline_ends_the_transfer() {
    let request = Request::new(Method::GET, "http://127.0.0.1/").timeout(ms(300));
    let (mut session, mut transfer) = transfer(request);
    assert!(matches!(transfer.poll(), Output::Sync));
    transfer.sync(at(300), &mut session).unwrap();
    assert!(transfer.is_ended());
}

/// A POST of 20,000 bytes: half is written, then the write blocks and a response arrives.
fn half_sent(response: &[u8]) -> (Session, Transfer) {
    let request = Request::new(Method::POST, "http://127.0.0.1/").data(vec![b'x'; 20_000]);
    let (mut session, mut transfer) = transfer(request);
    until(&mut session, &mut transfer, |o| matches!(o, Output::Transmit));
    transfer.handle(at(0), Input::Wrote(transfer.outgoing().len())).unwrap();
    until(&mut session, &mut transfer, |o| matches!(o, Output::Transmit));
    transfer.handle(at(0), Input::Wrote(10_000)).unwrap();
    transfer.handle(at(0), Input::Blocked(Side::Write)).unwrap();
    until(&mut session, &mut transfer, |o| matches!(o, Output::Read));
    transfer.handle(at(0), Input::Received(response)).unwrap();
    (session, transfer)
}

#[test]
fn t52_short_rest_follows_the_response() {
    let response = b"HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n";
    let (mut session, mut transfer) = half_sent(response);
    transfer.handle(at(0), Input::Ready(Side::Write)).unwrap();
    until(&mut session, &mut transfer, |o| matches!(o, Output::Event(Event::Head(_))));
    until(&mut session, &mut transfer, |o| matches!(o, Output::Transmit));
    assert_eq!(transfer.outgoing().len(), 10_000);
    until(&mut session, &mut transfer, |o| matches!(o, Output::Release));
    assert!(transfer.take_link().is_some());
    until(&mut session, &mut transfer, |o| matches!(o, Output::Event(Event::Done)));
    // It cannot be sent: the response is delivered and the connection closed.
    let (mut session, mut transfer) = half_sent(response);
    until(&mut session, &mut transfer, |o| matches!(o, Output::Event(Event::Head(_))));
    until(&mut session, &mut transfer, |o| matches!(o, Output::Close));
    until(&mut session, &mut transfer, |o| matches!(o, Output::Event(Event::Done)));
}

#[test]
fn t52_unsent_rest_has_the_drain_time() {
    let (mut session, mut transfer) = half_sent(b"HTTP/1.1 413 X\r\nContent-Length: 3\r\n\r\nbig");
    transfer.handle(at(0), Input::Ready(Side::Write)).unwrap();
    until(&mut session, &mut transfer, |o| matches!(o, Output::Body));
    transfer.handle(at(100), Input::Consumed(3)).unwrap();
    assert!(matches!(transfer.poll(), Output::Transmit));
    assert_eq!(transfer.deadline(), Some(Instant::from_origin(ms(350))));
    transfer.handle(at(350), Input::Tick).unwrap();
    assert!(matches!(transfer.poll(), Output::Close));
    assert!(matches!(transfer.poll(), Output::Event(Event::Done)));
}

#[test]
fn t52_received_bytes_precede_an_unsent_rest() {
    let (mut session, mut transfer) = half_sent(b"HTTP/1.1 413 X\r\nContent-Length: 9\r\n\r\nabc");
    transfer.handle(at(0), Input::Ready(Side::Write)).unwrap();
    until(&mut session, &mut transfer, |o| matches!(o, Output::Event(Event::Head(_))));
    assert!(matches!(transfer.poll(), Output::Body));
}

#[test]
fn response_to_an_unsent_request_closes_the_connection() {
    let (mut session, mut transfer) = transfer(Request::new(Method::GET, "http://127.0.0.1/"));
    until(&mut session, &mut transfer, |o| matches!(o, Output::Transmit));
    transfer.handle(at(0), Input::Blocked(Side::Write)).unwrap();
    until(&mut session, &mut transfer, |o| matches!(o, Output::Read));
    transfer.handle(at(0), Input::Received(OK)).unwrap();
    transfer.handle(at(0), Input::Ready(Side::Write)).unwrap();
    until(&mut session, &mut transfer, |o| matches!(o, Output::Body));
    transfer.handle(at(0), Input::Consumed(2)).unwrap();
    assert!(matches!(transfer.poll(), Output::Close));
}

#[test]
fn failed_write_is_not_offered_again() {
    let request = Request::new(Method::POST, "http://127.0.0.1/").data(vec![b'x'; 200_000]);
    let (mut session, mut transfer) = transfer(request);
    until(&mut session, &mut transfer, |o| matches!(o, Output::Transmit));
    let failure = || IoFailure::new(std::io::ErrorKind::BrokenPipe);
    transfer.handle(at(0), Input::Failed(Side::Write, failure())).unwrap();
    transfer.handle(at(0), Input::Ready(Side::Write)).unwrap();
    assert!(matches!(transfer.poll(), Output::Read));
    transfer.handle(at(900), Input::Failed(Side::Write, failure())).unwrap();
    assert_eq!(transfer.deadline(), Some(Instant::from_origin(ms(1000))));
}

#[test]
fn late_body_stream_failure_fails_nothing() {
    let body = petition_core::Body::Stream { length: None, rewindable: false };
    let (mut session, mut transfer) = transfer(Request::new(Method::POST, "http://127.0.0.1/").data(body));
    until(&mut session, &mut transfer, |o| matches!(o, Output::NeedBody));
    transfer.handle(at(0), Input::Blocked(Side::Body)).unwrap();
    until(&mut session, &mut transfer, |o| matches!(o, Output::Read));
    transfer.handle(at(0), Input::Received(OK)).unwrap();
    until(&mut session, &mut transfer, |o| matches!(o, Output::Body));
    transfer.handle(at(0), Input::BodyFailed("gone".into())).unwrap();
    transfer.handle(at(0), Input::BodyEnd).unwrap();
    transfer.handle(at(0), Input::Consumed(2)).unwrap();
    until(&mut session, &mut transfer, |o| matches!(o, Output::Event(Event::Done)));
}
