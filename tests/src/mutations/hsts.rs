//! Faults of HSTS: what is stored, for whom, and when a URL is upgraded.

use super::Mutation;

const STORE: &str = "core/src/policy/hsts/store.rs";
const UPGRADE: &str = "core/src/policy/hsts/upgrade.rs";

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "an HSTS entry is shortened by a sub-domain",
        file: STORE,
        from: "let Some(host) = host_of(url).filter(|_| url.scheme() == \"https\") else { return };",
        to: "let Some(host) = host_of(url).filter(|_| url.scheme() == \"https\") else { return };\n        \
             let host = host.split_once('.').map(|(_, above)| above).filter(|above| self.get(above).is_some()).unwrap_or(host);",
    },
    Mutation {
        fault: "an HSTS field of an http response is stored",
        file: STORE,
        from: "host_of(url).filter(|_| url.scheme() == \"https\") else",
        to: "host_of(url) else",
    },
    Mutation {
        fault: "an HSTS field counts although any certificate was accepted",
        file: "core/src/route/mod.rs",
        from: "&& self.0.tls.as_ref().is_some_and(|config| !config.accepts_invalid_certs());",
        to: "&& self.0.tls.is_some();",
    },
    Mutation {
        fault: "the last of several HSTS fields counts",
        file: UPGRADE,
        from: "&& let Some(field) = head.get(FIELD)",
        to: "&& let Some(field) = head.get_all(FIELD).last()",
    },
    Mutation {
        fault: "a host with a trailing dot has no HSTS entry",
        file: STORE,
        from: "let host = host.strip_suffix('.').unwrap_or(host);",
        to: "",
    },
    Mutation {
        fault: "an IP address has an HSTS entry",
        file: STORE,
        from: "let Some(Host::Domain(host)) = url.host() else { return None };",
        to: "let Some((host, Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_))) = url.host_str().zip(url.host()) else { return None };",
    },
    Mutation {
        fault: "a host with an empty label has an HSTS entry",
        file: STORE,
        from: "(has_labels && host.len()",
        to: "((has_labels || !host.is_empty()) && host.len()",
    },
    Mutation {
        fault: "an HSTS entry always includes the sub-domains",
        file: STORE,
        from: ".any(|name| is_valid(name).is_some_and(|entry| entry.include_subdomains))",
        to: ".any(|name| is_valid(name).is_some())",
    },
    Mutation {
        fault: "an expired HSTS entry applies",
        file: STORE,
        from: ".filter(|entry| now < entry.expires)",
        to: ".filter(|entry| now <= entry.expires)",
    },
    Mutation {
        fault: "a withdrawn HSTS entry stays",
        file: STORE,
        from: "            self.remove(host);\n            return;",
        to: "            return;",
    },
    Mutation {
        fault: "an upgrade by HSTS drops the port",
        file: STORE,
        from: "url.set_scheme(\"https\").is_ok()",
        to: "url.set_port(None).is_ok() && url.set_scheme(\"https\").is_ok()",
    },
    Mutation {
        fault: "the HSTS store has no limit",
        file: STORE,
        from: "if self.entries.len() >= MAX_ENTRIES",
        to: "if self.entries.len() > MAX_ENTRIES * 2",
    },
    Mutation {
        fault: "a malformed HSTS field with two ages is stored",
        file: "core/src/policy/hsts/field.rs",
        from: "if max_age.replace(seconds(argument?)?).is_some() {",
        to: "if max_age.replace(seconds(argument?)?).is_some() && rest.len() > usize::MAX / 2 {",
    },
    Mutation {
        fault: "a loaded HSTS entry shortens the stored one",
        file: "core/src/policy/hsts/text.rs",
        from: "known.expires >= entry.expires",
        to: "known.expires == entry.expires",
    },
    Mutation {
        fault: "the option that turns HSTS off is ignored",
        file: UPGRADE,
        from: "if !hop.config.hsts {",
        to: "if !hop.config.hsts && hop.config.https_only {",
    },
    Mutation {
        fault: "cookies are chosen before the upgrade by HSTS",
        file: "core/src/transfer/hop.rs",
        from: "                self.plan(session);\n",
        to: "                self.take_route(session);\n",
    },
    Mutation {
        fault: "HSTS upgrades a redirect after its origin was judged",
        file: "core/src/policy/redirect/follow.rs",
        from: "hop.knows_hsts_hosts && matches!(outcome,",
        to: "hop.knows_hsts_hosts && hop.config.https_only && matches!(outcome,",
    },
    Mutation {
        fault: "a session's secrets leave their scope after an upgrade by HSTS",
        file: "core/src/request/follow.rs",
        from: "filter(|bound| bound.holds(&self.url)) {\n            let bound",
        to: "filter(|bound| bound.holds(&url)) {\n            let bound",
    },
];
