//! One error type over both transports: a status as an error, and its predicates.

use petition_core::{Error, ErrorKind, Phase, Processed, StatusCode};
use petition_mio::LoopThread;
use petition_std::Session;
use petition_tests::httpbin::Httpbin;
use petition_tests::support::everything;

/// Checks a status as an error, whatever the transport.
fn check_status_error(error: &Error) {
    assert!(error.is_status() && !error.is_body() && !error.is_connect() && !error.is_timeout(), "{error}");
    assert!(matches!(error.kind(), ErrorKind::Status(StatusCode::IM_A_TEAPOT)), "{error}");
    assert_eq!(error.status(), Some(StatusCode::IM_A_TEAPOT));
    assert_eq!((error.phase(), error.processed()), (Phase::Status, Processed::Maybe));
    assert!(error.url().unwrap().ends_with("/status/418?token=***"), "{error}");
    let text = everything(error);
    assert!(text.contains(": checking the status: expected a status below 400, found 418"), "{text}");
    assert!(!text.contains("hush"), "{text}");
    let response = error.report().response.as_ref().unwrap();
    assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
}

#[test]
fn status_from_400_is_an_error_on_request() {
    let server = Httpbin::start_plain().unwrap();
    let (session, client) = (Session::new(), LoopThread::spawn(Default::default()).unwrap());
    let bad = server.url("/status/418?token=hush");
    let kept = session.get(&bad).send().unwrap();
    check_status_error(&kept.error_for_status_ref().unwrap_err());
    check_status_error(&kept.error_for_status().unwrap_err());
    let kept = client.get(&bad).join().wait().unwrap();
    check_status_error(&kept.error_for_status_ref().unwrap_err());
    check_status_error(&kept.error_for_status().unwrap_err());
    for (status, fine) in [(200, true), (304, true), (399, true), (400, false), (500, false), (599, false)] {
        let url = server.url(&format!("/status/{status}"));
        let blocking = session.get(&url).send().unwrap().error_for_status();
        let waited = client.get(&url).join().wait().unwrap().error_for_status();
        assert_eq!((blocking.is_ok(), waited.is_ok()), (fine, fine), "{status}");
    }
}
