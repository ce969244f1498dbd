//! Multipart forms over both transports: their bytes, an independent parser, redirects, and readers
//! that end early.

use std::io::{Cursor, Write};
use std::process::{Command, Stdio};

use petition_mio::{DriverConfig, Error, ErrorKind, LoopThread, Multipart, Part};
use petition_std::Session;
use petition_tests::net::temp_dir::TempDir;
use petition_tests::server::{Script, Scripted};

// Each connection serves one request.
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// The status of the response to a form that is posted over each transport.
fn post(url: &str, form: impl Fn() -> Multipart) -> [Result<u16, Error>; 2] {
    let of_std = Session::new().post(url).header("Content-Type", "text/wrong").multipart(form()).send();
    let client = LoopThread::spawn(DriverConfig::default()).unwrap();
    let of_mio = client.post(url).multipart(form()).header("Content-Type", "text/wrong").join().wait();
    [of_std.map(|response| response.status().as_u16()), of_mio.map(|response| response.status().as_u16())]
}

/// A request as the server received it.
struct Received {
    content_type: String,
    length: Option<String>,
    body: Vec<u8>,
}

fn received(server: &Scripted) -> Vec<Received> {
    let records = (0..server.counts().accepted).map(|index| server.record(index));
    records
        .flat_map(|record| record.requests.into_iter().zip(record.bodies))
        .map(|(head, body)| {
            let content_type = head.value("content-type").unwrap_or_default();
            Received { content_type, length: head.value("content-length"), body }
        })
        .collect()
}

impl Received {
    fn boundary(&self) -> &str {
        self.content_type.strip_prefix("multipart/form-data; boundary=").expect("a form")
    }

    /// The body with `B` for the boundary.
    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap().replace(self.boundary(), "B")
    }
}

#[test]
fn t23_form_of_all_sources_arrives_as_framed() {
    let directory = TempDir::new().unwrap();
    let path = directory.write("page \"1\".html", "<p>").unwrap();
    let server = Scripted::each(Script::new().answer(OK)).unwrap();
    let known = || {
        let form = Multipart::new().text("title", "x").file("doc", &path).unwrap();
        form.reader("data", Cursor::new("abc"), 3).part("n", Part::bytes("1").header("X-Part", "y"))
    };
    for status in post(&server.url("/"), known) {
        assert_eq!(status.unwrap(), 200);
    }
    let unknown = || Multipart::new().reader("data", Cursor::new("abc"), None);
    for status in post(&server.url("/"), unknown) {
        assert_eq!(status.unwrap(), 200);
    }
    let requests = received(&server);
    let (known, unknown) = requests.split_at(2);
    for request in known {
        assert_eq!(request.length.as_deref(), Some(request.body.len().to_string().as_str()));
        assert_eq!(
            request.text(),
            "--B\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nx\r\n\
             --B\r\nContent-Disposition: form-data; name=\"doc\"; filename=\"page %221%22.html\"\r\n\
             Content-Type: text/html\r\n\r\n<p>\r\n\
             --B\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\nabc\r\n\
             --B\r\nContent-Disposition: form-data; name=\"n\"\r\nX-Part: y\r\n\r\n1\r\n--B--\r\n"
        );
    }
    for request in unknown {
        assert_eq!(request.length, None, "chunked");
        assert_eq!(request.text(), "--B\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\nabc\r\n--B--\r\n");
    }
    let boundaries: std::collections::BTreeSet<_> = requests.iter().map(Received::boundary).collect();
    assert_eq!(boundaries.len(), 4, "each request has its own");
}

/// Reads a form with Python's `email`, and prints name, file name and content of each part.
const PYTHON: &str = r#"
import sys, email.parser, email.policy
kind = sys.argv[1]
message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
    b"Content-Type: " + kind.encode() + b"\r\n\r\n" + sys.stdin.buffer.read())
assert not message.defects, message.defects
for part in message.iter_parts():
    assert not part.defects, part.defects
    get = lambda name: part.get_param(name, header="content-disposition")
    print(ascii([get("name"), get("filename"), len(part.keys()), part.get_payload(decode=True)]))
"#;

#[test]
fn t22_independent_parser_reads_hostile_names_back() {
    let server = Scripted::each(Script::new().answer(OK)).unwrap();
    let hostile = "a\"b\r\nX-Inj: 1\r\n\r\npwn";
    let form = || {
        let file = Part::text("content\r\n--petition-").file_name("c:\\\"x\".\r\ntxt").content_type("text/plain");
        Multipart::new().part(hostile, file).text("; filename=y", "2")
    };
    for status in post(&server.url("/"), form) {
        assert_eq!(status.unwrap(), 200);
    }
    for request in received(&server) {
        let mut python = match Command::new("python3")
            .args(["-c", PYTHON, &request.content_type])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
        {
            Ok(python) => python,
            Err(error) => {
                assert!(std::env::var_os("PETITION_REQUIRE_PEERS").is_none(), "python3: {error}");
                println!("skipped: python3 is not installed");
                return;
            }
        };
        python.stdin.take().unwrap().write_all(&request.body).unwrap();
        let output = python.wait_with_output().unwrap();
        assert!(output.status.success());
        let parts = String::from_utf8(output.stdout).unwrap();
        let parts: Vec<&str> = parts.lines().collect();
        // Python removes backslashes from quoted strings, as HTML's encoding does not expect.
        let expected = "['a%22b%0D%0AX-Inj: 1%0D%0A%0D%0Apwn', 'c:%22x%22.%0D%0Atxt', 2, b'content\\r\\n--petition-']";
        let other = "['a%22b%0D%0AX-Inj: 1%0D%0A%0D%0Apwn', 'c:\\\\%22x%22.%0D%0Atxt', 2, b'content\\r\\n--petition-']";
        assert!(parts[0] == expected || parts[0] == other, "{}", parts[0]);
        assert_eq!(parts[1..], ["['; filename=y', None, 1, b'2']"]);
    }
}

fn redirect(code: u16) -> Script {
    Script::new()
        .answer(format!("HTTP/1.1 {code} X\r\nLocation: /next\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
}

#[test]
fn t14_form_of_files_is_rewound_on_a_redirect() {
    let directory = TempDir::new().unwrap();
    let content = "0123456789".repeat(20_000);
    let path = directory.write("a.bin", &content).unwrap();
    let ok = Script::new().answer(OK);
    let server = Scripted::start([redirect(307), ok.clone(), redirect(307), ok]).unwrap();
    for status in post(&server.url("/"), || Multipart::new().text("t", "x").file("doc", &path).unwrap()) {
        assert_eq!(status.unwrap(), 200);
    }
    let requests = received(&server);
    assert_eq!(requests.len(), 4);
    for pair in requests.chunks(2) {
        assert!(pair[0].body == pair[1].body && pair[0].content_type == pair[1].content_type);
        assert!(pair[1].text().contains(&content));
    }
}

#[test]
fn t14_form_with_a_reader_is_sent_once() {
    let server = Scripted::start([redirect(308), redirect(308)]).unwrap();
    for status in post(&server.url("/"), || Multipart::new().reader("data", Cursor::new("abc"), 3)) {
        assert_eq!(status.unwrap(), 308, "the redirect is delivered");
    }
    assert_eq!(received(&server).len(), 2);
}

#[test]
fn t14_redirect_that_drops_the_form_drops_its_type() {
    let ok = Script::new().answer(OK);
    let server = Scripted::start([redirect(303), ok.clone(), redirect(303), ok]).unwrap();
    for status in post(&server.url("/"), || Multipart::new().text("t", "x")) {
        assert_eq!(status.unwrap(), 200);
    }
    for pair in received(&server).chunks(2) {
        assert!(pair[0].content_type.starts_with("multipart/") && !pair[0].body.is_empty());
        assert_eq!((pair[1].content_type.as_str(), pair[1].body.len()), ("", 0));
    }
}

#[test]
fn t21_reader_shorter_than_declared_ends_the_request() {
    let server = Scripted::each(Script::new().read_request().send(OK)).unwrap();
    for result in post(&server.url("/"), || Multipart::new().reader("data", Cursor::new("abc"), 5)) {
        let error = result.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::RequestBody(_)), "{error}");
        assert!(error.to_string().contains("expected 5 bytes of a part, but its source ended after 3"), "{error}");
    }
}

#[test]
fn t22_invalid_field_of_a_part_sends_nothing() {
    let server = Scripted::start([]).unwrap();
    let form = || Multipart::new().part("a", Part::text("x").content_type("text/plain\r\nX-Inj: 1"));
    for result in post(&server.url("/"), form) {
        assert!(matches!(result.unwrap_err().kind(), ErrorKind::Build(_)));
    }
    assert_eq!(server.counts().accepted, 0);
}

#[test]
fn form_can_be_sent_again_by_the_same_request() {
    let directory = TempDir::new().unwrap();
    let path = directory.write("a.txt", "content").unwrap();
    let server = Scripted::each(Script::new().answer(OK)).unwrap();
    let form = Multipart::new().file("doc", &path).unwrap();
    let mut request = Session::new().post(server.url("/")).multipart(form);
    for _ in 0..2 {
        assert_eq!(request.send().unwrap().status(), 200);
    }
    let requests = received(&server);
    assert!(requests.len() == 2 && requests[0].body == requests[1].body);
    request.set_data("plain");
    request.send().unwrap();
    let last = received(&server).pop().unwrap();
    assert_eq!((last.content_type.as_str(), last.body.as_slice()), ("", &b"plain"[..]));
}

#[test]
fn file_that_cannot_be_opened_is_an_error_at_once() {
    let directory = TempDir::new().unwrap();
    assert!(Multipart::new().file("doc", directory.path().join("absent")).is_err());
    assert!(Multipart::new().file("doc", directory.path()).is_err(), "a directory");
}
