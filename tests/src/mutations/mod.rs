//! Deliberate faults of core and the transports that the tests must catch, each a replacement in
//! one file.
//!
//! `cargo run --release -p petition-tests --bin mutate` applies them one by one to a copy of the
//! project, and reports what caught each. `tests/meta/mutations.rs` checks that every one still
//! applies.

mod addresses;
mod authentication;
mod caller_code;
mod content;
mod framing;
mod hops;
mod hsts;
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
    /// The faulty behaviour.
    pub fault: &'static str,
    /// The file, relative to the root of the project.
    pub file: &'static str,
    /// The original text, which occurs exactly once.
    pub from: &'static str,
    /// Its replacement.
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
        .chain(addresses::MUTATIONS)
        .chain(content::MUTATIONS)
        .chain(hsts::MUTATIONS)
        .chain(authentication::MUTATIONS)
}

impl Mutation {
    /// Returns the file's text with the fault.
    ///
    /// # Errors
    /// A description, if the original text does not occur exactly once.
    pub fn apply(&self, text: &str) -> Result<String, String> {
        match text.matches(self.from).count() {
            1 => Ok(text.replacen(self.from, self.to, 1)),
            times => Err(format!("{}: {} times in {}: {:?}", self.fault, times, self.file, self.from)),
        }
    }
}
