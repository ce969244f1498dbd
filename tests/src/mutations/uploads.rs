//! Faults of uploads and of what a response gives back: the order of write and source, the causes
//! of failed writes, slots.

use super::Mutation;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "a body source is read before pending output is written",
        file: "core/src/transfer/exchange.rs",
        from: "        } else if self.can_write() {\n            Want::Transmit\n        } else if self.wants_body() && !self.blocked.body {\n            Want::NeedBody\n",
        to: "        } else if self.wants_body() && !self.blocked.body {\n            Want::NeedBody\n        } else if self.can_write() {\n            Want::Transmit\n",
    },
    Mutation {
        fault: "an upload continues before an early response is read",
        file: "core/src/transfer/exchange.rs",
        from: "if self.blocked.read == ReadSide::Ready {",
        to: "if false {",
    },
    Mutation {
        fault: "an engine does not report a readable socket during an upload",
        file: "core/src/engine/inputs.rs",
        from: "slot.transfer.is_blocked(Side::Read) || slot.transfer.is_uploading()",
        to: "slot.transfer.is_blocked(Side::Read)",
    },
    Mutation {
        fault: "each small piece becomes a chunk while writing would block",
        file: "core/src/transfer/upload.rs",
        from: "!link.outgoing().is_empty() && bytes.len() < SMALL",
        to: "bytes.len() > usize::MAX - SMALL",
    },
    Mutation {
        fault: "a failed write hides the alert that explains it",
        file: "core/src/transfer/report.rs",
        from: "                if error.is_truncation() =>\n",
        to: "                if !error.is_truncation() || error.is_truncation() =>\n",
    },
    Mutation {
        fault: "a failed write in a handshake ends it before the alert is read",
        file: "core/src/transfer/exchange.rs",
        from: "(Stage::Establish { send_failed, .. }, Side::Write) => {",
        to: "(Stage::Establish { send_failed, .. }, Side::Write) if send_failed.is_some() => {",
    },
    Mutation {
        fault: "a closure alert in a handshake does not end it",
        file: "core/src/tls/layer.rs",
        from: "Some([21, 3, _, 0, 2, _, 0])",
        to: "Some([99, 3, _, 0, 2, _, 0])",
    },
    Mutation {
        fault: "a zero wait does not get a free slot",
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
        fault: "the hop after a 417 is not reported",
        file: "core/src/transfer/hop.rs",
        from: "            self.pending.event(Event::Again(again.why));\n",
        to: "            if again.why != crate::policy::Why::ExpectationFailed {\n                self.pending.event(Event::Again(again.why));\n            }\n",
    },
    Mutation {
        fault: "trailers are lost when the response is done",
        file: "core/src/transfer/drain.rs",
        from: "self.chain.cold_mut().trailers = Some(trailers);",
        to: "drop(trailers);",
    },
    Mutation {
        fault: "petition-std reads a slow source without checking the socket",
        file: "transport-std/src/upload.rs",
        from: "self.unchecked_bytes >= CHECK_BYTES || now.saturating_since(since) >= CHECK_TIME",
        to: "self.unchecked_bytes == usize::MAX && now.saturating_since(since) >= CHECK_TIME",
    },
    Mutation {
        fault: "a reader that reports too many bytes ends a chunked body",
        file: "transport-std/src/upload.rs",
        from: "Ok(n) if n > self.buffer.len() => {",
        to: "Ok(n) if n == usize::MAX => {",
    },
    Mutation {
        fault: "a handler may report more bytes than it wrote",
        file: "transport-mio/src/driver/mod.rs",
        from: "Ok(UploadChunk::Bytes(given)) if given > room => {",
        to: "Ok(UploadChunk::Bytes(given)) if given == usize::MAX => {",
    },
    Mutation {
        fault: "each byte from a handler becomes one write",
        file: "transport-mio/src/driver/mod.rs",
        from: "Ok(UploadChunk::Bytes(given @ 1..)) => n += given,",
        to: "Ok(UploadChunk::Bytes(given @ 1..)) => return (n + given, None),",
    },
    Mutation {
        fault: "connections outside the pool have no slots",
        file: "transport-std/src/shared_pool.rs",
        from: "Acquire::New => pool.open(route),",
        to: "Acquire::New => Take::Open { evicted: None },",
    },
    Mutation {
        fault: "an order to close is lost when the caller returns",
        file: "transport-std/src/drive/mod.rs",
        from: "if !(is_offer(output) && self.wait_again()) {",
        to: "if !self.wait_again() {",
    },
    Mutation {
        fault: "a connection is released only by a read beyond the body",
        file: "transport-std/src/body.rs",
        from: "if !self.call.transfer.body().is_empty() || !(at_hand || self.call.transfer.is_received()) {",
        to: "if at_hand || !at_hand {",
    },
];
