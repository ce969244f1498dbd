//! What is known of a response beside its body, and the one list of the accessors that every response type has.
//!
//! A transport takes a [`ResponseInfo`] from the transfer when the final head comes, and keeps it beside whatever reads
//! the body. So a body can be read behind a lock while the head is borrowed.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ::url::Url;

use super::Transfer;
use super::io::Hop;
use crate::http1::{LeniencySet, ResponseHead, Version};

/// The head of the final response, and how it came.
///
/// The response types of petition-std and petition-mio have the same accessors.
#[derive(Clone)]
pub struct ResponseInfo {
    head: ResponseHead,
    url: Arc<Url>,
    history: Vec<Hop>,
    elapsed: Duration,
    peer: Option<SocketAddr>,
    reused: bool,
    tolerated: LeniencySet,
}

impl Transfer {
    /// Takes what is known of the response with this final head. The history moves into the result:
    /// [`Transfer::history`] is empty afterwards.
    pub fn response_info(&mut self, head: ResponseHead) -> ResponseInfo {
        ResponseInfo {
            head,
            url: self.0.request.url.clone(),
            history: self.take_history(),
            elapsed: self.elapsed().unwrap_or_default(),
            peer: self.peer(),
            reused: self.reused(),
            tolerated: self.tolerated(),
        }
    }
}

/// Writes the accessors of a response: for [`ResponseInfo`] itself, and for the transports' own types. `$info` is the
/// path from `self` to the [`ResponseInfo`].
#[doc(hidden)]
#[macro_export]
macro_rules! response_accessors {
    (@each $path:tt $($(#[doc = $doc:literal])* $name:ident($info:ident $(, $arg:ident: $type:ty)*) -> $result:ty $body:block)*) => {
        $($crate::response_accessors! { @one $path { $(#[doc = $doc])* $name($info $(, $arg: $type)*) -> $result $body } })*
    };
    (@one [] { $(#[doc = $doc:literal])* $name:ident($info:ident $(, $arg:ident: $type:ty)*) -> $result:ty $body:block }) => {
        $(#[doc = $doc])*
        pub fn $name(&self $(, $arg: $type)*) -> $result {
            let $info = self;
            $body
        }
    };
    (@one [$($path:tt)+] { $(#[doc = $doc:literal])* $name:ident($info:ident $(, $arg:ident: $type:ty)*) -> $result:ty $body:block }) => {
        $(#[doc = $doc])*
        pub fn $name(&self $(, $arg: $type)*) -> $result {
            self $($path)+ .$name($($arg),*)
        }
    };
    ($($path:tt)*) => {
        $crate::response_accessors! { @each [$($path)*]
            /// Returns the status code.
            status(info) -> $crate::StatusCode { info.head.status() }
            /// Returns whether the status is 2xx.
            ok(info) -> bool { info.head.status().is_success() }
            /// Returns the reason phrase as received; often empty, and of no meaning (RFC 9112 §4).
            reason(info) -> &[u8] { info.head.reason() }
            /// Returns the HTTP version that the response states.
            version(info) -> $crate::http1::Version { info.head.version() }
            /// Returns the URL that answered, the last of all redirects, without userinfo.
            url(info) -> &$crate::Url { &info.url }
            /// Returns the first value of a field as text, the name in any case; `None` if there is none or it is not UTF-8.
            header(info, name: &str) -> Option<&str> { std::str::from_utf8(info.head.get(name)?).ok() }
            /// Returns all fields as a map, which each call makes anew. The order and the case of names are in the head.
            headers(info) -> $crate::HeaderMap { info.head.to_header_map() }
            /// Returns the head as received.
            head(info) -> &$crate::http1::ResponseHead { &info.head }
            /// Returns the number of bytes that the response declares in `Content-Length`, before content codings are removed;
            /// `None` without one, and where `Transfer-Encoding` overrides it (RFC 9112 §6.3).
            content_length(info) -> Option<u64> { info.head.content_length() }
            /// Returns the value of `Content-Type` as text, such as `text/html; charset=utf-8`.
            content_type(info) -> Option<&str> { info.header("content-type") }
            /// Returns the cookies that this response set, as it spelled them. Those that the session took are in its jar.
            cookies(info) -> Vec<$crate::cookie::Cookie<'static>> {
                let fields = info.head.get_all("set-cookie").filter_map(|field| std::str::from_utf8(field).ok());
                fields.filter_map(|field| $crate::cookie::Cookie::parse(field.to_owned()).ok()).collect()
            }
            /// Returns the hops before the final response, the oldest first: redirects that were followed, a 417 after which the
            /// request was sent without `Expect`, and idle connections that proved dead.
            history(info) -> &[$crate::transfer::Hop] { &info.history }
            /// Returns the time from sending the request to the head of this response, redirects included.
            elapsed(info) -> std::time::Duration { info.elapsed }
            /// Returns the address that answered.
            peer(info) -> Option<std::net::SocketAddr> { info.peer }
            /// Returns whether the connection had been used for an earlier request.
            reused(info) -> bool { info.reused }
        }
    };
}

impl ResponseInfo {
    crate::response_accessors! {}

    /// Returns what was tolerated in the response up to its head: departures from the grammar.
    pub fn tolerated(&self) -> LeniencySet {
        self.tolerated
    }

    /// Returns the head, to keep it.
    pub fn into_head(self) -> ResponseHead {
        self.head
    }

    /// Makes a response of the package `http` with this body. Its extensions hold the [`ResponseInfo`].
    ///
    /// A value with a tolerated control character cannot stand in its map, and is left out.
    pub fn into_http<B>(self, body: B) -> http::Response<B> {
        let mut response = http::Response::new(body);
        *response.status_mut() = self.status();
        *response.version_mut() = match self.version() {
            Version::Http10 => http::Version::HTTP_10,
            Version::Http11 => http::Version::HTTP_11,
        };
        *response.headers_mut() = self.headers();
        response.extensions_mut().insert(self);
        response
    }
}

impl fmt::Debug for ResponseInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseInfo")
            .field("head", &self.head)
            .field("hops", &self.history.len())
            .finish_non_exhaustive()
    }
}
