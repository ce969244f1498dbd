//! Response information apart from the body, and the accessors that all response types share.
//!
//! A transport takes a [`ResponseInfo`] from the transfer with the final head, and stores it apart
//! from the body. The body can then be read behind a lock while the head is borrowed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::url::Url;

use super::Transfer;
use super::io::Hop;
use crate::http1::{LeniencySet, ResponseHead, Version};
use crate::route::address::Address;

/// The head of the final response, with its URL, history and connection.
///
/// The response types of petition-std and petition-mio have the same accessors.
#[derive(Clone)]
pub struct ResponseInfo {
    head: ResponseHead,
    url: Arc<Url>,
    history: Vec<Hop>,
    elapsed: Duration,
    peer: Option<Address>,
    reused: bool,
    tolerated: LeniencySet,
}

impl Transfer {
    /// Returns the information about the response with this final head. Takes the history:
    /// [`Transfer::history`] is empty afterwards.
    pub fn response_info(&mut self, head: ResponseHead) -> ResponseInfo {
        ResponseInfo {
            head,
            url: self.0.request.url.clone(),
            history: self.take_history(),
            elapsed: self.elapsed().unwrap_or_default(),
            peer: self.peer().cloned(),
            reused: self.reused(),
            tolerated: self.tolerated(),
        }
    }
}

/// Expands to the accessors of [`ResponseInfo`] and of the transports' response types. `$path` is
/// the path from `self` to the [`ResponseInfo`].
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
            /// Returns the reason phrase as received. It is often empty, and has no meaning (RFC
            /// 9112 §4).
            reason(info) -> &[u8] { info.head.reason() }
            /// Returns the HTTP version of the response.
            version(info) -> $crate::http1::Version { info.head.version() }
            /// Returns the URL of the final response, after all redirects, without userinfo.
            url(info) -> &$crate::Url { &info.url }
            /// Returns the first value of a field as text; `None` if there is none or it is not
            /// UTF-8. Ignores the name's case.
            header(info, name: &str) -> Option<&str> { std::str::from_utf8(info.head.get(name)?).ok() }
            /// Returns all fields as a new map. The head has the order and the case of names.
            headers(info) -> $crate::HeaderMap { info.head.to_header_map() }
            /// Returns the head as received.
            head(info) -> &$crate::http1::ResponseHead { &info.head }
            /// Returns the number of bytes that the response declares in `Content-Length`, before
            /// content codings are removed; `None` without one, and where `Transfer-Encoding`
            /// overrides it (RFC 9112 §6.3).
            content_length(info) -> Option<u64> { info.head.content_length() }
            /// Returns the value of `Content-Type` as text, such as `text/html; charset=utf-8`.
            content_type(info) -> Option<&str> { info.header("content-type") }
            /// Returns the file name that the first `Content-Disposition` suggests (RFC 6266), safe
            /// for use inside a directory: one component without separators, at most 240 bytes,
            /// never hidden, and never a Windows device. `None` if there is no usable name.
            file_name(info) -> Option<String> { $crate::content::disposition::file_name(info.head.get("content-disposition")?) }
            /// Returns the links of the `Link` fields (RFC 8288), resolved against the URL of this
            /// response.
            links(info) -> Vec<$crate::content::link::Link> { $crate::content::link::parse(&info.url, info.head.get_all("link")) }
            /// Returns the URL of the first link with this relation type, such as `next`. Ignores
            /// links whose URL is invalid, and links that are not about this resource (`anchor`).
            link(info, relation: &str) -> Option<$crate::Url> {
                let about = |link: &$crate::content::link::Link| link.has_rel(relation) && link.parameter("anchor").is_none();
                info.links().into_iter().find_map(|link| about(&link).then(|| link.url().cloned()).flatten())
            }
            /// Returns the cookies that this response sets, as received. The session's jar has
            /// those that it accepted.
            cookies(info) -> Vec<$crate::cookie::Cookie<'static>> {
                let fields = info.head.get_all("set-cookie").filter_map(|field| std::str::from_utf8(field).ok());
                fields.filter_map(|field| $crate::cookie::Cookie::parse(field.to_owned()).ok()).collect()
            }
            /// Returns the hops before the final response, the oldest first: followed redirects,
            /// requests repeated without `Expect` after a 417, and dead reused connections.
            history(info) -> &[$crate::transfer::Hop] { &info.history }
            /// Returns the time from sending the request to the head of this response, redirects
            /// included.
            elapsed(info) -> std::time::Duration { info.elapsed }
            /// Returns the address of the server or proxy.
            peer(info) -> Option<&$crate::route::address::Address> { info.peer.as_ref() }
            /// Returns whether the connection had been used for an earlier request.
            reused(info) -> bool { info.reused }
        }
    };
}

impl ResponseInfo {
    crate::response_accessors! {}

    /// Returns the leniencies used up to the head: grammar violations.
    pub fn tolerated(&self) -> LeniencySet {
        self.tolerated
    }

    /// Returns the head.
    pub fn into_head(self) -> ResponseHead {
        self.head
    }

    /// Converts into an `http::Response` with this body. Its extensions hold the [`ResponseInfo`].
    ///
    /// Its map cannot hold a value with a tolerated control character, which is omitted.
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
