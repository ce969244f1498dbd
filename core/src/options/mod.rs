//! Options at three levels, and the one order in which they are merged.
//!
//! # The merge order
//!
//! library defaults < session < request. What a level says of an option is a [`Setting`]: `Inherit` takes the lower level's value,
//! `Set` replaces it, `Clear` goes back to the library's default whatever the session said. A composite option (redirects, limits,
//! leniencies) has one setting for each part, so that a level changes the parts that it names and no other. The three lists
//! merge by name: an upper level replaces every entry of the names that it contains ([`Headers`] ignoring case,
//! [`Params`] exactly), may remove a name, and leaves the others alone. Nothing that is set on a request stays on the session:
//! merging makes a new value and changes neither level.

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
pub(crate) use secret_scope::Bound;
pub use secret_scope::SecretScope;
pub use setting::Setting;
pub(crate) use settings::LevelSettings;
pub use settings::Settings;

use crate::headers::Headers;

/// What one level, a session or a request, says of every option.
///
/// There is one setter for each option. It takes a plain value, or a [`Setting`]: [`Setting::Clear`] means the default that the setter
/// documents, whatever the session says; [`Setting::Inherit`] takes back what this level has said. An option that is a time limit takes
/// `None` for no limit.
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
    /// Query parameters, added to the query that the URL has already.
    pub query: Params,
    /// Cookies beside those of the jar; for the first origin only, and never stored.
    pub cookies: Params,
    /// Everything else; `None` when nothing of it is set, which is the common case for a request.
    level: Option<Box<LevelSettings>>,
}

impl Options {
    /// Options that say nothing.
    pub const fn new() -> Self {
        Options { headers: Headers::new(), query: Params::new(), cookies: Params::new(), level: None }
    }

    /// What this level says of the options beside the lists, if anything.
    pub(crate) fn level(&self) -> Option<&LevelSettings> {
        self.level.as_deref()
    }

    fn level_mut(&mut self) -> &mut LevelSettings {
        self.level.get_or_insert_default()
    }
}
