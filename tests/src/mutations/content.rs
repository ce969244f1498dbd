//! Faults of what a response's fields and body say: links, file names, events; and of the bodies
//! that core builds.

use super::Mutation;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "a suggested file name keeps its directories",
        file: "core/src/content/disposition.rs",
        from: "name.rsplit(['/', '\\\\']).next()",
        to: "name.rsplit(['/']).next()",
    },
    Mutation {
        fault: "a suggested file name may be that of a device with an extension",
        file: "core/src/content/disposition.rs",
        from: "let stem = name.split('.').next().unwrap_or_default().trim_end();",
        to: "let stem = name.trim_end();",
    },
    Mutation {
        fault: "an incomplete percent-encoding ends an extended value",
        file: "core/src/content/ext_value.rs",
        from: "let (digits, tail) = rest.split_first_chunk::<2>()?;",
        to: "let Some((digits, tail)) = rest.split_first_chunk::<2>() else { return Some(decoded) };",
    },
    Mutation {
        fault: "a link about another resource counts as one of this response",
        file: "core/src/transfer/response_info.rs",
        from: "link.has_rel(relation) && link.parameter(\"anchor\").is_none();",
        to: "link.has_rel(relation);",
    },
    Mutation {
        fault: "a comma in a quoted string ends a link",
        file: "core/src/content/link.rs",
        from: "let Some(mut rest) = field.strip_prefix(b\"\\\"\") else {",
        to: "let Some(mut rest) = field.strip_prefix(b\"\\\"\\\"\") else {",
    },
];
