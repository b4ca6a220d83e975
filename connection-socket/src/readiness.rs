//! When to try an operation, and when to wait for the reactor first.

use std::{io, task::Poll};

/// What is known about one direction of a socket.
///
/// An operation is tried first, and the reactor asked only after it would have blocked, or is known
/// to: a read that did not fill its buffer has drained the socket. A task that is polled again
/// while the reactor holds its waker tries again at once, without asking what woke it.
///
/// That saves a round through the reactor. async-io cannot tell the event that woke a task from one
/// before its registration, if another thread than the task's ran the reactor when it registered
/// (under every executor but async-io's own `block_on`), and would answer it by waiting once more.
/// For the same reason its "ready" is never believed here: it may be an old event, the one that
/// woke the task before. Asking twice arms the reactor anew, and since it watches levels and not
/// edges, it finds whatever is there.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    /// The last operation left nothing: wait before the next.
    waits: bool,
    /// The reactor has the task's waker.
    armed: bool,
}

impl Readiness {
    /// Ready when the operation is worth trying. If not, `poll_reactor` is asked until it holds
    /// the waker.
    pub(crate) fn poll(
        &mut self,
        mut poll_reactor: impl FnMut() -> Poll<io::Result<()>>,
    ) -> Poll<io::Result<()>> {
        if !self.waits || self.armed {
            return Poll::Ready(Ok(()));
        }
        while let Poll::Ready(old_event) = poll_reactor() {
            old_event?;
        }
        self.armed = true;
        Poll::Pending
    }

    /// The operation would have blocked: [`poll`](Self::poll) has to wait.
    pub(crate) fn would_block(&mut self) {
        *self = Self { waits: true, armed: false };
    }

    /// The operation was done, and `drained` says whether the next one would block.
    pub(crate) fn done(&mut self, drained: bool) {
        *self = Self { waits: drained, armed: false };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unasked() -> Poll<io::Result<()>> {
        panic!("the reactor was asked")
    }

    #[test]
    fn the_first_operation_is_tried_without_asking_the_reactor() {
        assert!(Readiness::default().poll(unasked).is_ready());
    }

    #[test]
    fn after_a_drained_read_the_reactor_is_armed_before_the_next_try() {
        let mut readiness = Readiness::default();
        readiness.done(true);
        assert!(readiness.poll(|| Poll::Pending).is_pending());
    }

    #[test]
    fn a_poll_while_the_reactor_is_armed_tries_at_once() {
        let mut readiness = Readiness::default();
        readiness.would_block();
        assert!(readiness.poll(|| Poll::Pending).is_pending());
        assert!(readiness.poll(unasked).is_ready());
    }

    #[test]
    fn a_try_in_vain_arms_the_reactor_anew() {
        let mut readiness = Readiness::default();
        readiness.would_block();
        assert!(readiness.poll(|| Poll::Pending).is_pending());
        readiness.would_block();
        assert!(readiness.poll(|| Poll::Pending).is_pending());
    }

    #[test]
    fn an_old_event_is_passed_over() {
        let mut readiness = Readiness::default();
        readiness.done(true);
        let mut answers = [Poll::Ready(Ok(())), Poll::Pending].into_iter();
        assert!(readiness.poll(|| answers.next().unwrap()).is_pending());
        assert!(answers.next().is_none());
    }

    #[test]
    fn an_error_of_the_reactor_is_told() {
        let mut readiness = Readiness::default();
        readiness.would_block();
        let polled = readiness.poll(|| Poll::Ready(Err(io::ErrorKind::Other.into())));
        assert!(matches!(polled, Poll::Ready(Err(_))));
    }
}
