//! Faults in reports to the caller: bodies that are no text, data after an encoded body, cookies
//! from a file, errors.

use super::Mutation;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "a cookies.txt without an expiry loses its session cookies",
        file: "core/src/cookie/netscape.rs",
        from: "if text.is_empty() || text.starts_with('-') {",
        to: "if text.starts_with('-') {",
    },
    Mutation {
        fault: "the first line after a byte order mark is skipped",
        file: "core/src/cookie/netscape.rs",
        from: "let text = text.strip_prefix(b\"\\xEF\\xBB\\xBF\").unwrap_or(text);",
        to: "",
    },
    Mutation {
        fault: "an empty body in an unknown coding is not text",
        file: "core/src/transfer/content.rs",
        from: "names if !names.is_empty() && !body.is_empty() =>",
        to: "names if !names.is_empty() =>",
    },
    Mutation {
        fault: "an empty body in an unknown charset is not text",
        file: "core/src/content/text/mod.rs",
        from: "if strict && !bytes.is_empty() {",
        to: "if strict {",
    },
    Mutation {
        fault: "a response without a body reports undecoded codings",
        file: "core/src/transfer/deliver.rs",
        from: "if framing == Some(BodyFraming::None) {",
        to: "if framing == Some(BodyFraming::Length(0)) {",
    },
    Mutation {
        fault: "partial content is decoded",
        file: "core/src/transfer/deliver.rs",
        from: "request.headers.contains(\"range\");",
        to: "request.headers.contains(\"ranges\");",
    },
    Mutation {
        fault: "trailing data after an encoded body is not reported",
        file: "core/src/transfer/deliver.rs",
        from: "if done && decoded.decoder.trailing_data().is_some() {",
        to: "if done && decoded.decoder.trailing_data().is_none() {",
    },
    Mutation {
        fault: "a byte after a gzip member that resembles another is corrupt data",
        file: "core/src/content/decode/gzip.rs",
        from: "                    Some(_) => {\n                        let mut tail = Tail::Clean;",
        to: "                    Some(&other) => {\n                        step.fault = Some(super::gzip_header::corrupt(\"the data does not begin with 1F 8B\"));\n                        if other != 0x8B {\n                            return step;\n                        }\n                        let mut tail = Tail::Clean;",
    },
    Mutation {
        fault: "in strict mode an encoded body truncated after its head is an empty success",
        file: "core/src/transfer/deliver.rs",
        from: "let may_be_cut = framing == Some(BodyFraming::UntilClose);",
        to: "let may_be_cut = framing == Some(BodyFraming::None);",
    },
    Mutation {
        fault: "rejected bytes do not count as received",
        file: "core/src/http1/connection.rs",
        from: "self.exchange.received = self.exchange.received.saturating_add(after as u64);",
        to: "let _ = after;",
    },
    Mutation {
        fault: "bytes after a rejected one count as received",
        file: "core/src/transfer/report.rs",
        from: "bytes_received = bytes_received.saturating_sub(behind as u64);",
        to: "let _ = behind;",
    },
    Mutation {
        fault: "a transfer loses the cause of its failure",
        file: "core/src/transfer/pending.rs",
        from: "self.failure.as_ref()",
        to: "self.failure.as_ref().filter(|_| self.ending)",
    },
    Mutation {
        fault: "an error repeats its source",
        file: "core/src/error/kind.rs",
        from: "ErrorKind::Io(e) => e.kind.fmt(f),",
        to: "ErrorKind::Io(e) => e.fmt(f),",
    },
    Mutation {
        fault: "an error about a dead proxy does not name it as a proxy",
        file: "core/src/error/report.rs",
        from: "(Some(proxy), Phase::Connect) => write!(f, \"connecting to the proxy {proxy}\"),",
        to: "(Some(_), Phase::Connect) => write!(f, \"{phase}\"),",
    },
    Mutation {
        fault: "the TLS handshake with a proxy is reported as the origin's",
        file: "core/src/transfer/exchange.rs",
        from: "proxy.is_some_and(Proxy::is_https) && link.opens_first_layer()",
        to: "proxy.is_some_and(Proxy::is_https) && !link.opens_first_layer()",
    },
    Mutation {
        fault: "a framing field is accepted for a proxy",
        file: "core/src/route/proxy.rs",
        from: "if let Some(instead) = owned_of_proxy(name) {",
        to: "if let Some(instead) = owned_of_proxy(name).filter(|_| value.is_empty()) {",
    },
    Mutation {
        fault: "an invalid Host is reported as a control character",
        file: "core/src/request/prepared.rs",
        from: "return Err(BuildError::Header(HeaderError::Host { byte }));",
        to: "let byte = byte.unwrap_or(b'@');\n                return Err(BuildError::Header(HeaderError::Value { name: name.into(), byte }));",
    },
    Mutation {
        fault: "a rejected URL is not shown",
        file: "core/src/request/mod.rs",
        from: "Target::Text(text) => url::excerpt(text),",
        to: "Target::Text(_) => String::from(\"(URL not understood)\"),",
    },
    Mutation {
        fault: "a rejected URL is shown with its credentials",
        file: "core/src/url/excerpt.rs",
        from: "let shown = if text.contains('@') {",
        to: "let shown = if text.is_empty() {",
    },
    Mutation {
        fault: "a failed body is reported as cancelled when read again",
        file: "transport-std/src/body.rs",
        from: "            Body::Failed(error) => return Err(error.clone()),",
        to: "            Body::Failed(_) => return Err(self.call.transfer.error(ErrorKind::Cancelled)),",
    },
    Mutation {
        fault: "a failed body gives another error when read again",
        file: "transport-std/src/body.rs",
        from: "Body::Failed(error) => return Err(into_io(error.clone())),",
        to: "Body::Failed(_) => return Err(io::Error::other(\"the body has failed before\")),",
    },
    Mutation {
        fault: "error_for_status accepts a status below 500",
        file: "core/src/transfer/mod.rs",
        from: "if status.is_client_error() || status.is_server_error() {",
        to: "if status.is_server_error() {",
    },
    Mutation {
        fault: "an error inside a reader's error is wrapped again",
        file: "core/src/error/from.rs",
        from: "Ok(inner) => inner,",
        to: "Ok(inner) => Error::outside(ErrorKind::Io(IoFailure::from(&io::Error::other(inner)))),",
    },
    Mutation {
        fault: "a failed handshake is not a connect error",
        file: "core/src/error/report.rs",
        from: "|| self.0.failed_in(&[Resolve, Connect, Proxy, ProxyTls, Tls])",
        to: "",
    },
    Mutation {
        fault: "a body that the caller cancelled is reported as failed",
        file: "core/src/error/report.rs",
        from: "&& !matches!(self.kind, ErrorKind::Cancelled | ErrorKind::Unavailable(_))",
        to: "",
    },
];
