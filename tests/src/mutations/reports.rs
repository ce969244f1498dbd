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
        file: "core/src/content/text/mod.rs",
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
        from: "request.headers.contains(\"range\");",
        to: "request.headers.contains(\"ranges\");",
    },
    Mutation {
        fault: "data behind an encoded body is not told",
        file: "core/src/transfer/deliver.rs",
        from: "if done && decoded.decoder.trailing_data().is_some() {",
        to: "if !done && decoded.decoder.trailing_data().is_some() {",
    },
    Mutation {
        fault: "a byte behind a gzip member that begins like one is corrupt data",
        file: "core/src/content/decode/gzip.rs",
        from: "                    Some(_) => {\n                        let mut tail = Tail::Clean;",
        to: "                    Some(&other) => {\n                        step.fault = Some(super::gzip_header::corrupt(\"the data does not begin with 1F 8B\"));\n                        if other != 0x8B {\n                            return step;\n                        }\n                        let mut tail = Tail::Clean;",
    },
    Mutation {
        fault: "in strict mode an encoded body cut behind its head is an empty success",
        file: "core/src/transfer/deliver.rs",
        from: "let may_be_cut = framing == Some(BodyFraming::UntilClose);",
        to: "let may_be_cut = framing == Some(BodyFraming::None);",
    },
    Mutation {
        fault: "bytes that were refused do not count as received",
        file: "core/src/http1/connection.rs",
        from: "self.exchange.received = self.exchange.received.saturating_add(after as u64);",
        to: "let _ = after;",
    },
    Mutation {
        fault: "bytes behind one that was refused count as received",
        file: "core/src/transfer/report.rs",
        from: "bytes_received = bytes_received.saturating_sub(behind as u64);",
        to: "let _ = behind;",
    },
    Mutation {
        fault: "a transfer forgets why it failed",
        file: "core/src/transfer/pending.rs",
        from: "self.failure.as_ref()",
        to: "self.failure.as_ref().filter(|_| self.ending)",
    },
    Mutation {
        fault: "an error says what its source says",
        file: "core/src/error/kind.rs",
        from: "ErrorKind::Io(e) => e.kind.fmt(f),",
        to: "ErrorKind::Io(e) => e.fmt(f),",
    },
    Mutation {
        fault: "a proxy that is dead is not called one",
        file: "core/src/error/report.rs",
        from: "(Some(proxy), Phase::Connect) => write!(f, \"connecting to the proxy {proxy}\"),",
        to: "(Some(_), Phase::Connect) => write!(f, \"{phase}\"),",
    },
    Mutation {
        fault: "the TLS handshake with a proxy passes for that with the origin",
        file: "core/src/transfer/exchange.rs",
        from: "proxy.is_some_and(Proxy::is_https) && link.opens_first_layer()",
        to: "proxy.is_some_and(Proxy::is_https) && !link.opens_first_layer()",
    },
    Mutation {
        fault: "a proxy is given a field that frames its message",
        file: "core/src/route/proxy.rs",
        from: "if let Some(instead) = owned_of_proxy(name) {",
        to: "if let Some(instead) = owned_of_proxy(name).filter(|_| value.is_empty()) {",
    },
    Mutation {
        fault: "a bad Host is said to hold a control character",
        file: "core/src/request/prepared.rs",
        from: "return Err(BuildError::Header(HeaderError::Host { byte }));",
        to: "let byte = byte.unwrap_or(b'@');\n                return Err(BuildError::Header(HeaderError::Value { name: name.into(), byte }));",
    },
    Mutation {
        fault: "a URL that is refused is not shown",
        file: "core/src/request/mod.rs",
        from: "Target::Text(text) => url::excerpt(text),",
        to: "Target::Text(_) => String::from(\"(URL not understood)\"),",
    },
    Mutation {
        fault: "a URL that is refused is shown with its credentials",
        file: "core/src/url/excerpt.rs",
        from: "let shown = if text.contains('@') {",
        to: "let shown = if text.is_empty() {",
    },
    Mutation {
        fault: "a body that has failed is cancelled when it is asked for again",
        file: "transport-std/src/body.rs",
        from: "            Body::Failed(error) => return Err(error.clone()),",
        to: "            Body::Failed(_) => return Err(self.call.transfer.error(ErrorKind::Cancelled)),",
    },
    Mutation {
        fault: "a body that has failed says another error when it is read again",
        file: "transport-std/src/body.rs",
        from: "Body::Failed(error) => return Err(into_io(error.clone())),",
        to: "Body::Failed(_) => return Err(io::Error::other(\"the body has failed before\")),",
    },
    Mutation {
        fault: "a status below 500 is no error where one is asked for",
        file: "core/src/transfer/mod.rs",
        from: "if status.is_client_error() || status.is_server_error() {",
        to: "if status.is_server_error() {",
    },
    Mutation {
        fault: "the error in a reader's error is wrapped once more",
        file: "core/src/error/from.rs",
        from: "Ok(inner) => inner,",
        to: "Ok(inner) => Error::outside(ErrorKind::Io(IoFailure::from(&io::Error::other(inner)))),",
    },
    Mutation {
        fault: "a handshake that fails is no failure to connect",
        file: "core/src/error/report.rs",
        from: "|| self.0.failed_in(&[Resolve, Connect, Proxy, ProxyTls, Tls])",
        to: "",
    },
    Mutation {
        fault: "what the caller cancelled while it was being read is a body that failed",
        file: "core/src/error/report.rs",
        from: "&& !matches!(self.kind, ErrorKind::Cancelled | ErrorKind::Unavailable(_))",
        to: "",
    },
];
