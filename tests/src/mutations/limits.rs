//! Faults of limits, of accessors that decide something, and of what a peer can make a client hold.

use super::Mutation;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "redirects no longer count once their history is taken",
        file: "core/src/policy/redirect/follow.rs",
        from: "hops_so_far: trail.redirects()",
        to: "hops_so_far: trail.redirects().min(trail.hops.saturating_sub(1))",
    },
    Mutation {
        fault: "a link is given out while its transfer uses it",
        file: "core/src/transfer/mod.rs",
        from: "let link = self.0.released.take()?;",
        to: "let link = self.0.released.take().or_else(|| self.0.link.take())?;",
    },
    Mutation {
        fault: "changing a body limit resets the count of delivered bytes",
        file: "core/src/content/decode/size.rs",
        from: "(self.name, self.limit) = (name, limit);",
        to: "*self = SizeLimit::new(name, limit);",
    },
    Mutation {
        fault: "an engine accepts inputs that it handles itself",
        file: "core/src/engine/inputs.rs",
        from: "if is_engine_input(&input) {",
        to: "if false {",
    },
    Mutation {
        fault: "an engine accepts a transfer that has begun",
        file: "core/src/engine/mod.rs",
        from: "if transfer.has_begun() {",
        to: "if false {",
    },
    Mutation {
        fault: "the limits of an exchange change while it runs",
        file: "core/src/http1/connection.rs",
        from: "if self.is_idle() && !Arc::ptr_eq",
        to: "if !Arc::ptr_eq",
    },
    Mutation {
        fault: "a head is skipped as if it were framing",
        file: "core/src/link/machine.rs",
        from: " || !self.http.is_in_body()",
        to: "",
    },
    Mutation {
        fault: "an impossible byte count is accepted",
        file: "core/src/transfer/read_plan.rs",
        from: "n as u64 > MAX_RUN || ",
        to: "",
    },
    Mutation {
        fault: "a head may have more fields than a header map",
        file: "core/src/limits.rs",
        from: "self.head_fields.min(Self::MAX_FIELDS)",
        to: "self.head_fields",
    },
    Mutation {
        fault: "the count of directly read bytes overflows",
        file: "core/src/link/stack.rs",
        from: "self.plain = self.plain.saturating_add(n);",
        to: "self.plain += n;",
    },
    Mutation {
        fault: "a zstd block may claim any size",
        file: "core/src/content/decode/zstd_block.rs",
        from: "if literals > most || sequences > most / 3 {",
        to: "if false {",
    },
    Mutation {
        fault: "a zstd frame may have any window size",
        file: "core/src/content/decode/zstd.rs",
        from: "LimitExceeded::check(\"decode_window\", max_window, window)?;",
        to: "let max_window = max_window.max(window);",
    },
    Mutation {
        fault: "the memory limit applies to each decoder alone",
        file: "core/src/transfer/deliver.rs",
        from: "&settings.decode_memory)",
        to: "&Default::default())",
    },
    Mutation {
        fault: "a decoder's memory is never released",
        file: "core/src/content/decode/memory.rs",
        from: "self.all.0.fetch_sub(self.held, ",
        to: "self.all.0.fetch_sub(0, ",
    },
    Mutation {
        fault: "keys with equal hashes are counted as one",
        file: "core/src/route/pool/mod.rs",
        from: "of_hash.iter().find(|(known, _)| key.matches(known)).map_or(0, |(_, open)| *open);",
        to: "of_hash.iter().map(|(_, open)| *open).sum::<usize>();",
    },
    Mutation {
        fault: "the hash of a route is predictable",
        file: "core/src/route/mod.rs",
        from: "let mut hasher = seed.hasher();",
        to: "let mut hasher = { let _ = seed; Seed::from_entropy(|_| ()).hasher() };",
    },
];
