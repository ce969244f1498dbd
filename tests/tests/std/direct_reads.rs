//! Bodies through petition-std in reads of every size: the same bytes, read directly into the
//! caller's memory or not.

use std::io::Read;

use petition_std::{Error, ErrorKind, Session, Timeout};
use petition_tests::httpbin::pattern;
use petition_tests::server::{Pace, Script, Scripted};
use petition_tests::support::{ONE_SECOND, timed};

/// Each piece of a body arrives in its own read.
const APART: Pace = Pace::Every(std::time::Duration::from_millis(100));

fn chunked(body: &[u8], sizes: &[usize]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = body;
    for size in sizes.iter().cycle() {
        let (chunk, after) = rest.split_at((*size).min(rest.len()));
        if chunk.is_empty() {
            break;
        }
        // Sometimes with an extension.
        let extension = if size % 2 == 1 { ";x=\"y\"" } else { "" };
        out.extend_from_slice(format!("{:X}{extension}\r\n", chunk.len()).as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
        rest = after;
    }
    out.extend_from_slice(b"0\r\nX-Trailer: 1\r\n\r\n");
    out
}

fn read_all(mut reader: impl Read, sizes: &[usize]) -> std::io::Result<Vec<u8>> {
    let mut space = vec![0; sizes.iter().copied().max().unwrap_or(1)];
    let mut all = Vec::new();
    for &size in sizes.iter().cycle() {
        match reader.read(&mut space[..size])? {
            0 => break,
            n => all.extend_from_slice(&space[..n]),
        }
    }
    Ok(all)
}

#[test]
fn every_framing_works_at_every_read_size() {
    let body = pattern(1_500_000, 1);
    let length = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    let coded = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut answers = vec![(true, [&length, &body[..]].concat())];
    for sizes in [&[65_536][..], &[9_000, 100, 1, 70_000], &[1_000], &[400_000, 16], &[8_192, 8_191, 8_193]] {
        answers.push((true, [&coded[..], &chunked(&body, sizes)].concat()));
    }
    answers.push((false, [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", &body[..]].concat()));
    for (keeps, answer) in answers {
        for reads in [&[262_144][..], &[8_192], &[100_000, 10, 8_200], &[4_096]] {
            let script = Script::new().answer(&answer);
            let server = Scripted::start([if keeps {
                script.answer(b"HTTP/1.1 204 No Content\r\n\r\n")
            } else {
                script.close()
            }])
            .unwrap();
            let session = Session::new();
            let response = session.get(server.url("/")).send().unwrap();
            let read = read_all(response, reads).unwrap();
            assert!(read == body, "{} bytes of {}", read.len(), body.len());
            assert_eq!(session.statistics().idle, usize::from(keeps));
            if keeps {
                let second = session.get(server.url("/")).send().unwrap();
                assert!(second.reused() && second.status() == 204);
            }
        }
    }
}

#[test]
fn direct_reads_may_stop_anywhere() {
    let body = pattern(1_500_000, 1);
    let answer = [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), &body].concat();
    for (read, kept) in [(300_000, false), (1_490_000, true), (1_499_999, true)] {
        let script = Script::new().answer(&answer);
        let script = script.answer(b"HTTP/1.1 204 No Content\r\n\r\n");
        for collects in [false, true] {
            let server = Scripted::start([script.clone(), Script::new()]).unwrap();
            let session = Session::new();
            let mut response = session.get(server.url("/")).send().unwrap();
            let mut all = vec![0; read];
            for piece in all.chunks_mut(10_000) {
                response.read_exact(piece).unwrap();
            }
            if collects {
                all.extend_from_slice(&petition_std::Response::bytes(&response).unwrap());
                assert!(all == body);
            } else {
                assert!(body.starts_with(&all));
            }
            drop(response);
            // A short rest is read, so that the connection can be kept.
            assert_eq!(session.statistics().idle, usize::from(kept || collects), "{read} read");
        }
    }
}

#[test]
fn truncated_or_overlong_body_is_an_error() {
    let body = pattern(300_000, 1);
    let mut space = vec![0; 262_144];
    for framing in ["Content-Length: 300001\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n493E1\r\n"] {
        let answer = [b"HTTP/1.1 200 OK\r\n", framing.as_bytes(), &body].concat();
        let server = Scripted::start([Script::new().answer(&answer).close()]).unwrap();
        let mut response = petition_std::get(server.url("/")).send().unwrap();
        let mut read = 0;
        let error = loop {
            match response.read(&mut space) {
                Ok(n) => read += n,
                Err(error) => break error,
            }
        };
        assert_eq!((read, error.kind()), (300_000, std::io::ErrorKind::UnexpectedEof), "{framing}");
    }

    let answer = [b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n", &body[..]].concat();
    let server = Scripted::start([Script::new().answer(&answer)]).unwrap();
    let session = Session::new();
    session.configure(|options| {
        let mut limits = petition_std::Limits::default();
        limits.stream_bytes = Some(200_000);
        options.limits(|l| {
            l.all(limits);
        });
    });
    let mut response = session.get(server.url("/")).send().unwrap();
    let mut read = 0;
    let error = loop {
        match response.read(&mut space) {
            Ok(n) => read += n,
            Err(error) => break error,
        }
    };
    let error = error.into_inner().unwrap().downcast::<Error>().unwrap();
    assert!(matches!(error.kind(), ErrorKind::Limit(limit) if limit.name == "stream_bytes"), "{error}");
    assert_eq!(read, 200_000);
}

/// In one piece and in three: the bytes after the body arrive with its last piece.
#[test]
fn t47_bytes_after_a_body_prevent_reuse() {
    let body = pattern(100_000, 1);
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
    let (half, rest) = body.split_at(50_000);
    for behind in ["HTTP/1.1 200 OK\r\n", ""] {
        let last = |from: &[u8]| [from, behind.as_bytes()].concat();
        let whole = Script::new().read_request().send(head).send(last(&body));
        let pieces = Script::new().read_request().send(head).send(half);
        let pieces = pieces.send_byte_by_byte(&rest[..1], APART).send(last(&rest[1..]));
        for script in [whole, pieces] {
            let server = Scripted::start([script.answer(b"HTTP/1.1 204 No Content\r\n\r\n")]).unwrap();
            let session = Session::new();
            let response = session.get(server.url("/")).send().unwrap();
            assert!(read_all(response, &[262_144]).unwrap() == body);
            assert_eq!(session.statistics().idle, usize::from(behind.is_empty()));
        }
    }
}

#[test]
fn idle_limit_restarts_when_the_caller_returns() {
    let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186A0\r\n".to_vec();
    answer.extend_from_slice(&[b'x'; 100_000]);
    // These eight bytes and one more are known after a chunk: they are copied, the rest is not.
    answer.extend_from_slice(b"\r\nFFFF\r\n");
    answer.extend_from_slice(&[b'y'; 50_000]);
    let server = Scripted::start([Script::new().read_request().send(answer).stall()]).unwrap();
    let session = Session::new();
    let second = std::time::Duration::from_secs(1);
    session.configure(|options| {
        options.idle_timeout(second);
    });
    let mut response = session.get(server.url("/")).send().unwrap();
    let (mut space, mut seen) = (vec![0; 262_144], 0);
    while seen < 150_000 {
        seen += response.read(&mut space).unwrap();
    }
    let error = timed(ONE_SECOND, || response.read(&mut space).unwrap_err().downcast::<Error>().unwrap());
    assert!(matches!(error.kind(), ErrorKind::Timeout { which: Timeout::Idle, .. }), "{error}");
}

#[test]
fn plain_url_loads_no_trust_roots() {
    // Even without usable TLS settings, a session serves a plain URL.
    let server = Scripted::start([Script::new().answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")]).unwrap();
    let session = Session::new();
    assert_eq!(session.get(server.url("/")).send().unwrap().text().unwrap(), "hi");
    assert!(!session.state().with(|state| state.has_default_tls()));
}
