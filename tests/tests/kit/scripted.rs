//! The scripted server of the kit, judged by raw sockets.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use petition_tests::net::PATIENCE;
use petition_tests::net::unreachable::{BlackHole, refusing};
use petition_tests::server::{Ending, Gate, Pace, Script, Scripted};

const GET: &[u8] = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

fn connect(server: &Scripted) -> TcpStream {
    let stream = TcpStream::connect(server.address()).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
    stream
}

fn rest(stream: &mut TcpStream) -> String {
    let mut out = String::new();
    stream.read_to_string(&mut out).expect("the server ends its side");
    out
}

/// Returns the message of a panic, for servers that should fail.
fn failure(act: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(act)).expect_err("the server has a failure to report");
    panic.downcast_ref::<String>().cloned().expect("the report is a text")
}

#[test]
fn request_is_recorded_and_answered() {
    let server = Scripted::start([Script::new().answer("HTTP/1.1 204 No Content\r\n\r\n")]).unwrap();
    let mut client = connect(&server);
    client.write_all(b"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    server.wait_for_requests(1);
    client.write_all(b"3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n").unwrap();
    assert_eq!(rest(&mut client), "HTTP/1.1 204 No Content\r\n\r\n");
    client.write_all(b"more").unwrap();
    drop(client);
    let record = server.wait_for_end(0);
    assert_eq!(record.ending, Some(Ending::Done));
    assert_eq!(record.bodies, [b"abcde"]);
    assert!(record.received.ends_with(b"X: y\r\n\r\nmore"), "what came after the FIN of the server is recorded too");
    server.wait_for_counts("the connection to end", |counts| counts.open == 0);
    assert_eq!(server.counts().accepted, 1);
}

#[test]
fn pieces_after_a_gate_arrive_separately() {
    let gate = Gate::new();
    let script = Script::new().send_pieces(["HT", "TP", "!"], Pace::Gate(gate.clone()));
    let server = Scripted::start([script]).unwrap();
    let mut client = connect(&server);
    for piece in ["HT", "TP", "!"] {
        gate.release();
        let mut buffer = [0; 16];
        let n = client.read(&mut buffer).unwrap();
        assert_eq!(buffer[..n], *piece.as_bytes());
    }
    assert_eq!(rest(&mut client), "");
}

#[test]
fn stall_ends_when_the_client_closes() {
    let server = Scripted::start([Script::new().read_head().stall()]).unwrap();
    let mut client = connect(&server);
    client.write_all(GET).unwrap();
    server.wait_for_requests(1);
    assert_eq!(server.counts().open, 1);
    drop(client);
    assert_eq!(server.wait_for_end(0).received, GET);
}

#[test]
fn gate_ends_the_wait() {
    let gate = Gate::new();
    let server = Scripted::start([Script::new().read_head().wait(&gate).send("x")]).unwrap();
    let mut client = connect(&server);
    client.write_all(GET).unwrap();
    server.wait_for_requests(1);
    client.set_nonblocking(true).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    client.set_nonblocking(false).unwrap();
    gate.open();
    assert_eq!(rest(&mut client), "x");
}

#[test]
fn reset_sends_rst_close_sends_fin() {
    let reset = Script::new().read_head().send("x").reset();
    let server = Scripted::start([reset, Script::new().read_head().send("x").close()]).unwrap();
    let mut client = connect(&server);
    client.write_all(GET).unwrap();
    let mut out = Vec::new();
    assert_eq!(client.read_to_end(&mut out).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(server.wait_for_end(0).ending, Some(Ending::Done));
    let mut client = connect(&server);
    client.write_all(GET).unwrap();
    assert_eq!(rest(&mut client), "x");
}

#[test]
fn early_client_close_ends_the_script_cleanly() {
    let server = Scripted::each(Script::new().read_head().send("x")).unwrap();
    let mut client = connect(&server);
    client.write_all(b"GET / HT").unwrap();
    server.wait_for_record(0, "eight bytes", |record| record.received.len() == 8);
    drop(client);
    assert_eq!(server.wait_for_end(0).ending, Some(Ending::Closed));
    drop(connect(&server));
    assert_eq!(server.wait_for_end(1).ending, Some(Ending::Closed));
}

#[test]
fn dropping_the_server_ends_every_script() {
    let scripts = [
        Script::new().stall(),
        Script::new().wait(&Gate::new()),
        Script::new().send_pieces(["a"], Pace::Every(Duration::from_secs(3600))),
        Script::new().read_head(),
    ];
    let server = Scripted::start(scripts).unwrap();
    let mut clients: Vec<_> = (0..4).map(|_| connect(&server)).collect();
    server.wait_for_counts("four connections", |counts| counts.open == 4);
    drop(server);
    for client in &mut clients {
        // Whether as FIN or as RST: the connection is over.
        assert!(matches!(client.read(&mut [0]), Ok(0) | Err(_)));
    }
}

#[test]
fn connection_without_a_script_fails_the_test() {
    let server = Scripted::start([]).unwrap();
    let mut client = connect(&server);
    assert!(matches!(client.read(&mut [0]), Ok(0) | Err(_)));
    assert!(failure(|| drop(server)).contains("a connection more than the 0"));
}

#[test]
fn forbidden_request_fails_the_test() {
    let server = Scripted::each(Script::new().read_request()).unwrap();
    let mut client = connect(&server);
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").unwrap();
    assert!(matches!(client.read(&mut [0]), Ok(0) | Err(_)));
    assert!(failure(|| drop(server)).contains("2 Host fields"));
}

#[test]
fn several_exchanges_on_one_connection() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1";
    let server = Scripted::start([Script::new().repeat(3, Script::new().answer(answer))]).unwrap();
    let mut client = connect(&server);
    client.write_all(&GET.repeat(3)).unwrap();
    assert_eq!(rest(&mut client), answer.repeat(3));
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn black_hole_neither_accepts_nor_refuses() {
    let hole = BlackHole::open().unwrap();
    let outcome = TcpStream::connect_timeout(&hole.address(), Duration::from_millis(100));
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::TimedOut);
    let outcome = TcpStream::connect_timeout(&refusing().unwrap(), PATIENCE);
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}
