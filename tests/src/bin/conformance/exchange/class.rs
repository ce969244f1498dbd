//! Maps the library's errors to the material's names.

use petition_core::content::decode::DecodeError;
use petition_core::http1::{Part, ProtocolError};
use petition_core::link::ProxyFailure;
use petition_core::policy::redirect::RedirectError;
use petition_core::url::UrlError;

use petition_core::{BuildError, Error, ErrorKind, Phase};

/// Returns the name of an error's class.
pub(super) fn of(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Build(BuildError::Url(UrlError::UnsupportedScheme(_))) => "unsupported-scheme",
        ErrorKind::Build(BuildError::Url(_) | BuildError::NoBaseUrl) => "bad-url",
        ErrorKind::Build(_) | ErrorKind::Head(_) => "bad-request",
        ErrorKind::Resolve(_) => "resolve",
        ErrorKind::AddressDenied(_) | ErrorKind::Connect(_) | ErrorKind::TlsConfig(_) => "connect",
        ErrorKind::Io(_) if error.report().phase == Phase::Send => "send",
        ErrorKind::Io(_) => "receive",
        ErrorKind::Protocol(error) => protocol(error),
        ErrorKind::Proxy(ProxyFailure::Refused(_)) | ErrorKind::Tls(_) => "connect",
        ErrorKind::Timeout { .. } => "timeout",
        ErrorKind::Redirect(RedirectError::TooMany { .. } | RedirectError::Loop) => "too-many-redirects",
        ErrorKind::Redirect(RedirectError::UnsupportedScheme(_)) => "unsupported-scheme",
        ErrorKind::Redirect(RedirectError::BadLocation(_)) => "bad-url",
        ErrorKind::Redirect(_) => "bad-reply",
        // curl blames the coding.
        ErrorKind::Decode(DecodeError::Limit(limit)) if limit.name == "content_codings" => "bad-encoding",
        ErrorKind::Limit(_) | ErrorKind::Decode(DecodeError::Limit(_)) => "too-large",
        ErrorKind::Decode(_) => "bad-encoding",
        ErrorKind::RequestBody(_) | ErrorKind::BodyNotReplayable => "send",
        _ => "receive",
    }
}

fn protocol(error: &ProtocolError) -> &'static str {
    match error {
        ProtocolError::Empty => "empty-reply",
        ProtocolError::Truncated { part: Part::Body | Part::Trailers, .. } => "partial-body",
        ProtocolError::Limit(_) => "too-large",
        ProtocolError::TransferEncoding { .. } => "bad-encoding",
        _ => "bad-reply",
    }
}
