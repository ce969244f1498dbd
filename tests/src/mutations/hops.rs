//! Faults of the hop loop.

use super::Mutation;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "a hop begins before its time",
        file: "core/src/transfer/hop.rs",
        from: "not_before: Some(until), .. } if until > self.now.instant =>",
        to: "not_before: Some(until), .. } if until < self.now.instant =>",
    },
    Mutation {
        fault: "a pause has no deadline",
        file: "core/src/transfer/deadlines.rs",
        from: "            Stage::Pause { until, .. } => add(*until, Due::Resume),\n",
        to: "",
    },
    Mutation {
        fault: "the history leaves out hops without a response",
        file: "core/src/transfer/hop.rs",
        from: "        if begun || is_challenged {\n",
        to: "        if (begun || is_challenged) && head.is_some() {\n",
    },
    Mutation {
        fault: "a lost connection may be replaced by a pooled one",
        file: "core/src/policy/retry.rs",
        from: "            Acquire::New\n",
        to: "            Acquire::Any\n",
    },
    Mutation {
        fault: "the slot of a closed connection stays taken",
        file: "core/src/engine/mod.rs",
        from: "                    let closed = self.close(id);\n                    self.free_slot(id);\n",
        to: "                    let closed = self.close(id);\n",
    },
    Mutation {
        fault: "a transfer without keep-alive takes an idle connection",
        file: "core/src/transfer/routing.rs",
        from: "            self.attempt.connection = Acquire::New;\n",
        to: "            self.attempt.connection = Acquire::Any;\n",
    },
    Mutation {
        fault: "an unusable connection counts as written to",
        file: "core/src/transfer/hop.rs",
        from: "let written = begun && self.link",
        to: "let written = self.link",
    },
    Mutation {
        fault: "an unusable connection permits another repetition",
        file: "core/src/policy/retry.rs",
        from: "        Outcome::Unusable if trail.repeats > 0 => Acquire::New,\n",
        to: "",
    },
    Mutation {
        fault: "a used connection is accepted where a new one was ordered",
        file: "core/src/transfer/connect.rs",
        from: "if self.attempt.connection == Acquire::New && link.counters().application > 0 {",
        to: "if false {",
    },
    Mutation {
        fault: "a response with cookies concerns no policy",
        file: "core/src/policy/cookies.rs",
        from: "concerns: |head, _| head.sets_cookies()",
        to: "concerns: |_, _| false",
    },
];
