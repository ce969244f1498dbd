//! The server of all measurements: one thread over mio, plain and TLS, prepared responses.
//!
//! `bench-server CA` creates a certificate authority and writes its root to the file CA (DER), and
//! to the file of the same name with the extension `pem`. It prints the plain and the TLS address,
//! and serves until its standard input ends.
#![forbid(unsafe_code)]

mod answers;
mod conn;

use std::error::Error;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection};

use conn::{Conn, Shared};

const PLAIN: Token = Token(0);
const TLS: Token = Token(1);
const FIRST: usize = 2;

fn main() -> Result<(), Box<dyn Error>> {
    let ca = std::env::args().nth(1).ok_or("usage: bench-server CA")?;
    petition_bench_kit::raise_file_limit()?;
    let config = Arc::new(tls_config(Path::new(&ca))?);
    // Every loopback address, for rows with many hosts.
    let mut plain = TcpListener::bind("0.0.0.0:0".parse()?)?;
    let mut tls = TcpListener::bind("0.0.0.0:0".parse()?)?;
    println!("127.0.0.1:{} 127.0.0.1:{}", plain.local_addr()?.port(), tls.local_addr()?.port());
    io::stdout().flush()?;
    std::thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });

    let mut poll = Poll::new()?;
    poll.registry().register(&mut plain, PLAIN, Interest::READABLE)?;
    poll.registry().register(&mut tls, TLS, Interest::READABLE)?;
    let mut events = Events::with_capacity(4096);
    let mut conns: Vec<Option<Conn>> = Vec::new();
    let mut free = Vec::new();
    let mut shared = Shared::new();
    loop {
        if let Err(error) = poll.poll(&mut events, None)
            && error.kind() != io::ErrorKind::Interrupted
        {
            return Err(error.into());
        }
        for event in &events {
            if event.token().0 < FIRST {
                let listener = if event.token() == PLAIN { &plain } else { &tls };
                while let Ok((mut stream, _)) = listener.accept() {
                    stream.set_nodelay(true)?;
                    let index = free.pop().unwrap_or(conns.len());
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    poll.registry().register(&mut stream, Token(FIRST + index), interest)?;
                    let tls = match event.token() {
                        TLS => Some(Box::new(ServerConnection::new(config.clone())?)),
                        _ => None,
                    };
                    if conns.len() <= index {
                        conns.resize_with(index + 1, || None);
                    }
                    conns[index] = Some(Conn::new(stream, tls));
                }
                continue;
            }
            let index = event.token().0 - FIRST;
            let Some(conn) = conns[index].as_mut() else { continue };
            if !conn.turn(event.is_readable() || event.is_read_closed(), &mut shared) {
                conn.forget(&mut shared);
                conns[index] = None;
                free.push(index);
            }
        }
    }
}

fn tls_config(ca: &Path) -> Result<ServerConfig, Box<dyn Error>> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "Bench root");
    let root = params.self_signed(&key)?;
    std::fs::write(ca, root.der())?;
    std::fs::write(ca.with_extension("pem"), root.pem())?;
    let issuer = Issuer::new(params, key);

    let own = KeyPair::generate()?;
    let leaf = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()])?.signed_by(&own, &issuer)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let key = PrivateKeyDer::try_from(own.serialize_der())?;
    let mut config = builder.with_no_client_auth().with_single_cert(vec![leaf.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.session_storage = rustls::server::ServerSessionMemoryCache::new(64 * 1024);
    Ok(config)
}
