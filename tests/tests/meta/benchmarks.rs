//! BENCHMARKS.md has the rows that `tests/bench` measures, a section for each missed figure, and
//! its plots. The figures themselves are not tested, since they differ between machines. Without
//! the page there is nothing to check.

use std::collections::BTreeSet;

use crate::repository::{read, repository};

const PAGE: &str = "BENCHMARKS.md";

/// Returns the page, if it exists.
fn page() -> Option<String> {
    repository().join(PAGE).exists().then(|| read(PAGE))
}

/// Returns the names of rows in the source of the table.
fn rows() -> BTreeSet<String> {
    let text = read("tests/bench/src/rows.rs");
    let names = text.lines().filter_map(|line| line.trim().strip_prefix("name: \"")?.strip_suffix("\","));
    names.map(str::to_owned).collect()
}

/// Returns the first word between back quotes of each table row, with the row.
fn lines(page: &str) -> impl Iterator<Item = (&str, &str)> {
    page.lines().filter_map(|line| Some((line.strip_prefix("| `")?.split('`').next()?, line)))
}

#[test]
fn page_lists_every_measured_row() {
    let rows = rows();
    assert!(rows.len() > 15, "expected the rows of the table, found {rows:?}");
    let Some(page) = page() else { return };
    // Before the sections of functions and noise.
    let tables = page.split("## Missed targets").next().unwrap_or_default();
    let shown: BTreeSet<_> = lines(tables).map(|(name, _)| name.to_owned()).collect();
    assert_eq!(shown, rows, "{PAGE} is out of date: tests/bench/README.md says how to generate it");
}

#[test]
fn every_missed_figure_has_a_section() {
    let Some(page) = page() else { return };
    for (name, line) in lines(&page).filter(|(_, line)| line.contains("| missed")) {
        let metric = line.split(" | ").next().and_then(|cell| cell.rsplit(": ").next()).unwrap_or_default();
        let heading = format!("### `{name}`: {metric}\n");
        assert!(page.contains(&heading), "{PAGE} has no section {heading:?}");
    }
}

#[test]
fn plots_on_the_page_exist() {
    let Some(page) = page() else { return };
    let plots: Vec<_> = page.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    let plots: Vec<_> = plots.into_iter().filter(|path| path.ends_with(".svg")).collect();
    assert!(plots.len() >= 5, "expected a plot for each group, found {plots:?}");
    for path in plots {
        assert!(repository().join(path).exists(), "{PAGE} shows {path}, which is not there");
    }
}
