//! Responses: text, JSON, bytes, reading, codings, history, times, cookies, statuses; read once,
//! twice and in part.

use petition_core::http1::Leniencies;
use std::io::{ErrorKind as Io, Read};
use std::time::Duration;

use petition_std::{ErrorKind, Response, Session};
use petition_tests::httpbin::{Answer, Httpbin, pattern};
use petition_tests::server::{Script, Scripted};
use petition_tests::support::World;
use serde_json::{Value, json};

fn scripted(response: impl AsRef<[u8]>) -> (Scripted, Response) {
    let server = Scripted::start([Script::new().answer(response)]).unwrap();
    let response = petition_std::get(server.url("/")).send().unwrap();
    (server, response)
}

fn text(kind: &str, body: &[u8]) -> Result<String, petition_std::Error> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
    scripted([head.as_bytes(), body].concat()).1.text()
}

#[test]
fn text_follows_mark_then_charset() {
    for (kind, body, expected) in [
        ("text/plain", "Grüße".as_bytes(), "Grüße"),
        ("text/plain; charset=ISO-8859-1", b"Gr\xfc\xdfe", "Grüße"),
        ("text/plain; charset=\"windows-1251\"", b"\xcf\xf0\xe8", "При"),
        ("text/plain; charset=shift_jis", b"\x93\xfa\x96{", "日本"),
        ("text/plain; charset=latin1", b"\xff\xfeG\0r\0", "Gr"),
        ("text/plain; charset=utf-16be", b"\0G\0r", "Gr"),
        ("text/html; charset=latin1", b"\xef\xbb\xbfok", "ok"),
    ] {
        assert_eq!(text(kind, body).unwrap(), expected, "{kind}");
    }
    let unknown = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=klingon\r\nContent-Length: 1\r\n\r\nx";
    let (_server, response) = scripted(unknown);
    assert_eq!(response.decoded_text().unwrap().unknown_label.as_deref(), Some("klingon"));
    let server = Scripted::start([Script::new().answer(unknown)]).unwrap();
    let mut strict = petition_std::get(server.url("/")).leniencies(|l| {
        l.all(Leniencies::STRICT);
    });
    let error = strict.send().unwrap().text().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Text(text) if text.label() == "klingon"), "{error}");
}

#[test]
fn replacement_characters_are_counted() {
    let (_server, response) =
        scripted(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\na\xff\xfe");
    let text = response.decoded_text().unwrap();
    assert_eq!((text.text.as_str(), text.replaced), ("a\u{fffd}\u{fffd}", 2));
}

#[test]
fn text_json_and_bytes_can_be_repeated() {
    for world in World::both() {
        let mut response = world.session.get(world.url("/json")).send().unwrap();
        let text = response.text().unwrap();
        assert_eq!(response.text().unwrap(), text);
        let value: Value = response.json().unwrap();
        assert_eq!(response.json::<Value>().unwrap(), value);
        assert_eq!(value["slideshow"]["title"], "Sample");
        assert_eq!(Response::bytes(&response).unwrap(), text);
        // The collected body can still be read, once.
        let mut read = String::new();
        response.read_to_string(&mut read).unwrap();
        assert_eq!(read, text);
    }
}

#[test]
fn t64_json_type_error_names_the_position() {
    let world = World::plain();
    let response = world.session.get(world.url("/json")).send().unwrap();
    let error = response.json::<Vec<u8>>().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Json(_)) && error.to_string().contains("line 1"), "{error}");
    assert!(response.json::<Value>().is_ok(), "the body is still there");
    let deep = scripted(format!("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{}", "[".repeat(100_000))).1;
    let error = deep.json::<Value>().unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("recursion limit"), "{error}");
}

#[test]
fn body_can_be_read_in_any_steps() {
    for world in World::both() {
        let expected = pattern(100_000, 3);
        for (path, step) in [("/bytes/100000?seed=3", 1000), ("/stream-bytes/100000?seed=3", 65_536)] {
            let mut response = world.session.get(world.url(path)).send().unwrap();
            let (mut body, mut space) = (Vec::new(), vec![0; step]);
            loop {
                let n = response.read(&mut space).unwrap();
                if n == 0 {
                    break;
                }
                body.extend_from_slice(space.get(..n).unwrap());
            }
            assert!(body == expected, "{path}");
            assert_eq!(response.read(&mut space).unwrap(), 0, "the end stays the end");
            assert_eq!(Response::bytes(&response).unwrap().len(), 0, "what was read is not collected");
        }
        let stats = world.session.statistics();
        assert_eq!((stats.opened, stats.idle), (1, 1));
    }
}

#[test]
fn rest_is_collected_after_a_partial_read() {
    let world = World::plain();
    let mut response = world.session.get(world.url("/range/26")).send().unwrap();
    let mut first = [0; 3];
    response.read_exact(&mut first).unwrap();
    assert_eq!((&first, response.text().unwrap().as_str()), (b"abc", "defghijklmnopqrstuvwxyz"));
}

#[test]
fn every_coding_is_requested_and_decoded() {
    for world in World::both() {
        for (path, flag, coding) in [
            ("/gzip", "gzipped", "gzip"),
            ("/deflate", "deflated", "deflate"),
            ("/brotli", "brotli", "br"),
            ("/zstd", "zstd", "zstd"),
        ] {
            let response = world.session.get(world.url(path)).send().unwrap();
            assert_eq!(response.header("content-encoding"), Some(coding), "the head is as it was received");
            let told: Value = response.json().unwrap();
            assert_eq!(told[flag], true, "{path}");
            assert!(told["headers"]["Accept-Encoding"].as_str().unwrap().contains(coding));
            assert!(!response.reused() || world.session.statistics().opened == 1);
        }
    }
}

#[test]
fn bytes_stay_encoded_without_decoding() {
    let world = World::plain();
    world.session.configure(|options| {
        options.decode(false);
    });
    let response = world.session.get(world.url("/gzip")).send().unwrap();
    assert!(Response::bytes(&response).unwrap().starts_with(&[0x1f, 0x8b]));
}

#[test]
fn t60_unknown_coding_allows_only_bytes() {
    let raw = "HTTP/1.1 200 OK\r\nContent-Encoding: x-secret\r\nContent-Length: 4\r\n\r\n\"ab\"";
    let (_server, response) = scripted(raw);
    for round in 0..2 {
        assert!(matches!(response.text().unwrap_err().kind(), ErrorKind::Undecoded(_)), "round {round}");
        assert!(matches!(response.json::<Value>().unwrap_err().kind(), ErrorKind::Undecoded(_)), "round {round}");
        assert_eq!(Response::bytes(&response).unwrap(), "\"ab\"");
    }
}

#[test]
fn history_lists_every_hop() {
    for world in World::both() {
        let response = world.session.get(world.url("/redirect/3")).send().unwrap();
        let paths: Vec<_> =
            response.history().iter().map(|hop| (hop.url.path(), hop.status().unwrap().as_u16())).collect();
        assert_eq!(paths, [("/redirect/3", 302), ("/relative-redirect/2", 302), ("/relative-redirect/1", 302)]);
        assert_eq!(response.history()[1].head.as_ref().unwrap().get("location"), Some(&b"/relative-redirect/1"[..]));
        assert_eq!((response.url().path(), world.server.counts().accepted), ("/get", 1));
    }
}

#[test]
fn elapsed_time_ends_with_the_head() {
    let world = World::plain();
    let began = std::time::Instant::now();
    let response = world.session.get(world.url("/drip?numbytes=2&duration=1&delay=0.3")).send().unwrap();
    let elapsed = response.elapsed();
    assert!(elapsed >= Duration::from_millis(300) && elapsed <= began.elapsed(), "{elapsed:?}");
    assert_eq!(Response::bytes(&response).unwrap().len(), 2);
    assert_eq!(response.elapsed(), elapsed);
}

#[test]
fn response_lists_the_cookies_it_set() {
    let (_server, response) = scripted(
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/x; HttpOnly\r\nSet-Cookie: b=x=y; Expires=Wed, 21 Oct 2099 07:28:00 GMT\r\n\
         Content-Length: 0\r\n\r\n",
    );
    let cookies = response.cookies();
    let told: Vec<_> = cookies.iter().map(|c| (c.name(), c.value(), c.path())).collect();
    assert_eq!(told, [("a", "1", Some("/x")), ("b", "x=y", None)]);
    assert_eq!(cookies[0].http_only(), Some(true));
}

#[test]
fn error_for_status_keeps_the_body() {
    let server = Httpbin::builder()
        .handler(|exchange| (exchange.path == "/why").then(|| Answer::json(&json!({"why": "because"})).status(422)))
        .start()
        .unwrap();
    let session = Session::new();
    let response = session.get(server.url("/why?token=hush")).send().unwrap();
    assert!(!response.ok());
    let error = response.error_for_status_ref().unwrap_err();
    assert_eq!(error.status().unwrap(), 422);
    let line = error.to_string();
    assert!(line.contains("below 400, found 422") && !line.contains("hush"), "{line}");
    assert_eq!(response.json::<Value>().unwrap(), json!({"why": "because"}));
    for fine in [200, 204, 304] {
        let response = session.get(server.url(&format!("/status/{fine}"))).send().unwrap();
        assert_eq!(response.ok(), fine < 300);
        assert_eq!(response.error_for_status().unwrap().status(), fine);
    }
}

#[test]
fn response_fields_stay_verbatim() {
    let (_server, response) =
        scripted(b"HTTP/1.0 299 Odd \xe9\r\nX-B: 1\r\nx-a: 2\r\nX-b: 3\r\nContent-Length: 0\r\n\r\n");
    let names: Vec<_> = response.head().fields().iter().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(names, ["X-B", "x-a", "X-b", "Content-Length"]);
    assert_eq!(response.header("x-B"), Some("1"));
    assert_eq!(response.headers().get_all("x-b").iter().count(), 2);
    assert_eq!(response.status(), 299);
    assert!(response.reason().starts_with(b"Odd"));
}

#[test]
fn bodiless_response_returns_its_connection_at_once() {
    for world in World::both() {
        let head = world.session.head(world.url("/get")).send().unwrap();
        let none = world.session.get(world.url("/status/204")).send().unwrap();
        let same = world.session.get(world.url("/cache")).header("If-None-Match", "x").send().unwrap();
        assert_eq!((head.status().as_u16(), none.status().as_u16(), same.status().as_u16()), (200, 204, 304));
        assert_eq!(world.session.statistics().idle, 1);
        assert_eq!(world.server.counts().accepted, 1, "though the responses are still held");
    }
}

#[test]
fn body_failing_with_its_head_fails_on_read() {
    // Head and fault in one segment: the fault must neither be lost nor hang the reader.
    for (body, what) in [
        ("Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "chunk size"),
        ("Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", "gzip"),
        ("Transfer-Encoding: chunked\r\n\r\n\r\n", "chunk size"),
    ] {
        let (_server, mut response) = scripted(format!("HTTP/1.1 200 OK\r\n{body}"));
        assert_eq!(response.status(), 200);
        let error = Response::bytes(&response).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
        assert!(Response::bytes(&response).is_err() && response.text().is_err(), "and stays so");
        assert!(response.read(&mut [0; 8]).is_err());
    }
}

#[test]
fn t44_data_before_a_truncation_is_readable() {
    for world_body in ["Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"] {
        let server = Scripted::start([Script::new()
            .read_request()
            .send(format!("HTTP/1.1 200 OK\r\n{world_body}"))
            .half_close()])
        .unwrap();
        let mut response = petition_std::get(server.url("/")).send().unwrap();
        let mut body = Vec::new();
        let error = response.read_to_end(&mut body).unwrap_err();
        assert_eq!((error.kind(), body.as_slice()), (Io::UnexpectedEof, &b"abc"[..]));
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<petition_std::Error>()).unwrap();
        assert!(inner.is_truncated(), "{inner}");
        assert!(response.read(&mut [0; 8]).is_err(), "an end that was none does not become one");
    }
}

#[test]
fn failed_body_repeats_its_error() {
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhi";
    let coded = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!";
    for (answer, reads) in [(&cut[..], true), (&cut[..], false), (&coded[..], true), (&coded[..], false)] {
        let server = Scripted::start([Script::new().answer(answer)]).unwrap();
        let mut response = petition_std::get(server.url("/")).send().unwrap();
        let read = |response: &mut Response| {
            let error = response.read_to_end(&mut Vec::new()).unwrap_err();
            error.downcast::<petition_std::Error>().unwrap()
        };
        let first = if reads { read(&mut response) } else { Response::bytes(&response).unwrap_err() };
        assert!(first.report().bytes_received > 30 && !matches!(first.kind(), ErrorKind::Cancelled), "{first}");
        for again in [
            Response::bytes(&response).unwrap_err(),
            read(&mut response),
            response.text().unwrap_err(),
            response.json::<Value>().unwrap_err(),
            Response::bytes(&response).unwrap_err(),
        ] {
            assert!(std::ptr::eq(again.report(), first.report()), "{again}");
        }
    }
}

#[test]
fn oversized_body_fails_every_read() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
    let server = Scripted::start([Script::new().answer(answer)]).unwrap();
    let request = petition_std::get(server.url("/"));
    let mut limits = petition_core::Limits::DEFAULT;
    limits.body_bytes = 4;
    let response = request
        .limits(|l| {
            l.all(limits);
        })
        .send()
        .unwrap();
    let first = Response::bytes(&response).unwrap_err();
    assert_eq!(first.kind().to_string(), "limit body_bytes is 4, found 5");
    assert_eq!(first.report().bytes_received, answer.len() as u64 - 5);
    assert!(std::ptr::eq(Response::bytes(&response).unwrap_err().report(), first.report()));
}
