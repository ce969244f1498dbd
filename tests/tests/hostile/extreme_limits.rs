//! Minimal and maximal limits and times over both transports.

use petition_core::Limits;
use petition_mio::petition_core;

use super::*;

/// Every timeout at once.
fn times(options: &mut Options, time: Duration) {
    options.connect_timeout(time);
    options.pool_timeout(time);
    options.handshake_timeout(time);
    options.first_byte_timeout(time);
    options.idle_timeout(time);
    options.total_timeout(time);
    options.expect_continue(time);
}

/// Every limit that takes part in arithmetic.
fn limits(options: &mut Options, n: usize) {
    let mut limits = Limits::DEFAULT;
    (limits.head_bytes, limits.head_line_bytes, limits.head_fields) = (n, n, n);
    (limits.reason_bytes, limits.all_heads_bytes, limits.informational_responses) = (n, n, n);
    (limits.body_bytes, limits.stream_bytes, limits.drain_bytes) = (n as u64, Some(n as u64), n as u64);
    (limits.trailer_bytes, limits.trailer_fields, limits.addresses) = (n, n, n);
    limits.drain_time = Duration::MAX;
    options.limits(|l| {
        l.all(limits);
    });
}

#[test]
fn t90_maximum_times_and_limits_are_accepted() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n\r\n";
    for (answer, body) in [("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour", "four"), (chunked, "four")] {
        for n in [isize::MAX as usize, usize::MAX] {
            for time in [Duration::from_nanos(u64::MAX), Duration::MAX] {
                let set = move |options: &mut Options| {
                    times(options, time);
                    limits(options, n);
                };
                let script = || Script::new().read_request().send(answer);
                plays(&script, Waits, Kept(body), &set, &format!("{n} {time:?} {answer:?}"));
            }
        }
    }
}

#[test]
fn t90_zero_time_is_a_timeout() {
    for client in clients() {
        client.configure(|options| times(options, Duration::ZERO));
        let server = Scripted::start([]).unwrap();
        let error = client.send(get(server.url("/"))).map(|answer| answer.text()).unwrap_err();
        assert!(error.is_timeout(), "{client:?}: {error}");
    }
}
