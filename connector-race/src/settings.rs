//! What can be chosen about a connector, whatever is inside.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use socketry_connection::{Clock, now};
use socketry_connector::HostPort;

use crate::{Rules, memory::Memory};

/// The settings of a connector; clones share the memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) rules: Rules,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) clock: Option<Arc<dyn Clock>>,
    pub(crate) memory: Option<Arc<Memory>>,
}

impl Settings {
    /// Whether it takes more than arriving first to be dialled first.
    pub(crate) fn has_choice(&self) -> bool {
        self.memory.is_some() || !self.rules.locals.is_empty()
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Instant {
        now(self.clock.as_ref())
    }

    /// How long ago something began.
    pub(crate) fn since(&self, began: Instant) -> Duration {
        self.now().saturating_duration_since(began)
    }

    /// Where a host was reached last.
    pub(crate) fn recall(&self, host: Option<&HostPort>) -> Option<SocketAddr> {
        self.memory.as_ref()?.recall(host?)
    }

    /// A host was reached.
    #[inline]
    pub(crate) fn note(&self, host: Option<&HostPort>, remote: SocketAddr) {
        if let (Some(memory), Some(host)) = (&self.memory, host) {
            memory.note(host, remote);
        }
    }

    /// A host could not be reached there.
    pub(crate) fn forget(&self, host: Option<&HostPort>, remote: SocketAddr) {
        if let (Some(memory), Some(host)) = (&self.memory, host) {
            memory.forget(host, remote);
        }
    }
}
