//! The beginning and end of hops.

use std::time::Duration;

use super::*;
use crate::error::{Processed, Timeout};
use crate::link::Link;
use crate::transfer::driven_tests::Driven;
use crate::transfer::{Input, Output, Transfer};
use crate::{Acquire, Instant, Method, Request, UnixTime};

fn at(seconds: u64) -> Now {
    Now::new(Instant::from_origin(Duration::from_secs(seconds)), UnixTime(0))
}

/// A transfer with a total timeout of 60 s, and its session.
fn begun() -> (Transfer, Session) {
    let mut session = Session::new();
    session.configure(|o| {
        o.total_timeout(Duration::from_secs(60));
    });
    let request = Request::new(Method::GET, "http://127.0.0.1/");
    (Transfer::new(session.prepare(&request).unwrap(), at(0)), session)
}

#[test]
fn hop_waits_until_the_time_a_policy_names() {
    let (mut transfer, mut session) = begun();
    transfer.0.planned(Before::WaitUntil(at(10).instant), &mut session);
    assert!(matches!(transfer.poll(), Output::Wait));
    assert_eq!(transfer.deadline(), Some(at(10).instant));
    transfer.handle(at(9), Input::Tick).unwrap();
    assert!(matches!(transfer.poll(), Output::Wait));
    transfer.handle(at(10), Input::Tick).unwrap();
    assert!(matches!(transfer.poll(), Output::Sync), "the policies run again");
}

#[test]
fn total_deadline_runs_during_a_pause() {
    let (mut transfer, mut session) = begun();
    transfer.0.planned(Before::WaitUntil(at(90).instant), &mut session);
    assert_eq!(transfer.deadline(), Some(at(60).instant));
    transfer.handle(at(60), Input::Tick).unwrap();
    let error = transfer.failure().expect("the deadline has passed");
    assert!(matches!(error.kind(), ErrorKind::Timeout { which: Timeout::Total, .. }), "{error}");
}

#[test]
fn cancelled_pause_ends_the_transfer() {
    let (mut transfer, mut session) = begun();
    transfer.0.planned(Before::WaitUntil(at(10).instant), &mut session);
    transfer.handle(at(1), Input::Cancel).unwrap();
    assert!(matches!(transfer.failure().map(crate::Error::kind), Some(ErrorKind::Cancelled)));
}

#[test]
fn refused_hop_fails_before_any_output() {
    let (mut transfer, mut session) = begun();
    transfer.0.planned(Before::Refuse(ErrorKind::Cancelled), &mut session);
    assert!(transfer.is_ended() && transfer.failure().is_some());
}

#[test]
fn following_hop_begins_no_earlier_than_its_time() {
    let mut driven = Driven::get("");
    driven.until(|output| matches!(output, Output::Transmit));
    let (request, why) = (HopRequest::Same, Why::ConnectionLost);
    let not_before = Some(at(5).instant);
    driven.transfer.0.again(Again { request, why, not_before, connection: Acquire::New }, None);
    driven.until(|output| matches!(output, Output::Wait));
    assert_eq!(driven.transfer.deadline(), Some(at(5).instant));
    driven.now = at(5);
    driven.handle(Input::Tick);
    driven.until(|output| matches!(output, Output::Transmit));
    assert_eq!(driven.acquired, [Acquire::Any, Acquire::New]);
    assert_eq!(driven.transfer.history().len(), 1);
}

const RESPONSE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

#[test]
fn lost_connection_is_followed_by_a_new_one() {
    let mut driven = Driven::get(RESPONSE).then_get();
    driven.until(|output| matches!(output, Output::Read));
    driven.handle(Input::Eof);
    driven.until(|output| matches!(output, Output::Connect(..)));
    // Another idle connection may be dead too, and the request is repeated only once.
    assert_eq!(driven.acquired, [Acquire::Any, Acquire::New]);
}

#[test]
fn passed_over_connection_leaves_the_request_unprocessed() {
    let mut driven = Driven::get(RESPONSE).then_get();
    driven.until(|output| matches!(output, Output::Probe));
    driven.handle(Input::Dead);
    driven.until(|output| matches!(output, Output::Connect(..)));
    driven.handle(Input::Cancel);
    let report = driven.transfer.failure().expect("it was cancelled").report();
    assert_eq!((report.processed, report.hop), (Processed::No, 0));
}

#[test]
fn passing_over_a_connection_permits_no_second_repetition() {
    let mut driven = Driven::get(RESPONSE).then_get();
    driven.until(|output| matches!(output, Output::Read));
    driven.handle(Input::Eof);
    // The embedder opens connections itself, and this one closes before use.
    driven.idle = Some(Box::new(Link::new(Vec::new(), crate::http1::Config::default())));
    driven.until(|output| matches!(output, Output::Probe));
    driven.handle(Input::Dead);
    driven.until(|output| matches!(output, Output::Connect(..)));
    assert_eq!(driven.acquired, [Acquire::Any, Acquire::New, Acquire::New]);
    let report = driven.transfer.error(ErrorKind::Cancelled);
    assert!(report.report().attempts == 2 && report.report().processed == Processed::Maybe);
}

#[test]
fn new_connection_order_rejects_used_ones() {
    let mut driven = Driven::get(RESPONSE).then_get();
    let used = driven.idle.take().unwrap();
    let request = Request::new(Method::GET, "http://127.0.0.1/").keep_alive(false);
    let mut driven = Driven::within(driven.session, at(0), &request, RESPONSE);
    driven.until(|output| matches!(output, Output::Acquire(Acquire::New)));
    let given = driven.transfer.handle(at(0), Input::Acquired { link: used, peer: None });
    assert_eq!(given, Err(Misuse::NotNew));
    driven.handle(Input::OpenNew);
    driven.until(|output| matches!(output, Output::Event(Event::Done)));
}
