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
