//! Reads the repository, for the tests about the project itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders without files of the project.
const SKIPPED: [&str; 4] = ["target", ".git", "corpus", "artifacts"];

/// Extensions of text files.
const TEXT: [&str; 6] = ["rs", "md", "toml", "run", "yml", "sh"];

/// A Rust file.
pub(crate) struct Source {
    /// Its path in the repository, with slashes.
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Source {
    /// The lines of code with their numbers, without comments and up to the unit tests at the end.
    pub(crate) fn code_without_tests(&self) -> impl Iterator<Item = (usize, String)> {
        let end = self.text.find("#[cfg(test)]\nmod tests").or(self.text.find("#[cfg(test)]\npub(crate) mod steps"));
        code(&self.text[..end.unwrap_or(self.text.len())])
    }
}

/// The top folder.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in a folder of the repository")
}

/// A file of the repository.
pub(crate) fn read(name: &str) -> String {
    fs::read_to_string(repository().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every Rust file.
pub(crate) fn sources() -> Vec<Source> {
    let rust = texts().into_iter().filter(|(name, _)| name.ends_with(".rs"));
    rust.map(|(name, text)| Source { name, text }).collect()
}

/// Every text file, by its path.
pub(crate) fn texts() -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(repository(), &mut |path| {
        let ending = path.extension().or(path.file_name()).and_then(|name| name.to_str()).unwrap_or_default();
        if TEXT.contains(&ending) {
            let name = path.strip_prefix(repository()).expect("below the top").to_string_lossy().replace('\\', "/");
            found.push((name, fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))));
        }
    });
    found.sort();
    found
}

/// Returns the lines of code with their numbers, without comments.
pub(crate) fn code(text: &str) -> impl Iterator<Item = (usize, String)> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let line = without_comment(line);
        (!line.trim().is_empty()).then(|| (index + 1, line.to_owned()))
    })
}

/// Returns a line up to `//`, unless that is in a string.
fn without_comment(line: &str) -> &str {
    let quotes_before = |at: usize| line[..at].matches('"').count() - line[..at].matches("\\\"").count();
    let comment = line.match_indices("//").find(|(at, _)| quotes_before(*at).is_multiple_of(2));
    comment.map_or(line, |(at, _)| &line[..at])
}

fn walk(folder: &Path, visit: &mut impl FnMut(&Path)) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path: PathBuf = entry.expect("an entry of the folder").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !SKIPPED.contains(&name) {
                walk(&path, visit);
            }
        } else {
            visit(&path);
        }
    }
}

/// Returns cargo's metadata of the packages that are built here. Those for other systems may be
/// missing on this machine.
pub(crate) fn packages() -> Vec<serde_json::Value> {
    let metadata = cargo(&["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform", &host()]);
    let mut metadata: serde_json::Value = serde_json::from_str(&metadata).expect("cargo metadata prints JSON");
    match metadata["packages"].take() {
        serde_json::Value::Array(packages) => packages,
        other => panic!("expected packages, found {other}"),
    }
}

/// Returns the output of a cargo command.
pub(crate) fn cargo(arguments: &[&str]) -> String {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    run(Command::new(program).args(arguments).current_dir(repository()))
}

fn host() -> String {
    let program = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let text = run(Command::new(program).arg("-vV"));
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host").to_owned()
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}
