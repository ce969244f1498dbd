//! The measurements in a file, so that the documents can be generated without measuring again.

use std::fmt::Write;

use crate::rows::Metric;

/// One figure: the median of some repetitions, with minimum and maximum.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) row: String,
    pub(crate) metric: Metric,
    pub(crate) client: String,
    pub(crate) value: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) count: usize,
}

/// The results of one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Results {
    pub(crate) figures: Vec<Figure>,
    /// Row, function, instructions per unit.
    pub(crate) profiles: Vec<(String, String, f64)>,
    /// Name, `x`, figure.
    pub(crate) growth: Vec<(String, u64, f64)>,
    /// What was not measured, with the reason.
    pub(crate) skipped: Vec<(String, String)>,
    /// The machine and versions.
    pub(crate) about: Vec<(String, String)>,
}

impl Results {
    pub(crate) fn get(&self, row: &str, metric: Metric, client: &str) -> Option<&Figure> {
        self.figures.iter().find(|f| f.row == row && f.metric == metric && f.client == client)
    }

    /// Records the median of some values, and their spread.
    pub(crate) fn add(&mut self, row: &str, metric: Metric, client: &str, mut values: Vec<f64>) {
        values.sort_by(f64::total_cmp);
        let (Some(low), Some(high)) = (values.first().copied(), values.last().copied()) else { return };
        let value = values[values.len() / 2];
        println!("{row:<14} {client:<14} {:<40} {value:>14.2}  ({low:.2} to {high:.2})", metric.words());
        let (row, client, count) = (row.to_owned(), client.to_owned(), values.len());
        self.figures.push(Figure { row, metric, client, value, low, high, count });
    }

    pub(crate) fn skip(&mut self, what: impl Into<String>, reason: impl Into<String>) {
        let (what, reason) = (what.into(), reason.into());
        if !self.skipped.iter().any(|(other, _)| *other == what) {
            println!("skipped: {what}: {reason}");
            self.skipped.push((what, reason.replace(['\n', '\t'], " ")));
        }
    }

    /// Removes the results that are to be measured again.
    pub(crate) fn forget(&mut self, row: &str, clients: &[&str]) {
        self.figures.retain(|figure| figure.row != row || !clients.contains(&figure.client.as_str()));
        if clients.contains(&crate::clients::OURS) {
            self.profiles.retain(|(of, ..)| of != row);
        }
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (key, value) in &self.about {
            let _ = writeln!(text, "about\t{key}\t{value}");
        }
        for f in &self.figures {
            let (metric, value, low, high) = (f.metric, f.value, f.low, f.high);
            let _ = writeln!(text, "figure\t{}\t{metric:?}\t{}\t{value}\t{low}\t{high}\t{}", f.row, f.client, f.count);
        }
        for (name, x, value) in &self.growth {
            let _ = writeln!(text, "growth\t{name}\t{x}\t{value}");
        }
        for (row, function, cost) in &self.profiles {
            let _ = writeln!(text, "profile\t{row}\t{function}\t{cost:.1}");
        }
        for (what, reason) in &self.skipped {
            let _ = writeln!(text, "skip\t{what}\t{reason}");
        }
        text
    }

    pub(crate) fn parse(text: &str) -> Results {
        let mut results = Results::default();
        for line in text.lines() {
            let cells: Vec<&str> = line.split('\t').collect();
            match cells[..] {
                ["about", key, value] => results.about.push((key.into(), value.into())),
                ["figure", row, metric, client, value, low, high, count] => {
                    let Some(metric) = Metric::parse(metric) else { continue };
                    let number = |text: &str| text.parse().unwrap_or(f64::NAN);
                    results.figures.push(Figure {
                        row: row.into(),
                        metric,
                        client: client.into(),
                        value: number(value),
                        low: number(low),
                        high: number(high),
                        count: count.parse().unwrap_or(1),
                    });
                }
                ["growth", name, x, value] => {
                    if let (Ok(x), Ok(value)) = (x.parse(), value.parse()) {
                        results.growth.push((name.into(), x, value));
                    }
                }
                ["profile", row, function, cost] => {
                    results.profiles.push((row.into(), function.into(), cost.parse().unwrap_or(0.0)));
                }
                ["skip", what, reason] => results.skipped.push((what.into(), reason.into())),
                _ => {}
            }
        }
        results
    }
}
