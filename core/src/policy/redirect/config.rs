//! The configuration of redirects, and its defaults.

/// Configures redirects. By default, up to 10 are followed, and credentials stay with their origin.
///
/// Set its parts with `options.redirects(|r| …)`, or change the fields of the
/// [default](Policy::default).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Policy {
    /// The maximum number of redirects to follow for one request; one more is an error. 0 follows
    /// none and delivers the 3xx. Default: 10.
    pub max: u32,
    /// Whether to follow a redirect to a request that the chain has made before. Default:
    /// [`Repeats::Followed`].
    pub repeats: Repeats,
    /// Which fields to send to another origin. Default: [`CrossOrigin::KeepUnlisted`].
    pub cross_origin: CrossOrigin,
    /// Whether to send the body to another origin if the status keeps it. Default:
    /// [`CrossOriginBody::Send`].
    pub cross_origin_body: CrossOriginBody,
    /// Whether a redirect may lead to plain http. Default: [`PlainHttp::Allowed`]. The first URL is
    /// not checked; the option `https_only` refuses http on every hop.
    pub plain_http: PlainHttp,
    /// Whether to send a Referer by the referrer policy "strict-origin-when-cross-origin". Default:
    /// `false`.
    pub referer: bool,
    /// Status codes that keep POST and its body instead of turning it into GET. Default: none.
    pub keep_post: KeepPost,
    /// Whether an upgrade from http to https of one host keeps credentials, if both use their
    /// default ports. A session's credentials also need a [`SecretScope`](crate::SecretScope) with
    /// both origins. Default: `false`.
    pub http_to_https_keeps_credentials: bool,
    /// Whether credentials and sensitive fields go to every origin that the peer redirects to. A
    /// server that controls a redirect receives them. A session's secrets stay within its
    /// [`SecretScope`](crate::SecretScope) even so. Default: `false`.
    pub danger_credentials_follow_to_any_origin: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            max: 10,
            repeats: Repeats::default(),
            cross_origin: CrossOrigin::default(),
            cross_origin_body: CrossOriginBody::default(),
            plain_http: PlainHttp::default(),
            referer: false,
            keep_post: KeepPost::default(),
            http_to_https_keeps_credentials: false,
            danger_credentials_follow_to_any_origin: false,
        }
    }
}

/// Whether to follow a redirect to a request that the same chain has made, with no new cookie
/// since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Repeats {
    /// Follow it as any other: some servers redirect to the same URL until they are ready. The
    /// redirect limit ends a loop, and its error says how often the request was made.
    #[default]
    Followed,
    /// Fail at once with [`RedirectError::Loop`](super::RedirectError::Loop).
    Refused,
}

/// Which of the caller's fields to send to another origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CrossOrigin {
    /// All but those that are marked sensitive or have a well-known sensitive name.
    #[default]
    KeepUnlisted,
    /// Only `accept*`, `user-agent`, `range`, `content-*` and `if-*`, unless sensitive.
    OnlySafeListed,
}

/// Whether to send the body to another origin if a redirect keeps it: 307 and 308, and others by
/// [`KeepPost`] or method.
///
/// A refused redirect ends the request with
/// [`RedirectError::BodyToAnotherOrigin`](super::RedirectError::BodyToAnotherOrigin) or
/// [`RedirectError::BodyInClear`](super::RedirectError::BodyInClear). The error carries the 3xx
/// response. Redirects that drop the body are not affected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CrossOriginBody {
    /// To any origin, but never from https to http.
    #[default]
    Send,
    /// Never. An upgrade to https counts as the same origin if
    /// [`Policy::http_to_https_keeps_credentials`] is set.
    Refuse,
    /// To any origin, also from https to http: any host on the network path can read the body.
    DangerSendInClear,
}

/// Whether a redirect may lead to plain http.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PlainHttp {
    /// Allowed, also from https. Credentials are dropped.
    #[default]
    Allowed,
    /// Allowed from http only.
    NotFromHttps,
    /// Refused, also from http. A first URL of plain http is not affected.
    Refused,
}

/// Status codes that keep POST. RFC 9110 §15.4 allows a client to change it to GET at 301 and 302,
/// and asks for it at 303. Clients do so in practice; hence the default keeps none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeepPost {
    /// At 301.
    pub on_301: bool,
    /// At 302.
    pub on_302: bool,
    /// At 303.
    pub on_303: bool,
}
