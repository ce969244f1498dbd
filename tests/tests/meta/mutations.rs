//! The deliberate faults still apply, and the table in tests/README.md is about them.

use std::collections::BTreeSet;

use petition_tests::mutations;

#[test]
fn every_fault_applies_at_one_place_and_changes_something() {
    let faults: Vec<String> = mutations::all()
        .filter_map(|mutation| {
            let text = crate::repository::read(mutation.file);
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
fn there_are_enough_of_them_and_each_is_told_from_the_others() {
    let names: BTreeSet<_> = mutations::all().map(|mutation| mutation.fault).collect();
    assert_eq!(names.len(), mutations::all().count());
    assert!(names.len() >= 25, "{}", names.len());
}

#[test]
fn the_table_has_them_all_and_each_was_caught() {
    let text = crate::repository::read("tests/README.md");
    let table = text.split("<!-- mutations -->").nth(1).unwrap().split("<!-- end of mutations -->").next().unwrap();
    let rows: Vec<&str> =
        table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")).skip(1).collect();
    let named: BTreeSet<_> = rows.iter().filter_map(|row| row.strip_prefix("| ")?.split(" | ").next()).collect();
    assert_eq!(named, mutations::all().map(|mutation| mutation.fault).collect());
    assert!(rows.iter().all(|row| !row.contains("**nothing**")), "{table}");
}
