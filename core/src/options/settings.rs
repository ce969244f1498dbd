//! Code generated from the option table: one level's settings with their setters, and the merged
//! settings.

use std::fmt;

use super::Options;
use super::setting::{Level, Setting};
use crate::redaction::Redact;

macro_rules! settings {
    (
        composite {$(
            #[doc = $part_brief:literal] $(#[doc = $part_doc:literal])*
            $part:ident: $options:ty => $value:ty = $parts:expr;
        )*}
        single {$(
            #[doc = $brief:literal] $(#[doc = $doc:literal])* $(#[cfg($cfg:meta)])?
            $name:ident: $type:ty = $default:expr $(, $redact:ident)?;
        )*}
    ) => {
        /// The settings of one level. Each, or each part of a composite one, is
        /// [`Setting::Inherit`] until set.
        #[derive(Clone, Default, PartialEq)]
        pub(crate) struct LevelSettings {
            $(pub(crate) $part: $options,)*
            $($(#[cfg($cfg)])? pub(crate) $name: Setting<$type>,)*
        }

        /// The setters, one for each option. Each changes this level's setting and returns the
        /// options, so that calls chain.
        impl Options {
            $(
                #[doc = $part_brief] $(#[doc = $part_doc])*
                pub fn $part(&mut self, change: impl FnOnce(&mut $options)) -> &mut Self {
                    change(&mut self.level_mut().$part);
                    self
                }
            )*
            $(
                #[doc = $brief] $(#[doc = $doc])* $(#[cfg($cfg)])?
                pub fn $name(&mut self, value: impl Into<Setting<$type>>) -> &mut Self {
                    self.level_mut().$name = value.into();
                    self
                }
            )*
        }

        /// The merged value of every option. [`Settings::default`] holds the library's defaults.
        /// The setter of the same name on [`Options`] documents each field.
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub struct Settings {
            $(#[doc = $part_brief] pub $part: $value,)*
            $(#[doc = $brief] $(#[cfg($cfg)])? pub $name: $type,)*
        }

        settings! { @debug LevelSettings [$($part)*] [$($(#[cfg($cfg)])? $name $($redact)?;)*] }
        settings! { @debug Settings [$($part)*] [$($(#[cfg($cfg)])? $name $($redact)?;)*] }

        impl Default for Settings {
            fn default() -> Self {
                Settings { $($part: $parts,)* $($(#[cfg($cfg)])? $name: $default,)* }
            }
        }

        impl Settings {
            /// Returns these settings with one more level layered over them.
            pub(crate) fn with(&self, level: &LevelSettings) -> Settings {
                Settings {
                    $($part: level.$part.layered_over(&self.$part, $parts),)*
                    $($(#[cfg($cfg)])? $name: level.$name.layered_over(&self.$name, $default),)*
                }
            }
        }
    };
    (@debug $of:ident [$($part:ident)*] [$($(#[cfg($cfg:meta)])? $name:ident $($redact:ident)?;)*]) => {
        impl fmt::Debug for $of {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut out = f.debug_struct(stringify!($of));
                $(out.field(stringify!($part), &self.$part);)*
                $($(#[cfg($cfg)])? out.field(stringify!($name), &settings!(@shown self.$name $(, $redact)?));)*
                out.finish()
            }
        }
    };
    (@shown $value:expr) => { $value };
    (@shown $value:expr, $redact:ident) => { Redact::$redact(&$value) };
}

crate::option_table! { [settings] {} }

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn inherit_set_and_clear_merge_over_the_session() {
        let mut session = Options::new();
        session.idle_timeout(Duration::from_secs(5)).total_timeout(Some(Duration::from_secs(60))).keep_alive(false);
        let merged = Settings::default().with(session.level().unwrap());
        assert_eq!(merged.idle_timeout, Some(Duration::from_secs(5)));
        assert_eq!(merged.total_timeout, Some(Duration::from_secs(60)));
        let mut request = Options::new();
        request.idle_timeout(Setting::Clear).total_timeout(None).keep_alive(Setting::Clear).decode(false);
        let merged = merged.with(request.level().unwrap());
        assert_eq!(merged.idle_timeout, Some(Duration::from_secs(30)));
        assert_eq!(merged.total_timeout, None);
        assert_eq!(merged.connect_timeout, Some(Duration::from_secs(10)));
        assert!(merged.keep_alive && !merged.decode);
        request.decode(Setting::Inherit);
        assert!(Settings::default().with(request.level().unwrap()).decode);
    }
}
