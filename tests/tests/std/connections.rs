//! The choice of connections: reuse, dead and unusable ones, retries, limits, responses dropped
//! half-read.

use std::io::Read;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use petition_std::{ErrorKind, PoolLimits, Processed, Session};
use petition_tests::httpbin::Builder;
use petition_tests::net::PATIENCE;
use petition_tests::server::{Gate, Script, Scripted};
use petition_tests::support::{World, eventually, session_trusting, timed};
use petition_tests::tls::{Authority, Endpoint};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn text(session: &Session, url: &str) -> String {
    session.get(url).send().unwrap().text().unwrap()
}

/// A step that notifies the test when the script reaches it.
fn tells(script: Script, told: &Sender<()>) -> Script {
    let told = Arc::new(Mutex::new(told.clone()));
    script.act(move |_| {
        // The test may have ended.
        let _ = told.lock().unwrap().send(());
        Ok(())
    })
}

#[test]
fn requests_in_a_row_share_one_connection() {
    for world in World::both() {
        for n in 0..100 {
            let response = world.session.get(world.url("/get")).send().unwrap();
            assert_eq!(response.reused(), n > 0);
            response.text().unwrap();
        }
        let stats = world.session.statistics();
        assert_eq!((stats.opened, stats.reused, stats.idle, stats.open), (1, 99, 1, 1));
        assert_eq!((world.server.counts().accepted, world.server.requests()), (1, 100));
    }
}

#[test]
fn many_threads_share_a_session() {
    for (world, threads, rounds) in [(World::plain(), 64, 200), (World::tls(), 16, 50)] {
        std::thread::scope(|scope| {
            for thread in 0..threads {
                let (session, base) = (world.session.clone(), world.server.base());
                scope.spawn(move || {
                    for round in 0..rounds {
                        let told: serde_json::Value =
                            session.get(format!("{base}/get?t={thread}&r={round}")).send().unwrap().json().unwrap();
                        let args = (told["args"]["t"].as_str().unwrap(), told["args"]["r"].as_str().unwrap());
                        assert_eq!(args, (&*thread.to_string(), &*round.to_string()), "the answer of another request");
                    }
                });
            }
        });
        let (stats, requests) = (world.session.statistics(), threads * rounds);
        assert_eq!(world.server.requests(), requests);
        assert!(stats.reused > requests as u64 / 2, "{stats:?}");
        assert!(stats.idle <= 6 && stats.open == stats.idle, "{stats:?}");
        world.server.wait_for_counts("at most six open", |counts| counts.open <= 6);
        println!("{requests} requests, {stats:?}");
    }
}

#[test]
fn pool_keeps_at_most_sixteen_connections() {
    let session = Session::new();
    let worlds: Vec<_> = (0..4).map(|_| World::plain()).collect();
    let held: Vec<_> = worlds
        .iter()
        .flat_map(|world| (0..8).map(|_| session.get(world.url("/range/10")).send().unwrap()).collect::<Vec<_>>())
        .collect();
    assert_eq!(session.statistics().open, 32, "no limit on what is in use");
    for response in held {
        response.text().unwrap();
    }
    let stats = session.statistics();
    assert_eq!((stats.idle, stats.open), (16, 16));
    // The servers need a moment to notice the closes.
    let open = || worlds.iter().map(|world| world.server.counts().open).sum::<usize>();
    eventually("sixteen open", || (open() == 16).then_some(()));
    assert!(worlds.iter().all(|world| world.server.counts().open <= 6));
}

#[test]
fn get_is_retried_on_a_dead_connection() {
    for ending in [Script::new().close(), Script::new().reset(), Script::new().half_close()] {
        // The second request is read before the end, so no probe could have detected it.
        let dies = Script::new().answer(OK).read_request().repeat(1, ending);
        let server = Scripted::start([dies, Script::new().repeat(2, Script::new().answer(OK))]).unwrap();
        let session = Session::new();
        assert_eq!(text(&session, &server.url("/1")), "ok");
        let response = session.get(server.url("/2")).send().unwrap();
        assert!(!response.reused());
        drop(response);
        assert_eq!(text(&session, &server.url("/3")), "ok");
        assert_eq!(server.counts().accepted, 2, "and the new connection was kept");
        let stats = session.statistics();
        assert_eq!((stats.idle, stats.open), (1, 1), "{stats:?}");
    }
}

#[test]
fn put_is_retried_after_a_rewind() {
    let dies = Script::new().answer(OK).read_request().close();
    let server = Scripted::start([dies, Script::new().answer(OK)]).unwrap();
    let session = Session::new();
    text(&session, &server.url("/1"));
    let body = std::io::Cursor::new(b"whole".to_vec());
    session.put(server.url("/2")).seekable(body).unwrap().send().unwrap();
    assert_eq!(server.record(1).bodies, [b"whole"]);
}

#[test]
fn t54_post_is_not_sent_twice() {
    for ending in [Script::new().close(), Script::new().reset()] {
        let server = Scripted::start([Script::new().answer(OK).read_request().repeat(1, ending)]).unwrap();
        let session = Session::new();
        text(&session, &server.url("/1"));
        let error = session.post(server.url("/2")).data("pay").send().unwrap_err();
        assert_eq!(error.report().processed, Processed::Maybe, "{error}");
        assert!(error.to_string().contains("the server may have acted on it"), "{error}");
        assert_eq!((server.counts().accepted, session.statistics().open), (1, 0));
    }
}

#[test]
fn retryable_post_is_sent_once_more() {
    let server = Scripted::start([Script::new().answer(OK).read_request().close(), Script::new().answer(OK)]).unwrap();
    let session = Session::new();
    text(&session, &server.url("/1"));
    let mut request = session.post(server.url("/2")).data("x").idempotent(true);
    assert_eq!(request.send().unwrap().status(), 200);
}

#[test]
fn dying_new_connection_is_an_error() {
    let server = Scripted::start([Script::new().read_request().close()]).unwrap();
    let error = Session::new().get(server.url("/")).send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Protocol(_)), "{error:?}");
    assert!(error.to_string().contains("the connection ended before its first byte"), "{error}");
}

#[test]
fn visible_end_never_fails_a_post() {
    let (told, ended) = mpsc::channel();
    let first = tells(Script::new().answer(OK).half_close(), &told);
    let server = Scripted::start([first, Script::new().answer(OK)]).unwrap();
    let session = Session::new();
    text(&session, &server.url("/1"));
    ended.recv_timeout(PATIENCE).unwrap();
    assert_eq!(session.post(server.url("/2")).data("pay").send().unwrap().text().unwrap(), "ok");
    assert_eq!(server.record(0).requests.len(), 1);
    assert_eq!((session.statistics().idle, session.statistics().open), (1, 1));
}

#[test]
fn t47_unsolicited_bytes_end_a_connection() {
    const POISON: &str = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";
    let authority = Authority::new();
    let endpoint = Endpoint::new(&authority.issue_localhost());
    for tls in [false, true] {
        let (told, sent) = mpsc::channel();
        let in_one = Script::new().answer(OK.to_owned() + POISON);
        let gate = Gate::new();
        let later = tells(Script::new().answer(OK).wait(&gate).send(POISON), &told);
        let last = Script::new().answer(OK);
        let (server, session) = match tls {
            false => (Scripted::start([in_one, later, last]).unwrap(), Session::new()),
            true => (Scripted::start_tls(&endpoint, [in_one, later, last]).unwrap(), session_trusting(&authority)),
        };
        let url = if tls { server.https_url("/") } else { server.url("/") };
        assert_eq!(text(&session, &url), "ok");
        assert_eq!(session.statistics().idle, 0, "leftover bytes");
        assert_eq!(text(&session, &url), "ok");
        gate.release();
        sent.recv_timeout(PATIENCE).unwrap();
        assert_eq!(text(&session, &url), "ok", "bytes while idle");
        assert_eq!(server.counts().accepted, 3);
    }
}

#[test]
fn t46_t47_forbidden_bodies_end_a_connection() {
    for (method, head) in [("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc"), ("HEAD", OK)] {
        let server = Scripted::start([Script::new().answer(head), Script::new().answer(OK)]).unwrap();
        let session = Session::new();
        let first = session.request(method.parse().unwrap(), server.url("/")).send().unwrap();
        assert_eq!(first.text().unwrap(), "");
        assert_eq!(text(&session, &server.url("/")), "ok");
        assert_eq!(server.counts().accepted, 2);
    }
}

#[test]
fn t87_drop_drains_only_a_short_rest() {
    for world in World::both() {
        for (path, read, kept) in [
            ("/bytes/1000", 999, true),
            ("/bytes/1000", 0, true),
            ("/bytes/10000000", 1, false),
            ("/forever", 1, false),
        ] {
            let mut response = world.session.get(world.url(path)).send().unwrap();
            let mut space = vec![0; read];
            response.read_exact(&mut space).unwrap();
            timed(Duration::ZERO..=Duration::from_secs(2), || drop(response));
            assert_eq!(world.session.statistics().idle, usize::from(kept), "{path} after {read}");
        }
        world.server.wait_for_counts("all closed", |counts| counts.open == 0);
    }
}

#[test]
fn t87_drop_wait_for_the_rest_is_bounded() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123456789";
    let server = Scripted::start([Script::new().read_request().send(head).stall()]).unwrap();
    let session = Session::new();
    let response = session.get(server.url("/")).send().unwrap();
    timed(Duration::from_millis(200)..=Duration::from_secs(2), || drop(response));
    assert_eq!(session.statistics().open, 0);
}

#[test]
fn t88_thread_can_hold_two_responses() {
    let world = World::plain();
    let mut outer = world.session.get(world.url("/stream-bytes/50000")).send().unwrap();
    let mut inner = world.session.get(world.url("/stream-bytes/50000")).send().unwrap();
    assert_eq!(inner.bytes_of().len() + outer.bytes_of().len(), 100_000);
    let stats = world.session.statistics();
    assert_eq!((stats.idle, stats.open), (2, 2), "{stats:?}");
}

#[test]
fn t88_wait_for_a_slot_ends_at_the_limit() {
    let limits = [PoolLimits::DEFAULT.open_total(Some(1)), PoolLimits::DEFAULT.open_per_key(Some(1))];
    for limits in limits {
        let world = World::plain();
        let session = Session::builder().pool(limits).build();
        session.configure(|options| {
            options.pool_timeout(Duration::from_millis(200));
        });
        let mut outer = session.get(world.url("/stream-bytes/50000")).send().unwrap();
        let inner = timed(Duration::from_millis(200)..=Duration::from_secs(2), || {
            session.get(world.url("/get")).send().unwrap_err()
        });
        let words = inner.to_string();
        assert!(inner.is_timeout() && words.contains("waiting for a connection: timed out: pool_timeout"), "{words}");
        assert_eq!(outer.bytes_of().len(), 50_000);
        assert!(session.get(world.url("/get")).send().unwrap().ok());
        let stats = session.statistics();
        assert_eq!((stats.idle, stats.open), (1, 1), "{stats:?}");
    }
}

#[test]
fn t88_threads_queue_for_the_one_slot() {
    let world = World::plain();
    let session = Session::builder().pool(PoolLimits::DEFAULT.open_total(Some(1))).build();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope
                .spawn(|| (0..20).for_each(|_| assert!(session.get(world.url("/get")).send().unwrap().text().is_ok())));
        }
    });
    assert_eq!((world.server.requests(), world.server.counts().accepted), (160, 1));
}

trait Whole {
    fn bytes_of(&mut self) -> Vec<u8>;
}

impl Whole for petition_std::Response {
    fn bytes_of(&mut self) -> Vec<u8> {
        petition_std::Response::bytes(self).unwrap().into()
    }
}

#[test]
fn error_frees_its_slot() {
    let limits = PoolLimits::DEFAULT.open_total(Some(1));
    let session = Session::builder().pool(limits).build();
    let refusing = petition_tests::net::unreachable::refusing().unwrap();
    let server = Scripted::each(Script::new().read_request().send("nonsense\r\n\r\n")).unwrap();
    for _ in 0..3 {
        assert!(session.get(format!("http://{refusing}/")).send().unwrap_err().is_connect());
        assert!(session.get(server.url("/")).send().is_err());
        assert_eq!(session.statistics().open, 0);
    }
}

#[test]
fn t99_connection_close_is_honoured() {
    let close = |head: &str| Script::new().answer(format!("{head}Content-Length: 2\r\n\r\nok"));
    let heads = [
        "HTTP/1.1 200 OK\r\nConnection: close\r\n",
        "HTTP/1.1 200 OK\r\nConnection: keep-alive, CLOSE\r\n",
        "HTTP/1.0 200 OK\r\n",
    ];
    let server = Scripted::start(heads.map(close)).unwrap();
    let session = Session::new();
    for head in heads {
        assert_eq!(text(&session, &server.url("/")), "ok");
        assert_eq!(session.statistics().open, 0, "{head}");
    }
    let world = World::plain();
    world.session.configure(|options| {
        options.keep_alive(false);
    });
    text(&world.session, &world.url("/get"));
    world.server.wait_for_counts("closed by us", |counts| counts.accepted == 1 && counts.open == 0);
}

#[test]
fn idle_limits_are_kept() {
    let world = World::plain();
    for limits in [
        PoolLimits::DEFAULT.idle_total(0),
        PoolLimits::DEFAULT.idle_per_key(0),
        PoolLimits::DEFAULT.idle_time(Duration::ZERO),
        PoolLimits::DEFAULT.age(Duration::ZERO),
    ] {
        let session = Session::builder().pool(limits).build();
        let before = world.server.counts().accepted;
        text(&session, &world.url("/get"));
        text(&session, &world.url("/get"));
        assert_eq!((session.statistics().open, world.server.counts().accepted - before), (0, 2), "{limits:?}");
    }
}

#[test]
fn dropped_session_closes_its_connections() {
    for world in [World::plain(), World::made(Builder::default(), Some(&Authority::new()))] {
        let held: Vec<_> = (0..5).map(|_| world.session.get(world.url("/range/9")).send().unwrap()).collect();
        held.into_iter().for_each(|response| drop(response.text().unwrap()));
        world.server.wait_for_counts("five open", |counts| counts.open == 5);
        world.session.close_idle();
        world.server.wait_for_counts("all closed", |counts| counts.open == 0);
        text(&world.session, &world.url("/get"));
        let World { server, session } = world;
        drop(session);
        server.wait_for_counts("all closed", |counts| counts.open == 0);
    }
}
