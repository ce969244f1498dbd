//! Slow servers; secrets in printed output.

use petition_mio::{Flow, Handler, LoopThread, ResponseInfo};

use super::*;

const LIMIT: Duration = Duration::from_millis(250);

#[test]
fn t84_trickling_responses_end_at_the_deadline() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (begin, drop) in [
        ("", ""),
        ("", "HTTP/1.1 200 OK\r\nX: "),
        ("HTTP/1.1 200 OK\r\nX: ", "a"),
        ("HTTP/1.1 200 OK\r\n", "X: y\r\n"),
        ("", "HTTP/1.1 102 Processing\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "a"),
        ("HTTP/1.1 200 OK\r\n\r\n", "a"),
        (chunked, "1\r\na\r\n"),
        (chunked, "3;x"),
        (chunked, ""),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"),
        ("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 1000\r\n\r\n", "a"),
    ] {
        for client in clients() {
            let script = Script::new().read_request().send(begin).act(move |conversation| {
                // Fewer than any limit.
                for _ in 0..12 {
                    conversation.send(drop.as_bytes())?;
                    conversation.pause(Duration::from_millis(30))?;
                }
                conversation.stall()
            });
            let server = Scripted::each(script).unwrap();
            let began = Instant::now();
            let result = client.send(get(server.url("/first")).timeout(LIMIT));
            let took = began.elapsed();
            let error = result.map(|answer| answer.text()).expect_err(begin);
            assert!(
                error.is_timeout() || error.to_string().contains("expected"),
                "{client:?} {begin:?} {drop:?}: {error}"
            );
            assert!(took < LIMIT * 6, "{client:?} {begin:?} {drop:?}: {took:?}");
        }
    }
}

/// Ignores everything.
struct Nothing;

impl Handler for Nothing {
    fn head(&mut self, head: ResponseInfo) {
        assert!(!format!("{head:?}").contains("CANARY"), "{head:?}");
    }
    fn data(&mut self, _: &[u8]) -> Flow {
        Flow::Continue
    }
    fn end(self: Box<Self>, _: Result<(), petition_mio::Error>) {}
}

#[test]
fn t96_petition_mio_prints_no_secret() {
    let answer = "HTTP/1.1 200 OK\r\nSet-Cookie: s=CANARY\r\nContent-Length: 6\r\n\r\nCANARY";
    let server = Scripted::start([Script::new().answer(answer).answer(answer), Script::new().answer(answer)]).unwrap();
    let client = LoopThread::spawn(petition_mio::DriverConfig::default()).unwrap();
    client.set_headers([("Authorization", "Bearer CANARY")]).unwrap();
    let request = || {
        let url = server.url("/?token=CANARY").replace("http://", "http://user:CANARY@");
        client.get(url).cookie("a", "CANARY").sensitive_header("X-Own", "CANARY").data("CANARY")
    };
    let mut shown = format!("{:?} {:?} {:?}", request(), client, client.client());
    let pending = request().join();
    shown += &format!("{pending:?} {:?}", pending.handle());
    let response = pending.wait().unwrap();
    shown += &format!("{response:?} {:?}", client.state().with(|session| format!("{session:?}")));
    let handle = request().stream(Nothing);
    shown += &format!("{handle:?}");
    let refused = petition_tests::net::unreachable::refusing().unwrap();
    let error = client.get(format!("http://user:CANARY@{refused}/?token=CANARY")).bearer_auth("CANARY").join().wait();
    let error = error.unwrap_err();
    shown += &petition_tests::support::everything(&error);
    assert!(!shown.contains("CANARY"), "{shown}");
}
