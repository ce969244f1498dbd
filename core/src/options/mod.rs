//! Options at three levels, and the one order in which they are merged.
//!
//! # The merge order
//!
//! library defaults < session < request. Each scalar option is a [`Setting`]: `Inherit` takes the lower level's value,
//! `Set` replaces it, `Clear` goes back to the library's default whatever the session said. A composite option (the redirect policy,
//! limits, leniencies) has one setting for each part, so that a level changes the parts that it names and no other. The three lists
//! merge by name: an upper level replaces every entry of the names that it mentions ([`Headers`] ignoring case,
//! [`Params`] exactly), may remove a name, and leaves the others alone. Nothing that is set on a request stays on the session
//! (T11): merging makes a new value and changes neither level.

mod composite;
mod params;
mod resolved;
mod settings;

pub use composite::{KeepPostOptions, LeniencyOptions, LimitOptions, RedirectOptions};
pub use params::Params;
pub(crate) use resolved::ResolvedOptions;
pub use settings::{ScalarOptions, Setting, Settings};

use crate::headers::Headers;

/// What one level says of every option.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Request fields.
    pub headers: Headers,
    /// Query parameters, added to the query that the URL has already.
    pub query: Params,
    /// Cookies beside those of the jar; for the first origin only (T2), and never stored.
    pub cookies: Params,
    /// Everything else; `None` when nothing of it is set, which is the common case for a request.
    scalars: Option<Box<ScalarOptions>>,
}

impl Options {
    /// Options that say nothing.
    pub const fn new() -> Self {
        Options { headers: Headers::new(), query: Params::new(), cookies: Params::new(), scalars: None }
    }

    /// The scalar options, to be set.
    pub fn scalars_mut(&mut self) -> &mut ScalarOptions {
        self.scalars.get_or_insert_default()
    }

    /// The scalar options, if any is set.
    pub fn scalars(&self) -> Option<&ScalarOptions> {
        self.scalars.as_deref()
    }
}
