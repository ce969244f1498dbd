//! Mutants of core that nobody chose: a shard of those that cargo-mutants knows, and the net that
//! catches each.
//!
//! All of them are built at once, each behind a switch (`switches.rs`). For each, the nets run in
//! order: the unit tests of its module, all of core's unit tests, the nets in memory. A mutant that
//! cannot be switched is built alone; if it does not build then, it is not viable and does not
//! count. A mutant that makes a net run without end is caught.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::process::{Command, ExitCode};
use std::time::Instant;

use serde_json::Value;

use crate::copy::{Copy, Faulty};
use crate::nets::{Built, NETS_OF_MUTANTS, Net, Outcome, Program};
use crate::switches::{self, Switched};

const ROOT: &str = "core/src/lib.rs";

const MANIFEST: &str = "core/Cargo.toml";

/// Reports whether a mutant is viable.
const CHECK: &[&str] = &["check", "-p", "petition-core", "--all-features"];

/// A program runs without end if it takes this many seconds, and this many times as long as without
/// a fault. The seconds are CPU time, summed over threads.
const LEAST_PATIENCE: u64 = 10;
const TIMES: u64 = 10;

/// The output of cargo-mutants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Genre {
    FnValue,
    BinaryOperator,
    UnaryOperator,
    MatchArm,
    MatchArmGuard,
    StructField,
}

/// One mutant.
pub(crate) struct Mutant {
    /// Its switch.
    pub(crate) number: u32,
    shard: String,
    name: String,
    file: String,
    pub(crate) genre: Genre,
    pub(crate) replacement: String,
    /// Line and column, counted from 1 in characters.
    start: (usize, usize),
    end: (usize, usize),
}

enum Verdict {
    NotViable,
    /// The net that caught it, and how.
    Caught(&'static str, String),
    Slipped,
}

impl Mutant {
    fn of(number: u32, shard: &str, value: &Value) -> Option<Mutant> {
        let place = |end: &str| {
            let at = |part: &str| usize::try_from(value["span"][end][part].as_u64()?).ok();
            Some((at("line")?, at("column")?))
        };
        let text = |part: &str| value[part].as_str().map(str::to_owned);
        let genre = match value["genre"].as_str()? {
            "FnValue" => Genre::FnValue,
            "BinaryOperator" => Genre::BinaryOperator,
            "UnaryOperator" => Genre::UnaryOperator,
            "MatchArm" => Genre::MatchArm,
            "MatchArmGuard" => Genre::MatchArmGuard,
            "StructField" => Genre::StructField,
            _ => return None,
        };
        let (start, end) = (place("start")?, place("end")?);
        Some(Mutant {
            number,
            shard: shard.to_owned(),
            name: text("name")?,
            file: text("file")?,
            genre,
            replacement: text("replacement")?,
            start,
            end,
        })
    }

    #[cfg(test)]
    pub(crate) fn at(number: u32, genre: Genre, text: &str, range: Range<usize>, replacement: &str) -> Mutant {
        let place = |at: usize| {
            let line = text[..at].rsplit('\n').next().unwrap_or_default();
            (text[..at].matches('\n').count() + 1, line.chars().count() + 1)
        };
        let (start, end, replacement) = (place(range.start), place(range.end), replacement.to_owned());
        Mutant {
            number,
            shard: String::new(),
            name: String::new(),
            file: String::new(),
            genre,
            replacement,
            start,
            end,
        }
    }

    /// Returns the range that it replaces in the text of its file.
    pub(crate) fn range(&self, text: &str) -> Range<usize> {
        let offset = |(line, column): (usize, usize)| {
            let lines = text.split_inclusive('\n').take(line - 1).map(str::len).sum::<usize>();
            lines + text[lines..].chars().take(column - 1).map(char::len_utf8).sum::<usize>()
        };
        offset(self.start)..offset(self.end)
    }

    /// Returns the module of core whose unit tests run first.
    fn module(&self) -> String {
        let path = self.file.strip_prefix("core/src/").unwrap_or(&self.file);
        format!("{}::", path.split(['/', '.']).next().unwrap_or_default())
    }
}

/// Runs shards (`0/60,20/60`), or only their mutants with `only` in the name, and prints each
/// result.
///
/// # Errors
/// A description, if cargo-mutants is missing, or a net does not pass without a fault.
pub(crate) fn run(shards: &str, only: Option<&str>) -> Result<ExitCode, String> {
    let mut copy = Copy::make("1", 120)?;
    let mut mutants = Vec::new();
    for shard in shards.split(',') {
        list(&copy, shard, &mut mutants)?;
    }
    mutants.retain(|mutant| only.is_none_or(|text| mutant.name.contains(text)));
    let mut verdicts: BTreeMap<u32, Verdict> = BTreeMap::new();
    let mut alone = BTreeSet::new();
    {
        let _switches = switched(&copy, &mutants, &mut alone)?;
        eprintln!("{} mutants behind switches, {} alone", mutants.len() - alone.len(), alone.len());
        for (place, net) in NETS_OF_MUTANTS.iter().enumerate() {
            let left = |mutant: &&Mutant| {
                let before = verdicts.get(&mutant.number);
                !alone.contains(&mutant.number) && (place == 0 || matches!(before, Some(Verdict::Slipped)))
            };
            let left: Vec<_> = mutants.iter().filter(left).collect();
            if left.is_empty() {
                break;
            }
            let mut programs = net.build(&copy)?;
            for program in &mut programs {
                let began = Instant::now();
                if let Outcome::Caught(how) = program.run(&copy, &[], None)? {
                    return Err(format!("{} does not pass without a fault: {how}", net.name));
                }
                program.patience = program.patience.min(LEAST_PATIENCE + TIMES * began.elapsed().as_secs());
            }
            eprintln!("{}: passes without a fault", net.name);
            for mutant in left {
                let verdict = told(mutant, || caught_by(mutant, &copy, net, &programs))?;
                verdicts.insert(mutant.number, verdict);
            }
        }
    }
    (copy.optimized, copy.patience) = ("0", 300);
    for mutant in mutants.iter().filter(|mutant| alone.contains(&mutant.number)) {
        let verdict = told(mutant, || built_alone(mutant, &copy))?;
        verdicts.insert(mutant.number, verdict);
    }
    Ok(print(shards, &mutants, &verdicts))
}

fn built_alone(mutant: &Mutant, copy: &Copy) -> Result<Verdict, String> {
    let _faulty = copy.changed(&mutant.file, |text| {
        let mut text = text.to_owned();
        text.replace_range(mutant.range(&text), &mutant.replacement);
        Ok(text)
    })?;
    if !Built::new(copy, CHECK)?.success {
        return Ok(Verdict::NotViable);
    }
    for (place, net) in NETS_OF_MUTANTS.iter().enumerate() {
        // The unit tests do not need the test kit, which takes long to build.
        let _manifest = if place == 0 { Some(copy.changed(MANIFEST, without_kit)?) } else { None };
        // Some values are computed when the tests are compiled.
        let Ok(programs) = net.build(copy) else { return Ok(Verdict::NotViable) };
        if let Verdict::Caught(name, how) = caught_by(mutant, copy, net, &programs)? {
            return Ok(Verdict::Caught(name, how));
        }
    }
    Ok(Verdict::Slipped)
}

fn without_kit(manifest: &str) -> Result<String, String> {
    Ok(manifest.split_inclusive('\n').filter(|line| !line.starts_with("petition-tests = ")).collect())
}

/// Adds the mutants of a shard.
fn list(copy: &Copy, shard: &str, mutants: &mut Vec<Mutant>) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let listed = Command::new(cargo)
        .args(["mutants", "--list", "--json", "--package", "petition-core"])
        .args(["--no-shuffle", "--sharding", "round-robin", "--shard", shard])
        .current_dir(&copy.root)
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    if !listed.status.success() {
        let words = String::from_utf8_lossy(&listed.stderr);
        return Err(format!("{words}`cargo mutants` is needed: cargo install --locked cargo-mutants"));
    }
    let listed: Vec<Value> = serde_json::from_slice(&listed.stdout).map_err(|error| error.to_string())?;
    for value in &listed {
        let number = u32::try_from(mutants.len()).map_err(|error| error.to_string())? + 1;
        mutants.push(Mutant::of(number, shard, value).ok_or_else(|| format!("not understood: {value}"))?);
    }
    Ok(())
}

/// Returns the copy with all mutants that can be switched. The others are added to `alone`.
fn switched(copy: &Copy, mutants: &[Mutant], alone: &mut BTreeSet<u32>) -> Result<Vec<Faulty>, String> {
    loop {
        let files: BTreeSet<&str> = mutants.iter().map(|mutant| &*mutant.file).chain([ROOT]).collect();
        let (mut faulty, mut places) = (Vec::new(), BTreeMap::new());
        for file in files {
            let of_it: Vec<_> =
                mutants.iter().filter(|mutant| mutant.file == file && !alone.contains(&mutant.number)).collect();
            faulty.push(copy.changed(file, |text| {
                let Switched { text, places: of_file } = switches::switch(text, &of_it);
                let is_in = |mutant: &Mutant| of_file.iter().any(|(_, number)| *number == mutant.number);
                alone.extend(of_it.iter().filter(|mutant| !is_in(mutant)).map(|mutant| mutant.number));
                places.insert(file.to_owned(), of_file);
                Ok(if file == ROOT { text + switches::FUNCTION } else { text })
            })?);
        }
        let built = Built::new(copy, CHECK)?;
        if built.success {
            return Ok(faulty);
        }
        let before = alone.len();
        let errors: Vec<_> = built
            .messages
            .iter()
            .map(|message| &message["message"])
            .filter(|error| error["level"] == "error")
            .collect();
        for span in errors.iter().filter_map(|error| error["spans"].as_array()).flatten() {
            let at = span["byte_start"].as_u64().and_then(|at| usize::try_from(at).ok());
            let of_file = span["file_name"].as_str().and_then(|file| places.get(file));
            if let (true, Some(at), Some(of_file)) = (span["is_primary"] == true, at, of_file) {
                // An error may name the signature or the enclosing `match`. A mutant excluded
                // without need is only built alone.
                let nearest = of_file.iter().min_by_key(|(range, _)| {
                    let distance = range.start.saturating_sub(at).max((at + 1).saturating_sub(range.end));
                    (distance, range.len())
                });
                alone.extend(nearest.map(|(_, number)| *number));
            }
        }
        if alone.len() == before {
            let words = errors.iter().filter_map(|error| error["rendered"].as_str()).collect::<String>();
            return Err(format!("the switches do not build:\n{words}{}", built.words));
        }
    }
}

fn caught_by(mutant: &Mutant, copy: &Copy, net: &Net, programs: &[Program]) -> Result<Verdict, String> {
    let (number, module) = (mutant.number.to_string(), mutant.module());
    // The module's own tests are faster, and usually sufficient.
    let rounds: &[&[&str]] = if net.name == NETS_OF_MUTANTS[0].name { &[&[&module], &[]] } else { &[&[]] };
    for program in programs {
        for more in rounds {
            if let Outcome::Caught(how) = program.run(copy, more, Some(("PETITION_MUTANT", &number)))? {
                return Ok(Verdict::Caught(net.name, how));
            }
        }
    }
    Ok(Verdict::Slipped)
}

fn told(mutant: &Mutant, judge: impl FnOnce() -> Result<Verdict, String>) -> Result<Verdict, String> {
    let began = Instant::now();
    let verdict = judge()?;
    let words = match &verdict {
        Verdict::NotViable => "does not build".to_owned(),
        Verdict::Caught(net, how) => format!("caught by {net}: {how}"),
        Verdict::Slipped => "slipped through so far".to_owned(),
    };
    eprintln!("{}. {}: {words} ({} s)", mutant.number, mutant.name, began.elapsed().as_secs());
    Ok(verdict)
}

fn print(shards: &str, mutants: &[Mutant], verdicts: &BTreeMap<u32, Verdict>) -> ExitCode {
    let mut slipped = 0;
    for mutant in mutants.iter().filter(|mutant| matches!(verdicts.get(&mutant.number), Some(Verdict::Slipped))) {
        println!("slipped through: {}", mutant.name);
        slipped += 1;
    }
    let nets = NETS_OF_MUTANTS.iter().map(|net| format!(" {} |", net.name)).collect::<String>();
    println!("| shard | mutants | viable |{nets} caught | share |");
    for shard in shards.split(',').chain(["all"]) {
        let of_it: Vec<_> = mutants
            .iter()
            .filter(|mutant| shard == "all" || mutant.shard == shard)
            .filter_map(|mutant| verdicts.get(&mutant.number))
            .collect();
        let viable = of_it.iter().filter(|verdict| !matches!(verdict, Verdict::NotViable)).count();
        let by = |net: &Net| {
            of_it.iter().filter(|verdict| matches!(verdict, Verdict::Caught(name, _) if *name == net.name)).count()
        };
        let caught: usize = NETS_OF_MUTANTS.iter().map(by).sum();
        let nets = NETS_OF_MUTANTS.iter().map(|net| format!(" {} |", by(net))).collect::<String>();
        let share = 100.0 * caught as f64 / viable.max(1) as f64;
        println!("| {shard} | {} | {viable} |{nets} {caught} | {share:.1} % |", of_it.len());
    }
    if slipped == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
