//! False, bursting or truncated codings; unwanted bodies.

use petition_core::http1::Leniencies;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use petition_tests::support::chain;

use super::*;

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::best());
    out.write_all(plain).unwrap();
    out.finish().unwrap()
}

fn answer(coding: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[track_caller]
fn decoded(coding: &str, body: &[u8], want: Want) {
    let script = || Script::new().answer(answer(coding, body));
    plays(&script, if matches!(want, Kept(_)) { Waits } else { Ends }, want, &|_| {}, &format!("{coding} {body:.40?}"));
}

#[test]
fn t58_bomb_stops_and_unread_bodies_stay_encoded() {
    let bomb = gzip(&vec![0; 40 << 20]);
    decoded("gzip", &bomb, Refused("limit decode_ratio is 200"));
    // A bomb in a bomb.
    decoded("gzip, gzip", &gzip(&bomb), Refused("limit decode_ratio is 200"));
    let head = format!(
        "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        bomb.len()
    );
    let moved = [head.as_bytes(), &bomb].concat();
    for client in clients() {
        let server = Scripted::each(Script::new().answer(&moved).answer(NEXT)).unwrap();
        let answer = client.get(server.url("/"));
        assert_eq!((answer.text().as_str(), answer.hops, answer.reused), ("next", 1, true), "short enough to be read");
    }
}

#[test]
fn t59_layers_are_counted_over_all_fields() {
    let many = vec!["gzip"; 50].join(", ");
    decoded(&many, b"abc", Refused("limit content_codings is 3"));
    decoded(&many.replace(", ", "\r\nContent-Encoding: "), b"abc", Refused("limit content_codings is 3"));
    let three = gzip(&gzip(&gzip(b"within")));
    decoded("gzip, x-gzip\r\nContent-Encoding: GZIP", &three, Kept("within"));
}

#[test]
fn t60_unknown_codings_stay_encoded() {
    decoded("what", b"as it is", Kept("as it is"));
    decoded("what, identity", b"as it is", Kept("as it is"));
    decoded("identity, ,identity", b"as it is", Kept("as it is"));
    for client in clients() {
        let server = Scripted::start([Script::new().answer(answer("gzip, what", b"as it is"))]).unwrap();
        let error = match &client {
            Client::Std(session) => session.get(server.url("/")).send().unwrap().text().unwrap_err(),
            Client::Mio(client) => client.get(server.url("/")).join().wait().unwrap().text().unwrap_err(),
        };
        assert!(error.to_string().contains("what"), "{error}");
    }
}

#[test]
fn t61_damaged_body_fails_members_are_joined() {
    let whole = gzip(b"the whole text");
    for cut in [1, 9, 12, whole.len() - 9, whole.len() - 1] {
        decoded("gzip", &whole[..cut], Refused("gzip"));
    }
    let mut damaged = whole.clone();
    *damaged.iter_mut().nth_back(5).unwrap() ^= 1;
    decoded("gzip", &damaged, Refused("gzip"));
    decoded("gzip", b"no gzip at all", Refused("gzip"));
    decoded("gzip", &[whole.clone(), gzip(b" and more")].concat(), Kept("the whole text and more"));
    decoded("gzip", &[&whole[..], &[0; 30]].concat(), Kept("the whole text"));
    decoded("gzip", b"", Kept(""));
    let strict = |options: &mut Options| {
        options.leniencies(|l| {
            l.all(Leniencies::STRICT);
        });
    };
    let trailing = answer("gzip", &[&whole[..], b"garbage"].concat());
    plays(&|| Script::new().answer(&trailing), Ends, Refused("gzip"), &strict, "bytes behind");
    // Truncated in transit, not by the coding.
    let cut = &answer("gzip", &whole)[..80];
    plays(&|| Script::new().answer(cut), Ends, Refused("the connection ended"), &|_| {}, "a cut");
}

#[test]
fn t62_deflate_may_be_zlib_or_raw() {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(b"with a frame").unwrap();
    decoded("deflate", &zlib.finish().unwrap(), Kept("with a frame"));
    let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
    bare.write_all(b"bare").unwrap();
    decoded("deflate", &bare.finish().unwrap(), Kept("bare"));
}

/// Returns the text of a response with this body, or its error's text, for both clients.
fn texts(kind: &str, body: &[u8]) -> [Result<String, String>; 2] {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
    clients().map(|client| {
        let server = Scripted::start([Script::new().answer([head.as_bytes(), body].concat())]).unwrap();
        let text = match &client {
            Client::Std(session) => session.get(server.url("/")).send().unwrap().text(),
            Client::Mio(client) => client.get(server.url("/")).join().wait().unwrap().text(),
        };
        text.map_err(|error| error.to_string())
    })
}

#[test]
fn t63_charset_follows_mark_then_label() {
    for (kind, body, text) in [
        ("text/plain; charset=iso-8859-1", &b"\xff\xfea\0b\0"[..], "ab"),
        ("text/plain; charset=iso-8859-1", b"\xe9", "\u{e9}"),
        ("text/plain", b"\xe9", "\u{fffd}"),
        ("text/html", b"<meta charset=iso-8859-1>\xe9", "<meta charset=iso-8859-1>\u{fffd}"),
    ] {
        for got in texts(kind, body) {
            assert_eq!(got.as_deref(), Ok(text), "{kind} {body:?}");
        }
    }
    for label in ["utf-7", "no-such-thing", "../../x"] {
        for got in texts(&format!("text/plain; charset={label}"), b"+AGE-") {
            assert_eq!(got.as_deref(), Ok("+AGE-"), "{label}: it is UTF-8 then");
        }
    }
}

#[test]
fn t64_deeply_nested_json_is_an_error() {
    let body = "[".repeat(1_000_000);
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    for client in clients() {
        let server = Scripted::start([Script::new().answer(&answer)]).unwrap();
        let json = match &client {
            Client::Std(session) => session.get(server.url("/")).send().unwrap().json::<serde_json::Value>(),
            Client::Mio(client) => client.get(server.url("/")).join().wait().unwrap().json(),
        };
        let error = json.unwrap_err();
        assert!(chain(&error).contains("recursion limit"), "{client:?}: {error}");
    }
}

#[test]
fn t16_unwanted_body_is_drained_up_to_a_limit() {
    let moved = "HTTP/1.1 302 Found\r\nLocation: /there\r\n";
    for fields in ["Content-Length: 1000000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n", "\r\n"] {
        for client in clients() {
            let sent = Arc::new(AtomicUsize::new(0));
            let (begin, counter) = (format!("{moved}{fields}"), sent.clone());
            let pushes = Script::new().read_request().send(&begin).act(move |conversation| {
                let piece = [&b"10000\r\n"[..], &[b'x'; 65_536], b"\r\n"].concat();
                while counter.load(Ordering::SeqCst) < 1 << 28 {
                    conversation.send(&piece)?;
                    counter.fetch_add(piece.len(), Ordering::SeqCst);
                }
                Ok(())
            });
            let server = Scripted::start([pushes, Script::new().answer(NEXT)]).unwrap();
            let answer = client.get(server.url("/"));
            assert_eq!((answer.text().as_str(), answer.reused), ("next", false), "{fields:?} {client:?}");
            server.wait_for_end(0);
            assert!(sent.load(Ordering::SeqCst) < 64 << 20, "{fields:?} {client:?}: {sent:?}");
        }
    }
}
