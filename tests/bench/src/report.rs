//! Writes BENCHMARKS.md and the plots from the measurements, and from the texts in notes.md.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write;
use std::path::Path;

use crate::clients::{CLIENTS, FLOOR, OURS, OURS_TOO, client};
use crate::plot::{self, Bar, Chart, number};
use crate::results::{Figure, Results};
use crate::rows::{GROWTH, Metric, ROWS, Row};

const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// How far a figure may exceed another before it counts as worse, since times have noise.
fn tolerance(metric: Metric) -> f64 {
    if matches!(metric, Metric::CpuTime | Metric::CpuRatio | Metric::RateRatio) { 0.03 } else { 0.0 }
}

pub(crate) fn write(results: &Results) -> Result<(), Box<dyn Error>> {
    let notes = std::fs::read_to_string(Path::new(HERE).join("notes.md"))?;
    let plots = Path::new(HERE).join("plots");
    std::fs::create_dir_all(&plots)?;
    for group in groups() {
        std::fs::write(plots.join(format!("{group}.svg")), plot::bars(&charts(group, results)))?;
    }
    let growth =
        GROWTH.iter().map(|growth| (format!("{}: {}", growth.title, growth.unit), steps(growth.name, results)));
    let growth: Vec<_> = growth.filter(|(_, points)| !points.is_empty()).collect();
    std::fs::write(plots.join("growth.svg"), plot::lines(&growth))?;

    let mut text = String::new();
    let note = |key: &str| section(&notes, key).unwrap_or_default();
    let _ = writeln!(text, "# Benchmarks\n\n{}\n", note("Beginning"));
    text += &table(results);
    let _ = writeln!(text, "\n{}\n", note("Reading the table"));
    for group in groups() {
        let _ = writeln!(text, "![{group}](tests/bench/plots/{group}.svg)\n");
    }
    let _ = writeln!(
        text,
        "Grey is the floor, orange is Petition, blue are the other clients; the green line is the target. The scale is logarithmic.\n"
    );
    text += &growth_section(results, &note("How cost grows"));
    text += &missed_section(results, &notes);
    let _ = writeln!(text, "## Method\n\n{}\n", note("Method"));
    text += &noise(results);
    let _ = writeln!(text, "## Machine and versions\n");
    for (key, value) in &results.about {
        let _ = writeln!(text, "- {key}: {value}");
    }
    if !results.skipped.is_empty() {
        let _ = writeln!(text, "\nNot measured:\n");
        for (what, reason) in &results.skipped {
            let _ = writeln!(text, "- {what}: {reason}");
        }
    }
    std::fs::write(Path::new(HERE).join("../../BENCHMARKS.md"), text.trim_end().to_owned() + "\n")?;
    println!("BENCHMARKS.md is written");
    Ok(())
}

fn groups() -> Vec<&'static str> {
    let mut groups: Vec<&str> = Vec::new();
    for row in ROWS {
        if !groups.contains(&row.group) {
            groups.push(row.group);
        }
    }
    groups
}

fn title(id: &str) -> &str {
    client(id).map_or(id, |client| client.title)
}

/// Returns the figures of others, the best first.
fn peers<'a>(row: &Row, metric: Metric, results: &'a Results) -> Vec<&'a Figure> {
    let ids = CLIENTS.iter().map(|client| client.id).filter(|id| *id != FLOOR && !OURS_TOO.contains(id));
    let mut found: Vec<_> = ids.filter_map(|id| results.get(row.name, metric, id)).collect();
    found.sort_by(|a, b| if metric.rising() { b.value.total_cmp(&a.value) } else { a.value.total_cmp(&b.value) });
    found
}

/// Returns whether `value` is no worse than `other`.
fn holds(metric: Metric, value: f64, other: f64) -> bool {
    let room = 1.0 + tolerance(metric);
    if metric.rising() { value * room >= other } else { value <= other * room }
}

fn aim_words(metric: Metric, aim: Option<f64>) -> String {
    let sign = if metric.rising() { "≥" } else { "≤" };
    aim.map_or("–".to_owned(), |aim| format!("{sign} {}", number(aim)))
}

/// Returns the table, in the order of the rows.
fn table(results: &Results) -> String {
    let mut text = String::from(
        "| work, per request unless stated | floor | Petition | target | | best other client | others |\n| --- | ---: | ---: | ---: | --- | --- | --- |\n",
    );
    for row in ROWS {
        for (metric, aim) in row.wanted {
            let Some(own) = results.get(row.name, *metric, row.judged) else {
                let words = metric.words();
                let _ = writeln!(text, "| `{}` {}: {words} | – | not measured | – | – | – | – |", row.name, row.title);
                continue;
            };
            let floor = results.get(row.name, *metric, FLOOR).map_or("–".to_owned(), |floor| number(floor.value));
            let peers = peers(row, *metric, results);
            let mut cell = format!("**{}**", number(own.value));
            for id in OURS_TOO.iter().filter(|id| **id != row.judged) {
                if let Some(other) = results.get(row.name, *metric, id) {
                    let name =
                        if *id == OURS { "all default features" } else { title(id).trim_start_matches("Petition ") };
                    let _ = write!(cell, " ({name}: {})", number(other.value));
                }
            }
            let verdict = verdict(row, *metric, *aim, results);
            let word = |figure: &&Figure| format!("{} {}", title(&figure.client), number(figure.value));
            let best = peers.first().map_or("–".to_owned(), word);
            let others: Vec<_> = peers.iter().skip(1).map(word).collect();
            let (aim, others) = (aim_words(*metric, *aim), others.join(" · "));
            let (name, words) = (row.name, metric.words());
            let _ = writeln!(
                text,
                "| `{name}` {}: {words} | {floor} | {cell} | {aim} | {verdict} | {best} | {others} |",
                row.title
            );
        }
    }
    text
}

/// Returns the verdict; it begins with "missed" if it needs a section.
fn verdict(row: &Row, metric: Metric, aim: Option<f64>, results: &Results) -> String {
    let Some(own) = results.get(row.name, metric, row.judged) else { return "–".to_owned() };
    let best = peers(row, metric, results).first().map(|best| best.value);
    let aimed = aim.is_none_or(|aim| holds(metric, own.value, aim));
    let led = best.is_none_or(|best| holds(metric, own.value, best));
    match (aimed, led) {
        (true, true) => "met".to_owned(),
        (true, false) => "missed: the best other client is better".to_owned(),
        (false, true) => "missed".to_owned(),
        (false, false) => "missed, and the best other client is better".to_owned(),
    }
}

fn steps(name: &str, results: &Results) -> Vec<(u64, f64)> {
    results.growth.iter().filter(|(of, ..)| of == name).map(|(_, x, value)| (*x, *value)).collect()
}

fn growth_section(results: &Results, note: &str) -> String {
    let mut text = format!(
        "## How cost grows\n\n{note}\n\n| with | unit | figures | largest relative to the first |\n| --- | --- | --- | ---: |\n"
    );
    for growth in GROWTH {
        let points = steps(growth.name, results);
        let words: Vec<_> =
            points.iter().map(|(x, value)| format!("{}: {}", number(*x as f64), number(*value))).collect();
        let first = points.first().map_or(f64::NAN, |point| point.1);
        let most = points.iter().map(|point| point.1).fold(f64::NAN, f64::max);
        let (title, unit, words) = (growth.title, growth.unit, words.join(" · "));
        let _ =
            writeln!(text, "| `{}` {title} | {unit} | {words} | {:+.1} % |", growth.name, (most / first - 1.0) * 100.0);
    }
    text + "\n![growth](tests/bench/plots/growth.svg)\n\n"
}

/// Returns for each missed figure: the figure, the reason, and where the instructions go.
fn missed_section(results: &Results, notes: &str) -> String {
    let mut text = String::from("## Missed targets\n\n");
    let mut shown = BTreeSet::new();
    for row in ROWS {
        for (metric, aim) in row.wanted {
            if !verdict(row, *metric, *aim, results).starts_with("missed") {
                continue;
            }
            let Some(own) = results.get(row.name, *metric, row.judged) else { continue };
            let _ = writeln!(text, "### `{}`: {}\n", row.name, metric.words());
            let aim = aim.map_or(String::new(), |_| format!(", target {}", aim_words(*metric, *aim)));
            let best = peers(row, *metric, results).first().map_or(String::new(), |best| {
                format!("; the best other client, {}, has {}", title(&best.client), number(best.value))
            });
            let _ = writeln!(text, "Measured {}{aim}{best}.\n", number(own.value));
            let _ =
                writeln!(text, "{}\n", section(notes, &format!("{} {}", row.name, metric.words())).unwrap_or_default());
            if *metric == Metric::Instructions && shown.insert(row.name) {
                text += &profile(row, results);
            }
        }
    }
    if !text.contains("### ") {
        text += "Nothing.\n\n";
    }
    text += "## Where the instructions go\n\nFor the other rows, by function, excluding callees.\n\n";
    for row in ROWS.iter().filter(|row| !shown.contains(row.name)) {
        let table = profile(row, results);
        if !table.is_empty() {
            let _ = writeln!(
                text,
                "<details><summary><code>{}</code> {}</summary>\n\n{table}</details>\n",
                row.name, row.title
            );
        }
    }
    text
}

fn profile(row: &Row, results: &Results) -> String {
    let lines: Vec<_> = results.profiles.iter().filter(|(of, ..)| of == row.name).collect();
    let total = results.get(row.name, Metric::Instructions, OURS).map_or(f64::NAN, |figure| figure.value);
    if lines.is_empty() {
        return String::new();
    }
    let mut text = String::from("| function | instructions | part |\n| --- | ---: | ---: |\n");
    for (_, function, cost) in lines {
        let function = function.replace('|', "\\|");
        let function =
            if function.len() > 110 { function.chars().take(107).chain("...".chars()).collect() } else { function };
        let _ = writeln!(text, "| `{function}` | {} | {:.1} % |", number(*cost), cost / total * 100.0);
    }
    text + "\n"
}

/// Returns the spread of everything that was measured more than once.
fn noise(results: &Results) -> String {
    let mut text = String::from(
        "## Noise\n\nMinimum and maximum of repeated measurements; the table has the median.\n\n\
         | row | client | metric | median | minimum | maximum | repetitions |\n| --- | --- | --- | ---: | ---: | ---: | ---: |\n",
    );
    for f in results.figures.iter().filter(|figure| figure.count > 1) {
        let (client, metric) = (title(&f.client), f.metric.words());
        let (value, low, high) = (number(f.value), number(f.low), number(f.high));
        let _ = writeln!(text, "| `{}` | {client} | {metric} | {value} | {low} | {high} | {} |", f.row, f.count);
    }
    text + "\n"
}

fn charts(group: &str, results: &Results) -> Vec<Chart> {
    let mut charts = Vec::new();
    for row in ROWS.iter().filter(|row| row.group == group) {
        for (metric, aim) in row.wanted {
            let figures = row.clients.iter().filter_map(|id| results.get(row.name, *metric, id));
            let bar = |figure: &Figure| Bar {
                label: title(&figure.client).to_owned(),
                value: figure.value,
                colour: match figure.client.as_str() {
                    FLOOR => plot::FLOOR,
                    id if OURS_TOO.contains(&id) => plot::OURS,
                    _ => plot::PEER,
                },
            };
            let title = format!("{}: {}", row.title, metric.words());
            charts.push(Chart { title, bars: figures.map(bar).collect(), aim: *aim });
        }
    }
    charts
}

/// Returns the text under a heading of notes.md.
fn section(notes: &str, heading: &str) -> Option<String> {
    let mut sections = notes.split("\n## ");
    let found = sections.find(|section| section.lines().next() == Some(heading))?;
    Some(found.split_once('\n')?.1.trim().to_owned())
}
