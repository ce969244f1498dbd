//! Runs the library on public conformance material: questions in, answers out, one JSON object per
//! line.
//!
//!     cargo run --release -p petition-tests --bin conformance -- cookies
//!     cargo run --release -p petition-tests --bin conformance -- responses [--defaults | --nothing-tolerated]
//!     cargo run --release -p petition-tests --bin conformance -- exchange [--transport std | mio]
//!     cargo run --release -p petition-tests --bin conformance -- vectors FILE
//!
//! The material is not part of this repository. `tests/CONFORMANCE.md` lists what is measured, with
//! the results.
#![forbid(unsafe_code)]

mod cookies;
mod exchange;
mod latin1;
mod responses;
mod vectors;

use std::error::Error;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use responses::Choices;
use serde_json::Value;

const USAGE: &str = "usage: conformance cookies | responses [--defaults | --nothing-tolerated] | exchange [--transport std | mio] | vectors FILE";

/// Answers each line of standard input at once.
fn answer(mut driver: impl FnMut(&Value) -> Value) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        writeln!(out, "{}", driver(&serde_json::from_str(&line)?))?;
        out.flush()?;
    }
    Ok(())
}

fn run(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    match arguments {
        ["cookies"] => answer(cookies::answer),
        ["responses"] => answer(|question| responses::answer(question, Choices::Material)),
        ["responses", "--defaults"] => answer(|question| responses::answer(question, Choices::Defaults)),
        ["responses", "--nothing-tolerated"] => answer(|question| responses::answer(question, Choices::Strict)),
        ["exchange"] | ["exchange", "--transport", "std"] => {
            answer(|question| exchange::answer(question, &exchange::Std))
        }
        ["exchange", "--transport", "mio"] => answer(|question| exchange::answer(question, &exchange::Mio)),
        ["vectors", file] => vectors::run(&std::fs::read_to_string(file)?),
        _ => Err(USAGE.into()),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
