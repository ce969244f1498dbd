//! Runs the measured programs: directly, under callgrind, under strace. The server is a separate
//! process, which is not counted.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::callgrind::Profile;
use crate::clients::{Client, program};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The longest run of one program.
const PATIENCE: Duration = Duration::from_secs(180);

/// The server's process, which ends when this is dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) plain: String,
    pub(crate) tls: String,
    ca: PathBuf,
}

impl Server {
    pub(crate) fn start() -> Result<Server> {
        let ca = scratch("ca.der");
        let mut process =
            Command::new(program("bench-server")).arg(&ca).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let (plain, tls) = line.trim().split_once(' ').ok_or("the server did not say where it is")?;
        Ok(Server { plain: plain.to_owned(), tls: tls.to_owned(), process, ca })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns the path of a temporary file.
fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("petition-bench-{}-{name}", std::process::id()))
}

/// Returns the version of libcurl that its worker uses.
pub(crate) fn libcurl() -> Option<String> {
    Some(run(&[program("worker-curl").to_string_lossy().into_owned(), "version".to_owned()]).ok()?.trim().to_owned())
}

/// Removes the files of [`scratch`].
pub(crate) fn clean() {
    for name in ["ca.der", "ca.pem", "callgrind", "strace", "stripped"] {
        let _ = std::fs::remove_file(scratch(name));
    }
}

/// Returns whether a tool is installed, and its version.
pub(crate) fn tool(name: &str) -> Option<String> {
    let output = Command::new(name).arg("--version").output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned())
}

/// The program to run.
pub(crate) struct Work<'a> {
    pub(crate) client: &'a Client,
    pub(crate) row: &'a str,
    pub(crate) n: usize,
    pub(crate) x: u64,
    pub(crate) server: &'a Server,
}

impl Work<'_> {
    fn command(&self) -> Vec<String> {
        let worker = program(&format!("worker-{}", self.client.package));
        // A row with several metrics has one process, which has the row's name.
        let row = if self.row == "gib" { "chunked" } else { self.row };
        [
            worker.to_string_lossy().into_owned(),
            self.client.id.to_owned(),
            row.to_owned(),
            self.n.to_string(),
            self.server.plain.clone(),
            self.server.tls.clone(),
            self.server.ca.to_string_lossy().into_owned(),
            self.x.to_string(),
        ]
        .to_vec()
    }

    /// Runs it directly, and returns its report under this key.
    pub(crate) fn plain(&self, key: &str) -> Result<f64> {
        let said = run(&self.command())?;
        let line = said.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
        Ok(line.ok_or_else(|| format!("it did not say its {key}"))?.parse()?)
    }

    pub(crate) fn callgrind(&self) -> Result<(Profile, String)> {
        callgrind(&self.command())
    }

    /// Returns the number of its system calls.
    pub(crate) fn strace(&self) -> Result<f64> {
        let file = scratch("strace");
        let mut command = vec!["strace".into(), "-f".into(), "-c".into(), "-o".into(), file.to_string_lossy().into()];
        command.extend(self.command());
        run(&command)?;
        let text = std::fs::read_to_string(file)?;
        // % time, seconds, microseconds per call, calls, errors if any, name.
        let rows = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let calls = rows.filter(|row| row.len() >= 5 && row.last() != Some(&"total"));
        Ok(calls.filter_map(|row| row[3].parse::<f64>().ok()).sum())
    }
}

/// Runs it under callgrind, and returns its output as well.
pub(crate) fn callgrind(program: &[String]) -> Result<(Profile, String)> {
    let file = scratch("callgrind");
    let mut command: Vec<String> = ["valgrind", "-q", "--tool=callgrind", "--dump-line=no"].map(str::to_owned).to_vec();
    command.push(format!("--callgrind-out-file={}", file.display()));
    command.extend_from_slice(program);
    let said = run(&command)?;
    Ok((Profile::parse(&std::fs::read_to_string(file)?), said))
}

/// Runs a program to its end, and returns its output.
pub(crate) fn run(command: &[String]) -> Result<String> {
    let output = output(command)?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(words.lines().last().unwrap_or("it failed").to_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Returns whether a program that makes one request can use TLS: with an unknown certificate it
/// must fail and say so. A program without working TLS panics or reports something else.
pub(crate) fn speaks_tls(one: &str, server: &Server) -> Result<()> {
    let output = output(&[one.to_owned(), format!("https://{}/", server.tls)])?;
    let words = String::from_utf8_lossy(&output.stderr).to_lowercase();
    match output.status.code() {
        Some(1) if words.contains("cert") => Ok(()),
        _ => Err(format!("its TLS does not work: {}", words.lines().next().unwrap_or_default()).into()),
    }
}

/// Runs a program to its end. Its environment is minimal and constant, since the loader and libc
/// read all of it, which counts.
fn output(command: &[String]) -> Result<Output> {
    let (name, arguments) = command.split_first().ok_or("nothing to run")?;
    let mut command = Command::new(name);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).args(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    // The output is short: a pipe holds it.
    let began = Instant::now();
    while child.try_wait()?.is_none() {
        if began.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Err(format!("not done within {PATIENCE:?}").into());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(child.wait_with_output()?)
}

/// Returns the size of a program without symbols, in KiB.
pub(crate) fn stripped(client: &Client) -> Result<f64> {
    let copy = scratch("stripped");
    let program = program(&format!("one-{}", client.package));
    let strip =
        ["strip".into(), "-o".into(), copy.to_string_lossy().into_owned(), program.to_string_lossy().into_owned()];
    run(&strip)?;
    Ok(std::fs::metadata(copy)?.len() as f64 / 1024.0)
}
