//! Composite options: values of several parts that each level sets one by one.
//!
//! Each part merges like a single option. A limit that a request sets leaves the session's other
//! limits alone, whatever the order of the calls. The parts are the fields of the merged value; a
//! missing part does not compile.

use super::setting::{Level, Setting};
use crate::http1::Leniencies;
use crate::limits::{Limits, limit_table};
use crate::policy::redirect::{CrossOrigin, CrossOriginBody, KeepPost, PlainHttp, Policy, Repeats};

macro_rules! composite {
    // With documentation and defaults, as the table of limits has them.
    (
        $(#[$doc:meta])* $options:ident for $value:ident {
            $($(#[$part_doc:meta])* $part:ident: $type:ty = $default:expr;)*
        }
    ) => {
        composite! { $(#[$doc])* $options for $value { $($part: $type,)* } }
    };
    (
        $(#[$doc:meta])* $options:ident for $value:ident { $($part:ident: $type:ty,)* }
        $(nested { $($sub:ident: $suboptions:ident,)* })?
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $options {
            $($part: Setting<$type>,)*
            $($($sub: $suboptions,)*)?
        }

        impl Level for $options {
            type Value = $value;

            fn whole(setting: Setting<$value>) -> Self {
                match setting {
                    Setting::Inherit => Self::default(),
                    Setting::Set(value) => $options {
                        $($part: Level::whole(Setting::Set(value.$part)),)*
                        $($($sub: Level::whole(Setting::Set(value.$sub)),)*)?
                    },
                    Setting::Clear => $options {
                        $($part: Setting::Clear,)*
                        $($($sub: Level::whole(Setting::Clear),)*)?
                    },
                }
            }

            fn layered_over(&self, lower: &$value, default: $value) -> $value {
                $value {
                    $($part: self.$part.layered_over(&lower.$part, default.$part),)*
                    $($($sub: self.$sub.layered_over(&lower.$sub, default.$sub),)*)?
                }
            }
        }

        impl $options {
            /// Sets every part. A value sets all parts, including those that equal the default.
            /// [`Setting::Clear`] sets each to its default, and [`Setting::Inherit`] to the lower
            /// level's value.
            pub fn all(&mut self, value: impl Into<Setting<$value>>) -> &mut Self {
                *self = Level::whole(value.into());
                self
            }

            $(
                #[doc = concat!("Sets [`", stringify!($value), "::", stringify!($part), "`].")]
                pub fn $part(&mut self, value: impl Into<Setting<$type>>) -> &mut Self {
                    self.$part = value.into();
                    self
                }
            )*
            $($(
                #[doc = concat!("Sets parts of [`", stringify!($value), "::", stringify!($sub), "`].")]
                pub fn $sub(&mut self, change: impl FnOnce(&mut $suboptions)) -> &mut Self {
                    change(&mut self.$sub);
                    self
                }
            )*)?
        }
    };
}

limit_table!(composite! {
    /// One level's settings for [`Limits`], part by part.
    LimitOptions for Limits
});

composite! {
    /// One level's settings for [`Leniencies`], part by part.
    LeniencyOptions for Leniencies {
        obs_fold: bool,
        bare_lf: bool,
        leading_empty_line: bool,
        missing_reason: bool,
        obs_text: bool,
        content_length_beside_transfer_encoding: bool,
        transfer_encoding_on_http10: bool,
        unknown_transfer_coding: bool,
        chunk_size_trailing_space: bool,
        missing_final_crlf: bool,
        unclean_tls_close: bool,
        reset_content_body: bool,
        data_after_coding: bool,
        not_a_coding: bool,
        identity_transfer_coding: bool,
        empty_chunk_extension: bool,
        spaces_in_status_line: bool,
        control_in_value: bool,
        empty_encoded_body: bool,
        unknown_charset: bool,
    }
}

composite! {
    /// One level's settings for the redirect [`Policy`], part by part.
    RedirectOptions for Policy {
        max: u32,
        repeats: Repeats,
        cross_origin: CrossOrigin,
        cross_origin_body: CrossOriginBody,
        plain_http: PlainHttp,
        referer: bool,
        http_to_https_keeps_credentials: bool,
        danger_credentials_follow_to_any_origin: bool,
    }
    nested {
        keep_post: KeepPostOptions,
    }
}

composite! {
    /// One level's settings for [`KeepPost`], part by part.
    KeepPostOptions for KeepPost {
        on_301: bool,
        on_302: bool,
        on_303: bool,
    }
}

#[cfg(test)]
#[path = "composite_tests.rs"]
mod tests;
