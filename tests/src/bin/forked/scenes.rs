//! How parent and child use the client after a fork.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use fork::{Fork, fork, waitpid};
use petition_core::{Error, ErrorKind, Unavailable};
use petition_mio::{DriverConfig, EventLoop, LoopThread, petition_core};
use petition_std::resolve::{Resolver, SystemResolver};
use petition_std::{Session, TlsConfig};

/// A child that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn run() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (scene, url, file) = match &arguments[..] {
        [scene, url] => (scene, url, None),
        [scene, url, file] => (scene, url, Some(file)),
        _ => panic!("usage: forked SCENE URL [CERTIFICATES.pem]"),
    };
    let session = Session::new();
    if let Some(file) = file {
        let trusted = std::fs::read(file).expect("the file of certificates");
        let tls = TlsConfig::builder().roots_pem(&trusted).expect("certificates").build().expect("a configuration");
        session.configure(|options| {
            options.tls(tls);
        });
    }
    match scene.as_str() {
        "kept" => kept(&session, url),
        "response" => response(&session, url),
        "busy" => busy(&session, url),
        "thread" => thread(url),
        "turned" => turned(url),
        other => panic!("no scene {other}"),
    }
}

/// A child process that runs checks.
struct Child(i32);

impl Child {
    fn which(looks: impl FnOnce()) -> Child {
        match fork().expect("a child process") {
            Fork::Parent(id) => Child(id),
            Fork::Child => {
                std::thread::spawn(|| {
                    std::thread::sleep(PATIENCE);
                    eprintln!("the child hangs");
                    exit(2);
                });
                // The panic hook has printed the cause.
                exit(i32::from(catch_unwind(AssertUnwindSafe(looks)).is_err()));
            }
        }
    }

    #[track_caller]
    fn ends_well(self) {
        assert_eq!(waitpid(self.0).expect("the end of the child"), 0, "what the child saw");
    }
}

/// Returns whether the connection had been used before. The response must answer this very request.
#[track_caller]
fn ask(session: &Session, url: &str, who: &str, number: usize) -> bool {
    let response = session.get(format!("{url}/get?who={who}-{number}")).send().expect("a response");
    let text = response.text().expect("a body");
    assert!(text.contains(&format!("{who}-{number}")), "{who} got the answer to another request: {text}");
    response.reused()
}

fn is_the_parents(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable(Unavailable::ParentProcess))
}

/// Forks with an idle connection; the child forks again.
fn kept(session: &Session, url: &str) {
    assert!(!ask(session, url, "parent", 0));
    assert!(SystemResolver.resolve("localhost", 80, Some(PATIENCE)).is_ok());
    for _ in 0..3 {
        let child = Child::which(|| {
            assert!(!ask(session, url, "child", 0), "a connection of its own");
            let grandchild = Child::which(|| assert!(!ask(session, url, "grandchild", 0)));
            (1..20).for_each(|number| assert!(ask(session, url, "child", number)));
            grandchild.ends_well();
            assert!(ask(session, url, "child", 20), "its own is still open");
            assert_eq!(session.statistics().idle, 1);
            assert!(SystemResolver.resolve("localhost", 80, Some(PATIENCE)).is_ok());
        });
        (1..20).for_each(|number| assert!(ask(session, url, "parent", number), "it is still open"));
        child.ends_well();
        assert!(ask(session, url, "parent", 20), "the child has not closed it");
    }
}

/// Forks with a half-read body.
fn response(session: &Session, url: &str) {
    // Dropping a shorter one would read its rest.
    for (length, large) in [(1 << 20, false), (1 << 20, true), (40_000, false)] {
        let response = session.get(format!("{url}/bytes/{length}")).send().expect("a response");
        let (mut response, mut start) = (Some(response), [0; 10]);
        response.as_mut().expect("it").read_exact(&mut start).expect("the first bytes");
        let child = Child::which(|| {
            let mut copy = response.take().expect("it");
            let mut space = vec![0; if large { 1 << 16 } else { 1 }];
            let error = copy.read(&mut space).expect_err("the parent's");
            let error: &Error =
                error.get_ref().and_then(|inner| inner.downcast_ref()).expect("an error of the library");
            assert!(is_the_parents(error), "{error}");
            drop(copy);
            assert!(!ask(session, url, "child", 0));
        });
        child.ends_well();
        let rest = response.expect("it").into_bytes().expect("the rest of the body");
        assert_eq!(rest.len() + start.len(), length);
        assert!(ask(session, url, "parent", 0), "the connection was given back");
    }
}

/// Tells the other threads to end, even if this one panics.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Forks while other threads use the session.
fn busy(session: &Session, url: &str) {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let over = &over;
            scope.spawn(move || {
                for number in 0.. {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    ask(session, url, &format!("thread-{thread}"), number);
                }
            });
        }
        let _over = Over(&over);
        for number in 0..30 {
            let child = Child::which(|| {
                let request = session.get(format!("{url}/get?who=child-{number}")).timeout(Duration::from_secs(10));
                match { request }.send() {
                    Ok(response) => {
                        let text = response.text().expect("a body");
                        assert!(text.contains(&format!("child-{number}")) && !response.reused(), "{text}");
                    }
                    Err(error) => {
                        assert!(matches!(error.kind(), ErrorKind::Unavailable(Unavailable::SessionLost)), "{error}");
                    }
                }
            });
            child.ends_well();
        }
    });
}

/// Forks with a loop on its own thread, which the child does not have.
fn thread(url: &str) {
    let get = |client: &LoopThread| client.get(format!("{url}/get")).timeout(PATIENCE).join();
    let mut client = Some(LoopThread::spawn(DriverConfig::default()).expect("a loop"));
    let parents = client.as_ref().expect("it");
    assert_eq!(get(parents).wait().expect("a response").status(), 200);
    let slow = parents.get(format!("{url}/delay/1")).join();
    let handle = slow.handle().clone();
    let mut slow = Some(slow);
    let child = Child::which(|| {
        let copy = client.take().expect("it");
        let error = get(&copy).wait().expect_err("no loop");
        assert!(is_the_parents(&error), "{error}");
        handle.cancel();
        assert!(!format!("{handle:?}").is_empty());
        let error = slow.take().expect("it").wait().expect_err("the parent's");
        assert!(is_the_parents(&error), "{error}");
        drop(copy);
        let own = LoopThread::spawn(DriverConfig::default()).expect("a loop");
        assert_eq!(get(&own).wait().expect("a response").status(), 200);
    });
    child.ends_well();
    assert_eq!(slow.expect("it").wait().expect("a response").status(), 200);
    let response = get(client.as_ref().expect("it")).wait().expect("a response");
    assert!(response.reused(), "the child has closed nothing");
}

/// Forks with a loop that the caller turns, with one idle and one busy connection.
fn turned(url: &str) {
    let mut event_loop = Some(EventLoop::new().expect("a loop"));
    let (tell, told) = mpsc::channel();
    let send = |event_loop: &EventLoop, path: &str| {
        let tell = tell.clone();
        event_loop.client().get(format!("{url}/{path}")).send(move |outcome| tell.send(outcome).expect("a listener"));
    };
    let finish = |event_loop: &mut EventLoop| {
        while !event_loop.driver().is_empty() {
            event_loop.turn(None).expect("a turn");
        }
    };
    let parents = event_loop.as_mut().expect("it");
    (0..2).for_each(|_| send(parents, "get"));
    finish(parents);
    assert_eq!(told.try_iter().filter(Result::is_ok).count(), 2);
    send(parents, "delay/1");
    parents.turn(Some(Duration::ZERO)).expect("a turn");
    let child = Child::which(|| {
        let mut copy = event_loop.take().expect("it");
        send(&copy, "get");
        let error = told.try_recv().expect("at once").expect_err("no loop");
        assert!(is_the_parents(&error), "{error}");
        assert!(copy.turn(None).is_err() && copy.run().is_err());
        assert!(matches!(told.try_recv().expect("its end").expect_err("copied").kind(), ErrorKind::Cancelled));
        assert!(copy.driver().is_empty());
        drop(copy);
        let mut own = EventLoop::new().expect("a loop");
        send(&own, "get");
        finish(&mut own);
        assert!(told.try_recv().expect("an end").is_ok());
    });
    child.ends_well();
    let parents = event_loop.as_mut().expect("it");
    finish(parents);
    (0..2).for_each(|_| send(parents, "get"));
    finish(parents);
    let outcomes: Vec<_> = told.try_iter().collect();
    assert_eq!(outcomes.len(), 3);
    assert!(outcomes.iter().all(|outcome| outcome.as_ref().is_ok_and(petition_mio::Response::reused)), "{outcomes:?}");
}
