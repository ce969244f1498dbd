//! Faults of the response head: what malformed input is tolerated, and what it costs.

use super::Mutation;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "a folded Set-Cookie is refused",
        file: "core/src/http1/parse.rs",
        from: "if NEVER_FOLDED.iter().any(",
        to: "if [\"set-cookie\"].iter().chain(&NEVER_FOLDED).any(",
    },
];
