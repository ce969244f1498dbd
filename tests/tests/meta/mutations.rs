//! The deliberate faults still apply, and the table in tests/README.md lists them.

use std::collections::BTreeSet;

use petition_tests::mutations;

use crate::repository::{read, sources};

#[test]
fn every_fault_applies_exactly_once() {
    let faults: Vec<String> = mutations::all()
        .filter_map(|mutation| {
            let text = read(mutation.file);
            match mutation.apply(&text) {
                Ok(changed) if changed == text => Some(format!("{}: changes nothing", mutation.fault)),
                Ok(_) => None,
                Err(words) => Some(words),
            }
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn faults_are_numerous_and_distinct() {
    let names: BTreeSet<_> = mutations::all().map(|mutation| mutation.fault).collect();
    assert_eq!(names.len(), mutations::all().count());
    assert!(names.len() >= 25, "{}", names.len());
}

#[test]
fn table_lists_every_fault_as_caught() {
    let rows = rows();
    let named: BTreeSet<_> = rows.iter().map(|(fault, file, _)| (fault.as_str(), file.as_str())).collect();
    let known: BTreeSet<_> = mutations::all().map(|mutation| (mutation.fault, mutation.file)).collect();
    let different: Vec<_> = named.symmetric_difference(&known).collect();
    assert!(different.is_empty(), "only in the table or only in the code: {different:#?}");
    let uncaught: Vec<_> = rows.iter().filter(|(_, _, how)| !how.contains(": `")).collect();
    assert!(uncaught.is_empty(), "{uncaught:?}");
}

#[test]
fn tests_named_in_the_table_exist() {
    let sources = sources();
    let exists = |name: &str| sources.iter().any(|source| source.text.contains(&format!("fn {name}")));
    // The simulation names a violation, and a test program that crashed is named itself.
    let tests = rows().into_iter().filter(|(_, _, how)| !how.starts_with("simulation"));
    let names = tests.filter_map(|(_, _, how)| Some(how.split('`').nth(1)?.rsplit("::").next()?.to_owned()));
    let gone: Vec<_> = names.filter(|name| !exists(name) && !name.starts_with("petition_")).collect();
    assert!(gone.is_empty(), "expected every test of the table to exist, missing {gone:?}");
}

/// Fault, file and what caught it.
fn rows() -> Vec<(String, String, String)> {
    let text = read("tests/README.md");
    let table = text.split("<!-- mutations -->").nth(1).unwrap().split("<!-- end of mutations -->").next().unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")).skip(1);
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`')).collect();
        let [fault, file, how] = cells[..] else { panic!("expected three cells, found {row}") };
        let file = if file.starts_with("transport-") { file.to_owned() } else { format!("core/src/{file}") };
        // The last back quote belongs to what caught it.
        (fault.to_owned(), file, format!("{how}`"))
    })
    .collect()
}
