//! Whether and when an event stream reconnects.

use super::*;
use crate::Method;
use crate::error::IoFailure;

fn new(reconnect: Reconnect) -> EventSource {
    EventSource::new(&Request::new(Method::GET, "http://a.test/"), reconnect)
}

fn opened(source: &mut EventSource, status: u16, content_type: &str) -> Result<(), ErrorKind> {
    let content_type = Some(content_type.as_bytes()).filter(|value| !value.is_empty());
    source.check(StatusCode::from_u16(status).unwrap(), content_type, &Limits::DEFAULT)
}

fn error(kind: ErrorKind) -> Error {
    Request::new(Method::GET, "http://a.test/").error(kind)
}

fn reset() -> Error {
    error(ErrorKind::Io(IoFailure::new(std::io::ErrorKind::ConnectionReset)))
}

fn secs(n: u64) -> Next {
    Next::Reconnect(Duration::from_secs(n))
}

#[test]
fn stream_that_ends_is_followed_by_another_connection() {
    let mut source = new(Reconnect::DEFAULT);
    for _ in 0..100 {
        opened(&mut source, 200, "text/event-stream; charset=utf-8").unwrap();
        source.parse(b"data: x\n\n").unwrap();
        assert_eq!(source.closed(None), secs(3));
    }
    opened(&mut source, 200, "Text/Event-Stream").unwrap();
    assert_eq!(source.closed(Some(&reset())), secs(3));
}

#[test]
fn failures_double_the_delay_and_are_counted() {
    let mut source = new(Reconnect::DEFAULT.failures(5).max_delay(Duration::from_secs(20)));
    let delays: Vec<_> = (0..6).map(|_| source.closed(Some(&reset()))).collect();
    assert_eq!(delays, [secs(3), secs(6), secs(12), secs(20), secs(20), Next::End]);
    let mut source = new(Reconnect::DEFAULT.failures(2));
    assert_eq!(source.closed(Some(&reset())), secs(3));
    assert_eq!(source.closed(Some(&reset())), secs(6));
    opened(&mut source, 200, "text/event-stream").unwrap();
    assert_eq!(source.closed(Some(&reset())), secs(3), "a stream ends the sequence of failures");
    let mut endless = new(Reconnect::DEFAULT.failures(None));
    assert!(
        (0..200).all(
            |_| matches!(endless.closed(Some(&reset())), Next::Reconnect(delay) if delay <= Duration::from_secs(60))
        )
    );
    assert_eq!(new(Reconnect::NEVER).closed(None), Next::End);
}

#[test]
fn t98_retry_sets_the_delay_within_bounds() {
    for (retry, heard, expected) in
        [("101", true, 101), ("5", false, 5000), ("9999999999", true, 60_000), ("0", true, 100)]
    {
        let mut source = new(Reconnect::DEFAULT);
        opened(&mut source, 200, "text/event-stream").unwrap();
        source.parse(format!("retry: {retry}\n\n").as_bytes()).unwrap();
        if heard {
            source.parse(b"data: x\n\n").unwrap();
        }
        let expected = if retry == "5" { 3000 } else { expected };
        assert_eq!(source.closed(None), Next::Reconnect(Duration::from_millis(expected)), "{retry}");
    }
}

#[test]
fn other_responses_end_the_source() {
    for (status, content_type, message) in [
        (404, "text/event-stream", "expected a status below 400, found 404 Not Found"),
        (500, "text/event-stream", "expected a status below 400, found 500 Internal Server Error"),
        (206, "text/event-stream", "expected text/event-stream, found status 206"),
        (200, "text/html; charset=utf-8", "expected text/event-stream, found text/html"),
        (200, "", "expected text/event-stream, found no Content-Type"),
    ] {
        let mut source = new(Reconnect::DEFAULT);
        let kind = opened(&mut source, status, content_type).unwrap_err();
        assert_eq!(kind.to_string(), message);
        assert_eq!(source.closed(Some(&error(kind))), Next::End);
    }
    let mut source = new(Reconnect::DEFAULT);
    opened(&mut source, 204, "").unwrap();
    assert_eq!(source.closed(None), Next::End, "204 asks not to connect again");
    let mut patient = new(Reconnect::DEFAULT.server_errors(true));
    let kind = opened(&mut patient, 503, "text/html").unwrap_err();
    assert_eq!(patient.closed(Some(&error(kind))), secs(3));
    let kind = opened(&mut patient, 429, "text/html").unwrap_err();
    assert_eq!(patient.closed(Some(&error(kind))), Next::End);
}

#[test]
fn lasting_errors_end_the_source() {
    let total = ErrorKind::Timeout { which: Timeout::Total, limit: Duration::ZERO };
    let limit = ErrorKind::Limit(LimitExceeded { name: "body_bytes", limit: 1, found: 2 });
    for kind in [total, limit, ErrorKind::Cancelled, ErrorKind::BodyNotReplayable] {
        assert_eq!(new(Reconnect::DEFAULT).closed(Some(&error(kind))), Next::End);
    }
    let idle = ErrorKind::Timeout { which: Timeout::Idle, limit: Duration::ZERO };
    assert_eq!(new(Reconnect::DEFAULT).closed(Some(&error(idle))), secs(3));
}

#[test]
fn event_limit_ends_the_source() {
    let mut source = new(Reconnect::DEFAULT);
    let limits = Limits { event_bytes: 1, ..Limits::DEFAULT };
    source.check(StatusCode::OK, Some(b"text/event-stream"), &limits).unwrap();
    assert_eq!(source.parse(b"data: ab\n\n").unwrap_err().name, "event_bytes");
    assert_eq!(source.closed(None), Next::End);
}

#[test]
fn requests_that_are_not_idempotent_are_sent_once() {
    for (method, declared, again) in [
        (Method::POST, false, false),
        (Method::POST, true, true),
        (Method::PUT, false, true),
        (Method::GET, false, true),
    ] {
        let mut request = Request::new(method.clone(), "http://a.test/");
        if declared {
            request = request.idempotent(true);
        }
        let next = EventSource::new(&request, Reconnect::DEFAULT).closed(None);
        assert_eq!(next != Next::End, again, "{method}");
    }
}

#[test]
fn request_carries_the_last_event_id() {
    let mut source = new(Reconnect::DEFAULT);
    let mut request = Request::new(Method::GET, "http://a.test/").header("cache-control", "max-age=0");
    source.prepare(&mut request);
    let value = |request: &Request, name: &str| {
        request.options().headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    assert_eq!(value(&request, "accept").as_deref(), Some(MEDIA_TYPE));
    assert_eq!(value(&request, "cache-control").as_deref(), Some("max-age=0"));
    assert_eq!(value(&request, "last-event-id"), None);
    opened(&mut source, 200, MEDIA_TYPE).unwrap();
    source.parse("id: é7\n\n".as_bytes()).unwrap();
    opened(&mut source, 200, MEDIA_TYPE).unwrap();
    source.prepare(&mut request);
    assert_eq!(value(&request, "last-event-id").as_deref(), Some("é7"), "the ID survives a connection");
    assert_eq!(source.last_event_id(), "é7");
}

#[test]
fn t25_invalid_event_id_is_not_sent_back() {
    let mut source = new(Reconnect::DEFAULT);
    let mut request = Request::new(Method::GET, "http://a.test/");
    opened(&mut source, 200, MEDIA_TYPE).unwrap();
    source.parse(b"id: 1\x01\n\n").unwrap();
    source.prepare(&mut request);
    assert!(!request.options().headers.contains("last-event-id"));
}

#[test]
fn source_continues_after_the_requests_event_id() {
    let request = Request::new(Method::GET, "http://a.test/").header("last-event-id", "7");
    let mut source = EventSource::new(&request, Reconnect::DEFAULT);
    opened(&mut source, 200, MEDIA_TYPE).unwrap();
    assert_eq!(source.parse(b"data: x\n\n").unwrap().1.unwrap().id, "7");
}
