//! Faults of what a session keeps and of what it writes: cookies, URLs, fields, decoding.

use super::Mutation;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "a cookie of example.org is sent to badexample.org",
        file: "core/src/cookie/host.rs",
        from: "Host::Name(host) => host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),",
        to: "Host::Name(host) => host.ends_with(domain),",
    },
    Mutation {
        fault: "a cookie of /a is sent to /ab",
        file: "core/src/cookie/path.rs",
        from: "Some(rest) => rest.is_empty() || cookie_path.ends_with(b\"/\") || rest.starts_with(b\"/\"),",
        to: "Some(_) => true,",
    },
    Mutation {
        fault: "a host-only cookie is sent to subdomains",
        file: "core/src/cookie/explain.rs",
        from: "Scope::HostOnly if host.as_str() != &*cookie.domain =>",
        to: "Scope::HostOnly if !host.matches(&cookie.domain) =>",
    },
    Mutation {
        fault: "a Secure cookie is sent over plain http",
        file: "core/src/cookie/explain.rs",
        from: "if cookie.secure && self.origin.channel == Channel::Insecure {",
        to: "if cookie.secure && self.origin.channel == Channel::Insecure && self.room > usize::MAX / 2 {",
    },
    Mutation {
        fault: "an expired cookie is sent",
        file: "core/src/cookie/stored.rs",
        from: "self.expires.is_some_and(|expires| expires <= now)",
        to: "self.expires.is_some_and(|expires| expires < now)",
    },
    Mutation {
        fault: "a cookie for a public suffix is accepted",
        file: "core/src/cookie/admit.rs",
        from: "true => Err(Rejected::PublicSuffix),",
        to: "true => Ok((domain.into_boxed_str(), Scope::Domain)),",
    },
    Mutation {
        fault: "Expires overrides Max-Age",
        file: "core/src/cookie/admit.rs",
        from: "(Some(seconds), _) => now.saturating_add(seconds),\n        (None, Some(time)) => time,",
        to: "(_, Some(time)) => time,\n        (Some(seconds), None) => now.saturating_add(seconds),",
    },
    Mutation {
        fault: "Debug output shows credentials",
        file: "core/src/policy/auth/mod.rs",
        from: "Kind::Fixed { scheme, .. } => write!(f, \"Auth({scheme} ***)\")",
        to: "Kind::Fixed { value, .. } => write!(f, \"Auth({})\", String::from_utf8_lossy(value.as_bytes()))",
    },
    Mutation {
        fault: "the checksum of a gzip body is not verified",
        file: "core/src/content/decode/gzip.rs",
        from: "if stated_crc != u64::from(*crc)",
        to: "if stated_crc != u64::from(*crc) && stated_size == u64::MAX",
    },
    Mutation {
        fault: "a body may be one byte longer than its limit",
        file: "core/src/content/decode/size.rs",
        from: "if taken > self.limit {",
        to: "if taken > self.limit.saturating_add(1) {",
    },
];
