//! The server, in its own process. It answers requests without body, and only finds their ends.

use std::error::Error;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use rustix::process::{Resource, getrlimit, setrlimit};

/// The fields of every response.
pub(crate) const BODY: &[u8] = b"Hello, world!";

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Server: loopback\r\n\
    Date: Mon, 23 Nov 2026 19:00:00 GMT\r\n\
    Content-Type: text/plain\r\n\
    Content-Length: 13\r\n\
    Cache-Control: no-cache\r\n\
    X-Request-Id: 0123456789abcdef\r\n\
    Vary: Accept\r\n\
    X-Frame-Options: DENY\r\n\
    X-Content-Type-Options: nosniff\r\n\
    Strict-Transport-Security: max-age=31536000\r\n\
    Age: 0\r\n\
    Via: 1.1 cache\r\n\
    \r\n\
    Hello, world!";

/// The client's view of the server process, which ends when this is dropped.
pub(crate) struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    pub(crate) fn start() -> Result<Server, Box<dyn Error>> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("--serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok(Server { process, address: line.trim_end().parse()? })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Raises the limit on open files to its maximum.
pub(crate) fn raise_file_limit() -> Result<(), Box<dyn Error>> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}

const LISTENER: Token = Token(usize::MAX - 1);

/// Runs the server: prints its address, and listens on all loopback addresses.
pub(crate) fn serve() -> Result<(), Box<dyn Error>> {
    raise_file_limit()?;
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind("0.0.0.0:0".parse()?)?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("127.0.0.1:{}", listener.local_addr()?.port());
    std::thread::spawn(|| {
        let _ = io::stdin().read(&mut [0]);
        // The client is gone.
        std::process::exit(0);
    });
    let mut clients: Vec<Option<TcpStream>> = Vec::new();
    let (mut events, mut buffer) = (Events::with_capacity(1024), [0; 16 * 1024]);
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    stream.set_nodelay(true)?;
                    poll.registry().register(&mut stream, Token(clients.len()), Interest::READABLE)?;
                    clients.push(Some(stream));
                }
                continue;
            }
            let Some(place) = clients.get_mut(event.token().0) else { continue };
            if place.as_mut().is_some_and(|stream| answer(stream, &mut buffer).is_err()) {
                *place = None;
            }
        }
    }
}

/// Requests arrive whole: they are short, and each is sent with one call.
fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<()> {
    match stream.read(buffer) {
        Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
        Ok(n) if buffer[..n].ends_with(b"\r\n\r\n") => stream.write_all(RESPONSE),
        Ok(_) => Err(ErrorKind::InvalidData.into()),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        Err(error) => Err(error),
    }
}
