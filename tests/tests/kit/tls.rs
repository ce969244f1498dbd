//! The kit's certificates and TLS endpoints, judged by a rustls client.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use petition_tests::httpbin::{Httpbin, pattern};
use petition_tests::net::PATIENCE;
use petition_tests::raw::Raw;
use petition_tests::server::{Ending, Script, Scripted};
use petition_tests::tls::{Authority, Endpoint, Farewell, Handshake, Identity, Leaf};
use rustls::{ClientConfig, ProtocolVersion};

fn secure(
    config: &Arc<ClientConfig>,
    server: &Httpbin,
) -> Raw<rustls::StreamOwned<rustls::ClientConnection, TcpStream>> {
    let stream = TcpStream::connect(server.address()).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
    Raw::secure(config, stream).expect("a sound configuration")
}

/// Returns the status of a GET under TLS, or the error.
fn outcome(config: &Arc<ClientConfig>, endpoint: &Endpoint) -> Result<u16, String> {
    let server = Httpbin::start_tls(endpoint).unwrap();
    let answer = secure(config, &server).ask("GET", "/ip", &[]);
    answer.map(|answer| answer.status).map_err(|error| error.to_string())
}

#[test]
fn only_sound_certificates_are_accepted() {
    let authority = Authority::new();
    let config = Arc::new(authority.client_config(&["http/1.1"]));
    let issue = |leaf: Leaf| Endpoint::new(&authority.issue(&leaf));
    let cases = [
        (issue(Leaf::localhost()), None),
        (Endpoint::new(&authority.intermediate().issue_localhost()), None),
        (Endpoint::new(&authority.intermediate().intermediate().issue_localhost()), None),
        (issue(Leaf::localhost().expired()), Some("expired")),
        (issue(Leaf::localhost().not_yet_valid()), Some("not valid yet")),
        (issue(Leaf::new(&["other.test"])), Some("not valid for name")),
        (issue(Leaf::new(&["other.test"]).common_name("localhost")), Some("not valid for name")),
        (issue(Leaf::localhost().as_authority()), Some("CaUsedAsEndEntity")),
        (issue(Leaf::localhost().for_client()), Some("does not allow extended key usage")),
        (Endpoint::new(&Authority::new().issue_localhost()), Some("UnknownIssuer")),
        (Endpoint::new(&Identity::self_signed(&Leaf::localhost())), Some("UnknownIssuer")),
    ];
    for (index, (endpoint, fault)) in cases.iter().enumerate() {
        match (outcome(&config, endpoint), fault) {
            (Ok(200), None) => assert_eq!(endpoint.counts().full, 1),
            (Err(error), Some(fault)) if error.contains(fault) => assert_eq!(endpoint.counts().failed.len(), 1),
            (outcome, _) => panic!("case {index}: {outcome:?}, and not {fault:?}"),
        }
    }
}

#[test]
fn sessions_are_resumed_unless_tickets_are_off() {
    let authority = Authority::new();
    let identity = authority.issue_localhost();
    for version in [ProtocolVersion::TLSv1_2, ProtocolVersion::TLSv1_3] {
        for (builder, resumed) in
            [(Endpoint::builder(&identity), 1), (Endpoint::builder(&identity).without_tickets(), 0)]
        {
            let endpoint = builder.only(version).build();
            let server = Httpbin::start_tls(&endpoint).unwrap();
            let config = Arc::new(authority.client_config(&["http/1.1"]));
            for _ in 0..2 {
                let mut client = secure(&config, &server);
                assert_eq!(client.ask("GET", "/ip", &[]).unwrap().status, 200);
                let state = client.into_stream().conn;
                assert_eq!(state.protocol_version(), Some(version));
                assert_eq!(state.alpn_protocol(), Some(b"http/1.1".as_slice()));
            }
            let counts = endpoint.counts();
            assert_eq!((counts.full, counts.resumed), (2 - resumed, resumed), "{version:?}");
        }
    }
}

#[test]
fn large_bodies_pass_both_ways() {
    let authority = Authority::new();
    let server = Httpbin::start_tls(&Endpoint::new(&authority.issue_localhost())).unwrap();
    let mut client = secure(&Arc::new(authority.client_config(&[])), &server);
    client.send("POST /upload-count HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n").unwrap();
    // A full record, a short one and more behind them in one write: the server's TLS must not be
    // given it all at once.
    for _ in 0..100 {
        for length in [16_384, 100, 13_416, 100] {
            client.stream().conn.writer().write_all(&vec![b'x'; length]).unwrap();
        }
        client.stream().flush().unwrap();
    }
    assert_eq!(client.response("POST").unwrap().json()["bytes"], 3_000_000);
    assert_eq!(client.ask("GET", "/bytes/3000000", &[]).unwrap().body, pattern(3_000_000, 0));
}

#[test]
fn alpn_with_h2_only_is_refused() {
    let authority = Authority::new();
    let endpoint = Endpoint::builder(&authority.issue_localhost()).protocols(&["h2"]).build();
    let error = outcome(&Arc::new(authority.client_config(&["http/1.1"])), &endpoint).unwrap_err();
    assert!(error.contains("NoApplicationProtocol"), "{error}");
    assert_eq!(outcome(&Arc::new(authority.client_config(&[])), &endpoint), Ok(200));
}

#[test]
fn required_client_certificate_is_enforced() {
    let authority = Authority::new();
    let endpoint = Endpoint::builder(&authority.issue_localhost()).clients_of(&authority).build();
    let error = outcome(&Arc::new(authority.client_config(&[])), &endpoint).unwrap_err();
    assert!(error.contains("CertificateRequired"), "{error}");
    let identity = authority.issue(&Leaf::new(&["client.test"]).for_client());
    let config = ClientConfig::builder_with_provider(petition_tests::tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(authority.roots())
        .with_client_auth_cert(identity.chain(), identity.key())
        .unwrap();
    assert_eq!(outcome(&Arc::new(config), &endpoint), Ok(200));
}

#[test]
fn each_kind_of_ending_reaches_the_client() {
    let authority = Authority::new();
    let config = Arc::new(authority.client_config(&[]));
    let rest = |farewell| {
        let endpoint = Endpoint::builder(&authority.issue_localhost()).farewell(farewell).build();
        let server = Httpbin::start_tls(&endpoint).unwrap();
        let mut client = secure(&config, &server);
        assert_eq!(client.ask("GET", "/close", &[]).unwrap().status, 200);
        client.rest().map_err(|error| error.kind())
    };
    assert_eq!(rest(Farewell::CloseNotify), Ok(Vec::new()));
    assert_eq!(rest(Farewell::Fin), Err(ErrorKind::UnexpectedEof));
    assert_eq!(rest(Farewell::Reset), Err(ErrorKind::ConnectionReset));
}

#[test]
fn trickled_handshake_succeeds_byte_by_byte() {
    /// Records the longest piece of one read.
    struct Watched(TcpStream, usize);
    impl Read for Watched {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.0.read(buffer)?;
            self.1 = self.1.max(n);
            Ok(n)
        }
    }
    impl Write for Watched {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }
    let authority = Authority::new();
    let trickle = Handshake::Trickle(Duration::from_micros(200));
    let endpoint = Endpoint::builder(&authority.issue_localhost()).without_tickets().handshake(trickle).build();
    let server = Httpbin::start_tls(&endpoint).unwrap();
    let config = Arc::new(authority.client_config(&[]));
    let state = rustls::ClientConnection::new(config, "localhost".try_into().unwrap()).unwrap();
    let stream = Watched(TcpStream::connect(server.address()).unwrap(), 0);
    let mut client = rustls::StreamOwned::new(state, stream);
    while client.conn.is_handshaking() {
        client.conn.complete_io(&mut client.sock).unwrap();
    }
    // Several bytes may arrive together on a busy machine, but never the hundreds of a whole
    // flight.
    assert!((1..200).contains(&client.sock.1), "{} bytes at once", client.sock.1);
}

#[test]
fn stalled_handshake_waits_for_the_client() {
    let authority = Authority::new();
    for after in [0, 100] {
        let endpoint = Endpoint::builder(&authority.issue_localhost()).handshake(Handshake::StallAfter(after)).build();
        let server = Httpbin::start_tls(&endpoint).unwrap();
        let config = Arc::new(authority.client_config(&[]));
        let mut state = rustls::ClientConnection::new(config, "localhost".try_into().unwrap()).unwrap();
        let mut stream = TcpStream::connect(server.address()).unwrap();
        state.write_tls(&mut stream).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.read_exact(&mut vec![0; after]).unwrap();
        stream.set_nonblocking(true).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(state.is_handshaking() && endpoint.counts().failed.is_empty());
        drop(stream);
        endpoint.wait_for("the failure", |counts| counts.failed.len() == 1);
    }
}

#[test]
fn tls_scripts_can_truncate_or_reset() {
    let authority = Authority::new();
    let config = Arc::new(authority.client_config(&["http/1.1"]));
    let part = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab";
    let scripts = [
        Script::new().answer(part).truncate(),
        Script::new().answer(part).half_close(),
        Script::new().answer(part).reset(),
    ];
    let server = Scripted::start_tls(&Endpoint::new(&authority.issue_localhost()), scripts).unwrap();
    let ask = || {
        let stream = TcpStream::connect(server.address()).unwrap();
        let mut client = Raw::secure(&config, stream).unwrap();
        client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        let outcome = client.rest();
        outcome.map(|bytes| bytes.len()).map_err(|error| error.kind())
    };
    assert_eq!(ask(), Err(ErrorKind::UnexpectedEof));
    assert_eq!(ask(), Ok(part.len()));
    assert_eq!(ask(), Err(ErrorKind::ConnectionReset));
    assert_eq!(server.wait_for_end(0).ending, Some(Ending::Truncated), "this client sends no close_notify");
    assert_eq!(server.wait_for_end(2).requests[0].target, "/a");
    assert!(server.https_url("/a").starts_with("https://localhost:"));
    drop(TcpStream::connect(server.address()).unwrap());
    assert!(matches!(server.wait_for_end(3).ending, Some(Ending::NoHandshake(_))));
}
