//! What errors say: each part once, the cause in the source, and where it happened.

use std::error::Error as _;
use std::io;

use super::*;
use crate::content::decode::Coding;
use crate::content::text;
use crate::http1::ProtocolError;
use crate::route::dial::{FailReason, FailedAddress};
use crate::url::UrlError;

/// One of each kind, and of those below them that have a cause of their own.
fn kinds() -> Vec<ErrorKind> {
    let limit = LimitExceeded { name: "head_bytes", limit: 10, seen: 11 };
    let url = || UrlError::Parse(url::ParseError::IdnaError);
    let failed = FailReason::Failed { kind: io::ErrorKind::ConnectionRefused, text: "refused (os error 111)".into() };
    let failed = FailedAddress { address: "127.0.0.1:9".parse().unwrap(), reason: failed };
    let reset = IoFailure { kind: io::ErrorKind::ConnectionReset, text: "reset by peer (os error 104)".into() };
    let unknown = text::decode(b"x".to_vec(), Some(b"a/b; charset=mystery"), true).unwrap_err();
    vec![
        ErrorKind::Build(BuildError::Url(url())),
        ErrorKind::Build(BuildError::NoBaseUrl),
        ErrorKind::Resolve(IoFailure { kind: io::ErrorKind::Other, text: "Name or service not known".into() }),
        ErrorKind::Resolve(IoFailure::new(io::ErrorKind::NotFound)),
        ErrorKind::AddressDenied(AddressDenied { denied: vec!["10.0.0.1:80".parse().unwrap()] }),
        ErrorKind::Connect(DialError::AllFailed(vec![failed])),
        ErrorKind::Io(reset),
        ErrorKind::Io(IoFailure::new(io::ErrorKind::BrokenPipe)),
        ErrorKind::Link(LinkError::Protocol(ProtocolError::Limit(limit))),
        ErrorKind::Link(LinkError::Proxy(ProtocolError::Empty)),
        ErrorKind::Link(LinkError::Layer("no key".into())),
        ErrorKind::Timeout { which: Timeout::Idle, limit: Duration::from_secs(1) },
        ErrorKind::Redirect(RedirectError::BadLocation(url())),
        ErrorKind::Redirect(RedirectError::BadLocation(UrlError::Limit(limit))),
        ErrorKind::Decode(DecodeError::Limit(limit)),
        ErrorKind::Decode(DecodeError::Truncated { coding: Coding::Gzip }),
        ErrorKind::Limit(limit),
        ErrorKind::RequestBody("the disk is gone".into()),
        ErrorKind::BodyNotReplayable,
        ErrorKind::NoTls("no provider".into()),
        ErrorKind::Unavailable(Unavailable::SessionInUse),
        ErrorKind::Head(SendError::Invalid(crate::http1::InvalidRequest::SeveralHosts)),
        ErrorKind::Text(unknown),
        ErrorKind::Undecoded(vec!["mystery".into()]),
        #[cfg(feature = "json")]
        ErrorKind::Json(serde_json::from_str::<u8>("").unwrap_err().into()),
        ErrorKind::Cancelled,
    ]
}

/// A kind that is added has to be added here, and to the list above.
fn is_in_the_list(kind: &ErrorKind) -> bool {
    let list = kinds();
    let same = |other: &ErrorKind| std::mem::discriminant(kind) == std::mem::discriminant(other);
    match kind {
        ErrorKind::Build(_)
        | ErrorKind::Resolve(_)
        | ErrorKind::AddressDenied(_)
        | ErrorKind::Connect(_)
        | ErrorKind::Io(_)
        | ErrorKind::Link(_)
        | ErrorKind::Timeout { .. }
        | ErrorKind::Redirect(_)
        | ErrorKind::Decode(_)
        | ErrorKind::Limit(_)
        | ErrorKind::RequestBody(_)
        | ErrorKind::BodyNotReplayable
        | ErrorKind::NoTls(_)
        | ErrorKind::Unavailable(_)
        | ErrorKind::Head(_)
        | ErrorKind::Text(_)
        | ErrorKind::Undecoded(_)
        | ErrorKind::Cancelled => list.iter().any(same),
        #[cfg(feature = "json")]
        ErrorKind::Json(_) => list.iter().any(same),
    }
}

fn report(kind: ErrorKind, phase: Phase, proxy: Option<&str>) -> Error {
    Error::new(Report {
        kind,
        phase,
        hop: 0,
        method: Method::GET,
        url: "http://a.test/".into(),
        proxy: proxy.map(Into::into),
        peer: Some("127.0.0.1:80".parse().unwrap()),
        bytes_sent: 18,
        bytes_received: 4,
        processed: Processed::Maybe,
        retried: false,
        response: None,
    })
}

/// As most programs print one.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[test]
fn no_error_says_what_its_source_says() {
    for kind in kinds() {
        assert!(is_in_the_list(&kind));
        let error = report(kind, Phase::Body, None);
        let mut at: &dyn std::error::Error = &error;
        while let Some(source) = at.source() {
            let (own, cause) = (at.to_string(), source.to_string());
            assert!(!own.contains(&cause), "{own}\n{cause}");
            at = source;
        }
        // A part of the chain that comes twice would be read twice.
        let chain = chain(&error);
        let parts: Vec<&str> = chain.split(": ").collect();
        assert!(parts.iter().all(|part| parts.iter().filter(|other| other == &part).count() == 1), "{chain}");
    }
}

#[test]
fn what_others_said_is_the_source() {
    let said: Vec<String> = kinds().iter().filter_map(|kind| Some(kind.source()?.to_string())).collect();
    let idna = url::ParseError::IdnaError.to_string();
    let mut expected = vec![
        idna.as_str(),
        "Name or service not known",
        "entity not found",
        "reset by peer (os error 104)",
        "no key",
        &idna,
        "unknown charset \"mystery\"",
    ];
    if cfg!(feature = "json") {
        expected.push("EOF while parsing a value at line 1 column 0");
    }
    assert_eq!(said, expected);
}

#[test]
fn the_chains_of_a_failure_read_well() {
    let reset = || IoFailure { kind: io::ErrorKind::ConnectionReset, text: "Connection reset by peer (104)".into() };
    let error = report(ErrorKind::Io(reset()), Phase::Body, None);
    assert_eq!(
        chain(&error),
        "GET http://a.test/: reading the body: connection reset [127.0.0.1:80, 18 bytes sent, 4 received, \
         the server may have acted on it]: Connection reset by peer (104)"
    );
    let error = report(ErrorKind::Resolve(reset()), Phase::Resolve, None).to_string();
    assert!(error.starts_with("GET http://a.test/: looking up the name: the look-up failed"), "{error}");
}

#[test]
fn an_error_on_the_way_to_a_proxy_names_the_proxy() {
    for (phase, words) in [
        (Phase::Resolve, ": looking up the proxy p.test:3128: cancelled"),
        (Phase::Connect, ": connecting to the proxy p.test:3128: cancelled"),
        (Phase::ProxyTls, ": the TLS handshake with the proxy p.test:3128: cancelled"),
        (Phase::Proxy, ": asking the proxy p.test:3128: cancelled"),
        (Phase::Tls, ": the TLS handshake through the proxy p.test:3128: cancelled"),
        (Phase::Head, ": waiting for the response head through the proxy p.test:3128: cancelled"),
        (Phase::Acquire, ": waiting for a connection: cancelled"),
    ] {
        let error = report(ErrorKind::Cancelled, phase, Some("p.test:3128")).to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn bytes_are_counted_once_the_request_goes_out() {
    for (phase, counted) in [(Phase::Connect, false), (Phase::Tls, false), (Phase::Send, true), (Phase::Body, true)] {
        let error = report(ErrorKind::Cancelled, phase, None).to_string();
        assert_eq!(error.contains("18 bytes sent, 4 received"), counted, "{error}");
        assert!(error.contains("[127.0.0.1:80"), "{error}");
    }
}

#[test]
fn a_clone_of_an_error_is_the_same_report() {
    let error = report(ErrorKind::Limit(LimitExceeded { name: "x", limit: 1, seen: 2 }), Phase::Body, None);
    assert!(std::ptr::eq(error.report(), error.clone().report()));
}
