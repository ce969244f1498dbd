//! Faults in what a kept connection must show before it is used again, and in what becomes of bytes
//! that answer nothing.

use super::Mutation;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "idle connections are reused without a probe",
        file: "core/src/transfer/connect.rs",
        from: "self.enter(Stage::Probe);",
        to: "self.begin_exchange();",
    },
    Mutation {
        fault: "a poll that began before the acquisition counts as a probe",
        file: "core/src/engine/probes.rs",
        from: "socket.drained && socket.given.is_before(mark)",
        to: "socket.drained",
    },
    Mutation {
        fault: "a connection with a readiness event is reused without a probe",
        file: "core/src/engine/probes.rs",
        from: "socket.drained && socket.given.is_before(mark)",
        to: "socket.given.is_before(mark)",
    },
    Mutation {
        fault: "a connection whose last read was filled waits for a poll instead of a probe",
        file: "core/src/engine/probes.rs",
        from: "self.last_complete.is_some() && socket.drained;",
        to: "self.last_complete.is_some();",
    },
    Mutation {
        fault: "no deadline fires while a request waits for a poll",
        file: "core/src/engine/inputs.rs",
        from: "        self.expire_waiting();\n",
        to: "",
    },
    Mutation {
        fault: "requests that waited for one poll have storage of their own",
        file: "core/src/engine/entered.rs",
        from: "        self.transfer.swap_write_buffer(spare);\n",
        to: "",
    },
    Mutation {
        fault: "a cancelled request is still read from",
        file: "core/src/engine/entered.rs",
        from: "if slot.stage == Stage::AwaitsResponse {",
        to: "if false {",
    },
    Mutation {
        fault: "bytes behind a response do not close its connection",
        file: "core/src/link/machine.rs",
        from: "Ok(false) if !self.stack.has_unread() => {}",
        to: "Ok(false) => {}",
    },
    Mutation {
        fault: "bytes that start no response fail a request that could be retried",
        file: "core/src/policy/retry.rs",
        from: "matches!(error, LinkError::Protocol(error) if error.answers_nothing())",
        to: "matches!(error, LinkError::Protocol(crate::http1::ProtocolError::Empty | crate::http1::ProtocolError::Unsolicited))",
    },
    Mutation {
        fault: "seven bytes are awaited before garbage is detected",
        file: "core/src/http1/scan.rs",
        from: "first_wrong(first).filter(|_| rules.served)",
        to: "first_wrong(first).filter(|_| false)",
    },
    Mutation {
        fault: "a fragment of garbage counts as a started response",
        file: "core/src/http1/connection.rs",
        from: "partial.as_ref().is_some_and(|partial| partial.can_be_response())",
        to: "partial.is_some()",
    },
    Mutation {
        fault: "a connection is reused after a 204 that announces a body",
        file: "core/src/http1/receiver.rs",
        from: "if framing == BodyFraming::None && signals.announces_body(status) {",
        to: "if false {",
    },
    Mutation {
        fault: "a connection is reused after a 1xx that announces a body",
        file: "core/src/http1/receiver.rs",
        from: "            if signals.announces_body(status) {",
        to: "            if false {",
    },
    Mutation {
        fault: "petition-std reports every idle connection as quiet",
        file: "transport-std/src/drive/mod.rs",
        from: "self.socket.as_mut().is_some_and(|socket| socket.is_quiet());",
        to: "self.socket.is_some();",
    },
    Mutation {
        fault: "petition-mio reports every idle connection as quiet",
        file: "transport-mio/src/driver/sockets.rs",
        from: "Some(Some(conn)) => !conn.read_closed && conn.channel.is_quiet(),",
        to: "Some(Some(_)) => true,",
    },
    Mutation {
        fault: "a poll that returned only some events counts as complete",
        file: "transport-mio/src/driver/mod.rs",
        from: "self.told = events.iter().count() < events.capacity();",
        to: "self.told = true;",
    },
];
