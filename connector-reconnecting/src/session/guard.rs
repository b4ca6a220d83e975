//! Tells that the value of a session is gone.

use std::sync::Arc;

use crate::{life::Life, loss::LossCause, shared::Shared};

/// Dropped with the session, after its connection.
#[derive(Debug)]
pub(super) struct Guard {
    shared: Arc<Shared>,
    life: Arc<Life>,
}

impl Guard {
    pub(super) fn new(shared: Arc<Shared>, life: Arc<Life>) -> Self {
        Self { shared, life }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(super) fn life(&self) -> &Arc<Life> {
        &self.life
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let cause = match self.life.should_end() {
            true => LossCause::Disconnected, // as it was asked to
            false => LossCause::ClosedByUser,
        };
        self.shared.session_lost(&self.life, cause);
        self.shared.session_gone(&self.life);
    }
}
