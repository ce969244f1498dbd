//! Response bodies through the content decoders: bombs (T58), layers (T59), unknown codings (T60),
//! corrupt data (T61), limits.

use petition_core::http1::Leniencies;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use petition_core::http1::Leniency;
use petition_core::{ErrorKind, Method, Request};
use petition_tests::memory::{Caller, ConnectionState, Peer, Reader, same_everywhere, same_in};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn response(fields: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn get() -> Request {
    Request::new(Method::GET, "http://a.test/")
}

#[test]
fn codings_are_decoded_and_the_connection_kept() {
    let world = same_everywhere(|w| {
        let twice = gzip(&gzip(b"hello, hello, hello"));
        w.serve(
            "a.test:80",
            Peer::replies([
                response("Content-Encoding: gzip\r\n", &gzip(b"hello")),
                response("Content-Encoding: x-gzip\r\nContent-Encoding: identity, GZIP\r\n", &twice),
                response("Content-Encoding: gzip\r\n", &[gzip(b"one"), gzip(b"two")].concat()),
                response("Content-Encoding: gzip\r\n", b""),
            ]),
        );
        w.get("http://a.test/").assert(200, "hello");
        w.get("http://a.test/").assert(200, "hello, hello, hello");
        w.get("http://a.test/").assert(200, "onetwo");
        w.get("http://a.test/").assert(200, "");
    });
    assert!(world.received(0).contains("Accept-Encoding: gzip, deflate"));
    assert_eq!(world.connections().len(), 1);
}

#[test]
fn t58_ratio_stops_a_bomb() {
    let bomb = gzip(&vec![0; 50_000_000]);
    let world = same_in(3..7, |w| {
        w.serve("a.test:80", Peer::replies([response("Content-Encoding: gzip\r\n", &bomb)]));
        w.get("http://a.test/");
    });
    let run = &world.transcripts[0];
    assert!(run.error().to_string().contains("decode_ratio"), "{}", run.error());
    assert!(run.body.len() < 12_000_000);
    assert_eq!(world.connections()[0].state, ConnectionState::Closed);
}

#[test]
fn t58_unread_bomb_is_not_decoded() {
    let bomb = gzip(&vec![0; 5_000_000]);
    let world = same_in(3..7, |w| {
        w.serve("a.test:80", Peer::replies([response("Content-Encoding: gzip\r\n", &bomb)]));
        w.send_with(get(), Caller { reader: Reader::Discards(0), ..Caller::default() });
    });
    let run = &world.transcripts[0];
    assert_eq!((run.words(), run.body.len()), (vec!["head 200", "done"], 0));
    assert_eq!(world.connections()[0].state, ConnectionState::Pooled);
}

#[test]
fn t59_too_many_codings_are_an_error() {
    for fields in ["Content-Encoding: gzip, gzip, gzip, gzip\r\n".into(), "Content-Encoding: gzip\r\n".repeat(50)] {
        let world = same_in(0..3, |w| {
            w.serve("a.test:80", Peer::replies([response(&fields, b"x")]));
            w.get("http://a.test/");
        });
        let run = &world.transcripts[0];
        assert!(matches!(run.kind(), ErrorKind::Decode(_)) && run.error().to_string().contains("content_codings"));
        assert_eq!(run.error().report().response.as_ref().unwrap().status(), 200);
    }
}

#[test]
fn t60_unknown_coding_leaves_the_body_encoded() {
    let world = same_in(0..4, |w| {
        w.serve("a.test:80", Peer::replies([response("Content-Encoding: mystery\r\n", b"raw"), OK.into()]));
        w.get("http://a.test/").assert(200, "raw");
        w.get("http://a.test/").assert(200, "hi");
    });
    assert_eq!(world.transcripts[0].undecoded, ["mystery"]);
    assert!(world.transcripts[1].undecoded.is_empty());
}

#[test]
fn t61_corrupt_and_truncated_data_is_an_error() {
    let whole = gzip(b"hello, world");
    let mut wrong = whole.clone();
    let at = whole.len() - 8;
    wrong[at] ^= 1;
    for body in [&whole[..whole.len() - 1], &whole[..5], b"not gzip at all", &wrong] {
        let world = same_everywhere(|w| {
            w.serve("a.test:80", Peer::replies([response("Content-Encoding: gzip\r\n", body)]));
            w.get("http://a.test/");
        });
        assert!(matches!(world.transcripts[0].kind(), ErrorKind::Decode(_)), "{}", world.transcripts[0].error());
    }
    let trailing = [whole.clone(), b"garbage".to_vec()].concat();
    let world = same_everywhere(|w| {
        w.serve("a.test:80", Peer::replies([response("Content-Encoding: gzip\r\n", &trailing)]));
        w.get("http://a.test/").assert(200, "hello, world");
        w.serve("a.test:80", Peer::replies([response("Content-Encoding: gzip\r\n", &trailing)]));
        w.send(get().configure(|o| {
            o.leniencies(|l| {
                l.all(Leniencies::STRICT);
            });
            o.keep_alive(false);
        }));
    });
    assert!(matches!(world.transcripts[1].kind(), ErrorKind::Decode(_)));
    assert!(world.transcripts[0].tolerated.contains(Leniency::DataAfterCoding));
}

#[test]
fn t61_trailing_data_is_reported_padding_is_not() {
    for (tail, told) in [(&b""[..], false), (b"\0\0\0", false), (b"x", true), (b"\0x", true), (b"\x1F junk", true)] {
        let body = [&gzip(b"hello"), tail].concat();
        let world = same_everywhere(|w| {
            w.serve("a.test:80", Peer::replies([response("Content-Encoding: gzip\r\n", &body), OK.into()]));
            w.get("http://a.test/").assert(200, "hello");
            w.get("http://a.test/").assert(200, "hi");
        });
        let [first, second] = &world.transcripts[..] else { panic!("two transfers") };
        assert_eq!(first.tolerated.contains(Leniency::DataAfterCoding), told, "{tail:?}");
        assert!(second.tolerated.is_empty(), "{tail:?}");
    }
}

#[test]
fn t61_strict_mode_rejects_encoded_bodies_without_content() {
    let until_close = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
    let chunked = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let empty = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n";
    let none = "HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n";
    for (answer, doubtful) in [(until_close, true), (chunked, false), (empty, false), (none, false)] {
        for strict in [false, true] {
            let world = same_everywhere(|w| {
                w.serve("a.test:80", Peer::new().request().send(answer).close());
                w.send(get().leniencies(|l| {
                    l.all(if strict { Leniencies::STRICT } else { Leniencies::COMPAT });
                }));
            });
            let run = &world.transcripts[0];
            if doubtful && strict {
                assert!(run.error().is_truncated(), "{answer}: {}", run.error());
            } else {
                assert_eq!(run.text(), "", "{answer}");
                assert_eq!(run.tolerated.contains(Leniency::EmptyEncodedBody), doubtful, "{answer}");
            }
        }
    }
}

#[test]
fn t60_bodiless_response_is_empty_text() {
    let fields = "Content-Encoding: mystery\r\nContent-Type: text/plain; charset=mystery\r\n";
    for (method, answer) in [
        (Method::HEAD, format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 5\r\n\r\n")),
        (Method::GET, format!("HTTP/1.1 204 No Content\r\n{fields}\r\n")),
        (Method::GET, format!("HTTP/1.1 304 Not Modified\r\n{fields}\r\n")),
        (Method::GET, format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 0\r\n\r\n")),
        (Method::GET, format!("HTTP/1.1 200 OK\r\n{fields}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")),
    ] {
        let world = same_in(0..3, |w| {
            w.serve("a.test:80", Peer::replies([&answer]));
            w.send(Request::new(method.clone(), "http://a.test/").leniencies(|l| {
                l.all(Leniencies::STRICT);
            }));
        });
        let run = &world.transcripts[0];
        assert_eq!(run.content().unwrap().text, "", "{answer}");
        assert_eq!(run.undecoded.is_empty(), !answer.contains("200 OK") || method == Method::HEAD, "{answer}");
    }
}

#[test]
fn t60_misnamed_codings_are_skipped_and_reported() {
    for name in ["none", "utf-8", "binary", "8bit", "ISO-8859-1", "none, gzip"] {
        let body = if name.ends_with("gzip") { gzip(b"hello") } else { b"hello".to_vec() };
        let answer = response(&format!("Content-Encoding: {name}\r\n"), &body);
        let world = same_in(0..3, |w| {
            w.serve("a.test:80", Peer::replies([&answer, &answer]));
            w.get("http://a.test/").assert(200, "hello");
            w.send(get().leniencies(|l| {
                l.all(Leniencies::STRICT);
            }));
        });
        let [compat, strict] = &world.transcripts[..] else { panic!("two transfers") };
        assert!(compat.tolerated.contains(Leniency::NotACoding) && compat.undecoded.is_empty(), "{name}");
        assert_eq!(compat.content().unwrap().text, "hello", "{name}");
        assert!(strict.tolerated.is_empty() && strict.body == body, "{name}");
        assert!(matches!(strict.content(), Err(ErrorKind::Undecoded(_))), "{name}");
    }
}

#[test]
fn t60_partial_content_is_not_decoded() {
    let part = &gzip(b"hello")[3..9];
    let head = format!("HTTP/1.1 206 Part\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", part.len());
    let answer = [head.as_bytes(), part].concat();
    let world = same_in(0..3, |w| {
        w.serve("a.test:80", Peer::replies([&answer]));
        w.send(get().header("Range", "bytes=3-8"));
    });
    let run = &world.transcripts[0];
    assert_eq!((&run.body[..], &run.undecoded[..]), (part, &["gzip".to_owned()][..]));
    assert!(matches!(run.content(), Err(ErrorKind::Undecoded(_))));
}

#[test]
fn t63_unknown_charset_decodes_as_utf_8() {
    let answer = response("Content-Type: text/plain; charset=mystery\r\n", "héllo".as_bytes());
    let world = same_in(0..3, |w| {
        w.serve("a.test:80", Peer::replies([&answer, &answer]));
        w.get("http://a.test/");
        w.send(get().leniencies(|l| {
            l.all(Leniencies::STRICT);
        }));
    });
    let text = world.transcripts[0].content().unwrap();
    assert_eq!((&*text.text, text.encoding, text.unknown_label.as_deref()), ("héllo", "UTF-8", Some("mystery")));
    assert!(matches!(world.transcripts[1].content(), Err(ErrorKind::Text(_))));
}

#[test]
fn stream_limit_counts_decoded_bytes() {
    let limits = |w: &mut petition_tests::memory::World, most| {
        let mut limits = petition_core::Limits::DEFAULT;
        limits.stream_bytes = Some(most);
        w.session.configure(|o| {
            o.limits(|l| {
                l.all(limits);
            });
        });
    };
    for (fields, body) in [("", b"hello, world".to_vec()), ("Content-Encoding: gzip\r\n", gzip(b"hello, world"))] {
        let world = same_everywhere(|w| {
            limits(w, 12);
            w.serve("a.test:80", Peer::replies([response(fields, &body), response(fields, &body)]));
            w.get("http://a.test/").assert(200, "hello, world");
            limits(w, 11);
            w.get("http://a.test/");
        });
        let run = &world.transcripts[1];
        assert!(run.error().to_string().contains("stream_bytes is 11, found 12"), "{}", run.error());
        assert!(b"hello, world".starts_with(&run.body));
    }
}

#[test]
fn decoding_can_be_turned_off() {
    let world = same_in(0..3, |w| {
        let body = gzip(b"hello");
        w.serve("a.test:80", Peer::replies([response("Content-Encoding: gzip\r\n", &body)]));
        let run = w.send(get().decode(false));
        assert_eq!(run.body, body);
    });
    assert!(!world.received(0).contains("Accept-Encoding"));
}
