//! Faults of the response head: what malformed input is tolerated, and what it costs.

use super::Mutation;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "a folded Set-Cookie is rejected",
        file: "core/src/http1/parse.rs",
        from: "if guarded() {\n                    let name = Excerpt::new(field.name.as_bytes());\n                    return Err(ProtocolError::ObsFold",
        to: "if guarded() || field.name.eq_ignore_ascii_case(\"set-cookie\") {\n                    let name = Excerpt::new(field.name.as_bytes());\n                    return Err(ProtocolError::ObsFold",
    },
    Mutation {
        fault: "an empty element of Transfer-Encoding counts as a coding",
        file: "core/src/http1/framing.rs",
        from: "elements(value).filter(|coding| !coding.is_empty()) {",
        to: "elements(value) {",
    },
    Mutation {
        fault: "a tolerated identity coding does not prevent reuse",
        file: "core/src/http1/config.rs",
        from: "                | Leniency::IdentityTransferCoding\n",
        to: "",
    },
    Mutation {
        fault: "an empty chunk extension is always rejected",
        file: "core/src/http1/chunked.rs",
        from: "(ExtStart, b'\\r') => tolerated(Leniency::EmptyChunkExtension, ProtocolError::ChunkExtension { byte })?,",
        to: "(ExtStart, b'\\r') => return Err(ProtocolError::ChunkExtension { byte }),",
    },
    Mutation {
        fault: "a tab counts as a space at the end of a chunk size line",
        file: "core/src/http1/chunked.rs",
        from: "let tab = byte == b'\\t';",
        to: "let tab = false;",
    },
    Mutation {
        fault: "several spaces in a status line are always rejected",
        file: "core/src/http1/status_line.rs",
        from: "if let ([b' ', ..], true) = (code, config.leniencies.spaces_in_status_line) {",
        to: "if let ([b' ', ..], true) = (code, false) {",
    },
    Mutation {
        fault: "a control character in a value is always rejected",
        file: "core/src/http1/parse.rs",
        from: "let controls = config.leniencies.control_in_value &&",
        to: "let controls = false &&",
    },
    Mutation {
        fault: "a control character is accepted in a framing or Location field",
        file: "core/src/http1/parse.rs",
        from: "if guarded() {\n                let name = Excerpt::new(field.name.as_bytes());\n                return Err(ProtocolError::FieldValue",
        to: "if false {\n                let name = Excerpt::new(field.name.as_bytes());\n                return Err(ProtocolError::FieldValue",
    },
];
