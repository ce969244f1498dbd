//! Every part of every composite option over three levels, set in any order.

use std::time::Duration;

use super::*;
use crate::options::{ScalarOptions, Settings};

/// The same numbers on every run: xorshift64*.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    }
}

/// One part: how a level says it, and what came of it. The number is the value to set; `None` clears.
type Part = (&'static str, fn(&mut ScalarOptions, Option<u8>), fn(&Settings) -> String);

/// A value that a test number stands for.
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
    Follow: n => Follow::AtMost(n.into());
    Repeats: n => if n % 2 == 1 { Repeats::Followed } else { Repeats::Refused };
    CrossOrigin: n => if n % 2 == 1 { CrossOrigin::OnlySafeListed } else { CrossOrigin::KeepUnlisted };
    CrossOriginBody: n => if n % 2 == 1 { CrossOriginBody::Refuse } else { CrossOriginBody::DangerSendInClear };
    PlainHttp: n => if n % 2 == 1 { PlainHttp::Refused } else { PlainHttp::NotFromHttps };
}

fn setting<T: Numbered>(number: Option<u8>) -> Setting<T> {
    number.map_or(Setting::Clear, |number| Setting::Set(T::of(number)))
}

macro_rules! parts {
    ($($option:ident: $($part:ident).+;)*) => {
        [$((
            concat!(stringify!($option), $(".", stringify!($part)),+),
            |level, number| level.$option.$($part).+ = setting(number),
            |settings| format!("{:?}", settings.$option.$($part).+),
        ),)*]
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
    limits: decode_ratio;
    limits: decode_window;
    limits: decode_memory;
    limits: redirects;
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
    redirect: follow;
    redirect: repeats;
    redirect: cross_origin;
    redirect: cross_origin_body;
    redirect: plain_http;
    redirect: referer;
    redirect: keep_post.on_301;
    redirect: keep_post.on_302;
    redirect: keep_post.on_303;
    redirect: http_to_https_keeps_credentials;
    redirect: danger_credentials_follow_to_any_origin;
};

#[test]
fn each_part_is_that_of_the_most_specific_level() {
    let mut chance = Chance(20261130);
    for round in 0..2000 {
        let mut levels = [ScalarOptions::default(), ScalarOptions::default()];
        let mut last = vec![[None; 2]; PARTS.len()];
        for _ in 0..chance.below(60) {
            let (part, level) = (chance.below(PARTS.len()), chance.below(2));
            let number = (chance.below(4) > 0).then(|| u8::try_from(chance.below(200)).unwrap());
            PARTS[part].1(&mut levels[level], number);
            last[part][level] = Some(number);
        }
        let [session, request] = &levels;
        let merged = Settings::default().with(session).with(request);
        for (&(name, set, get), said) in PARTS.iter().zip(&last) {
            // The word that counts, said alone.
            let mut alone = ScalarOptions::default();
            if let Some(number) = said[1].or(said[0]) {
                set(&mut alone, number);
            }
            assert_eq!(get(&merged), get(&Settings::default().with(&alone)), "{name} in round {round}: {said:?}");
        }
    }
}

#[test]
fn a_whole_value_sets_every_part_and_clearing_unsets_them() {
    let mut session = ScalarOptions::default();
    session.redirect.plain_http = PlainHttp::Refused.into();
    session.limits.redirects = 3.into();
    session.leniencies.bare_lf = false.into();
    let whole = ScalarOptions {
        redirect: Policy::default().into(),
        limits: Limits::DEFAULT.into(),
        leniencies: Leniencies::COMPAT.into(),
        ..ScalarOptions::default()
    };
    let cleared = ScalarOptions {
        redirect: RedirectOptions::cleared(),
        limits: LimitOptions::cleared(),
        leniencies: LeniencyOptions::cleared(),
        ..ScalarOptions::default()
    };
    let merged = Settings::default().with(&session);
    assert_ne!(merged, Settings::default());
    assert_eq!(merged.with(&whole), Settings::default());
    assert_eq!(merged.with(&cleared), Settings::default());
}
