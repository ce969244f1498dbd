//! The rooms of core (its folders and the files beside them) import downward only, so that none
//! depends on a room that is built on it.
//!
//! Every path that begins with `crate::` outside of tests counts. A name that the crate's root
//! re-exports counts for the room that it comes from.

use std::collections::{BTreeMap, BTreeSet};

use crate::repository::{Source, code, read, sources};

/// The rooms from the top down. A room may import from those that stand below it.
const ROOMS: &[&str] = &[
    "engine",
    "transfer",
    "session",
    "request",
    "options",
    "route",
    "policy",
    "tls",
    "link",
    "cookie",
    "http1",
    "content",
    "headers",
    "error",
    "redaction",
    "url",
    "http_date",
    "origin",
    "limits",
    "seed",
    "time",
    "buffer",
    "unavailable",
    "json_error",
    "contain",
    "byte_search",
    "base64",
];

/// The one circle: an error names the failure of every room, and the rooms that decide what follows
/// a failure name errors.
const UNION: (&str, &[&str]) = ("error", &["content", "headers", "http1", "link", "policy", "request", "route", "tls"]);

#[test]
fn rooms_of_core_import_downward_only() {
    let exported = exported_names();
    let mut imported = BTreeSet::new();
    let mut upward = Vec::new();
    for source in sources().iter().filter(|source| is_room_source(source)) {
        let own = room(&source.name);
        assert!(ROOMS.contains(&own), "{}: the room {own} has no place in the order", source.name);
        for name in names_after_crate(source) {
            let other = exported.get(&name).unwrap_or(&name).as_str();
            if other == own || !ROOMS.contains(&other) {
                continue;
            }
            imported.insert((own.to_owned(), other.to_owned()));
            let is_union = own == UNION.0 && UNION.1.contains(&other);
            if place(other) < place(own) && !is_union {
                upward.push(format!("{}: {own} imports from {other}", source.name));
            }
        }
    }
    assert!(upward.is_empty(), "expected imports from lower rooms only, found\n{}", upward.join("\n"));
    for pair in [("engine", "transfer"), ("session", "policy"), ("options", "http1"), ("error", "link")] {
        let pair = (pair.0.to_owned(), pair.1.to_owned());
        assert!(imported.contains(&pair), "expected to find the import {pair:?}: is the search blind?");
    }
}

fn is_room_source(source: &Source) -> bool {
    source.name.starts_with("core/src/") && source.name != "core/src/lib.rs" && !source.name.contains("tests")
}

fn place(room: &str) -> Option<usize> {
    ROOMS.iter().position(|known| *known == room)
}

/// The room of a file: the first part of its path below `core/src`.
fn room(name: &str) -> &str {
    let path = &name["core/src/".len()..];
    path.split(['/', '.']).next().unwrap_or(path)
}

/// The names that core's root re-exports from its rooms, each with its room.
fn exported_names() -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let root: String = code(&read("core/src/lib.rs")).map(|(_, line)| line + "\n").collect();
    for statement in root.split(';') {
        let Some((_, path)) = statement.split_once("pub use ") else { continue };
        let mut words = words(path);
        let Some(first) = words.next().filter(|_| !path.starts_with("::")) else { continue };
        names.extend(words.map(|name| (name, first.clone())));
    }
    names
}

/// The first names of all paths below `crate::`: one, or those of a list in braces.
fn names_after_crate(source: &Source) -> Vec<String> {
    let text: String = source.code_without_tests().map(|(_, line)| line + "\n").collect();
    let mut names = Vec::new();
    for (at, found) in text.match_indices("crate::") {
        let path = &text[at + found.len()..];
        match path.strip_prefix('{') {
            Some(list) => {
                let mut depth = 0;
                let mut begins = true;
                for (at, c) in list.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => begins = true,
                        c if begins && depth == 0 && !c.is_whitespace() => {
                            begins = false;
                            names.extend(words(&list[at..]).next());
                        }
                        _ => {}
                    }
                }
            }
            None => names.extend(words(path).next()),
        }
    }
    names
}

/// The identifiers in a text.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).map(str::to_owned)
}
