//! The examples of the README, run as programs; the threads of petition-mio on the caller's own
//! loop.

use std::process::Command;

use petition_tests::httpbin::Httpbin;
use petition_tests::support::{example, starts, trace};

/// Runs it, which must succeed, and returns its output.
fn printed(name: &str, arguments: &[&str]) -> String {
    let output = Command::new(example(name)).args(arguments).output().expect("it runs");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name}: {}\n{out}\n{err}", output.status);
    out.into_owned()
}

#[test]
fn custom_loops_get_every_response() {
    for name in ["poll_loop", "tokio_tasks", "own_poll", "frames", "await_minimal", "await_tokio"] {
        let text = printed(name, &[]);
        for scheme in ["http://", "https://"] {
            let lines = text.lines().filter(|line| line.starts_with(scheme) && line.ends_with(" bytes")).count();
            assert!(lines >= 3, "{name}:\n{text}");
        }
        let answers = text.lines().filter(|line| line.starts_with("http"));
        assert!(answers.clone().all(|line| line.ends_with(" bytes")), "{name}:\n{text}");
        // One of them requests this many.
        assert!(answers.clone().any(|line| line.ends_with(" 100000 bytes")), "{name}:\n{text}");
    }
}

#[test]
fn memory_loop_is_deterministic() {
    let text = printed("memory", &[]);
    assert!(text.contains(" after "), "{text}");
    assert_eq!(text, printed("memory", &[]));
}

#[test]
fn connectors_of_the_example_serve_their_requests() {
    assert_eq!(printed("connector", &[]), "GET /items?page=2 HTTP/1.1\nto hidden.example:80\n\n");
}

#[test]
fn held_requests_are_all_answered() {
    for tls in [None, Some("--tls")] {
        let arguments: Vec<&str> = ["200"].into_iter().chain(tls).collect();
        let text = printed("hold", &arguments);
        assert!(text.contains("200 answers, each the right one"), "{text}");
    }
}

#[test]
fn custom_loop_starts_no_thread() {
    const TIMES: usize = 50;
    let server = Httpbin::start_plain().expect("a port is free");
    let example = example("own_poll");
    let here = server.url("/bytes/1000");
    let named = here.replace("127.0.0.1", "a.test");
    let run = |known: &str| {
        let arguments = ["--name", known, "--times", &TIMES.to_string(), &here, &named].map(String::from);
        trace(&example, arguments)
    };
    let Some((calls, text)) = run("a.test=127.0.0.1") else { return };
    assert_eq!(text.matches(": 200 OK, 1000 bytes").count(), 2 * TIMES, "{text}");
    assert_eq!(starts(&calls), 0, "{calls:?}");
    // Look-ups do start threads, so the trace would show one. A helper ends when no name is left,
    // so a later look-up may start another; requests for one name share a look-up while it runs.
    let Some((calls, text)) = run("b.test=127.0.0.1") else { return };
    assert_eq!(text.matches(": 200 OK, 1000 bytes").count(), TIMES, "{text}");
    assert!((1..=TIMES as i64).contains(&starts(&calls)), "{calls:?}");
}
