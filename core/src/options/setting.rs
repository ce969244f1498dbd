//! The setting of one option at one level, and how levels merge.

use std::fmt;

use crate::redaction::Redact;
use crate::route::proxy::Proxy;
use crate::route::proxy_rules::ProxyRules;

/// The setting of one option at one level.
///
/// Every setter takes a plain value, an `Option` where the option has one, or a `Setting`:
///
/// ```
/// use petition_core::{Options, Setting};
/// use std::time::Duration;
///
/// let mut options = Options::new();
/// options.idle_timeout(Duration::from_secs(5)); // 5 s
/// options.idle_timeout(None); // no limit
/// options.idle_timeout(Setting::Clear); // the library's default, whatever the session sets
/// options.idle_timeout(Setting::Inherit); // the session's value
/// # assert_eq!(options, Options::new().idle_timeout(Setting::Inherit).clone());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Setting<T> {
    /// Uses the lower level's value. The default.
    #[default]
    Inherit,
    /// Uses this value.
    Set(T),
    /// Uses the library's default, whatever a lower level sets.
    Clear,
}

impl<T> From<T> for Setting<T> {
    fn from(value: T) -> Self {
        Setting::Set(value)
    }
}

impl<T> From<T> for Setting<Option<T>> {
    fn from(value: T) -> Self {
        Setting::Set(Some(value))
    }
}

impl From<Proxy> for Setting<Option<ProxyRules>> {
    fn from(proxy: Proxy) -> Self {
        Setting::Set(Some(proxy.into()))
    }
}

impl<T: Redact> Redact for Setting<T> {
    fn redact(&self) -> impl fmt::Debug {
        match self {
            Setting::Inherit => Setting::Inherit,
            Setting::Set(value) => Setting::Set(value.redact()),
            Setting::Clear => Setting::Clear,
        }
    }
}

/// One level's settings of an option or of one of its parts.
pub(super) trait Level {
    /// The merged value.
    type Value;

    /// Applies one setting to every part.
    fn whole(setting: Setting<Self::Value>) -> Self;

    /// Returns the value of this level layered over `lower`.
    fn layered_over(&self, lower: &Self::Value, default: Self::Value) -> Self::Value;
}

impl<T: Clone> Level for Setting<T> {
    type Value = T;

    fn whole(setting: Setting<T>) -> Self {
        setting
    }

    fn layered_over(&self, lower: &T, default: T) -> T {
        match self {
            Setting::Inherit => lower.clone(),
            Setting::Set(value) => value.clone(),
            Setting::Clear => default,
        }
    }
}
