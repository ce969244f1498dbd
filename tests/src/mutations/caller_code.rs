//! Faults in how code of the caller's is called, in look-ups that are left, and in what a child
//! process may touch.

use super::Mutation;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "a panicking address policy ends more than its request",
        file: "core/src/route/address_policy.rs",
        from: "contain(|| allowed(address)).unwrap_or(false)",
        to: "allowed(address)",
    },
    Mutation {
        fault: "a panic in a suffix list is not contained",
        file: "core/src/cookie/suffix.rs",
        from: "contain(|| list.public_suffix(host).len()).unwrap_or(host.len())",
        to: "list.public_suffix(host).len()",
    },
    Mutation {
        fault: "options changed before a closure's panic do not apply",
        file: "core/src/session.rs",
        from: "change(&mut Derived(self).0.options)",
        to: "let result = change(&mut self.options);\n        self.derive();\n        result",
    },
    Mutation {
        fault: "a transfer is not ended by a panic within it",
        file: "core/src/engine/entered.rs",
        from: "self.engine.panicked.push(self.id);",
        to: "let _ = self.id;",
    },
    Mutation {
        fault: "a panic whose payload panics is not contained",
        file: "core/src/contain.rs",
        from: "if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {\n        std::mem::forget(second);\n    }",
        to: "drop(payload);",
    },
    Mutation {
        fault: "a transfer waits for an unavailable session",
        file: "core/src/engine/mod.rs",
        from: "Err(why) => slot.transfer.handle(self.now, Input::Unavailable(why)),",
        to: "Err(_) => return None,",
    },
    Mutation {
        fault: "closures run under the session's lock",
        file: "transport-shared/src/session.rs",
        from: "let mut checked_out = self.0.check_out().unwrap_or_else(|why| panic!(\"{why}\"));\n        f(&mut checked_out.session)",
        to: "let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);\n        f(state.session.get_or_insert_default())",
    },
    Mutation {
        fault: "the wait for a held session is unbounded",
        file: "transport-shared/src/session.rs",
        from: "Some(left(&caller).unwrap_or(Duration::MAX).min(SESSION_PATIENCE))",
        to: "{\n                let _ = left(&caller);\n                None\n            }",
    },
    Mutation {
        fault: "an abandoned name stays in the queue",
        file: "transport-shared/src/lookups.rs",
        from: "let dropped = state.queue.remove(&self.id);",
        to: "let dropped = None::<Job>;",
    },
    Mutation {
        fault: "an abandoned look-up counts as active",
        file: "transport-shared/src/lookups.rs",
        from: "state.active -= 1;\n                    state.last_abandoned = Some(Instant::now());",
        to: "state.last_abandoned = Some(Instant::now());",
    },
    Mutation {
        fault: "the number of helpers is unbounded",
        file: "transport-shared/src/lookups.rs",
        from: "|| state.threads() >= MAX_HELPERS",
        to: "",
    },
    Mutation {
        fault: "a reclaimed look-up does not count as active",
        file: "transport-shared/src/lookups.rs",
        from: "&& !std::mem::replace(active, true)\n        {\n            state.active += 1;",
        to: "&& !std::mem::replace(active, true)\n        {",
    },
    Mutation {
        fault: "an ended request still waits for its name",
        file: "transport-mio/src/driver/mod.rs",
        from: "self.lookups.leave(id);",
        to: "",
    },
    Mutation {
        fault: "each request for a dead name holds a helper of its own",
        file: "transport-shared/src/shared_lookups.rs",
        from: "if let Some(pending) = all.get_mut(name) {\n            pending.job.reclaim();",
        to: "if let Some(pending) = all.get_mut(name).filter(|_| false) {\n            pending.job.reclaim();",
    },
    Mutation {
        fault: "a caller that gives up takes the answer from the others",
        file: "transport-shared/src/shared_lookups.rs",
        from: "if !pending.callers.is_empty() {",
        to: "if false {",
    },
    Mutation {
        fault: "a resolver's panic is reported as a name without addresses",
        file: "transport-mio/src/resolve.rs",
        from: "contain(|| resolver.resolve(host, *port, None)).unwrap_or_else(|| Err(panicked()))",
        to: "contain(|| resolver.resolve(host, *port, None)).unwrap_or_else(|| Ok(Vec::new()))",
    },
    Mutation {
        fault: "the maximum duration is added to the clock",
        file: "transport-shared/src/shared_lookups.rs",
        from: "left.saturating_sub(began.elapsed())",
        to: "(began + left) - Instant::now()",
    },
    Mutation {
        fault: "petition-std mistakes the ready socket for another",
        file: "transport-std/src/sys/mod.rs",
        from: "ready.map(|(index, flags)| (index, Sides::reported(flags)))",
        to: "ready.map(|(index, flags)| (index / 2, Sides::reported(flags)))",
    },
    Mutation {
        fault: "a fork is not detected",
        file: "transport-shared/src/process.rs",
        from: "Guard::Handler(guard) => !guard.clone().detected_fork(),",
        to: "Guard::Handler(_) => true,",
    },
    Mutation {
        fault: "a child reads the parent's response",
        file: "transport-std/src/body.rs",
        from: "if self.call.is_here() {",
        to: "if true {",
    },
    Mutation {
        fault: "a child drains a response that it drops",
        file: "transport-std/src/drive/mod.rs",
        from: "if !self.is_here() {",
        to: "if false {",
    },
    Mutation {
        fault: "a child waits for its parent's loop",
        file: "transport-mio/src/queue.rs",
        from: "if !self.is_here() {\n            return Some(command);\n        }",
        to: "",
    },
    Mutation {
        fault: "a client's pool statistics are updated only at the end of a turn",
        file: "transport-mio/src/driver/mod.rs",
        from: "self.lookups.leave(id);\n        self.report();",
        to: "self.lookups.leave(id);",
    },
    Mutation {
        fault: "a request continues after its future is dropped",
        file: "transport-mio/src/pending.rs",
        from: "if !self.detached {",
        to: "if false {",
    },
    Mutation {
        fault: "a task that awaits a response is not woken",
        file: "transport-mio/src/pending.rs",
        from: "waker.wake();",
        to: "drop(waker);",
    },
    Mutation {
        fault: "a request for HTTP/2 is sent as HTTP/1.1",
        file: "core/src/request/http_request.rs",
        from: "version => made.record_fault(Err(BuildError::HttpVersion(version))),",
        to: "_ => {}",
    },
    Mutation {
        fault: "a child turns its parent's loop",
        file: "transport-mio/src/driver/mod.rs",
        from: "if !self.is_here() {\n            self.end_in_child();",
        to: "if false {\n            self.end_in_child();",
    },
];
