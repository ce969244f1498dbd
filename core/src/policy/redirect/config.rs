//! What the caller may choose about redirects, and the safe defaults.

/// How redirects are treated. The default follows up to 10 and keeps credentials to their origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// How many are followed for one request; one more is an error. 0 follows none and delivers the 3xx. Default: 10.
    pub max: u32,
    /// What is done with a request that the chain has made before. Default: [`Repeats::Followed`].
    pub repeats: Repeats,
    /// Which fields go to another origin. Default: [`CrossOrigin::KeepUnlisted`].
    pub cross_origin: CrossOrigin,
    /// Whether the body goes to another origin, where the status keeps it. Default: [`CrossOriginBody::Send`].
    pub cross_origin_body: CrossOriginBody,
    /// Whether a redirect may lead to plain http. Default: [`PlainHttp::Allowed`]. It does not judge the first URL; the option
    /// `https_only` refuses http on every hop.
    pub plain_http: PlainHttp,
    /// Send a Referer as "strict-origin-when-cross-origin" has it. Default: no Referer.
    pub referer: bool,
    /// Codes that keep POST and its body instead of turning it into GET. Default: none.
    pub keep_post: KeepPost,
    /// An upgrade from http to https of one host, both at their default ports, keeps credentials, those of a session if its
    /// [`SecretScope`](crate::SecretScope) has both origins. Default: false.
    pub http_to_https_keeps_credentials: bool,
    /// Credentials and sensitive fields go wherever the peer redirects to: whoever controls a redirect
    /// receives them. A session's secrets stay within its [`SecretScope`](crate::SecretScope) even so. Default: false.
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

/// What is done with a redirect to a request that was made in the same chain, with no new cookie since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Repeats {
    /// It is followed as any other: some servers redirect to the same URL until they are ready. The number of redirects
    /// ends a loop, and the error says how often the request was made.
    #[default]
    Followed,
    /// It ends the chain at once, with [`RedirectError::Loop`](super::RedirectError::Loop).
    Refused,
}

/// Which of the caller's fields go to another origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CrossOrigin {
    /// All but those marked sensitive and those of a well-known sensitive name.
    #[default]
    KeepUnlisted,
    /// Only `accept*`, `user-agent`, `range`, `content-*` and `if-*`, and of those none that is sensitive.
    OnlySafeListed,
}

/// Whether a redirect that keeps the body (307 and 308, and others by [`KeepPost`] or method) sends it to another origin.
///
/// A redirect that is refused ends the request with [`RedirectError::BodyToAnotherOrigin`](super::RedirectError::BodyToAnotherOrigin) or
/// [`RedirectError::BodyInClear`](super::RedirectError::BodyInClear); the error carries the 3xx response. A redirect that drops the body is
/// not affected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CrossOriginBody {
    /// To any origin, but never from https to http.
    #[default]
    Send,
    /// Never. An upgrade to https counts as the same origin if [`Policy::http_to_https_keeps_credentials`] is set.
    Refuse,
    /// To any origin, also from https to http: any host on the network path can read the body.
    DangerSendInClear,
}

/// Whether a redirect may lead to plain http.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PlainHttp {
    /// Yes, also from https; credentials do not go along.
    #[default]
    Allowed,
    /// From http only.
    NotFromHttps,
    /// No redirect may, from http neither. A first URL of plain http is not refused.
    Refused,
}

/// Codes at which POST stays POST. RFC 9110 §15.4 lets a client change it to GET for 301 and 302 and asks for
/// it at 303; everybody does, so that none is the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeepPost {
    /// At 301.
    pub on_301: bool,
    /// At 302.
    pub on_302: bool,
    /// At 303.
    pub on_303: bool,
}
