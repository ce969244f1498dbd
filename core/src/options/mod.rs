//! Options at three levels, merged in one order.
//!
//! # The merge order
//!
//! Library defaults < session < request: the request wins. Each level holds a [`Setting`] for each
//! option:
//!
//! - `Inherit` takes the lower level's value.
//! - `Set` replaces it.
//! - `Clear` restores the library's default, whatever the session sets.
//!
//! A composite option (redirects, limits, leniencies) has one setting per part. A level changes
//! only the parts that it sets.
//!
//! The lists (headers, query, cookies, origins' credentials, static addresses) merge by name. An
//! upper level replaces or removes all entries of the names that it contains, and leaves the others
//! unchanged. [`Headers`] compares names ignoring case; [`Params`] compares them exactly.
//!
//! Merging creates a new value and changes neither level: options of a request never stay on the
//! session.

mod composite;
mod params;
mod request_target;
mod resolved;
mod secret_scope;
mod setting;
mod settings;
mod table;

pub use composite::{KeepPostOptions, LeniencyOptions, LimitOptions, RedirectOptions};
pub use params::Params;
pub use request_target::RequestTarget;
pub(crate) use resolved::{ResolvedOptions, SEND_FAILED_GRACE};
pub(crate) use secret_scope::BoundSecrets;
pub use secret_scope::SecretScope;
pub use setting::Setting;
pub(crate) use settings::LevelSettings;
pub use settings::Settings;

use std::net::IpAddr;

use crate::origin::Origin;
use crate::policy::auth::{Auth, OriginAuth};
use crate::route::address::Address;
use crate::route::connect_to::ConnectTo;
use crate::route::host_port::HostPortError;
use crate::route::static_addresses::StaticAddresses;

use crate::headers::Headers;
use crate::limits::Limits;
use crate::url::{UrlError, parse_url};

/// The options of one level: a session's or a request's.
///
/// Each option has one setter. It takes a plain value or a [`Setting`]: [`Setting::Clear`] selects
/// the default that the setter documents, whatever the session sets. [`Setting::Inherit`] undoes
/// what this level has set. Options that are time limits take `None` for no limit.
///
/// ```
/// use petition_core::{Proxy, Session, Setting};
/// use std::time::Duration;
///
/// let mut session = Session::new();
/// let proxy = Proxy::new("http://proxy.example:3128")?;
/// session.configure(|options| {
///     options.total_timeout(Duration::from_secs(60)).idle_timeout(None).proxy(proxy);
///     options.limits(|limits| {
///         limits.body_bytes(1 << 20);
///     });
/// });
/// assert_eq!(session.settings().total_timeout, Some(Duration::from_secs(60)));
/// session.configure(|options| {
///     options.idle_timeout(Setting::Clear).proxy(None);
/// });
/// assert_eq!(session.settings().idle_timeout, Some(Duration::from_secs(30)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Request fields.
    pub headers: Headers,
    /// Query parameters, appended to the URL's own query.
    pub query: Params,
    /// Cookies besides those of the jar: sent to the first origin only, and never stored.
    pub cookies: Params,
    /// The credentials of origins.
    pub origin_auth: OriginAuth,
    /// The addresses of names that are not looked up.
    pub static_addresses: StaticAddresses,
    /// All other options; `None` while none is set, the common case for a request.
    level: Option<Box<LevelSettings>>,
}

impl Options {
    /// Creates options that set nothing.
    pub const fn new() -> Self {
        Options {
            headers: Headers::new(),
            query: Params::new(),
            cookies: Params::new(),
            origin_auth: OriginAuth::new(),
            static_addresses: StaticAddresses::new(),
            level: None,
        }
    }

    /// Sends these credentials only to this origin: `https://host` or `https://host:port`. Short
    /// for [`OriginAuth::set`] on [`origin_auth`](Options::origin_auth).
    ///
    /// They take precedence over the session's [`auth`](Options::auth). Credentials of the request
    /// and its URL take precedence over them. After a redirect from another origin they are sent
    /// only with [`auth_after_redirect`](Options::auth_after_redirect).
    ///
    /// ```
    /// # use petition_core::{Auth, Session};
    /// # let mut session = Session::new();
    /// let auth = Auth::bearer("0123")?;
    /// session.configure(|o| o.auth_for("https://api.example", auth))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`UrlError`] if `origin` is not an http or https URL, or has userinfo, a path or a query.
    pub fn auth_for(&mut self, origin: &str, auth: Auth) -> Result<(), UrlError> {
        self.origin_auth.set(parse_origin(origin)?, auth);
        Ok(())
    }

    /// Connects to these addresses instead of looking up the name, for this port; like curl's
    /// `--resolve`. They also apply to a proxy of that name. The
    /// [`address_policy`](Options::address_policy) applies to them. Short for
    /// [`StaticAddresses::set`] on [`static_addresses`](Options::static_addresses).
    ///
    /// ```
    /// # let mut session = petition_core::Session::new();
    /// session.configure(|o| o.resolve("api.example", 443, ["192.0.2.1".parse().unwrap()]))?;
    /// # Ok::<(), petition_core::route::host_port::HostPortError>(())
    /// ```
    ///
    /// # Errors
    /// If `host` is not a valid name, or is an address.
    pub fn resolve(
        &mut self,
        host: &str,
        port: u16,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Result<(), HostPortError> {
        self.static_addresses.set(host, port, addresses)
    }

    /// Connects to the Unix socket with this path for the origin of the request's URL; short for
    /// [`connect_to`](Options::connect_to).
    ///
    /// A redirect to another origin does not reach the socket. `connect_to(Setting::Clear)` undoes
    /// it for one request.
    pub fn unix_socket(&mut self, path: impl AsRef<std::path::Path>) -> &mut Self {
        self.connect_to(ConnectTo::from(Address::unix(path)))
    }

    /// Returns this level's settings apart from the lists, if any is set.
    pub(crate) fn level(&self) -> Option<&LevelSettings> {
        self.level.as_deref()
    }

    fn level_mut(&mut self) -> &mut LevelSettings {
        self.level.get_or_insert_default()
    }
}

/// # Errors
/// If the text contains more than an origin, or is not an http or https URL.
fn parse_origin(text: &str) -> Result<Origin, UrlError> {
    let (url, userinfo) = parse_url(text, &Limits::DEFAULT)?;
    let is_origin = userinfo.is_none() && url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if is_origin { Ok(Origin::of(&url)) } else { Err(UrlError::NotOrigin) }
}
