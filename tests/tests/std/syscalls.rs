//! The system calls of a request: a probe of its idle connection, one write and one read, with
//! every default deadline on.
//!
//! The example `get_many` runs under `strace -c -f` with two counts, and the difference is counted,
//! so that starting up and connecting do not count. Skipped, with a printed reason, where there is
//! no strace or it may not trace.

use std::ffi::OsString;
use std::path::Path;

use petition_tests::httpbin::{Answer, Builder, Httpbin};
use petition_tests::net::temp_dir::TempDir;
use petition_tests::support::{Calls, World, example, starts, trace};
use petition_tests::tls::{Authority, Endpoint};

const FEW: i64 = 20;
const MANY: i64 = 220;

/// Returns how often all threads made each system call.
fn count(example: &Path, url: &str, times: i64, root: Option<&Path>) -> Option<Calls> {
    let arguments =
        [url.into(), times.to_string().into()].into_iter().chain(root.map(Path::as_os_str).map(OsString::from));
    trace(example, arguments).map(|(calls, _)| calls)
}

/// Returns the calls that [`MANY`] requests need beyond those of [`FEW`].
fn difference(example: &Path, url: &str, root: Option<&Path>) -> Option<Calls> {
    let (few, many) = (count(example, url, FEW, root)?, count(example, url, MANY, root)?);
    let mut more = many;
    for (name, number) in few {
        *more.entry(name).or_default() -= number;
    }
    more.retain(|_, number| *number != 0);
    println!("{url}: {more:?}");
    Some(more)
}

/// Exactly one probe, one write and one read for each exchange, give or take some reads of the
/// handshake. A probe is a read that takes nothing. Of other calls a few are allowed that belong to
/// no request, for memory.
#[track_caller]
fn assert_three_calls_each(calls: &Calls, exchanges: i64, handshake: i64) {
    let sum = |names: &[&str]| names.iter().filter_map(|name| calls.get(*name)).sum::<i64>();
    let (writes, reads) =
        (sum(&["sendto", "write", "writev", "sendmsg"]), sum(&["recvfrom", "read", "readv", "recvmsg"]));
    assert_eq!(writes, exchanges, "{calls:?}");
    assert!((reads - 2 * exchanges).abs() <= handshake, "{calls:?}");
    let others = calls.values().sum::<i64>() - writes - reads;
    assert!(others.abs() <= exchanges / 10, "{others} other calls for {exchanges} exchanges: {calls:?}");
}

fn server(builder: Builder) -> Httpbin {
    builder.start().unwrap()
}

#[test]
fn reused_get_makes_three_system_calls() {
    let example = example("get_many");
    let server = server(Httpbin::builder());
    for path in ["/get", "/bytes/1000", "/status/204", "/gzip"] {
        let Some(calls) = difference(&example, &server.url(path), None) else { return };
        assert_three_calls_each(&calls, MANY - FEW, 0);
    }
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn reused_tls_get_makes_three_system_calls() {
    let example = example("get_many");
    let (authority, directory) = (Authority::new(), TempDir::new().unwrap());
    let root = directory.write("root.pem", authority.pem()).unwrap();
    let server = server(Httpbin::builder().tls(&Endpoint::new(&authority.issue_localhost())));
    let Some(calls) = difference(&example, &server.url("/get"), Some(&root)) else { return };
    // The single handshake may arrive in other pieces the second time.
    assert_three_calls_each(&calls, MANY - FEW, 4);
}

#[test]
fn redirects_and_cookies_cost_no_extra_requests() {
    let example = example("get_many");
    let cookie = |n: usize| format!("c{n}=v; Path=/");
    let server = server(Httpbin::builder().handler(move |exchange| {
        (exchange.path == "/set")
            .then(|| (0..5).fold(Answer::bytes("text/plain", "x"), |a, n| a.field("Set-Cookie", cookie(n))))
    }));
    let Some(calls) = difference(&example, &server.url("/set"), None) else { return };
    assert_three_calls_each(&calls, MANY - FEW, 0);
    let Some(calls) = difference(&example, &server.url("/redirect/2"), None) else { return };
    assert_three_calls_each(&calls, 3 * (MANY - FEW), 0);
}

#[test]
fn get_starts_no_thread_and_opens_nothing() {
    let example = example("get_many");
    let world = World::plain();
    let Some(calls) = count(&example, &world.url("/get"), 50, None) else { return };
    assert_eq!(starts(&calls), 0, "{calls:?}");
    assert_eq!(calls.get("socket"), Some(&1), "{calls:?}");
    assert_eq!(calls.get("connect"), Some(&1), "{calls:?}");
}
