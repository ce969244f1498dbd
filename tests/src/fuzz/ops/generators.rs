//! Requests and responses that a program chooses.

use petition_core::http1::Leniencies;
use std::time::Duration;

use arbitrary::Unstructured;
use petition_core::{Address, Body, Method, Proxy, ProxyRules, Request, Transfer};

/// Beginnings, middles and ends of responses: random bytes alone would seldom pass the first line.
pub(super) const ANSWERS: [&[u8]; 24] = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe",
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nKeep-Alive: timeout=1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end",
    b"HTTP/1.0 200 OK\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.2/next\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: /again\r\nSet-Cookie: c=d\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://b.test/next\r\nConnection: close\r\n\r\n",
    b"HTTP/1.1 308 Permanent Redirect\r\nLocation: //10.0.0.3/\r\nContent-Length: 100000\r\n\r\n",
    b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno",
    b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    b"hello",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"nonsense\r\n\r\n",
    b"\x15\x03\x03\x00\x02\x02\x28",
];

/// Every credential contains this, followed by the name of its origin.
pub(super) const CANARY: &str = "canary";

/// Returns a request to one of several origins, and the origin's name. Its credentials hold
/// [`CANARY`] and that name.
pub(super) fn request(u: &mut Unstructured<'_>) -> arbitrary::Result<(Request, &'static str)> {
    let hosts = ["10.0.0.1", "10.0.0.2", "a.test", "b.test", "[::2]", "localhost"];
    let host = *u.choose(&hosts)?;
    let scheme = if u.ratio(1, 8)? { "https" } else { "http" };
    let method = u.choose(&[Method::GET, Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::OPTIONS])?;
    let mut request = Request::new(method.clone(), format!("{scheme}://{host}/{CANARY}-free"));
    if u.ratio(1, 2)? {
        request.set_bearer_auth(format!("{CANARY}-{host}"));
        request.set_cookie("k", format!("{CANARY}-{host}"));
        request.set_sensitive_header("X-Key", format!("{CANARY}-{host}"));
    }
    match u.int_in_range(0..=7)? {
        0 => request.set_data(vec![b'x'; 40_000]),
        1 => request.set_data(b"small".to_vec()),
        2 => request.set_data(Body::Stream { length: None, rewindable: u.arbitrary()? }),
        3 => request.set_data(Body::Stream { length: Some(6), rewindable: u.arbitrary()? }),
        _ => {}
    }
    if u.ratio(1, 4)? {
        request.set_timeout(Duration::from_secs(u.int_in_range(0..=20)?));
    }
    let bits: u8 = u.arbitrary()?;
    let proxy = if bits & 1 != 0 && bits & 2 != 0 {
        Some(Proxy::new(&format!("http://user:{CANARY}-proxy@10.0.9.9:3128/")).expect("a proxy"))
    } else {
        None
    };
    let request = request.configure(|options| {
        options.keep_alive(bits & 12 != 12);
        options.expect_continue((bits & 48 == 48).then_some(Duration::from_secs(1)));
        options.leniencies(|l| {
            l.all(if bits & 192 == 192 { Leniencies::STRICT } else { Leniencies::COMPAT });
        });
        if proxy.is_some() {
            options.proxy(proxy.map(ProxyRules::from));
        }
        if bits & 3 == 2 {
            options.unix_socket(format!("/run/{host}"));
        }
    });
    Ok((request, host))
}

/// Returns the address that the caller named for the current hop, or nothing unless `right`.
pub(super) fn named_address(transfer: &Transfer, right: bool) -> Option<Address> {
    let request = right.then(|| transfer.request())?;
    request.settings().connect_to.as_ref()?.address(request.url()).cloned()
}

/// Returns bytes that a peer sends: a part of a response, then a few random bytes.
pub(super) fn answer(u: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
    let mut bytes = u.choose(&ANSWERS)?.to_vec();
    if u.ratio(1, 4)? {
        let n = u.int_in_range(0..=8)?.min(u.len());
        bytes.extend_from_slice(u.bytes(n)?);
    }
    if u.ratio(1, 4)? {
        bytes.truncate(u.int_in_range(0..=bytes.len())?);
    }
    Ok(bytes)
}

/// Returns a count that may be wrong: small, near `near`, or the maximum.
pub(super) fn count(u: &mut Unstructured<'_>, near: usize) -> arbitrary::Result<usize> {
    let most = isize::MAX as usize;
    Ok(*u.choose(&[0, 1, 7, near.saturating_sub(1), near, near.saturating_add(1), most, most + 1, usize::MAX])?)
}

/// Returns a step of the clock, from zero to a minute.
pub(super) fn step(u: &mut Unstructured<'_>) -> arbitrary::Result<Duration> {
    Ok(Duration::from_millis(*u.choose(&[0, 1, 100, 250, 1_000, 2_000, 10_000, 30_000, 60_000])?))
}
