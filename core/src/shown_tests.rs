//! Texts for users: errors and states name their subject, and Debug output shows no more than it
//! should.

use std::error::Error as _;
use std::fmt::{Debug, Display};

use crate::content::decode::{Coding, DecodeError};
use crate::error::{ErrorKind, IoFailure, Misuse, Phase, Timeout};
use crate::http1::{self, ProtocolError};
use crate::link::{LayerError, LayerFailure, LinkError, NotReusable, ProxyFailure};
use crate::policy::redirect::RedirectError;
use crate::route::address_policy::{AddressDenied, AddressPolicy};
use crate::route::dial::DialError;
use crate::route::static_addresses::StaticAddresses;
use crate::tls::TlsFailure;
use crate::url::UrlError;
use crate::{Headers, LimitExceeded, Params, Unavailable, UnixTime};

/// Checks that each displays as one line that contains its text.
fn read_well<T: Display>(all: impl IntoIterator<Item = (T, &'static str)>) {
    for (shown, expected) in all {
        let text = shown.to_string();
        assert!(text.contains(expected) && !text.contains('\n'), "expected {expected:?} in {text:?}");
    }
}

fn shows(value: &impl Debug, expected: &[&str]) {
    let text = format!("{value:?}");
    assert!(expected.iter().all(|word| text.contains(word)), "expected {expected:?} in {text:?}");
    assert!(!text.contains("canary"), "{text}");
}

#[test]
fn unavailable_sessions_and_loops_say_what_to_do() {
    read_well([
        (Unavailable::SessionInUse, "send the request after the closure returns"),
        (Unavailable::SessionHeld, "must not wait for a request"),
        (Unavailable::SessionLost, "create a new session in the child process"),
        (Unavailable::ParentProcess, "create a new client in the child process"),
    ]);
}

#[test]
fn link_errors_read_well() {
    let other = || -> Box<dyn std::error::Error + Send + Sync> { "from elsewhere".into() };
    read_well([
        (LinkError::Protocol(ProtocolError::Unsolicited), ""),
        (LinkError::Tls(TlsFailure::Expired), "expired"),
        (LinkError::Proxy(ProxyFailure::Protocol(ProtocolError::Unsolicited)), "CONNECT"),
        (LinkError::Proxy(ProxyFailure::Closed), "proxy handshake"),
        (LinkError::Proxy(ProxyFailure::EarlyBytes), "proxy handshake"),
        (LinkError::Tls(TlsFailure::Closed), "TLS handshake"),
        (LinkError::Tls(TlsFailure::EarlyBytes), "TLS handshake"),
        (LinkError::Layer(LayerFailure::Closed), "handshake"),
        (LinkError::Layer(LayerFailure::EarlyBytes), "handshake"),
        (LinkError::Layer(LayerFailure::Failed(other())), "a layer"),
        (LinkError::Over, "was closed"),
    ]);
    read_well([
        (LayerError::from(TlsFailure::NotTls), "TLS"),
        (LayerError::from(ProxyFailure::Protocol(ProtocolError::Unsolicited)), "CONNECT"),
        (LayerError::Other(other()), "a layer"),
    ]);
    for truncation in [
        LinkError::Tls(TlsFailure::Closed),
        LinkError::Tls(TlsFailure::Truncated),
        LinkError::Proxy(ProxyFailure::Closed),
        LinkError::Proxy(ProxyFailure::Protocol(ProtocolError::Empty)),
        LinkError::Layer(LayerFailure::Closed),
    ] {
        assert!(truncation.is_truncation() && ErrorKind::from(truncation).source().is_none());
    }
    for other in [
        LinkError::Tls(TlsFailure::Expired),
        LinkError::Tls(TlsFailure::EarlyBytes),
        LinkError::Proxy(ProxyFailure::EarlyBytes),
        LinkError::Layer(LayerFailure::EarlyBytes),
        LinkError::Layer(LayerFailure::Failed(other())),
        LinkError::Over,
    ] {
        assert!(!other.is_truncation());
    }
    assert!(LinkError::Layer(LayerFailure::Failed(other())).source().is_some());
    assert!(LayerError::Other(other()).source().is_some() && LinkError::Over.source().is_none());
    assert!(LinkError::Proxy(ProxyFailure::Protocol(ProtocolError::Unsolicited)).source().is_none());
    read_well([
        (NotReusable::Http(http1::NotReusable::Leftover), "bytes followed"),
        (NotReusable::NotEstablished, "not established"),
        (NotReusable::Leftover, "unread"),
        (NotReusable::Unsent, "to be sent"),
        (NotReusable::Closed, "closed"),
        (NotReusable::Over, "was closed"),
    ]);
}

#[test]
fn phases_deadlines_and_misuse_read_well() {
    read_well([
        (Phase::Configure, "configuring"),
        (Phase::Prepare, "building"),
        (Phase::Acquire, "waiting for a connection"),
        (Phase::Resolve, "name"),
        (Phase::Connect, "connecting"),
        (Phase::Proxy, "proxy"),
        (Phase::ProxyTls, "TLS handshake with the proxy"),
        (Phase::Tls, "TLS"),
        (Phase::Send, "sending"),
        (Phase::Head, "head"),
        (Phase::Redirect, "redirect"),
        (Phase::Status, "status"),
        (Phase::Body, "body"),
    ]);
    for timeout in Timeout::all() {
        assert!(timeout.option().ends_with("_timeout"), "{timeout:?}");
    }
    read_well([(Misuse::AlreadyEnded, ""), (Misuse::UnexpectedInput, ""), (Misuse::TooManyBytes, "")]);
    for misuse in [Misuse::AlreadyEnded, Misuse::UnexpectedInput, Misuse::TooManyBytes] {
        assert!(!misuse.to_string().is_empty());
    }
    let failure = IoFailure::from(&std::io::Error::other("no route"));
    assert_eq!((failure.to_string(), failure.kind), ("no route".into(), std::io::ErrorKind::Other));
    let refused = IoFailure::new(std::io::ErrorKind::ConnectionRefused);
    assert_eq!(refused.to_string(), std::io::ErrorKind::ConnectionRefused.to_string());
    read_well([(UnixTime(17), "17")]);
}

#[test]
fn error_predicates_match_the_kind() {
    let limit = || LimitExceeded { name: "canary", limit: 1, found: 2 };
    let failure = || IoFailure::new(std::io::ErrorKind::NotFound);
    let gzip = Coding::Gzip;
    // Whether it is a timeout, a connect failure or a truncation, and whether it has a source.
    for (kind, expected) in [
        (ErrorKind::Build(crate::BuildError::NoBaseUrl), "    "),
        (ErrorKind::Resolve(failure()), " c s"),
        (ErrorKind::AddressDenied(AddressDenied { denied: Vec::new() }), " c  "),
        (ErrorKind::Connect(DialError::NoAddresses), " c  "),
        (ErrorKind::Io(failure()), "    "),
        (ErrorKind::Tls(TlsFailure::Closed), "  t "),
        (ErrorKind::Proxy(ProxyFailure::Closed), "  t "),
        (ErrorKind::Layer(LayerFailure::Closed), "  t "),
        (ErrorKind::Protocol(ProtocolError::Empty), "  t "),
        (ErrorKind::from(LinkError::Over), "    "),
        (ErrorKind::Timeout { which: Timeout::Connect, limit: std::time::Duration::ZERO }, "d   "),
        (ErrorKind::Redirect(RedirectError::Loop), "    "),
        (ErrorKind::Decode(DecodeError::Truncated { coding: gzip }), "  t "),
        (ErrorKind::Decode(DecodeError::TrailingData { coding: gzip }), "    "),
        (ErrorKind::Limit(limit()), "    "),
        (ErrorKind::Cancelled, "    "),
    ] {
        let error = crate::Request::new(crate::Method::GET, "http://a.test/").error(kind);
        let flags = [
            (error.is_timeout(), 'd'),
            (error.is_connect(), 'c'),
            (error.is_truncated(), 't'),
            (error.source().is_some(), 's'),
        ];
        let found: String = flags.into_iter().map(|(holds, letter)| if holds { letter } else { ' ' }).collect();
        assert_eq!(found, expected, "{error}");
        let text = error.to_string();
        assert!(text.starts_with("GET http://a.test/: building the request: ") && !text.contains("hop"), "{text}");
        assert_eq!(format!("{error:?}"), text);
    }
}

#[test]
fn redirect_and_url_errors_read_well() {
    let bad = RedirectError::BadLocation(UrlError::NotAbsolute);
    read_well([
        (RedirectError::TooMany { limit: 7, times: 1 }, "7"),
        (RedirectError::Loop, "loop"),
        (RedirectError::UnsupportedScheme("gopher".into()), "gopher"),
        (RedirectError::DifferingLocations, "differ"),
        (bad.clone(), "Location"),
        (RedirectError::DowngradeRefused, "plain http"),
        (RedirectError::BodyNotReplayable, "body"),
    ]);
    assert!(bad.source().is_none() && bad.to_string().contains(&UrlError::NotAbsolute.to_string()));
    assert!(RedirectError::Loop.source().is_none() && UrlError::NotAbsolute.source().is_none());
    let parse = url::Url::parse("http://[").unwrap_err();
    let bad = RedirectError::BadLocation(UrlError::Parse(parse));
    for error in [UrlError::Parse(parse).source(), bad.source()] {
        assert!(error.is_some_and(|cause| cause.to_string() == parse.to_string()));
    }
}

#[test]
fn debug_of_options_shows_names_and_no_values() {
    let mut headers = Headers::new();
    headers.set("X-One", "1").unwrap();
    headers.set_sensitive("X-Two", "canary").unwrap();
    headers.remove("X-Three").unwrap();
    shows(&headers, &["X-One", "X-Two", "X-Three"]);
    let mut params = Params::new();
    params.set("name", "canary");
    shows(&params, &["name"]);
    let mut names = StaticAddresses::new();
    names.set("a.test", 80, ["192.0.2.7".parse().unwrap()]).unwrap();
    shows(&names, &["a.test", "192.0.2.7"]);
    shows(&AddressPolicy::Any, &["Any"]);
    shows(&AddressPolicy::PublicOnly, &["PublicOnly"]);
    shows(&AddressPolicy::Custom(std::sync::Arc::new(|_| true)), &["Custom"]);
    shows(&crate::Session::new().jar(), &["Jar", "cookies: 0"]);
    shows(&crate::UrlCache::default(), &["entries: 0"]);
    let rules = crate::cookie::SuffixRules::parse("a\nb.a").unwrap();
    shows(&rules, &["names: 2"]);
}

#[cfg(all(feature = "tls", feature = "ring"))]
#[test]
fn debug_of_tls_settings_shows_no_key() {
    use crate::tls::{TlsConfig, TlsConfigError, TlsInfo, TlsVersion};
    use std::hash::{BuildHasher, RandomState};
    let builder = || TlsConfig::builder().danger_accept_invalid_certs();
    shows(&builder(), &["accept_any: true", "client_certificate: false", "roots: 0"]);
    let (one, other) = (builder().build().unwrap(), builder().build().unwrap());
    shows(&one, &["TlsConfig"]);
    let state = RandomState::new();
    assert_eq!(state.hash_one(&one), state.hash_one(one.clone()));
    assert_ne!(state.hash_one(&one), state.hash_one(&other), "each is compared by identity");
    assert!(one == one.clone() && one != other && one.accepts_invalid_certs());
    assert!(!TlsConfig::builder().build().unwrap().accepts_invalid_certs());
    read_well([
        (TlsConfigError::NoProvider, "provider"),
        (TlsConfigError::NoRoots, "root"),
        (TlsConfigError::Pem("why".into()), "why"),
        (TlsConfigError::Rustls("why".into()), "why"),
    ]);
    read_well([(TlsVersion::V1_2, "TLS 1.2"), (TlsVersion::V1_3, "TLS 1.3")]);
    let info = TlsInfo {
        version: TlsVersion::V1_3,
        cipher_suite: 0x1301,
        alpn: Some(b"http/1.1"),
        resumed: true,
        certificate: Some(b"canary"),
    };
    shows(&info, &["0x1301", "http/1.1", "resumed: true", "Some(6)"]);
}
