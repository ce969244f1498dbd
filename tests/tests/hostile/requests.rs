//! Requests that must not be sent; the host of a URL; requests that may be repeated.

use petition_mio::petition_core::route::address_policy::AddressPolicy;
use std::time::Duration;

use super::*;

/// Checks that it is rejected before any connection.
#[track_caller]
fn nothing_sent(what: &str, make: impl Fn(&Scripted) -> Request) {
    for client in clients() {
        let server = Scripted::start([Script::new().answer(NEXT)]).unwrap();
        let result = client.send(make(&server));
        assert!(result.is_err(), "{client:?} {what}: {result:?}");
        assert_eq!(server.counts().accepted, 0, "{client:?} {what}: {result:?}");
    }
}

#[test]
fn t18_t19_t21_message_breaking_input_is_not_sent() {
    for value in ["a\r\nEvil: 1", "a\nb", "a\rb", "a\0b", "a\x7fb", "a\n b"] {
        nothing_sent(value, |server| get(server.url("/")).header("X", value));
        nothing_sent(value, |server| get(server.url("/")).header("Host", value));
    }
    for name in ["", "X Y", "X:", "X\r\nEvil", "\u{e9}", "X\0"] {
        nothing_sent(name, |server| get(server.url("/")).header(name, "value"));
    }
    for (name, value) in [
        ("Content-Length", "5"),
        ("Transfer-Encoding", "gzip"),
        ("Connection", "x"),
        ("Upgrade", "x"),
        ("TE", "x"),
        ("Trailer", "x"),
    ] {
        nothing_sent(name, |server| Request::new(Method::POST, server.url("/")).data("four").header(name, value));
    }
    for cookie in ["a;b", "a\r\nX: y", "a\0"] {
        nothing_sent(cookie, |server| get(server.url("/")).cookie("name", cookie));
    }
}

#[test]
fn t19_t24_paths_queries_and_forms_arrive_encoded_once() {
    for (path, target) in
        [("/a b", "/a%20b"), ("/\u{e9}", "/%C3%A9"), ("/%20", "/%20"), ("/a#b", "/a"), ("/?a=b c", "/?a=b%20c")]
    {
        for client in clients() {
            let server = Scripted::start([Script::new().answer(NEXT)]).unwrap();
            client.get(server.url(path));
            assert_eq!(server.requests()[0].target, target, "{client:?}");
        }
    }
    for client in clients() {
        let server = Scripted::start([Script::new().answer(NEXT)]).unwrap();
        let form = [("a=b&c", "\u{e9}"), ("+", "%"), ("n", "1\r\n2")];
        let request = Request::new(Method::POST, server.url("/")).query("q", "a&b=c d").form(form);
        client.send(request).unwrap();
        let record = server.wait_for_record(0, "the form", |record| record.bodies.len() == 1);
        assert_eq!(record.bodies[0], b"a%3Db%26c=%C3%A9&%2B=%25&n=1%0D%0A2");
        assert_eq!(server.requests()[0].target, "/?q=a%26b%3Dc+d");
    }
}

#[test]
fn t26_urls_of_two_readings_are_rejected() {
    for url in [
        "http://a@b@127.0.0.1:PORT/",
        "http://127.0.0.1\\@x:PORT/",
        "http://x\\@127.0.0.1:PORT/",
        "http://127.0.0.1%2f:PORT/",
        "http://127.0.0.1%00:PORT/",
        "http://127.0.0.1 :PORT/",
        "http://127.0.0.1\t:PORT/",
        "http://127.0.0.1\r\n:PORT/",
        "http://127.0.0.1:PORT\n/",
        "http://127.0.0.1:+PORT/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:99999/",
        "http://:PORT/",
        "http:///127.0.0.1:PORT/",
        "http:127.0.0.1:PORT/",
        "127.0.0.1:PORT/",
        "file:///etc/passwd",
    ] {
        nothing_sent(url, |server| get(url.replace("PORT", &server.address().port().to_string())));
    }
}

#[test]
fn t27_t28_hosts_are_normalized_first() {
    for host in
        ["127.1", "0x7f000001", "2130706433", "017700000001", "127.0.0.1.", "\u{ff11}27.0.0.1", "127\u{3002}0.0.1"]
    {
        for client in clients() {
            let server = Scripted::start([Script::new().answer(NEXT)]).unwrap();
            client.get(server.url("/").replace("127.0.0.1", host));
            assert_eq!(server.requests()[0].value("host"), Some(server.address().to_string()), "{client:?} {host}");
        }
    }
    for host in ["LOCALHOST", "\u{24db}ocalhost", "loca\u{ad}lhost"] {
        for client in clients() {
            let server = Scripted::start([Script::new().answer(NEXT)]).unwrap();
            client.get(server.url("/").replace("127.0.0.1", host));
            let expected = server.address().to_string().replace("127.0.0.1", "localhost");
            assert_eq!(server.requests()[0].value("host"), Some(expected), "{client:?} {host}");
        }
    }
}

#[test]
fn t29_private_addresses_are_never_connected_to() {
    for host in ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]", "a.localhost"] {
        nothing_sent(host, |server| {
            let request = get(server.url("/").replace("127.0.0.1", host));
            request.address_policy(AddressPolicy::PublicOnly)
        });
    }
}

#[test]
fn t11_sending_changes_no_options() {
    for client in clients() {
        let set = "HTTP/1.1 307 Moved\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n";
        let script = Script::new().repeat(4, Script::new().answer(set).answer(NEXT));
        let server = Scripted::start([script]).unwrap();
        client.session(|session| session.set_headers([("X-Session", "1")])).unwrap();
        let before = client.session(|session| session.options().clone());
        let put = Request::new(Method::PUT, server.url("/")).header("X-Request", "2").data("body").cookie("a", "b");
        let put = put.configure(|options| {
            options.idle_timeout(Duration::from_secs(9));
            options.expect_continue(None);
        });
        for request in [put.clone(), put.clone(), secret_free(&server), put] {
            client.send(request).unwrap();
            assert!(client.session(|session| *session.options() == before), "{client:?}");
        }
        let heads = server.requests();
        assert_eq!((&heads[0].raw, &heads[1].raw), (&heads[2].raw, &heads[3].raw));
        assert_eq!((&heads[0].raw, &heads[1].raw), (&heads[6].raw, &heads[7].raw), "nor by what was sent between");
        assert!(heads[4].value("x-request").is_none() && heads[4].value("x-session").is_some());
    }
}

fn secret_free(server: &Scripted) -> Request {
    get(server.url("/"))
}

#[test]
fn t53_expecting_body_follows_the_answer() {
    let asks = |server: &Scripted, patience: u64| {
        let request = Request::new(Method::POST, server.url("/")).data("the body");
        request.expect_continue(Duration::from_millis(patience))
    };
    let reads = |begin: &'static str| {
        Script::new().act(move |conversation| {
            let head = conversation.read_head()?;
            assert!(head.expects_continue());
            conversation.send(begin.as_bytes())?;
            assert_eq!(conversation.read_body(&head)?.0, b"the body");
            conversation.send(NEXT.as_bytes())
        })
    };
    for client in clients() {
        for (begin, patience) in [("HTTP/1.1 100 Continue\r\n\r\n", 10_000), ("", 100)] {
            let server = Scripted::start([reads(begin)]).unwrap();
            assert_eq!(client.send(asks(&server, patience)).unwrap().text(), "next", "{client:?} {begin:?}");
        }
        let refusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno";
        let server = Scripted::start([Script::new().read_head().send(refusal)]).unwrap();
        assert_eq!(client.send(asks(&server, 10_000)).unwrap().text(), "no");
        let received = server.wait_for_end(0).received;
        assert!(received.ends_with(b"\r\n\r\n"), "no body: {}", received.escape_ascii());
        let unknown = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let server = Scripted::start([Script::new().read_head().send(unknown), Script::new().answer(NEXT)]).unwrap();
        assert_eq!(client.send(asks(&server, 10_000)).unwrap().text(), "next");
        let again = server.requests().swap_remove(1);
        assert!(!again.expects_continue(), "{client:?}");
    }
}

#[test]
fn t54_unsafe_request_is_never_repeated() {
    for (method, again) in [("POST", false), ("PATCH", false), ("GET", true), ("PUT", true), ("DELETE", true)] {
        for client in clients() {
            let dies = Script::new().answer(NEXT).read_request().close();
            let server = Scripted::start([dies, Script::new().answer(NEXT)]).unwrap();
            client.get(server.url("/"));
            let request =
                Request::new(Method::from_bytes(method.as_bytes()).unwrap(), server.url("/again")).data("once");
            let result = client.send(request);
            assert_eq!(result.is_ok(), again, "{client:?} {method}: {result:?}");
            let asked = server.requests().iter().filter(|head| head.target == "/again").count();
            assert_eq!((server.counts().accepted, asked), if again { (2, 2) } else { (1, 1) }, "{client:?} {method}");
        }
    }
}
