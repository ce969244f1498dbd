//! The project's statements are true: the oldest compiler, the number of crates, the reason for
//! each dependency, and the map.

use std::collections::BTreeSet;

use crate::repository::{cargo, packages, read, repository, sources};

/// Crates in the tree of petition-std with its default features, itself included. To be raised only
/// with a reason in ARCHITECTURE.md.
#[cfg(target_os = "linux")]
const CRATES: usize = 64;

#[test]
fn no_dependency_needs_a_newer_compiler() {
    let stated = version(&toml_value(&read("Cargo.toml"), "rust-version"));
    let packages = packages();
    assert!(packages.len() > 10);
    for package in packages {
        let needs = package["rust_version"].as_str().map(version);
        assert!(
            needs <= Some(stated),
            "{} {} needs {needs:?}, we state {stated:?}",
            package["name"],
            package["version"]
        );
    }
}

#[test]
#[cfg(target_os = "linux")]
fn dependency_tree_grows_only_on_purpose() {
    let tree = cargo(&["tree", "--locked", "--offline", "-p", "petition-std", "-e", "normal", "--prefix", "none"]);
    let crates: BTreeSet<_> =
        tree.lines().filter_map(|line| Some(line.split_once(" v")?.0.to_owned() + line.split(' ').nth(1)?)).collect();
    assert!(crates.len() <= CRATES, "expected at most {CRATES} crates, found {}: {crates:#?}", crates.len());
    for document in ["README.md", "ARCHITECTURE.md"] {
        assert!(read(document).contains(&format!("{CRATES} crates")), "{document} states another number than {CRATES}");
    }
}

#[test]
fn every_dependency_states_its_reason() {
    let architecture = read("ARCHITECTURE.md");
    for manifest in manifests() {
        let text = read(&manifest);
        let mut inside = false;
        for line in text.lines() {
            if line.starts_with('[') {
                inside = line.contains("dependencies");
                continue;
            }
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if inside && !name.is_empty() && !name.starts_with(['#', '"', ']']) && !name.starts_with("petition-") {
                assert!(architecture.contains(&format!("| `{name}` |")), "{manifest}: no reason is given for {name}");
            }
        }
    }
}

#[test]
fn every_package_inherits_lints_and_rust_version() {
    for manifest in manifests() {
        let text = read(&manifest);
        for line in ["rust-version.workspace = true", "[lints]\nworkspace = true", "license.workspace = true"] {
            assert!(text.contains(line), "expected {line:?} in {manifest}");
        }
    }
    let stated = toml_value(&read("Cargo.toml"), "rust-version");
    for document in ["README.md", "CONTRIBUTING.md"] {
        assert!(read(document).contains(&format!("Rust {stated}")), "{document} states another version than {stated}");
    }
}

/// The map in ARCHITECTURE.md is an indented list: folders end with a slash, files with `.rs`, and
/// a description follows.
#[test]
fn map_lists_exactly_the_files() {
    let text = read("ARCHITECTURE.md");
    let map = text.split("<!-- map -->").nth(1).expect("the map stands between two marks");
    let mut folders: Vec<(usize, &str)> = Vec::new();
    let mut shown = BTreeSet::new();
    for line in map.lines() {
        let entry = line.trim_start();
        let depth = line.len() - entry.len();
        let name = entry.split(' ').next().unwrap_or_default();
        if !(name.ends_with('/') || name.ends_with(".rs")) {
            continue;
        }
        folders.retain(|(of, _)| *of < depth);
        let path: String = folders.iter().map(|(_, name)| *name).chain([name]).collect();
        assert!(repository().join(&path).exists(), "the map shows {path}, which is gone");
        assert!(name == "src/" || entry.len() > name.len() + 1, "the map says nothing of {path}");
        if name.ends_with('/') {
            folders.push((depth, name));
        } else {
            shown.insert(path);
        }
    }
    let kept = |name: &String| name.contains("/src/") && !name.starts_with("tests/");
    let test = |name: &String| name.contains("/tests/") || name.ends_with("tests.rs");
    let there: BTreeSet<_> = sources().into_iter().map(|s| s.name).filter(|name| kept(name) && !test(name)).collect();
    let missing: Vec<_> = there.difference(&shown).collect();
    assert!(missing.is_empty(), "the map does not show {missing:#?}");
}

/// Of all members of the workspace.
fn manifests() -> Vec<String> {
    let members = toml_value(&read("Cargo.toml"), "members");
    let manifests: Vec<_> =
        members.split('"').skip(1).step_by(2).map(|member| format!("{member}/Cargo.toml")).collect();
    assert!(manifests.len() >= 3, "expected the members of the workspace, found {members}");
    manifests
}

fn toml_value(text: &str, key: &str) -> String {
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.trim().strip_prefix('='));
    value.unwrap_or_else(|| panic!("no {key}")).trim().trim_matches('"').to_owned()
}

/// `1.88` as `[1, 88, 0]`.
fn version(text: &str) -> [u32; 3] {
    let mut parts = text.split('.').map(|part| part.parse().expect("a number"));
    [parts.next(), parts.next(), parts.next()].map(Option::unwrap_or_default)
}

/// The table of stages in ARCHITECTURE.md is that of the machine.
#[test]
fn architecture_shows_the_machines_transitions() {
    let code = read("core/src/transfer/stage.rs");
    let table = code.split("const TRANSITIONS").nth(1).expect("the machine has a table");
    let mut known = Vec::new();
    for line in table.lines().map(str::trim) {
        let Some((stage, followers)) = line.strip_prefix('(').and_then(|row| row.split_once(", &[")) else {
            if known.is_empty() { continue } else { break }
        };
        known.push((stage.to_owned(), followers.trim_end_matches("]),").to_owned()));
    }
    let text = read("ARCHITECTURE.md");
    let shown = text.split("<!-- transitions -->").nth(1).expect("the table stands between two marks");
    let rows = shown.lines().filter(|line| line.starts_with("| ")).skip(2);
    let cells = rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
    let shown: Vec<_> = cells.map(|cells| (cells[0].clone(), cells.get(2).cloned().unwrap_or_default())).collect();
    assert_eq!(known.len(), 14, "expected every stage in the machine's table, found {known:?}");
    assert_eq!(shown, known);
}
