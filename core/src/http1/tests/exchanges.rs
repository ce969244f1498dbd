//! Complete exchanges: keep-alive, leftovers, interim responses, Expect, upgrades, early responses
//! (T47, T48, T52, T53).

use super::*;

/// Feeds `input` until its end or the end of the response. Returns the events and the number of
/// unused bytes.
fn feed(connection: &mut Connection, mut input: &[u8]) -> (String, usize) {
    let mut line = String::new();
    loop {
        let received = match connection.receive(input) {
            Ok(received) => received,
            Err(error) => return (format!("{line}! {error}"), input.len()),
        };
        let piece = input;
        input = &input[received.consumed..];
        match received.event {
            Event::NeedInput => return (line, 0),
            Event::Informational(head) | Event::Head(head) => line += &format!("{} ", head.status().as_u16()),
            Event::Body(range) => line += &format!("{} ", piece[range].escape_ascii()),
            Event::End => return (line + "end", input.len()),
            Event::Switched => return (line + "switched", input.len()),
        }
    }
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn one_connection_serves_many_exchanges() {
    let mut connection = Connection::new(Config::default());
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n";
    for (n, (method, response, want)) in [
        ("GET", OK, "200 ok end"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "200 end"),
        ("POST", &chunked[..], "200 a end"),
        ("GET", b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 304 Same\r\n\r\n", "103 304 end"),
        ("GET", b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", "200 end"),
        ("GET", b"HTTP/1.1 200 OK\r\nKeep-Alive: max=2, timeout=7\r\nContent-Length: 0\r\n\r\n", "200 end"),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(connection.is_idle());
        assert_eq!(connection.is_reused(), n > 0);
        send(&mut connection, method, None);
        assert!(!connection.is_idle() && connection.request_sent() && !connection.response_started());
        assert_eq!(connection.send_head(&RequestHead::new("GET", "/"), []), Err(Misuse::NotIdle.into()));
        assert_eq!(connection.reuse(), Err(NotReusable::ResponseUnfinished));
        assert_eq!(feed(&mut connection, response), (want.into(), 0));
        assert_eq!(connection.bytes_received(), response.len() as u64);
        assert_eq!(connection.trailers().is_some(), response == chunked);
        assert_eq!(connection.reuse(), Ok(()));
        assert_eq!(connection.reuse(), Ok(()), "an idle connection stays reusable");
    }
    assert_eq!(connection.keep_alive_timeout(), Some(std::time::Duration::from_secs(7)));
    assert_eq!(connection.receive_eof(Eof::Clean), Ok(Event::End));
    assert_eq!(connection.reuse(), Err(NotReusable::Closed));
    assert_eq!(connection.send_head(&RequestHead::new("GET", "/"), []), Err(Misuse::NotIdle.into()));
}

#[test]
fn t47_leftover_bytes_never_answer_the_next_request() {
    // In the same segment.
    let mut connection = Setup::COMPAT.connection();
    assert_eq!(feed(&mut connection, &[OK, OK].concat()), ("200 ok end".into(), OK.len()));
    assert_eq!(connection.reuse(), Err(NotReusable::Leftover));
    // After a response without a body.
    for (method, head) in [("HEAD", &b"HTTP/1.1 200 OK\r\n\r\n"[..]), ("GET", b"HTTP/1.1 204 No\r\n\r\n")] {
        let mut connection = Setup { method, ..Setup::COMPAT }.connection();
        assert_eq!(feed(&mut connection, &[head, b"x"].concat()).1, 1);
        assert_eq!(connection.reuse(), Err(NotReusable::Leftover));
    }
    // Detected by the layer below.
    let mut connection = Setup::COMPAT.connection();
    feed(&mut connection, OK);
    connection.mark_leftover();
    assert_eq!(connection.reuse(), Err(NotReusable::Leftover));
    // While idle, even before the first request.
    let mut connection = Connection::new(Config::default());
    assert_eq!(connection.receive(OK), Err(ProtocolError::Unsolicited));
    assert_eq!(connection.can_reuse(), Err(NotReusable::Failed));
    let mut connection = Setup::COMPAT.connection();
    feed(&mut connection, OK);
    connection.reuse().unwrap();
    assert_eq!(connection.receive(b""), Ok(Received { consumed: 0, event: Event::NeedInput }));
    assert_eq!(connection.receive(OK), Err(ProtocolError::Unsolicited));
}

#[test]
fn t47_only_new_connections_accept_early_responses() {
    for served in [false, true] {
        let mut connection = Setup::COMPAT.connection();
        if served {
            feed(&mut connection, OK);
            connection.reuse().unwrap();
        } else {
            connection = Connection::new(Config::default());
        }
        connection.send_head(&RequestHead::new("GET", "/"), [("Host", &b"h"[..])]).unwrap();
        connection.wrote(connection.outgoing().len() - 1);
        assert!(!connection.head_sent());
        if served {
            assert_eq!(connection.receive(OK), Err(ProtocolError::Unsolicited));
        } else {
            assert_eq!(feed(&mut connection, OK).0, "200 ok end");
            assert_eq!(connection.reuse(), Err(NotReusable::RequestUnfinished));
            connection.wrote(1);
            assert_eq!(connection.reuse(), Ok(()));
        }
    }
}

#[test]
fn announced_close_prevents_reuse() {
    let mut connection = Connection::new(Config::default());
    let head = RequestHead { close: true, ..RequestHead::new("GET", "/") };
    connection.send_head(&head, [("Host", &b"h"[..])]).unwrap();
    connection.wrote(usize::MAX);
    feed(&mut connection, OK);
    assert_eq!(connection.reuse(), Err(NotReusable::CloseSent));
}

#[test]
fn t48_interim_responses_are_delivered_without_body() {
    let input = b"HTTP/1.1 100 \r\nContent-Length: x\r\n\r\nHTTP/1.1 103 \r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
        HTTP/1.1 199 \r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na";
    let run = every_way(&Setup::STRICT, input, None);
    assert_eq!(run.line(), "100 103 199 200/Length(1) \"a\" end, a response without a body announces one");
    let run = every_way(&Setup::COMPAT, b"HTTP/1.1 102 x\r\nA\0: b\r\n\r\n", None);
    assert!(matches!(run.error(), ProtocolError::FieldName { .. }), "interim heads are validated like others");
}

#[test]
fn t47_interim_response_with_body_prevents_reuse() {
    let plain = ["", "Content-Length: 0\r\n", "Content-Length: 0, 0\r\n"];
    let announcing = [
        "Content-Length: 1\r\n",
        "Content-Length: x\r\n",
        "Content-Length: 0, 1\r\n",
        "Transfer-Encoding: chunked\r\n",
    ];
    let cases = plain.map(|fields| (fields, "reusable")).into_iter();
    let cases = cases.chain(announcing.map(|fields| (fields, "a response without a body announces one")));
    for (status, (fields, reuse)) in
        [100, 103].into_iter().flat_map(|status| cases.clone().map(move |case| (status, case)))
    {
        let input = format!("HTTP/1.1 {status} x\r\n{fields}\r\nHTTP/1.1 204 x\r\n\r\n");
        let run = every_way(&Setup::COMPAT, input.as_bytes(), None);
        assert_eq!(run.line(), format!("{status} 204/None end, {reuse}"), "{fields:?}");
    }
}

#[test]
fn t47_bytes_that_start_no_response_answer_nothing() {
    let served = Setup { served: true, ..Setup::COMPAT };
    let strict = Setup { served: true, ..Setup::STRICT };
    // The rest of a chunked body, an unexpected body, TLS to a plain client, an empty line, and an
    // end.
    for garbage in [
        "0\r\n\r\n",
        "5\r\nhello\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        "hello",
        "\x15\x03\x03\0\x02",
        "\r\n",
        "\r\n\r\n",
        "\n",
    ] {
        for setup in [&served, &strict] {
            let run = every_way(setup, garbage.as_bytes(), Some(Eof::Clean));
            assert!(run.error().answers_nothing(), "{garbage:?}: {}", run.error());
            // No further bytes are needed to decide, unless it may be an empty line.
            let run = every_way(setup, garbage.as_bytes(), None);
            assert!(garbage.starts_with(['\r', '\n']) || run.error().answers_nothing(), "{garbage:?}: {}", run.line());
        }
        // Before the end, these bytes do not count as a response.
        for n in 0..garbage.len() {
            let mut connection = served.connection();
            let _ = connection.receive(&garbage.as_bytes()[..n]);
            assert!(!connection.response_started(), "{n} bytes of {garbage:?}");
        }
    }
    for begun in [
        "H",
        "HTTP/1.",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA\0: b\r\n\r\n",
        "HTTP/1.1 100 x\r\n\r\n0\r\n\r\n",
    ] {
        let run = every_way(&served, begun.as_bytes(), Some(Eof::Clean));
        let interim = begun.contains(" 100 ");
        assert!(interim || !run.error().answers_nothing(), "{begun:?}: {}", run.error());
        for n in 1..=begun.len() {
            let mut connection = served.connection();
            feed(&mut connection, &begun.as_bytes()[..n]);
            assert!(connection.response_started(), "{n} bytes of {begun:?}");
        }
    }
}

#[test]
fn t48_protocol_is_switched_only_on_request() {
    let switch =
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nContent-Length: 4\r\n\r\n";
    let run = every_way(&Setup::COMPAT, switch, None);
    assert_eq!(*run.error(), ProtocolError::UnexpectedSwitch { status: 101 });
    let upgrading = Setup { upgrade: Some("websocket"), ..Setup::COMPAT };
    assert_eq!(every_way(&upgrading, switch, None).line(), "101/Switched switched");
    // Bytes after the head belong to the new protocol, even if they arrived with it.
    let mut connection = upgrading.connection();
    assert_eq!(feed(&mut connection, &[&switch[..], b"\x81\x02hi"].concat()), ("101 switched".into(), 4));
    assert_eq!(connection.receive(b"\x81"), Ok(Received { consumed: 0, event: Event::Switched }));
    assert_eq!(connection.reuse(), Err(NotReusable::Switched));
    // The peer may decline.
    assert_eq!(feed(&mut upgrading.connection(), OK), ("200 ok end".into(), 0));
    // It must not switch while the body is being sent.
    let mut connection = Connection::new(Config::default());
    let head = RequestHead { upgrade: Some("a"), body: BodyLength::Known(1), ..RequestHead::new("GET", "/") };
    connection.send_head(&head, [("Host", &b"h"[..])]).unwrap();
    connection.wrote(usize::MAX);
    assert_eq!(connection.receive(switch), Err(ProtocolError::UnexpectedSwitch { status: 101 }));
}

#[test]
fn tunnel_opens_after_2xx_to_connect() {
    let connect = Setup { method: "CONNECT", ..Setup::COMPAT };
    let mut connection = connect.connection();
    let input = b"HTTP/1.1 200 Connection established\r\nTransfer-Encoding: chunked\r\n\r\n\x16\x03\x03";
    assert_eq!(feed(&mut connection, input), ("200 switched".into(), 3));
    assert_eq!(connection.body_framing(), Some(BodyFraming::Switched));
    let mut connection = connect.connection();
    let refusal = b"HTTP/1.1 407 Who?\r\nContent-Length: 2\r\n\r\nno";
    assert_eq!(feed(&mut connection, refusal), ("407 no end".into(), 0));
    assert_eq!(connection.reuse(), Ok(()), "authentication may be tried again on it");
}

fn expecting(body: BodyLength) -> Connection {
    let mut connection = Connection::new(Config::default());
    let head = RequestHead { expect_continue: true, body, ..RequestHead::new("PUT", "/") };
    connection.send_head(&head, [("Host", &b"h"[..])]).unwrap();
    assert!(connection.outgoing().ends_with(b"\r\nExpect: 100-continue\r\n\r\n"));
    connection.wrote(usize::MAX);
    assert!(connection.awaiting_continue());
    assert_eq!(connection.body_room(), 0);
    assert_eq!(connection.send_body(b"a"), Err(Misuse::AwaitingContinue));
    assert_eq!(connection.bypass(1), Err(Misuse::AwaitingContinue));
    assert_eq!(connection.finish_body([]), Err(Misuse::AwaitingContinue.into()));
    connection
}

#[test]
fn t53_body_waits_for_100_or_a_timeout() {
    for patience in [false, true] {
        let mut connection = expecting(BodyLength::Known(2));
        assert_eq!(feed(&mut connection, b"HTTP/1.1 102 Hm\r\n\r\n").0, "102 ");
        assert!(connection.awaiting_continue(), "only 100 ends the waiting");
        if patience {
            assert_eq!(feed(&mut connection, b"HTTP/1.1 100 Go\r\n\r\n").0, "100 ");
        } else {
            connection.stop_waiting();
        }
        assert!(!connection.awaiting_continue());
        assert_eq!(connection.send_body(b"ab"), Ok(2));
        connection.wrote(2);
        assert_eq!(feed(&mut connection, OK).0, "200 ok end");
        assert_eq!(connection.reuse(), Ok(()));
    }
}

#[test]
fn t53_final_response_instead_of_100_aborts_the_body() {
    for status in [417, 200, 403] {
        for body in [BodyLength::Known(2), BodyLength::Chunked] {
            let mut connection = expecting(body);
            let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n");
            assert_eq!(feed(&mut connection, answer.as_bytes()).0, format!("{status} end"));
            assert_eq!((connection.awaiting_continue(), connection.send_body(b"a")), (false, Err(Misuse::NoBody)));
            assert!(connection.outgoing().is_empty());
            assert_eq!(connection.reuse(), Err(NotReusable::BodyAborted));
        }
    }
}

#[test]
fn t52_early_response_allows_finishing_or_aborting() {
    let begin = || {
        let mut connection = Connection::new(Config::default());
        let head = RequestHead { body: BodyLength::Known(4), ..RequestHead::new("POST", "/") };
        connection.send_head(&head, [("Host", &b"h"[..])]).unwrap();
        connection.wrote(usize::MAX);
        assert_eq!(connection.send_body(b"ab"), Ok(2));
        let refusal = b"HTTP/1.1 413 Too much\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(feed(&mut connection, refusal).0, "413 end");
        assert_eq!(connection.reuse(), Err(NotReusable::RequestUnfinished));
        connection
    };
    let mut finished = begin();
    assert_eq!(finished.send_body(b"cd"), Ok(2));
    finished.wrote(4);
    assert_eq!(finished.reuse(), Ok(()));
    let mut stopped = begin();
    stopped.abort_body();
    assert!(stopped.outgoing().is_empty());
    assert_eq!(stopped.reuse(), Err(NotReusable::BodyAborted));
    // After the last byte was written there is nothing to abort.
    let mut connection = Setup::COMPAT.connection();
    connection.abort_body();
    feed(&mut connection, OK);
    assert_eq!(connection.reuse(), Ok(()));
}

#[test]
fn idle_or_waiting_connection_holds_no_buffer() {
    let mut connection = Setup::COMPAT.connection();
    assert!(matches!(connection.receiving, receiving::Receiving::Head(None)));
    feed(&mut connection, OK);
    connection.reuse().unwrap();
    assert!(matches!(connection.receiving, receiving::Receiving::Idle));
    let mut connection = Connection::new(Config::default());
    let long = vec![b'x'; 10_000];
    connection.send_head(&RequestHead::new("GET", "/"), [("Host", &b"h"[..]), ("A", &long)]).unwrap();
    connection.wrote(usize::MAX);
    assert_eq!(connection.sender.capacity(), 0, "a large buffer is freed once it is written");
}

#[test]
fn written_bytes_of_a_long_body_are_released() {
    let mut connection = Connection::new(Config::default());
    let head = RequestHead { body: BodyLength::Known(10_000_000), ..RequestHead::new("PUT", "/") };
    connection.send_head(&head, [("Host", &b"a"[..])]).unwrap();
    // A slow reader: some bytes always wait.
    for _ in 0..200 {
        let taken = connection.send_body(&[b'x'; 30_000]).unwrap();
        assert!(taken > 0 && connection.outgoing().len() > taken);
        connection.wrote(taken);
    }
    assert!(connection.retained().outgoing <= 256 * 1024, "{:?}", connection.retained());
}
