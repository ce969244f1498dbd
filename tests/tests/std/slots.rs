//! Connection slots: every connection has one, and gives it back with its socket at the end of the
//! body (T88).

use std::io::Read;
use std::time::Duration;

use petition_std::{Error, Limits, PoolLimits, Response, Session};
use petition_tests::net::PATIENCE;
use petition_tests::server::{Ending, Script, Scripted};
use petition_tests::support::{World, timed};

const LIMITS: [PoolLimits; 2] = [PoolLimits::DEFAULT.open_total(Some(1)), PoolLimits::DEFAULT.open_per_key(Some(1))];

#[test]
fn t88_unpooled_connections_use_slots() {
    for limits in LIMITS {
        let world = World::plain();
        let session = Session::builder().pool(limits).build();
        session.configure(|options| {
            options.keep_alive(false);
            options.pool_timeout(Duration::from_millis(200));
        });
        let outer = session.get(world.url("/stream-bytes/50000")).send().unwrap();
        assert_eq!(session.statistics().open, 1);
        let inner = timed(Duration::from_millis(200)..=Duration::from_secs(5), || {
            session.get(world.url("/get")).send().unwrap_err()
        });
        assert!(inner.is_timeout(), "{inner}");
        assert_eq!(Response::bytes(&outer).unwrap().len(), 50_000);
        session.configure(|options| {
            options.pool_timeout(PATIENCE);
        });
        assert!(session.get(world.url("/get")).send().unwrap().text().is_ok());
        assert_eq!(session.statistics().open, 0);
    }
}

#[test]
fn t88_threads_queue_without_idle_connections() {
    let world = World::plain();
    let session = Session::builder().pool(LIMITS[0]).build();
    session.configure(|options| {
        options.keep_alive(false);
    });
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let response = session.get(world.url("/get")).send().unwrap();
                    assert_eq!(session.statistics().open, 1);
                    response.text().unwrap();
                }
            });
        }
    });
    assert_eq!((world.server.counts().accepted, session.statistics().open), (40, 0));
}

#[test]
fn t88_zero_wait_gets_a_free_slot() {
    for limits in LIMITS {
        let world = World::plain();
        let session = Session::builder().pool(limits).build();
        session.configure(|options| {
            options.pool_timeout(Duration::ZERO);
        });
        for _ in 0..3 {
            assert!(session.get(world.url("/get")).send().unwrap().text().is_ok());
        }
        let _outer = session.get(world.url("/stream-bytes/500000")).send().unwrap();
        let error = session.get(world.url("/get")).send().unwrap_err();
        assert!(error.to_string().contains("pool_timeout"), "{error}");
    }
}

/// A way to read a body to its end.
type Reads = fn(&mut Response) -> Result<Vec<u8>, Error>;

fn as_a_whole(response: &mut Response) -> Result<Vec<u8>, Error> {
    Response::bytes(response).map(Vec::from)
}

fn to_the_end(response: &mut Response) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    match response.read_to_end(&mut body) {
        Ok(_) => Ok(body),
        Err(error) => Err(*error.into_inner().unwrap().downcast().unwrap()),
    }
}

/// No read follows the last byte.
fn and_not_beyond(response: &mut Response) -> Result<Vec<u8>, Error> {
    let length = response.header("x-content").unwrap().parse().unwrap();
    let mut body = vec![0; length];
    response.read_exact(&mut body).unwrap();
    Ok(body)
}

#[test]
fn t88_end_of_body_frees_the_slot() {
    let long = "y".repeat(100_000);
    let gzip = {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(b"zipped").unwrap();
        encoder.finish().unwrap()
    };
    let all: [Reads; 3] = [as_a_whole, to_the_end, and_not_beyond];
    let cases: Vec<(&str, Vec<u8>, &[Reads])> = vec![
        ("HTTP/1.0 200 OK\r\nX-Content: 2\r\nContent-Length: 2\r\n\r\n", b"ok".into(), &all),
        ("HTTP/1.1 200 OK\r\nX-Content: 2\r\nConnection: close\r\nContent-Length: 2\r\n\r\n", b"ok".into(), &all),
        ("HTTP/1.0 200 OK\r\nX-Content: 100000\r\nContent-Length: 100000\r\n\r\n", long.clone().into(), &all),
        (
            "HTTP/1.1 200 OK\r\nX-Content: 5\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"5\r\nhello\r\n0\r\n\r\n".into(),
            &all,
        ),
        ("HTTP/1.0 200 OK\r\n\r\n", b"until the end".into(), &all[..2]),
        ("HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n", gzip.clone(), &all[..2]),
        ("HTTP/1.0 204 No Content\r\n\r\n", Vec::new(), &all[..2]),
        ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", Vec::new(), &all[..2]),
        // Errors: truncated, not chunked, not gzip, longer than the limit.
        ("HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n", b"short".into(), &all[..2]),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n", b"zz\r\n".into(), &all[..2]),
        ("HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n", b"nope".into(), &all[..2]),
        ("HTTP/1.0 200 OK\r\nContent-Length: 200000\r\n\r\n", long.clone().into(), &all[..1]),
    ];
    for (head, body, ways) in cases {
        for reads in ways {
            // Except for those that end with the connection, the client closes.
            let script = Script::new().read_request().send([head.as_bytes(), &body].concat());
            let ends = !head.contains("Length") && !head.contains("chunked") || head.contains("Length: 9");
            let server = Scripted::start([if ends { script.half_close() } else { script }]).unwrap();
            let session = Session::builder().pool(LIMITS[1]).build();
            let mut limits = Limits::DEFAULT;
            limits.body_bytes = 150_000;
            session.configure(|options| {
                options.limits(|l| {
                    l.all(limits);
                });
            });
            let mut response = session.get(server.url("/")).send().unwrap();
            let outcome = reads(&mut response);
            assert_eq!(session.statistics().open, 0, "{head}{outcome:?}");
            if !ends {
                assert!(matches!(server.wait_for_end(0).ending, Some(Ending::Done | Ending::Closed | Ending::Reset)));
            }
            drop(response);
        }
    }
}

#[test]
fn t88_last_byte_frees_the_connection() {
    let world = World::plain();
    let session = Session::builder().pool(LIMITS[0]).build();
    let mut kept = Vec::new();
    for size in [10, 9_000, 100_000, 10] {
        let mut response = session.get(world.url(&format!("/bytes/{size}"))).send().unwrap();
        response.read_exact(&mut vec![0; size]).unwrap();
        kept.push(response);
        let stats = session.statistics();
        assert_eq!((stats.idle, stats.open, stats.opened), (1, 1, 1));
    }
}

#[test]
fn trailers_are_available_after_the_body() {
    let chunks = "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 42\r\nContent-Length: 9\r\n\r\n";
    for connection in ["", "Connection: close\r\n"] {
        let answer = format!("HTTP/1.1 200 OK\r\n{connection}{chunks}");
        let server = Scripted::each(Script::new().answer(answer)).unwrap();
        let response = petition_std::get(server.url("/")).send().unwrap();
        assert_eq!(response.text().unwrap(), "hello");
        let trailers = response.trailers().unwrap();
        assert_eq!((trailers.len(), trailers.get("x-sum")), (1, Some(&b"42"[..])));
        let client = petition_mio::LoopThread::spawn(Default::default()).unwrap();
        let response = client.get(server.url("/")).join().wait().unwrap();
        assert_eq!(response.trailers().unwrap().get("x-sum"), Some(&b"42"[..]));
    }
    let server = Scripted::each(Script::new().answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")).unwrap();
    let response = petition_std::get(server.url("/")).send().unwrap();
    response.text().unwrap();
    assert!(response.trailers().is_none());
}
