//! Bad input of the caller and the peer: each gives an error that says what was expected and what
//! was seen, at which phase, and never a secret; nothing is lost and nothing stays open.

use std::io::Read;

use petition_std::{BuildError, Error, ErrorKind, Method, Phase, Request, Session};
use petition_tests::httpbin::{Answer, Httpbin};
use petition_tests::server::{Script, Scripted};
use petition_tests::support::{World, eventually, everything};

const CANARY: &str = "canary-7f3a";

/// A request that must fail before anything is sent.
#[track_caller]
fn refused(mut request: Request, words: &str) -> Error {
    let error = request.send().unwrap_err();
    let line = error.to_string();
    assert!(matches!(error.kind(), ErrorKind::Build(_)), "{line}");
    assert_eq!(error.report().phase, Phase::Prepare);
    assert!(line.contains("building the request: ") && line.contains(words), "{line}");
    assert!(!line.contains('\n') && !line.contains('\r'), "{line:?}");
    assert!(!everything(&error).contains(CANARY), "{line}");
    error
}

#[test]
fn t18_line_breaks_are_rejected_before_sending() {
    let world = World::plain();
    let get = || world.session.get(world.url("/get"));
    for (byte, shown) in [("\r", "0x0d"), ("\n", "0x0a"), ("\0", "0x00"), ("\x7f", "0x7f"), ("\r\nEvil: 1", "0x0d")] {
        refused(
            get().header("X-A", format!("{CANARY}{byte}")),
            &format!("value of X-A contains the control character {shown}"),
        );
        refused(get().cookie("a", format!("{CANARY}{byte}")), "contains a control character");
        refused(get().header(format!("X{byte}"), CANARY), "expected a token as a field name");
        assert!(world.session.set_headers([("X-A", byte)]).is_err());
    }
    for name in ["", "a b", "a:", "é", "(x)"] {
        refused(get().header(name, CANARY), "expected a token as a field name");
    }
    refused(get().cookie("a=b", CANARY), "cookie");
    refused(get().cookie("a", format!("{CANARY}; b=c")), "cookie");
    refused(get().basic_auth("a:b", CANARY), "user");
    refused(get().bearer_auth(format!("{CANARY}\n")), "");
    assert_eq!((world.server.requests(), world.server.counts().accepted), (0, 0));
}

#[test]
fn t21_connection_owned_fields_are_rejected() {
    let world = World::plain();
    for name in ["Transfer-Encoding", "Connection", "Upgrade", "Expect", "TE", "Trailer", "Proxy-Authorization"] {
        refused(world.session.post(world.url("/post")).header(name, "chunked").data("abc"), name);
    }
    for (declared, body) in [("5", "abc"), ("2", "abc"), ("x", "abc"), ("3, 3", "abc"), ("-3", "abc")] {
        let request = world.session.post(world.url("/post")).header("Content-Length", declared).data(body);
        refused(request, "expected the body's length 3 in Content-Length");
    }
    assert_eq!(world.server.requests(), 0);
    let fine = world.session.post(world.url("/post")).header("Content-Length", "3").data("abc").send().unwrap();
    assert!(fine.ok(), "what says the same as we do is dropped");
}

#[test]
fn invalid_url_error_names_the_fault() {
    for (url, words) in [
        ("ftp://host/", "expected the scheme http or https, found \"ftp\""),
        ("file:///etc/passwd", "expected the scheme http or https"),
        ("http://", "URL"),
        ("http:///path", "host"),
        ("http://a b/", "URL"),
        ("http://host:99999/", "port number from 1 to 65535"),
        ("http://host:0/", "port number from 1 to 65535"),
        ("http://ho%2Fst/", "contains a percent sign"),
        ("http://a@b@c/", "more than one @"),
        ("http://host\\@evil/", "backslash"),
        ("http://host/\r\nX: y", "control byte 0x0d"),
        ("/relative", "the URL is relative"),
        ("", "the URL is relative"),
    ] {
        let line = refused(petition_std::get(url), words).to_string();
        assert!(line.starts_with("GET "), "{url:?}: {line}");
    }
    refused(petition_std::get(format!("http://user:{CANARY}@host:0/?token={CANARY}")), "port");
    let long = petition_std::get(format!("http://host/{}", "a".repeat(70_000)));
    refused(long, "limit url_bytes is 65536");
    let connect = Session::new().request(Method::CONNECT, "http://host/");
    assert!(matches!(refused(connect, "CONNECT").kind(), ErrorKind::Build(BuildError::Connect)));
}

/// The error of one response, from its head or body.
fn outcome(answer: impl AsRef<[u8]>) -> (Scripted, Session, Result<String, Error>) {
    let server = Scripted::start([Script::new().answer(answer).half_close()]).unwrap();
    let session = Session::new();
    let url = server.url(&format!("/path?token={CANARY}&{CANARY}#{CANARY}"));
    let mut request = session.get(url).bearer_auth(CANARY).cookie("secret", CANARY).sensitive_header("X-Key", CANARY);
    let result = request.send().and_then(|response| response.text());
    (server, session, result)
}

#[test]
fn t96_every_response_fault_reads_well() {
    let head = |fields: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
    let cases = [
        (head(&format!("X: {}\r\n", "a".repeat(70_000))), Phase::Head, "limit head_line_bytes is 65536"),
        (head(&"X: aaaaaaaaaaaaaaaaaaaa\r\n".repeat(200).repeat(20)), Phase::Head, "limit head_"),
        (head(&"X: a\r\n".repeat(300)), Phase::Head, "limit head_fields is 256, found 257"),
        (head("Content-Length: 10\r\n") + "abc", Phase::Body, "expected 10 bytes"),
        (head("Content-Length: 3\r\nContent-Length: 4\r\n") + "abc", Phase::Head, "Content-Length is both 3 and 4"),
        (head("Content-Length: +3\r\n") + "abc", Phase::Head, "expected a number in Content-Length, found \"+3\""),
        (head("Transfer-Encoding: chunked\r\n") + "5\r\nab", Phase::Body, "the connection ended"),
        (head("Transfer-Encoding: chunked\r\n") + "5\r\nabcde\r\n", Phase::Body, "the connection ended"),
        (
            head("Transfer-Encoding: chunked\r\n") + "0x5\r\nabcde\r\n",
            Phase::Body,
            "invalid byte \"x\" in a chunk size",
        ),
        (head("No colon here\r\n"), Phase::Head, "expected a field name and a colon"),
        (head("A: a\0b\r\n"), Phase::Head, "the value of \"A\" in the head contains byte 0x00"),
        ("SSH-2.0-OpenSSH_9\r\n".into(), Phase::Head, "expected HTTP/1.x"),
        ("HTTP/2.0 200 OK\r\n\r\n".into(), Phase::Head, "expected HTTP/1.x"),
        ("HTTP/1.1 2x0 OK\r\n\r\n".into(), Phase::Head, "expected a status line"),
        ("HTTP/1.1 200 OK\r\nA: ".into(), Phase::Head, "the connection ended"),
        ("".into(), Phase::Head, "expected a response, but the connection ended before its first byte"),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n".into(), Phase::Head, "status 101 switches protocols"),
        ("HTTP/1.1 102 Processing\r\n\r\n".repeat(65), Phase::Head, "limit informational_responses is 64"),
        (head("Content-Encoding: gzip\r\nContent-Length: 4\r\n") + "abcd", Phase::Body, "not valid gzip data"),
        (head(&format!("Content-Encoding: {}\r\n", "gzip,".repeat(50))), Phase::Head, "limit content_codings is 3"),
        (
            "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n".into(),
            Phase::Redirect,
            "redirect to unsupported scheme \"file\"",
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: http://a/\r\nLocation: http://b/\r\n\r\n".into(),
            Phase::Redirect,
            "several Location fields",
        ),
    ];
    for (answer, phase, words) in cases {
        let (_server, session, result) = outcome(&answer);
        let shown: String = answer.chars().take(60).collect();
        let error = result.expect_err(&shown);
        let line = error.to_string();
        assert!(line.contains(words), "{shown:?}: {line}");
        assert!(line.starts_with("GET http://127.0.0.1:") && line.contains(" bytes sent, "), "{line}");
        assert!(line.contains("/path?token=***"), "the names of the query are shown: {line}");
        assert!(!line.contains('\n') && line.len() < 400, "{line}");
        assert!(!everything(&error).contains(CANARY), "{line}");
        assert_eq!(session.statistics().open, 0, "{line}");
        // A redirect that cannot be followed is judged when its head is there, whatever the stage
        // is called.
        assert!(error.report().phase == phase || phase == Phase::Redirect, "{line}");
    }
}

#[test]
fn t16_t58_gzip_bomb_error_names_the_limit() {
    // 40 MiB of zeros in 40 KiB, in a stored-size reader and in a collected body alike.
    let mut bomb = Vec::new();
    let mut encoder = flate2::read::GzEncoder::new(std::io::repeat(0).take(40 << 20), flate2::Compression::best());
    encoder.read_to_end(&mut bomb).unwrap();
    let server = Httpbin::builder()
        .handler(move |_| Some(Answer::bytes("text/plain", bomb.clone()).field("Content-Encoding", "gzip")))
        .start()
        .unwrap();
    let session = Session::new();
    let error = session.get(server.url("/")).send().unwrap().text().unwrap_err();
    assert!(error.to_string().contains("limit decode_ratio is 200"), "{error}");
    let error = session.get(server.url("/")).send().unwrap().read_to_end(&mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("limit decode_ratio is 200"), "{error}");
    let limits = |options: &mut petition_std::Options| {
        let mut limits = petition_std::Limits::DEFAULT;
        (limits.decode_ratio, limits.body_bytes) = (1 << 20, 1 << 20);
        options.limits(|l| {
            l.all(limits);
        });
    };
    let error = session.get(server.url("/")).configure(limits).send().unwrap().text().unwrap_err();
    assert!(error.to_string().contains("limit body_bytes is 1048576, found 1048577"), "{error}");
    // Dropped unread, it is not decoded, and its connection is reused.
    drop(session.get(server.url("/")).send().unwrap());
    assert_eq!(session.statistics().idle, 1);
}

#[test]
fn body_limit_applies_to_collected_bodies_only() {
    let world = World::plain();
    world.session.configure(|options| {
        let mut limits = petition_std::Limits::DEFAULT;
        limits.body_bytes = 1000;
        options.limits(|l| {
            l.all(limits);
        });
    });
    let error = world.session.get(world.url("/bytes/1001")).send().unwrap().text().unwrap_err();
    assert!(error.to_string().contains("limit body_bytes is 1000, found 1001"), "{error}");
    let exact = world.session.get(world.url("/range/1000")).send().unwrap();
    assert_eq!(exact.text().unwrap().len(), 1000);
    let mut all = Vec::new();
    world.session.get(world.url("/bytes/100000")).send().unwrap().read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), 100_000, "streaming has no limit of its own");
}

#[test]
fn t69_cookie_bomb_stays_within_jar_limits() {
    let server = Httpbin::builder()
        .handler(|exchange| {
            let round: usize = exchange.number("round", 0);
            (exchange.path == "/bomb").then(|| {
                (0..100).fold(Answer::new(200), |answer, n| {
                    answer.field("Set-Cookie", format!("c{round}x{n}={}; Path=/", "v".repeat(100)))
                })
            })
        })
        .start()
        .unwrap();
    let session = Session::new();
    for round in 0..10 {
        session.get(server.url("/bomb")).query("round", round.to_string()).send().unwrap();
    }
    let kept = session.cookies(|jar| jar.len());
    assert!((50..=180).contains(&kept), "{kept}");
    // The jar's size does not prevent further requests to the server.
    let response = session.get(server.url("/headers")).send().unwrap();
    assert_eq!(response.status(), 200);
    let sent = response.json::<serde_json::Value>().unwrap()["headers"]["Cookie"].as_str().unwrap().len();
    assert!(sent <= 8192, "{sent}");
}

#[test]
fn t13_redirect_loops_and_long_chains_end() {
    let world = World::plain();
    let error = world.session.get(world.url("/redirect/20")).send().unwrap_err();
    assert!(error.to_string().contains("limit redirects.max is 10"), "{error}");
    assert!(error.report().response.is_some(), "the response that was not followed is there");
    assert_eq!(world.server.requests(), 11);
    let server = Scripted::each(
        Script::new()
            .repeat(2, Script::new().answer("HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n")),
    )
    .unwrap();
    let error = Session::new().get(server.url("/loop")).send().unwrap_err();
    assert!(error.to_string().contains("the same request was made 11 times"), "{error}");
    let delivered = world
        .session
        .get(world.url("/redirect/1"))
        .redirects(|r| {
            r.max(0);
        })
        .send()
        .unwrap();
    assert_eq!((delivered.status().as_u16(), delivered.history().len()), (302, 0));
}

#[test]
fn t96_printed_output_contains_no_secret() {
    let world = World::tls();
    let session = &world.session;
    session.set_headers([("Authorization", format!("Bearer {CANARY}"))]).unwrap();
    session.get(world.url(&format!("/cookies/set/sid/{CANARY}"))).send().unwrap();
    let request = session
        .post(world.url("/status/404").replace("://", &format!("://user:{CANARY}@")))
        .query("token", CANARY)
        .bearer_auth(CANARY)
        .cookie("own", CANARY)
        .sensitive_header("X-Key", CANARY)
        .data(CANARY);
    let mut printed = format!("{request:?} {session:?} {:?}", session.state());
    printed += &session.cookies(|jar| format!("{jar:?}"));
    let response = { request }.send().unwrap();
    printed += &format!("{response:?}");
    printed += &everything(&response.error_for_status().unwrap_err());
    let setting = session
        .get(world.url(&format!("/cookies/set/sid/{CANARY}")))
        .redirects(|r| {
            r.max(0);
        })
        .send()
        .unwrap();
    assert!(setting.header("set-cookie").is_some_and(|value| value.contains(CANARY)));
    printed += &format!("{setting:?} {:?}", setting.head());
    let away =
        world.session.get(world.url("/redirect-to")).query("url", format!("ftp://user:{CANARY}@h/?token={CANARY}"));
    printed += &everything(&{ away }.send().unwrap_err());
    let mut late = session.get(world.url(&format!("/delay/5?token={CANARY}")));
    printed += &everything(&late.set_and_send());
    let leak = printed.find(CANARY).map(|at| printed.get(at.saturating_sub(200)..at));
    assert_eq!(leak, None);
}

trait Late {
    fn set_and_send(&mut self) -> Error;
}

impl Late for Request {
    fn set_and_send(&mut self) -> Error {
        self.set_timeout(std::time::Duration::from_millis(200));
        self.send().unwrap_err()
    }
}

#[test]
fn session_works_after_every_fault() {
    let world = World::plain();
    let odd = Scripted::each(Script::new().read_request().send("nonsense\r\n\r\n")).unwrap();
    for _ in 0..5 {
        assert!(world.session.get(odd.url("/")).send().is_err());
        assert!(world.session.get("http://host:0/").send().is_err());
        assert!(world.session.get(world.url("/get")).send().unwrap().text().is_ok());
    }
    assert_eq!((world.server.counts().accepted, world.session.statistics().open), (1, 1));
    odd.wait_for_counts("all closed", |counts| counts.open == 0);
    eventually("one idle connection", || (world.session.statistics().idle == 1).then_some(()));
}
