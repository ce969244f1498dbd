//! Faults of addresses that the caller names, Unix sockets and custom ones, and of connectors.

use super::Mutation;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        fault: "a redirect to another origin reaches the caller's Unix socket",
        file: "core/src/request/follow.rs",
        from: "connect_to.bind(&self.url);",
        to: "let _ = connect_to;",
    },
    Mutation {
        fault: "a session's Unix socket serves origins other than the base URL's",
        file: "core/src/options/secret_scope.rs",
        from: "merged.connect_to = merged.connect_to.take().and_then(ConnectTo::without_request_origin);",
        to: "",
    },
    Mutation {
        fault: "a connection over a Unix socket and one over TCP share a route",
        file: "core/src/route/mod.rs",
        from: "            let same = same && key.destination.as_deref() == destination.as_ref();\n",
        to: "",
    },
    Mutation {
        fault: "a connection over TCP answers for a Unix socket",
        file: "core/src/route/mod.rs",
        from: "(address, peer) => address == peer,",
        to: "(address, peer) => address.is_some() && peer.is_some(),",
    },
    Mutation {
        fault: "the address policy passes over TCP addresses that the caller names",
        file: "core/src/transfer/connect.rs",
        from: "match settings.address_policy.filter(addresses) {",
        to: "match if self.request.destination().is_some() { Ok(addresses) } else { settings.address_policy.filter(addresses) } {",
    },
    Mutation {
        fault: "the address policy denies the Unix socket that the caller names",
        file: "core/src/route/address_policy.rs",
        from: "let &Address::Tcp(address) = address else { return true };",
        to: "let &Address::Tcp(address) = address else { return false };",
    },
    Mutation {
        fault: "a request to a Unix socket is written for the proxy",
        file: "core/src/request/prepared.rs",
        from: "if self.address().is_some() { None } else { rules.find(&self.url) }",
        to: "rules.find(&self.url)",
    },
    Mutation {
        fault: "static addresses of one port serve another port",
        file: "core/src/route/static_addresses.rs",
        from: "of(Some(port)).or_else(|| of(None))?",
        to: "of(Some(port)).or_else(|| of(None)).or(entries.first())?",
    },
    Mutation {
        fault: "a request's static addresses replace those of all names of the session",
        file: "core/src/route/static_addresses.rs",
        from: "let mut merged = lower.clone();",
        to: "let mut merged = StaticAddresses::new();",
    },
    Mutation {
        fault: "a certificate is verified for the other host that is connected to",
        file: "core/src/route/mod.rs",
        from: "TlsLayer::new(config, &self.0.host)",
        to: "TlsLayer::new(config, self.target_name().0)",
    },
    Mutation {
        fault: "a proxy forwards a request whose host the caller replaced",
        file: "core/src/route/mod.rs",
        from: "proxy.tunnels(url) || self.0.destination.as_ref().is_some_and(|destination| destination.name().is_some())",
        to: "proxy.tunnels(url)",
    },
    Mutation {
        fault: "a tunnel leads to the URL's host instead of the other one",
        file: "core/src/route/mod.rs",
        from: "        let (host, port) = self.target_name();\n        let authority",
        to: "        let (host, port) = (&self.0.host, self.0.port);\n        let authority",
    },
    Mutation {
        fault: "a rule for a host holds for its subdomains and others",
        file: "core/src/route/connect_to.rs",
        from: "host.as_deref().is_none_or(|host| host == own.0)",
        to: "host.as_deref().is_none_or(|host| own.0.ends_with(host))",
    },
    Mutation {
        fault: "a kept look-up is used for longer than its time to live",
        file: "core/src/route/lookup_cache.rs",
        from: "if now - self.answers.get(&name)?.since >= cache.ttl {",
        to: "if now - self.answers.get(&name)?.since >= cache.ttl * 2 {",
    },
    Mutation {
        fault: "the number of kept look-ups grows without bound",
        file: "core/src/route/lookup_cache.rs",
        from: "while self.answers.len() >= cache.entries",
        to: "while self.answers.len() > usize::MAX - cache.entries",
    },
    Mutation {
        fault: "a name without addresses is kept",
        file: "core/src/route/lookup_cache.rs",
        from: "if addresses.is_empty() || addresses.len()",
        to: "if addresses.len()",
    },
    Mutation {
        fault: "a kept address that refuses fails the request",
        file: "core/src/transfer/connect.rs",
        from: "                if cached {\n",
        to: "                if cached && self.attempt.reused {\n",
    },
    Mutation {
        fault: "the second look-up of a name gets time of its own",
        file: "core/src/transfer/connect.rs",
        from: "let (error, since) = (dial.error(), *since);",
        to: "let (error, since) = (dial.error(), (*since).max(now));",
    },
    Mutation {
        fault: "the cache answers for a SOCKS proxy with the origin's addresses",
        file: "core/src/transfer/names.rs",
        from: "LookedUp::Peer => Some(route.peer_name()),",
        to: "LookedUp::Peer => route.local_target().or(Some(route.peer_name())),",
    },
    Mutation {
        fault: "Debug output shows the identity of a custom address",
        file: "core/src/route/address.rs",
        from: "write!(f, \"({} bytes redacted)\", self.0.len())",
        to: "f.write_str(&self.0)",
    },
    Mutation {
        fault: "petition-std reuses a connector's stream that has something to read",
        file: "transport-std/src/socket.rs",
        from: "stream.wait(READ, Some(Duration::ZERO)).is_ok_and(|ready| !ready.read)",
        to: "stream.wait(READ, Some(Duration::ZERO)).is_ok()",
    },
    Mutation {
        fault: "petition-mio reuses a connector's stream that has something to read",
        file: "transport-mio/src/driver/stream.rs",
        from: "contain(|| stream.is_quiet()).unwrap_or(false)",
        to: "contain(|| stream.is_quiet()).is_some()",
    },
    Mutation {
        fault: "a blocking connector gets only the time until the next address is due",
        file: "transport-std/src/drive/connection.rs",
        from: "let left = self.clock.left(self.transfer.connect_deadline());",
        to: "let left = self.left();",
    },
    Mutation {
        fault: "petition-mio believes a stream that reports more bytes than there were",
        file: "transport-mio/src/driver/stream.rs",
        from: "Ok(n) if n > most => {",
        to: "Ok(n) if n > most && most == 0 => {",
    },
    Mutation {
        fault: "a full direction of a connection in memory takes more bytes",
        file: "transport-shared/src/pipe.rs",
        from: "bytes.get(..room.min(bytes.len()))",
        to: "bytes.get(..room.max(bytes.len()))",
    },
    Mutation {
        fault: "the hook of TCP settings sees a socket that connects already",
        file: "transport-std/src/tcp.rs",
        from: "        if let Some(hook) = &self.before_connect {\n            hook(&stream, address)?;\n        }\n        sys::connect(&stream, address)?;\n",
        to: "        sys::connect(&stream, address)?;\n        if let Some(hook) = &self.before_connect {\n            hook(&stream, address)?;\n        }\n",
    },
    Mutation {
        fault: "an address of the IP version without a local address is connected to",
        file: "transport-std/src/tcp.rs",
        from: "if local.is_none() && (self.v4.is_some() || self.v6.is_some()) {",
        to: "if local.is_none() && self.v4.is_some() && self.v6.is_some() {",
    },
];
