//! The loop itself: limits, expiry, names, deadlines, budgets, the caller's own poll, TLS and
//! proxies.

use petition_core::http1::Leniencies;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Condvar;
use std::sync::atomic::{AtomicUsize, Ordering};

use mio::{Events, Interest, Poll, Token};
use petition_core::route::pool::{PoolLimits, PoolStatistics};
use petition_core::route::proxy::Proxy;
use petition_mio::Driver;
use petition_mio::resolve::{MAX_ACTIVE, QUEUE, Resolver};
use petition_tests::httpbin::Httpbin;
use petition_tests::net::gate::Gate;
use petition_tests::net::wire::Farewell;
use petition_tests::server::{Script, Scripted};
use petition_tests::tls::{Authority, Endpoint};

use super::*;

#[test]
fn t88_limited_connections_answer_every_request() {
    let server = Httpbin::start_plain().unwrap();
    for limits in [PoolLimits::DEFAULT.open_total(Some(3)), PoolLimits::DEFAULT.open_per_key(Some(2))] {
        let mut event_loop = EventLoop::with(DriverConfig { pool: limits, ..DriverConfig::default() }).unwrap();
        let (client, answers) = (event_loop.client(), Arc::new(AtomicUsize::new(0)));
        for i in 0..200 {
            let answers = answers.clone();
            // Some connections end with their response.
            let request = client.get(server.url("/status/204"));
            let request = if i % 5 == 0 { request.header("X-Close", "yes") } else { request };
            request.send(move |outcome| {
                assert_eq!(kind(&outcome), "204");
                answers.fetch_add(1, Ordering::SeqCst);
            });
        }
        let mut most = 0;
        turn_until(&mut event_loop, "the answers", |event_loop| {
            most = most.max(event_loop.driver().sockets());
            answers.load(Ordering::SeqCst) == 200
        });
        assert!(most <= 3, "{most}");
        assert_nothing_left(&mut event_loop);
    }
}

#[test]
fn idle_connections_expire_or_end_with_their_peer() {
    let server = Httpbin::start_plain().unwrap();
    let limits = PoolLimits::DEFAULT.idle_time(Duration::from_millis(50));
    let mut event_loop = EventLoop::with(DriverConfig { pool: limits, ..DriverConfig::default() }).unwrap();
    event_loop.client().get(server.url("/get")).send(|_| ());
    finish(&mut event_loop);
    assert_eq!(event_loop.driver().sockets(), 1);
    turn_until(&mut event_loop, "the expiry", |event_loop| event_loop.driver().sockets() == 0);

    let gate = Gate::new();
    let closing = Scripted::start([Script::new().answer("HTTP/1.1 204 No Content\r\n\r\n").wait(&gate)]).unwrap();
    let mut event_loop = super::event_loop();
    event_loop.client().get(closing.url("/")).send(|_| ());
    finish(&mut event_loop);
    assert_eq!(event_loop.driver().statistics().idle, 1);
    gate.release();
    turn_until(&mut event_loop, "the peer's end", |event_loop| event_loop.driver().sockets() == 0);
    assert_eq!(event_loop.driver().statistics().open, 0);
}

#[test]
fn client_statistics_cover_each_request() {
    let server = Httpbin::start_plain().unwrap();
    let client = thread();
    assert_eq!(client.statistics(), PoolStatistics::default());
    let within = |client: &LoopThread| {
        let (tell, told) = outcomes();
        let inner = client.client().clone();
        client.get(server.url("/get")).send(move |result| tell.send((result.is_ok(), inner.statistics())).unwrap());
        told.recv_timeout(PATIENCE).unwrap()
    };
    let once = PoolStatistics { opened: 1, open: 1, idle: 1, ..PoolStatistics::default() };
    assert_eq!((within(&client), client.statistics()), ((true, once), once));
    let twice = PoolStatistics { reused: 1, ..once };
    assert_eq!((within(&client), client.statistics()), ((true, twice), twice));
}

#[test]
fn t54_unseen_dead_connection_is_replaced() {
    let gate = Gate::new();
    let script = Script::new().answer("HTTP/1.1 204 No Content\r\n\r\n").wait(&gate).close();
    let server = Scripted::each(script).unwrap();
    let mut event_loop = event_loop();
    let client = event_loop.client();
    client.get(server.url("/")).send(|_| ());
    finish(&mut event_loop);
    let idle_since = Instant::now();
    gate.release();
    server.wait_for_end(0);
    // The connection was idle for less than a millisecond.
    while idle_since.elapsed() < Duration::from_millis(5) {
        std::thread::yield_now();
    }
    // No poll has happened since: the probe detects it, so that even a POST is safe.
    let (tell, told) = outcomes();
    client.post(server.url("/")).data("x").send(move |outcome| tell.send(kind(&outcome)).unwrap());
    finish(&mut event_loop);
    assert_eq!(next(&told), "204");
    gate.open();
}

/// Blocks on some names until it is released, and counts its calls.
struct Slow {
    open: Arc<(Mutex<bool>, Condvar)>,
    asked: Arc<AtomicUsize>,
}

impl Resolver for Slow {
    fn resolve(&self, host: &str, port: u16, _: Option<Duration>) -> io::Result<Vec<SocketAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        assert_ne!(host, "panic.test", "as asked");
        if host.starts_with("slow") {
            let mut open = self.open.0.lock().unwrap();
            while !*open {
                open = self.open.1.wait(open).unwrap();
            }
        }
        Ok(vec![([127, 0, 0, 1], port).into()])
    }
}

#[test]
fn each_name_is_looked_up_once() {
    let server = Httpbin::start_plain().unwrap();
    let (open, asked) = (Arc::new((Mutex::new(false), Condvar::new())), Arc::new(AtomicUsize::new(0)));
    let resolver = Box::new(Slow { open: open.clone(), asked: asked.clone() });
    let mut event_loop = EventLoop::with(DriverConfig { resolver, ..DriverConfig::default() }).unwrap();
    let client = event_loop.client();
    let url = |host: &str| format!("http://{host}:{}/status/204", server.address().port());
    let (tell, told) = outcomes();
    let send = |host: &str| {
        let tell = tell.clone();
        client.get(url(host)).send(move |outcome| tell.send(kind(&outcome)).unwrap());
    };
    // A slow name delays no other, and is not looked up twice.
    (0..100).for_each(|_| send("slow.test"));
    send("quick.test");
    let mut first = None;
    turn_until(&mut event_loop, "the quick name", |_| {
        first = first.take().or(told.try_recv().ok());
        first.is_some()
    });
    assert_eq!((first.as_deref(), asked.load(Ordering::SeqCst)), (Some("204"), 2));
    // A panicking resolver fails only that request.
    (0..8).for_each(|_| send("panic.test"));
    turn_until(&mut event_loop, "the panic", |event_loop| event_loop.driver().len() == 100);
    let failures: Vec<String> = told.try_iter().collect();
    assert!(failures.len() == 8 && failures.iter().all(|kind| kind.contains("panicked")), "{failures:?}");
    // Every helper busy: names wait, up to the bound.
    for n in 0..QUEUE + 30 {
        send(&format!("slow{n}.test"));
    }
    turn_until(&mut event_loop, "the bound", |_| asked.load(Ordering::SeqCst) >= MAX_ACTIVE);
    turn_until(&mut event_loop, "refusals", |event_loop| event_loop.driver().len() < QUEUE + 130);
    let refused: Vec<String> = told.try_iter().collect();
    assert!(refused.iter().all(|kind| kind.contains("too many names")), "{refused:?}");
    drop(event_loop);
    *open.0.lock().unwrap() = true;
    open.1.notify_all();
    let rest: Vec<String> = told.try_iter().collect();
    // Errors of the last turn may be unreported when the loop ends.
    let other = rest.iter().find(|kind| *kind != "cancelled" && !kind.contains("too many names"));
    assert_eq!((rest.len() + refused.len(), other), (QUEUE + 130, None));
}

#[test]
fn static_and_loopback_names_need_no_look_up() {
    struct Never;
    impl Resolver for Never {
        fn resolve(&self, host: &str, _: u16, _: Option<Duration>) -> io::Result<Vec<SocketAddr>> {
            panic!("{host} was looked up")
        }
    }
    let server = Httpbin::start_plain().unwrap();
    let resolver = Box::new(Never);
    let mut event_loop = EventLoop::with(DriverConfig { resolver, ..DriverConfig::default() }).unwrap();
    let (ip, port) = (server.address().ip(), server.address().port());
    event_loop.client().configure(|o| o.resolve("a.test", port, [ip])).unwrap();
    let (tell, told) = outcomes();
    for host in ["A.test", "localhost", "127.0.0.1", "x.localhost"] {
        let tell = tell.clone();
        let url = format!("http://{host}:{}/get", server.address().port());
        event_loop.client().get(url).send(move |outcome| tell.send(kind(&outcome)).unwrap());
    }
    finish(&mut event_loop);
    assert_eq!(told.try_iter().collect::<Vec<_>>(), ["200"; 4]);
}

#[test]
fn t84_deadlines_fire_without_any_traffic() {
    let gate = Gate::new();
    let server = Scripted::each(Script::new().read_head().wait(&gate)).unwrap();
    let mut event_loop = event_loop();
    let (tell, told) = outcomes();
    let began = Instant::now();
    for ms in [40, 90] {
        let tell = tell.clone();
        client_timeout(&event_loop, &server, ms).send(move |outcome| tell.send(kind(&outcome)).unwrap());
    }
    while !event_loop.driver().is_empty() {
        event_loop.turn(None).unwrap();
    }
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(90) && took < Duration::from_secs(5), "{took:?}");
    assert_eq!(
        told.try_iter().collect::<Vec<_>>(),
        ["timed out: total_timeout is 40ms", "timed out: total_timeout is 90ms"]
    );
    gate.open();
}

fn client_timeout(event_loop: &EventLoop, server: &Scripted, ms: u64) -> petition_mio::RequestBuilder {
    event_loop.client().get(server.url("/")).timeout(Duration::from_millis(ms))
}

#[test]
fn turn_is_bounded_with_thousands_ready() {
    const N: usize = 5_000;
    let server = Httpbin::start_plain().unwrap();
    let limits = PoolLimits::DEFAULT.open_total(Some(8));
    let mut event_loop = EventLoop::with(DriverConfig { pool: limits, ..DriverConfig::default() }).unwrap();
    let (client, answers) = (event_loop.client(), Arc::new(AtomicUsize::new(0)));
    for i in 0..N {
        let answers = answers.clone();
        // Half of them fail without a socket.
        let url = if i % 2 == 0 { server.url("/status/204") } else { "nonsense".into() };
        client.get(url).send(move |_| {
            answers.fetch_add(1, Ordering::SeqCst);
        });
    }
    let (mut pumps, mut most_in_one, mut long) = (0, 0, 0);
    while answers.load(Ordering::SeqCst) < N {
        let (began, before) = (Instant::now(), answers.load(Ordering::SeqCst));
        event_loop.pump(Duration::from_micros(200)).unwrap();
        long += usize::from(began.elapsed() > Duration::from_millis(20));
        most_in_one = most_in_one.max(answers.load(Ordering::SeqCst) - before);
        pumps += 1;
        assert!(pumps < 5_000_000);
    }
    // Not every one, since the machine may be busy, but nearly all.
    assert!(pumps > 20 && long * 10 < pumps, "{long} of {pumps} took too long");
    assert!(most_in_one < N / 2, "{most_in_one} in one pump");
}

#[test]
fn busy_connection_does_not_starve_others() {
    let server = Scripted::run(None, |conversation| {
        let head = conversation.read_head()?;
        if head.target == "/fast" {
            return conversation.send(b"HTTP/1.1 204 No Content\r\n\r\n");
        }
        conversation.send(b"HTTP/1.1 200 OK\r\n\r\n")?;
        let piece = vec![0; 1 << 20];
        loop {
            conversation.send(&piece)?;
        }
    });
    let Ok(server) = server else { panic!("no port") };
    struct Flood(Arc<AtomicUsize>);
    impl petition_mio::Handler for Flood {
        fn head(&mut self, _: petition_mio::ResponseInfo) {}
        fn data(&mut self, piece: &[u8]) -> petition_mio::Flow {
            self.0.fetch_add(piece.len(), Ordering::SeqCst);
            petition_mio::Flow::Continue
        }
        fn end(self: Box<Self>, _: Result<(), Error>) {}
    }
    let client = thread();
    let got = Arc::new(AtomicUsize::new(0));
    let floods: Vec<_> = (0..2)
        .map(|_| {
            let unlimited = client.get(server.url("/flood"));
            unlimited
                .configure(|options| {
                    let mut limits = petition_core::Limits::default();
                    limits.stream_bytes = None;
                    options.limits(|l| {
                        l.all(limits);
                    });
                })
                .stream(Flood(got.clone()))
        })
        .collect();
    for _ in 0..20 {
        let outcome = client.get(server.url("/fast")).timeout(PATIENCE).join().wait();
        assert_eq!(kind(&outcome), "204");
    }
    floods.iter().for_each(petition_mio::Handle::cancel);
}

#[test]
fn callers_poll_may_have_other_sources() {
    let server = Httpbin::start_plain().unwrap();
    let mut poll = Poll::new().unwrap();
    let mut driver = Driver::new(poll.registry(), 1000..1004, DriverConfig::default()).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut own = mio::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    poll.registry().register(&mut own, Token(7), Interest::READABLE).unwrap();
    let (mut other, _) = listener.accept().unwrap();
    let (tell, told) = outcomes();
    for _ in 0..3 {
        let tell = tell.clone();
        driver.client().get(server.url("/get")).send(move |outcome| tell.send(kind(&outcome)).unwrap());
    }
    other.write_all(b"mine").unwrap();
    let (mut events, mut mine, mut unfinished) = (Events::with_capacity(16), Vec::new(), driver.turn(None));
    let until = Instant::now() + PATIENCE;
    while !driver.is_empty() || mine.len() < 4 {
        assert!(Instant::now() < until);
        let wait = if unfinished { Duration::ZERO } else { driver.timeout().unwrap_or(PATIENCE).min(PATIENCE) };
        poll.poll(&mut events, Some(wait)).unwrap();
        for event in &events {
            let was_mine = event.token() == Token(7);
            assert_eq!(driver.ready(event), !was_mine);
            if was_mine {
                let mut buffer = [0; 16];
                let n = own.read(&mut buffer).unwrap();
                mine.extend_from_slice(&buffer[..n]);
            }
        }
        driver.mark_polled(&events);
        unfinished = driver.turn(None);
    }
    assert_eq!((&mine[..], told.try_iter().collect::<Vec<_>>()), (&b"mine"[..], vec!["200".to_owned(); 3]));
    // A connection without a free token fails with an error that says so.
    driver.close_idle();
    driver.turn(None);
    let gate = Gate::new();
    let held = Scripted::each(Script::new().read_head().wait(&gate)).unwrap();
    for _ in 0..4 {
        let tell = tell.clone();
        driver.client().get(held.url("/")).send(move |outcome| tell.send(kind(&outcome)).unwrap());
    }
    driver.turn(None);
    let refused = next(&told);
    assert!(refused.contains("no token is left"), "{refused}");
    drop(driver);
    assert_eq!(told.try_iter().collect::<Vec<_>>(), ["cancelled"; 3]);
    gate.open();
}

#[test]
fn t45_strict_mode_rejects_truncated_tls_streams() {
    for (farewell, expected) in [(Farewell::CloseNotify, "200"), (Farewell::Fin, "ended within the body")] {
        let authority = Authority::new();
        let endpoint = Endpoint::builder(&authority.issue_localhost()).farewell(farewell).build();
        let script = Script::new().answer("HTTP/1.1 200 OK\r\n\r\nto the end").half_close();
        let server = Scripted::start_tls(&endpoint, [script]).unwrap();
        let client = LoopThread::spawn(trusting(&authority)).unwrap();
        let request = client.get(server.https_url("/")).leniencies(|l| {
            l.all(Leniencies::STRICT);
        });
        let outcome = request.join().wait();
        let kind = kind(&outcome);
        assert!(kind.contains(expected), "{kind}");
    }
}

#[test]
fn unknown_certificate_is_rejected() {
    let server = Httpbin::start_tls(&Endpoint::new(&Authority::new().issue_localhost())).unwrap();
    let client = LoopThread::spawn(trusting(&Authority::new())).unwrap();
    let outcome = client.get(server.url("/get")).join().wait();
    assert!(outcome.is_err(), "{outcome:?}");
}

#[test]
fn proxies_forward_and_tunnel_also_over_tls() {
    let authority = Authority::new();
    let endpoint = Endpoint::new(&authority.issue_localhost());
    let (plain, secure) = (Httpbin::start_plain().unwrap(), Httpbin::start_tls(&endpoint).unwrap());
    for tls_proxy in [false, true] {
        let builder = petition_tests::proxy::Proxy::builder().credentials("u", "p");
        let builder = if tls_proxy { builder.tls(&endpoint) } else { builder };
        let proxy = builder.start().unwrap();
        let client = LoopThread::spawn(trusting(&authority)).unwrap();
        let url = proxy.url().replacen("://", "://u:p@", 1);
        let set = |options: &mut petition_core::Options| {
            options.proxy(Proxy::new(&url).unwrap());
        };
        client.configure(set);
        for server in [&plain, &secure] {
            for _ in 0..2 {
                assert_eq!(kind(&client.get(server.url("/get")).join().wait()), "200", "{tls_proxy}");
            }
        }
        assert_eq!(proxy.tunnels().len(), 1, "one tunnel, used twice");
    }
}

#[test]
fn busy_turn_does_not_wait() {
    const N: usize = 3_000;
    let server = Httpbin::start_plain().unwrap();
    let limits = PoolLimits::DEFAULT.open_total(Some(8));
    let mut event_loop = EventLoop::with(DriverConfig { pool: limits, ..DriverConfig::default() }).unwrap();
    let client = event_loop.client();
    client.get(server.url("/status/204")).send(|_| ());
    finish(&mut event_loop);
    // More work without sockets than one turn can do; an idle connection remains to wait for.
    for _ in 0..N {
        client.get("nonsense").send(|_| std::thread::sleep(Duration::from_micros(20)));
    }
    let began = Instant::now();
    while !event_loop.driver().is_empty() {
        event_loop.turn(None).unwrap();
    }
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "not as long as the idle connection is kept: {:?}",
        began.elapsed()
    );
}
