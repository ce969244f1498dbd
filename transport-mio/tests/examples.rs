//! Runs the examples: game frames, also under strace; waiting connections; and many GETs, whose
//! system calls are counted.

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
fn frames_continue_while_responses_arrive() {
    let output = text(Command::new(example("frames")).output().unwrap());
    assert_eq!(output.matches("200 OK").count(), 8, "{output}");
    let frames = output.lines().find_map(|line| line.strip_suffix(" frames")).expect("a count");
    assert!(frames.parse::<u32>().unwrap() > 30, "a second passes in frames of 16 ms: {output}");
}

#[test]
fn callers_loop_starts_no_thread() {
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
    // A name that needs a look-up shows that the trace can detect a thread.
    let Some((_, calls)) = strace("http://no.such.name.invalid/".into()) else { return };
    assert!(calls.contains("clone"), "{calls}");
    std::fs::remove_file(log).unwrap();
}

#[test]
fn held_connections_are_all_answered() {
    for arguments in [&["200"][..], &["50", "--tls"]] {
        let output = text(Command::new(example("hold")).args(arguments).output().unwrap());
        assert!(output.contains(&format!("{} answers, each the right one", arguments[0])), "{output}");
        assert!(output.contains("petition: "), "{output}");
    }
}

#[test]
fn each_get_costs_one_write_and_read() {
    if Command::new("strace").arg("-V").output().is_err() {
        println!("skipped: strace is not installed");
        return;
    }
    let log = std::env::temp_dir().join(format!("petition-strace-gets-{}", std::process::id()));
    // System calls by name. The server is a separate process, and not traced.
    let count = |arguments: &[&str]| {
        let mut strace = Command::new("strace");
        strace.args(["-qq", "-e", "trace=sendto,recvfrom,epoll_wait,epoll_ctl", "-o"]);
        text(traced(&mut strace, &log, arguments)?);
        let calls = std::fs::read_to_string(&log).unwrap();
        let named = |name: &str| calls.lines().filter(|line| line.starts_with(name)).count();
        Some((named("sendto("), named("recvfrom("), named("epoll_ctl("), named("epoll_wait(")))
    };
    let arguments = ["3000", "--connections", "16"];
    let Some((writes, reads, registered, waits)) = count(&arguments) else { return };
    let Some((raw_writes, raw_reads, _, raw_waits)) = count(&[&arguments[..], &["--raw"]].concat()) else { return };
    std::fs::remove_file(log).unwrap();
    assert_eq!((writes, reads, raw_writes), (3000, 3000, 3000));
    assert!(raw_reads >= 3000);
    // Once per connection, and the waker.
    assert_eq!(registered, 17);
    // The machine determines how many responses arrive at once; connecting takes some polls.
    println!("{waits} waits, {raw_waits} by hand");
    assert!(waits <= 3000 + 40, "{waits}");
}

/// Runs the example `gets` under strace; returns `None` if this machine does not allow tracing.
fn traced(strace: &mut Command, log: &std::path::Path, arguments: &[&str]) -> Option<Output> {
    let output = strace.arg(log).arg(example("gets")).args(arguments).output().unwrap();
    if !output.status.success() && String::from_utf8_lossy(&output.stderr).contains("PTRACE") {
        println!("skipped: this machine allows no tracing");
        return None;
    }
    Some(output)
}

#[test]
fn gets_with_many_cookies_are_answered() {
    for arguments in [&["300", "--connections", "100"][..], &["300", "--hosts", "50"], &["100", "--cookies", "200"]] {
        let output = text(Command::new(example("gets")).args(arguments).output().unwrap());
        assert!(output.contains(&format!("{} requests over ", arguments[0])), "{output}");
    }
}
