//! Runs thousands of simulated scenarios and reports violations.
//!
//!     simulate --scenarios 10000 [--seed N] [--mix plain|proxies|tls|all] [--most-violations N]
//!     simulate --seed N --scenarios 1 --only 2,5 --record FILE
//!     simulate --replay FILE
//!
//! Scenario k has the seed N + k. The exit code is 0 on success, 1 for a violation, 2 for a wrong
//! call.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Instant;

use petition_tests::sim::{Mix, record, replay, scenario, shrink};

struct Call {
    scenarios: u64,
    seed: u64,
    mixes: Vec<Mix>,
    only: Option<Vec<usize>>,
    most_violations: u64,
    record: Option<String>,
    replay: Option<String>,
}

fn call() -> Result<Call, String> {
    let mut call = Call {
        scenarios: 1000,
        seed: 1,
        mixes: vec![Mix::Plain],
        only: None,
        most_violations: u64::MAX,
        record: None,
        replay: None,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(word) = arguments.next() {
        let value = arguments.next().ok_or(format!("{word} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{word} needs a number"));
        match word.as_str() {
            "--scenarios" => call.scenarios = number()?,
            "--seed" => call.seed = number()?,
            "--mix" => {
                call.mixes = match value.as_str() {
                    "plain" => vec![Mix::Plain],
                    "proxies" => vec![Mix::Proxies],
                    "tls" => vec![Mix::Tls],
                    "all" => vec![Mix::Plain, Mix::Proxies, Mix::Tls],
                    other => return Err(format!("unknown mix: {other}")),
                }
            }
            "--only" => {
                let numbers: Result<Vec<usize>, _> = value.split(',').map(str::parse).collect();
                call.only = Some(numbers.map_err(|_| "--only needs numbers")?);
            }
            "--most-violations" => call.most_violations = number()?,
            "--record" => call.record = Some(value),
            "--replay" => call.replay = Some(value),
            other => return Err(format!("unknown argument: {other}")),
        }
    }
    Ok(call)
}

fn main() -> ExitCode {
    let call = match call() {
        Ok(call) => call,
        Err(words) => {
            eprintln!("{words}");
            return ExitCode::from(2);
        }
    };
    if let Some(file) = &call.replay {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => {
                eprintln!("{file}: {error}");
                return ExitCode::from(2);
            }
        };
        return match replay(&text) {
            Ok(recorder) => {
                println!("{file}: the same again, {} inputs, {} outputs", recorder.inputs, recorder.polls);
                ExitCode::SUCCESS
            }
            Err(words) => {
                println!("{file}: {words}");
                ExitCode::from(1)
            }
        };
    }
    // A violation is a panic, caught and reported below.
    std::panic::set_hook(Box::new(|_| ()));
    let begin = Instant::now();
    let (mut violations, mut requests, mut done, mut bytes, mut hash) = (0u64, 0, 0, 0, 0u64);
    let (mut by_hand, mut retained) = (0, 0);
    let mut played = 0;
    for k in 0..call.scenarios {
        let (seed, mix) = (call.seed.wrapping_add(k), call.mixes[(k % call.mixes.len() as u64) as usize]);
        let result = match &call.record {
            Some(file) => {
                let (result, text) = record(seed, mix, call.only.as_deref());
                if let Err(error) = std::fs::write(file, text) {
                    eprintln!("{file}: {error}");
                    return ExitCode::from(2);
                }
                result
            }
            None => scenario(seed, mix, call.only.as_deref()),
        };
        played += 1;
        match result {
            Ok(report) => {
                requests += report.requests;
                done += report.done;
                bytes += report.bytes;
                by_hand += usize::from(report.by_hand);
                retained = report.retained.max(retained);
                hash = hash.rotate_left(5) ^ report.hash;
            }
            Err(violation) => {
                violations += 1;
                println!("VIOLATION {violation}");
                if violations <= 5 {
                    println!("  smaller: {}", shrink(&violation));
                }
                if violations >= call.most_violations {
                    break;
                }
            }
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "{played} scenarios, seeds {} to {}, {requests} requests ({done} done), {bytes} bytes, hash {hash:016x}",
        call.seed,
        call.seed.wrapping_add(u64::saturating_sub(played, 1)),
    );
    println!("{by_hand} of them by hand, without an engine; at most {retained} bytes were held at a time");
    println!("{:.0} scenarios a second, {violations} violations", played as f64 / seconds.max(1e-9));
    if violations == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}
