//! The texts of errors: each part once, with cause and place. Also their predicates and
//! conversions.

use std::error::Error as _;
use std::io;

use std::time::Duration;

use http::{Method, StatusCode};

use super::*;
use crate::content::decode::{Coding, DecodeError};
use crate::content::text;
use crate::http1::{ProtocolError, SendError};
use crate::limits::LimitExceeded;
use crate::link::{LayerFailure, LinkError, ProxyFailure, TlsFailure};
use crate::policy::auth::AuthFailure;
use crate::policy::redirect::RedirectError;
use crate::request::BuildError;
use crate::route::address_policy::AddressDenied;
use crate::route::dial::{DialError, FailReason, FailedAddress};
use crate::route::proxy::ProxyError;
use crate::tls::TlsConfigError;
use crate::unavailable::Unavailable;
use crate::url::UrlError;

/// One of each kind, and of those below them that have a cause of their own.
fn kinds() -> Vec<ErrorKind> {
    let limit = LimitExceeded { name: "head_bytes", limit: 10, found: 11 };
    let url = || UrlError::Parse(url::ParseError::IdnaError);
    let failed = FailReason::Failed { kind: io::ErrorKind::ConnectionRefused, text: "refused (os error 111)".into() };
    let failed =
        FailedAddress { address: "127.0.0.1:9".parse::<std::net::SocketAddr>().unwrap().into(), reason: failed };
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
        ErrorKind::Protocol(ProtocolError::Limit(limit)),
        ErrorKind::Proxy(ProxyFailure::Protocol(ProtocolError::Empty)),
        ErrorKind::Tls(TlsFailure::UnknownIssuer),
        ErrorKind::Layer(LayerFailure::Failed("no key".into())),
        ErrorKind::Timeout { which: Timeout::Idle, limit: Duration::from_secs(1) },
        ErrorKind::Auth(AuthFailure::ServerUnproven),
        ErrorKind::Redirect(RedirectError::BadLocation(url())),
        ErrorKind::Redirect(RedirectError::BadLocation(UrlError::Limit(limit))),
        ErrorKind::Decode(DecodeError::Limit(limit)),
        ErrorKind::Decode(DecodeError::Truncated { coding: Coding::Gzip }),
        ErrorKind::Limit(limit),
        ErrorKind::RequestBody("the disk is gone".into()),
        ErrorKind::BodyNotReplayable,
        ErrorKind::ProxyConfig(ProxyError::Url(url())),
        ErrorKind::TlsConfig(TlsConfigError::NoProvider),
        ErrorKind::Status(StatusCode::NOT_FOUND),
        ErrorKind::Internal("a state without its data"),
        ErrorKind::Unavailable(Unavailable::SessionInUse),
        ErrorKind::Head(SendError::Invalid(crate::http1::InvalidRequest::SeveralHosts)),
        ErrorKind::Text(unknown),
        ErrorKind::Undecoded(vec!["mystery".into()]),
        ErrorKind::NotEventStream("text/html".into()),
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
        | ErrorKind::Protocol(_)
        | ErrorKind::Proxy(_)
        | ErrorKind::Tls(_)
        | ErrorKind::Layer(_)
        | ErrorKind::ProxyConfig(_)
        | ErrorKind::TlsConfig(_)
        | ErrorKind::Status(_)
        | ErrorKind::Internal(_)
        | ErrorKind::Timeout { .. }
        | ErrorKind::Auth(_)
        | ErrorKind::Redirect(_)
        | ErrorKind::Decode(_)
        | ErrorKind::Limit(_)
        | ErrorKind::RequestBody(_)
        | ErrorKind::BodyNotReplayable
        | ErrorKind::Unavailable(_)
        | ErrorKind::Head(_)
        | ErrorKind::Text(_)
        | ErrorKind::Undecoded(_)
        | ErrorKind::NotEventStream(_)
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
        method: Some(Method::GET),
        url: Some("http://a.test/".into()),
        upgraded: false,
        proxy: proxy.map(Into::into),
        peer: Some("127.0.0.1:80".parse::<std::net::SocketAddr>().unwrap().into()),
        bytes_sent: 18,
        bytes_received: 4,
        processed: Processed::Maybe,
        attempts: 1,
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
fn no_error_repeats_its_source() {
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
fn texts_of_others_are_the_source() {
    let said: Vec<String> = kinds().iter().filter_map(|kind| Some(kind.source()?.to_string())).collect();
    let idna = url::ParseError::IdnaError.to_string();
    let mut expected = vec![
        idna.as_str(),
        "Name or service not known",
        "entity not found",
        "reset by peer (os error 104)",
        "no key",
        &idna,
        &idna,
        "unknown charset \"mystery\"",
    ];
    if cfg!(feature = "json") {
        expected.push("EOF while parsing a value at line 1 column 0");
    }
    assert_eq!(said, expected);
}

#[test]
fn error_chains_read_well() {
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
fn error_before_a_proxy_names_the_proxy() {
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
fn bytes_are_shown_once_the_request_is_sent() {
    for (phase, counted) in [(Phase::Connect, false), (Phase::Tls, false), (Phase::Send, true), (Phase::Body, true)] {
        let error = report(ErrorKind::Cancelled, phase, None).to_string();
        assert_eq!(error.contains("18 bytes sent, 4 received"), counted, "{error}");
        assert!(error.contains("[127.0.0.1:80"), "{error}");
    }
}

#[test]
fn clone_of_an_error_shares_the_report() {
    let error = report(ErrorKind::Limit(LimitExceeded { name: "x", limit: 1, found: 2 }), Phase::Body, None);
    assert!(std::ptr::eq(error.report(), error.clone().report()));
}

/// The questions that an error answers with yes, by their initials: timeout, connect, tls, proxy,
/// status, redirect, body, decode, builder, truncated ("x").
fn answers(error: &Error) -> String {
    [
        (error.is_timeout(), 't'),
        (error.is_connect(), 'c'),
        (error.is_tls(), 'l'),
        (error.is_proxy(), 'p'),
        (error.is_status(), 's'),
        (error.is_redirect(), 'r'),
        (error.is_body(), 'b'),
        (error.is_decode(), 'd'),
        (error.is_builder(), 'u'),
        (error.is_truncated(), 'x'),
    ]
    .into_iter()
    .filter_map(|(holds, letter)| holds.then_some(letter))
    .collect()
}

#[test]
fn predicates_depend_on_kind_and_phase() {
    let timeout = |which| ErrorKind::Timeout { which, limit: Duration::from_secs(1) };
    let io = || ErrorKind::Io(IoFailure::new(io::ErrorKind::ConnectionReset));
    let direct: Vec<(ErrorKind, Phase, &str)> = vec![
        (ErrorKind::Build(BuildError::NoBaseUrl), Phase::Prepare, "u"),
        (ErrorKind::Head(SendError::Invalid(crate::http1::InvalidRequest::SeveralHosts)), Phase::Prepare, "u"),
        (ErrorKind::TlsConfig(TlsConfigError::NoRoots), Phase::Prepare, "lu"),
        (ErrorKind::ProxyConfig(ProxyError::Url(UrlError::EmptyHost)), Phase::Configure, "pu"),
        (timeout(Timeout::Pool), Phase::Acquire, "t"),
        (ErrorKind::Resolve(IoFailure::new(io::ErrorKind::NotFound)), Phase::Resolve, "c"),
        (timeout(Timeout::Connect), Phase::Resolve, "tc"),
        (ErrorKind::AddressDenied(AddressDenied { denied: Vec::new() }), Phase::Connect, "c"),
        (ErrorKind::Connect(DialError::NoAddresses), Phase::Connect, "c"),
        (ErrorKind::Unavailable(Unavailable::SessionHeld), Phase::Connect, ""),
        (ErrorKind::Cancelled, Phase::Tls, ""),
        (io(), Phase::Tls, "cl"),
        (timeout(Timeout::Handshake), Phase::Tls, "tcl"),
        (ErrorKind::Tls(TlsFailure::Expired), Phase::Tls, "cl"),
        (ErrorKind::Tls(TlsFailure::Truncated), Phase::Body, "lbx"),
        (io(), Phase::Send, ""),
        (timeout(Timeout::FirstByte), Phase::Head, "t"),
        (ErrorKind::Protocol(ProtocolError::Empty), Phase::Head, "x"),
        (ErrorKind::Auth(AuthFailure::ServerUnproven), Phase::Head, ""),
        (ErrorKind::Redirect(RedirectError::Loop), Phase::Redirect, "r"),
        (ErrorKind::Status(StatusCode::NOT_FOUND), Phase::Status, "s"),
        (io(), Phase::Body, "b"),
        (timeout(Timeout::Idle), Phase::Body, "tb"),
        (ErrorKind::Cancelled, Phase::Body, ""),
        (ErrorKind::BodyNotReplayable, Phase::Prepare, "b"),
        (ErrorKind::RequestBody("gone".into()), Phase::Send, "b"),
        (ErrorKind::Undecoded(Vec::new()), Phase::Body, "bd"),
        (ErrorKind::NotEventStream("".into()), Phase::Body, "bd"),
        (ErrorKind::Decode(DecodeError::Truncated { coding: Coding::Gzip }), Phase::Body, "bdx"),
        (ErrorKind::Internal("a state without its data"), Phase::Send, ""),
    ];
    for (kind, phase, expected) in direct {
        let error = report(kind, phase, None);
        assert_eq!(answers(&error), expected, "{error}");
    }
    let proxied: Vec<(ErrorKind, Phase, &str)> = vec![
        (ErrorKind::Resolve(IoFailure::new(io::ErrorKind::NotFound)), Phase::Resolve, "cp"),
        (timeout(Timeout::Connect), Phase::Connect, "tcp"),
        (ErrorKind::Proxy(ProxyFailure::EarlyBytes), Phase::Proxy, "cp"),
        (ErrorKind::Proxy(ProxyFailure::Closed), Phase::Proxy, "cpx"),
        (ErrorKind::Tls(TlsFailure::UnknownIssuer), Phase::ProxyTls, "clp"),
        (ErrorKind::Tls(TlsFailure::UnknownIssuer), Phase::Tls, "cl"),
        (io(), Phase::Head, ""),
        (ErrorKind::Cancelled, Phase::Proxy, ""),
    ];
    for (kind, phase, expected) in proxied {
        let error = report(kind, phase, Some("p.test:3128"));
        assert_eq!(answers(&error), expected, "{error}");
    }
}

/// Converts as `?` does.
fn question_mark<T, E>(result: Result<T, E>) -> Error
where
    Error: From<E>,
{
    (|| -> Result<(), Error> {
        result?;
        Ok(())
    })()
    .expect_err("an error")
}

#[test]
fn question_mark_converts_every_error() {
    let url = || crate::url::parse_url("gopher://h/", &crate::Limits::DEFAULT);
    let bad_field = || crate::Headers::new().set("a b", "1");
    for (error, answer) in [
        (question_mark(url()), "u"),
        (question_mark(url::Url::parse("http://[")), "u"),
        (question_mark(bad_field()), "u"),
        (question_mark(crate::Auth::basic("a:b", "c")), "u"),
        (question_mark(Method::from_bytes(b"A B")), "u"),
        (question_mark(http::Request::builder().uri("http://a b/").body(())), "u"),
        (question_mark(crate::Session::new().set_base_url("/relative")), "u"),
        (question_mark(crate::Proxy::new("gopher://h/")), "pu"),
        (question_mark(Err::<(), _>(TlsConfigError::NoProvider)), "lu"),
        (question_mark(text::decode(b"x".to_vec(), Some(b"a/b; charset=mystery"), true)), "bd"),
        (question_mark(Err::<(), _>(Unavailable::SessionLost)), ""),
        (question_mark(Err::<(), _>(io::Error::other("the disk is full"))), ""),
    ] {
        assert_eq!(answers(&error), answer, "{error}");
        assert_eq!((error.phase(), error.url(), error.status()), (Phase::Configure, None, None));
        assert_eq!(error.processed(), Processed::No);
        assert_eq!(error.to_string(), error.kind().to_string(), "nothing but the kind is known");
    }
    let disk = question_mark(Err::<(), _>(io::Error::other("the disk is full")));
    assert_eq!(disk.source().unwrap().to_string(), "the disk is full");
}

#[cfg(feature = "json")]
#[test]
fn question_mark_works_on_errors_of_json() {
    let secret = || serde_json::from_str::<u8>("\"canary\"");
    let own = secret().map_err(crate::JsonError::from);
    for error in [question_mark(secret()), question_mark(own)] {
        assert_eq!(answers(&error), "bd");
        assert!(!chain(&error).contains("canary"), "{}", chain(&error));
    }
}

#[test]
fn error_inside_a_readers_error_is_recovered() {
    let inner = report(ErrorKind::Cancelled, Phase::Body, None);
    let outer = question_mark(Err::<(), _>(io::Error::new(io::ErrorKind::InvalidData, inner.clone())));
    assert!(std::ptr::eq(inner.report(), outer.report()));
}

#[test]
fn error_is_as_small_as_a_pointer() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
}

#[test]
fn link_failures_map_to_error_kinds() {
    let name = |error: LinkError| format!("{:?}", ErrorKind::from(error)).split('(').next().unwrap().to_owned();
    assert_eq!(name(LinkError::Protocol(ProtocolError::Empty)), "Protocol");
    assert_eq!(name(LinkError::Tls(TlsFailure::Expired)), "Tls");
    assert_eq!(name(LinkError::Proxy(ProxyFailure::Closed)), "Proxy");
    assert_eq!(name(LinkError::Layer(LayerFailure::Closed)), "Layer");
    assert_eq!(name(LinkError::Over), "Internal");
}

/// The head of a response with this status, as a connection reads it.
fn head(status: u16) -> crate::http1::ResponseHead {
    let mut connection = crate::http1::Connection::new(crate::http1::Config::default());
    connection.send_head(&crate::http1::RequestHead::new("GET", "/"), [("Host", &b"a.test"[..])]).unwrap();
    connection.wrote(connection.outgoing().len());
    let bytes = format!("HTTP/1.1 {status} as it likes\r\nContent-Length: 0\r\n\r\n");
    match connection.receive(bytes.as_bytes()).unwrap().event {
        crate::http1::Event::Head(head) => head,
        other => panic!("{other:?}"),
    }
}

#[test]
fn statuses_from_400_are_errors_on_request() {
    let request = crate::Request::new(Method::GET, "http://a.test/?token=canary");
    let now = crate::Now::new(crate::Instant::from_origin(Duration::ZERO), crate::UnixTime::default());
    let transfer = crate::Transfer::new(crate::Session::new().prepare(&request).unwrap(), now);
    for fine in [200, 204, 304, 399] {
        assert!(transfer.error_for_status(&head(fine)).is_ok(), "{fine}");
    }
    for bad in [400, 404, 499, 500, 599] {
        let error = transfer.error_for_status(&head(bad)).unwrap_err();
        assert_eq!((answers(&error).as_str(), error.phase()), ("s", Phase::Status));
        assert_eq!(error.status().map(|status| status.as_u16()), Some(bad));
        let text = error.to_string();
        assert!(text.contains(&format!(": checking the status: expected a status below 400, found {bad}")), "{text}");
        assert!(!text.contains("canary") && !text.contains("as it likes"), "{text}");
    }
}
