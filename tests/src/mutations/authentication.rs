//! Faults of authentication: who gets an answer, to what, and how often.

use super::Mutation;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "an origin's 407 is answered with the proxy's credentials",
        file: "core/src/policy/auth/authenticate.rs",
        from: "Outcome::Head(head) if hop.is_forwarded() && head.status()",
        to: "Outcome::Head(head) if head.status()",
    },
    Mutation {
        fault: "an answer for the proxy is sent to the origin",
        file: "core/src/policy/auth/authenticate.rs",
        from: "Side::Proxy => answers.proxy = Some(value),",
        to: "Side::Proxy => answers.origin = Some(value),",
    },
    Mutation {
        fault: "a wrong Digest answer is repeated as often as the limit allows",
        file: "core/src/policy/auth/authenticate.rs",
        from: "if exchange.answered > 0 && !chosen.is_stale() {",
        to: "if exchange.answered > 5 && !chosen.is_stale() {",
    },
    Mutation {
        fault: "challenges are answered without end",
        file: "core/src/policy/auth/authenticate.rs",
        from: "exchange.answered >= hop.config.limits.auth_rounds",
        to: "exchange.answered >= 100",
    },
    Mutation {
        fault: "Basic takes the place of an unknown Digest",
        file: "core/src/policy/auth/authenticate.rs",
        from: "if !offers(\"digest\") {",
        to: "if !offers(\"digest\") || challenges.len() > 1 {",
    },
    Mutation {
        fault: "a wrong proof of the server is accepted",
        file: "core/src/policy/auth/authenticate.rs",
        from: "&& !found.eq_ignore_ascii_case(expected.as_bytes())",
        to: "&& found.len() > 1000 && !found.eq_ignore_ascii_case(expected.as_bytes())",
    },
    Mutation {
        fault: "an answered body that cannot be sent again is sent empty",
        file: "core/src/policy/auth/authenticate.rs",
        from: "if !hop.can_send_again || ",
        to: "if ",
    },
    Mutation {
        fault: "a protection space serves other credentials",
        file: "core/src/policy/auth/spaces.rs",
        from: "space.party == *party && space.auth == *auth && contains(space)",
        to: "space.party == *party && contains(space)",
    },
    Mutation {
        fault: "a protection space serves other origins",
        file: "core/src/policy/auth/spaces.rs",
        from: "space.party == *party && space.auth == *auth && contains(space)",
        to: "space.auth == *auth && contains(space)",
    },
    Mutation {
        fault: "a server's domain extends its protection space to another origin",
        file: "core/src/policy/auth/spaces.rs",
        from: "urls.filter(|other| same_origin(url, other))",
        to: "urls.filter(|other| other.scheme() == url.scheme())",
    },
    Mutation {
        fault: "the counter of a nonce stands still",
        file: "core/src/policy/auth/spaces.rs",
        from: "*nc = nc.checked_add(1)?;",
        to: "*nc = (*nc).max(1);",
    },
    Mutation {
        fault: "a new nonce continues the counter of the old one",
        file: "core/src/policy/auth/spaces.rs",
        from: "State::Digest { challenge, cnonce, nc } if challenge.nonce() == nonce =>",
        to: "State::Digest { cnonce, nc, .. } =>",
    },
    Mutation {
        fault: "a nonce that is given twice is counted twice",
        file: "core/src/policy/auth/spaces.rs",
        from: "used.unwrap_or_else(|| (self.draw(), 0))",
        to: "used.filter(|_| false).unwrap_or_else(|| (self.draw(), 0))",
    },
    Mutation {
        fault: "an origin behind a tunnel changes the proxy's nonce",
        file: "core/src/policy/auth/authenticate.rs",
        from: "self == Side::Origin || hop.is_forwarded()",
        to: "self == Side::Origin || hop.proxy.is_some()",
    },
    Mutation {
        fault: "a connection of a scheme of the embedder serves other credentials",
        file: "core/src/policy/auth/mod.rs",
        from: "Kind::Custom(scheme) => scheme.binds_connection(),",
        to: "Kind::Custom(_) => false,",
    },
    Mutation {
        fault: "the weakest Digest algorithm is chosen",
        file: "core/src/policy/auth/digest.rs",
        from: "strength(self) > strength(other)",
        to: "strength(self) < strength(other)",
    },
    Mutation {
        fault: "auth-int is taken for auth",
        file: "core/src/policy/auth/digest.rs",
        from: "offers_auth |= token.eq_ignore_ascii_case(b\"auth\");",
        to: "offers_auth |= token.to_ascii_lowercase().starts_with(b\"auth\");",
    },
    Mutation {
        fault: "the realm of a Digest answer is not escaped",
        file: "core/src/policy/auth/digest.rs",
        from: "let escape = matches!(byte, b'\"' | b'\\\\').then_some(b'\\\\');",
        to: "let escape = (byte == b'\\\\').then_some(b'\\\\');",
    },
    Mutation {
        fault: "a challenge's parameter may be given twice",
        file: "core/src/policy/auth/challenge.rs",
        from: "challenge.parameters.len() == MAX_PARAMETERS || challenge.parameter(&name).is_some()",
        to: "challenge.parameters.len() == MAX_PARAMETERS",
    },
    Mutation {
        fault: "an exchange goes on after a redirect",
        file: "core/src/policy/redirect/follow.rs",
        from: "    rare.rounds = Rounds::default();\n",
        to: "",
    },
    Mutation {
        fault: "a netrc entry matches the end of a host",
        file: "core/src/policy/auth/netrc.rs",
        from: "self.0.machines.iter().filter(|entry| *entry.host == *host).find(fits)",
        to: "self.0.machines.iter().filter(|entry| host.ends_with(&*entry.host)).find(fits)",
    },
    Mutation {
        fault: "the default entry of netrc counts without being asked for",
        file: "core/src/policy/auth/netrc.rs",
        from: "self.0.default.as_ref().filter(|_| uses_default).filter(fits)",
        to: "self.0.default.as_ref().filter(fits)",
    },
    Mutation {
        fault: "netrc overrides explicit credentials",
        file: "core/src/request/credentials.rs",
        from: "if let (None, Some(netrc)) = (password, &settings.netrc)",
        to: "if let (_, Some(netrc)) = (password, &settings.netrc)",
    },
    Mutation {
        fault: "a redirect gets the credentials of its origin without the option",
        file: "core/src/request/follow.rs",
        from: "if self.settings.auth_after_redirect && is_safe && !same_origin",
        to: "if is_safe && !same_origin",
    },
    Mutation {
        fault: "credentials bound to an origin are sent to its sub-domains",
        file: "core/src/policy/auth/origin_auth.rs",
        from: "find(|(known, _)| *known == origin)?;",
        to: "find(|(known, _)| *known == origin || origin.host().ends_with(known.host()))?;",
    },
];
