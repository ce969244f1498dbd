//! Redirects to secrets, other schemes, other hosts, or without end.

use std::sync::OnceLock;

use petition_tests::httpbin::Httpbin;
use petition_tests::tls::Endpoint;

use super::*;

fn moved(code: u16, to: &str) -> String {
    format!("HTTP/1.1 {code} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
}

/// A request with every kind of secret.
fn secretive(url: String) -> Request {
    let request = get(url).basic_auth("user", "pass").header("Cookie", "by=hand");
    request.header("X-Api-Key", "key").sensitive_header("X-Own", "own").header("X-Plain", "plain")
}

const SECRETS: [&str; 4] = ["authorization", "cookie", "x-api-key", "x-own"];

#[test]
fn t1_t2_t5_t7_redirects_drop_secrets_for_good() {
    for client in clients() {
        let home: Arc<OnceLock<String>> = Arc::default();
        let back = home.clone();
        let returns = Script::new().read_request().act(move |c| c.send(moved(302, back.get().unwrap()).as_bytes()));
        let away = Scripted::start([returns]).unwrap();
        // The same address with another port is another origin.
        let script = Script::new().answer(moved(307, "/here")).answer(moved(307, &away.url("/away"))).answer(NEXT);
        let server = Scripted::start([script]).unwrap();
        home.set(server.url("/back")).unwrap();
        assert_eq!(client.send(secretive(server.url("/?query=secret"))).unwrap().hops, 3);
        let [first, second, third] = &server.requests()[..] else { panic!("three requests") };
        let there = &away.requests()[0];
        for name in SECRETS {
            assert!(first.value(name).is_some() && second.value(name) == first.value(name), "{name}");
            assert_eq!((there.value(name), third.value(name)), (None, None), "{client:?}: {name}");
        }
        assert_eq!(there.value("x-plain").as_deref(), Some("plain"));
        assert!(server.requests().iter().chain([there]).all(|head| head.value("referer").is_none()));
    }
}

#[test]
fn t10_downgrade_carries_no_secret() {
    let authority = Authority::new();
    let endpoint = Endpoint::new(&authority.issue_localhost());
    for client in Client::both(&authority) {
        let plain = Scripted::start([Script::new().answer(NEXT)]).unwrap();
        let to = plain.url("/").replace("127.0.0.1", "localhost");
        let set =
            format!("HTTP/1.1 302 Found\r\nSet-Cookie: s=1; Secure\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        let secure = Scripted::start_tls(&endpoint, [Script::new().answer(set)]).unwrap();
        assert_eq!(client.send(secretive(secure.https_url("/"))).unwrap().text(), "next");
        for name in SECRETS {
            assert_eq!(plain.requests()[0].value(name), None, "{client:?}: {name}");
        }
    }
}

#[test]
fn t6_t15_odd_locations_resolve_or_fail() {
    for (location, target) in [
        ("/a", "/a"),
        ("b", "/x/b"),
        ("../../../b", "/b"),
        ("?q", "/x/y?q"),
        ("//HOST/c", "/c"),
        ("http://user:pass@HOST/d", "/d"),
        ("http:/e", ""),
        ("/f g", "/f%20g"),
        ("/\u{e9}", "/%C3%A9"),
        ("\\\\other.test\\g", "/x/%5C%5Cother.test%5Cg"),
        ("/h#part", "/h"),
        ("http://", ""),
        ("http://a@b@HOST/", ""),
        ("http://HOST%2f/", ""),
        ("/i\u{1}", ""),
    ] {
        for client in clients() {
            let own: Arc<OnceLock<String>> = Arc::default();
            let host = own.clone();
            let script = Script::new()
                .read_request()
                .act(move |c| c.send(moved(302, &location.replace("HOST", host.get().unwrap())).as_bytes()));
            let server = Scripted::start([script.answer(NEXT)]).unwrap();
            own.set(server.address().to_string()).unwrap();
            let result = client.send(get(server.url("/x/y")));
            let requests = server.requests();
            assert_eq!(requests.get(1).map_or("", |head| &head.target), target, "{client:?} {location:?}: {result:?}");
            assert_eq!(result.is_ok(), !target.is_empty(), "{client:?} {location:?}: {result:?}");
            assert!(requests.iter().all(|head| head.value("authorization").is_none()), "{location:?}");
        }
    }
    let two = "HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n";
    each_way(two, Waits, Refused("several Location fields"));
    let blank = "HTTP/1.1 302 Found\r\nLocation: \r\nContent-Length: 5\r\n\r\nempty";
    each_way(blank, Waits, Kept("empty"));
}

#[test]
fn t12_other_schemes_are_not_followed() {
    for location in [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "data:text/plain,hi",
        "javascript:alert(1)",
        "gopher://x/_",
        "HTTPX://x/",
    ] {
        each_way(&moved(302, location), Waits, Refused("redirect to unsupported scheme"));
    }
}

#[test]
fn t13_redirect_loops_end_at_the_limit() {
    for client in clients() {
        let server = Scripted::each(Script::new().repeat(50, Script::new().answer(moved(302, "/")))).unwrap();
        let error = client.send(get(server.url("/"))).unwrap_err();
        assert!(error.to_string().contains("the same request was made 11 times"), "{error}");
        assert_eq!(server.requests().len(), 11);
        let chain = Httpbin::start_plain().unwrap();
        assert_eq!(client.get(chain.url("/redirect/10")).hops, 10);
        let error = client.send(get(chain.url("/redirect/11"))).unwrap_err();
        assert!(error.to_string().contains("10"), "{error}");
        assert_eq!(chain.requests(), 22, "eleven each");
    }
}

#[test]
fn t14_status_code_decides_method_and_body() {
    for (code, method, keeps) in [
        (301, "POST", false),
        (302, "POST", false),
        (303, "POST", false),
        (303, "PUT", false),
        (301, "PUT", true),
        (302, "DELETE", true),
        (307, "POST", true),
        (308, "PATCH", true),
    ] {
        for client in clients() {
            let server = Scripted::start([Script::new().answer(moved(code, "/next")).answer(NEXT)]).unwrap();
            let request = Request::new(Method::from_bytes(method.as_bytes()).unwrap(), server.url("/")).data("body");
            client.send(request.header("Content-Type", "text/x")).unwrap();
            let second = server.requests().swap_remove(1);
            let (method, body, kind) =
                if keeps { (method, &b"body"[..], Some("text/x")) } else { ("GET", &b""[..], None) };
            assert_eq!((second.method.as_str(), second.value("content-type").as_deref()), (method, kind), "{code}");
            let bodies = server.wait_for_record(0, "both", |record| record.bodies.len() == 2).bodies;
            assert_eq!(bodies[1], body, "{client:?} {code}");
        }
    }
    for code in [300, 304, 305, 306] {
        let answer = if code == 304 { "HTTP/1.1 304 No\r\nLocation: /n\r\n\r\n".into() } else { moved(code, "/n") };
        each_way(&answer, Waits, Kept(""));
    }
}

#[test]
fn t20_host_override_stays_with_its_origin() {
    for client in clients() {
        let away = Scripted::start([Script::new().answer(NEXT)]).unwrap();
        let script = Script::new().answer(moved(302, "/here")).answer(moved(302, &away.url("/")));
        let server = Scripted::start([script]).unwrap();
        client.send(get(server.url("/")).header("Host", "other.test")).unwrap();
        for head in server.requests() {
            assert_eq!(head.all("host"), [b"other.test"], "{client:?}");
            assert_eq!(head.fields[0].0.to_ascii_lowercase(), "host", "the first field");
        }
        assert_eq!(away.requests()[0].value("host"), Some(away.address().to_string()));
    }
}
