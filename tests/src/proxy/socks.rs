//! SOCKS on the proxy's port, recognized by its first byte: versions 4, 4a and 5 (RFC 1928), with
//! a user and password (RFC 1929).

use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Builder, Log, tunnel};
use crate::net::incoming::Incoming;
use crate::net::service::Peer;
use crate::net::watch::Watch;

/// Serves one client whose first byte is the version.
pub(super) fn serve(proxy: &Builder, peer: &Peer, log: &Watch<Log>, client: &mut Incoming) -> io::Result<()> {
    let target = match client.exactly(1)?[0] {
        5 => match version_5(proxy, client)? {
            Some(target) => target,
            None => return Ok(()),
        },
        _ => match version_4(proxy, client)? {
            Some(target) => target,
            None => return Ok(()),
        },
    };
    let code = match (proxy.socks_refusal, proxy.open(peer, &target.authority)) {
        (Some(code), _) => code,
        (None, Err(_)) => target.unreachable,
        (None, Ok(origin)) => {
            return tunnel::run(&target.authority, &target.reply(target.granted), client, origin, log);
        }
    };
    client.wire().write_all(&target.reply(code))
}

/// A target, and how this version replies.
struct Target {
    authority: String,
    version: u8,
    granted: u8,
    unreachable: u8,
}

impl Target {
    fn reply(&self, code: u8) -> Vec<u8> {
        match self.version {
            4 => vec![0, code, 0, 0, 0, 0, 0, 0],
            // The bound address as a name, which has a length of its own.
            _ => [&[5, code, 0, 3, 5][..], b"bound", &[0x12, 0x34]].concat(),
        }
    }
}

fn version_5(proxy: &Builder, client: &mut Incoming) -> io::Result<Option<Target>> {
    let count = client.exactly(1)?[0];
    let methods = client.exactly(count.into())?;
    let method = if proxy.credentials.is_some() { 2 } else { 0 };
    if !methods.contains(&method) {
        client.wire().write_all(&[5, 0xff])?;
        return Ok(None);
    }
    client.wire().write_all(&[5, method])?;
    if let Some((user, password)) = &proxy.credentials {
        let mut given = Vec::new();
        if client.exactly(1)? != [1] {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not a message of RFC 1929"));
        }
        for _ in 0..2 {
            let length = client.exactly(1)?[0];
            given.push(client.exactly(length.into())?);
        }
        let right = given == [user.as_bytes(), password.as_bytes()];
        client.wire().write_all(&[1, u8::from(!right)])?;
        if !right {
            return Ok(None);
        }
    }
    let request = client.exactly(4)?;
    if request[..3] != [5, 1, 0] {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("not a CONNECT of SOCKS5: {request:?}")));
    }
    let host = match request[3] {
        1 => Ipv4Addr::from(<[u8; 4]>::try_from(client.exactly(4)?).expect("four bytes")).to_string(),
        4 => format!("[{}]", Ipv6Addr::from(<[u8; 16]>::try_from(client.exactly(16)?).expect("sixteen bytes"))),
        _ => {
            let length = client.exactly(1)?[0];
            String::from_utf8_lossy(&client.exactly(length.into())?).into_owned()
        }
    };
    let port = client.exactly(2)?;
    let authority = format!("{host}:{}", u16::from_be_bytes([port[0], port[1]]));
    Ok(Some(Target { authority, version: 5, granted: 0, unreachable: 5 }))
}

fn version_4(proxy: &Builder, client: &mut Incoming) -> io::Result<Option<Target>> {
    let request = client.exactly(7)?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned();
    let user = text(client.until(b"\0")?);
    let port = u16::from_be_bytes([request[1], request[2]]);
    let authority = match <[u8; 4]>::try_from(&request[3..]).expect("four bytes") {
        [0, 0, 0, last] if last > 0 => format!("{}:{port}", text(client.until(b"\0")?)),
        address => SocketAddr::from((address, port)).to_string(),
    };
    if proxy.credentials.as_ref().is_some_and(|(known, _)| *known != user) {
        client.wire().write_all(&[0, 93, 0, 0, 0, 0, 0, 0])?;
        return Ok(None);
    }
    Ok(Some(Target { authority, version: 4, granted: 90, unreachable: 91 }))
}
