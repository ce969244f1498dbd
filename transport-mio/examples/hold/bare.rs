//! The same measurement with bare rustls connections, for comparison.

use std::error::Error;
use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;

use rustls::{ClientConfig, ClientConnection, RootCertStore};

use crate::memory;
use crate::server::{Server, from_hex, to_hex};

/// Starts a server and a client process.
pub(crate) fn run(n: usize) -> Result<(), Box<dyn Error>> {
    let server = Server::start(n, true)?;
    let ca = to_hex(&server.ca().unwrap_or_default());
    let status =
        Command::new(std::env::current_exe()?).args(["--bare", &n.to_string(), server.address(), &ca]).status()?;
    if status.success() { Ok(()) } else { Err("the comparison failed".into()) }
}

pub(crate) fn measure(n: usize, address: &str, ca: &str) -> Result<(), Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    roots.add(from_hex(ca).into())?;
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let config = Arc::new(config);
    drop(connect(address, &config, "/warm")?);
    let before = memory::now();
    let mut held = Vec::with_capacity(n);
    for i in 0..n {
        held.push(connect(address, &config, &format!("/{i}"))?);
    }
    for (tls, stream) in &mut held {
        // Reads the session tickets that have arrived.
        stream.set_nonblocking(true)?;
        while !matches!(tls.read_tls(stream), Err(error) if error.kind() == ErrorKind::WouldBlock) {
            tls.process_new_packets()?;
        }
    }
    memory::report("rustls alone", n, &before, &memory::now());
    Ok(())
}

fn connect(
    address: &str,
    config: &Arc<ClientConfig>,
    path: &str,
) -> Result<(ClientConnection, TcpStream), Box<dyn Error>> {
    let mut stream = TcpStream::connect(address)?;
    let mut tls = ClientConnection::new(config.clone(), "127.0.0.1".try_into()?)?;
    while tls.is_handshaking() {
        tls.complete_io(&mut stream)?;
    }
    write!(tls.writer(), "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n")?;
    while tls.wants_write() {
        tls.write_tls(&mut stream)?;
    }
    Ok((tls, stream))
}
