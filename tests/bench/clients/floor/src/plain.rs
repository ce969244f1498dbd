//! Blocking sockets.

use std::io::{Read, Write};
use std::net::TcpStream;

use petition_bench_kit::{Job, LARGE, Outcome, expect};

use crate::request;

/// Parses a head, and returns its length and the body's. Nothing is stored.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<(usize, u64)>, httparse::Error> {
    let mut fields = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(end) = response.parse(bytes)? else { return Ok(None) };
    let length = response.headers.iter().find(|field| field.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|field| std::str::from_utf8(field.value).ok()?.parse().ok()).unwrap_or(0);
    Ok(Some((end, length)))
}

/// One exchange with a small response.
pub(crate) fn exchange(stream: &mut (impl Read + Write), request: &[u8], space: &mut [u8]) -> Outcome {
    stream.write_all(request)?;
    let mut length = 0;
    loop {
        let n = stream.read(&mut space[length..])?;
        if n == 0 {
            return Err("the server has gone".into());
        }
        length += n;
        if let Some((head, body)) = parse(&space[..length])?
            && length as u64 >= head as u64 + body
        {
            return expect((length - head) as u64, body);
        }
    }
}

pub(crate) fn get(job: &Job) -> Outcome {
    let request = request(job, "/");
    let mut stream = TcpStream::connect(job.plain)?;
    let mut space = vec![0; 16 * 1024];
    job.repeat(|| exchange(&mut stream, &request, &mut space))
}

pub(crate) fn connect(job: &Job) -> Outcome {
    let request = request(job, "/close");
    let mut space = vec![0; 16 * 1024];
    job.repeat(|| {
        let mut stream = TcpStream::connect(job.plain)?;
        stream.set_nodelay(true)?;
        exchange(&mut stream, &request, &mut space)
    })
}

/// Reads a body by Content-Length.
pub(crate) fn download(job: &Job, path: &str) -> Outcome {
    let request = request(job, path);
    let mut stream = TcpStream::connect(job.plain)?;
    let mut space = vec![0; LARGE];
    job.repeat(|| body(&mut stream, &request, &mut space, job.x))
}

pub(crate) fn body(stream: &mut (impl Read + Write), request: &[u8], space: &mut [u8], expected: u64) -> Outcome {
    stream.write_all(request)?;
    let mut length = 0;
    let (head, size) = loop {
        length += stream.read(&mut space[length..])?;
        if let Some(parsed) = parse(&space[..length])? {
            break parsed;
        }
    };
    let mut got = (length - head) as u64;
    while got < size {
        match stream.read(space)? {
            0 => return Err("the server has gone".into()),
            n => got += n as u64,
        }
    }
    expect(got, expected)
}

/// Reads a chunked body: parses the sizes, and skips the data in place.
pub(crate) fn chunked(job: &Job) -> Outcome {
    let request = request(job, &format!("/chunked/{}", job.x));
    let mut stream = TcpStream::connect(job.plain)?;
    let mut space = vec![0; LARGE];
    job.repeat(|| {
        stream.write_all(&request)?;
        let mut length = 0;
        let head = loop {
            length += stream.read(&mut space[length..])?;
            if let Some((head, _)) = parse(&space[..length])? {
                break head;
            }
        };
        // Bytes left of the chunk and its line end; unused bytes start at `at`.
        let (mut left, mut got, mut at) = (0_u64, 0, head);
        loop {
            if left > 0 {
                let n = left.min((length - at) as u64);
                left -= n;
                at += n as usize;
            }
            if left == 0
                && at < length
                && let httparse::Status::Complete((line, size)) =
                    httparse::parse_chunk_size(&space[at..length]).map_err(|_| "no chunk size")?
            {
                at += line;
                left = size + 2;
                got += size;
                if size > 0 {
                    continue;
                }
                // The line end after the last chunk arrives with it.
                return expect(got, job.x);
            }
            space.copy_within(at..length, 0);
            length -= at;
            at = 0;
            match stream.read(&mut space[length..])? {
                0 => return Err("the server has gone".into()),
                n => length += n,
            }
        }
    })
}

/// Sends a body of `x` bytes from memory, in pieces of 64 KiB.
pub(crate) fn upload(job: &Job) -> Outcome {
    let head = format!("POST /upload HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n", job.plain, job.x);
    let body = vec![b'x'; usize::try_from(job.x)?];
    let mut stream = TcpStream::connect(job.plain)?;
    let mut space = vec![0; 16 * 1024];
    job.repeat(|| {
        stream.write_all(head.as_bytes())?;
        for piece in body.chunks(64 * 1024) {
            stream.write_all(piece)?;
        }
        exchange(&mut stream, b"", &mut space)
    })
}
