//! The table in tests/README.md names the tests of each rule.
//!
//! `PETITION_BLESS=1 cargo test -p petition-tests --test meta rules` adds to the table's last
//! column the tests that cite a rule: by its number in the test's name, in the test, or in the
//! header of a file of tests. Names entered by hand stay as long as such tests exist.

use std::collections::BTreeMap;

use crate::repository::{Source, read, repository, sources};

const TABLE: &str = "tests/README.md";
/// The texts of a row that names no test.
const NOTHING: [&str; 2] = ["not built yet", "built, but no test cites it"];
const RULES: u8 = 99;

/// A row that begins with a rule's number: its number, its text, its tests.
struct Row {
    rule: u8,
    words: String,
    tests: String,
}

impl Row {
    fn parse(line: &str) -> Option<Row> {
        let cells: Vec<_> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let [rule, words, tests] = cells[..] else { return None };
        let rule = rule.strip_prefix('T')?.parse().ok()?;
        Some(Row { rule, words: words.into(), tests: tests.into() })
    }

    fn line(&self) -> String {
        format!("| T{} | {} | {} |", self.rule, self.words, self.tests)
    }

    /// Returns the names between back quotes.
    fn named(&self) -> impl Iterator<Item = &str> {
        self.tests.split('`').skip(1).step_by(2)
    }
}

#[test]
fn every_rule_has_one_row_in_order() {
    let rules: Vec<_> = rows().iter().map(|row| row.rule).collect();
    assert_eq!(rules, (1..=RULES).collect::<Vec<_>>());
}

#[test]
fn rules_table_names_exactly_the_citing_tests() {
    bless();
    let (all, by_rule) = found();
    let mut wrong = Vec::new();
    for row in rows() {
        for name in row.named() {
            if !exists(name, &all) {
                wrong.push(format!("T{}: `{name}` does not exist", row.rule));
            }
        }
        let empty = NOTHING.contains(&row.tests.as_str());
        if empty != row.named().next().is_none() {
            wrong.push(format!("T{}: expected names or one of {NOTHING:?}, found {:?}", row.rule, row.tests));
        }
        if let (true, Some(tests)) = (empty, by_rule.get(&row.rule)) {
            wrong.push(format!("T{} has tests by now: {}", row.rule, tests.join(", ")));
        }
    }
    assert!(wrong.is_empty(), "{TABLE} is out of date; PETITION_BLESS=1 rewrites it\n{}", wrong.join("\n"));
}

#[test]
fn tests_cite_rules_by_name_or_header() {
    let text = "//! T7: of all.\n#[test]\nfn t18_a() {\n    let x = \"T19 and 01T20:00\";\n}\n\nfn helper() {} // T21\n\
                /// T22\n#[test]\nfn b() {}\n";
    let source = Source { name: "tests/tests/x.rs".into(), text: text.into() };
    let (mut all, mut by_rule) = (BTreeMap::new(), BTreeMap::new());
    look(&source, &mut all, &mut by_rule);
    let found: Vec<_> = by_rule.iter().map(|(rule, tests)| format!("{rule}: {}", tests.join(" "))).collect();
    assert_eq!(found, ["7: tests/tests/x.rs", "18: t18_a", "19: t18_a", "22: b"]);
    assert_eq!(all.into_keys().collect::<Vec<_>>(), ["b", "t18_a"]);
}

fn exists(name: &str, all: &BTreeMap<String, String>) -> bool {
    if name.ends_with(".rs") { repository().join(name).exists() } else { all.contains_key(name) }
}

fn rows() -> Vec<Row> {
    read(TABLE).lines().filter_map(Row::parse).collect()
}

/// Returns all tests by name, and the tests of each rule.
fn found() -> (BTreeMap<String, String>, BTreeMap<u8, Vec<String>>) {
    let (mut all, mut by_rule) = (BTreeMap::new(), BTreeMap::new());
    // These tests mention rules, and the rules do not concern the tests' programs.
    let ours = |source: &&Source| !source.name.contains("/meta") && !source.name.contains("/bin/");
    for source in sources().iter().filter(ours) {
        look(source, &mut all, &mut by_rule);
    }
    (all, by_rule)
}

fn look(source: &Source, all: &mut BTreeMap<String, String>, by_rule: &mut BTreeMap<u8, Vec<String>>) {
    let mut note = |rule: u8, what: &str| {
        let tests: &mut Vec<String> = by_rule.entry(rule).or_default();
        if !tests.iter().any(|test| test == what) {
            tests.push(what.to_owned());
        }
    };
    let of_tests = source.name.contains("/tests/") || source.name.ends_with("tests.rs");
    if of_tests {
        let header = source.text.lines().take_while(|line| line.starts_with("//!"));
        header.flat_map(mentions).for_each(|rule| note(rule, &source.name));
    }
    // Lines since the last item, the test being read with its indentation, and whether the next
    // function is one.
    let (mut above, mut current, mut marked) = (Vec::new(), None::<(String, String)>, false);
    for line in source.text.lines() {
        let trimmed = line.trim_start();
        let indentation = &line[..line.len() - trimmed.len()];
        if let Some((name, of)) = &current {
            mentions(line).for_each(|rule| note(rule, name));
            if line.strip_prefix(of.as_str()) == Some("}") {
                current = None;
            }
            continue;
        }
        if trimmed.starts_with("///") || trimmed.starts_with("// ") {
            above.extend(mentions(line));
        } else if trimmed == "#[test]" {
            marked = true;
        } else if let Some(rest) = trimmed.strip_prefix("fn ").filter(|_| marked) {
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            above.drain(..).chain(numbers_in_name(name)).chain(mentions(line)).for_each(|rule| note(rule, name));
            all.insert(name.to_owned(), source.name.clone());
            if !line.ends_with("{}") {
                current = Some((name.to_owned(), indentation.to_owned()));
            }
            marked = false;
        } else if !trimmed.starts_with("#[") {
            above.clear();
        }
    }
}

/// The numbers that a test's name begins with, as in `t18_t19_…`.
fn numbers_in_name(name: &str) -> impl Iterator<Item = u8> {
    name.split('_').map_while(|part| part.strip_prefix('t')?.parse().ok()).filter(|rule| (1..=RULES).contains(rule))
}

/// Returns the rules that a line mentions.
fn mentions(line: &str) -> impl Iterator<Item = u8> {
    line.match_indices('T').filter_map(|(at, _)| {
        let before = line[..at].chars().next_back();
        let digits: String = line[at + 1..].chars().take_while(char::is_ascii_digit).collect();
        let after = line[at + 1 + digits.len()..].chars().next();
        let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let rule = digits.parse().ok().filter(|rule| (1..=RULES).contains(rule))?;
        (!word(before) && !word(after)).then_some(rule)
    })
}

fn bless() {
    if std::env::var_os("PETITION_BLESS").is_none() {
        return;
    }
    let (all, by_rule) = found();
    let mut text = String::new();
    for line in read(TABLE).lines() {
        match Row::parse(line) {
            Some(mut row) => {
                let mut names: Vec<_> = row.named().filter(|name| exists(name, &all)).map(str::to_owned).collect();
                for test in by_rule.get(&row.rule).into_iter().flatten() {
                    if !names.contains(test) {
                        names.push(test.clone());
                    }
                }
                if !names.is_empty() {
                    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
                    row.tests = quoted.join(", ");
                }
                text += &row.line();
            }
            None => text += line,
        }
        text.push('\n');
    }
    std::fs::write(repository().join(TABLE), text).expect("the table can be written");
}
