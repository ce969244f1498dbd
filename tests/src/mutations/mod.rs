//! Deliberate faults of the core and the transports, which the tests must catch: each is one replacement in one file.
//!
//! `cargo run --release -p petition-tests --bin mutate` applies them one by one in a copy of the project and says what caught
//! each. That every one of them still applies is held by `tests/meta/mutations.rs`.

mod caller_code;
mod framing;
mod hops;
mod limits;
mod reports;
mod reuse;
mod rules;
mod secrets;
mod session;
mod transfer;
mod uploads;

/// One fault.
#[derive(Clone, Copy, Debug)]
pub struct Mutation {
    /// What is wrong then, as a behaviour.
    pub fault: &'static str,
    /// The file, from the root of the project.
    pub file: &'static str,
    /// What stands there, exactly once.
    pub from: &'static str,
    /// What stands there instead.
    pub to: &'static str,
}

/// All faults, level by level.
pub fn all() -> impl Iterator<Item = &'static Mutation> {
    framing::MUTATIONS
        .iter()
        .chain(transfer::MUTATIONS)
        .chain(reuse::MUTATIONS)
        .chain(session::MUTATIONS)
        .chain(limits::MUTATIONS)
        .chain(secrets::MUTATIONS)
        .chain(caller_code::MUTATIONS)
        .chain(reports::MUTATIONS)
        .chain(uploads::MUTATIONS)
        .chain(rules::MUTATIONS)
        .chain(hops::MUTATIONS)
}

impl Mutation {
    /// The file's text with the fault in it.
    ///
    /// # Errors
    /// In words: the place is not there exactly once.
    pub fn apply(&self, text: &str) -> Result<String, String> {
        match text.matches(self.from).count() {
            1 => Ok(text.replacen(self.from, self.to, 1)),
            times => Err(format!("{}: {} times in {}: {:?}", self.fault, times, self.file, self.from)),
        }
    }
}
