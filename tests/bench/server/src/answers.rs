//! The prepared responses, each with 12 ordinary header fields.

use petition_bench_kit::BODY;

/// The size of a chunk.
pub(crate) const CHUNK: usize = 64 * 1024;

/// Returns a response head: the rest of the status line, one field in place of `Vary`, the body's
/// framing, and whether the connection stays open.
pub(crate) fn head(status: &str, special: Option<&str>, framing: &str, keep: bool) -> Vec<u8> {
    let special = special.unwrap_or("Vary: Accept-Encoding");
    let connection = if keep { "keep-alive" } else { "close" };
    format!(
        "HTTP/1.1 {status}\r\n\
         Date: Mon, 06 Jan 2025 10:20:30 GMT\r\n\
         Server: bench/1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         {framing}\r\n\
         Connection: {connection}\r\n\
         Cache-Control: no-cache, private\r\n\
         ETag: \"5f3c-61a2b3c4d5e6f\"\r\n\
         Last-Modified: Sun, 05 Jan 2025 08:00:00 GMT\r\n\
         {special}\r\n\
         X-Request-Id: 4bf92f3577b34da6a3ce929d0e0e4736\r\n\
         X-Content-Type-Options: nosniff\r\n\
         Accept-Ranges: bytes\r\n\r\n"
    )
    .into_bytes()
}

fn whole(status: &str, special: Option<&str>, keep: bool) -> Vec<u8> {
    let mut answer = head(status, special, &format!("Content-Length: {}", BODY.len()), keep);
    answer.extend_from_slice(BODY);
    answer
}

/// The constant responses.
pub(crate) struct Answers {
    pub(crate) ordinary: Vec<u8>,
    pub(crate) last: Vec<u8>,
    pub(crate) redirect: Vec<u8>,
    pub(crate) cookies: Vec<u8>,
    /// The bytes of a body.
    pub(crate) block: Vec<u8>,
    /// Some chunks with their framing.
    pub(crate) chunks: Vec<u8>,
}

impl Answers {
    pub(crate) fn new() -> Answers {
        // 3 cookies for every path, and 17 for others.
        let cookie = |i: usize| {
            let path = if i < 3 { "/".to_owned() } else { format!("/elsewhere/{i}") };
            format!("Set-Cookie: name{i}=value-of-cookie-{i}; Path={path}; Max-Age=86400")
        };
        let cookies = (0..20).map(cookie).collect::<Vec<_>>().join("\r\n");
        let mut chunk = format!("{CHUNK:x}\r\n").into_bytes();
        chunk.resize(chunk.len() + CHUNK, b'x');
        chunk.extend_from_slice(b"\r\n");
        Answers {
            ordinary: whole("200 OK", None, true),
            last: whole("200 OK", None, false),
            redirect: whole("302 Found", Some("Location: /final/page"), true),
            cookies: whole("200 OK", Some(&cookies), true),
            block: vec![b'x'; 1024 * 1024],
            chunks: chunk.repeat(16),
        }
    }
}
