//! How long connections are kept, and TLS session resumption.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use petition_mio::{Method, Request};
use petition_tests::net::PATIENCE;
use petition_tests::support::Answer;

use super::*;

#[test]
fn request_limit_opens_another_connection() {
    let settings = Settings { keep_requests: 3, ..Settings::default() };
    each_way(&settings, |program, origin, client, _| {
        let answers: Vec<_> = (0..12).map(|_| client.get(origin.url("/text"))).collect();
        let mut kept = false;
        for answer in &answers {
            assert_eq!((answer.text().as_str(), answer.reused), ("a text\n", kept));
            kept = !answer.field("connection").eq_ignore_ascii_case("close");
        }
        let opened = answers.iter().filter(|answer| !answer.reused).count();
        match program {
            Program::Haproxy => assert_eq!(opened, 1),
            // Apache does not count the first request.
            Program::Nginx | Program::Apache => assert!((3..=4).contains(&opened), "{opened}"),
        }
    });
}

/// Uses two connections, one after the other, and waits until the server has closed them: by then
/// it has closed all that were idle before. Of one alone that is not certain, since servers count
/// in coarse steps.
fn outwait(origin: &Origin) {
    for _ in 0..2 {
        let mut stream = TcpStream::connect(origin.process.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(b"GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    }
}

#[test]
fn connection_closed_by_the_server_is_never_reused() {
    let settings = Settings { keep_time: Duration::from_millis(150), ..Settings::default() };
    each(&settings, &Authority::new(), |_, origin, client| {
        for method in [Method::GET, Method::POST] {
            assert_eq!(client.get(origin.url("/text")).status(), 200);
            outwait(origin);
            let url = origin.url("/behind/anything");
            let answer = client.send(Request::new(method.clone(), url).data("once")).unwrap();
            assert_eq!((answer.status(), answer.reused), (200, false), "{method}");
        }
        assert_eq!(origin.kit.violations(), [""; 0]);
    });
}

#[test]
fn origin_resumes_the_tls_session() {
    each_way(&Settings::default(), |program, origin, client, tls| {
        if tls.is_none() {
            return;
        }
        let closing = || {
            Request::new(Method::GET, origin.url("/text")).configure(|options| {
                options.keep_alive(false);
            })
        };
        let resumed = |answer: Answer| match (program, answer.field("x-resumed").as_str()) {
            (Program::Nginx, "r") | (Program::Apache, "Resumed") | (Program::Haproxy, "1") => true,
            (Program::Nginx, ".") | (Program::Apache, "Initial") | (Program::Haproxy, "0") => false,
            (_, other) => panic!("{other}"),
        };
        let [first, second] = [(); 2].map(|()| resumed(client.send(closing()).unwrap()));
        assert_eq!((first, second), (false, true));
    });
}
