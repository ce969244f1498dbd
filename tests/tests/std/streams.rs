//! Request bodies whose source waits for the server, is slower than the response, or reports a
//! false size (T52).

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use petition_std::{ErrorKind, Method, petition_core};
use petition_tests::net::gate::Gate;
use petition_tests::net::watch::Watch;
use petition_tests::server::Scripted;
use petition_tests::support::{Client, session_trusting};
use petition_tests::tls::{Authority, Endpoint};
use rustls::ProtocolVersion;

const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";
const TOO_LARGE: &str = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\ntoo large";

/// Gives its next piece once the server has the previous one, and the first once it has the head.
struct Lockstep {
    server: Arc<Scripted>,
    given: usize,
    pieces: usize,
}

fn piece(number: usize) -> String {
    format!("<piece {number:03}>")
}

impl Read for Lockstep {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let before = match self.given {
            0 => "\r\n\r\n".to_owned(),
            n => piece(n - 1),
        };
        self.server.wait_for_record(0, "what was given before", |record| {
            record.received.windows(before.len()).any(|seen| seen == before.as_bytes())
        });
        if self.given == self.pieces {
            return Ok(0);
        }
        let next = piece(self.given);
        self.given += 1;
        out[..next.len()].copy_from_slice(next.as_bytes());
        Ok(next.len())
    }
}

#[test]
fn t52_source_may_wait_for_the_server() {
    const PIECES: usize = 20;
    let authority = Authority::new();
    let whole: String = (0..PIECES).map(piece).collect();
    for tls in [false, true] {
        for told in [false, true] {
            let endpoint = tls.then(|| Endpoint::new(&authority.issue_localhost()));
            let server = Scripted::run(endpoint, |conversation| {
                conversation.read_request()?;
                conversation.send(NO_CONTENT.as_bytes())
            });
            let server = Arc::new(server.unwrap());
            let url = if tls { server.https_url("/") } else { server.url("/") };
            let source = Lockstep { server: server.clone(), given: 0, pieces: PIECES };
            let length = told.then_some(whole.len() as u64);
            let mut request = session_trusting(&authority).post(url).stream(source, length);
            assert_eq!(request.send().unwrap().status(), 204);
            assert_eq!(server.record(0).bodies, [whole.as_bytes()], "tls: {tls}, length told: {told}");
        }
    }
}

/// Endless, in pieces of 16 KiB; begins when the server has answered.
struct AfterTheAnswer {
    answered: Arc<Watch<bool>>,
    given: Arc<AtomicUsize>,
}

impl Read for AfterTheAnswer {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.answered.wait_for("the answer", |answered| answered.then_some(()));
        let n = out.len().min(16 * 1024);
        out[..n].fill(b'x');
        assert!(self.given.fetch_add(n, Ordering::SeqCst) < 50 << 20, "the answer is not seen");
        Ok(n)
    }
}

#[test]
fn t52_response_is_seen_during_a_slow_upload() {
    let authority = Authority::new();
    for tls in [false, true] {
        for length in [None, Some(100 << 20)] {
            let answered = Arc::new(Watch::new(false));
            let told = answered.clone();
            let endpoint = tls.then(|| Endpoint::new(&authority.issue_localhost()));
            let server = Scripted::run(endpoint, move |conversation| {
                conversation.read_head()?;
                conversation.send(TOO_LARGE.as_bytes())?;
                told.update(|told| *told = true);
                // It keeps reading: no write of the client ever waits.
                conversation.stall()
            })
            .unwrap();
            let given = Arc::new(AtomicUsize::new(0));
            let source = AfterTheAnswer { answered, given: given.clone() };
            let url = if tls { server.https_url("/") } else { server.url("/") };
            let response = session_trusting(&authority).post(url).stream(source, length).send().unwrap();
            assert_eq!((response.status().as_u16(), &*response.text().unwrap()), (413, "too large"));
            let given = given.load(Ordering::SeqCst);
            assert!(given <= 4 << 20, "tls: {tls}: {given} bytes were sent after the answer");
        }
    }
}

/// Reports more bytes than fit.
struct Liar;

impl Read for Liar {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        Ok(out.len() + 1)
    }
}

#[test]
fn reader_that_reports_too_much_is_an_error() {
    for length in [None, Some(10), Some(1 << 30)] {
        let server = Scripted::run(None, |conversation| {
            conversation.read_request()?;
            conversation.send(NO_CONTENT.as_bytes())
        })
        .unwrap();
        let mut request = petition_std::post(server.url("/")).stream(Liar, length);
        let error = request.send().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::RequestBody(_)), "{error}");
        assert!(error.to_string().contains("for a buffer of"), "{error}");
    }
}

#[test]
fn alert_is_the_cause_behind_a_failed_write() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let endpoint = Endpoint::builder(&authority.issue_localhost()).clients_of(&clients);
    let endpoint = endpoint.only(ProtocolVersion::TLSv1_3).build();
    let never = Gate::new();
    let server = Scripted::run(Some(endpoint), move |conversation| conversation.wait(&never)).unwrap();
    for client in Client::both(&authority) {
        for _ in 0..5 {
            let request = petition_core::Request::new(Method::POST, server.https_url("/")).data(vec![0; 3_000_000]);
            let error = client.send(request).unwrap_err();
            assert!(error.to_string().contains("alert"), "{client:?}: {error}");
        }
    }
}
