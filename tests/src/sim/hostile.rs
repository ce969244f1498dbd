//! Answers that no honest server gives, and the required outcome of each.

use std::io::Write;
use std::sync::LazyLock;

use super::answer::{Rendered, chunked};
use super::plan::pattern;

/// A hostile answer: its bytes, and a part of the error that it must end with. Without one it is
/// delivered with the content `<pN>…`, and the connection is never used again.
struct Hostile {
    words: Option<&'static str>,
    bytes: fn(&str) -> Vec<u8>,
    /// Whether it needs a body.
    body: bool,
}

const fn fails(words: &'static str, bytes: fn(&str) -> Vec<u8>) -> Hostile {
    Hostile { words: Some(words), bytes, body: false }
}

/// The same for responses with a wrong body, which a response to HEAD does not have.
const fn body_fails(words: &'static str, bytes: fn(&str) -> Vec<u8>) -> Hostile {
    Hostile { words: Some(words), bytes, body: true }
}

const fn delivers(bytes: fn(&str) -> Vec<u8>) -> Hostile {
    Hostile { words: None, bytes, body: false }
}

/// How many there are.
pub(super) const COUNT: usize = ALL.len();

/// From here on they are redirects, then responses that are delivered.
pub(super) const FIRST_REDIRECT: usize = 30;

const CONTENT: usize = 30;

fn head(fields: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n").into_bytes()
}

fn with_length(fields: &str, body: &str) -> Vec<u8> {
    [head(&format!("{fields}Content-Length: {CONTENT}\r\n")), body.as_bytes().to_vec()].concat()
}

fn raw(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn chunks(framed: &str) -> Vec<u8> {
    [head("Transfer-Encoding: chunked\r\n"), framed.as_bytes().to_vec()].concat()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let _ = out.write_all(content);
    out.finish().unwrap_or_default()
}

static CHECKED: LazyLock<Vec<u8>> = LazyLock::new(|| gzip(b"some content that has a checksum"));
static LONG: LazyLock<Vec<u8>> = LazyLock::new(|| gzip(&pattern('z', 1, 400)));
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| gzip(&vec![0; 3 << 20]));

fn coded(name: &str, body: &[u8]) -> Vec<u8> {
    [head(&format!("Content-Encoding: {name}\r\nContent-Length: {}\r\n", body.len())), body.to_vec()].concat()
}

const ALL: [Hostile; 38] = [
    fails("status line", |_| raw("HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n")),
    fails("HTTP/1", |_| raw("SSH-2.0-OpenSSH_9.9\r\n\r\n")),
    fails("HTTP/1", |_| raw("HTTP/2.0 200 OK\r\n\r\n")),
    fails("field name", |body| with_length("X Y: 1\r\n", body)),
    fails("field name", |body| with_length("X-Space : 1\r\n", body)),
    fails("value", |body| with_length("X-Nul: a\0b\r\n", body)),
    fails("CR", |body| with_length("X-Cr: a\rb\r\n", body)),
    body_fails("Content-Length", |body| with_length("Content-Length: 5\r\n", body)),
    body_fails("Content-Length", |_| head("Content-Length: -1\r\n")),
    body_fails("Content-Length", |_| head("Content-Length: 99999999999999999999\r\n")),
    body_fails("Content-Length", |_| head("Content-Length: 5, 6\r\n")),
    body_fails("Transfer-Encoding", |_| [head("Transfer-Encoding: chunked, chunked\r\n"), raw("0\r\n\r\n")].concat()),
    fails("_bytes is 262144", |_| head(&format!("X-A: {}\r\n", "a".repeat(60_000)).repeat(5))),
    fails("limit head_line_bytes is 65536", |_| head(&format!("X-A: {}\r\n", "a".repeat(66_000)))),
    fails("limit head_fields is 256", |_| head(&"X-A: a\r\n".repeat(257))),
    fails("limit reason_bytes is 1024", |_| raw(&format!("HTTP/1.1 200 {}\r\n\r\n", "r".repeat(1100)))),
    fails("limit informational_responses is 64", |_| "HTTP/1.1 103 X\r\n\r\n".repeat(65).into_bytes()),
    fails("limit all_heads_bytes is 262144", |_| {
        format!("HTTP/1.1 103 X\r\n{}\r\n", format!("X-A: {}\r\n", "a".repeat(15_000)).repeat(4)).repeat(6).into_bytes()
    }),
    body_fails("limit content_codings is 3", |body| {
        with_length("Content-Encoding: gzip, gzip\r\nContent-Encoding: gzip,gzip\r\n", body)
    }),
    body_fails("chunk", |_| chunks("xyz\r\nabc\r\n0\r\n\r\n")),
    body_fails("chunk", |_| chunks("3\r\nabcX\r\n0\r\n\r\n")),
    body_fails("chunk", |_| chunks("FFFFFFFFFFFFFFFFF\r\nabc\r\n")),
    body_fails("limit chunk_extension_bytes is 256", |_| chunks(&format!("3;{}\r\nabc\r\n0\r\n\r\n", "x".repeat(300)))),
    body_fails("limit chunk_", |_| chunks(&format!("1;{}\r\na\r\n", "x".repeat(200)).repeat(100))),
    body_fails("limit trailer_fields is 64", |_| chunks(&format!("0\r\n{}\r\n", "X-T: a\r\n".repeat(65)))),
    body_fails("limit trailer_bytes is 16384", |_| chunks(&format!("0\r\nX-T: {}\r\n\r\n", "t".repeat(17_000)))),
    body_fails("gzip", |_| coded("gzip", b"this is no gzip at all")),
    body_fails("gzip", |_| {
        let mut bytes = CHECKED.clone();
        let at = bytes.len() - 6;
        bytes[at] ^= 1;
        coded("gzip", &bytes)
    }),
    body_fails("ends within", |_| coded("gzip", &LONG[..LONG.len() - 9])),
    body_fails("limit decode_ratio is 200", |_| coded("gzip", &BOMB)),
    fails("redirect", |_| raw("HTTP/1.1 302 X\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n")),
    fails("redirect", |_| raw("HTTP/1.1 302 X\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n")),
    fails("redirect", |_| raw("HTTP/1.1 302 X\r\nLocation: http://a.test:99999/\r\nContent-Length: 0\r\n\r\n")),
    fails("redirect", |_| raw("HTTP/1.1 307 X\r\nLocation: gopher://a.test/\r\nContent-Length: 0\r\n\r\n")),
    delivers(|body| with_length("X-Fold: a\r\n b\r\nX-Odd: a\x01b\r\nX-Empty:\r\nConnection: close\r\n", body)),
    delivers(|body| with_length("Content-Length: 30\r\nTransfer-Encoding: identity\r\n", body)),
    delivers(|body| raw(&format!("HTTP/1.1  200\nContent-Length: {CONTENT}\nConnection: close\n\n{body}"))),
    delivers(|body| {
        let mut bytes = head("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n");
        chunked(&mut bytes, body.as_bytes(), 7, true);
        bytes
    }),
];

/// Returns a part of the error that follows, or `None` when the answer is delivered.
pub(super) fn intended(number: usize, method: &str) -> Option<&'static str> {
    let hostile = &ALL[number];
    hostile.words.filter(|_| !(hostile.body && method == "HEAD"))
}

pub(super) fn render(number: usize, page: usize, method: &str) -> Rendered {
    let content = String::from_utf8(pattern('p', page, CONTENT)).unwrap_or_default();
    let mut bytes = (ALL[number].bytes)(&content);
    let end = |needle: &[u8]| bytes.windows(needle.len()).rposition(|w| w == needle).map(|at| at + needle.len());
    let first = bytes.windows(4).position(|w| w == b"\r\n\r\n" || &w[2..] == b"\n\n").map_or(0, |at| at + 4);
    let head_end = if first == 0 { end(b"\n\n").unwrap_or(0) } else { first };
    let bodiless = method == "HEAD";
    if bodiless && intended(number, method).is_none() {
        bytes.truncate(head_end);
    }
    // Wrong content in correct framing does not prevent reuse.
    let unasked = method == "HEAD" && (ALL[number].body || matches!(COUNT - number, 1 | 3));
    let reusable = unasked
        || ALL[number].words.is_some_and(|words| ["gzip", "ends within", "limit decode_ratio is 200"].contains(&words));
    let content = if bodiless { Vec::new() } else { content.into_bytes() };
    Rendered { bytes, head_start: 0, head_end, content, reusable, until_close: false, lasts: None }
}
