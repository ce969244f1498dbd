//! Faults on one connection: where messages end, whether it is used again, what its layers let
//! through.

use super::Mutation;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "the smaller of two lengths is taken",
        file: "core/src/http1/framing.rs",
        from: "Some(other)) if first != other =>",
        to: "Some(other)) if first < other =>",
    },
    Mutation {
        fault: "a buffer grows instead of moving its remaining bytes to the front",
        file: "core/src/buffer.rs",
        from: "if self.start >= len && self.storage.len() - len >= min {",
        to: "if min == usize::MAX {",
    },
    Mutation {
        fault: "sent bytes stay in storage until everything is sent",
        file: "core/src/http1/sender.rs",
        from: "if self.written >= self.outgoing().len() {",
        to: "if self.written == usize::MAX {",
    },
    Mutation {
        fault: "a proxy's refusal is stored beyond the limit",
        file: "core/src/link/tunnel.rs",
        from: "let room = self.refusal_bytes.saturating_sub(refusal.body.len());",
        to: "let room = bytes.len();",
    },
    Mutation {
        fault: "the last byte of a chunk is not delivered",
        file: "core/src/http1/chunked.rs",
        from: "if self.size == 0 {\n                        self.state = State::DataCr;",
        to: "if self.size <= 1 {\n                        self.state = State::DataCr;",
    },
    Mutation {
        fault: "a chunk size of 17 digits is accepted and wraps",
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
        fault: "chunked framing may consist of overhead only",
        file: "core/src/http1/chunked.rs",
        from: "LimitExceeded::check(\"chunk_overhead_bytes\", config.limits.chunk_overhead_bytes, beyond)?;",
        to: "let _ = (beyond, config);",
    },
    Mutation {
        fault: "a response to HEAD has a body",
        file: "core/src/http1/framing.rs",
        from: "(MethodKind::Head, _) | (_, 204 | 304) =>",
        to: "(_, 204 | 304) =>",
    },
    Mutation {
        fault: "Connection: close is ignored",
        file: "core/src/http1/framing.rs",
        from: "self.close |= token.eq_ignore_ascii_case(b\"close\");",
        to: "self.close |= token.eq_ignore_ascii_case(b\"closed\");",
    },
    Mutation {
        fault: "a truncated body of known length is a success",
        file: "core/src/http1/receiver.rs",
        from: "Receiving::Length(left) => return truncated(Part::Body, content, Some(content.saturating_add(*left))),",
        to: "Receiving::Length(_) => {}",
    },
    Mutation {
        fault: "a truncated chunked body is a success",
        file: "core/src/http1/receiver.rs",
        from: "if !decoder.lacks_final_crlf() || !self.config.leniencies.missing_final_crlf {",
        to: "if !self.config.leniencies.missing_final_crlf {",
    },
    Mutation {
        fault: "bytes after a response do not prevent reuse",
        file: "core/src/http1/receiver.rs",
        from: "if at < input.len() {\n            self.forbid(NotReusable::Leftover);",
        to: "if at > input.len() {\n            self.forbid(NotReusable::Leftover);",
    },
    Mutation {
        fault: "informational responses are unlimited",
        file: "core/src/http1/receiver.rs",
        from: "LimitExceeded::check(\"informational_responses\", limit, self.exchange.informational.into())?;",
        to: "let _ = limit;",
    },
    Mutation {
        fault: "tolerated ambiguous framing does not prevent reuse",
        file: "core/src/http1/receiver.rs",
        from: "self.forbid(NotReusable::Poisoned(leniency));",
        to: "let _ = leniency;",
    },
    Mutation {
        fault: "a connection is reused after its request body was aborted",
        file: "core/src/http1/connection.rs",
        from: "if let Sending::Aborted = self.sender.state {\n            return Err(NotReusable::BodyAborted);\n        }\n        match &self.receiving {\n            Receiving::Idle => Ok(()),\n            Receiving::Finished if self.request_sent() => Ok(()),",
        to: "match &self.receiving {\n            Receiving::Idle => Ok(()),\n            Receiving::Finished => Ok(()),",
    },
    Mutation {
        fault: "a proxy's response of another class opens the tunnel",
        file: "core/src/http1/framing.rs",
        from: "(MethodKind::Connect, 200..=299) => return",
        to: "(MethodKind::Connect, 200..=499) => return",
    },
    Mutation {
        fault: "a field name followed by a space is accepted",
        file: "core/src/http1/fast_head.rs",
        from: "!(b.is_ascii_alphabetic() | (b == b'-'))",
        to: "!(b.is_ascii_alphabetic() | (b == b'-') | (b == b' '))",
    },
];
