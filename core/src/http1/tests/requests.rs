//! Outgoing heads and bodies, and requests rejected before anything is sent (T18, T19, T21).

use super::*;

const HOST: (&str, &[u8]) = ("Host", b"h");

fn sent(head: &RequestHead<'_>, fields: &[(&str, &[u8])]) -> Result<String, SendError> {
    let mut connection = Connection::new(Config::default());
    match connection.send_head(head, fields.iter().copied()) {
        Ok(()) => Ok(String::from_utf8_lossy(connection.outgoing()).into_owned()),
        Err(error) => {
            assert!(connection.outgoing().is_empty() && connection.is_idle(), "nothing was sent");
            connection.send_head(&RequestHead::new("GET", "/"), [HOST]).unwrap();
            Err(error)
        }
    }
}

fn refused(head: &RequestHead<'_>, fields: &[(&str, &[u8])]) -> InvalidRequest {
    match sent(head, fields) {
        Err(SendError::Invalid(invalid)) => invalid,
        other => panic!("{other:?}"),
    }
}

const GET: RequestHead<'static> = RequestHead::new("GET", "/");

#[test]
fn caller_fields_keep_order_and_come_first() {
    let head = RequestHead { body: BodyLength::Known(3), ..RequestHead::new("PUT", "/a?") };
    let fields = [HOST, ("x-B", &b" \t1\t "[..]), ("X-a", b"caf\xc3\xa9"), ("x-b", b"")];
    assert_eq!(
        sent(&head, &fields).unwrap(),
        "PUT /a? HTTP/1.1\r\nHost: h\r\nx-B: 1\r\nX-a: café\r\nx-b:\r\nContent-Length: 3\r\n\r\n"
    );
}

#[test]
fn body_and_method_determine_framing_fields() {
    let chunked = "Transfer-Encoding: chunked\r\n";
    for (method, body, want) in [
        ("GET", BodyLength::None, ""),
        ("HEAD", BodyLength::None, ""),
        ("DELETE", BodyLength::None, ""),
        ("POST", BodyLength::None, "Content-Length: 0\r\n"),
        ("PUT", BodyLength::None, "Content-Length: 0\r\n"),
        ("PATCH", BodyLength::None, "Content-Length: 0\r\n"),
        ("post", BodyLength::None, ""),
        ("GET", BodyLength::Known(0), "Content-Length: 0\r\n"),
        ("GET", BodyLength::Known(7), "Content-Length: 7\r\n"),
        ("GET", BodyLength::Chunked, chunked),
        ("POST", BodyLength::Known(u64::MAX), "Content-Length: 18446744073709551615\r\n"),
    ] {
        let head = RequestHead { body, ..RequestHead::new(method, "/") };
        assert_eq!(sent(&head, &[HOST]).unwrap(), format!("{method} / HTTP/1.1\r\nHost: h\r\n{want}\r\n"));
    }
    let old = RequestHead { version: Version::Http10, ..GET };
    assert_eq!(sent(&old, &[]).unwrap(), "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    let old = RequestHead { close: true, ..old };
    assert_eq!(sent(&old, &[HOST]).unwrap(), "GET / HTTP/1.0\r\nHost: h\r\nConnection: close\r\n\r\n");
    let all = RequestHead {
        body: BodyLength::Chunked,
        expect_continue: true,
        close: true,
        upgrade: Some("websocket, h2c/1"),
        te_trailers: true,
        te_gzip: true,
        trailers: &["X-Sum", "X-Sig"],
        ..RequestHead::new("POST", "*")
    };
    assert_eq!(
        sent(&all, &[HOST]).unwrap(),
        "POST * HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, X-Sig\r\nExpect: 100-continue\r\n\
         TE: gzip, trailers\r\nUpgrade: websocket, h2c/1\r\nConnection: close, TE, upgrade\r\n\r\n"
    );
}

#[test]
fn t18_fields_cannot_inject_lines() {
    for value in [&b"a\r\nEvil: 1"[..], b"a\n b", b"a\0b", b"a\rb", b"\x7f", b"\x1b", b"\r\n"] {
        let error = refused(&GET, &[HOST, ("X", value)]);
        assert!(matches!(error, InvalidRequest::FieldValue { .. }), "T18 {value:?}: {error:?}");
    }
    for name in ["", "a b", "a:", "a\r\nb", "a\0", "é", " a", "a "] {
        let error = refused(&GET, &[HOST, (name, b"v")]);
        assert!(matches!(error, InvalidRequest::FieldName { .. }), "T18 {name:?}: {error:?}");
    }
    let error = refused(&GET, &[HOST, ("Authorization", b"hunter2\n")]).to_string();
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn t19_method_and_target_cannot_inject_lines() {
    for method in ["", "GET / HTTP/1.1\r\nX:", "GE T", "GET\0", "GÉT", "G/T", &"A".repeat(33)] {
        assert_eq!(refused(&RequestHead::new(method, "/"), &[HOST]), InvalidRequest::Method, "T19 {method:?}");
    }
    for target in ["", "/a b", "/a\r\nb", "/\t", "/é", "/#f", "/\0", "/\x7f"] {
        let error = refused(&RequestHead::new("GET", target), &[HOST]);
        assert!(matches!(error, InvalidRequest::Target { .. }), "T19 {target:?}: {error:?}");
    }
    assert!(sent(&RequestHead::new("pRoP!", "http://h/%20?a[]=\"{}|\\^`"), &[HOST]).is_ok());
}

#[test]
fn t21_callers_cannot_set_framing_fields() {
    for name in ["Content-Length", "transfer-encoding", "CONNECTION", "Expect", "te", "Trailer", "Upgrade"] {
        let error = refused(&GET, &[HOST, (name, b"x")]);
        assert!(matches!(error, InvalidRequest::OwnedField { .. }), "T21 {name}: {error:?}");
    }
    assert_eq!(refused(&GET, &[]), InvalidRequest::MissingHost);
    assert_eq!(refused(&GET, &[HOST, ("hOST", b"i")]), InvalidRequest::SeveralHosts);
}

#[test]
fn contradictory_heads_are_rejected() {
    use InvalidRequest::*;
    let old = RequestHead { version: Version::Http10, ..GET };
    let known = BodyLength::Known(1);
    for (head, error) in [
        (RequestHead { body: BodyLength::Chunked, ..old }, NotInHttp10),
        (RequestHead { upgrade: Some("a"), ..old }, NotInHttp10),
        (RequestHead { te_trailers: true, ..old }, NotInHttp10),
        (RequestHead { te_gzip: true, ..old }, NotInHttp10),
        (RequestHead { expect_continue: true, body: known, ..old }, NotInHttp10),
        (RequestHead { expect_continue: true, ..GET }, ExpectWithoutBody),
        (RequestHead { expect_continue: true, body: BodyLength::Known(0), ..GET }, ExpectWithoutBody),
        (RequestHead { body: known, ..RequestHead::new("CONNECT", "h:1") }, BodyNotAllowed),
        (RequestHead { body: BodyLength::Chunked, ..RequestHead::new("TRACE", "/") }, BodyNotAllowed),
        (RequestHead { trailers: &["A"], body: known, ..GET }, TrailersWithoutChunked),
        (
            RequestHead { trailers: &["Host"], body: BodyLength::Chunked, ..GET },
            Trailer { name: Excerpt::new(b"Host") },
        ),
        (RequestHead { trailers: &["a b"], body: BodyLength::Chunked, ..GET }, Trailer { name: Excerpt::new(b"a b") }),
        (RequestHead { upgrade: Some("a\r\nb"), ..GET }, Upgrade),
        (RequestHead { upgrade: Some(""), ..GET }, Upgrade),
        (RequestHead { upgrade: Some("a, "), ..GET }, Upgrade),
    ] {
        assert_eq!(refused(&head, &[HOST]), error, "{head:?}");
    }
}

fn begun(body: BodyLength, trailers: &[&str]) -> Connection {
    let mut connection = Connection::new(Config::default());
    connection.send_head(&RequestHead { body, trailers, ..RequestHead::new("POST", "/") }, [HOST]).unwrap();
    connection.wrote(usize::MAX);
    connection
}

/// Returns all outgoing bytes, taken in writes of at most `step`.
fn drain(connection: &mut Connection, step: usize) -> Vec<u8> {
    let mut all = Vec::new();
    while !connection.outgoing().is_empty() {
        let n = connection.outgoing().len().min(step);
        all.extend_from_slice(&connection.outgoing()[..n]);
        connection.wrote(n);
    }
    all
}

#[test]
fn chunks_are_framed_and_empty_pieces_ignored() {
    let mut connection = begun(BodyLength::Chunked, &["x-sum"]);
    assert_eq!(connection.send_body(b"hello"), Ok(5));
    assert_eq!(connection.send_body(b""), Ok(0));
    assert_eq!(connection.send_body(&[b'x'; 16]), Ok(16));
    let wrong = connection.finish_body([("X-Other", &b"1"[..])]);
    assert_eq!(wrong, Err(InvalidRequest::Trailer { name: Excerpt::new(b"X-Other") }.into()));
    let wrong = connection.finish_body([("X-Sum", &b"1\r\nEvil: 1"[..])]);
    assert_eq!(wrong, Err(InvalidRequest::FieldValue { name: Excerpt::new(b"X-Sum"), byte: b'\r' }.into()));
    connection.finish_body([("X-Sum", &b"1"[..])]).unwrap();
    assert!(!connection.request_sent());
    let got = String::from_utf8(drain(&mut connection, 3)).unwrap();
    assert_eq!(got, format!("5\r\nhello\r\n10\r\n{}\r\n0\r\nX-Sum: 1\r\n\r\n", "x".repeat(16)));
    assert!(connection.request_sent());
    assert_eq!(connection.finish_body([]), Err(Misuse::NoBody.into()));

    let mut empty = begun(BodyLength::Chunked, &[]);
    empty.finish_body([]).unwrap();
    assert_eq!(drain(&mut empty, 99), b"0\r\n\r\n");
}

#[test]
fn t21_body_must_match_its_declared_length() {
    let mut long = begun(BodyLength::Known(5), &[]);
    assert_eq!(long.send_body(b"abc"), Ok(3));
    assert_eq!(long.send_body(b"def"), Err(Misuse::BodyTooLong));
    assert_eq!(drain(&mut long, 99), b"abc");
    assert_eq!((long.send_body(b"d"), long.can_reuse()), (Err(Misuse::NoBody), Err(NotReusable::BodyAborted)));

    let mut short = begun(BodyLength::Known(5), &[]);
    assert_eq!(short.send_body(b"abc"), Ok(3));
    assert_eq!(short.finish_body([]), Err(Misuse::BodyTooShort.into()));
    assert_eq!(short.can_reuse(), Err(NotReusable::BodyAborted));

    let mut exact = begun(BodyLength::Known(5), &[]);
    assert_eq!(exact.send_body(b"abcde"), Ok(5));
    drain(&mut exact, 2);
    assert!(exact.request_sent());
    exact.finish_body([]).unwrap();
    assert!(exact.request_sent());

    let mut none = begun(BodyLength::None, &[]);
    assert_eq!(none.send_body(b"a"), Err(Misuse::NoBody));
    assert_eq!(none.bypass(1), Err(Misuse::NoBody));
}

#[test]
fn bypass_requires_an_empty_send_buffer() {
    let mut connection = begun(BodyLength::Known(10), &[]);
    let before = connection.bytes_sent();
    assert_eq!(connection.bypass(4), Ok(()));
    assert_eq!(connection.send_body(b"ab"), Ok(2));
    assert_eq!(connection.bypass(4), Err(Misuse::CannotBypass));
    drain(&mut connection, 99);
    assert_eq!(connection.bypass(4), Ok(()));
    assert!(connection.request_sent());
    assert_eq!(connection.bytes_sent() - before, 10);
    assert_eq!(connection.bypass(1), Err(Misuse::BodyTooLong));
    assert_eq!(begun(BodyLength::Chunked, &[]).bypass(1), Err(Misuse::CannotBypass));
}

#[test]
fn room_bounds_queued_bytes_despite_short_writes() {
    let data: Vec<u8> = (0..300_000u32).map(|n| n as u8).collect();
    for (body, step) in [BodyLength::Known(300_000), BodyLength::Chunked]
        .into_iter()
        .flat_map(|body| [1000, 65_536, 70_001].map(|step| (body, step)))
    {
        let mut connection = begun(body, &[]);
        let (mut wire, mut rest) = (Vec::new(), &data[..]);
        while !rest.is_empty() {
            let room = connection.body_room();
            let taken = connection.send_body(rest).unwrap();
            assert_eq!(taken, room.min(rest.len()));
            assert!(connection.outgoing().len() <= 64 * 1024);
            rest = &rest[taken..];
            let n = connection.outgoing().len().min(step);
            wire.extend_from_slice(&connection.outgoing()[..n]);
            connection.wrote(n);
        }
        connection.finish_body([]).unwrap();
        wire.extend(drain(&mut connection, step));
        let got = match body {
            BodyLength::Chunked => dechunked(&wire),
            _ => wire,
        };
        assert!(got == data, "{body:?} in writes of {step}");
    }
}

/// An independent decoder for chunked coding.
fn dechunked(mut wire: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let end = wire.windows(2).position(|w| w == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&wire[..end]).unwrap(), 16).unwrap();
        wire = &wire[end + 2..];
        if size == 0 {
            assert_eq!(wire, b"\r\n");
            return out;
        }
        out.extend_from_slice(&wire[..size]);
        assert_eq!(&wire[size..size + 2], b"\r\n");
        wire = &wire[size + 2..];
    }
}
