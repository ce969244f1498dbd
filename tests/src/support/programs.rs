//! Builds and runs the examples as programs, and observes them from outside.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::net::temp_dir::TempDir;

/// The number of calls of each system call.
pub type Calls = BTreeMap<String, i64>;

/// Returns an example of a package of this workspace. Cargo builds it beside the calling test,
/// since `-p petition-tests` alone would not build it.
///
/// # Panics
/// When the build fails.
pub fn example(name: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // .../target/debug/deps/test-hash
    let own = std::env::current_exe().expect("a test knows itself");
    let target = own.ancestors().nth(3).expect("a test is below the target directory");
    let mut build = Command::new(cargo);
    // Cargo's variables for tests would make build scripts run again, now and the next time.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text.starts_with("CARGO_BIN_") {
            build.env_remove(&name);
        }
    }
    // Builds the whole workspace, to reuse what `cargo test --workspace` has built.
    let status = build
        .args(["build", "--quiet", "--offline", "--workspace", "--example", name, "--target-dir"])
        .arg(target)
        .current_dir(workspace)
        .status();
    assert!(status.is_ok_and(|status| status.success()), "the example {name} does not build");
    target.join("debug/examples").join(name)
}

/// Runs `program` and returns its output and the number of calls of each system call by all its
/// threads. Returns `None`, and prints why, where programs cannot be traced.
///
/// # Panics
/// When the program fails, or cannot be traced although `PETITION_REQUIRE_PEERS` is set.
pub fn trace<A: AsRef<std::ffi::OsStr>>(
    program: &Path,
    arguments: impl IntoIterator<Item = A>,
) -> Option<(Calls, String)> {
    let directory = TempDir::new().expect("a directory");
    let report = directory.path().join("calls");
    let output = Command::new("strace").args(["-c", "-f", "-o"]).arg(&report).arg(program).args(arguments).output();
    let output = match output {
        Ok(output) => output,
        Err(error) => return skip(&format!("strace cannot be run: {error}")),
    };
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    if words.contains("ptrace") || words.contains("PTRACE") {
        return skip(&format!("strace may not trace: {words}"));
    }
    assert!(output.status.success(), "{words}");
    let report = std::fs::read_to_string(report).expect("strace writes its report");
    // % time, seconds, usecs/call, calls, [errors,] syscall
    let lines = report.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = words.get(3)?.parse().ok()?;
        let name = words.last()?;
        (*name != "total").then(|| ((*name).to_owned(), number))
    });
    Some((lines.collect(), String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// The calls that start a thread or a process.
pub fn starts(calls: &Calls) -> i64 {
    ["clone", "clone3", "fork", "vfork"].iter().filter_map(|name| calls.get(*name)).sum()
}

fn skip<R>(why: &str) -> Option<R> {
    assert!(std::env::var_os("PETITION_REQUIRE_PEERS").is_none(), "required: {why}");
    println!("skipped: {why}");
    None
}
