//! What one level says of one option, and how levels merge.

use std::fmt;

use crate::redaction::Redact;

/// What one level says of one option.
///
/// Every setter takes a plain value, an `Option` where the option has one, or a `Setting`:
///
/// ```
/// use petition_core::{Options, Setting};
/// use std::time::Duration;
///
/// let mut options = Options::new();
/// options.idle_timeout(Duration::from_secs(5)); // this time
/// options.idle_timeout(None); // no limit
/// options.idle_timeout(Setting::Clear); // the library's default, whatever the session says
/// options.idle_timeout(Setting::Inherit); // what the session says
/// # assert_eq!(options, Options::new().idle_timeout(Setting::Inherit).clone());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Setting<T> {
    /// Nothing: the lower level's value counts.
    #[default]
    Inherit,
    /// This value counts.
    Set(T),
    /// The library's default counts, whatever a lower level says.
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

impl<T: Redact> Redact for Setting<T> {
    fn redact(&self) -> impl fmt::Debug {
        match self {
            Setting::Inherit => Setting::Inherit,
            Setting::Set(value) => Setting::Set(value.redact()),
            Setting::Clear => Setting::Clear,
        }
    }
}

/// What one level says of an option, or of one part of it.
pub(super) trait Level {
    /// What it is when all levels are merged.
    type Value;

    /// The same setting for every part.
    fn whole(setting: Setting<Self::Value>) -> Self;

    /// The value for this level over a `lower` one.
    fn over(&self, lower: &Self::Value, default: Self::Value) -> Self::Value;
}

impl<T: Clone> Level for Setting<T> {
    type Value = T;

    fn whole(setting: Setting<T>) -> Self {
        setting
    }

    fn over(&self, lower: &T, default: T) -> T {
        match self {
            Setting::Inherit => lower.clone(),
            Setting::Set(value) => value.clone(),
            Setting::Clear => default,
        }
    }
}
