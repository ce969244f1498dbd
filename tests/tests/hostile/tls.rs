//! Faulty TLS, over both transports.

use std::io::{Read, Write};
use std::net::TcpStream;

use petition_tests::tls::{Endpoint, Identity, Leaf};
use rustls::{ClientConnection, ProtocolVersion, StreamOwned};

use super::*;

/// Returns the error's text of one request to this endpoint.
#[track_caller]
fn refused(authority: &Authority, endpoint: &Endpoint, words: &str) {
    for client in Client::both(authority) {
        let server = Scripted::start_tls(endpoint, [Script::new().answer(NEXT)]).unwrap();
        let error = client.send(get(server.https_url("/"))).map(|answer| answer.text()).unwrap_err().to_string();
        assert!(error.contains(words), "{client:?}: {error}");
        assert_eq!(server.requests().len(), 0, "{client:?}: nothing was told to a stranger");
    }
}

#[test]
fn t79_certificate_of_another_host_is_rejected() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    for (identity, words) in [
        (authority.issue(&Leaf::new(&["other.test"])), "not valid for localhost, only for other.test"),
        (authority.issue(&Leaf::new(&["*.localhost"])), "not valid for localhost"),
        (authority.issue(&Leaf::new(&["other.test"]).common_name("localhost")), "not valid for localhost"),
        (authority.issue(&Leaf::localhost().expired()), "has expired"),
        (authority.issue(&Leaf::localhost().not_yet_valid()), "not valid yet"),
        (authority.issue(&Leaf::localhost().for_client()), "certificate was rejected"),
        (stranger.issue_localhost(), "does not chain to a trusted root"),
        (Identity::self_signed(&Leaf::localhost()), "does not chain to a trusted root"),
    ] {
        refused(&authority, &Endpoint::new(&identity), words);
    }
}

#[test]
fn t83_server_of_other_protocols_is_rejected() {
    let authority = Authority::new();
    let endpoint = Endpoint::builder(&authority.issue_localhost()).protocols(&["h2"]).build();
    refused(&authority, &endpoint, "does not offer http/1.1");
}

#[test]
fn t81_no_request_is_sent_as_early_data() {
    let authority = Authority::new();
    let builder = Endpoint::builder(&authority.issue_localhost()).only(ProtocolVersion::TLSv1_3).early_data();
    let endpoint = builder.build();
    let closing = NEXT.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let server = Scripted::run(Some(endpoint.clone()), move |c| {
        c.read_request()?;
        c.send(closing.as_bytes())?;
        c.half_close()
    });
    let server = server.unwrap();
    for client in Client::both(&authority) {
        let before = endpoint.counts();
        for _ in 0..3 {
            assert_eq!(client.get(server.https_url("/")).text(), "next");
        }
        let after = endpoint.counts();
        assert_eq!((after.resumed - before.resumed, after.early), (2, 0), "{client:?}");
    }
    // A client that does send it is seen. The kit's server does not take such a request out, and so
    // does not answer it.
    let mut config = authority.client_config(&["http/1.1"]);
    config.enable_early_data = true;
    let config = Arc::new(config);
    for early in [false, true] {
        let mut tls = ClientConnection::new(config.clone(), "localhost".try_into().unwrap()).unwrap();
        let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let told = tls.early_data().map(|mut early| early.write_all(request).unwrap());
        assert_eq!(told.is_some(), early);
        let mut stream = StreamOwned::new(tls, TcpStream::connect(server.address()).unwrap());
        if early {
            stream.conn.complete_io(&mut stream.sock).unwrap();
        } else {
            stream.write_all(request).unwrap();
            stream.read_to_string(&mut String::new()).unwrap();
        }
    }
    endpoint.wait_for("early data", |counts| counts.early == 1);
}

#[test]
fn t82_closure_alert_ends_sending() {
    let authority = Authority::new();
    let endpoint = Endpoint::builder(&authority.issue_localhost()).build();
    for client in Client::both(&authority) {
        let (script, sent) = flagged(Script::new().answer(NEXT).half_close());
        let server = Scripted::start_tls(&endpoint, [script, Script::new().answer(NEXT)]).unwrap();
        client.get(server.https_url("/"));
        settle(&server, &sent);
        let url = server.https_url("/once");
        let answer = client.send(Request::new(Method::POST, url).data("once")).unwrap();
        assert_eq!((answer.text().as_str(), answer.reused), ("next", false), "{client:?}");
        assert_eq!(server.requests().iter().filter(|head| head.target == "/once").count(), 1, "{client:?}");
    }
}
