//! The one table of options: their names, types, defaults and documentation.
//!
//! Everything that lists the options is generated from it: the setters of [`Options`](super::Options), the chaining methods of the
//! three request types, and the merged [`Settings`](super::Settings). The first line of each documentation stands at all of them,
//! the rest at the setter of `Options` alone.

/// Hands the rows of the table to the macro named in the brackets, behind the tokens in the braces.
#[doc(hidden)]
#[macro_export]
macro_rules! option_table {
    ([$($callback:tt)*] { $($given:tt)* }) => {
        $($callback)*! { $($given)*
composite {
    /// Which redirects are followed, and what goes along.
    ///
    /// Each part has a default of its own: see [`Policy`](crate::policy::redirect::Policy). At most 10 are followed unless `max` is set;
    /// `max(0)` delivers the first 3xx.
    ///
    /// ```
    /// # use petition_core::{Options, policy::redirect::PlainHttp};
    /// # let mut options = Options::new();
    /// options.redirects(|r| {
    ///     r.max(3).plain_http(PlainHttp::Refused);
    /// });
    /// ```
    redirects: $crate::options::RedirectOptions => $crate::policy::redirect::Policy = $crate::policy::redirect::Policy::default();
    /// Limits on what a peer may make the client hold or do.
    ///
    /// Each part has a default and a unit of its own: see [`Limits`](crate::Limits).
    ///
    /// ```
    /// # let mut options = petition_core::Options::new();
    /// options.limits(|l| {
    ///     l.body_bytes(1 << 20).head_fields(64);
    /// });
    /// ```
    limits: $crate::options::LimitOptions => $crate::Limits = $crate::Limits::DEFAULT;
    /// Which departures from the standards are tolerated in a response.
    ///
    /// Default: all that have a name, [`Leniencies::COMPAT`](crate::http1::Leniencies::COMPAT). Strict mode is none of them:
    ///
    /// ```
    /// # use petition_core::{Options, http1::Leniencies};
    /// # let mut options = Options::new();
    /// options.leniencies(|l| {
    ///     l.all(Leniencies::STRICT);
    /// });
    /// ```
    leniencies: $crate::options::LeniencyOptions => $crate::http1::Leniencies = $crate::http1::Leniencies::COMPAT;
}
single {
    /// Refuses every http URL, the request's own and that of a redirect.
    ///
    /// Default: `false`. The errors are [`BuildError::HttpsOnly`](crate::BuildError::HttpsOnly) and
    /// [`RedirectError::HttpsOnly`](crate::policy::redirect::RedirectError::HttpsOnly). The way to a proxy may be plain http.
    https_only: bool = false;
    /// Limits the time for the name look-up and for connecting, to a proxy if there is one.
    ///
    /// Default: 10 s. `None`: no limit.
    connect_timeout: Option<std::time::Duration> = Some(std::time::Duration::from_secs(10));
    /// Limits the wait for a free connection slot, where the pool limits open connections.
    ///
    /// Default: 10 s. Zero: no waiting. `None`: no limit.
    pool_timeout: Option<std::time::Duration> = Some(std::time::Duration::from_secs(10));
    /// Limits the time for the handshakes with a proxy and for TLS.
    ///
    /// Default: 10 s. `None`: no limit.
    handshake_timeout: Option<std::time::Duration> = Some(std::time::Duration::from_secs(10));
    /// Limits the time from the last byte of the request to the first byte of the response.
    ///
    /// Default: `None`, no limit beside [`idle_timeout`](Options::idle_timeout).
    first_byte_timeout: Option<std::time::Duration> = None;
    /// Limits the time during which no byte moves although the peer could move one.
    ///
    /// Default: 30 s. `None`: no limit. The time that the caller takes to read a body does not count.
    idle_timeout: Option<std::time::Duration> = Some(std::time::Duration::from_secs(30));
    /// Limits the time for the whole call: every hop, every retry, the body to its end.
    ///
    /// Default: `None`, no limit.
    total_timeout: Option<std::time::Duration> = None;
    /// Asks with `Expect: 100-continue` before a body is sent, and waits this long for the answer.
    ///
    /// Default: `None`, the body is sent at once. When the time is over, the body is sent all the same (RFC 9110 §10.1.1); 1 s is
    /// usual. Origins that refuse the expectation are not asked again by this session.
    expect_continue: Option<std::time::Duration> = None;
    /// Asks for content codings (gzip and others) and removes them from the body.
    ///
    /// Default: `true`. With `false`, the body is delivered as it was sent.
    decode: bool = true;
    /// Asks for transfer codings with `TE: gzip`, and removes them from the body (RFC 9112 §7.2).
    ///
    /// Default: `false`: a transfer coding other than chunked stays on the body. No effect in HTTP/1.0, nor without the feature `gzip`.
    transfer_coding: bool = false;
    /// Uses the session's cookie jar, for sending and storing.
    ///
    /// Default: `true`.
    cookie_jar: bool = true;
    /// Says from where the request comes, for SameSite cookies (RFC 6265bis §5.2).
    ///
    /// Default: from the same site.
    same_site: $crate::cookie::SiteContext = $crate::cookie::SiteContext::default();
    /// Sends these credentials to the origin.
    ///
    /// Default: `None`. The request's come before userinfo in its URL, and that before the session's. Those of a session go to every
    /// origin that is asked, unless [`secret_scope`](Options::secret_scope) or a base URL binds them.
    auth: Option<$crate::Auth> = None;
    /// Sends requests through this proxy.
    ///
    /// Default: `None`. Nothing is read from the environment.
    proxy: Option<$crate::Proxy> = None;
    /// Sets the TLS configuration: trust, client certificate, versions.
    ///
    /// Default: `None`, Mozilla's roots with TLS 1.2 and 1.3. That configuration is made once for a session, when it is first needed.
    #[cfg(feature = "tls")]
    tls: Option<$crate::tls::TlsConfig> = None;
    /// Resolves relative URLs of requests against this URL (RFC 3986 §5).
    ///
    /// Default: `None`. That of a session binds the session's secrets to its origin, unless
    /// [`secret_scope`](Options::secret_scope) says otherwise.
    base_url: Option<$crate::Url> = None, redact;
    /// Sets the origins to which the secrets of the session go.
    ///
    /// Default: [`SecretScope::BaseOrigin`](crate::SecretScope::BaseOrigin), the origin of the session's base URL if it has one. A request
    /// may widen or narrow the scope for itself.
    secret_scope: $crate::SecretScope = $crate::SecretScope::BaseOrigin;
    /// Sets the addresses that may be connected to.
    ///
    /// Default: [`AddressPolicy::Any`](crate::route::address_policy::AddressPolicy::Any).
    address_policy: $crate::route::address_policy::AddressPolicy = $crate::route::address_policy::AddressPolicy::default();
    /// Sends a request once more on a new connection if its idle connection proves dead, where that is safe.
    ///
    /// Default: `true`. Safe is a request that the server cannot have processed, or one that is idempotent (RFC 9112 §9.3.1).
    retry_dead_connection: bool = true;
    /// Declares that the request may be processed twice without harm, whatever its method.
    ///
    /// Default: `false`: the method decides (RFC 9110 §9.2.2).
    idempotent: bool = false;
    /// Keeps the connection for later requests.
    ///
    /// Default: `true`. With `false`, the request says `Connection: close`.
    keep_alive: bool = true;
    /// Sets what stands as the request target (RFC 9112 §3.2).
    ///
    /// Default: [`RequestTarget::Url`](crate::RequestTarget::Url).
    target: $crate::RequestTarget = $crate::RequestTarget::Url;
    /// Sets the HTTP version of the request.
    ///
    /// Default: [`Version::Http11`](crate::http1::Version::Http11).
    version: $crate::http1::Version = $crate::http1::Version::Http11;
}
        }
    };
}
