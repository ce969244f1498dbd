//! Faults of one transfer and of many: retry, redirects, deadlines, the pool, who gets its turn.

use super::Mutation;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "a body that nobody wants is read however long it is",
        file: "core/src/transfer/drain.rs",
        from: "|| rest.is_some_and(|rest| rest > limit) {",
        to: "|| rest.is_some_and(|rest| rest > limit.saturating_mul(1 << 20)) {",
    },
    Mutation {
        fault: "a POST that may have been processed is sent again",
        file: "core/src/policy/retry.rs",
        from: "                && (!written || is_harmless_twice(hop)) =>",
        to: "                && (!written || is_harmless_twice(hop) || hop.can_send_again) =>",
    },
    Mutation {
        fault: "more addresses are tried than the limit says",
        file: "core/src/route/dial/mod.rs",
        from: "interleave(addresses, limits.addresses)",
        to: "interleave(addresses, limits.addresses.saturating_add(1))",
    },
    Mutation {
        fault: "a step of decoding takes more room each time",
        file: "core/src/transfer/deliver.rs",
        from: "self.buffer.resize(STEP, 0);",
        to: "self.buffer.resize(self.buffer.len() + STEP, 0);",
    },
    Mutation {
        fault: "a request is sent again though a response had begun",
        file: "core/src/policy/retry.rs",
        from: "Outcome::Lost { reused: true, answered: false, written }",
        to: "Outcome::Lost { reused: true, written, .. }",
    },
    Mutation {
        fault: "a deadline is forgotten until the next one could be due",
        file: "core/src/transfer/deadlines.rs",
        from: "next.map_or(soonest, |next| next.min(soonest))",
        to: "soonest + Duration::from_secs(3600)",
    },
    Mutation {
        fault: "fields written out for one host are sent to another",
        file: "core/src/session.rs",
        from: "&& last.route.ptr_eq(route)",
        to: "",
    },
    Mutation {
        fault: "credentials go along to another origin",
        file: "core/src/request/follow.rs",
        from: "if !survives(\"authorization\", true) {",
        to: "if false {",
    },
    Mutation {
        fault: "the request's own cookies go along to another origin",
        file: "core/src/request/follow.rs",
        from: "if !survives(\"cookie\", true) {",
        to: "if false {",
    },
    Mutation {
        fault: "fields bound to an origin go along to another",
        file: "core/src/policy/redirect/fields.rs",
        from: "if sensitive || is_sensitive_name(name) {\n        return trusted;",
        to: "if sensitive || is_sensitive_name(name) {\n        return true;",
    },
    Mutation {
        fault: "a redirect keeps the body of a POST that became a GET",
        file: "core/src/request/follow.rs",
        from: "self.body = Body::Empty;\n            self.content_type = None;",
        to: "self.content_type = None;",
    },
    Mutation {
        fault: "303 keeps the method",
        file: "core/src/policy/redirect/decide.rs",
        from: "(303, _) => Some(Method::GET),",
        to: "(303, _) => None,",
    },
    Mutation {
        fault: "one redirect more than the limit",
        file: "core/src/policy/redirect/decide.rs",
        from: "if hop.hops_so_far >= limit {",
        to: "if hop.hops_so_far > limit {",
    },
    Mutation {
        fault: "two ports of a host are one origin",
        file: "core/src/policy/redirect/mod.rs",
        from: "if a == b {\n            return Crossing::SameOrigin;",
        to: "if (a.scheme(), a.host()) == (b.scheme(), b.host()) {\n            return Crossing::SameOrigin;",
    },
    Mutation {
        fault: "an idle server is waited for without end while a body is delivered",
        file: "core/src/transfer/deadlines.rs",
        from: "Stage::Deliver(delivery) if !delivery.waits_for_caller() => {\n                limit(self.progress, settings.idle_timeout, Timeout::Idle);",
        to: "Stage::Deliver(delivery) if !delivery.waits_for_caller() => {",
    },
    Mutation {
        fault: "the time for all of it is forgotten once an answer is awaited",
        file: "core/src/transfer/deadlines.rs",
        from: "if !matches!(self.stage, Stage::Ended) {\n            limit(self.started,",
        to: "if !matches!(self.stage, Stage::Ended | Stage::Exchange { .. }) {\n            limit(self.started,",
    },
    Mutation {
        fault: "a deadline fires a moment late",
        file: "core/src/transfer/deadlines.rs",
        from: "if self.now.instant < at {",
        to: "if self.now.instant <= at {",
    },
    Mutation {
        fault: "a connection opened under a laxer address policy is used again",
        file: "core/src/transfer/connect.rs",
        from: "if self.may_use(peer) {",
        to: "if true {",
    },
    Mutation {
        fault: "a deadline lies in the past when a write fails while the stream is waited for",
        file: "core/src/transfer/exchange.rs",
        from: "                self.progress = self.now.instant;\n                self.give_up_upload();",
        to: "                self.give_up_upload();",
    },
    Mutation {
        fault: "a kept connection is used beyond its time",
        file: "core/src/route/pool/mod.rs",
        from: "entry.expires > now && key.matches(&entry.pooled.key);",
        to: "key.matches(&entry.pooled.key);",
    },
    Mutation {
        fault: "one connection more than may be open",
        file: "core/src/route/pool/mod.rs",
        from: "self.limits.open_total.is_some_and(|limit| self.open >= limit)",
        to: "self.limits.open_total.is_some_and(|limit| self.open > limit)",
    },
    Mutation {
        fault: "one idle connection more than may be kept",
        file: "core/src/route/pool/mod.rs",
        from: "let full = self.idle_list.len() > self.limits.idle_total;",
        to: "let full = self.idle_list.len() > self.limits.idle_total + 1;",
    },
    Mutation {
        fault: "a place that became free is offered to nobody",
        file: "core/src/engine/slots.rs",
        from: "self.pool.closed(route);\n            self.waiting.freed(route);\n            self.admit();",
        to: "self.pool.closed(route);\n            self.waiting.freed(route);",
    },
    Mutation {
        fault: "a timer is not armed again when a deadline comes nearer",
        file: "core/src/engine/timers.rs",
        from: "&& armed.is_none_or(|entry| deadline < entry)",
        to: "&& armed.is_none()",
    },
    Mutation {
        fault: "the next address is not tried while one does not answer",
        file: "core/src/route/dial/mod.rs",
        from: "self.not_before.filter(|_| waits)",
        to: "self.not_before.filter(|_| waits && false)",
    },
    Mutation {
        fault: "only the methods of RFC 9110 are sent once more on a dead connection",
        file: "core/src/policy/retry.rs",
        from: "method.is_idempotent() || IDEMPOTENT.contains(&method.as_str())",
        to: "method.is_idempotent()",
    },
    Mutation {
        fault: "an empty Location leads to the same URL",
        file: "core/src/policy/redirect/decide.rs",
        from: "Ok(Some(first).filter(|location| !location.is_empty()))",
        to: "Ok(Some(first))",
    },
    Mutation {
        fault: "a request that the chain made before ends it by default",
        file: "core/src/policy/redirect/follow.rs",
        from: "(Ok(()), _) | (Err(_), Repeats::Followed) => Some(follow(hop, next, trail)),\n            (Err(error), Repeats::Refused) =>",
        to: "(Ok(()), _) => Some(follow(hop, next, trail)),\n            (Err(error), _) =>",
    },
];
