//! Outgoing requests: every method, query pairs, and bodies of every kind, as the kit's httpbin
//! receives them.

use std::io::{self, Cursor, Read};

use petition_std::{ErrorKind, Method, Request, Response};
use petition_tests::httpbin::pattern;
use petition_tests::server::{Script, Scripted};
use petition_tests::support::World;
use serde_json::{Value, json};

fn told(mut request: Request) -> Value {
    let response = request.send().unwrap();
    assert!(response.ok(), "{}", response.status());
    response.json().unwrap()
}

/// A reader that gives at most `step` bytes at a time.
struct Drops {
    bytes: Cursor<Vec<u8>>,
    step: usize,
}

impl Drops {
    fn of(bytes: &[u8], step: usize) -> Drops {
        Drops { bytes: Cursor::new(bytes.to_vec()), step }
    }
}

impl Read for Drops {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = out.len().min(self.step);
        self.bytes.read(out.get_mut(..most).unwrap_or_default())
    }
}

#[test]
fn every_method_arrives_verbatim() {
    for world in World::both() {
        let (session, url) = (&world.session, world.url("/anything"));
        for request in [
            session.get(&url),
            session.post(&url),
            session.put(&url),
            session.patch(&url),
            session.delete(&url),
            session.request(Method::TRACE, &url),
            session.request(Method::from_bytes(b"BREW-coffee").unwrap(), &url),
        ] {
            let method = request.method().to_string();
            assert_eq!(told(request)["method"], method);
        }
        let head = session.head(&url).send().unwrap();
        assert!(head.header("content-length").is_some_and(|length| length != "0"));
        assert_eq!(Response::bytes(&head).unwrap().len(), 0);
        let options = session.request(Method::OPTIONS, world.url("/post")).send().unwrap();
        assert_eq!((options.status().as_u16(), options.header("allow")), (200, Some("POST")));
        assert_eq!((world.server.violations(), world.server.counts().accepted), (vec![], 1));
    }
}

#[test]
fn only_empty_post_sends_zero_length() {
    let world = World::plain();
    for (request, length) in [
        (world.session.get(world.url("/anything")), None),
        (world.session.delete(world.url("/anything")), None),
        (world.session.post(world.url("/anything")), Some("0")),
        (world.session.put(world.url("/anything")), Some("0")),
        (world.session.patch(world.url("/anything")), Some("0")),
        (world.session.get(world.url("/anything")).data("abc"), Some("3")),
    ] {
        let method = request.method().clone();
        let told = told(request);
        assert_eq!(told["headers"].get("Content-Length").and_then(Value::as_str), length, "{method}");
        assert!(told["headers"].get("Transfer-Encoding").is_none(), "{method}");
    }
}

#[test]
fn query_pairs_extend_the_urls_query() {
    let world = World::plain();
    world.session.configure(|options| options.query.append("of", "session"));
    let request = world.session.get(world.url("/get?a=1&b=%20")).query("a", "2").query("é&=", "+ %");
    let told = told(request);
    assert_eq!(told["args"], json!({"a": ["1", "2"], "b": " ", "é&=": "+ %", "of": "session"}));
    assert_eq!(world.session.get(world.url("/get?#part")).send().unwrap().url().query(), Some("of=session"));
}

#[test]
fn form_json_text_and_bytes_have_their_types() {
    for world in World::both() {
        let post = || world.session.post(world.url("/post"));
        let form = told(post().form([("a", "1"), ("a", "2"), ("é", "ü + &")]));
        assert_eq!(form["form"], json!({"a": ["1", "2"], "é": "ü + &"}));
        assert_eq!(form["headers"]["Content-Type"], "application/x-www-form-urlencoded");
        let sent = told(post().json(&json!({"a": [1, null]})));
        assert_eq!(
            (&sent["json"], &sent["headers"]["Content-Type"]),
            (&json!({"a": [1, null]}), &json!("application/json"))
        );
        let sent = told(post().text_data("Grüße"));
        assert_eq!(
            (&sent["data"], &sent["headers"]["Content-Type"]),
            (&json!("Grüße"), &json!("text/plain; charset=utf-8"))
        );
        let sent = told(post().data(vec![0xff_u8, 0]));
        assert_eq!(sent["data"], "data:application/octet-stream;base64,/wA=");
        assert!(sent["headers"].get("Content-Type").is_none(), "bytes are of no type that we could know");
        let sent = told(post().header("content-type", "a/b").json(&1));
        assert_eq!(sent["headers"]["content-type"], "a/b", "the caller's own type wins");
    }
}

#[test]
fn last_body_set_is_sent() {
    let world = World::plain();
    let request = world.session.post(world.url("/post")).json(&json!([1])).stream(io::empty(), None).text_data("last");
    let told = told(request);
    assert_eq!(
        (&told["data"], &told["headers"]["Content-Type"]),
        (&json!("last"), &json!("text/plain; charset=utf-8"))
    );
}

#[test]
fn only_streams_of_unknown_length_are_chunked() {
    for world in World::both() {
        for size in [0_usize, 1, 16 * 1024, 1_000_003] {
            let body = pattern(size, 7);
            let bytes = told(world.session.post(world.url("/upload-count")).data(body.clone()));
            for (length, step) in [(Some(size as u64), 64 * 1024), (None, 4093), (Some(size as u64), 1000)] {
                let request = world.session.post(world.url("/upload-count")).stream(Drops::of(&body, step), length);
                let counted = told(request);
                assert_eq!((&counted["bytes"], &counted["sum"]), (&json!(size), &bytes["sum"]), "{size} {length:?}");
                assert_eq!(counted["chunks"].as_u64().unwrap() > 0, length.is_none() && size > 0);
            }
        }
        assert_eq!(world.server.violations(), [""; 0]);
    }
}

#[test]
fn stream_of_undeclared_length_fails() {
    for (real, said) in [(5, 7), (7, 5), (0, 1), (100_000, 200_000), (200_000, 100_000)] {
        let world = World::plain();
        let body = pattern(real, 0);
        let outcome = world.session.post(world.url("/upload-count")).stream(Cursor::new(body), Some(said)).send();
        // From a stream that is too long, the server may receive the whole declared length and
        // respond.
        match outcome {
            Err(error) => assert!(error.to_string().contains("declared length"), "{error}"),
            Ok(response) => panic!("{real} bytes of {said}: {}", response.status()),
        }
        assert_eq!(world.session.statistics().idle, 0, "such a connection is not kept");
    }
}

#[test]
fn reader_failure_appears_in_the_error() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the tape is torn"))
        }
    }
    let world = World::plain();
    let mut request = world.session.post(world.url("/post")).stream(Drops::of(b"abc", 1).chain(Broken), None);
    let error = request.send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::RequestBody(_)), "{error:?}");
    assert!(error.to_string().contains("request body: the tape is torn"), "{error}");
    assert_eq!(world.session.statistics().open, 0);
}

#[test]
fn seekable_reader_is_rewound_for_307() {
    for world in World::both() {
        let mut file = Cursor::new(pattern(300_000, 1));
        file.set_position(1000);
        let whole = told(world.session.post(world.url("/upload-count")).data(pattern(300_000, 1).split_off(1000)));
        let url = world.url("/redirect-to?status_code=307&url=/upload-count");
        let response = world.session.post(url).seekable(file).unwrap().send().unwrap();
        assert_eq!(response.history().len(), 1);
        assert_eq!(response.json::<Value>().unwrap(), whole, "from where the reader stood");
    }
}

#[test]
fn consumed_stream_delivers_the_307() {
    let world = World::plain();
    let url = world.url("/redirect-to?status_code=307&url=/upload-count");
    let response = world.session.post(url).stream(Cursor::new(vec![1; 1000]), Some(1000)).send().unwrap();
    assert_eq!((response.status().as_u16(), response.header("location")), (307, Some("/upload-count")));
    assert_eq!(world.server.requests(), 1);
}

#[test]
fn redirect_303_drops_body_and_type() {
    let world = World::plain();
    let url = world.url("/redirect-to?status_code=303&url=/anything");
    let told = told(world.session.post(url).stream(Cursor::new(vec![1; 100]), None).header("content-type", "a/b"));
    assert_eq!((&told["method"], &told["data"]), (&json!("GET"), &json!("")));
    assert!(told["headers"].get("content-type").is_none() && told["headers"].get("Transfer-Encoding").is_none());
}

#[test]
fn seekable_request_can_be_sent_repeatedly() {
    let world = World::plain();
    let mut request = world.session.post(world.url("/post")).seekable(Cursor::new(b"again".to_vec())).unwrap();
    for _ in 0..3 {
        assert_eq!(request.send().unwrap().json::<Value>().unwrap()["data"], "again");
    }
}

#[test]
fn consumed_stream_is_never_sent_as_empty() {
    let world = World::plain();
    for length in [None, Some(4)] {
        let mut request = world.session.post(world.url("/post")).stream(Cursor::new(b"once".to_vec()), length);
        assert_eq!(request.send().unwrap().json::<Value>().unwrap()["data"], "once");
        let seen = world.server.requests();
        let error = request.send().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::BodyNotReplayable), "{error}");
        assert_eq!(world.server.requests(), seen, "nothing is sent");
        // A new body makes the request usable again.
        request.set_data("new");
        assert_eq!(request.send().unwrap().json::<Value>().unwrap()["data"], "new");
    }
}

#[test]
fn unsent_stream_can_be_sent_later() {
    let refusing = petition_tests::net::unreachable::refusing().unwrap();
    let world = World::plain();
    let mut request = petition_std::post(format!("http://{refusing}/")).stream(Cursor::new(b"kept".to_vec()), None);
    assert!(request.send().unwrap_err().is_connect());
    request.set_url(world.url("/post"));
    assert_eq!(request.send().unwrap().json::<Value>().unwrap()["data"], "kept");
}

#[test]
fn empty_read_ends_a_chunked_body() {
    let server = Scripted::start([Script::new().answer(b"HTTP/1.1 204 No Content\r\n\r\n")]).unwrap();
    let mut request = petition_std::post(server.url("/")).stream(io::empty(), None);
    assert_eq!(request.send().unwrap().status(), 204);
    let record = server.record(0);
    let text = String::from_utf8(record.received).unwrap();
    assert!(text.ends_with("\r\n\r\n0\r\n\r\n") || text.contains("Content-Length: 0\r\n"), "{text}");
    assert_eq!(record.bodies, [b""]);
}
