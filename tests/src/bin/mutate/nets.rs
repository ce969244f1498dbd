//! The nets: what is built and run to find a fault.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::copy::Copy;

/// A program that waits longer is hanging.
const PATIENCE: Duration = Duration::from_secs(600);

/// How often a program is checked for its end.
const LOOK: Duration = Duration::from_millis(20);

/// One way to find a fault.
pub(crate) struct Net {
    pub(crate) name: &'static str,
    /// The folder of the faults that it can catch: nothing else that it runs depends on another.
    folder: &'static str,
    /// Builds its programs.
    cargo: &'static [&'static str],
    /// The arguments of each.
    arguments: &'static [&'static str],
}

const UNIT_TESTS: Net = Net {
    name: "unit tests of core",
    folder: "core/",
    cargo: &["test", "--no-run", "-p", "petition-core", "--all-features", "--lib"],
    arguments: &["-q"],
};

/// The nets in the order in which they run on the faults of the table. Core's own tests do not
/// cover the transports; tests over sockets run only for the transports.
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
        cargo: &["test", "--no-run", "-p", "petition-tests", "--test", "memory"],
        arguments: &["-q"],
    },
    UNIT_TESTS,
    Net {
        name: "unit tests of the transports",
        folder: "transport-",
        cargo: &["test", "--no-run", "-p", "petition-shared", "-p", "petition-std", "-p", "petition-mio", "--lib"],
        arguments: &["-q"],
    },
    Net {
        name: "the caller's code and forks",
        folder: "transport-",
        cargo: &["test", "--no-run", "-p", "petition-tests", "--test", "transports"],
        arguments: &["-q", "caller_code::", "connectors::", "forked::"],
    },
    Net {
        name: "petition-std over sockets",
        folder: "transport-std/",
        cargo: &["test", "--no-run", "-p", "petition-tests", "--test", "std"],
        arguments: &["-q"],
    },
    Net {
        name: "petition-mio over sockets",
        folder: "transport-mio/",
        cargo: &["test", "--no-run", "-p", "petition-tests", "--test", "mio"],
        arguments: &["-q"],
    },
];

/// The nets for mutants, of which there are many: the fast ones first.
pub(crate) const NETS_OF_MUTANTS: &[Net] = &[
    UNIT_TESTS,
    Net {
        name: "tests in memory",
        folder: "core/",
        cargo: &["test", "--no-run", "-p", "petition-tests", "--test", "memory", "--test", "fuzz_corpus"],
        arguments: &["-q"],
    },
    Net {
        name: "simulation",
        folder: "core/",
        cargo: &["build", "-p", "petition-tests", "--bin", "simulate"],
        arguments: &["--scenarios", "1000", "--seed", "1", "--mix", "all", "--most-violations", "1"],
    },
];

/// The result of a net.
pub(crate) enum Outcome {
    Passed,
    /// With a description.
    Caught(String),
}

/// A built program of a net.
pub(crate) struct Program<'a> {
    path: PathBuf,
    /// Where cargo would run it.
    folder: PathBuf,
    arguments: Vec<&'a str>,
    /// How long it may run, in seconds of CPU time.
    pub(crate) patience: u64,
}

impl Net {
    /// Returns whether it can catch a fault in this file.
    pub(crate) fn sees(&self, file: &str) -> bool {
        file.starts_with(self.folder)
    }

    /// Builds and runs it; with `test`, only the test of that name.
    ///
    /// # Errors
    /// A description, if it could not be built or started. A fault that does not build does not
    /// count.
    pub(crate) fn try_on(&self, copy: &Copy, test: Option<&str>) -> Result<Outcome, String> {
        for mut program in self.build(copy)? {
            if let Some(test) = test {
                program.arguments = vec!["-q", "--exact", test];
            }
            if let Outcome::Caught(how) = program.run(copy, &[], None)? {
                return Ok(Outcome::Caught(how));
            }
        }
        Ok(Outcome::Passed)
    }

    /// Builds it.
    ///
    /// # Errors
    /// A description, if it could not be built.
    pub(crate) fn build<'a>(&self, copy: &Copy) -> Result<Vec<Program<'a>>, String> {
        let built = Built::new(copy, self.cargo)?;
        if !built.success {
            let errors = built.messages.iter().filter_map(|message| message["message"]["rendered"].as_str());
            return Err(format!("{} cannot be built:\n{}{}", self.name, errors.collect::<String>(), built.words));
        }
        // Programs that tests use are not tests.
        let wanted = |message: &&Value| self.cargo.contains(&"build") || message["profile"]["test"] == true;
        let paths = built.messages.iter().filter(wanted).filter_map(|message| message["executable"].as_str());
        let folder = copy.root.join(if self.cargo.contains(&"petition-core") { "core" } else { "tests" });
        let program = |path| Program {
            path: PathBuf::from(path),
            folder: folder.clone(),
            arguments: self.arguments.to_vec(),
            patience: copy.patience,
        };
        let programs: Vec<_> = paths.map(program).collect();
        if programs.is_empty() { Err(format!("{}: cargo built no program", self.name)) } else { Ok(programs) }
    }
}

impl Program<'_> {
    /// Runs it with more arguments and an environment variable.
    ///
    /// # Errors
    /// A description, if it could not be started.
    pub(crate) fn run(&self, copy: &Copy, more: &[&str], variable: Option<(&str, &str)>) -> Result<Outcome, String> {
        let name = self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = name.rsplit_once('-').map_or(&*name, |(name, _)| name).to_owned();
        let output = copy.target.join("output.txt");
        let file = File::create(&output).map_err(|error| error.to_string())?;
        let errors = file.try_clone().map_err(|error| error.to_string())?;
        let mut child = bounded(&self.path, self.patience)
            .args(&self.arguments)
            .args(more)
            .current_dir(&self.folder)
            .env("RUST_BACKTRACE", "0")
            .envs(variable)
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors)
            .spawn()
            .map_err(|error| format!("{}: {error}", self.path.display()))?;
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
        if status.success() {
            return Ok(Outcome::Passed);
        }
        let said = std::fs::read_to_string(&output).unwrap_or_default();
        Ok(Outcome::Caught(first_failure(&said).unwrap_or(format!("{name}: {status}"))))
    }
}

/// Returns the program, with resource limits where the system has them: a fault may allocate or run
/// without end.
fn bounded(program: &Path, seconds: u64) -> Command {
    if !cfg!(unix) {
        return Command::new(program);
    }
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!("ulimit -c 0; ulimit -t {seconds}; ulimit -v 8000000; exec \"$0\" \"$@\""))
        .arg(program);
    command
}

/// The output of a build.
pub(crate) struct Built {
    pub(crate) success: bool,
    pub(crate) messages: Vec<Value>,
    /// Its output besides the messages.
    pub(crate) words: String,
}

impl Built {
    /// Runs cargo in the copy.
    ///
    /// # Errors
    /// A description, if cargo could not be started.
    pub(crate) fn new(copy: &Copy, arguments: &[&str]) -> Result<Built, String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(arguments)
            .args(["--message-format=json", "--quiet"])
            .current_dir(&copy.root)
            .env("CARGO_TARGET_DIR", &copy.target)
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_PROFILE_DEV_OPT_LEVEL", copy.optimized)
            .env("RUSTFLAGS", "--cap-lints=allow")
            .output()
            .map_err(|error| format!("cargo: {error}"))?;
        let messages = String::from_utf8_lossy(&built.stdout);
        let messages = messages.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let words = String::from_utf8_lossy(&built.stderr).into_owned();
        Ok(Built { success: built.status.success(), messages, words })
    }
}

/// Returns the test that failed first, or the first violation of the simulation.
fn first_failure(said: &str) -> Option<String> {
    let test = said.lines().find_map(|line| line.strip_prefix("---- ")?.strip_suffix(" stdout ----"));
    let violation = said.lines().find_map(|line| line.strip_prefix("VIOLATION ")).map(without_way_there);
    let panic = said.lines().find(|line| line.contains("panicked"));
    let words: String = test.or(violation).or(panic)?.chars().filter(|&c| c != '|').take(100).collect();
    Some(format!("`{}`", words.replace('`', "'")))
}

/// A violation begins with how to replay it; the cause follows.
fn without_way_there(words: &str) -> &str {
    words.split_once(": ").map_or(words, |(_, words)| words)
}
