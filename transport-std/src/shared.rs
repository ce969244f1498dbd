//! State that the clones of a session share, and the part that stays in one process.

use std::sync::{Mutex, PoisonError};

use petition_core::route::Route;
use petition_core::route::pool::{Pool, PoolLimits};
use petition_core::{IntoUrl, Method, Request, UrlCache};
use petition_shared::SharedSession;
use petition_shared::process::{PerProcess, Process};

use crate::connector::Connector;
use crate::resolve::Resolver;
use crate::shared_pool::{IdleConnection, SharedPool};
use crate::tcp::TcpSettings;

/// How many read buffers are kept for later calls, and their size in bytes. The system provides
/// zeroed memory of this size page by page, on demand; a smaller buffer would be zeroed as a whole
/// for the first small response.
const SPARES: usize = 16;
const SPARE_SIZE: usize = 128 * 1024;

/// State that the clones of a session share.
pub(crate) struct Shared {
    state: SharedSession,
    own: PerProcess<Own>,
    /// The URLs of the last requests.
    urls: Mutex<UrlCache>,
    resolver: Box<dyn Resolver>,
    connector: Option<Box<dyn Connector>>,
    tcp: TcpSettings,
}

/// State that is not shared with child processes.
struct Own {
    shared_pool: SharedPool,
    spares: Mutex<Vec<Vec<u8>>>,
}

impl Own {
    fn new(limits: PoolLimits) -> Own {
        Own { shared_pool: SharedPool::new(limits), spares: Mutex::default() }
    }

    /// Creates the state of a child process. The parent's connections stay with the parent.
    fn renew(&self) -> Own {
        self.shared_pool.close_in_child();
        Own::new(self.shared_pool.limits())
    }
}

impl Shared {
    pub(crate) fn new(
        state: SharedSession,
        limits: PoolLimits,
        resolver: Box<dyn Resolver>,
        connector: Option<Box<dyn Connector>>,
        tcp: TcpSettings,
    ) -> Shared {
        Shared { state, own: PerProcess::new(Own::new(limits)), urls: Mutex::default(), resolver, connector, tcp }
    }

    /// Creates a request for this URL, from the cache if possible.
    pub(crate) fn request(&self, method: Method, url: impl IntoUrl) -> Request {
        match self.urls.try_lock() {
            Ok(mut urls) => urls.request(method, url),
            // The cache is not worth waiting for.
            Err(_) => Request::new(method, url),
        }
    }

    fn own(&self) -> &Own {
        self.own.get(Own::renew)
    }

    /// Returns this process without a system call.
    pub(crate) fn process(&self) -> Process {
        self.own.get_with_process(Own::renew).1.clone()
    }

    /// Returns the options and cookies.
    pub(crate) fn state(&self) -> &SharedSession {
        &self.state
    }

    pub(crate) fn with_pool<R>(&self, f: impl FnOnce(&mut Pool<Route, IdleConnection>) -> R) -> R {
        self.shared_pool().with(f)
    }

    pub(crate) fn shared_pool(&self) -> &SharedPool {
        &self.own().shared_pool
    }

    pub(crate) fn resolver(&self) -> &dyn Resolver {
        &*self.resolver
    }

    pub(crate) fn tcp(&self) -> &TcpSettings {
        &self.tcp
    }

    pub(crate) fn connector(&self) -> Option<&dyn Connector> {
        self.connector.as_deref()
    }

    pub(crate) fn take_spare(&self) -> Vec<u8> {
        let spare = self.own().spares.lock().unwrap_or_else(PoisonError::into_inner).pop();
        spare.unwrap_or_else(|| vec![0; SPARE_SIZE])
    }

    pub(crate) fn give_spare(&self, storage: Vec<u8>) {
        let mut spares = self.own().spares.lock().unwrap_or_else(PoisonError::into_inner);
        if spares.len() < SPARES && storage.capacity() <= 2 * SPARE_SIZE {
            spares.push(storage);
        }
    }
}
