//! Faults of where secrets and bodies go, and of options that are about that.

use super::Mutation;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "secrets of a session go to origins other than its base URL's",
        file: "core/src/session.rs",
        from: "settings.bound.clone().filter(|bound| !bound.holds(&url));",
        to: "settings.bound.clone().filter(|_| false);",
    },
    Mutation {
        fault: "a redirect policy takes secrets of a session out of their scope",
        file: "core/src/secret_scope.rs",
        from: "if self.holds(&request.url) && !self.holds(next) {",
        to: "if self.holds(&request.url) && !self.holds(next) && self.origins.is_empty() {",
    },
    Mutation {
        fault: "TLS settings that do not verify follow a redirect to another origin",
        file: "core/src/secret_scope.rs",
        from: "if !may_stay {",
        to: "if !may_stay && self.origins.is_empty() {",
    },
    Mutation {
        fault: "TLS settings of a session that do not verify are used for every origin",
        file: "core/src/secret_scope.rs",
        from: "merged.tls = merged.tls.as_ref().and_then(TlsConfig::without_secrets);",
        to: "",
    },
    Mutation {
        fault: "a redirect takes the body to an origin that may not have it",
        file: "core/src/redirect/decide.rs",
        from: "CrossOriginBody::Refuse if !same =>",
        to: "CrossOriginBody::Refuse if !same && crossing == Crossing::Downgrade =>",
    },
    Mutation {
        fault: "a redirect takes the body from https to plain http",
        file: "core/src/redirect/decide.rs",
        from: "CrossOriginBody::Send if crossing == Crossing::Downgrade =>",
        to: "CrossOriginBody::Send if crossing == Crossing::Downgrade && policy.referer =>",
    },
    Mutation {
        fault: "cookies with longer paths crowd Secure ones out of the field",
        file: "core/src/cookie/explain.rs",
        from: "let (taken, count) = match cookie.secure {\n            true =>",
        to: "let (taken, count) = match self.room == 0 {\n            true =>",
    },
    Mutation {
        fault: "a number of redirects set on a request resets the session's redirect policy",
        file: "core/src/request.rs",
        from: "self.options.scalars_mut().redirect.follow = Setting::Set(Follow::AtMost(most));",
        to: "self.options.scalars_mut().redirect = crate::redirect::Policy { follow: Follow::AtMost(most), ..Default::default() }.into();",
    },
    Mutation {
        fault: "a part of a composite option that is not set resets the lower level's",
        file: "core/src/options/composite.rs",
        from: "self.$part.over(&lower.$part, default.$part)",
        to: "self.$part.over(&default.$part, { let _ = lower; default.$part })",
    },
    Mutation {
        fault: "https_only is about the first hop alone",
        file: "core/src/transfer/judge.rs",
        from: "if settings.https_only && Scheme::of(&next.url) != Scheme::Https =>",
        to: "if settings.https_only && Scheme::of(&next.url) == Scheme::Other =>",
    },
    Mutation {
        fault: "a redirect policy against plain http refuses the first request",
        file: "core/src/prepared.rs",
        from: "if self.settings.https_only && self.url.scheme()",
        to: "if self.settings.redirect.plain_http == crate::redirect::PlainHttp::Refused && self.url.scheme()",
    },
    Mutation {
        fault: "that Host is to be removed is passed over",
        file: "core/src/prepared.rs",
        from: "if is(\"host\") || framing.is_some_and(is) {",
        to: "if framing.is_some_and(is) {",
    },
    Mutation {
        fault: "a client certificate without a key is no more than a text without items",
        file: "core/src/tls/config.rs",
        from: "pem::Error::NoItemsFound => TlsConfigError::NoPrivateKey,",
        to: "",
    },
    Mutation {
        fault: "a parsed URL may have an empty label in its host",
        file: "core/src/url_rules/door.rs",
        from: "    check_host(&url)?;\n    Ok((url, None))",
        to: "    Ok((url, None))",
    },
    Mutation {
        fault: "a base URL is not checked",
        file: "core/src/url_rules/reference.rs",
        from: "    door::check_parsed(base)?;\n",
        to: "",
    },
    Mutation {
        fault: "a plain connection serves an https request",
        file: "core/src/transfer/connect.rs",
        from: "if !self.route.as_ref().is_some_and(|route| route.is_fit(&link)) {",
        to: "if self.route.is_none() {",
    },
];
