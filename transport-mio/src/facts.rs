//! What is known of a response beside its body: the same questions, by the same names, for a [`Response`](crate::Response) and for the
//! [`Head`] that a handler is shown. They are those of petition-std's response.

use std::fmt;

use petition_core::http1::ResponseHead;
use petition_core::transfer::Transfer;

/// The questions, for a type with a `head: ResponseHead` and a `transfer` that leads to the [`Transfer`].
macro_rules! facts {
    () => {
        /// The status code.
        pub fn status(&self) -> http::StatusCode {
            self.head.status()
        }

        /// Whether the status is 2xx.
        pub fn ok(&self) -> bool {
            self.status().is_success()
        }

        /// The reason phrase as it was received; often empty, and of no meaning (RFC 9112 §4).
        pub fn reason(&self) -> &[u8] {
            self.head.reason()
        }

        /// The HTTP version of the response.
        pub fn version(&self) -> petition_core::http1::Version {
            self.head.version()
        }

        /// The URL that answered, the last of all redirects; without userinfo.
        pub fn url(&self) -> &url::Url {
            self.transfer.url()
        }

        /// The first value of a field as text, the name in any case; `None` when there is none or it is not UTF-8.
        pub fn header(&self, name: &str) -> Option<&str> {
            std::str::from_utf8(self.head.get(name)?).ok()
        }

        /// All fields, made into a map at each call. The order and the case of names are in the head.
        pub fn headers(&self) -> http::HeaderMap {
            self.head.to_header_map()
        }

        /// The head as it was received.
        pub fn head(&self) -> &petition_core::http1::ResponseHead {
            &self.head
        }

        /// The cookies that this response set, as it spelled them. Those that the session took are in its jar.
        pub fn cookies(&self) -> Vec<cookie::Cookie<'static>> {
            let fields = self.head.get_all("set-cookie").filter_map(|field| std::str::from_utf8(field).ok());
            fields.filter_map(|field| cookie::Cookie::parse(field.to_owned()).ok()).collect()
        }

        /// The responses that were not the final one, the oldest first: each redirect that was followed, and a 417 after which the
        /// request was sent without `Expect`.
        pub fn history(&self) -> &[petition_core::transfer::Hop] {
            self.transfer.history()
        }

        /// The time from sending the request to the head of this response, redirects included.
        pub fn elapsed(&self) -> std::time::Duration {
            self.transfer.elapsed().unwrap_or_default()
        }

        /// What was tolerated in this response so far: departures from the grammar; a TLS connection that ended without saying so, so that a body
        /// without a length may have been cut (RFC 9112 §9.8).
        pub fn tolerated(&self) -> petition_core::http1::LeniencySet {
            self.transfer.tolerated()
        }

        /// The address that answered.
        pub fn peer(&self) -> Option<std::net::SocketAddr> {
            self.transfer.peer()
        }

        /// Whether the connection had been used for an earlier request.
        pub fn reused(&self) -> bool {
            self.transfer.reused()
        }
    };
}

pub(crate) use facts;

/// The final response as a [`Handler`](crate::Handler) is shown it, before its body comes.
pub struct Head<'a> {
    head: ResponseHead,
    transfer: &'a Transfer,
}

impl<'a> Head<'a> {
    pub(crate) fn new(head: ResponseHead, transfer: &'a Transfer) -> Head<'a> {
        Head { head, transfer }
    }

    facts!();

    /// The head, to be kept.
    pub fn into_head(self) -> ResponseHead {
        self.head
    }
}

impl fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head").field("head", &self.head).field("hops", &self.history().len()).finish_non_exhaustive()
    }
}
