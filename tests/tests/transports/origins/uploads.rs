//! Request bodies: known and unknown lengths, with Expect, and to a slow reader.

use petition_mio::{Method, Request};
use petition_tests::httpbin::pattern;
use petition_tests::net::gate::Gate;
use petition_tests::server::{Script, Scripted};
use petition_tests::support::{Upload, eventually};
use std::time::Duration;

use super::*;

#[test]
fn bodies_of_known_and_unknown_length_arrive_whole() {
    each_way(&Settings::default(), |_, origin, client, _| {
        for (size, told) in [(0, true), (0, false), (10, false), (1 << 20, true), (1 << 20, false)] {
            let request = Request::new(Method::PUT, origin.url("/behind/upload-count"));
            let answer = client.upload(request, &Upload::new(pattern(size, 3)), told).unwrap();
            let expected = format!("\"bytes\": {size}");
            assert!(answer.text().contains(&expected), "{size} {told}: {}", answer.text());
        }
        let body = pattern(300_000, 4);
        let request = Request::new(Method::POST, origin.url("/behind/upload-count")).data(body);
        let asks = request.expect_continue(Duration::from_secs(1));
        let answer = client.send(asks).unwrap();
        assert!(answer.reused && answer.text().contains("\"bytes\": 300000"), "{}", answer.text());
        assert_eq!(origin.kit.violations(), [""; 0]);
    });
}

/// More than the buffers on the path hold.
const MUCH: usize = 32 << 20;

#[test]
fn slow_reader_gets_the_whole_body() {
    let body = pattern(MUCH, 6);
    for program in Program::ALL {
        for client in Client::both(&Authority::new()) {
            println!("{program:?} {client:?}");
            let gate = Gate::new();
            let (opens, expected) = (gate.clone(), body.clone());
            let script = Script::new().act(move |conversation| {
                let head = conversation.read_head()?;
                conversation.wait(&opens)?;
                let (body, _) = conversation.read_body(&head)?;
                assert!(body == expected, "{} bytes", body.len());
                conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nthere")
            });
            let slow = Scripted::start([script]).unwrap();
            let settings = Settings { behind: Some(slow.address()), ..Settings::default() };
            let Some(origin) = program.start(&settings) else { break };
            let upload = Upload::new(body.clone());
            std::thread::scope(|scope| {
                let request = Request::new(Method::PUT, origin.url("/behind/slow"));
                let sending = scope.spawn(|| client.upload(request, &upload, true).unwrap());
                slow.wait_for_requests(1);
                // The buffers on the path fill; then no more is requested.
                let mut last = (0, 0);
                eventually("the body to stop", || {
                    let given = upload.given();
                    last = if given == last.0 { (given, last.1 + 1) } else { (given, 0) };
                    (given > 0 && last.1 > 20).then_some(())
                });
                assert!(upload.given() < MUCH, "nobody has read it");
                gate.open();
                let answer = sending.join().expect("an answer");
                assert_eq!((answer.text().as_str(), upload.given()), ("there", MUCH));
            });
        }
    }
}
