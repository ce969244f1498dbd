//! Faults of what a caller is told: bodies that are no text, data behind an encoded body, cookies from a file, errors.

use super::Mutation;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "a cookies.txt without an expiry loses its session cookies",
        file: "core/src/cookie/netscape.rs",
        from: "if text.is_empty() || text.starts_with('-') {",
        to: "if text.starts_with('-') {",
    },
    Mutation {
        fault: "the first line behind a byte order mark is no cookie",
        file: "core/src/cookie/netscape.rs",
        from: "let text = text.strip_prefix(b\"\\xEF\\xBB\\xBF\").unwrap_or(text);",
        to: "",
    },
    Mutation {
        fault: "an empty body is no text where a field names an unknown coding",
        file: "core/src/transfer/content.rs",
        from: "names if !names.is_empty() && !body.is_empty() =>",
        to: "names if !names.is_empty() =>",
    },
    Mutation {
        fault: "an empty body is no text where a field names an unknown charset",
        file: "core/src/text.rs",
        from: "if strict && !bytes.is_empty() {",
        to: "if strict {",
    },
    Mutation {
        fault: "an answer without a body has codings left on it",
        file: "core/src/transfer/deliver.rs",
        from: "if framing == Some(BodyFraming::None) {",
        to: "if framing == Some(BodyFraming::Length(0)) {",
    },
    Mutation {
        fault: "a part of an encoded body is decoded",
        file: "core/src/transfer/deliver.rs",
        from: "request.headers.mentions(\"range\");",
        to: "request.headers.mentions(\"ranges\");",
    },
    Mutation {
        fault: "data behind an encoded body is not told",
        file: "core/src/transfer/deliver.rs",
        from: "if done && decoded.decoder.trailing_data().is_some() {",
        to: "if !done && decoded.decoder.trailing_data().is_some() {",
    },
    Mutation {
        fault: "a byte behind a gzip member that begins like one is corrupt data",
        file: "core/src/decode/gzip.rs",
        from: "                    Some(_) => {\n                        let mut tail = Tail::Clean;",
        to: "                    Some(&other) => {\n                        step.fault = Some(super::gzip_header::corrupt(\"it does not begin with 1F 8B\"));\n                        if other != 0x8B {\n                            return step;\n                        }\n                        let mut tail = Tail::Clean;",
    },
    Mutation {
        fault: "in strict mode an encoded body cut behind its head is an empty success",
        file: "core/src/transfer/deliver.rs",
        from: "if settings.strict && framing == Some(BodyFraming::UntilClose) {",
        to: "if settings.strict && framing == Some(BodyFraming::None) {",
    },
];
