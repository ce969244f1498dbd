//! Deadlines under a virtual clock: each fires at its time, in every phase, also while bytes
//! trickle (T84, T85, T92).

use std::time::Duration;

use petition_core::{Body, ErrorKind, Method, Phase, Request, Timeout};
use petition_tests::memory::{Caller, Peer, Reader, Source, World, ms, same_everywhere, same_in, secs};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/// Runs a scenario whose first transfer fails by this deadline, in this phase, after this time.
fn fails(which: Timeout, phase: Phase, after: Duration, scenario: impl Fn(&mut World)) {
    let world = same_in(0..6, scenario);
    let run = &world.transcripts[0];
    let ErrorKind::Timeout { which: fired, .. } = run.kind() else { panic!("{}", run.error()) };
    assert_eq!((*fired, run.phase(), run.ended - run.began), (which, phase, after), "{}", run.error());
    assert!(run.error().to_string().contains(which.option()));
}

fn with_total(total: Duration) -> Request {
    Request::new(Method::GET, "http://a.test/").timeout(total)
}

#[test]
fn t84_hanging_look_up_hits_the_deadline() {
    fails(Timeout::Connect, Phase::Resolve, secs(10), |w| {
        w.name_hangs("a.test");
        w.get("http://a.test/");
    });
    fails(Timeout::Total, Phase::Resolve, secs(4), |w| {
        w.name_hangs("a.test");
        w.send(with_total(secs(4)));
    });
}

#[test]
fn t84_black_hole_hits_the_connect_limit() {
    fails(Timeout::Connect, Phase::Connect, secs(10), |w| {
        let address = w.address_of("a.test:80");
        w.black_hole(address);
        w.get("http://a.test/");
    });
    fails(Timeout::Connect, Phase::Connect, secs(10), |w| {
        let address = w.address_of("a.test:80");
        w.name("a.test", secs(6), &[address]);
        w.black_hole(address);
        w.get("http://a.test/");
    });
}

#[test]
fn t84_slow_proxy_hits_the_deadline() {
    for script in [Peer::new(), Peer::new().head().trickle("HTTP/1.1 200 Connection Established and more", ms(900))] {
        fails(Timeout::Handshake, Phase::Proxy, secs(10), |w| {
            w.serve("p.test:3128", script.clone());
            let proxy = petition_core::Proxy::new("http://p.test:3128").unwrap();
            let request = Request::new(Method::GET, "https://a.test/");
            w.send(request.proxy(proxy));
        });
    }
}

#[test]
fn t84_silent_tls_server_hits_the_deadline() {
    fails(Timeout::Handshake, Phase::Tls, secs(10), |w| {
        w.serve("a.test:443", Peer::new());
        w.get("https://a.test/");
    });
}

#[test]
fn t84_trickling_head_hits_the_total_limit() {
    fails(Timeout::Total, Phase::Head, secs(4), |w| {
        w.serve("a.test:80", Peer::new().request().trickle(OK, ms(500)));
        w.send(with_total(secs(4)));
    });
}

#[test]
fn t84_idle_limit_counts_from_the_last_byte() {
    fails(Timeout::Idle, Phase::Head, secs(30), |w| {
        w.serve("a.test:80", Peer::new().request());
        w.get("http://a.test/");
    });
    fails(Timeout::Idle, Phase::Head, secs(37), |w| {
        w.serve("a.test:80", Peer::new().request().sleep(secs(7)).send("HTTP/1.1 2"));
        w.get("http://a.test/");
    });
    fails(Timeout::Idle, Phase::Head, secs(41), |w| {
        w.serve("a.test:80", Peer::new().request().sleep(secs(11)).send("HTTP/1.1 102 Processing\r\n\r\n"));
        w.get("http://a.test/");
    });
}

#[test]
fn t84_trickling_bodies_hit_the_total_limit() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (start, slow) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n".to_owned(), "0123456789"),
        (chunked.to_owned(), "a;ext=0123456789"),
        (format!("{chunked}1\r\nx\r\n0\r\n"), "X-Trailer: 0123456789"),
    ] {
        fails(Timeout::Total, Phase::Body, secs(4), |w| {
            w.serve("a.test:80", Peer::new().request().send(&start).trickle(slow, ms(500)));
            w.send(with_total(secs(4)));
        });
        fails(Timeout::Idle, Phase::Body, ms(30_000 + 500 * slow.len() as u64), |w| {
            w.serve("a.test:80", Peer::new().request().send(&start).trickle(slow, ms(500)));
            w.get("http://a.test/");
        });
    }
}

#[test]
fn first_byte_limit_starts_after_the_request() {
    let request = || Request::new(Method::GET, "http://a.test/").first_byte_timeout(secs(3));
    fails(Timeout::FirstByte, Phase::Head, secs(3), |w| {
        w.serve("a.test:80", Peer::new().request().sleep(secs(4)).send(OK));
        w.send(request());
    });
    // The first byte is there in time, the rest of the head is not: that is the idle limit's
    // business.
    same_in(0..6, |w| {
        w.serve("a.test:80", Peer::new().request().sleep(secs(2)).send("HTTP").sleep(secs(4)).send(&OK[4..]));
        w.send(request()).assert(200, "hi");
    });
}

#[test]
fn first_byte_limit_excludes_the_handshake() {
    same_in(0..6, |w| {
        let proxy = petition_core::Proxy::new("http://p.test:3128")
            .unwrap()
            .tunnel(petition_core::route::proxy::Tunnel::Always);
        w.serve(
            "p.test:3128",
            Peer::new().head().sleep(secs(5)).send("HTTP/1.1 200 OK\r\n\r\n").request().sleep(secs(2)).send(OK),
        );
        let request = Request::new(Method::GET, "http://a.test/").configure(|o| {
            o.first_byte_timeout(secs(3));
            o.proxy(proxy);
        });
        w.send(request).assert(200, "hi");
    });
}

#[test]
fn t85_missing_address_has_its_own_error() {
    let world = same_in(0..3, |w| {
        w.name("a.test", ms(5), &[]);
        w.get("http://a.test/");
        w.name_fails("b.test", std::io::ErrorKind::NotFound);
        w.get("http://b.test/");
    });
    assert!(world.transcripts[0].error().is_connect());
    assert!(matches!(world.transcripts[1].kind(), ErrorKind::Resolve(_)));
    assert_eq!(world.transcripts[1].phase(), Phase::Resolve);
}

#[test]
fn t85_sixteen_of_ten_thousand_addresses_are_tried() {
    let world = same_in(0..3, |w| {
        let many: Vec<_> =
            (0..10_000u32).map(|i| format!("10.1.{}.{}:80", i / 250, i % 250 + 1).parse().unwrap()).collect();
        w.name("a.test", ms(5), &many);
        for &address in &many {
            w.refuses_after(address, ms(1));
        }
        w.get("http://a.test/");
    });
    let run = &world.transcripts[0];
    assert_eq!((world.connections().len(), run.phase()), (16, Phase::Connect));
    assert_eq!(run.ended - run.began, ms(5 + 16));
}

#[test]
fn t85_dead_ipv6_address_costs_250_ms() {
    let world = same_everywhere(|w| {
        let (six, four) = ("[2001:db8::1]:80".parse().unwrap(), "192.0.2.9:80".parse().unwrap());
        w.name("a.test", Duration::ZERO, &[six, four]);
        w.black_hole(six);
        w.serve("192.0.2.9:80", Peer::replies([OK]));
        w.get("http://a.test/").assert(200, "hi");
    });
    assert_eq!(world.transcripts[0].ended - world.transcripts[0].began, ms(250));
}

#[test]
fn t92_wall_clock_jumps_change_nothing() {
    for jump in [-31_536_000, 31_536_000] {
        fails(Timeout::Idle, Phase::Head, secs(30), |w| {
            w.set_wall_offset(jump);
            w.serve("a.test:80", Peer::new().request());
            w.get("http://a.test/");
        });
        same_in(0..3, |w| {
            w.serve("a.test:80", Peer::replies([OK, OK]));
            w.get("http://a.test/").assert(200, "hi");
            w.set_wall_offset(jump);
            w.get("http://a.test/").assert(200, "hi");
            assert_eq!(w.connections().len(), 1);
        });
    }
}

#[test]
fn slow_caller_never_times_out() {
    let world = same_in(0..6, |w| {
        let until = w.time() + secs(600);
        w.serve(
            "a.test:80",
            Peer::new().request().send("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n").fill(b'x', 300_000),
        );
        let caller = Caller { reader: Reader::Pauses(10, until), ..Caller::default() };
        let run = w.send_with(Request::new(Method::GET, "http://a.test/"), caller);
        assert_eq!(run.body.len(), 300_000);
        assert_eq!(run.ended, until);
    });
    assert_eq!(world.connections().len(), 1);
}

#[test]
fn pause_restarts_the_idle_time() {
    fails(Timeout::Idle, Phase::Body, secs(130), |w| {
        let until = w.time() + secs(100);
        w.serve("a.test:80", Peer::new().request().send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"));
        let caller = Caller { reader: Reader::Pauses(1, until), ..Caller::default() };
        w.send_with(Request::new(Method::GET, "http://a.test/"), caller);
    });
}

#[test]
fn slow_body_source_never_times_out() {
    for (after, length) in [(4, Some(10)), (0, Some(10)), (4, None), (10, None), (0, None)] {
        for seed in 0..9 {
            same_in(seed..seed + 1, |w| {
                let until = w.time() + secs(100);
                w.serve("a.test:80", Peer::replies([OK]));
                let request =
                    Request::new(Method::POST, "http://a.test/").data(Body::Stream { length, rewindable: false });
                let caller = Caller { source: Source::new("0123456789").pause(after, until), ..Caller::default() };
                w.send_with(request, caller).assert(200, "hi");
            });
        }
    }
}

#[test]
fn idle_limit_resumes_after_a_slow_source() {
    for seed in 0..9 {
        // Chunk boundaries depend on time.
        let world = same_in(seed..seed + 1, |w| {
            let until = w.time() + secs(100);
            w.serve("a.test:80", Peer::new().request());
            let body = Body::Stream { length: None, rewindable: false };
            let request = Request::new(Method::POST, "http://a.test/").data(body);
            // At the end, the stream only reports its end.
            let source = Source::new("0123").pieces(1).pause(4, until);
            w.send_with(request, Caller { source, ..Caller::default() });
        });
        let run = &world.transcripts[0];
        assert!(matches!(run.kind(), ErrorKind::Timeout { which: Timeout::Idle, .. }), "{}", run.error());
        assert_eq!((run.phase(), run.ended - run.began), (Phase::Head, secs(130)));
    }
}

#[test]
fn peer_not_reading_hits_the_idle_limit() {
    let world = same_in(3..6, |w| {
        w.serve("a.test:80", Peer::new().head().stop_reading());
        w.send(Request::new(Method::POST, "http://a.test/").data(vec![b'x'; 500_000]));
    });
    let run = &world.transcripts[0];
    assert!(matches!(run.kind(), ErrorKind::Timeout { which: Timeout::Idle, .. }), "{}", run.error());
    assert_eq!((run.phase(), run.ended - run.began), (Phase::Send, secs(30)));
}

#[test]
fn cancel_at_any_turn_leaves_no_socket() {
    let redirect = "HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 3\r\n\r\nabc";
    for turn in 0..60 {
        same_in(0..1, |w| {
            let (six, four) = ("[2001:db8::1]:80".parse().unwrap(), "192.0.2.9:80".parse().unwrap());
            w.name("a.test", ms(3), &[six, four]);
            w.black_hole(six);
            w.serve("192.0.2.9:80", Peer::new().request().send(redirect).request().sleep(ms(2)).send(OK));
            let caller = Caller { cancel_at_turn: Some(turn), ..Caller::default() };
            let run = w.send_with(Request::new(Method::POST, "http://a.test/").data("body"), caller);
            if run.status == 200 && run.words().last() == Some(&"done") {
                return;
            }
            assert!(matches!(run.kind(), ErrorKind::Cancelled), "turn {turn}: {}", run.error());
        });
    }
}
