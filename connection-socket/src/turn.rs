//! Letting others have a turn, when nothing ever has to wait.

use std::{
    cell::Cell,
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
#[derive(Debug, Default)]
#[must_use = "futures do nothing unless polled"]
pub struct Turn {
    yielded: bool,
}

impl Turn {
    /// Takes a turn.
    pub fn take() -> Self {
        Self::default()
    }

    /// Notes that this thread is about to wait, which gives everybody a turn.
    pub fn waits() {
        IN_A_ROW.set(0);
    }
}

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let in_a_row = IN_A_ROW.get();
        if self.yielded || in_a_row < WITHOUT_WAITING {
            IN_A_ROW.set(in_a_row.saturating_add(1));
            return Poll::Ready(());
        }
        self.yielded = true;
        IN_A_ROW.set(0);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::{pin::pin, task::Waker};

    use super::*;

    fn polls_until_ready() -> usize {
        let mut turn = pin!(Turn::take());
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
