//! Measures Petition beside other clients and a handwritten loop, and writes BENCHMARKS.md.
//!
//!     bench table [ROW|CLIENT…]    measure all, or only these, and write BENCHMARKS.md, its plots, and results.tsv
//!     bench row NAME [CLIENT…]     measure and print one row
//!     bench report                 regenerate BENCHMARKS.md from results.tsv
//!     bench list                   the names of rows and clients
//!
//! With `--built` in front, nothing is built: the programs beside this one are measured.
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
        ["table", ref chosen @ ..] => table(chosen, built),
        ["row", name, ref clients @ ..] => row(name, clients, built),
        ["report"] => regenerate(),
        ["list"] => {
            list();
            Ok(())
        }
        _ => Err("usage: bench [--built] table [ROW|CLIENT…] | row NAME [CLIENT…] | report | list".into()),
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

fn regenerate() -> Result<(), Box<dyn Error>> {
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

/// Returns those that were built.
fn present(ids: &[&str], results: &Results) -> Vec<&'static Client> {
    let there = |client: &&Client| !results.skipped.iter().any(|(what, _)| what == client.id);
    ids.iter().filter_map(|id| clients::client(id)).filter(there).collect()
}

fn table(chosen: &[&str], built: bool) -> Result<(), Box<dyn Error>> {
    let known =
        |word: &str| rows::row(word).is_some() || rows::growth(word).is_some() || clients::client(word).is_some();
    if let Some(word) = chosen.iter().find(|word| !known(word)) {
        return Err(format!("no row and no client is called {word}: `bench list` has them").into());
    }
    let (of_clients, of_rows): (Vec<&str>, Vec<&str>) = chosen.iter().partition(|word| clients::client(word).is_some());
    let wants = |chosen: &[&str], word: &str| chosen.is_empty() || chosen.contains(&word);
    let mut results = match chosen {
        [] => Results::default(),
        _ => Results::parse(&std::fs::read_to_string(RESULTS)?),
    };
    results.skipped.clear();
    let tools = tools(&mut results);
    build(&CLIENTS.iter().map(|client| client.id).filter(|id| wants(&of_clients, id)).collect(), built, &mut results);
    results.about = weight::about();
    let began = Instant::now();
    for row in ROWS.iter().filter(|row| wants(&of_rows, row.name)) {
        let ids: Vec<&str> = row.clients.iter().copied().filter(|id| wants(&of_clients, id)).collect();
        results.forget(row.name, &ids);
        measure::measure(row, &present(&ids, &results), tools, &mut results);
        std::fs::write(RESULTS, results.text())?;
    }
    for growth in GROWTH.iter().filter(|growth| wants(&of_rows, growth.name) && wants(&of_clients, OURS)) {
        results.growth.retain(|(name, ..)| name != growth.name);
        if tools.valgrind
            && let Err(error) = measure::grow(growth, &mut results)
        {
            results.skip(format!("`{}`", growth.name), error.to_string());
        }
        std::fs::write(RESULTS, results.text())?;
    }
    println!("measured in {} s", began.elapsed().as_secs());
    report::write(&results)
}
