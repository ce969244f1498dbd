//! A foreign server as a child process: found, started on a free port, awaited, and killed.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use crate::net::PATIENCE;
use crate::net::temp_dir::TempDir;

/// How many free ports are tried. Another process may take a port after its choice.
const ATTEMPTS: usize = 3;

/// A running foreign server. Dropping it kills the process, waits for it, and removes its
/// directory. During a panic it prints the server's output.
#[derive(Debug)]
pub struct Process {
    name: &'static str,
    line: Command,
    child: Child,
    address: SocketAddr,
    directory: TempDir,
    _reserved: Option<Socket>,
}

impl Process {
    /// Returns the listening address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns its directory: configuration, certificates, logs.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Returns its output so far.
    pub fn output(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("output")).unwrap_or_default()
    }

    /// Starts `program` on a free port. `command` writes the configuration for that port and
    /// returns the arguments.
    ///
    /// # Panics
    /// When every attempt ends at once, or it does not accept within [`PATIENCE`], with its output.
    pub(super) fn start(
        name: &'static str,
        program: &Path,
        command: impl Fn(&mut Command, &TempDir, u16) -> io::Result<()>,
    ) -> Self {
        let mut outputs = Vec::new();
        for _ in 0..ATTEMPTS {
            match Self::attempt(name, program, &command).unwrap_or_else(|error| panic!("{name}: {error}")) {
                Ok(running) => return running,
                Err(output) => outputs.push(output),
            }
        }
        panic!("{name} does not start:\n{}", outputs.join("\n"));
    }

    fn attempt(
        name: &'static str,
        program: &Path,
        command: &impl Fn(&mut Command, &TempDir, u16) -> io::Result<()>,
    ) -> io::Result<Result<Self, String>> {
        let directory = TempDir::new()?;
        let reserved = reserve()?;
        let address = reserved.local_addr()?.as_socket().ok_or_else(|| io::Error::other("no address"))?;
        // Otherwise the server could not bind beside it.
        let reserved = cfg!(target_os = "linux").then_some(reserved);
        let mut line = Command::new(program);
        command(&mut line, &directory, address.port())?;
        let output = File::create(directory.path().join("output"))?;
        let child = line
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .current_dir(directory.path())
            .spawn()?;
        let mut process = Self { name, line, child, address, directory, _reserved: reserved };
        if process.accepts()? { Ok(Ok(process)) } else { Ok(Err(process.output())) }
    }

    /// Kills it at once, like a crash.
    pub fn stop(&mut self) {
        // It may have ended already; either way nothing is left.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Restarts it at the same address with the same configuration, and kills the rest of the old
    /// process.
    ///
    /// # Panics
    /// When it ends at once, or does not accept within [`PATIENCE`], with its output.
    pub fn restart(&mut self) {
        self.stop();
        self.child = self.line.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let accepts = self.accepts().unwrap_or_else(|error| panic!("{}: {error}", self.name));
        assert!(accepts, "{} does not start again:\n{}", self.name, self.output());
    }

    /// Connects repeatedly, since a foreign process gives no other sign that it listens. Returns
    /// false if it ends instead.
    fn accepts(&mut self) -> io::Result<bool> {
        let deadline = Instant::now() + PATIENCE;
        let (_never, tick) = mpsc::channel::<()>();
        loop {
            let reached = TcpStream::connect_timeout(&self.address, Duration::from_secs(1)).is_ok();
            // If it has ended, another process accepted.
            if self.child.try_wait()?.is_some() {
                return Ok(false);
            }
            if reached {
                return Ok(true);
            }
            if Instant::now() > deadline {
                panic!("{} does not accept within {PATIENCE:?}:\n{}", self.name, self.output());
            }
            // The sender lives, so this is a timed wait.
            let _ = tick.recv_timeout(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
        if std::thread::panicking() {
            println!("{} has said:\n{}", self.name, self.output());
        }
    }
}

/// Returns a free port, bound but not listening. The system gives it to no other process, even
/// while the server is down; a server that reuses addresses can bind it.
fn reserve() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    Ok(socket)
}

/// Returns the path of `program`. Returns `None`, and prints why, if it is not installed.
///
/// # Panics
/// If it is not installed and `PETITION_REQUIRE_PEERS` is set.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    find_one(&[program])
}

/// Does the same as [`find`] for a program with several names.
pub(super) fn find_one(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Servers are often outside an ordinary user's PATH.
    let usual = ["/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/local/bin", "/usr/bin"].map(PathBuf::from);
    let places: Vec<_> = std::env::split_paths(&path).chain(usual).collect();
    let mut files = names.iter().flat_map(|name| places.iter().map(move |place| place.join(name)));
    let found = files.find(|file| file.is_file());
    if found.is_none() {
        missing(names.first().unwrap_or(&""));
    }
    found
}

/// Prints that a program is not installed.
///
/// # Panics
/// If `PETITION_REQUIRE_PEERS` is set.
pub(super) fn missing(what: &str) {
    assert!(std::env::var_os("PETITION_REQUIRE_PEERS").is_none(), "{what} is required and not installed");
    println!("skipped: {what} is not installed");
}
