//! How TCP sockets are opened: the local address, keep-alive, and the hook before the connect.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use petition_std::{ErrorKind, Session, TcpSettings};
use petition_tests::httpbin::Httpbin;

#[test]
#[cfg(target_os = "linux")] // Elsewhere the loopback interface has one address.
fn connections_come_from_the_local_address() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        [(); 2].map(|()| {
            let (mut stream, peer) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
            peer.ip().to_string()
        })
    });
    let tcp = TcpSettings::new().bind("127.0.0.2".parse().unwrap()).bind("::1".parse().unwrap());
    for session in [Session::builder().tcp(tcp).build(), Session::new()] {
        assert_eq!(session.get(&url).send().unwrap().status(), 204);
    }
    assert_eq!(server.join().unwrap(), ["127.0.0.2", "127.0.0.1"]);
}

#[test]
fn address_of_the_other_family_is_not_connected_to() {
    let server = Httpbin::start_plain().unwrap();
    let session = Session::builder().tcp(TcpSettings::new().bind("::1".parse().unwrap())).build();
    let error = session.get(server.url("/get")).send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Connect(_)), "{error}");
    assert!(error.to_string().contains("belongs to the other IP version"), "{error}");
}

#[test]
fn hook_sees_each_socket_before_it_connects() {
    let server = Httpbin::start_plain().unwrap();
    let seen: Arc<Mutex<Vec<SocketAddr>>> = Arc::default();
    let told = seen.clone();
    let tcp = TcpSettings::new().keep_alive(Duration::from_secs(60)).before_connect(move |socket, address| {
        assert_eq!(socket.peer_addr().unwrap_err().kind(), io::ErrorKind::NotConnected);
        let options = socket2::SockRef::from(socket);
        assert!(options.keepalive()?);
        options.set_recv_buffer_size(32 * 1024)?;
        told.lock().unwrap().push(address);
        Ok(())
    });
    let session = Session::builder().tcp(tcp).build();
    for _ in 0..2 {
        assert!(session.get(server.url("/get")).send().unwrap().text().unwrap().contains("headers"));
    }
    session.close_idle();
    session.get(server.url("/get")).send().unwrap();
    assert_eq!(*seen.lock().unwrap(), [server.address(), server.address()], "once for each connection");
}

#[test]
fn failure_of_the_hook_is_reported() {
    let server = Httpbin::start_plain().unwrap();
    let tcp = TcpSettings::new().before_connect(|_, _| Err(io::Error::other("no mark may be set")));
    let error = Session::builder().tcp(tcp).build().get(server.url("/get")).send().unwrap_err();
    assert!(error.is_connect() && error.to_string().contains(": no mark may be set"), "{error}");
}
