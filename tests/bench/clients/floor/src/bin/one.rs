//! A process that makes one GET with handwritten code.
#![forbid(unsafe_code)]

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("usage: one URL")?;
    let (scheme, rest) = url.split_once("://").ok_or("no URL")?;
    let (host, path) = rest.split_once('/').ok_or("no path")?;
    let mut stream = TcpStream::connect(host)?;
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let mut space = [0; 4096];
    if scheme == "https" {
        let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect::<rustls::RootCertStore>();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        let name = host.split(':').next().unwrap_or(host).to_owned();
        let mut tls = rustls::ClientConnection::new(Arc::new(config), name.try_into()?)?;
        let mut tls = rustls::Stream::new(&mut tls, &mut stream);
        tls.write_all(request.as_bytes())?;
        let n = tls.read(&mut space)?;
        return done(&space[..n]);
    }
    stream.write_all(request.as_bytes())?;
    let n = stream.read(&mut space)?;
    done(&space[..n])
}

fn done(answer: &[u8]) -> Result<(), Box<dyn Error>> {
    let mut fields = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut fields);
    let status = response.parse(answer)?;
    if status.is_partial() || response.code != Some(200) { Err("no answer".into()) } else { Ok(()) }
}
