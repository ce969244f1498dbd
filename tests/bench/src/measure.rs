//! Measures rows: each metric in its own way.

use std::error::Error;

use crate::callgrind::Profile;
use crate::clients::{Client, FLOOR, OURS, OURS_TOO, client, program};
use crate::results::Results;
use crate::rows::{Growth, Metric, Row};
use crate::run::{Server, Work, callgrind, run, speaks_tls, stripped};
use crate::weight;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Repetitions of timed runs.
const TIMED: usize = 5;
/// Repetitions and requests of a timed run of `many`, which varies more: the kernel's wake-ups of
/// the two processes differ.
const RATES: usize = 15;
const RATE: usize = 60_000;
/// The number of profile lines to keep.
const LINES: usize = 18;

/// The tools of this machine.
#[derive(Clone, Copy)]
pub(crate) struct Tools {
    pub(crate) valgrind: bool,
    pub(crate) strace: bool,
    pub(crate) strip: bool,
}

/// Measures a row for these clients.
pub(crate) fn measure(row: &Row, clients: &[&'static Client], tools: Tools, results: &mut Results) {
    for client in clients {
        if let Err(error) = counted(row, client, tools, results) {
            results.skip(format!("`{}` of {}", row.name, client.title), error.to_string());
        }
    }
    let timed = row.wanted.iter().map(|(metric, _)| *metric);
    for metric in timed.filter(|metric| matches!(metric, Metric::CpuTime | Metric::CpuRatio | Metric::RateRatio)) {
        if let Err(error) = compared(row, metric, clients, results) {
            results.skip(format!("`{}`, {}", row.name, metric.words()), error.to_string());
        }
    }
}

/// Measures counts, which hardly differ between runs.
fn counted(row: &Row, client: &'static Client, tools: Tools, results: &mut Results) -> Result<()> {
    let ours = OURS_TOO.contains(&client.id) || client.id == FLOOR;
    let wants = |metric: Metric| row.wanted.iter().any(|(wanted, _)| *wanted == metric);
    if row.name == "process" {
        return process(row, client, tools, results);
    }
    if wants(Metric::Crates) {
        results.add(row.name, Metric::Crates, client.id, vec![weight::crates(client)?]);
        return Ok(());
    }
    let server = Server::start()?;
    let work = |n: usize| Work { client, row: row.name, n, x: row.x, server: &server };
    let units = (row.n.1 - row.n.0) as f64 * row.units;
    if wants(Metric::Instructions) && tools.valgrind {
        let (mut instructions, mut allocations, mut profile) = (Vec::new(), Vec::new(), Profile::default());
        for _ in 0..if ours { 3 } else { 1 } {
            let (short, long) = (work(row.n.0).callgrind()?.0, work(row.n.1).callgrind()?.0);
            profile = short.until(&long, units);
            instructions.push(profile.total);
            allocations.push(profile.allocations);
        }
        results.add(row.name, Metric::Instructions, client.id, instructions);
        if wants(Metric::Allocations) {
            results.add(row.name, Metric::Allocations, client.id, allocations);
        }
        keep_profile(row.name, client, &profile, results);
    }
    if wants(Metric::SystemCalls) && tools.strace {
        let (short, long) = (work(row.n.0).strace()?, work(row.n.1).strace()?);
        results.add(row.name, Metric::SystemCalls, client.id, vec![(long - short) / units]);
    }
    if wants(Metric::Resident) {
        // libcurl's time grows with the square of this.
        let n = if client.package == "curl" { 900 } else { row.n.1 };
        results.add(row.name, Metric::Resident, client.id, vec![work(n).plain("resident")?]);
    }
    Ok(())
}

fn keep_profile(row: &str, client: &Client, profile: &Profile, results: &mut Results) {
    if client.id == OURS {
        let top = profile.top(LINES).into_iter().map(|(name, cost)| (row.to_owned(), name, cost));
        results.profiles.extend(top);
    }
}

/// Measures a program of each client that does nothing else.
fn process(row: &Row, client: &'static Client, tools: Tools, results: &mut Results) -> Result<()> {
    let server = Server::start()?;
    let one = program(&format!("one-{}", client.package)).to_string_lossy().into_owned();
    speaks_tls(&one, &server)?;
    let command = [one, format!("http://{}/", server.plain)];
    run(&command)?;
    if tools.valgrind {
        let mut values = Vec::new();
        for round in 0..3 {
            let profile = callgrind(&command)?.0;
            values.push(profile.total);
            if round == 0 {
                keep_profile(row.name, client, &profile, results);
            }
        }
        results.add(row.name, Metric::Instructions, client.id, values);
    }
    // libcurl and its TLS are shared libraries, where they are installed.
    if tools.strip && client.package != "curl" {
        results.add(row.name, Metric::Size, client.id, vec![stripped(client)?]);
    }
    Ok(())
}

/// Measures times: all clients in turn, several times, each relative to the floor of its round.
fn compared(row: &Row, metric: Metric, clients: &[&'static Client], results: &mut Results) -> Result<()> {
    let floor = client(FLOOR).ok_or("no floor")?;
    let server = Server::start()?;
    let (key, n) = if metric == Metric::RateRatio { ("wall", RATE) } else { ("cpu", row.n.1) };
    let rounds = match metric {
        Metric::CpuTime => 3,
        Metric::RateRatio => RATES,
        _ => TIMED,
    };
    let mut values = vec![Vec::new(); clients.len()];
    for _ in 0..rounds {
        let time = |client| Work { client, row: row.name, n, x: row.x, server: &server }.plain(key);
        let base = if metric == Metric::CpuTime { 0.0 } else { time(floor)? };
        for (client, values) in clients.iter().zip(&mut values) {
            let own = match time(client) {
                Ok(own) => own,
                Err(error) => {
                    results.skip(format!("`{}` of {}", row.name, client.title), error.to_string());
                    continue;
                }
            };
            values.push(match metric {
                Metric::CpuTime => own / 1e6,
                Metric::RateRatio => base / own,
                _ => own / base,
            });
        }
    }
    for (client, values) in clients.iter().zip(values) {
        results.add(row.name, metric, client.id, values);
    }
    Ok(())
}

/// Measures how the cost of Petition grows.
pub(crate) fn grow(growth: &Growth, results: &mut Results) -> Result<()> {
    let client = client(OURS).ok_or("no client")?;
    let server = Server::start()?;
    let cost = |x: u64, (short, long): (usize, usize)| -> Result<(f64, String)> {
        let work = |n: usize| Work { client, row: growth.name, n, x, server: &server }.callgrind();
        let (short_run, long_run) = (work(short)?, work(long)?);
        Ok((short_run.0.until(&long_run.0, (long - short) as f64).total, long_run.1))
    };
    // The cost of a request with a small body.
    let base = if growth.name == "grow-body" { cost(13, (100, 600))?.0 } else { 0.0 };
    for (x, n) in growth.steps {
        let (each, said) = cost(*x, *n)?;
        let value = match growth.name {
            "grow-body" => (each - base) / (*x as f64 / (1024.0 * 1024.0)),
            "grow-head" => {
                let bytes = said.lines().find_map(|line| line.strip_prefix("bytes ")?.parse::<f64>().ok());
                each / bytes.ok_or("it did not say how many bytes")?
            }
            _ => each,
        };
        println!("{:<18} {x:>12} {value:>14.1} {}", growth.name, growth.unit);
        results.growth.push((growth.name.to_owned(), *x, value));
    }
    Ok(())
}
