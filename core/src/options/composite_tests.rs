//! Merges every part of every composite option over three levels, set in any order.

use std::time::Duration;

use super::*;
use crate::options::{Options, Settings};
use crate::rng_tests::Rng;

/// The name of a part, its setter, and a getter for the merged value. The setter takes a number
/// that stands for a value; `None` clears.
type Part = (&'static str, fn(&mut Options, Option<u8>), fn(&Settings) -> String);

/// A type whose values test numbers stand for.
trait Numbered {
    fn of(number: u8) -> Self;
}

macro_rules! numbered {
    ($($type:ty: $number:ident => $value:expr;)*) => {$(
        impl Numbered for $type {
            fn of($number: u8) -> Self {
                $value
            }
        }
    )*};
}

numbered! {
    usize: n => n.into();
    u64: n => n.into();
    u32: n => n.into();
    bool: n => n % 2 == 1;
    Option<u64>: n => (n % 2 == 1).then_some(n.into());
    Duration: n => Duration::from_millis(n.into());
    Repeats: n => if n % 2 == 1 { Repeats::Followed } else { Repeats::Refused };
    CrossOrigin: n => if n % 2 == 1 { CrossOrigin::OnlySafeListed } else { CrossOrigin::KeepUnlisted };
    CrossOriginBody: n => if n % 2 == 1 { CrossOriginBody::Refuse } else { CrossOriginBody::DangerSendInClear };
    PlainHttp: n => if n % 2 == 1 { PlainHttp::Refused } else { PlainHttp::NotFromHttps };
}

fn setting<T: Numbered>(number: Option<u8>) -> Setting<T> {
    number.map_or(Setting::Clear, |number| Setting::Set(T::of(number)))
}

macro_rules! parts {
    ($($option:ident: $part:ident $(. $sub:ident)?;)*) => {
        [$((
            concat!(stringify!($option), ".", stringify!($part) $(, ".", stringify!($sub))?),
            |level, number| {
                level.$option(|parts| {
                    parts!(@set parts, number, $part $($sub)?);
                });
            },
            |settings| format!("{:?}", settings.$option.$part $(.$sub)?),
        ),)*]
    };
    (@set $parts:ident, $number:ident, $part:ident) => {
        $parts.$part(setting($number))
    };
    (@set $parts:ident, $number:ident, $part:ident $sub:ident) => {
        $parts.$part(|part| {
            part.$sub(setting($number));
        })
    };
}

const PARTS: &[Part] = &parts! {
    limits: head_bytes;
    limits: head_line_bytes;
    limits: head_fields;
    limits: reason_bytes;
    limits: informational_responses;
    limits: all_heads_bytes;
    limits: chunk_extension_bytes;
    limits: chunk_extensions_bytes;
    limits: chunk_overhead_bytes;
    limits: trailer_bytes;
    limits: trailer_fields;
    limits: content_codings;
    limits: body_bytes;
    limits: stream_bytes;
    limits: line_bytes;
    limits: event_bytes;
    limits: decode_ratio;
    limits: decode_window;
    limits: decode_memory;
    limits: drain_bytes;
    limits: drain_time;
    limits: proxy_refusal_bytes;
    limits: addresses;
    limits: url_bytes;
    limits: location_bytes;
    leniencies: obs_fold;
    leniencies: bare_lf;
    leniencies: leading_empty_line;
    leniencies: missing_reason;
    leniencies: obs_text;
    leniencies: content_length_beside_transfer_encoding;
    leniencies: transfer_encoding_on_http10;
    leniencies: unknown_transfer_coding;
    leniencies: chunk_size_trailing_space;
    leniencies: missing_final_crlf;
    leniencies: unclean_tls_close;
    leniencies: reset_content_body;
    leniencies: data_after_coding;
    leniencies: not_a_coding;
    leniencies: identity_transfer_coding;
    leniencies: empty_chunk_extension;
    leniencies: spaces_in_status_line;
    leniencies: control_in_value;
    leniencies: empty_encoded_body;
    leniencies: unknown_charset;
    redirects: max;
    redirects: repeats;
    redirects: cross_origin;
    redirects: cross_origin_body;
    redirects: plain_http;
    redirects: referer;
    redirects: keep_post.on_301;
    redirects: keep_post.on_302;
    redirects: keep_post.on_303;
    redirects: http_to_https_keeps_credentials;
    redirects: danger_credentials_follow_to_any_origin;
};

fn merged(levels: &[&Options]) -> Settings {
    levels.iter().filter_map(|options| options.level()).fold(Settings::default(), |lower, level| lower.with(level))
}

#[test]
fn each_part_comes_from_the_most_specific_level() {
    let mut rng = Rng(20261130);
    for round in 0..2000 {
        let mut levels = [Options::new(), Options::new()];
        let mut last = vec![[None; 2]; PARTS.len()];
        for _ in 0..rng.below(60) {
            let (part, level) = (rng.below(PARTS.len()), rng.below(2));
            let number = (rng.below(4) > 0).then(|| u8::try_from(rng.below(200)).unwrap());
            PARTS[part].1(&mut levels[level], number);
            last[part][level] = Some(number);
        }
        let [session, request] = &levels;
        let both = merged(&[session, request]);
        for (&(name, set, get), set_to) in PARTS.iter().zip(&last) {
            // The winning setting, alone.
            let mut alone = Options::new();
            if let Some(number) = set_to[1].or(set_to[0]) {
                set(&mut alone, number);
            }
            assert_eq!(get(&both), get(&merged(&[&alone])), "{name} in round {round}: {set_to:?}");
        }
    }
}

#[test]
fn whole_values_set_and_clear_every_part() {
    let mut session = Options::new();
    session
        .redirects(|r| {
            r.plain_http(PlainHttp::Refused).keep_post(|k| {
                k.on_301(true);
            });
        })
        .limits(|l| {
            l.head_fields(3);
        })
        .leniencies(|l| {
            l.bare_lf(false);
        });
    assert_ne!(merged(&[&session]), Settings::default());
    let mut whole = Options::new();
    whole
        .redirects(|r| {
            r.all(Policy::default());
        })
        .limits(|l| {
            l.all(Limits::DEFAULT);
        })
        .leniencies(|l| {
            l.all(Leniencies::COMPAT);
        });
    assert_eq!(merged(&[&session, &whole]), Settings::default());
    let mut cleared = Options::new();
    cleared
        .redirects(|r| {
            r.all(Setting::Clear);
        })
        .limits(|l| {
            l.all(Setting::Clear);
        })
        .leniencies(|l| {
            l.all(Setting::Clear);
        });
    assert_eq!(merged(&[&session, &cleared]), Settings::default());
    cleared
        .redirects(|r| {
            r.all(Setting::Inherit);
        })
        .limits(|l| {
            l.all(Setting::Inherit);
        })
        .leniencies(|l| {
            l.all(Setting::Inherit);
        });
    assert_eq!(merged(&[&session, &cleared]), merged(&[&session]));
}
