//! The nets: what is built and run to find a fault.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::copy::Copy;

/// A program that runs longer does not end.
const PATIENCE: Duration = Duration::from_secs(300);

/// How often one looks whether a program has ended.
const LOOK: Duration = Duration::from_millis(20);

/// One way to find a fault.
pub(crate) struct Net {
    pub(crate) name: &'static str,
    /// It is tried on faults in this folder: what it builds or runs depends on no other.
    folder: &'static str,
    /// Builds its programs.
    cargo: &'static [&'static str],
    /// What each of them is told.
    arguments: &'static [&'static str],
}

/// In the order in which they are tried. The core's own tests cannot see the transports; what needs sockets is tried on the transports alone.
pub(crate) const NETS: &[Net] = &[
    Net {
        name: "simulation",
        folder: "core/",
        cargo: &["build", "-p", "petition-tests", "--bin", "simulate"],
        arguments: &["--scenarios", "1000", "--seed", "1", "--most-violations", "1"],
    },
    Net {
        name: "tests in memory",
        folder: "core/",
        cargo: &["test", "--no-run", "-p", "petition-tests", "--test", "transfer_*"],
        arguments: &["-q"],
    },
    Net {
        name: "unit tests of core",
        folder: "core/",
        cargo: &["test", "--no-run", "-p", "petition-core", "--all-features", "--lib"],
        arguments: &["-q"],
    },
    Net {
        name: "petition-std over sockets",
        folder: "transport-std/",
        cargo: &["test", "--no-run", "-p", "petition-tests", "--test", "std_*"],
        arguments: &["-q"],
    },
    Net {
        name: "petition-mio over sockets",
        folder: "transport-mio/",
        cargo: &["test", "--no-run", "-p", "petition-tests", "--test", "mio_*"],
        arguments: &["-q"],
    },
];

/// What came of it.
pub(crate) enum Outcome {
    Passed,
    /// In words.
    Caught(String),
}

impl Net {
    /// Whether it can catch a fault in this file.
    pub(crate) fn sees(&self, file: &str) -> bool {
        file.starts_with(self.folder)
    }

    /// Builds and runs it.
    ///
    /// # Errors
    /// In words: it could not be built or started. A fault that does not build is none.
    pub(crate) fn try_on(&self, copy: &Copy) -> Result<Outcome, String> {
        for program in self.build(copy)? {
            let name = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let name = name.rsplit_once('-').map_or(&*name, |(name, _)| name).to_owned();
            let output = copy.target.join("output.txt");
            let file = File::create(&output).map_err(|error| error.to_string())?;
            let errors = file.try_clone().map_err(|error| error.to_string())?;
            let mut child = Command::new(&program)
                .args(self.arguments)
                // Where cargo would run it.
                .current_dir(copy.root.join(if self.cargo.contains(&"petition-core") { "core" } else { "tests" }))
                .env("RUST_BACKTRACE", "0")
                .stdin(Stdio::null())
                .stdout(file)
                .stderr(errors)
                .spawn()
                .map_err(|error| format!("{}: {error}", program.display()))?;
            let began = Instant::now();
            let status = loop {
                if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
                    break status;
                }
                if began.elapsed() > PATIENCE {
                    child.kill().and_then(|()| child.wait()).map_err(|error| error.to_string())?;
                    return Ok(Outcome::Caught(format!("{name} does not end")));
                }
                std::thread::sleep(LOOK);
            };
            if !status.success() {
                let said = std::fs::read_to_string(&output).unwrap_or_default();
                return Ok(Outcome::Caught(first_failure(&said).unwrap_or(name)));
            }
        }
        Ok(Outcome::Passed)
    }

    fn build(&self, copy: &Copy) -> Result<Vec<PathBuf>, String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(self.cargo)
            .args(["--message-format=json", "--quiet"])
            .current_dir(&copy.root)
            .env("CARGO_TARGET_DIR", &copy.target)
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("RUSTFLAGS", "--cap-lints=allow")
            .output()
            .map_err(|error| format!("cargo: {error}"))?;
        let messages = String::from_utf8_lossy(&built.stdout).into_owned();
        let messages = || messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        if !built.status.success() {
            let errors = messages().filter_map(|message| message["message"]["rendered"].as_str().map(str::to_owned));
            let words = String::from_utf8_lossy(&built.stderr);
            return Err(format!("{} cannot be built:\n{}{words}", self.name, errors.collect::<String>()));
        }
        // Binaries that tests are built with are no tests.
        let wanted = |message: &Value| self.cargo.contains(&"build") || message["profile"]["test"] == true;
        let programs: Vec<_> =
            messages().filter(wanted).filter_map(|message| message["executable"].as_str().map(PathBuf::from)).collect();
        if programs.is_empty() { Err(format!("{}: cargo built no program", self.name)) } else { Ok(programs) }
    }
}

/// The test that failed first, or the first violation of the simulation.
fn first_failure(said: &str) -> Option<String> {
    let test = said.lines().find_map(|line| line.strip_prefix("---- ")?.strip_suffix(" stdout ----"));
    let violation = said.lines().find_map(|line| line.strip_prefix("VIOLATION ")).map(without_way_there);
    let panic = said.lines().find(|line| line.contains("panicked"));
    let words: String = test.or(violation).or(panic)?.chars().filter(|&c| c != '|').take(100).collect();
    Some(format!("`{}`", words.replace('`', "'")))
}

/// A violation begins with how to play it again; what is wrong comes behind.
fn without_way_there(words: &str) -> &str {
    words.split_once(": ").map_or(words, |(_, words)| words)
}
