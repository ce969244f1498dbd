//! Keeps invented vocabulary out of the prose, and internal rule numbers out of the public
//! documentation.

use crate::repository::{sources, texts};

/// In two parts, so that this file contains none of them.
const AVOIDED: [[&str; 2]; 8] = [
    ["sto", "rey"],
    ["the ", "door"],
    ["no ", "dice"],
    ["she", "lf"],
    ["a", "new"],
    ["be ", "it"],
    ["who", "ever"],
    ["that ", "which"],
];

#[test]
fn prose_avoids_invented_vocabulary() {
    let mut found = Vec::new();
    for (name, text) in texts().iter().filter(|(name, _)| name.ends_with(".rs") || name.ends_with(".md")) {
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.to_ascii_lowercase();
            let avoided = AVOIDED.iter().map(|parts| parts.concat()).filter(|words| line.contains(words.as_str()));
            found.extend(avoided.map(|words| format!("{name}:{number}: {words}")));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn public_documentation_cites_no_rule_numbers() {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| is_library(&source.name)) {
        for (number, line) in (1..).zip(source.text.lines()) {
            let doc = line.trim_start();
            if (doc.starts_with("///") || doc.starts_with("//!")) && cites_a_rule(doc) {
                found.push(format!("{}:{number}: {doc}", source.name));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Whether this is a file of the libraries, and not one of their tests.
fn is_library(name: &str) -> bool {
    if name.contains("/tests/") || name.ends_with("tests.rs") {
        return false;
    }
    ["core/src/", "transport-std/src/", "transport-mio/src/", "transport-shared/src/"]
        .iter()
        .any(|folder| name.starts_with(folder))
}

/// Whether a word of the line is `T` and one or two digits.
fn cites_a_rule(line: &str) -> bool {
    let words = line.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .filter_map(|word| word.strip_prefix('T'))
        .any(|digits| (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[test]
fn rule_numbers_are_recognized() {
    assert!(cites_a_rule("/// See T47.") && cites_a_rule("//! (T5, RFC 9112)"));
    assert!(!cites_a_rule("/// The type T, TLS 1.3, T100, RFC 9110") && !cites_a_rule("/// t47_name"));
}
