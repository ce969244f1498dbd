//! The kit's httpbin-like server, endpoint by endpoint, over one kept connection wherever it can
//! be.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use petition_tests::httpbin::{Answer, Httpbin, cycle, pattern};
use petition_tests::raw::{Raw, Response};
use serde_json::json;

fn start() -> (Httpbin, Raw<TcpStream>) {
    let server = Httpbin::start_plain().expect("a port is free");
    let client = Raw::connect(server.address()).expect("the server listens");
    (server, client)
}

fn post(client: &mut Raw<TcpStream>, target: &str, kind: &str, body: &[u8]) -> Response {
    let head =
        format!("POST {target} HTTP/1.1\r\nHost: h\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
    client.send([head.as_bytes(), body].concat()).unwrap();
    client.response("POST").unwrap()
}

#[test]
fn get_and_headers_echo_the_request() {
    let (server, mut client) = start();
    let answer = client.ask("GET", "/get?a=1&b=2&a=%20", &["X-A: 1", "x-a: 2", "User-Agent: t"]).unwrap();
    let body = answer.json();
    assert_eq!(answer.field("content-type"), "application/json");
    assert_eq!(body["args"], json!({"a": ["1", " "], "b": "2"}));
    assert_eq!(body["headers"]["X-A"], "1,2");
    assert_eq!(body["ordered"][1], json!(["X-A", "1"]));
    assert_eq!(body["url"], "http://localhost/get?a=1&b=2&a=%20");
    assert!(body.get("data").is_none() && body.get("method").is_none());
    assert_eq!(client.ask("GET", "/headers", &["A: b"]).unwrap().json()["headers"]["A"], "b");
    assert_eq!(client.ask("GET", "/user-agent", &["User-Agent: t"]).unwrap().json()["user-agent"], "t");
    assert_eq!(client.ask("GET", "/ip", &[]).unwrap().json()["origin"], "127.0.0.1");
    let head = client.ask("HEAD", "/get", &[]).unwrap();
    assert!(head.body.is_empty() && head.field("content-length") != "0");
    assert_eq!(client.ask("POST", "/get", &["Content-Length: 0"]).unwrap().status, 405);
    assert_eq!(client.ask("GET", "/nowhere", &[]).unwrap().status, 404);
    assert_eq!((server.counts().accepted, server.requests()), (1, 7));
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn post_distinguishes_data_json_form_files() {
    let (_server, mut client) = start();
    let body = post(&mut client, "/post", "application/json", b"{\"a\":[1]}").json();
    assert_eq!((&body["json"], &body["data"]), (&json!({"a": [1]}), &json!("{\"a\":[1]}")));
    let body = post(&mut client, "/post", "application/x-www-form-urlencoded", b"a=1&a=2&b=%C3%A9+").json();
    assert_eq!((&body["form"], &body["json"]), (&json!({"a": ["1", "2"], "b": "é "}), &json!(null)));
    let form = b"--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--X\r\n\
        Content-Disposition: form-data; name=\"f\"; filename=\"n\"\r\n\r\n\xff\r\n--X--\r\n";
    let body = post(&mut client, "/anything/x", "multipart/form-data; boundary=X", form).json();
    assert_eq!((&body["form"], &body["method"]), (&json!({"a": "1"}), &json!("POST")));
    assert_eq!(body["files"], json!({"f": "data:application/octet-stream;base64,/w=="}));
    let body = post(&mut client, "/post", "text/plain", b"\xff\x00").json();
    assert_eq!(body["data"], "data:application/octet-stream;base64,/wA=");
    for (method, target) in [("PUT", "/put"), ("PATCH", "/patch"), ("DELETE", "/delete"), ("TRACE", "/anything")] {
        let answer = client.ask(method, target, &["Content-Length: 0"]).unwrap();
        assert_eq!((answer.status, &answer.json()["data"]), (200, &json!("")), "{method}");
    }
}

#[test]
fn both_framings_are_counted_expect_is_answered() {
    let (server, mut client) = start();
    client
        .send("POST /upload-count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
        .unwrap();
    assert_eq!((client.line().unwrap(), client.line().unwrap()), ("HTTP/1.1 100 Continue".into(), String::new()));
    client.send("3\r\nabc\r\n1\r\nd\r\n0\r\nX-T: 1\r\n\r\n").unwrap();
    let chunked = client.response("POST").unwrap().json();
    assert_eq!((&chunked["bytes"], &chunked["chunks"]), (&json!(4), &json!(2)));
    assert_eq!(chunked["trailers"], json!({"X-T": "1"}));
    let plain = post(&mut client, "/upload-count", "a/b", b"abcd").json();
    assert_eq!((&plain["bytes"], &plain["sum"]), (&json!(4), &chunked["sum"]));
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn early_413_precedes_the_body() {
    for target in ["/early-413", "/early-413?then=close"] {
        let (_server, mut client) = start();
        client.send(format!("POST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n")).unwrap();
        let answer = client.response("POST").unwrap();
        assert_eq!((answer.status, answer.field("connection")), (413, "close"));
        assert_eq!(client.rest().unwrap(), b"");
    }
}

#[test]
fn unread_expected_body_ends_the_connection() {
    let (_server, mut client) = start();
    let answer = client.ask("POST", "/status/417", &["Expect: 100-continue", "Content-Length: 5"]).unwrap();
    assert_eq!((answer.status, answer.field("connection"), answer.interim.len()), (417, "close", 0));
    assert_eq!(client.rest().unwrap(), b"");
}

#[test]
fn keep_alive_and_framing_follow_the_version() {
    let (server, mut client) = start();
    client.send("GET /ip HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").unwrap();
    assert_eq!(client.response("GET").unwrap().field("connection"), "keep-alive");
    client.send("GET /stream/2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").unwrap();
    let answer = client.response("GET").unwrap();
    assert_eq!((answer.field("transfer-encoding"), answer.field("connection")), ("", "close"));
    assert_eq!(answer.body.iter().filter(|byte| **byte == b'\n').count(), 2);
    drop(client);
    server.wait_for_counts("the connection to end", |counts| counts.open == 0);
    let mut client = Raw::connect(server.address()).unwrap();
    assert_eq!(client.ask("GET", "/close", &[]).unwrap().field("connection"), "close");
    assert_eq!(client.rest().unwrap(), b"");
    let mut client = Raw::connect(server.address()).unwrap();
    assert_eq!(client.ask("GET", "/ip", &["Connection: close"]).unwrap().field("connection"), "close");
    assert_eq!(client.rest().unwrap(), b"");
}

#[test]
fn head_and_body_arrive_together() {
    let (_server, mut client) = start();
    for target in ["/get", "/stream/3", "/chunked-trailers", "/multi", "/gzip"] {
        client.send(format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n")).unwrap();
        let mut buffer = [0; 16 * 1024];
        let n = client.stream().read(&mut buffer).unwrap();
        let text = String::from_utf8_lossy(&buffer[..n]).into_owned();
        let (_, tail) = text.rsplit_once("HTTP/1.1 200 OK\r\n").expect("a final head");
        let (head, body) = tail.split_once("\r\n\r\n").expect("a whole head");
        let whole = match head.split("\r\n").find_map(|line| line.strip_prefix("Content-Length: ")) {
            Some(_) if target == "/gzip" => !body.is_empty(),
            Some(length) => body.len() == length.parse::<usize>().unwrap(),
            None => body.ends_with("\r\n\r\n"),
        };
        assert!(whole, "{target} in one read: {text}");
    }
}

#[test]
fn cookies_are_set_shown_and_deleted() {
    let (_server, mut client) = start();
    let answer = client.ask("GET", "/cookies/set?a=1&b=2", &[]).unwrap();
    let set: Vec<_> = answer.fields.iter().filter(|(name, _)| name == "set-cookie").map(|(_, v)| v.as_str()).collect();
    assert_eq!((answer.status, answer.field("location")), (302, "/cookies"));
    assert_eq!(set, ["a=1; Path=/", "b=2; Path=/"]);
    assert_eq!(client.ask("GET", "/cookies/set/n/v", &[]).unwrap().field("set-cookie"), "n=v; Path=/");
    assert!(client.ask("GET", "/cookies/delete?a", &[]).unwrap().field("set-cookie").contains("Max-Age=0"));
    let answer = client.ask("GET", "/cookies", &["Cookie: a=1; b=x=y"]).unwrap();
    assert_eq!(answer.json(), json!({"cookies": {"a": "1", "b": "x=y"}}));
}

#[test]
fn redirects_and_statuses() {
    let (_server, mut client) = start();
    let cases = [
        ("/redirect/1", 302, "/get"),
        ("/redirect/3", 302, "/relative-redirect/2"),
        ("/relative-redirect/2", 302, "/relative-redirect/1"),
        ("/absolute-redirect/2", 302, "http://localhost/absolute-redirect/1"),
        ("/redirect-to?url=http%3A%2F%2Fa%2Fb%3Fc&status_code=307", 307, "http://a/b?c"),
        ("/status/301", 301, "/redirect/1"),
        ("/status/204", 204, ""),
        ("/status/304", 304, ""),
        ("/status/503", 503, ""),
        ("/status/abc", 400, ""),
        ("/redirect-to", 400, ""),
    ];
    for (target, status, location) in cases {
        let answer = client.ask("GET", target, &[]).unwrap();
        assert_eq!((answer.status, answer.field("location")), (status, location), "{target}");
    }
}

#[test]
fn authentication() {
    let (_server, mut client) = start();
    let right = "Authorization: Basic dTpw";
    let cases = [
        ("/basic-auth/u/p", "X: y", 401, "Basic realm=\"Fake Realm\""),
        ("/basic-auth/u/p", right, 200, ""),
        ("/basic-auth/u/q", right, 401, "Basic realm=\"Fake Realm\""),
        ("/hidden-basic-auth/u/p", "X: y", 404, ""),
        ("/hidden-basic-auth/u/p", right, 200, ""),
        ("/bearer", "X: y", 401, "Bearer"),
        ("/bearer", "Authorization: Bearer t", 200, ""),
    ];
    for (target, field, status, challenge) in cases {
        let answer = client.ask("GET", target, &[field]).unwrap();
        assert_eq!((answer.status, answer.field("www-authenticate")), (status, challenge), "{target} {field}");
    }
}

#[test]
fn bytes_ranges_and_validators() {
    let (_server, mut client) = start();
    assert_eq!(client.ask("GET", "/bytes/1000?seed=7", &[]).unwrap().body, pattern(1000, 7));
    assert_eq!(client.ask("GET", "/stream-bytes/1000?seed=7&chunk_size=33", &[]).unwrap().body, pattern(1000, 7));
    let whole = cycle(100);
    let cases: [(&str, u16, &[u8]); 6] = [
        ("Range: bytes=0-9", 206, &whole[..10]),
        ("Range: bytes=90-", 206, &whole[90..]),
        ("Range: bytes=-5", 206, &whole[95..]),
        ("Range: bytes=95-200", 206, &whole[95..]),
        ("Range: bytes=100-", 416, b""),
        ("X: y", 200, &whole),
    ];
    for (field, status, body) in cases {
        let answer = client.ask("GET", "/range/100", &[field]).unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (status, body), "{field}");
        assert_eq!(answer.field("content-range").is_empty(), status == 200);
    }
    let stale = client.ask("GET", "/range/100", &["Range: bytes=0-9", "If-Range: \"other\""]).unwrap();
    assert_eq!(stale.status, 200);
    let cases = [
        ("/etag/x", "If-None-Match: \"y\", W/\"x\"", 304),
        ("/etag/x", "If-None-Match: \"y\"", 200),
        ("/etag/x", "If-Match: \"y\"", 412),
        ("/cache", "If-None-Match: \"constant\"", 304),
        ("/cache", "X: y", 200),
    ];
    for (target, field, status) in cases {
        let answer = client.ask("GET", target, &[field]).unwrap();
        assert_eq!((answer.status, answer.field("etag").is_empty()), (status, false), "{target} {field}");
    }
    assert_eq!(client.ask("GET", "/cache/60", &[]).unwrap().field("cache-control"), "public, max-age=60");
    assert_eq!(client.ask("GET", "/response-headers?X-A=1&X-A=2", &[]).unwrap().field("x-a"), "1");
    assert_eq!(client.ask("GET", "/base64/aGk=", &[]).unwrap().body, b"hi");
    for target in ["/html", "/json", "/xml", "/encoding/utf8"] {
        assert_eq!(client.ask("GET", target, &[]).unwrap().status, 200, "{target}");
    }
}

#[test]
fn content_codings_decode_to_json() {
    let (_server, mut client) = start();
    let mut plain = String::new();
    let gzip = client.ask("GET", "/gzip", &[]).unwrap();
    flate2::read::GzDecoder::new(gzip.body.as_slice()).read_to_string(&mut plain).unwrap();
    assert!(plain.contains("\"gzipped\": true") && gzip.field("content-encoding") == "gzip");
    plain.clear();
    let zlib = client.ask("GET", "/deflate", &[]).unwrap();
    flate2::read::ZlibDecoder::new(zlib.body.as_slice()).read_to_string(&mut plain).unwrap();
    assert!(plain.contains("\"deflated\": true") && zlib.field("content-encoding") == "deflate");
    plain.clear();
    let brotli = client.ask("GET", "/brotli", &[]).unwrap();
    brotli_decompressor::Decompressor::new(brotli.body.as_slice(), 4096).read_to_string(&mut plain).unwrap();
    assert!(plain.contains("\"brotli\": true") && brotli.field("content-encoding") == "br");
    plain.clear();
    let zstd = client.ask("GET", "/zstd", &[]).unwrap();
    ruzstd::decoding::StreamingDecoder::new(zstd.body.as_slice()).unwrap().read_to_string(&mut plain).unwrap();
    assert!(plain.contains("\"zstd\": true") && zstd.field("content-encoding") == "zstd");
}

#[test]
fn streams_trailers_interims_and_slowness() {
    let (server, mut client) = start();
    let answer = client.ask("GET", "/stream/3", &[]).unwrap();
    assert_eq!(answer.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count(), 3);
    let answer = client.ask("GET", "/chunked-trailers", &[]).unwrap();
    assert_eq!(answer.trailers, [("x-length".into(), answer.body.len().to_string()), ("x-end".into(), "true".into())]);
    assert_eq!(client.ask("GET", "/multi", &[]).unwrap().interim, [100, 102, 103, 103]);
    let before = Instant::now();
    assert_eq!(client.ask("GET", "/drip?numbytes=5&duration=0.1&delay=0.1", &[]).unwrap().body, b"*****");
    assert!(before.elapsed() >= Duration::from_millis(150));
    assert_eq!(client.ask("GET", "/delay/0.05", &[]).unwrap().json()["origin"], "127.0.0.1");
    client.send("GET /forever HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    client.stream().read_exact(&mut vec![0; 1 << 20]).unwrap();
    drop(client);
    server.wait_for_counts("the endless answer to end", |counts| counts.open == 0);
}

#[test]
fn handler_precedes_the_endpoints() {
    let server = Httpbin::builder()
        .handler(|exchange| match exchange.path.as_str() {
            "/mine" => Some(Answer::bytes("text/plain", exchange.body().ok()?).status(201)),
            _ => None,
        })
        .start()
        .unwrap();
    let mut client = Raw::connect(server.address()).unwrap();
    let answer = post(&mut client, "/mine", "a/b", b"echo");
    assert_eq!((answer.status, answer.body.as_slice()), (201, b"echo".as_slice()));
    assert_eq!(client.ask("GET", "/ip", &[]).unwrap().status, 200);
}

#[test]
fn invalid_requests_get_400_and_are_recorded() {
    let (server, mut client) = start();
    client.send("GET / HTTP/1.1\r\n\r\n").unwrap();
    assert_eq!(client.response("GET").unwrap().status, 400);
    let mut client = Raw::connect(server.address()).unwrap();
    client.send("POST /post HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n").unwrap();
    assert_eq!(client.response("POST").unwrap().status, 400);
    assert_eq!(server.violations(), ["HTTP/1.1 with 0 Host fields", "not a chunk size: 0x1"]);
}

#[test]
fn hundred_connections_are_served_at_once() {
    let server = Httpbin::start_plain().unwrap();
    let (address, together) = (server.address(), Arc::new(Barrier::new(100)));
    std::thread::scope(|scope| {
        for _ in 0..100 {
            let together = Arc::clone(&together);
            scope.spawn(move || {
                let mut client = Raw::connect(address).unwrap();
                assert_eq!(client.ask("GET", "/ip", &[]).unwrap().status, 200);
                // No client closes before all have been served.
                together.wait();
                assert_eq!(client.ask("GET", "/bytes/10", &[]).unwrap().body, pattern(10, 0));
            });
        }
    });
    assert_eq!((server.counts().accepted, server.requests()), (100, 200));
    server.wait_for_counts("all connections to end", |counts| counts.open == 0);
}

#[test]
fn dropping_the_server_ends_connections() {
    let (server, mut idle) = start();
    idle.ask("GET", "/ip", &[]).unwrap();
    let mut busy = Raw::connect(server.address()).unwrap();
    busy.send("GET /delay/10 HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    server.wait_for_requests(2);
    let before = Instant::now();
    drop(server);
    assert!(before.elapsed() < Duration::from_secs(5), "nobody waits for the delay");
    assert_eq!(idle.rest().unwrap(), b"");
    let outcome = busy.stream().read(&mut [0]);
    assert!(matches!(&outcome, Ok(0)) || outcome.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
}
