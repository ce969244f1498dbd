//! Puts deliberate faults into a copy of the project, one at a time, and reports which net caught
//! each.
//!
//!     cargo run --release -p petition-tests --bin mutate -- [--only "TEXT|TEXT"] [--all-nets] [--write]
//!     cargo run --release -p petition-tests --bin mutate -- --shard K/N[,L/N]
//!
//! With `--shard`, the faults are every Nth mutant of core that cargo-mutants knows, from number K
//! on (`shard.rs`). Without it, they are those of `petition_tests::mutations`. The nets that cover
//! a fault's file must pass without a fault. Each fault is first run against the test that caught
//! it last, by the table in tests/README.md. If that passes, the nets run in order until one fails;
//! with `--all-nets` every net runs. `--write` writes the table into tests/README.md. The exit code
//! is 1 if a fault slipped through or did not build. The build output in target/mutate can be
//! deleted.
#![forbid(unsafe_code)]

mod copy;
mod nets;
mod shard;
mod switches;

use std::collections::BTreeMap;
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
    let wanted = |mutation: &&Mutation| match &arguments.only {
        Some(texts) => texts.split('|').any(|text| mutation.fault.contains(text)),
        None => true,
    };
    eprintln!("without a fault:");
    for net in NETS.iter().filter(|net| mutations::all().filter(wanted).any(|mutation| net.sees(mutation.file))) {
        match net.try_on(&copy, None)? {
            Outcome::Passed => eprintln!("  {}: passes", net.name),
            Outcome::Caught(how) => return Err(format!("{} does not pass without a fault: {how}", net.name)),
        }
    }
    let last = last_catches()?;
    let (mut rows, mut slipped) = (Vec::new(), 0);
    for (number, mutation) in (1..).zip(mutations::all().filter(wanted)) {
        let began = Instant::now();
        let last = last.get(mutation.fault).filter(|_| !arguments.all_nets);
        let nets = match caught_by(mutation, &copy, arguments.all_nets, last) {
            Ok(nets) if nets.is_empty() => "**nothing**".into(),
            Ok(nets) => nets.join(", "),
            Err(words) => {
                eprintln!("{words}");
                "**no build**".into()
            }
        };
        slipped += usize::from(nets.starts_with("**"));
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

/// Returns the names of the nets that caught it, and how. `last` is the net and the test that
/// caught it last.
///
/// # Errors
/// A description, if a net could not be built or started.
fn caught_by(
    mutation: &Mutation,
    copy: &Copy,
    all: bool,
    last: Option<&(String, String)>,
) -> Result<Vec<String>, String> {
    let _faulty = copy.with(mutation)?;
    if let Some((name, test)) = last
        && let Some(net) = NETS.iter().find(|net| net.name == name && net.sees(mutation.file))
    {
        let is_a_test = !test.contains(' ') && net.name != "simulation";
        if let Outcome::Caught(how) = net.try_on(copy, is_a_test.then_some(test))? {
            return Ok(vec![format!("{name}: {how}")]);
        }
    }
    let mut caught = Vec::new();
    for net in NETS.iter().filter(|net| net.sees(mutation.file)) {
        if let Outcome::Caught(how) = net.try_on(copy, None)? {
            caught.push(format!("{}: {how}", net.name));
            if !all {
                break;
            }
        }
    }
    Ok(caught)
}

/// Returns the net and the test that caught each fault, by the table in tests/README.md.
fn last_catches() -> Result<BTreeMap<String, (String, String)>, String> {
    let text = std::fs::read_to_string(copy::root().join("tests/README.md")).map_err(|error| error.to_string())?;
    let table = text.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).map_or("", |(table, _)| table);
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ");
        let (fault, _, how) = (cells.next()?, cells.next()?, cells.next()?);
        let (net, test) = how.split_once(": `")?;
        Some((fault.to_owned(), (net.to_owned(), test.strip_suffix('`')?.to_owned())))
    };
    Ok(table.lines().filter_map(row).collect())
}

fn write(table: &str) -> Result<(), String> {
    let path = copy::root().join("tests/README.md");
    let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
    let (before, rest) = text.split_once(BEGIN).ok_or("tests/README.md has no place for the table")?;
    let (_, after) = rest.split_once(END).ok_or("the table in tests/README.md has no end")?;
    std::fs::write(&path, format!("{before}{BEGIN}\n{table}\n{END}{after}")).map_err(|error| error.to_string())
}
