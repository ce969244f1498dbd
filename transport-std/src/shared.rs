//! What the clones of a session share, and what of it stays in one process.

use std::sync::{Mutex, PoisonError};

use petition_core::route::Route;
use petition_core::route::pool::{Pool, PoolLimits};
use petition_core::{IntoUrl, Method, Request, UrlCache};
use petition_shared::SharedSession;
use petition_shared::process::{PerProcess, Process};

use crate::resolve::Resolver;
use crate::shared_pool::{IdleConnection, SharedPool};

/// Read buffers kept for later calls, and their size. Zeroed memory of this size comes from the
/// system as it is wanted, page by page; a smaller piece would be zeroed by us, all of it for the
/// first small response.
const SPARES: usize = 16;
const SPARE_SIZE: usize = 128 * 1024;

/// What the clones of a session share.
pub(crate) struct Shared {
    state: SharedSession,
    own: PerProcess<Own>,
    /// The URLs of the last requests.
    urls: Mutex<UrlCache>,
    resolver: Box<dyn Resolver>,
}

/// What a session shares with no child process.
struct Own {
    shared_pool: SharedPool,
    spares: Mutex<Vec<Vec<u8>>>,
}

impl Own {
    fn new(limits: PoolLimits) -> Own {
        Own { shared_pool: SharedPool::new(limits), spares: Mutex::default() }
    }

    /// In a child process: the parent's connections stay the parent's.
    fn renew(&self) -> Own {
        self.shared_pool.close_in_child();
        Own::new(self.shared_pool.limits())
    }
}

impl Shared {
    pub(crate) fn new(state: SharedSession, limits: PoolLimits, resolver: Box<dyn Resolver>) -> Shared {
        Shared { state, own: PerProcess::new(Own::new(limits)), urls: Mutex::default(), resolver }
    }

    /// A request for this URL, which may have been parsed before.
    pub(crate) fn request(&self, method: Method, url: impl IntoUrl) -> Request {
        match self.urls.try_lock() {
            Ok(mut urls) => urls.request(method, url),
            // Not worth waiting for.
            Err(_) => Request::new(method, url),
        }
    }

    fn own(&self) -> &Own {
        self.own.get(Own::renew)
    }

    /// This process, without asking which it is.
    pub(crate) fn process(&self) -> Process {
        self.own.get_with_process(Own::renew).1.clone()
    }

    /// The options and cookies.
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
