//! Faults of what a response's fields and body say (links, file names, lines, events), of multipart
//! forms, and of cookie files.

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
    Mutation {
        fault: "an event ID may contain NUL",
        file: "core/src/content/events/parser.rs",
        from: "b\"id\" if !value.contains(&0) =>",
        to: "b\"id\" =>",
    },
    Mutation {
        fault: "a LF after a CR in another piece is an empty line",
        file: "core/src/content/events/parser.rs",
        from: "self.after_cr = tail.starts_with(b\"\\r\");",
        to: "self.after_cr = tail.starts_with(b\"\\r\\n\");",
    },
    Mutation {
        fault: "the data of an event is not limited",
        file: "core/src/content/events/parser.rs",
        from: "check(\"event_bytes\", self.event_bytes, self.data.len() + separator + text.len())?;",
        to: "",
    },
    Mutation {
        fault: "a POST is repeated for an event stream",
        file: "core/src/transfer/event_source.rs",
        from: "repeatable: declared || is_idempotent(request.method()),",
        to: "repeatable: true,",
    },
    Mutation {
        fault: "a line of UTF-16 ends at half a unit",
        file: "core/src/content/lines.rs",
        from: ".filter(|text| text.len().is_multiple_of(feed.len()))",
        to: "",
    },
    Mutation {
        fault: "an event stream continues without the last event's ID",
        file: "transport-std/src/events.rs",
        from: "source.prepare(request.core_mut());",
        to: "let _ = (request.core_mut(), EventSource::prepare);",
    },
    Mutation {
        fault: "cancelling does not reach an event stream that waits",
        file: "transport-mio/src/driver/commands.rs",
        from: "self.refuse_delayed(|start| Arc::ptr_eq(&start.ticket, &ticket));",
        to: "",
    },
    Mutation {
        fault: "a quote in a part's name is sent as it is",
        file: "core/src/request/multipart/part.rs",
        from: "'\"' => out.push_str(\"%22\"),",
        to: "'\"' => out.push('\"'),",
    },
    Mutation {
        fault: "every form has the same boundary",
        file: "core/src/session.rs",
        from: "        self.boundaries += 1;\n",
        to: "",
    },
    Mutation {
        fault: "an invalid field of a part is left out",
        file: "core/src/request/multipart/part.rs",
        from: "self.fault = self.fault.or(set.err());",
        to: "let _ = set;",
    },
    Mutation {
        fault: "a source that ends early ends its part",
        file: "core/src/request/multipart/encoder.rs",
        from: "Err(ShortSource { expected: *length, found: self.done })",
        to: "{\n                (self.at, self.done) = (self.at + 1, 0);\n                Ok(())\n            }",
    },
    Mutation {
        fault: "the caller's Content-Type replaces that of a form",
        file: "core/src/session.rs",
        from: "if let Some(content_type) = &request.multipart {",
        to: "if let Some(content_type) = request.multipart.as_ref().filter(|_| !headers.contains(\"content-type\")) {",
    },
    Mutation {
        fault: "the files of a form are not rewound",
        file: "transport-shared/src/multipart.rs",
        from: "Source::File(file) => drop(file.seek(SeekFrom::Start(0))?),",
        to: "Source::File(_) => {}",
    },
    Mutation {
        fault: "everybody can read a cookie file",
        file: "transport-shared/src/cookie_files.rs",
        from: "OpenOptionsExt::mode(&mut options, 0o600);",
        to: "OpenOptionsExt::mode(&mut options, 0o644);",
    },
    Mutation {
        fault: "a failed save leaves a copy of the cookies",
        file: "transport-shared/src/cookie_files.rs",
        from: "let _ = fs::remove_file(&beside);",
        to: "",
    },
];
