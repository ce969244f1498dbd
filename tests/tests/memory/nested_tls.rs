//! TLS within TLS, by hand: a request is written to its end before its response is waited for, and
//! nothing is held meanwhile.

use std::io::{Read, Write};

use petition_core::{Input, Instant, Method, Now, Output, Proxy, Request, Session, Side, Transfer, UnixTime};
use petition_tests::memory::{client_config, server_config};
use petition_tests::tls::Authority;
use rustls::ServerConnection;

const OPEN: &[u8] = b"HTTP/1.1 200 Connection Established\r\n\r\n";

/// One side of TLS that accepts all bytes.
struct Tls(ServerConnection);

impl Tls {
    /// Returns the plain text of these bytes.
    fn read(&mut self, mut bytes: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        while !bytes.is_empty() {
            self.0.read_tls(&mut bytes).unwrap();
            self.0.process_new_packets().unwrap();
            let _ = self.0.reader().read_to_end(&mut plain);
        }
        plain
    }

    /// Returns the bytes to send, `plain` last.
    fn write(&mut self, plain: &[u8]) -> Vec<u8> {
        self.0.writer().write_all(plain).unwrap();
        let mut bytes = Vec::new();
        while self.0.wants_write() {
            self.0.write_tls(&mut bytes).unwrap();
        }
        bytes
    }
}

/// A request through an https proxy to an https origin, or straight to the origin, up to where its
/// response is waited for: with what the origin has read of it then. Storage is lent for each read,
/// or not.
fn up_to_the_response(proxy: bool, lends: bool, body: usize) -> (Transfer, Vec<u8>) {
    let authority = Authority::new();
    let (server, client) = (server_config(&authority, &["a.test", "p.test"]), client_config(&authority));
    let tls = || {
        let mut tls = ServerConnection::new(server.clone()).unwrap();
        tls.set_buffer_limit(None);
        Tls(tls)
    };
    let (mut outer, mut inner) = (tls(), tls());
    let mut request = Request::new(Method::PUT, "https://a.test/").data(vec![b'u'; body]);
    request = request.tls(client);
    if proxy {
        let proxy = Proxy::new("https://p.test:3129").unwrap();
        request = request.proxy(proxy);
    }
    let now = Now::new(Instant::ZERO, UnixTime(1_750_000_000));
    let mut session = Session::new();
    let mut transfer = Transfer::new(session.prepare(&request).unwrap(), now);
    let (mut open, mut asked) = (!proxy, Vec::new());
    loop {
        match transfer.poll() {
            Output::Sync => transfer.sync(now, &mut session).unwrap(),
            Output::Acquire(_) => transfer.handle(now, Input::OpenNew).unwrap(),
            Output::Resolve => {
                let address = "192.0.2.1:443".parse().unwrap();
                transfer.handle(now, Input::Resolved(&[address])).unwrap();
            }
            Output::Connect(attempt) => transfer.handle(now, Input::Connected(attempt)).unwrap(),
            Output::Transmit => {
                let out = transfer.outgoing().to_vec();
                transfer.handle(now, Input::Wrote(out.len())).unwrap();
                let within = if proxy { outer.read(&out) } else { out };
                if !open && within.starts_with(b"CONNECT") {
                    open = true;
                    outer.0.writer().write_all(OPEN).unwrap();
                } else {
                    asked.extend(inner.read(&within));
                }
            }
            // The server's tickets stay unread.
            Output::Read if asked.starts_with(b"PUT") => return (transfer, asked),
            Output::Read => {
                let mut bytes = inner.write(&[]);
                if proxy {
                    bytes = outer.write(&bytes);
                }
                assert!(!bytes.is_empty(), "nothing comes, and nothing is sent");
                if lends {
                    let _ = transfer.give_read_buffer(vec![0; 64 * 1024]);
                }
                transfer.space()[..bytes.len()].copy_from_slice(&bytes);
                transfer.handle(now, Input::Filled(bytes.len())).unwrap();
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn request_is_written_before_its_response_is_read() {
    // The most that waits below a layer.
    for size in (65_536 - 420..65_536).step_by(12).chain([0, 200_000]) {
        for proxy in [false, true] {
            let (mut transfer, asked) = up_to_the_response(proxy, true, size);
            let head = asked.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
            assert_eq!(asked.len() - head, size, "proxy: {proxy}");
            let park = Input::Blocked(Side::Read);
            transfer.handle(Now::default(), park).unwrap();
            assert!(matches!(transfer.poll(), Output::Wait));
        }
    }
}

#[test]
fn transfer_waiting_for_its_response_holds_no_buffer() {
    for (proxy, lends) in [(false, false), (false, true), (true, false), (true, true)] {
        let (mut transfer, _) = up_to_the_response(proxy, lends, 0);
        let lent = transfer.take_read_buffer();
        assert_eq!(lent.is_some(), lends);
        assert_eq!(transfer.retained().received, 0, "proxy: {proxy}, lent: {lends}");
    }
}
