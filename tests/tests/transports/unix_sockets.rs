//! Unix sockets over both transports: plain and under TLS, reuse, uploads, redirects, and what an
//! error says.

use std::io;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use petition_core::origin::Origin;
use petition_core::{Address, ConnectTo, ErrorKind, Method, Phase, Request, Setting, Timeout};
use petition_tests::foreign_servers;
use petition_tests::httpbin::{self, Httpbin};
use petition_tests::net::temp_dir::TempDir;
use petition_tests::net::unix_bridge::UnixBridge;
use petition_tests::support::{Client, ONE_SECOND, Upload, timed};
use petition_tests::tls::{Authority, Endpoint};

fn get(url: &str) -> Request {
    Request::new(Method::GET, url)
}

fn bridged() -> (Httpbin, UnixBridge) {
    let server = Httpbin::start_plain().unwrap();
    let bridge = UnixBridge::start(server.address()).unwrap();
    (server, bridge)
}

#[test]
fn requests_share_a_connection_over_the_socket() {
    for client in Client::both(&Authority::new()) {
        let (server, bridge) = bridged();
        client.configure(|options| {
            options.unix_socket(bridge.path());
        });
        let first = client.get("http://service.test/get?n=1");
        assert_eq!((first.status(), first.reused, first.peer), (200, false, Some(Address::unix(bridge.path()))));
        assert!(String::from_utf8_lossy(&first.body).contains("service.test"));
        assert!(client.get("http://service.test/get?n=2").reused, "{client:?}");
        // The same origin over TCP is another connection.
        let tcp = client.send(get(&server.url("/get")).connect_to(Setting::Clear)).unwrap();
        assert_eq!((tcp.reused, tcp.peer), (false, Some(server.address().into())), "{client:?}");
        let unix = client.get(server.url("/get"));
        assert!(!unix.reused && unix.peer == Some(Address::unix(bridge.path())), "{client:?}");
        assert_eq!(bridge.accepted(), 2, "{client:?}");
    }
}

#[test]
fn https_works_over_the_socket() {
    let authority = Authority::new();
    let endpoint = Endpoint::new(&authority.issue_localhost());
    let server = httpbin::Builder::default().tls(&endpoint).start().unwrap();
    let bridge = UnixBridge::start(server.address()).unwrap();
    for client in Client::both(&authority) {
        let answer = client.send(get("https://localhost/get").unix_socket(bridge.path())).unwrap();
        assert_eq!((answer.status(), answer.peer), (200, Some(Address::unix(bridge.path()))));
        let other = client.send(get("https://other.test/get").unix_socket(bridge.path())).unwrap_err();
        assert!(other.is_tls(), "{other}");
    }
}

#[test]
fn large_bodies_pass_both_ways() {
    for client in Client::both(&Authority::new()) {
        let (_server, bridge) = bridged();
        let bytes: Vec<u8> = (0..300_000u32).map(|n| b'a' + (n % 26) as u8).collect();
        let request = Request::new(Method::POST, "http://service.test/post").unix_socket(bridge.path());
        let answer = client.upload(request, &Upload::new(bytes.clone()), false).unwrap();
        assert!(answer.text().contains(std::str::from_utf8(&bytes).unwrap()), "{client:?}");
        let request = get("http://service.test/bytes/100000").unix_socket(bridge.path());
        assert_eq!(client.send(request).unwrap().body.len(), 100_000);
    }
}

#[test]
fn t29_redirect_reaches_a_socket_only_by_rule() {
    for client in Client::both(&Authority::new()) {
        let (server, bridge) = bridged();
        let away = get("http://service.test/redirect-to").query("url", server.url("/get"));
        let answer = client.send(away.unix_socket(bridge.path())).unwrap();
        assert_eq!((answer.hops, answer.peer), (1, Some(server.address().into())), "{client:?}");
        // Back to the socket: the caller's rule names it.
        let to_it = get(&server.url("/redirect-to")).query("url", "http://service.test/get");
        let rule =
            ConnectTo::new().origin(Origin::of(&"http://service.test/".parse().unwrap()), Address::unix(bridge.path()));
        let answer = client.send(to_it.clone().connect_to(rule)).unwrap();
        assert_eq!((answer.hops, answer.peer), (1, Some(Address::unix(bridge.path()))), "{client:?}");
        let error = client.send(to_it).unwrap_err();
        assert_eq!(error.phase(), Phase::Resolve, "{error}");
    }
}

#[test]
fn socket_without_a_server_is_named() {
    let directory = TempDir::new().unwrap();
    let (missing, dead) = (directory.path().join("missing.sock"), directory.path().join("dead.sock"));
    drop(UnixListener::bind(&dead).unwrap());
    let long = directory.path().join("x".repeat(200));
    for client in Client::both(&Authority::new()) {
        for (path, kind) in
            [(&missing, Some(io::ErrorKind::NotFound)), (&dead, Some(io::ErrorKind::ConnectionRefused)), (&long, None)]
        {
            let error = client.send(get("http://service.test/").unix_socket(path)).unwrap_err();
            assert!(error.is_connect() && error.phase() == Phase::Connect, "{error}");
            assert!(error.to_string().contains(&format!("unix:{}: ", path.display())), "{error}");
            let ErrorKind::Connect(petition_core::route::dial::DialError::AllFailed(failed)) = error.kind() else {
                panic!("{error}")
            };
            let petition_core::route::dial::FailReason::Failed { kind: found, .. } = &failed[0].reason else {
                panic!("{error}")
            };
            assert!(kind.is_none_or(|kind| kind == *found), "{error}");
        }
    }
}

#[test]
fn socket_that_accepts_nothing_is_left_in_time() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("full.sock");
    let listener = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    listener.bind(&socket2::SockAddr::unix(&path).unwrap()).unwrap();
    listener.listen(0).unwrap();
    let _queued = std::os::unix::net::UnixStream::connect(&path).unwrap();
    let [blocking, looping] = Client::both(&Authority::new());
    let request = || get("http://service.test/").unix_socket(&path).connect_timeout(Duration::from_secs(1));
    let error = timed(ONE_SECOND, || blocking.send(request())).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Timeout { which: Timeout::Connect, .. }), "{error}");
    let error = looping.send(request()).unwrap_err();
    assert!(error.to_string().contains("the server's queue of connections is full"), "{error}");
}

#[test]
fn nginx_answers_over_its_unix_socket() {
    let authority = Authority::new();
    for identity in [None, Some(authority.issue_localhost())] {
        let Some(nginx) = foreign_servers::nginx(identity.as_ref()) else { return };
        let scheme = if identity.is_some() { "https" } else { "http" };
        for client in Client::both(&authority) {
            client.configure(|options| {
                options.unix_socket(nginx.socket());
            });
            let url = |path: &str| format!("{scheme}://localhost{path}");
            assert_eq!(client.get(url("/")).text(), "nginx is here\n");
            assert!(client.get(url("/echo")).text().starts_with("GET /echo localhost "));
            let big = client.get(url("/chunked"));
            assert!(big.body.len() == 1 << 20 && big.reused, "{client:?}");
        }
    }
}
