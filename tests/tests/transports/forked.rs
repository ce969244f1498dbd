//! A client created before fork(2): parent and child never get each other's responses, and neither
//! waits for a thread that the child does not have. The checks are in `src/bin/forked`, which is a
//! separate process.

use std::path::Path;
use std::process::Command;

use petition_tests::httpbin::Httpbin;
use petition_tests::net::temp_dir::TempDir;
use petition_tests::tls::{Authority, Endpoint};

#[track_caller]
fn play(scene: &str, url: &str, root: Option<&Path>) {
    let output = Command::new(env!("CARGO_BIN_EXE_forked")).args([scene, url]).args(root).output().unwrap();
    assert!(output.status.success(), "{scene}: {}", String::from_utf8_lossy(&output.stderr));
}

fn over_http(scene: &str) {
    play(scene, &Httpbin::start_plain().unwrap().url(""), None);
}

fn over_https(scene: &str) {
    let (authority, directory) = (Authority::new(), TempDir::new().unwrap());
    let root = directory.write("root.pem", authority.pem()).unwrap();
    let server = Httpbin::start_tls(&Endpoint::new(&authority.issue_localhost())).unwrap();
    play(scene, &server.url(""), Some(&root));
}

#[test]
fn t47_parent_and_child_never_share_a_connection() {
    over_http("kept");
    over_https("kept");
}

#[test]
fn t47_response_stays_with_the_process_that_asked() {
    over_http("response");
    over_https("response");
}

#[test]
fn child_of_busy_parent_gets_answer_or_error() {
    over_http("busy");
}

#[test]
fn loop_thread_refuses_the_child_at_once() {
    over_http("thread");
}

#[test]
fn turned_loop_refuses_only_the_child() {
    over_http("turned");
}
