//! The examples are run: frames in the style of a game, also under strace; and connections that wait.

use std::path::PathBuf;
use std::process::{Command, Output};

use petition_tests::httpbin::Httpbin;

/// Built by `cargo test` together with this test.
fn example(name: &str) -> PathBuf {
    let mut path: PathBuf = std::env::current_exe().expect("this test has a path");
    path.pop();
    path.set_file_name("examples");
    path.push(name);
    if !path.exists() {
        let built = Command::new(env!("CARGO")).args(["build", "-q", "-p", "petition-mio", "--example", name]).status();
        assert!(built.is_ok_and(|status| status.success()), "{name} cannot be built");
    }
    path
}

#[track_caller]
fn text(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn frames_go_on_while_answers_come() {
    let output = text(Command::new(example("frames")).output().unwrap());
    assert_eq!(output.matches("200 OK").count(), 8, "{output}");
    let frames = output.lines().find_map(|line| line.strip_suffix(" frames")).expect("a count");
    assert!(frames.parse::<u32>().unwrap() > 30, "a second passes in frames of 16 ms: {output}");
}

#[test]
fn a_hundred_transfers_on_the_caller_s_own_loop_start_no_thread() {
    if Command::new("strace").arg("-V").output().is_err() {
        println!("skipped: strace is not installed");
        return;
    }
    let server = Httpbin::start_plain().unwrap();
    let log = std::env::temp_dir().join(format!("petition-strace-{}", std::process::id()));
    let strace = |url: String| {
        let traced = Command::new("strace")
            .args(["-f", "-qq", "-e", "trace=clone,clone3,fork,vfork", "-o"])
            .arg(&log)
            .arg(example("frames"))
            .args(["--times", "100", &url])
            .output()
            .unwrap();
        if !traced.status.success() && String::from_utf8_lossy(&traced.stderr).contains("PTRACE") {
            println!("skipped: this machine allows no tracing");
            return None;
        }
        Some((text(traced), std::fs::read_to_string(&log).unwrap()))
    };
    for host in ["127.0.0.1", "localhost"] {
        let Some((output, calls)) = strace(server.base_at(host) + "/get") else { return };
        assert_eq!(output.matches("200 OK").count(), 100, "{output}");
        assert!(!calls.contains("clone") && !calls.contains("fork"), "{calls}");
    }
    // That the trace can see one: a name that has to be looked up.
    let Some((_, calls)) = strace("http://no.such.name.invalid/".into()) else { return };
    assert!(calls.contains("clone"), "{calls}");
    std::fs::remove_file(log).unwrap();
}

#[test]
fn connections_that_wait_are_held_and_all_are_answered() {
    for arguments in [&["200"][..], &["50", "--tls"]] {
        let output = text(Command::new(example("hold")).args(arguments).output().unwrap());
        assert!(output.contains(&format!("{} answers, each the right one", arguments[0])), "{output}");
        assert!(output.contains("petition: "), "{output}");
    }
}
