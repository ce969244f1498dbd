//! Faults of where secrets and bodies go, and of options that are about that.

use super::Mutation;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "session secrets are sent to origins other than the base URL's",
        file: "core/src/session.rs",
        from: "settings.bound.clone().filter(|bound| !bound.holds(&url));",
        to: "settings.bound.clone().filter(|_| false);",
    },
    Mutation {
        fault: "a redirect policy widens the scope of session secrets",
        file: "core/src/request/follow.rs",
        from: "if bound.holds(&self.url) && !bound.holds(next) {",
        to: "if bound.holds(&self.url) && !bound.holds(next) && next.port() == Some(1) {",
    },
    Mutation {
        fault: "unverified TLS settings follow a redirect to another origin",
        file: "core/src/request/follow.rs",
        from: "if !may_stay {",
        to: "if !may_stay && next.port() == Some(1) {",
    },
    Mutation {
        fault: "a session's unverified TLS settings apply to every origin",
        file: "core/src/options/secret_scope.rs",
        from: "merged.tls = merged.tls.as_ref().and_then(TlsConfig::without_secrets);",
        to: "",
    },
    Mutation {
        fault: "a proxy gets a session's TLS secrets that are bound to an origin",
        file: "core/src/options/secret_scope.rs",
        from: "if self.holds(proxy.url()) || others.as_ref() == Some(config) {",
        to: "if self.holds(proxy.url()) || others.as_ref() != Some(config) {",
    },
    Mutation {
        fault: "a redirect sends the body to an excluded origin",
        file: "core/src/policy/redirect/decide.rs",
        from: "CrossOriginBody::Refuse if !same =>",
        to: "CrossOriginBody::Refuse if !same && crossing == Crossing::Downgrade =>",
    },
    Mutation {
        fault: "a redirect sends the body from https to plain http",
        file: "core/src/policy/redirect/decide.rs",
        from: "CrossOriginBody::Send if crossing == Crossing::Downgrade =>",
        to: "CrossOriginBody::Send if crossing == Crossing::Downgrade && policy.referer =>",
    },
    Mutation {
        fault: "cookies with longer paths displace Secure ones from the field",
        file: "core/src/cookie/explain.rs",
        from: "let (taken, count) = match cookie.secure {\n            true =>",
        to: "let (taken, count) = match self.room == 0 {\n            true =>",
    },
    Mutation {
        fault: "setting one part of a composite option resets the others",
        file: "core/src/options/settings.rs",
        from: "change(&mut self.level_mut().$part);",
        to: "let level = self.level_mut();\n                    level.$part = Default::default();\n                    change(&mut level.$part);",
    },
    Mutation {
        fault: "clearing a composite option keeps the lower level's parts",
        file: "core/src/options/composite.rs",
        from: "$($part: Setting::Clear,)*",
        to: "$($part: Setting::Inherit,)*",
    },
    Mutation {
        fault: "an unset part of a composite option resets the lower level's",
        file: "core/src/options/composite.rs",
        from: "self.$part.layered_over(&lower.$part, default.$part)",
        to: "self.$part.layered_over(&default.$part, { let _ = lower; default.$part })",
    },
    Mutation {
        fault: "https_only applies only to the first hop",
        file: "core/src/policy/redirect/follow.rs",
        from: "if config.https_only && Scheme::of(&next.url) != Scheme::Https =>",
        to: "if config.https_only && Scheme::of(&next.url) == Scheme::Other =>",
    },
    Mutation {
        fault: "a redirect policy against plain http refuses the first request",
        file: "core/src/request/prepared.rs",
        from: "if self.settings.https_only && self.url.scheme()",
        to: "if self.settings.redirects.plain_http == crate::policy::redirect::PlainHttp::Refused && self.url.scheme()",
    },
    Mutation {
        fault: "a request to remove Host is ignored",
        file: "core/src/request/prepared.rs",
        from: "if is(\"host\") || framing.is_some_and(is) {",
        to: "if framing.is_some_and(is) {",
    },
    Mutation {
        fault: "a client certificate without a key is reported as an empty text",
        file: "core/src/tls/config.rs",
        from: "pem::Error::NoItemsFound => TlsConfigError::NoPrivateKey,",
        to: "",
    },
    Mutation {
        fault: "a parsed URL may have an empty label in its host",
        file: "core/src/url/parse.rs",
        from: "    check_host(&url)?;\n    Ok((url, None))",
        to: "    Ok((url, None))",
    },
    Mutation {
        fault: "a base URL is not checked",
        file: "core/src/url/reference.rs",
        from: "    parse::check_parsed(base)?;\n",
        to: "",
    },
    Mutation {
        fault: "a plain connection serves an https request",
        file: "core/src/transfer/connect.rs",
        from: "if !self.route.as_ref().is_some_and(|route| route.fits(&link) && route.leads_to(peer.as_ref())) {",
        to: "if !self.route.as_ref().is_some_and(|route| route.leads_to(peer.as_ref())) {",
    },
    Mutation {
        fault: "Debug output shows the values of unknown fields",
        file: "core/src/redaction.rs",
        from: "shown: !sensitive && SHOWN.iter().any(|shown| shown.eq_ignore_ascii_case(name))",
        to: "shown: !sensitive && !crate::headers::is_sensitive_name(name) && !SHOWN.is_empty()",
    },
    Mutation {
        fault: "Debug output shows the body of a proxy's refusal",
        file: "core/src/link/proxy_failure.rs",
        from: ".field(\"body_bytes\", &self.body.len())",
        to: ".field(\"body_bytes\", &self.body)",
    },
    Mutation {
        fault: "Debug output shows received bytes",
        file: "core/src/transfer/io.rs",
        from: "&format_args!(\"{} bytes\", bytes.len())",
        to: "&bytes.escape_ascii().to_string()",
    },
    Mutation {
        fault: "a JSON error quotes the document",
        file: "core/src/json_error.rs",
        from: "write_data(f, message)?;",
        to: "f.write_str(message)?; let _ = write_data;",
    },
    Mutation {
        fault: "a name mismatch shows its names in Debug form",
        file: "core/src/link/tls_failure.rs",
        from: "presented.into_iter().map(bare_name).collect();",
        to: "presented.into_iter().map(|name| if name.is_empty() { bare_name(name) } else { name }).collect();",
    },
    Mutation {
        fault: "a PEM error quotes a line of a key",
        file: "core/src/tls/config.rs",
        from: "pem::Error::IllegalSectionStart { .. } => \"a BEGIN line is malformed (is it on a line of its own?)\".into(),",
        to: "pem::Error::IllegalSectionStart { line } => String::from_utf8_lossy(line).into_owned(),",
    },
];
