//! Tunnels through the HTTP proxy of the simulated world.

use super::expected::authorization;
use super::origins::{ORIGINS, PROXY};
use super::socks::is_socks;
use super::wire_monitor::{CONNECT, Framed, Written};
use super::world::World;

impl World {
    /// T3, T4: a request for a tunnel names the target and the proxy's credentials, and nothing for
    /// the origin.
    pub(super) fn judge_connect(&mut self, socket: u32, lines: &[&str]) -> Framed {
        let tunnels = self
            .running
            .iter()
            .zip(&self.plan.requests)
            .filter(|(running, _)| running.transfer.is_some() && !running.over);
        let mut intended = Vec::new();
        let found = tunnels.into_iter().find_map(|(running, planned)| {
            let via = planned.spec.via.as_ref().filter(|via| via.tunnel && !is_socks(via))?;
            let origin = self.plan.pages[planned.pages[running.hop]].origin;
            let authority = format!("{}:{}", ORIGINS[origin].host, ORIGINS[origin].port);
            let mut all = vec![format!("CONNECT {authority} HTTP/1.1"), format!("Host: {authority}")];
            let agent = format!("User-Agent: petition/{}", env!("CARGO_PKG_VERSION"));
            let secret = via.credentials.as_ref().map(|known| format!("Proxy-Authorization: {}", authorization(known)));
            all.extend(secret);
            all.push(agent);
            all.sort_unstable();
            let mut seen = lines.to_vec();
            seen.sort_unstable();
            let same = seen == all;
            intended.push(all);
            same.then_some(origin)
        });
        let Some(origin) = found else {
            panic!("nobody asks for this tunnel: {lines:#?}; but for one of {intended:#?}")
        };
        let wire = self.wire(socket);
        assert!(wire.origin == PROXY && wire.tunnel.is_none(), "a tunnel is asked of {}", wire.address);
        wire.tunnel = Some((origin, usize::MAX));
        Framed { written: tunnel_request("CONNECT"), length: Some(0) }
    }

    /// Sends the proxy's answer to a request for a tunnel.
    pub(super) fn answer_connect(&mut self, socket: u32) {
        let now = self.clock.now;
        let refuses = self.plan.conditions.faulty && self.rng.one_in(12);
        let fields = if self.rng.one_in(3) { "Content-Length: 7\r\nX-Via: p\r\n" } else { "" };
        let wire = &mut self.wires[socket as usize - 1];
        wire.next += 1;
        wire.continued = true;
        wire.released = Some(now);
        let begin = wire.sent.len();
        if let Some((_, from)) = &mut wire.tunnel {
            *from = begin;
        }
        let times = if refuses {
            self.fired = true;
            wire.reusable = false;
            wire.say(
                now,
                b"HTTP/1.1 403 No\r\nLocation: http://b.test/\r\nSet-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nno",
            )
        } else {
            wire.say(now, format!("HTTP/1.1 200 Go\r\n{fields}\r\n").as_bytes())
        };
        self.arrivals(socket, times);
    }
}

/// Returns a request for a tunnel, or a part of one.
pub(super) fn tunnel_request(method: &str) -> Written {
    Written {
        page: CONNECT,
        method: method.into(),
        head_end: 0,
        end: None,
        expects: false,
        old: false,
        close: false,
        authorized: false,
        body: 0,
    }
}
