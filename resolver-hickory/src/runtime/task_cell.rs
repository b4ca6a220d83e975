//! The future of a background task, where its driver can reach it.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

/// Where the future of a background task lives: the task polls it, and the driver can take it out.
#[derive(Clone)]
pub(super) struct TaskCell(Arc<Mutex<Option<BoxFuture>>>);

type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

impl TaskCell {
    pub(super) fn new(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::pin(future)))))
    }

    /// Takes the future out, and drops it if the caller does.
    pub(super) fn take(&self) -> Option<BoxFuture> {
        self.lock().take()
    }

    /// Polls the future. Only its task does, so it is there unless it has ended or was taken out.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(mut future) = self.take() else {
            return Poll::Ready(());
        };
        let polled = future.as_mut().poll(cx);
        if polled.is_pending() {
            *self.lock() = Some(future);
        }
        polled
    }

    fn lock(&self) -> MutexGuard<'_, Option<BoxFuture>> {
        // Nothing in here can panic half way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
