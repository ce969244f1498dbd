//! The holding server, in its own process. It answers once all requests have arrived and the client
//! asks for it.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use petition_tests::tls::{Authority, Endpoint};
use rustls::ServerConnection;

/// The client's view of the server process.
pub(crate) struct Server {
    process: Child,
    address: String,
    ca: Option<Vec<u8>>,
    all: Arc<AtomicBool>,
}

impl Server {
    pub(crate) fn start(n: usize, tls: bool) -> Result<Server, Box<dyn Error>> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["--serve", &n.to_string(), if tls { "tls" } else { "plain" }])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut output = BufReader::new(process.stdout.take().ok_or("no output")?);
        let mut line = || -> io::Result<String> {
            let mut line = String::new();
            output.read_line(&mut line)?;
            Ok(line.trim_end().to_owned())
        };
        let (address, ca) = (line()?, line()?);
        let all = Arc::new(AtomicBool::new(false));
        let all_received = all.clone();
        std::thread::spawn(move || {
            let mut line = String::new();
            if output.read_line(&mut line).is_ok() && line.starts_with("all") {
                all_received.store(true, Ordering::Release);
            }
        });
        let ca = tls.then(|| from_hex(&ca));
        Ok(Server { process, address, ca, all })
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://{}", if self.ca.is_some() { "https" } else { "http" }, self.address)
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn ca(&self) -> Option<Vec<u8>> {
        self.ca.clone()
    }

    /// Whether all requests have arrived.
    pub(crate) fn holds_all(&self) -> bool {
        self.all.load(Ordering::Acquire)
    }

    pub(crate) fn answer(&self) {
        if let Some(mut input) = self.process.stdin.as_ref() {
            // The client notices if the server is gone.
            let _ = input.write_all(b"answer\n");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    let nibble = |c: u8| char::from(c).to_digit(16).unwrap_or(0) as u8;
    text.as_bytes().chunks_exact(2).map(|pair| nibble(pair[0]) << 4 | nibble(pair[1])).collect()
}

struct Client {
    stream: TcpStream,
    tls: Option<Box<ServerConnection>>,
    request: Vec<u8>,
    held: bool,
}

const LISTENER: Token = Token(0);
const STDIN: Token = Token(1);
const FIRST: usize = 2;

/// Runs the server: prints its address, its root certificate, and "all" once `n` requests have
/// arrived.
pub(crate) fn serve(n: usize, kind: &str) -> Result<(), Box<dyn Error>> {
    let authority = Authority::new();
    let tls = (kind == "tls").then(|| Endpoint::new(&authority.issue_localhost()).config());
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind("127.0.0.1:0".parse()?)?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("{}\n{}", listener.local_addr()?, to_hex(&authority.der()));
    let waker = Waker::new(poll.registry(), STDIN)?;
    std::thread::spawn(move || {
        let mut lines = io::stdin().lines();
        while let Some(Ok(_)) = lines.next() {
            let _ = waker.wake();
        }
        // The client is gone.
        std::process::exit(0);
    });
    let (mut clients, mut held, mut events): (Vec<Option<Client>>, usize, _) =
        (Vec::new(), 0, Events::with_capacity(4096));
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            match event.token() {
                LISTENER => {
                    while let Ok((mut stream, _)) = listener.accept() {
                        let token = Token(FIRST + clients.len());
                        poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
                        let tls = match &tls {
                            Some(config) => Some(Box::new(ServerConnection::new(config.clone())?)),
                            None => None,
                        };
                        clients.push(Some(Client { stream, tls, request: Vec::new(), held: false }));
                    }
                }
                STDIN => {
                    for client in clients.iter_mut().flatten().filter(|client| client.held) {
                        client.answer();
                    }
                }
                Token(token) => {
                    let Some(place) = clients.get_mut(token - FIRST) else { continue };
                    let Some(client) = place else { continue };
                    let before = client.held;
                    if client.ready().is_err() {
                        *place = None;
                    } else if client.held && !before {
                        held += 1;
                        if held == n {
                            println!("all");
                        }
                    }
                }
            }
        }
    }
}

impl Client {
    /// Reads the available bytes. Answers the warm-up request, and holds any other.
    fn ready(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        loop {
            let result = match &mut self.tls {
                None => self.stream.read(&mut buffer),
                Some(tls) => {
                    match tls.read_tls(&mut self.stream) {
                        Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                        Ok(_) => {
                            tls.process_new_packets().map_err(io::Error::other)?;
                        }
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return self.flush(),
                        Err(error) => return Err(error),
                    }
                    self.flush()?;
                    match self.tls.as_mut().map(|tls| tls.reader().read(&mut buffer)) {
                        Some(Err(error)) if error.kind() == io::ErrorKind::WouldBlock => continue,
                        Some(result) => result,
                        None => continue,
                    }
                }
            };
            match result {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => self.request.extend_from_slice(&buffer[..n]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
            if self.request.ends_with(b"\r\n\r\n") {
                if self.request.starts_with(b"GET /warm ") {
                    self.request.clear();
                    self.send(b"HTTP/1.1 204 No Content\r\n\r\n");
                } else {
                    self.held = true;
                }
            }
        }
    }

    /// Answers with the path of the request.
    fn answer(&mut self) {
        let path = self.request.split(|&b| b == b' ').nth(1).unwrap_or_default().to_vec();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", path.len());
        self.send(&[head.as_bytes(), &path].concat());
    }

    /// Sends a response that is small enough for the kernel's buffer.
    fn send(&mut self, bytes: &[u8]) {
        let _ = match &mut self.tls {
            None => self.stream.write_all(bytes),
            Some(tls) => tls.writer().write_all(bytes),
        };
        let _ = self.flush();
    }

    fn flush(&mut self) -> io::Result<()> {
        let Some(tls) = &mut self.tls else { return Ok(()) };
        while tls.wants_write() {
            match tls.write_tls(&mut self.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                result => {
                    result?;
                }
            }
        }
        Ok(())
    }
}
