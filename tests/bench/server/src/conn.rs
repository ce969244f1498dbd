//! One connection of the server: requests in, prepared responses out.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use mio::net::TcpStream;
use rustls::ServerConnection;

use crate::answers::{Answers, CHUNK, head};

/// State that all connections share.
pub(crate) struct Shared {
    answers: Answers,
    space: Vec<u8>,
    held: usize,
}

impl Shared {
    pub(crate) fn new() -> Shared {
        Shared { answers: Answers::new(), space: vec![0; 1024 * 1024], held: 0 }
    }
}

/// Bytes to send, and the progress.
enum Piece {
    Ordinary(usize),
    Bytes(Vec<u8>, usize),
    /// This many bytes of a body.
    Body(u64),
    /// This many bytes of framed chunks, and the position within one of them.
    Chunks(u64, usize),
}

pub(crate) struct Conn {
    stream: TcpStream,
    tls: Option<Box<ServerConnection>>,
    /// The beginning of an incomplete request.
    begun: Vec<u8>,
    /// The missing bytes of a request's body.
    body: u64,
    out: VecDeque<Piece>,
    closing: bool,
    holds: bool,
}

impl Conn {
    pub(crate) fn new(stream: TcpStream, tls: Option<Box<ServerConnection>>) -> Conn {
        Conn { stream, tls, begun: Vec::new(), body: 0, out: VecDeque::new(), closing: false, holds: false }
    }

    pub(crate) fn forget(&self, shared: &mut Shared) {
        shared.held -= usize::from(self.holds);
    }

    /// Reads, responds and writes as far as possible. Returns false when the connection is over.
    pub(crate) fn turn(&mut self, readable: bool, shared: &mut Shared) -> bool {
        let mut open = true;
        if readable {
            let mut space = std::mem::take(&mut shared.space);
            open = self.receive(&mut space, shared).is_ok();
            shared.space = space;
        }
        // What was read is answered even if no more bytes follow.
        self.send(shared).is_ok() && open && !(self.closing && self.out.is_empty())
    }

    /// Fails when the peer has closed.
    fn receive(&mut self, space: &mut [u8], shared: &mut Shared) -> io::Result<()> {
        loop {
            let Some(tls) = &mut self.tls else {
                match self.stream.read(space) {
                    Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                    Ok(n) => {
                        let whole = n == space.len();
                        self.take_in(&space[..n], shared)?;
                        if !whole {
                            return Ok(());
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                    Err(error) => return Err(error),
                }
                continue;
            };
            match tls.read_tls(&mut self.stream) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
            tls.process_new_packets().map_err(io::Error::other)?;
            loop {
                let read = self.tls.as_mut().map(|tls| tls.reader().read(space));
                match read {
                    Some(Ok(n)) if n > 0 => self.take_in(&space[..n], shared)?,
                    _ => break,
                }
            }
        }
    }

    /// Processes plain bytes.
    fn take_in(&mut self, bytes: &[u8], shared: &mut Shared) -> io::Result<()> {
        let mut joined = std::mem::take(&mut self.begun);
        let mut bytes = if joined.is_empty() {
            bytes
        } else {
            joined.extend_from_slice(bytes);
            &joined
        };
        while !bytes.is_empty() {
            if self.body > 0 {
                let n = self.body.min(bytes.len() as u64);
                self.body -= n;
                bytes = &bytes[n as usize..];
                if self.body == 0 {
                    self.out.push_back(Piece::Ordinary(0));
                }
                continue;
            }
            let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
                self.begun = bytes.to_vec();
                return Ok(());
            };
            let request = std::str::from_utf8(&bytes[..end]).map_err(io::Error::other)?;
            self.answer(request, shared)?;
            bytes = &bytes[end + 4..];
        }
        Ok(())
    }

    fn answer(&mut self, request: &str, shared: &mut Shared) -> io::Result<()> {
        let mut words = request.split(' ');
        let method = words.next().unwrap_or_default();
        let path = words.next().unwrap_or_default();
        if method == "POST" {
            self.body = field(request, "content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
            if field(request, "expect").is_some() {
                self.out.push_back(Piece::Bytes(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), 0));
            }
            return Ok(());
        }
        let answers = &shared.answers;
        let (name, size) = path.trim_start_matches('/').split_once('/').unwrap_or((&path[1..], "0"));
        let piece = match name {
            "close" => {
                self.closing = true;
                Piece::Bytes(answers.last.clone(), 0)
            }
            "redirect" => Piece::Bytes(answers.redirect.clone(), 0),
            "set" => Piece::Bytes(answers.cookies.clone(), 0),
            "hold" => {
                self.holds = true;
                shared.held += 1;
                return Ok(());
            }
            "held" => {
                self.closing = true;
                let held = shared.held.to_string();
                let mut answer = head("200 OK", None, &format!("Content-Length: {}", held.len()), false);
                answer.extend_from_slice(held.as_bytes());
                Piece::Bytes(answer, 0)
            }
            "body" | "chunked" => {
                let size: u64 = size.parse().map_err(io::Error::other)?;
                if name == "body" {
                    let framing = format!("Content-Length: {size}");
                    self.out.push_back(Piece::Bytes(head("200 OK", None, &framing, true), 0));
                    Piece::Body(size)
                } else {
                    self.out.push_back(Piece::Bytes(head("200 OK", None, "Transfer-Encoding: chunked", true), 0));
                    let framed = (answers.chunks.len() / 16) as u64;
                    self.out.push_back(Piece::Chunks(size.div_ceil(CHUNK as u64) * framed, 0));
                    Piece::Bytes(b"0\r\n\r\n".to_vec(), 0)
                }
            }
            _ => Piece::Ordinary(0),
        };
        self.out.push_back(piece);
        Ok(())
    }

    /// Writes until everything is written or the socket is full.
    fn send(&mut self, shared: &Shared) -> io::Result<()> {
        loop {
            if let Some(tls) = &mut self.tls {
                while tls.wants_write() {
                    match tls.write_tls(&mut self.stream) {
                        Ok(_) => {}
                        Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                        Err(error) => return Err(error),
                    }
                }
            }
            let Some(piece) = self.out.front_mut() else {
                if let (Some(tls), true) = (&mut self.tls, self.closing) {
                    tls.send_close_notify();
                    let _ = tls.write_tls(&mut self.stream);
                }
                return Ok(());
            };
            let answers = &shared.answers;
            let bytes = match piece {
                Piece::Ordinary(at) => &answers.ordinary[*at..],
                Piece::Bytes(bytes, at) => &bytes[*at..],
                Piece::Body(left) => &answers.block[..(*left).min(answers.block.len() as u64) as usize],
                Piece::Chunks(left, at) => {
                    let rest = &answers.chunks[*at..];
                    &rest[..(*left).min(rest.len() as u64) as usize]
                }
            };
            let wrote = match &mut self.tls {
                Some(tls) => tls.writer().write(bytes),
                None => self.stream.write(bytes),
            };
            let n = match wrote {
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let done = match piece {
                Piece::Ordinary(at) => {
                    *at += n;
                    *at == answers.ordinary.len()
                }
                Piece::Bytes(bytes, at) => {
                    *at += n;
                    *at == bytes.len()
                }
                Piece::Body(left) => {
                    *left -= n as u64;
                    *left == 0
                }
                Piece::Chunks(left, at) => {
                    *left -= n as u64;
                    *at = (*at + n) % answers.chunks.len();
                    *left == 0
                }
            };
            if done {
                self.out.pop_front();
            }
        }
    }
}

/// Returns the value of a field, given its lower-case name.
fn field<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let fields = request.lines().skip(1).filter_map(|line| line.split_once(':'));
    fields.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
}
