//! A request's settings and the values derived from them. Requests without settings of their own
//! share one.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use super::Settings;
use super::secret_scope::BoundSecrets;
use crate::content::decode::DecodeMemory;
use crate::http1;
use crate::policy::auth::OriginAuth;
use crate::route::static_addresses::StaticAddresses;

/// Settings with what follows from them.
#[derive(Clone, Debug)]
pub(crate) struct ResolvedOptions {
    pub(crate) settings: Settings,
    /// The memory budget that the decoders of the session's transfers share.
    pub(crate) decode_memory: DecodeMemory,
    pub(crate) framing: Arc<http1::Config>,
    /// The shortest of all timeouts in the settings.
    pub(crate) shortest: Duration,
    /// The credentials of origins.
    pub(crate) origin_auth: OriginAuth,
    /// The addresses of names that are not looked up.
    pub(crate) static_addresses: StaticAddresses,
    /// The session's secrets, if they are bound to origins.
    pub(crate) bound: Option<Arc<BoundSecrets>>,
}

impl ResolvedOptions {
    pub(crate) fn new(
        settings: Settings,
        origin_auth: OriginAuth,
        static_addresses: StaticAddresses,
        decode_memory: DecodeMemory,
    ) -> ResolvedOptions {
        let framing = Arc::new(http1::Config { limits: settings.limits, leniencies: settings.leniencies });
        ResolvedOptions {
            decode_memory,
            framing,
            shortest: shortest(&settings),
            settings,
            origin_auth,
            static_addresses,
            bound: None,
        }
    }
}

/// How long to wait for a response after a failed write.
pub(crate) const SEND_FAILED_GRACE: Duration = Duration::from_secs(1);

/// The shortest of all time limits, those of a whole transfer included.
fn shortest(settings: &Settings) -> Duration {
    let limits = [
        settings.total_timeout,
        settings.pool_timeout,
        settings.connect_timeout,
        settings.handshake_timeout,
        settings.first_byte_timeout,
        settings.idle_timeout,
        settings.expect_continue,
    ];
    let fixed = [SEND_FAILED_GRACE, settings.limits.drain_time];
    limits.into_iter().flatten().chain(fixed).min().unwrap_or_default()
}

impl Deref for ResolvedOptions {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        &self.settings
    }
}
