//! The faces of the two transports: the same names exported, and documentation that needs no other.

use super::repository::{read, texts};

/// The statements that export names of petition-core, without white space.
fn exports(file: &str) -> Vec<String> {
    let text = read(file);
    let compact = |statement: &str| statement.split_whitespace().collect::<Vec<_>>().join(" ").replace(", }", " }");
    let statements =
        text.split(';').filter_map(|statement| Some(&statement[statement.find("pub use petition_core")?..]));
    // Both have a request type of their own name; that of petition-std is another one.
    statements.map(|statement| compact(statement).replace(" Request,", "")).collect()
}

/// The examples in a text: the code between fences, with the comment marks of rustdoc taken off.
fn examples(text: &str) -> Vec<String> {
    let mut examples = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        let line = line.trim_start().trim_start_matches("///").trim_start_matches("//!").trim_start();
        match (line.starts_with("```"), &mut open) {
            (true, None) => open = Some(String::new()),
            (true, Some(_)) => examples.extend(open.take()),
            (false, Some(example)) => *example += &format!("{line}\n"),
            (false, None) => {}
        }
    }
    examples
}

#[test]
fn transports_export_the_same_core_names() {
    let [std, mio] = ["transport-std/src/lib.rs", "transport-mio/src/lib.rs"].map(exports);
    assert!(std.len() > 10, "{std:?}");
    assert_eq!(std, mio);
}

/// The types of core within an error's kind, and those that `?` converts into an error.
fn error_types() -> Vec<String> {
    let kinds = read("core/src/error/kind.rs");
    let kinds =
        kinds.split("pub enum ErrorKind {").nth(1).and_then(|rest| rest.split("\n}").next()).unwrap_or_default();
    let payloads =
        kinds.lines().filter_map(|line| line.trim().strip_suffix("),")?.split_once('(')).map(|(_, name)| name);
    let from = read("core/src/error/from.rs");
    let sources = from.lines().filter_map(|line| Some(line.split_once(" => ")?.0.trim()));
    let own = |name: &str| name.starts_with("crate::") || name.chars().all(char::is_alphanumeric);
    let names = payloads.chain(sources).filter(|name| own(name) && *name != "String");
    names.filter_map(|name| name.rsplit("::").next()).map(str::to_owned).collect()
}

#[test]
fn transports_export_every_error_type() {
    let exports = exports("transport-std/src/lib.rs").join(" ");
    let words: Vec<_> = exports.split(|c: char| !c.is_alphanumeric()).collect();
    let types = error_types();
    assert!(types.len() > 20 && types.iter().any(|name| name == "JsonError"), "{types:?}");
    let missing: Vec<_> = types.iter().filter(|name| !words.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "expected the transports to export {missing:?}");
}

#[test]
fn everyday_examples_need_no_core_path() {
    let mut seen = 0;
    let everyday = ["transport-std/src/", "transport-mio/src/", "README.md"];
    for (name, text) in texts().into_iter().filter(|(name, _)| everyday.iter().any(|start| name.starts_with(start))) {
        // An example that drives the machine itself names it.
        for example in examples(&text).into_iter().filter(|example| !example.contains("Transfer::new")) {
            seen += 1;
            assert!(!example.contains("petition_core::"), "{name}:\n{example}");
            assert!(!example.contains("scalars_mut("), "{name}:\n{example}");
        }
    }
    assert!(seen > 40, "{seen} examples");
}
