//! The weight of a client, and the machine and versions of the figures.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::process::Command;

use crate::clients::{CLIENTS, Client, OURS, cargo, manifest};
use crate::run::{libcurl, tool};

/// Returns the number of crates in the dependency trees of a client's packages, themselves
/// included.
pub(crate) fn crates(client: &Client) -> Result<f64, Box<dyn Error>> {
    let package = format!("petition-bench-{}", client.package);
    let mut command = cargo();
    command.args(["tree", "--manifest-path", &manifest(), "-p", &package]);
    let output = command.args(["-e", "normal", "--prefix", "depth", "--no-dedupe"]).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or("cargo tree failed").into());
    }
    let mut found = BTreeSet::new();
    let mut inside = false;
    for line in String::from_utf8(output.stdout)?.lines() {
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        let (depth, rest) = line.split_at(digits);
        let mut words = rest.split(' ');
        let (name, version) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if depth == "1" {
            inside = client.roots.contains(&name);
        }
        if inside && depth != "0" {
            found.insert(format!("{name} {version}"));
        }
    }
    Ok(found.len() as f64)
}

/// Returns the machine, the tools, and the compared versions.
pub(crate) fn about() -> Vec<(String, String)> {
    let mut about = Vec::new();
    let mut note = |key: &str, value: Option<String>| about.push((key.to_owned(), value.unwrap_or("absent".into())));
    let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = file("/proc/cpuinfo");
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let cores = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    note("processor", model.map(|model| format!("{model}, {cores} of them")));
    note("system", Some(format!("Linux {}", file("/proc/sys/kernel/osrelease").trim())));
    note("compiler", tool("rustc"));
    note("valgrind", tool("valgrind"));
    note("strace", tool("strace").or_else(|| tool_by("strace", "-V")));
    let load = file("/proc/loadavg");
    note("load at the beginning", load.split(' ').next().map(str::to_owned));
    let commit =
        Command::new("git").args(["-C", env!("CARGO_MANIFEST_DIR"), "rev-parse", "--short=10", "HEAD"]).output();
    let commit = commit.ok().filter(|output| output.status.success());
    note("Petition", commit.map(|output| format!("commit {}", String::from_utf8_lossy(&output.stdout).trim())));
    note("libcurl", libcurl());
    let versions = locked();
    let names = CLIENTS.iter().filter(|client| client.package != OURS && client.id != "petition-tls");
    let mut names: Vec<&str> = names.flat_map(|client| client.roots).copied().collect();
    names.extend(["httparse", "mio"]);
    names.sort_unstable();
    names.dedup();
    let words = names.iter().filter_map(|name| Some(format!("{name} {}", versions.get(*name)?)));
    note("compared", Some(words.collect::<Vec<_>>().join(", ")));
    about
}

fn tool_by(name: &str, option: &str) -> Option<String> {
    let output = Command::new(name).arg(option).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned())
}

/// Returns the versions in the lock file; of several, the greatest text.
fn locked() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock")).unwrap_or_default();
    let value = |line: &str, key: &str| Some(line.strip_prefix(key)?.trim_matches([' ', '=', '"']).to_owned());
    let mut versions = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        if let Some(found) = value(line, "name") {
            name = found;
        } else if let Some(version) = value(line, "version") {
            versions.insert(name.clone(), version);
        }
    }
    versions
}
