//! The server dies and restarts while it is in use.

use std::cell::Cell;

use petition_mio::{ErrorKind, Method, Request};
use petition_tests::net::gate::Gate;
use petition_tests::server::{Script, Scripted};
use petition_tests::support::Upload;

use super::*;

#[test]
fn restart_replaces_connections_without_repeats() {
    let authority = Authority::new();
    let identity = authority.issue_localhost();
    for identity in [None, Some((&identity, TlsVersion::Tls13))] {
        each(&Settings { identity, ..Settings::default() }, &authority, |_, origin, client| {
            for method in [Method::GET, Method::POST] {
                assert_eq!(client.get(origin.url("/text")).status(), 200);
                origin.process.restart();
                let before = origin.kit.requests();
                let url = origin.url("/behind/anything");
                let answer = client.send(Request::new(method.clone(), url).data("once")).unwrap();
                assert_eq!((answer.status(), answer.reused), (200, false), "{method}");
                assert_eq!(origin.kit.requests() - before, 1, "{method}");
            }
            origin.process.stop();
            let error = client.send(Request::new(Method::GET, origin.url("/text"))).map(|_| ()).unwrap_err();
            assert!(error.is_connect(), "{error}");
            origin.process.restart();
            assert_eq!(client.get(origin.url("/text")).text(), "a text\n");
        });
    }
}

#[test]
fn t44_body_of_a_dying_server_is_truncated() {
    let authority = Authority::new();
    let identity = authority.issue_localhost();
    for identity in [None, Some((&identity, TlsVersion::Tls13))] {
        each(&Settings { identity, ..Settings::default() }, &authority, |_, origin, client| {
            let died = Cell::new(false);
            let request = Request::new(Method::GET, origin.url("/huge"));
            let result = client.exchange(request, Upload::default(), || {
                origin.process.stop();
                died.set(true);
            });
            let error = result.map(|answer| answer.body.len()).unwrap_err();
            let reset = matches!(error.kind(), ErrorKind::Io(_));
            assert!(died.get() && (reset || error.is_truncated()), "{error}");
            assert!(error.report().bytes_received > 0, "{error}");
            origin.process.restart();
            assert_eq!(client.get(origin.url("/text")).text(), "a text\n");
        });
    }
}

#[test]
fn t54_upload_to_a_dying_server_is_not_repeated() {
    for program in Program::ALL {
        for client in Client::both(&Authority::new()) {
            println!("{program:?} {client:?}");
            let gate = Gate::new();
            let slow = Scripted::each(Script::new().read_head().wait(&gate)).unwrap();
            let settings = Settings { behind: Some(slow.address()), ..Settings::default() };
            let Some(mut origin) = program.start(&settings) else { break };
            // On a reused connection, where a request without a body would be repeated.
            assert_eq!(client.get(origin.url("/text")).status(), 200);
            let upload = Upload::new(vec![7; 64 << 20]);
            std::thread::scope(|scope| {
                let request = Request::new(Method::POST, origin.url("/behind/slow"));
                let sending = scope.spawn(|| client.upload(request, &upload, false).map(|answer| answer.status()));
                slow.wait_for_requests(1);
                origin.process.restart();
                let error = sending.join().expect("an end").unwrap_err();
                assert!(matches!(error.kind(), ErrorKind::Io(_)) || error.is_truncated(), "{error}");
            });
            gate.open();
            assert_eq!(client.get(origin.url("/text")).status(), 200);
            assert_eq!(slow.requests().len(), 1);
        }
    }
}
