//! An error's byte counts, and whether the server may have acted, even if the connection is gone by
//! then.

use petition_core::error::Processed;
use petition_core::{Method, Phase, Request};
use petition_tests::memory::{Peer, same_everywhere};

#[test]
fn truncated_content_fails_after_release_of_the_connection() {
    // The framing is complete, so the connection is kept. The gzip data is not.
    let response = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03";
    same_everywhere(|world| {
        world.serve("a.test:80", Peer::replies([&response[..]]));
        let run = world.get("http://a.test/");
        let report = run.error().report();
        assert_eq!((report.phase, report.processed), (Phase::Body, Processed::Maybe), "{}", run.error());
        assert!(report.bytes_sent > 0 && report.bytes_received == response.len() as u64, "{}", run.error());
    });
}

#[test]
fn unfollowable_redirect_counts_as_answered() {
    for cookie in ["", "Set-Cookie: a=1\r\n"] {
        same_everywhere(|world| {
            let redirect =
                format!("HTTP/1.1 302 Found\r\nLocation: ftp://b.test/\r\n{cookie}Content-Length: 0\r\n\r\n");
            world.serve("a.test:80", Peer::replies([redirect]));
            let run = world.get("http://a.test/");
            let report = run.error().report();
            assert_eq!((report.phase, report.processed), (Phase::Redirect, Processed::Maybe), "{}", run.error());
            assert!(report.bytes_sent > 0, "{}", run.error());
        });
    }
}

#[test]
fn too_many_codings_fail_in_the_same_phase() {
    for cookie in ["", "Set-Cookie: a=1\r\n"] {
        same_everywhere(|world| {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, gzip, gzip\r\n{cookie}Content-Length: 0\r\n\r\n"
            );
            world.serve("a.test:80", Peer::replies([head]));
            let run = world.get("http://a.test/");
            assert_eq!(run.error().report().phase, Phase::Head, "{}", run.error());
        });
    }
}

#[test]
fn dead_connection_without_replacement_may_have_been_processed() {
    same_everywhere(|world| {
        let address = world.address_of("a.test:80");
        world.serve("a.test:80", Peer::replies(["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]).head().close());
        world.get("http://a.test/").assert(200, "");
        world.refuses_after(address, petition_tests::memory::ms(1));
        let run = world.send(Request::new(Method::PUT, "http://a.test/"));
        assert_eq!(run.words(), ["retried", "failed"]);
        let report = run.error().report();
        assert_eq!((report.phase, report.processed), (Phase::Connect, Processed::Maybe), "{}", run.error());
    });
}
