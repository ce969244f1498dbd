//! Runs a scenario by its seed, and shrinks one that fails.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::plan::{Mix, Plan};
use super::world::{Report, World};

/// A violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The seed.
    pub seed: u64,
    /// The kind of scenario.
    pub mix: Mix,
    /// The numbers of the required requests, if it was shrunk.
    pub only: Option<Vec<usize>>,
    /// The message.
    pub words: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "--mix {} --seed {}", format!("{:?}", self.mix).to_lowercase(), self.seed)?;
        if let Some(only) = &self.only {
            let only: Vec<String> = only.iter().map(usize::to_string).collect();
            write!(f, " --only {}", only.join(","))?;
        }
        write!(f, ": {}", self.words)
    }
}

/// Runs a scenario; `only` leaves out all other requests.
///
/// # Errors
/// The violation.
pub fn scenario(seed: u64, mix: Mix, only: Option<&[usize]>) -> Result<Report, Violation> {
    play(seed, mix, only, false).0
}

/// Runs a scenario, and returns also the transcript so far.
pub fn record(seed: u64, mix: Mix, only: Option<&[usize]>) -> (Result<Report, Violation>, String) {
    play(seed, mix, only, true)
}

fn play(seed: u64, mix: Mix, only: Option<&[usize]>, written: bool) -> (Result<Report, Violation>, String) {
    let mut text = String::new();
    let result = caught(seed, mix, only, || {
        let mut plan = Plan::of(seed, mix);
        if let Some(only) = only {
            plan = plan.only(only);
        }
        let mut world = World::new(plan, written);
        let result = catch_unwind(AssertUnwindSafe(|| world.run()));
        text = world.recorder.text().unwrap_or_default().to_owned();
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    (result, text)
}

fn caught(seed: u64, mix: Mix, only: Option<&[usize]>, run: impl FnOnce() -> Report) -> Result<Report, Violation> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let words = match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
            (Some(words), _) => words.clone(),
            (_, Some(words)) => (*words).to_owned(),
            _ => "a panic without words".into(),
        };
        Violation { seed, mix, only: only.map(<[usize]>::to_vec), words }
    })
}

/// Removes requests one by one as long as the violation remains.
pub fn shrink(violation: &Violation) -> Violation {
    let mut smallest = violation.clone();
    let plan = Plan::of(violation.seed, violation.mix);
    let mut only: Vec<usize> = match &violation.only {
        Some(only) => only.clone(),
        None => plan.requests.iter().map(|planned| planned.number).collect(),
    };
    let mut at = 0;
    while at < only.len() && only.len() > 1 {
        let mut fewer = only.clone();
        fewer.remove(at);
        match scenario(violation.seed, violation.mix, Some(&fewer)) {
            Err(smaller) => (smallest, only) = (smaller, fewer),
            Ok(_) => at += 1,
        }
    }
    smallest
}

/// Plays a scenario without faults, cut finely and not at all, and compares the outcome of each
/// request that does not depend on time. Returns how many were compared.
///
/// # Errors
/// The violation, or the difference between the runs.
pub fn cuts(seed: u64, mix: Mix) -> Result<usize, Violation> {
    let mut plan = Plan::of(seed, mix);
    // Byte by byte, short bodies suffice.
    plan.requests.retain(|planned| planned.body.len() < 2_000);
    for page in &mut plan.pages {
        page.answer.length = page.answer.length.min(600);
    }
    let limits = plan.limits;
    if plan.conditions.faulty || plan.conditions.sleepy || limits.open_total.or(limits.open_per_key).is_some() {
        return Ok(0);
    }
    let mut outcomes = Vec::new();
    for cut in [None, Some(1), Some(50)] {
        let mut plan = plan.clone();
        plan.conditions.cut = cut;
        plan.conditions.noise = if cut.is_some() { 5 } else { 0 };
        outcomes.push(caught(seed, mix, None, || World::new(plan, false).run())?.outcomes);
    }
    let mut compared = 0;
    for (at, planned) in plan.requests.iter().enumerate() {
        let timely =
            planned.spec.timeout.or(planned.caller.cancel).or(planned.caller.pause.map(|(_, time)| time)).is_some();
        if timely || planned.caller.discard.is_some() {
            continue;
        }
        compared += 1;
        if outcomes.iter().any(|other| other[at] != outcomes[0][at]) {
            let seen: Vec<&String> = outcomes.iter().map(|outcomes| &outcomes[at]).collect();
            let words = format!("request {}: the outcome depends on how bytes are cut: {seen:?}", planned.number);
            return Err(Violation { seed, mix, only: None, words });
        }
    }
    Ok(compared)
}
