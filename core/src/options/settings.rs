//! The scalar options: one table that makes both the options of a level and the merged settings. A composite option merges part by
//! part, every other as a whole.

use std::fmt;
use std::time::Duration;

use url::Url;

use super::composite::{LeniencyOptions, LimitOptions, RedirectOptions};
use crate::cookie::SiteContext;
use crate::http1::{Leniencies, Version};
use crate::limits::Limits;
use crate::policy::auth::Auth;
use crate::policy::redirect::Policy;
use crate::redaction::Redact;
use crate::request::target::RequestTarget;
use crate::route::address_policy::AddressPolicy;
use crate::route::proxy::Proxy;
use crate::secret_scope::SecretScope;
#[cfg(feature = "tls")]
use crate::tls::TlsConfig;

/// What one level says of one option.
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

/// What one level says of an option, or of one part of it.
pub(super) trait Level {
    /// What it is when all levels are merged.
    type Value;

    /// The value for this level over a `lower` one.
    fn over(&self, lower: &Self::Value, default: Self::Value) -> Self::Value;

    /// The library's default, whatever a lower level says.
    fn cleared() -> Self;
}

impl<T: Clone> Level for Setting<T> {
    type Value = T;

    fn over(&self, lower: &T, default: T) -> T {
        match self {
            Setting::Inherit => lower.clone(),
            Setting::Set(value) => value.clone(),
            Setting::Clear => default,
        }
    }

    fn cleared() -> Self {
        Setting::Clear
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

impl<T> From<T> for Setting<T> {
    fn from(value: T) -> Self {
        Setting::Set(value)
    }
}

macro_rules! settings {
    (
        composite { $($(#[doc = $part_doc:literal])* $part:ident: $options:ty => $value:ty = $parts:expr;)* }
        single { $($(#[doc = $doc:literal])* $(#[cfg($cfg:meta)])? $name:ident: $type:ty = $default:expr $(, $redact:ident)?;)* }
    ) => {
        /// The scalar options of one level, each [`Setting::Inherit`] until it is set; of the composite ones, each part is.
        #[derive(Clone, Default, PartialEq)]
        #[non_exhaustive]
        pub struct ScalarOptions {
            $($(#[doc = $part_doc])* pub $part: $options,)*
            $($(#[doc = $doc])* $(#[cfg($cfg)])? pub $name: Setting<$type>,)*
        }

        /// The merged value of every scalar option. [`Settings::default`] holds the library's defaults.
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub struct Settings {
            $($(#[doc = $part_doc])* pub $part: $value,)*
            $($(#[doc = $doc])* $(#[cfg($cfg)])? pub $name: $type,)*
        }

        settings! { @debug ScalarOptions [$($part)*] [$($(#[cfg($cfg)])? $name $($redact)?;)*] }
        settings! { @debug Settings [$($part)*] [$($(#[cfg($cfg)])? $name $($redact)?;)*] }

        impl Default for Settings {
            fn default() -> Self {
                Settings { $($part: $parts,)* $($(#[cfg($cfg)])? $name: $default,)* }
            }
        }

        impl Settings {
            /// These settings with one more level of options laid over them. `self` is not changed.
            pub fn with(&self, level: &ScalarOptions) -> Settings {
                Settings {
                    $($part: level.$part.over(&self.$part, $parts),)*
                    $($(#[cfg($cfg)])? $name: level.$name.over(&self.$name, $default),)*
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

settings! {
composite {
    /// What is done with a redirect. Default: up to 10 are followed, by the rules of [`Policy`].
    redirect: RedirectOptions => Policy = Policy::default();
    /// The limits on what a peer may send.
    limits: LimitOptions => Limits = Limits::DEFAULT;
    /// Which departures from the grammar are tolerated in a response head.
    leniencies: LeniencyOptions => Leniencies = Leniencies::COMPAT;
}
single {
    /// Refuses every http URL: the request's own with [`BuildError::HttpsOnly`](crate::BuildError::HttpsOnly), that of a redirect with
    /// [`RedirectError::HttpsOnly`](crate::policy::redirect::RedirectError::HttpsOnly). The way to a proxy is not judged. Default: off.
    https_only: bool = false;
    /// Time for looking up the name and connecting, the proxy included. Default 10 s.
    connect_timeout: Option<Duration> = Some(Duration::from_secs(10));
    /// How long to wait for a free connection slot, where the pool limits how many connections are open (T88); zero: not at all. Default 10 s.
    pool_timeout: Option<Duration> = Some(Duration::from_secs(10));
    /// Time for the proxy's and TLS handshakes. Default 10 s.
    handshake_timeout: Option<Duration> = Some(Duration::from_secs(10));
    /// Time from the last byte of the request to the first byte of the response. Default: none beside the idle limit.
    first_byte_timeout: Option<Duration> = None;
    /// Time during which no byte moves although the peer could move one. Default 30 s.
    idle_timeout: Option<Duration> = Some(Duration::from_secs(30));
    /// Time for the whole call: every hop, every retry, the body to its end. Default: none.
    total_timeout: Option<Duration> = None;
    /// Time to wait for `100 Continue` before the body is sent all the same (RFC 9110 §10.1.1). Default 1 s.
    continue_timeout: Duration = Duration::from_secs(1);
    /// Whether a request with a body asks with `Expect: 100-continue` first. Default: no.
    expect_continue: bool = false;
    /// No departure is tolerated, whatever `leniencies` says; also in content codings. Default: off.
    strict: bool = false;
    /// Whether content codings are asked for and removed. Default: yes.
    decode: bool = true;
    /// Whether the request says `TE: gzip`, and transfer codings are removed before content codings are (RFC 9112 §7.2). Without it, and
    /// in HTTP/1.0, a transfer coding other than chunked stays on the body. No effect without the feature `gzip`. Default: off.
    transfer_coding: bool = false;
    /// Whether the session's cookie jar is used, for sending and storing. Default: yes.
    cookies: bool = true;
    /// From where the request comes, for SameSite cookies (RFC 6265bis §5.2). Default: the same site.
    same_site: SiteContext = SiteContext::default();
    /// Credentials for the origin. The request's come before userinfo in its URL, that before the session's. Those of a session go to
    /// every origin that is asked, unless `secret_scope` or a base URL binds them. Default: none.
    auth: Option<Auth> = None;
    /// The proxy. Default: none.
    proxy: Option<Proxy> = None;
    /// TLS: trust, client certificate, versions. Default: the session's, made when first needed.
    #[cfg(feature = "tls")]
    tls: Option<TlsConfig> = None;
    /// What a relative URL of a request is resolved against (RFC 3986 §5). That of a session binds the session's secrets to its
    /// origin, unless `secret_scope` says otherwise. Default: none.
    base_url: Option<Url> = None, redact;
    /// To which origins the secrets of the session go. A request may widen or narrow it for itself. Default: to the origin of the
    /// session's base URL, where there is one.
    secret_scope: SecretScope = SecretScope::BaseOrigin;
    /// Which addresses may be connected to. Default: any.
    address_policy: AddressPolicy = AddressPolicy::default();
    /// Whether a request that found its kept connection dead is sent once more on a new one, where that is safe
    /// (RFC 9112 §9.3.1, T54). Default: yes.
    retry_dead_connection: bool = true;
    /// Says that the request may be processed twice without harm, whatever its method. Default: no.
    idempotent: bool = false;
    /// Whether connections are kept for later requests. Default: yes.
    keep_alive: bool = true;
    /// What stands as the request target (RFC 9112 §3.2). Default: what the URL says.
    target: RequestTarget = RequestTarget::Url;
    /// The HTTP version of the request. Default HTTP/1.1.
    version: Version = Version::Http11;
}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inherit_set_and_clear_mean_what_they_say() {
        let library = Settings::default();
        let session = ScalarOptions {
            idle_timeout: Some(Duration::from_secs(5)).into(),
            total_timeout: Some(Duration::from_secs(60)).into(),
            ..ScalarOptions::default()
        };
        let merged = library.with(&session);
        assert_eq!(merged.idle_timeout, Some(Duration::from_secs(5)));
        let request = ScalarOptions {
            idle_timeout: Setting::Clear,
            total_timeout: Setting::Set(None),
            ..ScalarOptions::default()
        };
        let merged = merged.with(&request);
        assert_eq!(merged.idle_timeout, Some(Duration::from_secs(30)));
        assert_eq!(merged.total_timeout, None);
        assert_eq!(merged.connect_timeout, Some(Duration::from_secs(10)));
    }
}
