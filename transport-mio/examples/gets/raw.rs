//! The handwritten loop, with only the necessary work.

use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// The maximum number of fields.
const FIELDS: usize = 32;

struct Conn {
    stream: TcpStream,
    /// The bytes of an incomplete response.
    part: Vec<u8>,
}

pub(crate) fn run(address: SocketAddr, requests: usize, connections: usize) -> Result<(), Box<dyn Error>> {
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nUser-Agent: raw\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n\r\n"
    );
    let mut poll = Poll::new()?;
    let mut conns = Vec::with_capacity(connections);
    let mut begun = 0;
    for i in 0..connections {
        let stream = std::net::TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(i), Interest::READABLE)?;
        conns.push(Conn { stream, part: Vec::new() });
    }
    for conn in conns.iter_mut().take(requests) {
        conn.stream.write_all(request.as_bytes())?;
        begun += 1;
    }
    let (mut answered, mut events, mut buffer) = (0, Events::with_capacity(1024), vec![0; 64 * 1024]);
    while answered < requests {
        poll.poll(&mut events, None)?;
        for event in &events {
            let conn = &mut conns[event.token().0];
            let n = match conn.stream.read(&mut buffer) {
                Ok(0) => return Err("the server has gone".into()),
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error.into()),
            };
            if !conn.complete(&buffer[..n])? {
                continue;
            }
            answered += 1;
            if begun < requests {
                conn.stream.write_all(request.as_bytes())?;
                begun += 1;
            }
        }
    }
    Ok(())
}

impl Conn {
    /// Whether the response is there with these bytes.
    fn complete(&mut self, bytes: &[u8]) -> Result<bool, Box<dyn Error>> {
        if self.part.is_empty() {
            let complete = is_complete(bytes)?;
            if !complete {
                self.part.extend_from_slice(bytes);
            }
            return Ok(complete);
        }
        self.part.extend_from_slice(bytes);
        let complete = is_complete(&self.part)?;
        if complete {
            self.part.clear();
        }
        Ok(complete)
    }
}

fn is_complete(bytes: &[u8]) -> Result<bool, Box<dyn Error>> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(head) = response.parse(bytes)? else { return Ok(false) };
    assert_eq!(response.code, Some(200));
    let length = response.headers.iter().find(|field| field.name.eq_ignore_ascii_case("content-length"));
    let length: usize = std::str::from_utf8(length.ok_or("no length")?.value)?.parse()?;
    Ok(bytes.len() >= head + length)
}
