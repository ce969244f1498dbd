use super::{Socks, SocksFailure, SocksReply, SocksTarget, SocksVersion};
use crate::http1::Config;
use crate::link::tests::drive::{TODAY, everywhere, get};
use crate::link::tests::peer::{GET, Peer, Script, hello};
use crate::link::{Link, LinkError, ProxyFailure};

const V4: SocksVersion = SocksVersion::V4;
const V5: SocksVersion = SocksVersion::V5;

fn name() -> SocksTarget {
    SocksTarget::Name("a.example".into(), 80)
}

fn address(text: &str) -> SocksTarget {
    SocksTarget::Address(text.parse().unwrap())
}

fn link(version: SocksVersion, target: &SocksTarget, credentials: Option<(&[u8], &[u8])>) -> Link {
    Link::new(vec![Box::new(Socks::new(version, target, credentials).unwrap())], Config::default())
}

/// Two requests through the proxy, with every way of splitting the bytes.
fn opens(version: SocksVersion, target: &SocksTarget, user: Option<&str>, script: &[(&[u8], &[u8])]) {
    let credentials = user.map(|user| (user.as_bytes(), if version == V5 { &b"pw"[..] } else { b"" }));
    everywhere(
        &[get(), get()],
        || (link(version, target, credentials), Script::new(script.to_vec()).then(hello(2))),
        |peer, seen| {
            assert_eq!(peer.seen(), GET.repeat(2).as_bytes());
            assert_eq!(seen.events, ["established", "head 200", "end", "reusable", "head 200", "end", "reusable"]);
        },
    );
}

#[test]
fn socks5_sends_names_and_addresses() {
    let greeting: (&[u8], &[u8]) = (b"\x05\x01\x00", b"\x05\x00");
    let bound_v4 = b"\x05\x00\x00\x01\x0a\x00\x00\x01\x04\x38";
    let bound_v6 = b"\x05\x00\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x04\x38";
    let bound_name = b"\x05\x00\x00\x03\x05proxy\x04\x38";
    let bound_nothing = b"\x05\x00\x00\x03\x00\x00\x00";
    for bound in [&bound_v4[..], bound_v6, bound_name, bound_nothing] {
        opens(V5, &name(), None, &[greeting, (b"\x05\x01\x00\x03\x09a.example\x00\x50", bound)]);
    }
    opens(V5, &address("192.0.2.7:443"), None, &[greeting, (b"\x05\x01\x00\x01\xc0\x00\x02\x07\x01\xbb", bound_v4)]);
    let v6 = b"\x05\x01\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\x00\x50";
    opens(V5, &address("[2001:db8::7]:80"), None, &[greeting, (v6, bound_v4)]);
}

#[test]
fn socks5_sends_credentials_only_when_asked() {
    let ask: (&[u8], &[u8]) = (b"\x05\x01\x00\x03\x09a.example\x00\x50", b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00");
    opens(V5, &name(), Some("me"), &[(b"\x05\x02\x00\x02", b"\x05\x00"), ask]);
    for verdict in [&b"\x01\x00"[..], b"\x05\x00"] {
        opens(V5, &name(), Some("me"), &[(b"\x05\x02\x00\x02", b"\x05\x02"), (b"\x01\x02me\x02pw", verdict), ask]);
    }
}

#[test]
fn socks4_sends_an_address_or_a_name() {
    let granted = b"\x00\x5a\x12\x34\x0a\x00\x00\x01";
    opens(V4, &address("192.0.2.7:80"), None, &[(b"\x04\x01\x00\x50\xc0\x00\x02\x07\x00", granted)]);
    opens(V4, &address("192.0.2.7:80"), Some("me"), &[(b"\x04\x01\x00\x50\xc0\x00\x02\x07me\x00", granted)]);
    let by_name = b"\x04\x01\x00\x50\x00\x00\x00\x01me\x00a.example\x00";
    opens(V4, &name(), Some("me"), &[(by_name, granted)]);
}

/// The failure after these answers, whole and byte by byte.
fn fails(version: SocksVersion, user: bool, answers: &[&[u8]], closes: bool) -> LinkError {
    let mut errors = Vec::new();
    for whole in [true, false] {
        let mut link = link(version, &name(), user.then_some((b"me", if version == V5 { b"pw" } else { b"" })));
        let mut result = link.poll(TODAY).map(drop);
        for answer in answers {
            link.wrote(usize::MAX);
            let pieces = if whole { vec![*answer] } else { answer.chunks(1).collect() };
            for piece in pieces {
                link.received(piece);
                result = result.and_then(|()| link.poll(TODAY).map(drop));
            }
        }
        if closes {
            link.receive_eof();
            result = result.and_then(|()| link.poll(TODAY).map(drop));
        }
        assert!(!link.is_established());
        errors.push(result.unwrap_err());
    }
    assert_eq!(errors[0].to_string(), errors[1].to_string());
    errors.pop().unwrap()
}

#[track_caller]
fn failure(error: &LinkError) -> SocksFailure {
    match error {
        LinkError::Proxy(ProxyFailure::Socks(failure)) => *failure,
        other => panic!("{other}"),
    }
}

#[test]
fn every_refusal_of_a_socks_proxy_is_named() {
    for code in [1, 2, 3, 4, 5, 6, 7, 8, 9, 255] {
        let error = fails(V5, false, &[b"\x05\x00", &[5, code, 0, 1, 0, 0, 0, 0, 0, 0]], false);
        assert_eq!(failure(&error), SocksFailure::Refused(SocksReply::V5(code)));
        assert!(error.to_string().ends_with(&format!("({code})")), "{error}");
        // Some proxies send a refusal without a whole address.
        let error = fails(V5, false, &[b"\x05\x00", &[5, code, 0, 1, 0]], false);
        assert_eq!(failure(&error), SocksFailure::Refused(SocksReply::V5(code)));
    }
    for code in [91, 92, 93, 0, 89] {
        let error = fails(V4, false, &[&[0, code, 0, 0, 0, 0, 0, 0]], false);
        assert_eq!(failure(&error), SocksFailure::Refused(SocksReply::V4(code)));
    }
    assert_eq!(failure(&fails(V5, false, &[b"\x05\xff"], false)), SocksFailure::CredentialsWanted);
    assert_eq!(failure(&fails(V5, false, &[b"\x05\x02"], false)), SocksFailure::CredentialsWanted);
    assert_eq!(failure(&fails(V5, true, &[b"\x05\xff"], false)), SocksFailure::NoMethod);
    assert_eq!(failure(&fails(V5, true, &[b"\x05\x01"], false)), SocksFailure::NoMethod);
    assert_eq!(failure(&fails(V5, true, &[b"\x05\x02", b"\x01\x01"], false)), SocksFailure::CredentialsRejected);
    let odd = fails(V5, false, &[b"\x05\x00", b"\x05\x00\x00\x02\x00"], false);
    assert_eq!(failure(&odd), SocksFailure::AddressKind(2));
}

#[test]
fn other_protocols_and_ends_are_told_apart() {
    for (version, answers) in [
        (V5, &[&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..]][..]),
        (V4, &[b"HTTP/1.1 400 Bad Request\r\n\r\n"]),
        (V5, &[b"H"]),
        (V4, &[b"\x04\x5a\x00\x00\x00\x00\x00\x00"]),
        (V5, &[b"\x05\x00", b"\x04\x00\x00\x01\x00"]),
    ] {
        assert!(matches!(failure(&fails(version, false, answers, false)), SocksFailure::Version(_)), "{answers:?}");
    }
    assert!(matches!(failure(&fails(V5, true, &[b"\x05\x02", b"\x00\x00"], false)), SocksFailure::Version(0)));
    for (version, answers) in
        [(V5, &[][..]), (V5, &[&b"\x05"[..]]), (V5, &[b"\x05\x00", b"\x05\x00\x00\x03\xff"]), (V4, &[b"\x00\x5a"])]
    {
        let error = fails(version, false, answers, true);
        assert!(matches!(error, LinkError::Proxy(ProxyFailure::Closed)) && error.is_truncation(), "{error}");
    }
}

#[test]
fn t77_bytes_ahead_of_a_request_are_an_error() {
    // Behind the last reply, nothing was sent through the tunnel yet.
    let behind = [&b"\x05\x00"[..], b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00HTTP/1.1 200 OK\r\n\r\n"];
    let error = {
        let mut link = link(V5, &name(), None);
        let mut result = link.poll(TODAY).map(drop);
        for answer in behind {
            link.wrote(usize::MAX);
            link.received(answer);
            result = result.and_then(|()| link.poll(TODAY).map(drop));
        }
        result.unwrap_err()
    };
    assert!(matches!(error, LinkError::Proxy(ProxyFailure::EarlyBytes)), "{error}");
    // A reply to what was not asked yet.
    let mut link = link(V5, &name(), None);
    link.poll(TODAY).unwrap();
    link.received(b"\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00");
    let error = link.poll(TODAY).map(drop).unwrap_err();
    assert!(matches!(error, LinkError::Proxy(ProxyFailure::EarlyBytes)), "{error}");
}

#[test]
fn values_that_socks_cannot_carry_are_rejected() {
    let new = |version, target: &SocksTarget, credentials: Option<(&[u8], &[u8])>| {
        Socks::new(version, target, credentials).map(drop)
    };
    let long = "a".repeat(256);
    assert_eq!(new(V4, &address("[::1]:80"), None), Err(SocksFailure::Ipv6));
    for name in ["", &long, "a\0b"] {
        for version in [V4, V5] {
            assert_eq!(new(version, &SocksTarget::Name(name.into(), 80), None), Err(SocksFailure::NameTooLong));
        }
    }
    let long = long.as_bytes();
    for (version, user, password) in [
        (V5, &b""[..], &b"pw"[..]),
        (V5, long, b""),
        (V5, b"u", long),
        (V4, b"u\0v", b""),
        (V4, long, b""),
        (V4, b"u", b"pw"),
    ] {
        assert_eq!(new(version, &name(), Some((user, password))), Err(SocksFailure::Credentials));
    }
    assert!(new(V5, &name(), Some((&long[1..], &long[1..]))).is_ok() && new(V4, &name(), Some((b"", b""))).is_ok());
}

#[test]
fn t96_debug_output_hides_socks_credentials() {
    let socks = Socks::new(V5, &name(), Some((b"canary", b"canary"))).unwrap();
    assert!(!format!("{socks:?}").contains("canary") && !format!("{socks:?}").contains("99, 97"));
}
