//! Queries on a connection at each step of an exchange.

use super::*;
use crate::buffer::Retained;
use std::time::Duration;

/// Returns the state on one line: flags by their letter, then the counts.
fn known(connection: &Connection) -> String {
    let flags = [
        (connection.is_idle(), 'i'),
        (connection.head_sent(), 'h'),
        (connection.awaiting_continue(), 'w'),
        (connection.owes_body(), 'o'),
        (connection.request_sent(), 's'),
        (connection.response_started(), 'r'),
        (connection.is_in_body(), 'b'),
        (connection.response_received(), 'e'),
        (connection.is_reused(), 'u'),
    ];
    let flags: String = flags.into_iter().filter_map(|(holds, letter)| holds.then_some(letter)).collect();
    let (sent, received) = (connection.bytes_sent(), connection.bytes_received());
    format!("{flags} sent {sent} received {received} content {}", connection.body_received())
}

fn take(connection: &mut Connection, input: &[u8]) {
    let got = connection.receive(input).unwrap();
    assert_eq!(got.consumed, input.len(), "{:?}", got.event);
}

#[test]
fn queries_follow_each_step_of_an_exchange() {
    let mut connection = Connection::new(Config::default());
    assert_eq!(known(&connection), "i sent 0 received 0 content 0");
    let head = RequestHead { body: BodyLength::Known(4), ..RequestHead::new("POST", "/") };
    connection.send_head(&head, [("Host", &b"h"[..])]).unwrap();
    let length = connection.outgoing().len();
    assert_eq!(connection.body_room(), 4);
    assert_eq!(known(&connection), "o sent 0 received 0 content 0");
    connection.wrote(length - 1);
    assert_eq!(known(&connection), format!("o sent {} received 0 content 0", length - 1));
    connection.wrote(1);
    assert_eq!(known(&connection), format!("ho sent {length} received 0 content 0"));
    assert_eq!(connection.send_body(b"ab"), Ok(2));
    connection.wrote(2);
    assert_eq!(known(&connection), format!("ho sent {} received 0 content 0", length + 2));
    assert_eq!(connection.body_room(), 2);
    assert_eq!(connection.send_body(b"cd"), Ok(2));
    assert!(!connection.request_sent(), "two bytes are not written");
    connection.wrote(2);
    let sent = length + 4;
    assert_eq!(known(&connection), format!("hos sent {sent} received 0 content 0"));
    connection.finish_body([]).unwrap();
    assert_eq!(known(&connection), format!("hs sent {sent} received 0 content 0"));
    assert_eq!(connection.body_framing(), None);
    take(&mut connection, b"HTTP/1.1 200 OK\r\n");
    assert_eq!(known(&connection), format!("hsr sent {sent} received 17 content 0"));
    take(&mut connection, b"Content-Length: 3\r\nKeep-Alive: timeout=9\r\n\r\n");
    assert_eq!(known(&connection), format!("hsrb sent {sent} received 61 content 0"));
    assert_eq!(connection.body_framing(), Some(BodyFraming::Length(3)));
    assert_eq!(connection.keep_alive_timeout(), Some(Duration::from_secs(9)));
    take(&mut connection, b"xy");
    assert_eq!(known(&connection), format!("hsrb sent {sent} received 63 content 2"));
    take(&mut connection, b"z");
    assert_eq!(known(&connection), format!("hsrbe sent {sent} received 64 content 3"));
    assert_eq!(connection.receive(b"").unwrap().event, Event::End);
    connection.reuse().unwrap();
    assert!(connection.is_idle() && connection.is_reused() && !connection.response_received());
    send(&mut connection, "GET", None);
    assert_eq!((connection.keep_alive_timeout(), connection.body_framing()), (None, None));
    assert_eq!((connection.bytes_received(), connection.body_received()), (0, 0));
}

#[test]
fn end_of_body_is_known_for_each_framing() {
    for (response, ended) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"[..], true),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", false),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", true),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n", false),
        (b"HTTP/1.1 200 OK\r\n\r\nok", false),
        (b"HTTP/1.1 200 OK\r\n", false),
    ] {
        let mut connection = Setup::COMPAT.connection();
        let mut input = response;
        while let Ok(got) = connection.receive(input) {
            input = &input[got.consumed..];
            if matches!(got.event, Event::NeedInput | Event::End) {
                break;
            }
        }
        assert_eq!(connection.response_received(), ended, "{}", response.escape_ascii());
    }
}

#[test]
fn expectation_waits_until_answered_or_abandoned() {
    for answered in [true, false] {
        let mut connection = Connection::new(Config::default());
        let head = RequestHead { body: BodyLength::Known(1), expect_continue: true, ..RequestHead::new("POST", "/") };
        connection.send_head(&head, [("Host", &b"h"[..])]).unwrap();
        connection.wrote(usize::MAX);
        assert!(connection.awaiting_continue() && !connection.owes_body() && !connection.request_sent());
        assert_eq!((connection.body_room(), connection.send_body(b"x")), (0, Err(Misuse::AwaitingContinue)));
        if answered {
            take(&mut connection, b"HTTP/1.1 100 Continue\r\n\r\n");
        } else {
            connection.stop_waiting();
        }
        assert!(!connection.awaiting_continue() && connection.owes_body());
        assert_eq!((connection.body_room(), connection.send_body(b"x")), (1, Ok(1)));
    }
}

#[test]
fn queued_body_never_exceeds_its_limit() {
    let mut connection = Connection::new(Config::default());
    let head = RequestHead { body: BodyLength::Chunked, ..RequestHead::new("POST", "/") };
    connection.send_head(&head, [("Host", &b"h"[..])]).unwrap();
    let room = connection.body_room();
    assert!((60_000..=65_536).contains(&room), "{room}");
    assert_eq!(connection.send_body(&vec![b'x'; 100_000]), Ok(room));
    assert_eq!(connection.body_room(), 0);
    assert_eq!(connection.send_body(b"x"), Ok(0));
    connection.wrote(usize::MAX);
    assert!(connection.body_room() >= room);
}

#[test]
fn only_partial_heads_and_trailers_hold_storage() {
    let mut connection = Setup::COMPAT.connection();
    let received = |connection: &Connection| connection.retained().received;
    assert_eq!(received(&connection), 0);
    take(&mut connection, b"HTTP/1.1 200 OK\r\nTransfer-Enc");
    assert!((28..1000).contains(&received(&connection)), "{}", received(&connection));
    take(&mut connection, b"oding: chunked\r\n\r\n");
    take(&mut connection, b"1\r\nx");
    assert_eq!(received(&connection), 0);
    take(&mut connection, b"\r\n0\r\nX-Trailer-In-Part: abcdefghijklmnopqrstuvwxyz");
    assert!((45..1000).contains(&received(&connection)), "{}", received(&connection));

    let mut connection = Connection::new(Config::default());
    assert_eq!(connection.retained(), Retained::default());
    connection.send_head(&RequestHead::new("GET", "/"), [("Host", &b"h"[..])]).unwrap();
    let outgoing = connection.retained().outgoing;
    assert!(outgoing >= connection.outgoing().len() && outgoing < 1000, "{outgoing}");
    let mut other = Vec::new();
    connection.swap_write_buffer(&mut other);
    assert_eq!((other.capacity(), connection.retained().outgoing), (0, outgoing), "bytes are outgoing");
    connection.wrote(usize::MAX);
    connection.swap_write_buffer(&mut other);
    assert_eq!((other.capacity(), connection.retained().outgoing), (outgoing, 0));
}

#[test]
fn leniency_set_contains_inserted_members() {
    let (mut set, mut other) = (LeniencySet::EMPTY, LeniencySet::EMPTY);
    assert!(set.is_empty() && set.poison().is_none());
    set.insert(Leniency::BareLf);
    set.insert(Leniency::BareLf);
    other.insert(Leniency::ObsFold);
    other.insert(Leniency::UncleanTlsClose);
    set.extend(other);
    assert_eq!(set.iter().collect::<Vec<_>>(), [Leniency::ObsFold, Leniency::BareLf, Leniency::UncleanTlsClose]);
    assert!(Leniency::ALL.iter().all(|&leniency| set.contains(leniency) == set.iter().any(|l| l == leniency)));
    assert_eq!((set.is_empty(), set.poison()), (false, Some(Leniency::UncleanTlsClose)));
    assert_eq!(format!("{set:?}"), "{ObsFold, BareLf, UncleanTlsClose}");
    set.extend(LeniencySet::EMPTY);
    assert_eq!(set.iter().count(), 3);
}

#[test]
fn debug_shows_lengths_and_states_but_no_secrets() {
    let head = RequestHead::new("GET", "/canary?canary");
    let mut connection = Connection::new(Config::default());
    connection.send_head(&head, [("Host", &b"h"[..]), ("Authorization", b"canary")]).unwrap();
    let length = connection.outgoing().len();
    let shown = format!("{connection:?}");
    assert!(shown.contains(&format!("outgoing: {length}")) && shown.contains("Head(0 bytes)"), "{shown}");
    connection.wrote(usize::MAX);
    take(&mut connection, b"HTTP/1.1 200 OK\r\nSet-Cookie: canary");
    let partial = format!("{connection:?}");
    assert!(partial.contains("Head(35 bytes)") && partial.contains("outgoing: 0"), "{partial}");
    assert!(!shown.contains("canary") && !partial.contains("canary"), "{shown} {partial}");
}

#[test]
fn excerpt_is_truncated_and_escaped() {
    let short = Excerpt::new(b"a\r\n\xe9");
    assert_eq!(short.as_bytes(), b"a\r\n\xe9");
    assert_eq!((short.to_string(), format!("{short:?}")), (r#""a\r\n\xe9""#.into(), r#""a\r\n\xe9""#.into()));
    let (whole, long) = (Excerpt::new(&[b'x'; Excerpt::MAX]), Excerpt::new(&[b'x'; Excerpt::MAX + 1]));
    assert_eq!(whole.as_bytes(), long.as_bytes());
    assert_eq!(whole.to_string(), format!("\"{}\"", "x".repeat(Excerpt::MAX)));
    assert_eq!(long.to_string(), format!("{whole}…"));
    assert_eq!([Part::Head, Part::Body, Part::Trailers].map(|part| part.to_string()), ["head", "body", "trailers"]);
    assert_eq!([Version::Http10, Version::Http11].map(|version| version.to_string()), ["HTTP/1.0", "HTTP/1.1"]);
    assert!(Leniency::ALL.iter().all(|leniency| leniency.to_string() == leniency.name()));
}

#[test]
fn debug_of_request_head_hides_the_query() {
    let shown = format!("{:?}", RequestHead::new("PATCH", "/path?canary"));
    assert!(shown.contains("PATCH") && shown.contains("\"/path\"?…") && !shown.contains("canary"), "{shown}");
    assert!(!format!("{:?}", RequestHead::new("GET", "/path")).contains('…'));
}
