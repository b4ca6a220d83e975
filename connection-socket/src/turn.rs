//! Letting others have a turn, when nothing ever has to wait.

use std::{
    cell::Cell,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

/// How many connects in a row may end without having waited.
const WITHOUT_WAITING: u8 = 32;

thread_local! {
    /// Connects in a row on this thread that did not wait. A thread is what they would starve.
    static IN_A_ROW: Cell<u8> = const { Cell::new(0) };
}

/// Ready at once, but after every 32nd time in a row on a thread only after others had a turn.
///
/// Over loopback a connect never has to wait, so a task that makes one after the other would never
/// let go of its executor. Connectors await this before they start.
#[must_use = "futures do nothing unless polled"]
pub struct Turn<F> {
    on_yield: Option<F>,
}

impl Turn<fn()> {
    /// Notes that this thread is about to wait, which gives everybody a turn.
    pub fn waits() {
        IN_A_ROW.set(0);
    }
}

impl<F: FnOnce()> Turn<F> {
    /// Takes a turn; `on_yield` is called if others go first.
    pub fn take(on_yield: F) -> Self {
        Self { on_yield: Some(on_yield) }
    }
}

impl<F: FnOnce() + Unpin> Future for Turn<F> {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let in_a_row = IN_A_ROW.get();
        if in_a_row < WITHOUT_WAITING {
            IN_A_ROW.set(in_a_row + 1);
            return Poll::Ready(());
        }
        let Some(on_yield) = self.on_yield.take() else {
            return Poll::Ready(()); // has yielded already
        };
        IN_A_ROW.set(0);
        on_yield();
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<F> fmt::Debug for Turn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{pin::pin, task::Waker};

    use super::*;

    fn polls_until_ready() -> usize {
        let mut turn = pin!(Turn::take(|| ()));
        let mut cx = Context::from_waker(Waker::noop());
        (1..).find(|_| turn.as_mut().poll(&mut cx).is_ready()).unwrap()
    }

    #[test]
    fn every_33rd_turn_in_a_row_lets_others_go_first() {
        Turn::waits();
        let yields: Vec<usize> = (1..=100).filter(|_| polls_until_ready() == 2).collect();
        assert_eq!(yields.len(), 3);
    }

    #[test]
    fn waiting_begins_a_new_row() {
        for _ in 0..1000 {
            Turn::waits();
            assert_eq!(polls_until_ready(), 1);
        }
    }
}
