//! The foreign servers that the kit can start, each with a request.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use petition_tests::foreign_servers;
use petition_tests::httpbin::Httpbin;
use petition_tests::net::PATIENCE;
use petition_tests::tls::Authority;

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the peer listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
    stream
}

fn ask(stream: &mut (impl Read + Write), request: &str) -> String {
    stream.write_all(request.as_bytes()).expect("the peer reads");
    let mut out = Vec::new();
    match stream.read_to_end(&mut out) {
        // A server that ends TLS by a mere close has sent everything.
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {}
        Err(error) => panic!("{error}; until then: {}", out.escape_ascii()),
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn secure(authority: &Authority, stream: TcpStream) -> rustls::StreamOwned<rustls::ClientConnection, TcpStream> {
    let config = Arc::new(authority.client_config(&["http/1.1"]));
    let name = "localhost".try_into().expect("a name");
    rustls::StreamOwned::new(rustls::ClientConnection::new(config, name).expect("a sound configuration"), stream)
}

const CLOSING: &str = "Host: localhost\r\nConnection: close\r\n\r\n";

#[test]
fn nginx_answers_plainly() {
    let Some(nginx) = foreign_servers::nginx(None) else { return };
    let answer = ask(&mut connect(nginx.process.address()), &format!("GET /echo?a HTTP/1.1\r\n{CLOSING}"));
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nGET /echo?a localhost \n"),
        "{answer}"
    );
    let answer = ask(&mut connect(nginx.process.address()), &format!("GET / HTTP/1.1\r\n{CLOSING}"));
    assert!(answer.ends_with("nginx is here\n"), "{answer}");
    let request = format!("GET /chunked HTTP/1.1\r\nAccept-Encoding: gzip\r\n{CLOSING}");
    let answer = ask(&mut connect(nginx.process.address()), &request);
    assert!(answer.contains("Transfer-Encoding: chunked\r\n"), "{answer}");
    assert!(nginx.url("/").starts_with("http://127.0.0.1:"));
}

#[test]
fn nginx_answers_under_tls() {
    let authority = Authority::new();
    let Some(nginx) = foreign_servers::nginx(Some(&authority.issue_localhost())) else { return };
    let mut stream = secure(&authority, connect(nginx.process.address()));
    let answer = ask(&mut stream, &format!("GET /big HTTP/1.1\r\n{CLOSING}"));
    assert!(answer.len() > 1 << 20, "{answer}");
}

#[test]
fn openssl_sends_its_intermediate_certificate() {
    let authority = Authority::new();
    let identity = authority.intermediate().issue_localhost();
    let Some(server) = foreign_servers::openssl_server(&identity, &["-tls1_2"]) else { return };
    let answer = ask(&mut secure(&authority, connect(server.address())), "GET / HTTP/1.0\r\n\r\n");
    assert!(answer.contains("200 ok") && answer.contains("TLSv1.2"), "{answer}\n{}", server.output());
}

#[test]
fn tinyproxy_forwards_and_asks_for_credentials() {
    let Some(proxy) = foreign_servers::tinyproxy(Some(("user", "pass"))) else { return };
    let origin = Httpbin::start_plain().unwrap();
    let url = origin.url("/get");
    let answer = ask(&mut connect(proxy.address()), &format!("GET {url} HTTP/1.1\r\n{CLOSING}"));
    assert!(answer.contains(" 407 Proxy"), "{answer}");
    let basic = "Proxy-Authorization: Basic dXNlcjpwYXNz";
    let answer = ask(&mut connect(proxy.address()), &format!("GET {url} HTTP/1.1\r\n{basic}\r\n{CLOSING}"));
    assert!(answer.contains(" 200 ") && answer.contains("\"origin\""), "{answer}");
    assert_eq!(origin.requests(), 1);
}

#[test]
fn squid_tunnels() {
    let Some(proxy) = foreign_servers::squid() else { return };
    let origin = Httpbin::start_plain().unwrap();
    let authority = origin.address();
    let mut stream = connect(proxy.address());
    stream.write_all(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n").as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "{}", head.escape_ascii());
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 200 "), "{}", head.escape_ascii());
    let answer = ask(&mut stream, &format!("GET /ip HTTP/1.1\r\n{CLOSING}"));
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}
