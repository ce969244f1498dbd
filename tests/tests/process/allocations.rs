//! The heap allocations of a request: exact counts over real sockets, only of the requesting
//! thread.
//!
//! The first requests connect and allocate lasting storage; later ones are counted.

use std::io::Read;

use allocation_counter::{AllocationInfo, measure};
use petition_mio::EventLoop;
use petition_std::{Method, Request, Session};
use petition_tests::httpbin::{Answer, Httpbin};
use petition_tests::support::trust;
use petition_tests::tls::{Authority, Endpoint};

const FIELDS: [(&str, &str); 9] = [
    ("Server", "test"),
    ("Cache-Control", "no-cache, private"),
    ("ETag", "\"5f3c-61a2b3c4d5e6f\""),
    ("Vary", "Accept-Encoding"),
    ("Last-Modified", "Sun, 05 Jan 2025 08:00:00 GMT"),
    ("X-Request-Id", "4bf92f3577b34da6a3ce929d0e0e4736"),
    ("X-Content-Type-Options", "nosniff"),
    ("Accept-Ranges", "bytes"),
    ("Date", "Mon, 06 Jan 2025 10:20:30 GMT"),
];
const LARGE: usize = 1 << 20;

fn builder() -> petition_tests::httpbin::Builder {
    Httpbin::builder().handler(|exchange| {
        let size = match exchange.path.as_str() {
            "/small" => 13,
            "/large" => LARGE,
            _ => return None,
        };
        let answer = Answer::bytes("text/plain", vec![b'x'; size]);
        Some(FIELDS.iter().fold(answer, |answer, (name, value)| answer.field(name, *value)))
    })
}

/// The number of requests until lasting storage has its size, and of those counted afterwards.
const WARM: usize = 64;
const COUNTED: u64 = 16;

/// The allocations of [`COUNTED`] requests.
fn counted(mut request: impl FnMut()) -> AllocationInfo {
    (0..WARM).for_each(|_| request());
    let info = measure(|| (0..COUNTED).for_each(|_| request()));
    println!("{info:?}");
    assert_eq!((info.count_current, info.bytes_current), (0, 0), "what is allocated is freed");
    info
}

fn read(session: &Session, url: &str, out: &mut [u8], expected: usize) {
    let mut response = session.get(url).send().unwrap();
    let mut read = 0;
    loop {
        match response.read(out).unwrap() {
            0 => break,
            n => read += n,
        }
    }
    assert_eq!(read, expected);
}

#[test]
fn get_on_a_reused_connection_allocates_three_times() {
    let _turn = crate::alone();
    let server = builder().start().unwrap();
    let (session, url) = (Session::new(), server.url("/small"));
    let mut out = [0; 1024];
    let info = counted(|| read(&session, &url, &mut out, 13));
    // The call, the transfer in it, and the head.
    assert_eq!(info.count_total, 3 * COUNTED);
}

#[test]
fn cookies_and_fields_cost_few_allocations() {
    let _turn = crate::alone();
    let server = builder().start().unwrap();
    let (session, url) = (Session::new(), server.url("/small"));
    for n in 0..3 {
        session.get(server.url(&format!("/cookies/set/name{n}/value{n}"))).send().unwrap();
    }
    let mut out = [0; 1024];
    let cookies = counted(|| read(&session, &url, &mut out, 13));
    assert!(cookies.count_total <= 8 * COUNTED, "{cookies:?}");
    let fields = counted(|| {
        let mut request = session.get(&url).header("X-One", "1").header("X-Two", "2");
        assert_eq!(request.send().unwrap().into_bytes().unwrap().len(), 13);
    });
    assert!(fields.count_total <= 32 * COUNTED, "{fields:?}");
}

#[test]
fn long_body_costs_no_extra_allocation() {
    let _turn = crate::alone();
    let server = builder().start().unwrap();
    let (session, url) = (Session::new(), server.url("/large"));
    for size in [1024, 256 * 1024] {
        let mut out = vec![0; size];
        let info = counted(|| read(&session, &url, &mut out, LARGE));
        assert_eq!(info.count_total, 3 * COUNTED, "read by {size}");
    }
}

#[test]
fn upload_body_is_shared_not_copied() {
    let _turn = crate::alone();
    let server = builder().start().unwrap();
    let session = Session::new();
    let mut request = Request::new(Method::POST, server.url("/small")).session(&session).data(vec![b'u'; LARGE]);
    let info = counted(|| assert_eq!(request.send().unwrap().into_bytes().unwrap().len(), 13));
    assert!(info.count_total <= 8 * COUNTED && info.bytes_total < COUNTED * 16 * 1024, "{info:?}");
}

#[test]
fn tls_allocates_for_records_only() {
    let _turn = crate::alone();
    let authority = Authority::new();
    let server = builder().tls(&Endpoint::new(&authority.issue_localhost())).start().unwrap();
    let (session, url) = (Session::new(), server.url("/small"));
    session.configure(|options| {
        options.tls(trust(&authority));
    });
    let mut out = [0; 1024];
    let info = counted(|| read(&session, &url, &mut out, 13));
    assert!(info.count_total <= 12 * COUNTED, "{info:?}");
}

#[test]
fn event_loop_allocates_rarely_per_request() {
    let _turn = crate::alone();
    let server = builder().start().unwrap();
    let mut event_loop = EventLoop::new().unwrap();
    let (client, url) = (event_loop.client(), server.url("/small"));
    let mut request = || {
        client.get(&url).send(|result| assert_eq!(result.expect("an answer").bytes().len(), 13));
        while !event_loop.driver().is_empty() {
            event_loop.turn(None).unwrap();
        }
    };
    let info = counted(&mut request);
    assert!(info.count_total <= 8 * COUNTED, "{info:?}");
}
