//! Puts deliberate faults into a copy of the project, one at a time, and says which net caught each.
//!
//!     cargo run --release -p petition-tests --bin mutate -- [--only TEXT] [--all-nets] [--write]
//!     cargo run --release -p petition-tests --bin mutate -- --shard K/N[,L/N]
//!
//! With `--shard` the faults are every Nth mutant of core that cargo-mutants knows, from number K on
//! (`shard.rs`). Without it they are those of `petition_tests::mutations`. The nets that can see a fault's file must pass
//! without a fault. They are then tried in turn until one does not; with `--all-nets` every one of them
//! is tried. `--write` puts the table into tests/README.md. Ends with 1 when a fault slipped through.
//! What is built lies in target/mutate, and may be thrown away.
#![forbid(unsafe_code)]

mod copy;
mod nets;
mod shard;
mod switches;

use std::process::ExitCode;
use std::time::Instant;

use copy::Copy;
use nets::{NETS, Outcome};
use petition_tests::mutations::{self, Mutation};

const BEGIN: &str = "<!-- mutations -->\n";
const END: &str = "<!-- end of mutations -->";

#[derive(Default)]
struct Arguments {
    only: Option<String>,
    all_nets: bool,
    write: bool,
    shard: Option<String>,
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(words) => {
            eprintln!("mutate: {words}");
            ExitCode::from(2)
        }
    }
}

fn arguments() -> Result<Arguments, String> {
    let (mut arguments, mut given) = (Arguments::default(), std::env::args().skip(1));
    while let Some(word) = given.next() {
        match &*word {
            "--only" => arguments.only = Some(given.next().ok_or("--only wants a part of a fault's name")?),
            "--all-nets" => arguments.all_nets = true,
            "--write" => arguments.write = true,
            "--shard" => arguments.shard = Some(given.next().ok_or("--shard wants K/N[,L/N]")?),
            other => {
                return Err(format!("{other} is not known: [--only TEXT] [--all-nets] [--write] [--shard K/N[,L/N]]"));
            }
        }
    }
    if arguments.write && arguments.only.is_some() {
        return Err("--write is for the whole table".into());
    }
    Ok(arguments)
}

fn run() -> Result<ExitCode, String> {
    let arguments = arguments()?;
    if let Some(shard) = &arguments.shard {
        return shard::run(shard, arguments.only.as_deref());
    }
    let copy = Copy::make("0", 300)?;
    let wanted = |mutation: &&Mutation| arguments.only.as_ref().is_none_or(|text| mutation.fault.contains(text));
    eprintln!("without a fault:");
    for net in NETS.iter().filter(|net| mutations::all().filter(wanted).any(|mutation| net.sees(mutation.file))) {
        match net.try_on(&copy)? {
            Outcome::Passed => eprintln!("  {}: passes", net.name),
            Outcome::Caught(how) => return Err(format!("{} does not pass without a fault: {how}", net.name)),
        }
    }
    let (mut rows, mut slipped) = (Vec::new(), 0);
    for (number, mutation) in (1..).zip(mutations::all().filter(wanted)) {
        let began = Instant::now();
        let nets = caught_by(mutation, &copy, arguments.all_nets)?;
        slipped += usize::from(nets.is_empty());
        let nets = if nets.is_empty() { "**nothing**".into() } else { nets.join(", ") };
        eprintln!("{number}. {}: caught by {nets} ({} s)", mutation.fault, began.elapsed().as_secs());
        let file = mutation.file.strip_prefix("core/src/").unwrap_or(mutation.file);
        rows.push(format!("| {} | `{file}` | {nets} |\n", mutation.fault));
    }
    let table = format!("| fault | in | caught by |\n| --- | --- | --- |\n{}", rows.concat());
    println!("{table}\n{} faults, {} caught", rows.len(), rows.len() - slipped);
    if arguments.write {
        write(&table)?;
    }
    Ok(if slipped == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The names of the nets that caught it, and how.
fn caught_by(mutation: &Mutation, copy: &Copy, all: bool) -> Result<Vec<String>, String> {
    let _faulty = copy.with(mutation)?;
    let mut caught = Vec::new();
    for net in NETS.iter().filter(|net| net.sees(mutation.file)) {
        if let Outcome::Caught(how) = net.try_on(copy)? {
            caught.push(format!("{}: {how}", net.name));
            if !all {
                break;
            }
        }
    }
    Ok(caught)
}

fn write(table: &str) -> Result<(), String> {
    let path = copy::root().join("tests/README.md");
    let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
    let (before, rest) = text.split_once(BEGIN).ok_or("tests/README.md has no place for the table")?;
    let (_, after) = rest.split_once(END).ok_or("the table in tests/README.md has no end")?;
    std::fs::write(&path, format!("{before}{BEGIN}\n{table}\n{END}{after}")).map_err(|error| error.to_string())
}
