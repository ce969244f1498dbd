//! petition-std leaks nothing: file descriptors and threads of this process after failures of every
//! kind (T86).
//!
//! The tests count what the whole process holds, so they take turns.

use std::time::Duration;

use petition_std::Session;
use petition_tests::net::unreachable::{BlackHole, refusing};
use petition_tests::server::{Script, Scripted};
use petition_tests::support::{World, eventually, open_files, session_trusting, sockets, threads};
use petition_tests::tls::{Authority, Endpoint, Handshake};

/// The resources of the process; `None` where the system does not report them.
fn held() -> Option<(usize, usize)> {
    let held = open_files().zip(threads());
    if held.is_none() {
        println!("skipped: this system does not tell what a process holds");
    }
    held
}

/// Waits until the resources are no more than before: the server's threads need a moment to notice
/// the close.
fn settles(before: (usize, usize)) {
    eventually("files and threads to be given back", || {
        let (files, threads) = held()?;
        (files <= before.0 && threads <= before.1 + RUNNERS).then_some(())
    });
}

/// Tolerates the test runner's own threads; a leak would count by the hundred.
const RUNNERS: usize = 16;

#[test]
fn thousand_timeouts_leave_nothing_behind() {
    let _turn = crate::alone();
    let (hole, authority) = (BlackHole::open().unwrap(), Authority::new());
    let silent = Scripted::each(Script::new().stall()).unwrap();
    let stalling = Endpoint::builder(&authority.issue_localhost()).handshake(Handshake::StallAfter(10)).build();
    let handshake = Scripted::run(Some(stalling), |_| Ok(())).unwrap();
    let session = session_trusting(&authority);
    let urls = [format!("http://{}/", hole.address()), silent.url("/"), handshake.https_url("/")];
    let Some(before) = held() else { return };
    let limit = Duration::from_millis(4);
    for n in 0..1000 {
        // Of these three, the handshake is most expensive for the servers.
        let url = if n % 10 == 0 { &urls[2] } else { &urls[n % 2] };
        let error = session.get(url).timeout(limit).send().unwrap_err();
        assert!(error.is_timeout(), "{error}");
        assert_eq!(session.statistics().open, 0);
    }
    settles(before);
}

#[test]
fn failures_of_every_kind_leave_nothing_behind() {
    let _turn = crate::alone();
    let refusing = refusing().unwrap();
    let odd =
        Scripted::each(Script::new().read_request().send("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")).unwrap();
    let short =
        Scripted::each(Script::new().read_request().send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").close())
            .unwrap();
    let (trusted, other) = (Authority::new(), Authority::new());
    let unknown = Scripted::run(Some(Endpoint::new(&other.issue_localhost())), |_| Ok(())).unwrap();
    let session = session_trusting(&trusted);
    let Some(before) = held() else { return };
    for _ in 0..50 {
        session.get(format!("http://{refusing}/")).send().unwrap_err();
        session.get(odd.url("/")).send().unwrap_err();
        session.get(short.url("/")).send().unwrap().text().unwrap_err();
        session.get(unknown.https_url("/")).send().unwrap_err();
        session.post(odd.url("/")).stream(std::io::empty(), Some(5)).send().unwrap_err();
    }
    assert_eq!(session.statistics().open, 0);
    settles(before);
}

#[test]
fn threads_leave_only_pooled_sockets() {
    let _turn = crate::alone();
    let world = World::plain();
    let Some((before, _)) = sockets().zip(held()) else { return };
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                for _ in 0..50 {
                    world.session.get(world.url("/get")).send().unwrap().text().unwrap();
                }
            });
        }
    });
    world.server.wait_for_counts("at most six open", |counts| counts.open <= 6);
    // The server's end of each connection is in this process, too.
    let now = eventually("sockets to be closed", || sockets().filter(|now| *now <= before + 2 * 6));
    assert_eq!(now - before, 2 * world.session.statistics().idle);
    world.session.close_idle();
    eventually("all sockets to be closed", || sockets().filter(|now| *now <= before));
}

#[test]
fn unused_session_holds_no_resources() {
    let _turn = crate::alone();
    let Some(before) = held() else { return };
    let sessions: Vec<_> = (0..100).map(|_| Session::new()).collect();
    let (files, threads) = held().unwrap();
    assert!(files <= before.0 && threads <= before.1 + RUNNERS, "{before:?}, then {files} and {threads}");
    drop(sessions);
}
