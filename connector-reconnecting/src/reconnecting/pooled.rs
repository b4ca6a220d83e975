//! What a pool does with its members.

use std::sync::Arc;

use socketry_connector::Connect;

use crate::{reconnecting::Reconnecting, shared::Shared};

impl<C, T> Reconnecting<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// How to look at it and end it, without owning it.
    pub(crate) fn link(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    /// Drops the attempt or wait under way, since nobody polls for it any more.
    pub(crate) fn suspend(&mut self) {
        if let Some(driver) = &mut self.driver {
            driver.suspend();
        }
    }

    /// The attempt under way has failed, since whoever polls for it has no more time.
    pub(crate) fn attempt_timed_out(&mut self) {
        if let Some(driver) = &mut self.driver {
            driver.attempt_timed_out();
        }
    }
}
