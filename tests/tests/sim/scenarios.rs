//! Random scenarios in the simulated world, checked for invariants 1 to 13. The same, by the ten
//! thousand: `cargo run --release -p petition-tests --bin simulate -- --scenarios 10000`.

use petition_tests::sim::{Mix, cuts, scenario, shrink};

/// Fewer without optimization.
const SCENARIOS: u64 = if cfg!(debug_assertions) { 400 } else { 4_000 };

fn holds(mix: Mix, seeds: std::ops::Range<u64>) {
    let (mut requests, mut done) = (0, 0);
    for seed in seeds {
        match scenario(seed, mix, None) {
            Ok(report) => {
                requests += report.requests;
                done += report.done;
            }
            Err(violation) => panic!("simulate {}", shrink(&violation)),
        }
    }
    // Meaningful only if both happen often.
    assert!(done * 2 > requests && requests > done + done / 20, "{done} of {requests} done");
}

#[test]
fn invariants_hold_in_random_scenarios() {
    holds(Mix::Plain, 0..SCENARIOS);
}

#[test]
fn same_seed_gives_the_same_run() {
    for seed in 0..60 {
        for mix in [Mix::Plain, Mix::Proxies] {
            let [one, two] = [(); 2].map(|()| scenario(seed, mix, None).unwrap());
            assert_eq!(one, two, "seed {seed}");
        }
    }
}

#[test]
fn splits_change_no_outcome() {
    let mut compared = 0;
    for seed in 0..SCENARIOS / 2 {
        let mix = if seed % 3 == 2 { Mix::Proxies } else { Mix::Plain };
        compared += cuts(seed, mix).unwrap_or_else(|violation| panic!("simulate {violation}"));
    }
    assert!(compared > 100, "{compared} requests were compared");
}

#[test]
fn invariants_hold_through_proxies() {
    holds(Mix::Proxies, 0..SCENARIOS / 2);
}

#[test]
fn invariants_hold_under_tls() {
    holds(Mix::Tls, 0..SCENARIOS / 4);
}
