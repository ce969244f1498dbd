//! Redirects: methods and bodies (T14), credentials (T1–T7, T10), forms of Location (T12, T15),
//! loops (T13), and bodies that are in the way (T16); and cookies over the hops and over the
//! requests of a session.

use petition_core::policy::redirect::{RedirectError, Repeats};
use petition_core::{Body, ErrorKind, Method, Phase, Request};
use petition_tests::memory::{Caller, ConnectionState, Peer, Source, World, ms, same_everywhere, same_in, secs};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

fn redirect(code: u16, location: &str) -> String {
    format!("HTTP/1.1 {code} X\r\nLocation: {location}\r\nContent-Length: 3\r\n\r\nabc")
}

fn get(url: &str) -> Request {
    Request::new(Method::GET, url)
}

#[test]
fn t14_methods_and_bodies_by_code() {
    let codes = [301, 302, 303, 307, 308, 300, 304, 305];
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "post"];
    for (code, method) in codes.iter().flat_map(|c| methods.map(|m| (*c, m))) {
        let with_body = !["GET", "HEAD", "OPTIONS"].contains(&method);
        let world = same_in(0..2, |w| {
            let head = format!("HTTP/1.1 {code} X\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n");
            let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            w.serve("a.test:80", Peer::replies([head.as_str(), ok]));
            let mut request = Request::new(method.parse().unwrap(), "http://a.test/").header("Content-Language", "en");
            if with_body {
                request = request.data("body!\n").header("Content-Type", "text/x").header("X-Mine", "1");
            }
            w.send(request);
        });
        let (run, lines) = (&world.transcripts[0], world.connections()[0].request_lines());
        if ![301, 302, 303, 307, 308].contains(&code) {
            assert_eq!((run.status, lines.len()), (code, 1), "{code} {method}");
            continue;
        }
        let expected = match (code, method) {
            (303, "HEAD") => "HEAD",
            (303, _) | (301 | 302, "POST") => "GET",
            _ => method,
        };
        assert_eq!(lines[1], format!("{expected} /next HTTP/1.1"), "{code} {method}");
        let received = world.received(0);
        let second = &received[received.rfind("/next HTTP").unwrap()..];
        let kept = code >= 307 || (code != 303 && method != "POST");
        assert_eq!(second.contains("body!"), kept && with_body, "{code} {method}: {second}");
        assert_eq!(second.contains("Content-Language"), kept, "{code} {method}: {second}");
        assert_eq!(second.contains("Content-Type"), kept && with_body, "{code} {method}: {second}");
        assert_eq!(second.contains("X-Mine"), with_body, "{code} {method}: {second}");
        assert_eq!((run.status, run.history.len(), run.reused), (200, 1, 1), "{code} {method}");
    }
}

#[test]
fn t14_stream_is_rewound_or_redirect_delivered() {
    let post =
        |rewindable| Request::new(Method::POST, "http://a.test/").data(Body::Stream { length: Some(5), rewindable });
    let world = same_in(0..6, |w| {
        w.serve("a.test:80", Peer::replies([&*redirect(307, "/next"), OK]));
        let caller = Caller { source: Source::new("body!").rewindable(), ..Caller::default() };
        w.send_with(post(true), caller).assert(200, "hi");
    });
    assert_eq!(world.received(0).matches("body!").count(), 2);
    let world = same_in(0..6, |w| {
        w.serve("a.test:80", Peer::replies([redirect(307, "/next")]));
        w.send_with(post(false), Caller { source: Source::new("body!"), ..Caller::default() }).assert(307, "abc");
    });
    assert_eq!(world.transcripts[0].words(), ["head 307", "done"]);
    // Declared rewindable, but rewinding fails.
    let world = same_in(0..6, |w| {
        w.serve("a.test:80", Peer::replies([redirect(307, "/next")]));
        w.send_with(post(true), Caller { source: Source::new("body!"), ..Caller::default() });
    });
    assert!(matches!(world.transcripts[0].kind(), ErrorKind::BodyNotReplayable));
    assert_eq!(world.transcripts[0].error().report().hop, 1);
}

/// Returns the two heads of a redirect from `from` to `to`, of a request with every kind of secret.
fn leak(from: &str, place_a: &str, to: &str, place_b: &str, set: impl Fn(Request) -> Request) -> String {
    let world = same_in(0..2, |w| {
        if place_a == place_b {
            w.serve(place_a, Peer::replies([&*redirect(302, to), OK]));
        } else {
            w.serve(place_a, Peer::replies([redirect(302, to)]));
            w.serve(place_b, Peer::replies([OK]));
        }
        w.send(set(get(from))).assert(200, "hi");
    });
    let last = world.connections().last().unwrap().text();
    last[last.rfind("GET ").unwrap()..].to_owned()
}

#[test]
fn t1_t2_t5_credentials_stay_with_their_origin() {
    let all = |request: Request| {
        request
            .header("Authorization", "canary1")
            .cookie("c", "canary2")
            .header("X-Api-Key", "canary3")
            .sensitive_header("X-Mine", "canary4")
            .header("X-Plain", "kept")
    };
    let same = leak("http://a.test/", "a.test:80", "/b", "a.test:80", all);
    for n in 1..=4 {
        assert!(same.contains(&format!("canary{n}")), "{same}");
    }
    for (from, a, to, b) in [
        ("http://a.test/", "a.test:80", "http://a.test:81/", "a.test:81"),
        ("http://a.test/", "a.test:80", "http://x.a.test/", "x.a.test:80"),
        ("http://x.a.test/", "x.a.test:80", "http://a.test/", "a.test:80"),
    ] {
        let other = leak(from, a, to, b, all);
        assert!(!other.contains("canary") && other.contains("X-Plain: kept"), "{to}: {other}");
    }
    // A final dot does not make another origin.
    let dotted =
        leak("http://a.test/", "a.test:80", "http://a.test./", "a.test.:80", |r| r.header("Authorization", "canary1"));
    assert!(dotted.contains("canary1"), "{dotted}");
}

#[test]
fn t1_dropped_secrets_never_come_back() {
    let world = same_in(0..3, |w| {
        w.serve("a.test:80", Peer::replies([&*redirect(302, "http://b.test/"), OK]));
        w.serve("b.test:80", Peer::replies([redirect(302, "http://a.test/back")]));
        let request = get("http://user:canary@a.test/").cookie("c", "canary").sensitive_header("X-Key", "canary");
        w.send(request).assert(200, "hi");
    });
    let received = world.received(0);
    let back = &received[received.find("GET /back").unwrap()..];
    assert!(
        received.contains("canary") && received.contains("Authorization: Basic") && !back.contains("canary"),
        "{received}"
    );
    assert!(!back.contains("Authorization"), "{back}");
}

#[test]
fn t2_jar_cookies_are_chosen_for_each_hop() {
    let world = same_in(0..3, |w| {
        let set = |name: &str, to: &str| {
            format!("HTTP/1.1 302 X\r\nSet-Cookie: {name}=1\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
        };
        w.serve("a.test:80", Peer::replies([set("a", "http://b.test/"), OK.into()]));
        w.serve("b.test:80", Peer::replies([set("b", "http://a.test/back")]));
        w.send(get("http://a.test/").header("Cookie", "mine=canary")).assert(200, "hi");
    });
    assert!(!world.received(1).contains("Cookie:"), "{}", world.received(1));
    let received = world.received(0);
    assert!(received[received.find("GET /back").unwrap()..].contains("Cookie: a=1\r\n"), "{received}");
}

#[test]
fn t6_location_userinfo_never_becomes_credentials() {
    let last = leak("http://a.test/", "a.test:80", "http://user:pass@b.test/", "b.test:80", |r| r);
    assert!(!last.contains("Authorization") && last.contains("Host: b.test\r\n"), "{last}");
}

#[test]
fn t7_referer_is_optional_and_stripped() {
    let secret = "http://user:pass@a.test/p?q=1#frag";
    assert!(!leak(secret, "a.test:80", "http://b.test/", "b.test:80", |r| r).contains("Referer"));
    let ask = |request: Request| {
        request.configure(|o| {
            o.redirects(|r| {
                r.referer(true);
            });
        })
    };
    assert!(leak(secret, "a.test:80", "http://b.test/", "b.test:80", ask).contains("Referer: http://a.test/\r\n"));
    assert!(leak(secret, "a.test:80", "/n", "a.test:80", ask).contains("Referer: http://a.test/p?q=1\r\n"));
}

#[test]
fn t12_other_schemes_are_refused_with_the_response() {
    for location in ["file:///etc/passwd", "data:text/plain,hi", "ftp://h/", "javascript:alert(1)", "gopher://h/"] {
        let world = same_in(0..3, |w| {
            w.serve("a.test:80", Peer::replies([redirect(302, location)]));
            w.get("http://a.test/");
        });
        let report = world.transcripts[0].error().report();
        assert!(matches!(report.kind, ErrorKind::Redirect(_)), "{location}");
        assert_eq!(report.response.as_ref().unwrap().status(), 302);
        assert_eq!(world.connections()[0].state, ConnectionState::Closed);
    }
}

#[test]
fn t13_refused_loops_end_at_once() {
    let refusing = |url| {
        get(url).redirects(|r| {
            r.repeats(Repeats::Refused);
        })
    };
    let world = same_in(0..3, |w| {
        w.serve("a.test:80", Peer::replies([redirect(302, "/")]));
        w.send(refusing("http://a.test/"));
        w.serve("b.test:80", Peer::replies([redirect(302, "/x"), redirect(302, "/")]));
        w.send(refusing("http://b.test/"));
        w.serve("c.test:80", Peer::replies((0..11).map(|i| redirect(302, &format!("/{i}")))));
        w.get("http://c.test/");
        w.serve("d.test:80", Peer::replies([&*redirect(302, "/1"), &*redirect(302, "/2"), OK]));
        w.send(get("http://d.test/").redirects(|r| {
            r.max(2);
        }))
        .assert(200, "hi");
        w.serve("e.test:80", Peer::replies([redirect(302, "/1")]));
        w.send(get("http://e.test/").redirects(|r| {
            r.max(0);
        }))
        .assert(302, "abc");
        // A loop that ends because of a new cookie.
        let set = "HTTP/1.1 302 X\r\nSet-Cookie: seen=1\r\nLocation: /\r\nContent-Length: 0\r\n\r\n";
        w.serve("f.test:80", Peer::replies([set, OK]));
        w.send(refusing("http://f.test/")).assert(200, "hi");
    });
    for (number, hop) in [(0, 0), (1, 1), (2, 10)] {
        let run = &world.transcripts[number];
        assert!(matches!(run.kind(), ErrorKind::Redirect(_)), "{number}: {}", run.error());
        assert_eq!(run.error().report().hop, hop);
    }
}

#[test]
fn t13_only_the_limit_ends_default_loops() {
    let asks = |url| {
        get(url).redirects(|r| {
            r.max(3);
        })
    };
    let world = same_in(0..3, |w| {
        w.serve("a.test:80", Peer::replies([redirect(302, "/"), redirect(302, "/"), OK.into()]));
        w.send(asks("http://a.test/")).assert(200, "hi");
        w.serve("b.test:80", Peer::replies((0..4).map(|_| redirect(302, "/"))));
        w.send(asks("http://b.test/"));
    });
    let run = &world.transcripts[1];
    assert!(
        matches!(run.kind(), ErrorKind::Redirect(RedirectError::TooMany { limit: 3, times: 4 })),
        "{}",
        run.error()
    );
}

#[test]
fn t13_total_limit_spans_all_hops() {
    let world = same_in(0..3, |w| {
        let peer =
            (0..9).fold(Peer::new(), |peer, i| peer.request().sleep(secs(1)).send(redirect(302, &format!("/{i}"))));
        w.serve("a.test:80", peer);
        w.send(get("http://a.test/").timeout(ms(3500)));
    });
    let run = &world.transcripts[0];
    assert_eq!((run.ended - run.began, run.history.len()), (ms(3500), 3));
}

#[test]
fn t15_location_forms_resolve_or_fail() {
    for (location, line) in [
        ("?q", "GET /dir/p?q HTTP/1.1"),
        ("next", "GET /dir/next HTTP/1.1"),
        ("../../../x", "GET /x HTTP/1.1"),
        ("/a b\u{e9}", "GET /a%20b%C3%A9 HTTP/1.1"),
        ("\\\\localhost\\ok", "GET /dir/%5C%5Clocalhost%5Cok HTTP/1.1"),
        ("#frag", "GET /dir/p?x HTTP/1.1"),
        ("", ""),
    ] {
        let world = same_in(0..2, |w| {
            w.serve("a.test:80", Peer::replies([&*redirect(302, location), OK]));
            w.get("http://a.test/dir/p?x");
        });
        let lines = world.connections()[0].request_lines();
        assert_eq!(lines.get(1).map_or("", |l| l.as_str()), line, "{location:?}");
    }
    let two = "HTTP/1.1 302 X\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n";
    let world = same_in(0..2, |w| {
        w.serve("a.test:80", Peer::replies([two]));
        w.get("http://a.test/");
        w.serve("n.test:80", Peer::replies(["HTTP/1.1 302 X\r\nContent-Length: 0\r\n\r\n"]));
        w.get("http://n.test/").assert(302, "");
    });
    assert_eq!(world.transcripts[0].phase(), Phase::Redirect);
}

#[test]
fn t16_redirect_body_is_drained_or_abandoned() {
    let gzip_bomb = "HTTP/1.1 302 X\r\nLocation: /n\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!";
    let endless = "HTTP/1.1 302 X\r\nLocation: /n\r\nTransfer-Encoding: chunked\r\n\r\n";
    let long = "HTTP/1.1 302 X\r\nLocation: /n\r\nContent-Length: 1000000000\r\n\r\n";
    let short = "HTTP/1.1 302 X\r\nLocation: /n\r\nContent-Length: 1000\r\n\r\n";
    // Never decoded; the connection is kept.
    let world = same_in(0..4, |w| {
        w.serve("a.test:80", Peer::replies([gzip_bomb, OK]));
        w.get("http://a.test/").assert(200, "hi");
    });
    assert_eq!(world.connections().len(), 1);
    // Closed at once, or when the drain time is over.
    let scripts = [
        (Peer::new().request().send(endless).endless("1\r\nx\r\n", ms(0)), 0),
        (Peer::new().request().send(endless).endless("1\r\nx\r\n", ms(10)), 0),
        (Peer::new().request().send(long).endless("x", ms(0)), 0),
        (Peer::new().request().send(short).endless("x", ms(10)), 250),
        (Peer::new().request().send(short), 250),
    ];
    for (number, (script, time)) in scripts.into_iter().enumerate() {
        let world = same_in(0..6, |w| {
            w.serve("a.test:80", script.clone());
            w.serve("a.test:80", Peer::replies([OK]));
            w.get("http://a.test/").assert(200, "hi");
        });
        let run = &world.transcripts[0];
        assert_eq!(run.ended - run.began, ms(time), "{number}");
        assert_eq!(world.connections()[0].state, ConnectionState::Closed, "{number}");
    }
}

#[test]
fn cookies_persist_and_follow_their_scope() {
    let world = same_everywhere(|w| {
        let set = "HTTP/1.1 200 OK\r\nSet-Cookie: sessioncookie=123=456; Path=/\r\nSet-Cookie: two=2\r\nContent-Length: 0\r\n\r\n";
        w.serve("a.test:80", Peer::replies([set, OK, OK]));
        w.serve("b.test:80", Peer::replies([OK]));
        w.get("http://a.test/set");
        w.get("http://a.test/");
        w.get("http://b.test/");
        // A request's own cookie is sent with it and not kept; it wins over the jar's of the same
        // name.
        w.send(get("http://a.test/own").cookie("two", "mine").cookie("temp", "value"));
        w.serve("a.test:80", Peer::replies([OK]));
    });
    let received = world.received(0);
    assert!(received.contains("Cookie: sessioncookie=123=456; two=2\r\n"), "{received}");
    assert!(
        received[received.find("GET /own").unwrap()..]
            .contains("Cookie: sessioncookie=123=456; two=mine; temp=value\r\n"),
        "{received}"
    );
    assert!(!world.received(1).contains("Cookie"));
    assert_eq!(world.session.jar().len(), 2);
}

#[test]
fn request_settings_never_reach_the_session() {
    let world = same_everywhere(|w| {
        w.session.set_headers([("X-Test", "true")]).unwrap();
        w.serve("a.test:80", Peer::replies([OK, OK]));
        w.send(
            get("http://a.test/1")
                .header("X-Test2", "true")
                .header("x-test", "over")
                .cookie("temp", "value")
                .basic_auth("u", "p"),
        );
        w.get("http://a.test/2");
    });
    let received = world.received(0);
    let (first, second) = received.split_at(received.find("GET /2").unwrap());
    assert!(
        first.contains("x-test: over\r\n")
            && first.contains("X-Test2: true\r\n")
            && first.contains("Cookie: temp=value\r\n"),
        "{first}"
    );
    assert!(second.contains("X-Test: true\r\n"), "{second}");
    for gone in ["X-Test2", "over", "Cookie", "Authorization"] {
        assert!(!second.contains(gone), "{second}");
    }
}

#[test]
fn error_of_a_later_hop_names_that_hop() {
    let world: World = same_in(0..3, |w| {
        w.serve("a.test:80", Peer::replies([redirect(302, "http://b.test/p?token=canary")]));
        w.name_fails("b.test", std::io::ErrorKind::NotFound);
        w.get("http://a.test/");
    });
    let report = world.transcripts[0].error().report();
    assert_eq!((report.hop, report.phase, &report.peer), (1, Phase::Resolve, &None));
    assert!(!world.transcripts[0].error().to_string().contains("canary"));
}
