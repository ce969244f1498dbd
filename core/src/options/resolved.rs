//! The settings of a request, and what follows from them: made once for all requests that set none of their own.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use super::Settings;
use crate::content::decode::DecodeMemory;
use crate::http1;
use crate::secret_scope::Bound;
use crate::transfer::shortest;

#[derive(Clone, Debug)]
pub(crate) struct ResolvedOptions {
    pub(crate) settings: Settings,
    /// What the decoders of the session's transfers hold together.
    pub(crate) decode_memory: DecodeMemory,
    pub(crate) framing: Arc<http1::Config>,
    /// The shortest of the times that the settings give to anything.
    pub(crate) shortest: Duration,
    /// The secrets of the session that may not go to every origin.
    pub(crate) bound: Option<Arc<Bound>>,
}

impl ResolvedOptions {
    pub(crate) fn new(settings: Settings, decode_memory: DecodeMemory) -> ResolvedOptions {
        let framing = Arc::new(http1::Config { limits: settings.limits, leniencies: settings.leniencies });
        ResolvedOptions { decode_memory, framing, shortest: shortest(&settings), settings, bound: None }
    }
}

impl Deref for ResolvedOptions {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        &self.settings
    }
}
