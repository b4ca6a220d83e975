//! On what terms the clients of a server are served.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use socketry_connection::{Clock, Sleep};

use crate::ServerOptions;

/// On what terms the clients of a server are served; one for all of them.
pub(super) struct Terms {
    pub(super) name: Arc<str>,
    pub(super) options: ServerOptions,
    pub(super) clock: Option<Arc<dyn Clock>>,
}

impl Terms {
    /// Ready when so much time has passed since this was first asked with an empty `timer`. Zero is never,
    /// and makes no timer.
    pub(super) fn poll_late(
        &self,
        timer: &mut Option<Sleep>,
        limit: Duration,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if limit.is_zero() {
            return Poll::Pending;
        }
        let sleep = timer.get_or_insert_with(|| Sleep::after(self.clock.as_ref(), limit));
        ready!(Pin::new(sleep).poll(cx));
        *timer = None;
        Poll::Ready(())
    }
}
