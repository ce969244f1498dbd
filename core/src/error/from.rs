//! Conversions: `?` converts every other error type of the library into [`Error`].

use std::io;

use super::{Error, ErrorKind, IoFailure};
use crate::content::decode::DecodeError;
use crate::content::text::TextError;
use crate::headers::HeaderError;
use crate::policy::auth::AuthError;
use crate::request::BuildError;
use crate::route::host_port::HostPortError;
use crate::route::proxy::ProxyError;
use crate::tls::TlsConfigError;
use crate::unavailable::Unavailable;
use crate::url::UrlError;

/// Converts each of these types into an error outside of any request.
macro_rules! outside {
    ($($type:ty => $kind:expr;)*) => {$(
        impl From<$type> for Error {
            fn from(error: $type) -> Self {
                Error::outside($kind(error))
            }
        }
    )*};
}

outside! {
    BuildError => ErrorKind::Build;
    HeaderError => |error| ErrorKind::Build(BuildError::Header(error));
    UrlError => |error| ErrorKind::Build(BuildError::Url(error));
    url::ParseError => |error| ErrorKind::Build(BuildError::Url(UrlError::Parse(error)));
    HostPortError => |error| ErrorKind::Build(BuildError::HostPort(error));
    AuthError => |error| ErrorKind::Build(BuildError::Auth(error));
    http::Error => |error: http::Error| ErrorKind::Build(BuildError::Http(error.to_string()));
    http::method::InvalidMethod => |error: http::method::InvalidMethod| {
        ErrorKind::Build(BuildError::Http(error.to_string()))
    };
    ProxyError => ErrorKind::ProxyConfig;
    TlsConfigError => ErrorKind::TlsConfig;
    DecodeError => ErrorKind::Decode;
    TextError => ErrorKind::Text;
    Unavailable => ErrorKind::Unavailable;
}

#[cfg(feature = "json")]
outside! {
    crate::json_error::JsonError => ErrorKind::Json;
    serde_json::Error => |error: serde_json::Error| ErrorKind::Json(error.into());
}

impl From<io::Error> for Error {
    /// Returns the [`Error`] inside an error of a response's reader. Any other error is a failure
    /// of the caller's own I/O, with the system's text as its source.
    fn from(error: io::Error) -> Self {
        match error.downcast::<Error>() {
            Ok(inner) => inner,
            Err(other) => Error::outside(ErrorKind::Io(IoFailure::from(&other))),
        }
    }
}
