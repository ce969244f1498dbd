//! Faults of uploads and of what a response gives back: the order of write and source, the causes of failed writes, slots.

use super::Mutation;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "the source of a body is asked before pending output is written",
        file: "core/src/transfer/exchange.rs",
        from: "        } else if self.can_write() {\n            Output::Transmit\n        } else if self.wants_body() && !self.blocked.body {\n            Output::NeedBody\n",
        to: "        } else if self.wants_body() && !self.blocked.body {\n            Output::NeedBody\n        } else if self.can_write() {\n            Output::Transmit\n",
    },
    Mutation {
        fault: "an early response is not read before the upload goes on",
        file: "core/src/transfer/exchange.rs",
        from: "if self.blocked.read == ReadSide::Ready {",
        to: "if false {",
    },
    Mutation {
        fault: "a transfer of an engine is not told that its socket can be read while it uploads",
        file: "core/src/engine/inputs.rs",
        from: "transfer.is_blocked(Side::Read) || transfer.is_uploading()",
        to: "transfer.is_blocked(Side::Read)",
    },
    Mutation {
        fault: "small pieces become a chunk each while writing would block",
        file: "core/src/transfer/upload.rs",
        from: "!link.outgoing().is_empty() && bytes.len() < SMALL",
        to: "bytes.len() > usize::MAX - SMALL",
    },
    Mutation {
        fault: "a failed write hides the alert behind it",
        file: "core/src/transfer/report.rs",
        from: "                if error.is_truncation() =>\n",
        to: "                if !error.is_truncation() || error.is_truncation() =>\n",
    },
    Mutation {
        fault: "a write that fails in a handshake ends it before the alert is read",
        file: "core/src/transfer/exchange.rs",
        from: "(Stage::Establish { send_failed, .. }, Side::Write) => {",
        to: "(Stage::Establish { send_failed, .. }, Side::Write) if send_failed.is_some() => {",
    },
    Mutation {
        fault: "a closure alert in a handshake is waited out",
        file: "core/src/tls/layer.rs",
        from: "Some([21, 3, _, 0, 2, _, 0])",
        to: "Some([99, 3, _, 0, 2, _, 0])",
    },
    Mutation {
        fault: "no time to wait is too little for a free slot",
        file: "core/src/transfer/deadlines.rs",
        from: "let waited = since.take();",
        to: "let waited = *since;",
    },
    Mutation {
        fault: "cookies of a 417 are dropped",
        file: "core/src/policy/cookies.rs",
        from: "(outcome, memory, hop.config.cookies) else",
        to: "(outcome, memory, hop.config.cookies && !matches!(outcome, Outcome::Head(head) if head.status() == 417)) else",
    },
    Mutation {
        fault: "a 417 is repeated without a word",
        file: "core/src/transfer/hop.rs",
        from: "            self.pending.event(Event::Again(again.why));\n",
        to: "            if again.why != Why::ExpectationFailed {\n                self.pending.event(Event::Again(again.why));\n            }\n",
    },
    Mutation {
        fault: "trailers are gone when the response is done",
        file: "core/src/transfer/drain.rs",
        from: "self.chain.cold_mut().trailers = Some(trailers);",
        to: "drop(trailers);",
    },
    Mutation {
        fault: "petition-std asks a slow source on without a look at the socket",
        file: "transport-std/src/upload.rs",
        from: "self.unchecked_bytes >= CHECK_BYTES || now.saturating_since(since) >= CHECK_TIME",
        to: "self.unchecked_bytes == usize::MAX && now.saturating_since(since) >= CHECK_TIME",
    },
    Mutation {
        fault: "a reader that reports too much ends a chunked body",
        file: "transport-std/src/upload.rs",
        from: "Ok(n) if n > self.buffer.len() => {",
        to: "Ok(n) if n == usize::MAX => {",
    },
    Mutation {
        fault: "a handler that reports too much is believed",
        file: "transport-mio/src/driver/mod.rs",
        from: "Ok(UploadChunk::Bytes(given)) if given > room => {",
        to: "Ok(UploadChunk::Bytes(given)) if given == usize::MAX => {",
    },
    Mutation {
        fault: "each byte of a handler is written alone",
        file: "transport-mio/src/driver/mod.rs",
        from: "Ok(UploadChunk::Bytes(given @ 1..)) => n += given,",
        to: "Ok(UploadChunk::Bytes(given @ 1..)) => return (n + given, None),",
    },
    Mutation {
        fault: "connections that are not kept have no slots",
        file: "transport-std/src/shared_pool.rs",
        from: "Acquire::New => pool.open(route),",
        to: "Acquire::New => Take::Open { evicted: None },",
    },
    Mutation {
        fault: "an order to close is lost when the caller comes back",
        file: "transport-std/src/drive/mod.rs",
        from: "if is_offer(&output) && self.wait_again() {",
        to: "if (is_offer(&output) || true) && self.wait_again() {",
    },
    Mutation {
        fault: "a connection is let go only when more than the whole body is asked for",
        file: "transport-std/src/body.rs",
        from: "if !self.call.transfer.body().is_empty() || !(here || self.call.transfer.is_received()) {",
        to: "if here || !here {",
    },
];
