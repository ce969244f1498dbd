//! Promises about the sources, checked in the sources: core is pure, nothing is unsafe, no file is
//! too long, and nothing names the machine where it was written.
//!
//! core/clippy.toml has the first of these for the linter, which knows types. This test searches
//! for names, and also finds what the linter does not know.

use crate::repository::{Source, code, repository, sources};

/// What core may not name outside of its tests, and why.
const FORBIDDEN: &[(&str, &str)] = &[
    ("std::fs", "files"),
    ("std::env", "the environment"),
    ("std::thread", "threads"),
    ("thread_local!", "threads"),
    ("std::process", "processes"),
    ("std::os::", "the operating system"),
    ("std::time::Instant", "a clock"),
    ("std::time::SystemTime", "a clock"),
    ("SystemTime", "a clock"),
    ("Instant::now", "a clock"),
    ("TcpStream", "sockets"),
    ("TcpListener", "sockets"),
    ("UdpSocket", "sockets"),
    ("UnixStream", "sockets"),
    ("ToSocketAddrs", "a name look-up"),
    ("to_socket_addrs", "a name look-up"),
    ("Mutex", "a lock"),
    ("RwLock", "a lock"),
    ("Condvar", "a lock"),
    ("OnceLock", "a lock"),
    ("LazyLock", "a lock"),
    ("mpsc", "a channel"),
    ("RandomState", "dice"),
    ("getrandom", "dice"),
    ("SecureRandom", "dice"),
    ("rand::", "dice"),
    ("stdin(", "standard streams"),
    ("stdout(", "standard streams"),
    ("stderr(", "standard streams"),
    ("println!", "printing"),
    ("print!", "printing"),
    ("dbg!", "printing"),
    ("static mut", "hidden state"),
];

/// A `HashMap` or `HashSet` is in random order unless its hasher has fixed keys: these have.
const FIXED_HASHERS: [&str; 2] = ["BuildIdentity", "BuildHasherDefault"];

/// Files that may be longer than [`LONGEST`], with the reason.
const LONG: &[(&str, &str)] =
    &[("transport-mio/src/driver/mod.rs", "one loop over readiness and the engine's outputs")];

/// Lines of code, without blank lines and comments.
const LONGEST: usize = 400;

#[test]
fn core_names_nothing_of_the_system() {
    let mut seen = Vec::new();
    for source in core_sources() {
        for (number, line) in source.code_without_tests() {
            for (word, what) in FORBIDDEN {
                if contains_word(&line, word) {
                    seen.push(format!("{}:{number}: {word} ({what})", source.name));
                }
            }
        }
    }
    assert!(seen.is_empty(), "expected core to be pure, found\n{}", seen.join("\n"));
}

#[test]
fn maps_in_core_have_stable_order() {
    let mut seen = Vec::new();
    for source in core_sources() {
        for (number, line) in source.code_without_tests() {
            let typed = line.contains("HashMap<") || line.contains("HashSet<");
            if typed && !FIXED_HASHERS.iter().any(|hasher| line.contains(hasher)) {
                seen.push(format!("{}:{number}: {}", source.name, line.trim()));
            }
        }
    }
    assert!(seen.is_empty(), "expected a BTreeMap or a map with one of {FIXED_HASHERS:?}, found\n{}", seen.join("\n"));
}

#[test]
fn every_crate_root_forbids_unsafe_code() {
    let roots: Vec<_> = sources().into_iter().filter(|source| is_crate_root(&source.name)).collect();
    assert!(roots.len() >= 3, "expected the crate roots of the workspace, found {}", roots.len());
    for root in roots {
        assert!(root.text.contains("#![forbid(unsafe_code)]"), "expected {} to forbid unsafe code", root.name);
    }
}

#[test]
fn no_file_is_too_long() {
    let mut seen = Vec::new();
    for source in sources() {
        let lines = code(&source.text).count();
        let excused = LONG.iter().any(|(name, _)| *name == source.name);
        if lines > LONGEST && !excused {
            seen.push(format!("{}: {lines} lines", source.name));
        }
        assert!(!excused || lines > LONGEST, "{} is short again: take it off the list", source.name);
    }
    assert!(seen.is_empty(), "expected at most {LONGEST} lines of code in a file, found\n{}", seen.join("\n"));
    for (name, _) in LONG {
        assert!(repository().join(name).exists(), "{name} is gone: take it off the list");
    }
}

#[test]
fn every_file_says_what_it_is() {
    for source in sources() {
        let first = source.text.trim_start();
        assert!(first.starts_with("//!") || is_test_file(&source.name), "expected {} to begin with //!", source.name);
    }
}

#[test]
fn no_file_names_a_local_path() {
    // Assembled here, so that this file does not contain them.
    let places = ["work", "tmp", "home", "root", "Users"].map(|place| format!("/{place}/"));
    let mut seen = Vec::new();
    for (name, text) in crate::repository::texts() {
        for (index, line) in text.lines().enumerate() {
            // Not a part of a URL or of a relative path.
            let absolute = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-}".contains(c));
            if places.iter().any(|place| line.match_indices(place.as_str()).any(|(at, _)| absolute(at))) {
                seen.push(format!("{name}:{}: {}", index + 1, line.trim()));
            }
        }
    }
    assert!(seen.is_empty(), "expected no absolute path of a machine, found\n{}", seen.join("\n"));
}

#[test]
fn source_reader_skips_comments_and_tests() {
    let text = "//! std::fs\nuse std::fs; // std::env\n\nlet url = \"http://a//b\";\n#[cfg(test)]\nmod tests {\n    use std::env;\n}\n";
    let source = Source { name: "x.rs".into(), text: text.into() };
    let lines: Vec<_> = source.code_without_tests().collect();
    assert_eq!(lines[0], (2, "use std::fs; ".to_owned()));
    assert_eq!(lines[1], (4, "let url = \"http://a//b\";".to_owned()));
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(contains_word("use std::fs;", "std::fs") && !contains_word("std::fsx", "std::fs"));
    assert!(!contains_word("x.is_mpsc_like", "mpsc") && contains_word("eprintln!()", "println!"));
}

fn core_sources() -> Vec<Source> {
    let found: Vec<_> =
        sources().into_iter().filter(|s| s.name.starts_with("core/src/") && !is_test_file(&s.name)).collect();
    assert!(found.len() > 50, "expected the sources of core, found {} files", found.len());
    found
}

fn is_test_file(name: &str) -> bool {
    name.contains("/tests/") || name.ends_with("tests.rs")
}

fn is_crate_root(name: &str) -> bool {
    let parts: Vec<_> = name.split('/').skip(1).collect();
    match parts[..] {
        ["src", "lib.rs" | "main.rs"] | ["src", "bin", _, "main.rs"] => true,
        ["src", "bin", file] => file.ends_with(".rs"),
        _ => false,
    }
}

/// `word` in `line`, not as part of a longer name. A macro's name may have something in front, as
/// in `eprintln!`.
fn contains_word(line: &str, word: &str) -> bool {
    let name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(name) && !word.ends_with('!');
        let after = word.ends_with(name) && line[at + word.len()..].chars().next().is_some_and(name);
        !before && !after
    })
}
