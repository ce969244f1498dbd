//! Composite options: values of several parts, of which each level sets the parts that it wants.
//!
//! A part merges as a scalar option does, so a limit that a request sets leaves the session's other limits alone, in
//! whatever order both were set. The parts are those of the merged value, and a part that is missing here does not compile.

use super::settings::{Level, Setting};
use crate::http1::Leniencies;
use crate::limits::Limits;
use crate::policy::redirect::{CrossOrigin, CrossOriginBody, Follow, KeepPost, PlainHttp, Policy, Repeats};

macro_rules! composite {
    ($(#[$doc:meta])* $options:ident for $value:ident { $($part:ident: $level:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $options {
            $(
                #[doc = concat!("What this level says of [`", stringify!($value), "::", stringify!($part), "`].")]
                pub $part: $level,
            )*
        }

        impl Level for $options {
            type Value = $value;

            fn over(&self, lower: &$value, default: $value) -> $value {
                $value { $($part: self.$part.over(&lower.$part, default.$part),)* }
            }

            fn cleared() -> Self {
                $options { $($part: Level::cleared(),)* }
            }
        }

        impl $options {
            /// Every part goes back to the library's default, whatever a lower level says.
            pub fn cleared() -> Self {
                Level::cleared()
            }
        }

        /// Sets every part, those that equal the default included: nothing of a lower level counts.
        impl From<$value> for $options {
            fn from(value: $value) -> Self {
                $options { $($part: value.$part.into(),)* }
            }
        }
    };
}

composite! {
    /// What one level says of [`Limits`], part by part.
    LimitOptions for Limits {
        head_bytes: Setting<usize>,
        head_line_bytes: Setting<usize>,
        head_fields: Setting<usize>,
        reason_bytes: Setting<usize>,
        informational_responses: Setting<usize>,
        all_heads_bytes: Setting<usize>,
        chunk_extension_bytes: Setting<usize>,
        chunk_extensions_bytes: Setting<usize>,
        chunk_overhead_bytes: Setting<u64>,
        trailer_bytes: Setting<usize>,
        trailer_fields: Setting<usize>,
        content_codings: Setting<usize>,
        body_bytes: Setting<u64>,
        stream_bytes: Setting<Option<u64>>,
        decode_ratio: Setting<u64>,
        decode_window: Setting<u64>,
        decode_memory: Setting<u64>,
        redirects: Setting<u32>,
        drain_bytes: Setting<u64>,
        drain_time: Setting<std::time::Duration>,
        proxy_refusal_bytes: Setting<usize>,
        addresses: Setting<usize>,
        url_bytes: Setting<usize>,
        location_bytes: Setting<usize>,
    }
}

composite! {
    /// What one level says of [`Leniencies`], part by part.
    LeniencyOptions for Leniencies {
        obs_fold: Setting<bool>,
        bare_lf: Setting<bool>,
        leading_empty_line: Setting<bool>,
        missing_reason: Setting<bool>,
        obs_text: Setting<bool>,
        content_length_beside_transfer_encoding: Setting<bool>,
        transfer_encoding_on_http10: Setting<bool>,
        unknown_transfer_coding: Setting<bool>,
        chunk_size_trailing_space: Setting<bool>,
        missing_final_crlf: Setting<bool>,
        unclean_tls_close: Setting<bool>,
        reset_content_body: Setting<bool>,
        data_after_coding: Setting<bool>,
        not_a_coding: Setting<bool>,
        identity_transfer_coding: Setting<bool>,
        empty_chunk_extension: Setting<bool>,
        spaces_in_status_line: Setting<bool>,
        control_in_value: Setting<bool>,
    }
}

composite! {
    /// What one level says of the redirect [`Policy`], part by part.
    RedirectOptions for Policy {
        follow: Setting<Follow>,
        repeats: Setting<Repeats>,
        cross_origin: Setting<CrossOrigin>,
        cross_origin_body: Setting<CrossOriginBody>,
        plain_http: Setting<PlainHttp>,
        referer: Setting<bool>,
        keep_post: KeepPostOptions,
        http_to_https_keeps_credentials: Setting<bool>,
        danger_credentials_follow_to_any_origin: Setting<bool>,
    }
}

composite! {
    /// What one level says of [`KeepPost`], part by part.
    KeepPostOptions for KeepPost {
        on_301: Setting<bool>,
        on_302: Setting<bool>,
        on_303: Setting<bool>,
    }
}

#[cfg(test)]
#[path = "composite_tests.rs"]
mod tests;
