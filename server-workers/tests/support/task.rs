//! A future that is polled only when it was woken, so that a lost wake shows.

use std::{future::Future, pin::Pin};

use socketry_testing::CountingWaker;

pub(crate) struct Task<T> {
    future: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    pub(crate) waker: CountingWaker,
    pub(crate) output: Option<T>,
    is_new: bool,
}

impl<T> Task<T> {
    pub(crate) fn new(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self {
            future: Some(Box::pin(future)),
            waker: CountingWaker::new(),
            output: None,
            is_new: true,
        }
    }

    /// Polls it if it was woken, and says whether it was.
    pub(crate) fn step(&mut self) -> bool {
        let is_woken = self.waker.take() > 0 || std::mem::take(&mut self.is_new);
        let Some(future) = self.future.as_mut().filter(|_| is_woken) else { return false };
        if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut self.waker.context()) {
            self.future = None;
            self.output = Some(output);
        }
        true
    }

    pub(crate) fn cancel(&mut self) {
        self.future = None;
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.future.is_some()
    }
}
