//! The option table: names, types, defaults and documentation of all options.
//!
//! The macros that list the options all expand it: the setters of [`Options`](super::Options), the
//! chaining methods of the three request types, and the merged [`Settings`](super::Settings). The
//! first line of each entry's documentation appears on all of them, the rest only on the setter of
//! `Options`.

/// Passes the rows of the table to the macro named in the brackets, after the tokens in the braces.
#[doc(hidden)]
#[macro_export]
macro_rules! option_table {
    ([$($callback:tt)*] { $($given:tt)* }) => {
        $($callback)*! { $($given)*
composite {
    /// Configures which redirects are followed, and what they carry.
    ///
    /// Default: up to 10 redirects; `max(0)` follows none and delivers the first 3xx. Parts merge
    /// one by one and have their own defaults: see [`Policy`](crate::policy::redirect::Policy).
    ///
    /// ```
    /// # use petition_core::{Options, policy::redirect::PlainHttp};
    /// # let mut options = Options::new();
    /// options.redirects(|r| {
    ///     r.max(3).plain_http(PlainHttp::Refused);
    /// });
    /// ```
    redirects: $crate::options::RedirectOptions => $crate::policy::redirect::Policy = $crate::policy::redirect::Policy::default();
    /// Bounds what a peer can make the client store or do.
    ///
    /// Default: [`Limits::DEFAULT`](crate::Limits::DEFAULT). Parts merge one by one;
    /// [`Limits`](crate::Limits) documents their defaults and units.
    ///
    /// ```
    /// # let mut options = petition_core::Options::new();
    /// options.limits(|l| {
    ///     l.body_bytes(1 << 20).head_fields(64);
    /// });
    /// ```
    limits: $crate::options::LimitOptions => $crate::Limits = $crate::Limits::DEFAULT;
    /// Selects the violations of the standards that are tolerated in responses.
    ///
    /// Default: [`Leniencies::COMPAT`](crate::http1::Leniencies::COMPAT), all named leniencies.
    /// Parts merge one by one. Strict mode tolerates none:
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
    /// Refuses http URLs, in requests and in redirects.
    ///
    /// Default: `false`. The errors are [`BuildError::HttpsOnly`](crate::BuildError::HttpsOnly) and
    /// [`RedirectError::HttpsOnly`](crate::policy::redirect::RedirectError::HttpsOnly). The
    /// connection to a proxy may still be plain http.
    https_only: bool = false;
    /// Requests https instead of http from hosts that asked for it (HSTS, RFC 6797).
    ///
    /// Default: `true`. If a response over verified TLS has the field Strict-Transport-Security,
    /// the session stores its host. Later hops to that host are upgraded to https, before any
    /// look-up and before cookies are chosen. Port 80 becomes 443; other ports stay. With `false`,
    /// nothing is stored and no URL is changed. [`https_only`](Options::https_only) still refuses
    /// an http URL in a request, but allows a redirect that is upgraded.
    hsts: bool = true;
    /// Limits the time for name look-up and connecting, to the proxy if there is one.
    ///
    /// Default: 10 s. `None`: no limit.
    connect_timeout: Option<std::time::Duration> = Some(std::time::Duration::from_secs(10));
    /// Limits the wait for a free connection slot, if the pool limits open connections.
    ///
    /// Default: 10 s. Zero: fail at once if no slot is free. `None`: no limit.
    pool_timeout: Option<std::time::Duration> = Some(std::time::Duration::from_secs(10));
    /// Limits the time for the proxy's and the TLS handshakes.
    ///
    /// Default: 10 s. `None`: no limit.
    handshake_timeout: Option<std::time::Duration> = Some(std::time::Duration::from_secs(10));
    /// Limits the time from the last byte of the request to the first byte of the response.
    ///
    /// Default: `None`, no limit besides [`idle_timeout`](Options::idle_timeout).
    first_byte_timeout: Option<std::time::Duration> = None;
    /// Limits the time without progress while the peer could send or accept bytes.
    ///
    /// Default: 30 s. `None`: no limit. Time that the caller takes to read the body does not count.
    idle_timeout: Option<std::time::Duration> = Some(std::time::Duration::from_secs(30));
    /// Limits the time for the whole request, with all redirects, retries and the full body.
    ///
    /// Default: `None`, no limit.
    total_timeout: Option<std::time::Duration> = None;
    /// Sends `Expect: 100-continue` and waits this long for an answer before the body.
    ///
    /// Default: `None`, the body is sent at once. After the wait, the body is sent anyway (RFC 9110
    /// §10.1.1); 1 s is usual. The session remembers origins that reject the expectation and does
    /// not send it to them again.
    expect_continue: Option<std::time::Duration> = None;
    /// Requests content codings (gzip and others) and decodes the body.
    ///
    /// Default: `true`. With `false`, the body is delivered as sent.
    decode: bool = true;
    /// Requests gzip as a transfer coding with `TE: gzip`, and decodes it (RFC 9112 §7.2).
    ///
    /// Default: `false`; a transfer coding other than chunked stays on the body. Has no effect with
    /// HTTP/1.0, or without the feature `gzip`.
    transfer_coding: bool = false;
    /// Sends cookies from the session's jar and stores received ones in it.
    ///
    /// Default: `true`.
    cookie_jar: bool = true;
    /// Sets the context of the request for SameSite cookies (RFC 6265bis §5.2).
    ///
    /// Default: a same-site request.
    same_site: $crate::cookie::SiteContext = $crate::cookie::SiteContext::default();
    /// Sends these credentials to the origin.
    ///
    /// Default: `None`. Credentials set on the request win over userinfo in its URL, which wins
    /// over the session's. A session's credentials go to **every** origin that is requested, unless
    /// [`secret_scope`](Options::secret_scope) or a base URL binds them. To bind credentials to one
    /// origin, use [`auth_for`](Options::auth_for). Credentials never follow a redirect to another
    /// origin.
    auth: Option<$crate::Auth> = None;
    /// Sends the credentials of this netrc file to the hosts that it names.
    ///
    /// Default: `None`. Explicit credentials win: those of the request, its URL,
    /// [`auth_for`](Options::auth_for) and [`auth`](Options::auth). If userinfo has no password,
    /// the password comes from the entry of that user.
    netrc: Option<$crate::Netrc> = None;
    /// Sends the credentials of [`auth_for`](Options::auth_for) and [`netrc`](Options::netrc) also to
    /// an origin that a redirect from another one leads to.
    ///
    /// Default: `false`, since a server could otherwise trigger an authenticated request to another
    /// server of its choice.
    auth_after_redirect: bool = false;
    /// Sends requests through this [`Proxy`](crate::Proxy), or through the proxy that these
    /// [`ProxyRules`](crate::ProxyRules) choose for each hop.
    ///
    /// Default: `None`, no proxy. Environment variables are ignored, unless rules are made of them.
    proxy: Option<$crate::ProxyRules> = None;
    /// Connects to these Unix sockets, addresses or hosts instead of the URL's host.
    ///
    /// Default: `None`. A redirect to another origin reaches such an address only if a rule names
    /// that origin. A hop that has one uses no proxy. A session's address without a rule serves only
    /// requests within its [`secret_scope`](Options::secret_scope). For the addresses of a name, see
    /// [`resolve`](Options::resolve).
    connect_to: Option<$crate::ConnectTo> = None;
    /// Sets the TLS configuration: roots, client certificate, versions.
    ///
    /// Default: `None`, Mozilla's roots with TLS 1.2 and 1.3. The session builds that configuration
    /// once, when first needed.
    #[cfg(feature = "tls")]
    tls: Option<$crate::tls::TlsConfig> = None;
    /// Resolves relative URLs of requests against this URL (RFC 3986 §5).
    ///
    /// Default: `None`, only absolute URLs. A session's base URL also binds the session's secrets
    /// to its origin, unless [`secret_scope`](Options::secret_scope) is set.
    base_url: Option<$crate::Url> = None, redact;
    /// Sets the origins that receive the session's secrets.
    ///
    /// Default: [`SecretScope::BaseOrigin`](crate::SecretScope::BaseOrigin), the origin of the
    /// session's base URL if it has one, or else every origin. A request may widen or narrow the
    /// scope for itself.
    secret_scope: $crate::SecretScope = $crate::SecretScope::BaseOrigin;
    /// Restricts the addresses to connect to.
    ///
    /// Default: [`AddressPolicy::Any`](crate::route::address_policy::AddressPolicy::Any), no
    /// restriction. The policy applies to every hop, but not to the Unix sockets and custom
    /// addresses of [`connect_to`](Options::connect_to).
    address_policy: $crate::route::address_policy::AddressPolicy = $crate::route::address_policy::AddressPolicy::default();
    /// Caches the answers of look-ups for this time.
    ///
    /// Default: `None`, each new connection looks up its name. The system's resolver may have its
    /// own cache, and knows how long an answer is valid; this client does not. The session keeps
    /// the answers. [`Session::forget_lookups`](crate::Session::forget_lookups) removes them.
    /// Failed look-ups are not cached.
    lookup_cache: Option<$crate::LookupCache> = None;
    /// Repeats a request on a new connection if its reused one proves dead.
    ///
    /// Default: `true`. A request is repeated once, and only if it is idempotent or the server
    /// cannot have processed it (RFC 9112 §9.3.1).
    retry_dead_connection: bool = true;
    /// Declares that processing the request twice does no harm, whatever its method.
    ///
    /// Default: `false`: the method decides (RFC 9110 §9.2.2).
    idempotent: bool = false;
    /// Keeps the connection open for later requests.
    ///
    /// Default: `true`. With `false`, the request carries `Connection: close`.
    keep_alive: bool = true;
    /// Sets the form of the request target (RFC 9112 §3.2).
    ///
    /// Default: [`RequestTarget::Url`](crate::RequestTarget::Url), path and query of the URL.
    target: $crate::RequestTarget = $crate::RequestTarget::Url;
    /// Sets the HTTP version of the request.
    ///
    /// Default: [`Version::Http11`](crate::http1::Version::Http11).
    version: $crate::http1::Version = $crate::http1::Version::Http11;
}
        }
    };
}
