//! petition-mio leaks nothing: file descriptors and threads of this process after failures of every
//! kind (T86).

use std::time::Duration;

use petition_mio::petition_core::Session;
use petition_mio::{DriverConfig, LoopThread};
use petition_tests::net::unreachable::{BlackHole, refusing};
use petition_tests::server::{Script, Scripted};
use petition_tests::support::{eventually, open_files, threads, trust};
use petition_tests::tls::{Authority, Endpoint, Handshake};

/// Tolerates the test runner's own threads; a leak would count by the hundred.
const RUNNERS: usize = 16;

#[test]
fn t86_ended_requests_and_loops_leave_nothing() {
    let _turn = crate::alone();
    let (hole, authority, stranger) = (BlackHole::open().unwrap(), Authority::new(), Authority::new());
    let refused = refusing().unwrap();
    let silent = Scripted::each(Script::new().stall()).unwrap();
    let odd =
        Scripted::each(Script::new().read_request().send("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")).unwrap();
    let short =
        Scripted::each(Script::new().answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").close()).unwrap();
    let unknown = Scripted::run(Some(Endpoint::new(&stranger.issue_localhost())), |_| Ok(())).unwrap();
    let stalling = Endpoint::builder(&authority.issue_localhost()).handshake(Handshake::StallAfter(10)).build();
    let handshake = Scripted::run(Some(stalling), |_| Ok(())).unwrap();
    let urls = [
        format!("http://{}/", hole.address()),
        format!("http://{refused}/"),
        silent.url("/"),
        odd.url("/"),
        short.url("/"),
        unknown.https_url("/"),
        handshake.https_url("/"),
        "http://no.such.name.invalid/".into(),
    ];
    let tls = trust(&authority);
    let Some(before) = open_files().zip(threads()) else {
        println!("skipped: this system does not tell what a process holds");
        return;
    };
    for round in 0..10 {
        let mut session = Session::new();
        session.configure(|options| {
            options.tls(tls.clone());
        });
        let options = DriverConfig { session: session.into(), ..DriverConfig::default() };
        let client = LoopThread::spawn(options).unwrap();
        // All at once; some are cancelled, and in some rounds the loop ends first.
        let sent: Vec<_> = (0..10)
            .flat_map(|_| urls.iter())
            .enumerate()
            .map(|(n, url)| {
                let pending = client.get(url).timeout(Duration::from_millis(50)).join();
                if n % 7 == 0 {
                    pending.handle().cancel();
                }
                pending
            })
            .collect();
        let client = if round % 3 == 0 {
            drop(client);
            None
        } else {
            Some(client)
        };
        for pending in sent {
            assert!(pending.wait().is_err());
        }
        drop(client);
    }
    eventually("files and threads to be given back", || {
        let (files, threads) = open_files().zip(threads())?;
        (files <= before.0 && threads <= before.1 + RUNNERS).then_some(())
    });
}
