//! Measures Petition beside its peers and a loop written by hand, and writes BENCHMARKS.md.
//!
//!     bench table                  measure all and write BENCHMARKS.md, its plots, and results.tsv
//!     bench row NAME [CLIENT…]     measure and print one row
//!     bench report                 write BENCHMARKS.md anew from results.tsv
//!     bench list                   the names of rows and clients
//!
//! With `--built` in front, nothing is built: what lies beside this program is measured.
#![forbid(unsafe_code)]

mod callgrind;
mod clients;
mod measure;
mod plot;
mod report;
mod results;
mod rows;
mod run;
mod weight;

use std::collections::BTreeSet;
use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use clients::{CLIENTS, Client, OURS};
use measure::Tools;
use results::Results;
use rows::{GROWTH, ROWS};

const RESULTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/results.tsv");

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let built = words.first() == Some(&"--built");
    if built {
        words.remove(0);
    }
    let done = match words[..] {
        ["table"] => table(built),
        ["row", name, ref clients @ ..] => row(name, clients, built),
        ["report"] => report_anew(),
        ["list"] => {
            list();
            Ok(())
        }
        _ => Err("usage: bench [--built] table | row NAME [CLIENT…] | report | list".into()),
    };
    run::clean();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn list() {
    for row in ROWS {
        println!("{:<18} {} [{}]", row.name, row.title, row.clients.join(" "));
    }
    for growth in GROWTH {
        println!("{:<18} {} [{OURS}]", growth.name, growth.title);
    }
}

fn tools(results: &mut Results) -> Tools {
    let mut has = |name: &str, what: &str| {
        let has = run::tool(name).is_some();
        if !has {
            results.skip(name, format!("not installed: no {what}"));
        }
        has
    };
    Tools {
        valgrind: has("valgrind", "instructions and allocations"),
        strace: has("strace", "system calls"),
        strip: has("strip", "sizes of programs"),
    }
}

fn report_anew() -> Result<(), Box<dyn Error>> {
    report::write(&Results::parse(&std::fs::read_to_string(RESULTS)?))
}

fn row(name: &str, chosen: &[&str], built: bool) -> Result<(), Box<dyn Error>> {
    let mut results = Results::default();
    let tools = tools(&mut results);
    if let Some(growth) = rows::growth(name) {
        build(&BTreeSet::from([OURS]), built, &mut results);
        return measure::grow(growth, &mut results);
    }
    let row = rows::row(name).ok_or("no such row: `bench list` has them")?;
    let wanted: Vec<&str> = row.clients.iter().copied().filter(|id| chosen.is_empty() || chosen.contains(id)).collect();
    let mut ids: BTreeSet<&str> = wanted.iter().copied().collect();
    ids.insert(clients::FLOOR);
    build(&ids, built, &mut results);
    measure::measure(row, &present(&wanted, &results), tools, &mut results);
    if chosen.contains(&OURS) {
        for (_, function, cost) in &results.profiles {
            println!("{cost:>12.1}  {function}");
        }
    }
    Ok(())
}

fn build(ids: &BTreeSet<&str>, built: bool, results: &mut Results) {
    if built {
        return;
    }
    for (id, reason) in clients::build(ids) {
        results.skip(id, reason);
    }
}

/// Those of them that were built.
fn present(ids: &[&str], results: &Results) -> Vec<&'static Client> {
    let there = |client: &&Client| !results.skipped.iter().any(|(what, _)| what == client.id);
    ids.iter().filter_map(|id| clients::client(id)).filter(there).collect()
}

fn table(built: bool) -> Result<(), Box<dyn Error>> {
    let mut results = Results::default();
    let tools = tools(&mut results);
    build(&CLIENTS.iter().map(|client| client.id).collect(), built, &mut results);
    results.about = weight::about();
    let began = Instant::now();
    for row in ROWS {
        measure::measure(row, &present(row.clients, &results), tools, &mut results);
    }
    if tools.valgrind {
        for growth in GROWTH {
            if let Err(error) = measure::grow(growth, &mut results) {
                results.skip(format!("`{}`", growth.name), error.to_string());
            }
        }
    }
    println!("measured in {} s", began.elapsed().as_secs());
    std::fs::write(RESULTS, results.text())?;
    report::write(&results)
}
