//! Uploads that the server answers early, reads slowly or wants announced (T52, T53).

use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use petition_std::{ErrorKind, Request, Session};
use petition_tests::httpbin::pattern;
use petition_tests::net::gate::Gate;
use petition_tests::server::{Conversation, Script, Scripted};
use petition_tests::support::{World, session_trusting, timed};
use petition_tests::tls::{Authority, Endpoint};
use serde_json::{Value, json};

const LARGE: u64 = 50 << 20;
const TOO_LARGE: &str = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\ntoo large";
/// Far less than the patience of a stalled server and the idle limit.
const PROMPT: std::ops::RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(10);

/// Zeros, and how many of them were taken.
#[derive(Clone, Default)]
struct Zeros {
    taken: Arc<AtomicU64>,
}

impl Zeros {
    fn reader(&self, size: u64) -> impl Read + Send + 'static {
        struct Counted(io::Take<io::Repeat>, Arc<AtomicU64>);
        impl Read for Counted {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                let n = self.0.read(out)?;
                self.1.fetch_add(n as u64, Ordering::SeqCst);
                Ok(n)
            }
        }
        Counted(io::repeat(0).take(size), self.taken.clone())
    }

    fn taken(&self) -> u64 {
        self.taken.load(Ordering::SeqCst)
    }
}

/// What the server does after its early response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// Closes over unread bytes, so that RST may overtake the answer.
    Close,
    Reset,
    /// FIN, and reads on.
    HalfClose,
    ReadOn,
    /// Neither reads nor closes.
    Stall,
}

impl Then {
    const ALL: [Then; 5] = [Then::Close, Then::Reset, Then::HalfClose, Then::ReadOn, Then::Stall];

    fn follow(self, conversation: &mut Conversation, over: &Gate) -> io::Result<()> {
        conversation.read_head()?;
        conversation.send(TOO_LARGE.as_bytes())?;
        match self {
            Then::Close => conversation.close(),
            Then::Reset => conversation.reset(),
            Then::HalfClose => conversation.half_close(),
            Then::ReadOn => conversation.stall(),
            Then::Stall => conversation.wait(over),
        }
    }
}

/// The three kinds of body of one size; each in a session of its own, since a server that closes
/// without a word may do so after the next POST has left.
fn bodies(authority: &Authority, url: &str, size: u64, zeros: &Zeros) -> [Request; 3] {
    let post = || session_trusting(authority).post(url);
    [
        post().stream(zeros.reader(size), Some(size)),
        post().stream(zeros.reader(size), None),
        post().data(vec![0; usize::try_from(size).unwrap()]),
    ]
}

fn early_answers(size: u64, tls: bool) {
    let (authority, over) = (Authority::new(), Gate::new());
    let endpoint = tls.then(|| Endpoint::new(&authority.issue_localhost()));
    for then in Then::ALL {
        let gate = over.clone();
        let server = Scripted::run(endpoint.clone(), move |conversation| then.follow(conversation, &gate)).unwrap();
        let url = if tls { server.https_url("/") } else { server.url("/") };
        let zeros = Zeros::default();
        for (kind, mut request) in bodies(&authority, &url, size, &zeros).into_iter().enumerate() {
            let outcome = timed(PROMPT, || request.send());
            match outcome {
                Ok(response) => {
                    assert_eq!(response.status(), 413, "{then:?}, {size} bytes, body {kind}");
                    match response.text() {
                        Ok(text) => assert_eq!(text, "too large"),
                        Err(error) => assert!(matches!(then, Then::Close | Then::Reset), "{then:?}: {error}"),
                    }
                }
                // RST may have discarded the response before it was read.
                Err(error) => {
                    assert!(matches!(then, Then::Close | Then::Reset), "{then:?}, {size} bytes, body {kind}: {error}");
                    assert!(matches!(error.kind(), ErrorKind::Io(_) | ErrorKind::Protocol(_)), "{error}");
                }
            }
            if size == LARGE {
                assert!(zeros.taken() < (kind as u64 + 1) * LARGE, "the whole body was sent");
            }
        }
        over.open();
    }
}

#[test]
fn early_413_spares_fifty_megabytes() {
    early_answers(LARGE, false);
}

#[test]
fn early_413_is_returned_under_tls() {
    early_answers(8 << 20, true);
}

#[test]
fn early_413_to_short_body_is_returned() {
    early_answers(100, false);
    early_answers(100, true);
}

#[test]
fn early_response_survives_a_reset() {
    // The response arrived before the server's reset, so it is read first.
    let server = Scripted::run(None, |conversation| {
        conversation.read_head()?;
        conversation.send(TOO_LARGE.as_bytes())?;
        conversation.half_close()?;
        // Some of the upload is read, so that the client is in the midst of writing when the end
        // comes.
        conversation.read_exactly(1 << 20)?;
        conversation.reset()
    })
    .unwrap();
    let zeros = Zeros::default();
    let response = Session::new().post(server.url("/")).stream(zeros.reader(LARGE), Some(LARGE)).send().unwrap();
    assert_eq!((response.status().as_u16(), response.text().unwrap().as_str()), (413, "too large"));
    assert!(zeros.taken() < LARGE);
}

#[test]
fn session_works_after_early_httpbin_response() {
    for world in World::both() {
        for path in ["/early-413", "/early-413?then=close"] {
            let body = vec![7; 20 << 20];
            if let Ok(response) = world.session.post(world.url(path)).data(body).send() {
                assert_eq!(response.status(), 413);
            } else {
                assert!(path.contains("close"), "only RST may lose an answer");
            }
            assert_eq!(world.session.get(world.url("/get")).send().unwrap().status(), 200);
        }
    }
}

#[test]
fn upload_to_a_slow_reader_arrives() {
    let server = Scripted::run(None, |conversation| {
        conversation.read_head()?;
        let (mut sum, mut count) = (0_u64, 0_usize);
        while count < 4_000_000 {
            let piece = conversation.read_exactly(100_000)?;
            sum += piece.iter().map(|byte| u64::from(*byte)).sum::<u64>();
            count += piece.len();
            conversation.pause(Duration::from_millis(10))?;
        }
        let body = sum.to_string();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        conversation.send(answer.as_bytes())
    })
    .unwrap();
    let body = pattern(4_000_000, 9);
    let sum = body.iter().map(|byte| u64::from(*byte)).sum::<u64>().to_string();
    assert_eq!(petition_std::post(server.url("/")).data(body.clone()).send().unwrap().text().unwrap(), sum);
    let mut request = petition_std::post(server.url("/")).stream(Cursor::new(body), Some(4_000_000));
    assert_eq!(request.send().unwrap().text().unwrap(), sum);
}

#[test]
fn redirect_during_an_upload_uses_a_new_connection() {
    // The upload blocks when the redirect arrives; the block must not carry over to the second
    // connection.
    for status in [303, 307] {
        let over = Gate::new();
        let gate = over.clone();
        let server = Scripted::run(None, move |conversation| {
            if conversation.index() == 0 {
                conversation.read_head()?;
                let head = format!("HTTP/1.1 {status} Elsewhere\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n");
                conversation.send(head.as_bytes())?;
                return conversation.wait(&gate);
            }
            let (head, body) = conversation.read_request()?;
            let told = format!("{} {}", head.method, body.len());
            conversation.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{told}", told.len()).as_bytes())
        })
        .unwrap();
        let body = Cursor::new(vec![1; 20 << 20]);
        let mut request = Session::new().post(server.url("/")).seekable(body).unwrap();
        let text = timed(PROMPT, || request.send().unwrap().text().unwrap());
        assert_eq!(text, if status == 303 { "GET 0".to_owned() } else { format!("POST {}", 20 << 20) });
        over.open();
    }
}

fn expecting(session: &Session, url: &str, body: &'static str) -> Request {
    session.post(url).data(body).expect_continue(Duration::from_secs(1))
}

#[test]
fn t53_body_is_sent_on_100() {
    let gate = Gate::new();
    let script = Script::new().read_head().wait(&gate).send("HTTP/1.1 100 Continue\r\n\r\n").read_exactly(4);
    let server = Scripted::start([script.send("HTTP/1.1 204 No Content\r\n\r\n")]).unwrap();
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| expecting(&Session::new(), &server.url("/"), "body").send().unwrap());
        server.wait_for_requests(1);
        assert!(server.requests()[0].expects_continue());
        assert!(server.record(0).received.ends_with(b"\r\n\r\n"), "nothing before the 100");
        gate.release();
        assert_eq!(answer.join().unwrap().status(), 204);
    });
    assert!(server.record(0).received.ends_with(b"body"));
}

#[test]
fn t53_body_is_sent_after_one_second() {
    let server = Scripted::start([Script::new().answer("HTTP/1.1 204 No Content\r\n\r\n")]).unwrap();
    let window = Duration::from_millis(950)..=Duration::from_secs(5);
    let response = timed(window, || expecting(&Session::new(), &server.url("/"), "body").send().unwrap());
    assert_eq!((response.status().as_u16(), server.record(0).bodies), (204, vec![b"body".to_vec()]));
}

#[test]
fn t53_refused_expectation_is_remembered() {
    let refuse = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
    let server = Scripted::run(None, move |conversation| {
        loop {
            let head = conversation.read_head()?;
            if head.expects_continue() {
                conversation.send(refuse.as_bytes())?;
            } else {
                conversation.read_body(&head)?;
                conversation.send(b"HTTP/1.1 204 No Content\r\n\r\n")?;
            }
        }
    })
    .unwrap();
    let session = Session::new();
    for _ in 0..2 {
        assert_eq!(expecting(&session, &server.url("/"), "body").send().unwrap().status(), 204);
    }
    let asked: Vec<_> = server.requests().iter().map(|head| head.expects_continue()).collect();
    assert_eq!(asked, [true, false, false]);
}

#[test]
fn t53_refusal_instead_of_100_withholds_the_body() {
    let server = Scripted::start([Script::new().read_head().send(TOO_LARGE).stall()]).unwrap();
    let session = Session::new();
    let response = timed(PROMPT, || expecting(&session, &server.url("/"), "secret-body").send().unwrap());
    assert_eq!((response.status().as_u16(), response.text().unwrap().as_str()), (413, "too large"));
    drop(response);
    let record = server.wait_for_end(0);
    assert!(record.received.ends_with(b"\r\n\r\n"), "{}", record.received.escape_ascii());
    assert_eq!(session.statistics().open, 0);
}

#[test]
fn httpbin_answers_expect_over_tls() {
    for world in World::both() {
        let body = Cursor::new(vec![0; 1_000_000]);
        let mut request =
            world.session.post(world.url("/upload-count")).stream(body, None).expect_continue(Duration::from_secs(1));
        let response = request.send().unwrap();
        assert_eq!(response.json::<Value>().unwrap()["bytes"], json!(1_000_000));
        assert!(
            response.elapsed() < Duration::from_millis(900),
            "the 100 was not waited out: {:?}",
            response.elapsed()
        );
    }
}
