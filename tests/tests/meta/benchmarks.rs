//! BENCHMARKS.md has the rows that `tests/bench` measures, a section for each figure that is missed, and the plots that it shows. The figures
//! themselves are no test: they differ from machine to machine. As long as nobody has measured and there is no page, there is nothing to hold.

use std::collections::BTreeSet;

use crate::repository::{read, repository};

const PAGE: &str = "BENCHMARKS.md";

/// The page, if it has been written.
fn page() -> Option<String> {
    repository().join(PAGE).exists().then(|| read(PAGE))
}

/// The names of rows in the source of the table.
fn rows() -> BTreeSet<String> {
    let text = read("tests/bench/src/rows.rs");
    let names = text.lines().filter_map(|line| line.trim().strip_prefix("name: \"")?.strip_suffix("\","));
    names.map(str::to_owned).collect()
}

/// The first word between back quotes of each line of the tables, with the line.
fn lines(page: &str) -> impl Iterator<Item = (&str, &str)> {
    page.lines().filter_map(|line| Some((line.strip_prefix("| `")?.split('`').next()?, line)))
}

#[test]
fn page_lists_every_measured_row() {
    let rows = rows();
    assert!(rows.len() > 15, "expected the rows of the table, found {rows:?}");
    let Some(page) = page() else { return };
    // Before the sections of functions and noise.
    let tables = page.split("## What is missed").next().unwrap_or_default();
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
