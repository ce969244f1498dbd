//! Faults on one connection: where messages end, whether it is used again, what its layers let through.

use super::Mutation;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "the smaller of two lengths is taken",
        file: "core/src/http1/framing.rs",
        from: "Some(other)) if first != other =>",
        to: "Some(other)) if first < other =>",
    },
    Mutation {
        fault: "a buffer grows where what is left in it should move to its front",
        file: "core/src/buffer.rs",
        from: "if self.start >= len && self.storage.len() - len >= min {",
        to: "if min == usize::MAX {",
    },
    Mutation {
        fault: "what was sent stays in storage while more is to be sent",
        file: "core/src/http1/sender.rs",
        from: "if self.written >= self.outgoing().len() {",
        to: "if self.written == usize::MAX {",
    },
    Mutation {
        fault: "more of a proxy's refusal is kept than the limit says",
        file: "core/src/link/tunnel.rs",
        from: "let room = self.refusal_bytes.saturating_sub(refusal.body.len());",
        to: "let room = bytes.len();",
    },
    Mutation {
        fault: "the last byte of a chunk is left in it",
        file: "core/src/http1/chunked.rs",
        from: "if self.size == 0 {\n                        self.state = State::DataCr;",
        to: "if self.size <= 1 {\n                        self.state = State::DataCr;",
    },
    Mutation {
        fault: "a chunk size may have 17 digits and wraps",
        file: "core/src/http1/chunked.rs",
        from: "if digits == 16 || self.size > MAX_SIZE >> 4 {",
        to: "if digits == 17 {",
    },
    Mutation {
        fault: "a bare LF ends a chunk size line",
        file: "core/src/http1/chunked.rs",
        from: "return Err(ProtocolError::BareLf { part: Part::Body });",
        to: "return self.size_line_ends(content, config);",
    },
    Mutation {
        fault: "chunk data need not be followed by CRLF",
        file: "core/src/http1/chunked.rs",
        from: "(DataCr | DataLf, _) => return Err(ProtocolError::ChunkEnd { byte }),",
        to: "(DataCr | DataLf, _) => Size(0),",
    },
    Mutation {
        fault: "chunked framing may be all overhead",
        file: "core/src/http1/chunked.rs",
        from: "LimitExceeded::check(\"chunk_overhead_bytes\", config.limits.chunk_overhead_bytes, beyond)?;",
        to: "let _ = (beyond, config);",
    },
    Mutation {
        fault: "an answer to HEAD has a body",
        file: "core/src/http1/framing.rs",
        from: "(MethodKind::Head, _) | (_, 204 | 304) =>",
        to: "(_, 204 | 304) =>",
    },
    Mutation {
        fault: "Connection: close is not heard",
        file: "core/src/http1/framing.rs",
        from: "self.close |= token.eq_ignore_ascii_case(b\"close\");",
        to: "self.close |= token.eq_ignore_ascii_case(b\"closed\");",
    },
    Mutation {
        fault: "a cut body of known length is a success",
        file: "core/src/http1/receiver.rs",
        from: "Receiving::Length(left) => return truncated(Part::Body, content, Some(content.saturating_add(*left))),",
        to: "Receiving::Length(_) => {}",
    },
    Mutation {
        fault: "a cut chunked body is a success",
        file: "core/src/http1/receiver.rs",
        from: "if !decoder.lacks_final_crlf() || !self.config.leniencies.missing_final_crlf {",
        to: "if !self.config.leniencies.missing_final_crlf {",
    },
    Mutation {
        fault: "bytes after a response do not spoil the connection",
        file: "core/src/http1/receiver.rs",
        from: "if at < input.len() {\n            self.forbid(NotReusable::Leftover);",
        to: "if at > input.len() {\n            self.forbid(NotReusable::Leftover);",
    },
    Mutation {
        fault: "informational responses come without end",
        file: "core/src/http1/receiver.rs",
        from: "LimitExceeded::check(\"informational_responses\", limit, self.exchange.informational.into())?;",
        to: "let _ = limit;",
    },
    Mutation {
        fault: "a tolerated doubt about the framing does not spoil the connection",
        file: "core/src/http1/receiver.rs",
        from: "self.forbid(NotReusable::Poisoned(leniency));",
        to: "let _ = leniency;",
    },
    Mutation {
        fault: "a connection is used again though its request was given up half-way",
        file: "core/src/http1/connection.rs",
        from: "if let Sending::Aborted = self.sender.state {\n            return Err(NotReusable::BodyAborted);\n        }\n        match &self.receiving {\n            Receiving::Idle => Ok(()),\n            Receiving::Finished if self.request_sent() => Ok(()),",
        to: "match &self.receiving {\n            Receiving::Idle => Ok(()),\n            Receiving::Finished => Ok(()),",
    },
    Mutation {
        fault: "a proxy's answer of another class opens the tunnel",
        file: "core/src/http1/framing.rs",
        from: "(MethodKind::Connect, 200..=299) => return",
        to: "(MethodKind::Connect, 200..=499) => return",
    },
    Mutation {
        fault: "a name with a space before its colon passes for an ordinary one",
        file: "core/src/http1/fast_head.rs",
        from: "!(b.is_ascii_alphabetic() | (b == b'-'))",
        to: "!(b.is_ascii_alphabetic() | (b == b'-') | (b == b' '))",
    },
];
