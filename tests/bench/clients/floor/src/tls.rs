//! rustls over a blocking socket, driven by handwritten code.

use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use petition_bench_kit::{Job, LARGE, Outcome, expect, raise_file_limit, resident, say_resident};
use rustls::{ClientConfig, ClientConnection};

use crate::plain::{body, exchange};
use crate::request;

/// A connection that reads TLS when it has no plain bytes, and writes at once.
struct Tls {
    stream: TcpStream,
    tls: ClientConnection,
}

impl Tls {
    fn connect(job: &Job, config: &Arc<ClientConfig>) -> Result<Tls, Box<dyn Error>> {
        let mut stream = TcpStream::connect(job.tls)?;
        stream.set_nodelay(true)?;
        let mut tls = ClientConnection::new(config.clone(), job.tls.ip().into())?;
        while tls.is_handshaking() {
            tls.complete_io(&mut stream)?;
        }
        Ok(Tls { stream, tls })
    }
}

impl Read for Tls {
    fn read(&mut self, space: &mut [u8]) -> std::io::Result<usize> {
        loop {
            match self.tls.reader().read(space) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => return done,
            }
            if self.tls.read_tls(&mut self.stream)? == 0 {
                return Ok(0);
            }
            self.tls.process_new_packets().map_err(std::io::Error::other)?;
        }
    }
}

impl Write for Tls {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.tls.writer().write(bytes)?;
        while self.tls.wants_write() {
            self.tls.write_tls(&mut self.stream)?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub(crate) fn get(job: &Job) -> Outcome {
    let config = Arc::new(job.rustls()?);
    let request = request(job, "/");
    let mut tls = Tls::connect(job, &config)?;
    let mut space = vec![0; 16 * 1024];
    job.repeat(|| exchange(&mut tls, &request, &mut space))
}

pub(crate) fn resume(job: &Job) -> Outcome {
    let config = Arc::new(job.rustls()?);
    let request = request(job, "/close");
    let mut space = vec![0; 16 * 1024];
    job.repeat(|| exchange(&mut Tls::connect(job, &config)?, &request, &mut space))
}

pub(crate) fn download(job: &Job) -> Outcome {
    let config = Arc::new(job.rustls()?);
    let request = request(job, &format!("/body/{}", job.x));
    let mut tls = Tls::connect(job, &config)?;
    let mut space = vec![0; LARGE];
    job.repeat(|| body(&mut tls, &request, &mut space, job.x))
}

pub(crate) fn hold(job: &Job) -> Outcome {
    raise_file_limit()?;
    let config = Arc::new(job.rustls()?);
    let request = request(job, "/hold");
    drop(Tls::connect(job, &config)?);
    let mut held = Vec::with_capacity(job.n);
    let before = resident();
    for _ in 0..job.n {
        let mut tls = Tls::connect(job, &config)?;
        tls.write_all(&request)?;
        held.push(tls);
    }
    while job.held()? < job.n {}
    for Tls { stream, tls } in &mut held {
        // The session tickets that have arrived.
        stream.set_nonblocking(true)?;
        while !matches!(tls.read_tls(stream), Err(error) if error.kind() == ErrorKind::WouldBlock) {
            tls.process_new_packets()?;
        }
    }
    say_resident(job.n, before, resident());
    expect(held.len() as u64, job.n as u64)
}
