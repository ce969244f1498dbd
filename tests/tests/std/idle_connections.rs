//! Bytes after a response on a reused connection, and the beginning of its idle time.

use std::io::Read;
use std::time::Duration;

use petition_std::{PoolLimits, Session};
use petition_tests::server::{Script, Scripted};

const FORGED: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";
const GOOD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood";

/// Returns the response to an immediate second request, after an unsolicited response behind the
/// first.
fn second_answer(answer: &[u8], reads: usize) -> String {
    let server =
        Scripted::start([Script::new().answer([answer, FORGED].concat()).answer(GOOD), Script::new().answer(GOOD)])
            .unwrap();
    let session = Session::new();
    let mut response = session.get(server.url("/")).send().unwrap();
    let mut space = vec![0; reads];
    while response.read(&mut space).unwrap() > 0 {}
    session.get(server.url("/")).send().unwrap().text().unwrap()
}

/// Lengths near those at which the response alone fills a read.
#[test]
fn t47_surplus_response_after_full_read_answers_nothing() {
    for whole in [17 * 1024 - 1, 17 * 1024, 17 * 1024 + 1, 34 * 1024] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", whole - 42);
        assert_eq!(head.len(), 42);
        let answer = [head.as_bytes(), &vec![b'x'; whole - head.len()]].concat();
        for reads in [4096, 262_144] {
            assert_eq!(second_answer(&answer, reads), "good", "{whole} bytes in reads of {reads}");
        }
    }
}

#[test]
fn t47_surplus_response_after_large_chunks_answers_nothing() {
    for size in [40_000, 100_000] {
        for last in ["0\r\n\r\n", "00\r\n\r\n", "000\r\n\r\n", "0000\r\n\r\n", "0;a\r\n\r\n"] {
            let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
            answer.extend_from_slice(format!("{size:X}\r\n").as_bytes());
            answer.extend_from_slice(&vec![b'x'; size]);
            answer.extend_from_slice(b"\r\n");
            answer.extend_from_slice(last.as_bytes());
            for reads in [8_192, 262_144] {
                assert_eq!(second_answer(&answer, reads), "good", "{size} bytes, then {last:?}, in reads of {reads}");
            }
        }
    }
}

#[test]
fn idle_time_starts_when_returned() {
    let elsewhere = Scripted::start([Script::new().read_request().stall()]).unwrap();
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    let server = Scripted::start([Script::new().answer(answer).answer(answer), Script::new().answer(answer)]).unwrap();
    let second = Duration::from_secs(1);
    let limits = PoolLimits::DEFAULT.idle_time(second);
    let session = Session::builder().pool(limits).build();
    let response = session.get(server.url("/")).send().unwrap();
    // The caller pauses.
    petition_std::get(elsewhere.url("/")).timeout(second * 3 / 2).send().unwrap_err();
    assert_eq!(response.text().unwrap(), "hi");
    assert!(session.get(server.url("/")).send().unwrap().reused());
}
