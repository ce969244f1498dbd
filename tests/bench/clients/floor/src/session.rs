//! A handwritten session: cookies matched by path, default fields, one redirect.

use std::io::{Read, Write};
use std::net::TcpStream;

use petition_bench_kit::{DEFAULT_FIELDS, Job, Outcome};

struct Cookie {
    name: String,
    value: String,
    path: String,
}

pub(crate) fn session(job: &Job) -> Outcome {
    let host = job.plain.to_string();
    let cookie = |i: usize| Cookie {
        name: format!("name{i}"),
        value: format!("value-of-cookie-{i}"),
        path: if i < 3 { "/".to_owned() } else { format!("/elsewhere/{i}") },
    };
    let jar: Vec<_> = (0..20).map(cookie).collect();
    let mut stream = TcpStream::connect(job.plain)?;
    let (mut out, mut space) = (Vec::new(), vec![0; 16 * 1024]);
    job.repeat(|| {
        let mut path = "/redirect".to_owned();
        while let Some(next) = hop(&mut stream, &host, &path, &jar, &mut out, &mut space)? {
            path = next;
        }
        Ok(())
    })
}

/// Performs one hop, and returns its Location.
fn hop(
    stream: &mut TcpStream,
    host: &str,
    path: &str,
    jar: &[Cookie],
    out: &mut Vec<u8>,
    space: &mut [u8],
) -> Result<Option<String>, Box<dyn std::error::Error>> {
    out.clear();
    for part in ["GET ", path, " HTTP/1.1\r\nhost: ", host, "\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
    for (name, value) in DEFAULT_FIELDS {
        for part in [name, ": ", value, "\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
    }
    let mut between = "cookie: ";
    for cookie in jar.iter().filter(|cookie| path.starts_with(&cookie.path)) {
        for part in [between, &cookie.name, "=", &cookie.value] {
            out.extend_from_slice(part.as_bytes());
        }
        between = "; ";
    }
    out.extend_from_slice(b"\r\n\r\n");
    stream.write_all(out)?;
    let mut length = 0;
    loop {
        length += stream.read(&mut space[length..])?;
        let mut fields = [httparse::EMPTY_HEADER; 32];
        let mut response = httparse::Response::new(&mut fields);
        if response.parse(&space[..length])?.is_partial() {
            continue;
        }
        let field = |name: &str| {
            let field = response.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name))?;
            std::str::from_utf8(field.value).ok()
        };
        let location = if response.code == Some(302) { field("location") } else { None };
        return Ok(location.map(str::to_owned));
    }
}
