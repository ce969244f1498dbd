//! Runs the examples of custom loops with the embedded servers: each request is answered, and the
//! loops stay short.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)] // The embedder's side uses items that core does not allow.

use std::path::PathBuf;
use std::process::Command;

/// Built by `cargo test` together with this test.
fn run(example: &str) -> String {
    let mut path: PathBuf = std::env::current_exe().expect("this test has a path");
    path.pop();
    path.set_file_name("examples");
    path.push(example);
    if !path.exists() {
        let built =
            Command::new(env!("CARGO")).args(["build", "-q", "-p", "petition-core", "--example", example]).status();
        assert!(built.is_ok_and(|status| status.success()), "{example} cannot be built");
    }
    let output = Command::new(&path).output().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(output.status.success(), "{example}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn assert_answers(example: &str) {
    let output = run(example);
    assert_eq!(output.lines().count(), 8, "{output}");
    for scheme in ["http", "https"] {
        let of_scheme = output.lines().filter(|line| line.starts_with(&format!("{scheme}://")));
        assert_eq!(of_scheme.filter(|line| line.ends_with("bytes")).count(), 4, "{output}");
    }
    assert_eq!(output.matches(" 100000 bytes").count(), 2, "{output}");
}

#[test]
fn poll_loop_answers_every_request() {
    assert_answers("poll_loop");
}

#[test]
fn tokio_tasks_answer_every_request() {
    assert_answers("tokio_tasks");
}

#[test]
fn memory_example_answers_by_script() {
    let output = run("memory");
    assert_eq!(output.matches("welcome").count(), 2, "{output}");
    assert!(output.contains("https://a.test/home after 0ns: done"), "{output}");
    assert!(output.contains("http://a.test/silence after 30s: ") && output.contains("idle_timeout"), "{output}");
}

#[test]
fn each_loop_has_fewer_than_sixty_lines() {
    for (example, functions) in [
        (include_str!("../examples/poll_loop.rs"), &["fn run(", "fn wait("][..]),
        (include_str!("../examples/tokio_tasks.rs"), &["async fn fetch("]),
        (include_str!("../examples/memory.rs"), &["fn run("]),
    ] {
        for function in functions {
            let lines = example.lines().skip_while(|line| !line.starts_with(function));
            let n = lines.take_while(|line| *line != "}").count() + 1;
            assert!(n > 1 && n < 60, "{function} has {n} lines");
        }
    }
}
