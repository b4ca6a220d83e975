//! Where a server keeps its listener, so that closing reaches it.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll},
};

use crate::{Control, State, Watch};

/// How many results in a row a server yields before it lets other tasks run.
const RESULTS_IN_A_ROW: u8 = 32;

/// The listener of a server, in a place that [`Control::close`] empties.
///
/// It gives a server its half of the contract of [`Accept`](crate::Accept): closing drops the
/// listener at once, from any task, polled or not; a paused server takes nobody; every change wakes
/// the task that waits; after 32 results in a row others get a turn; dropping the server closes it.
///
/// # Examples
///
/// A server over anything that can be asked for the next connection:
///
/// ```
/// use std::{convert::Infallible, io, task::{Context, Poll}};
///
/// use socketry_connection::{Address, BoxConnection};
/// use socketry_server::{Accept, Control, Slot};
///
/// struct Queue; // yours
/// # impl Queue { fn poll_pop(&mut self, _: &mut Context<'_>) -> Poll<BoxConnection> { Poll::Pending } }
///
/// struct QueueServer {
///     slot: Slot<Queue>,
/// }
///
/// impl Accept for QueueServer {
///     type Connection = BoxConnection;
///
///     fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<BoxConnection>>> {
///         self.slot.poll_with(cx, |queue, cx| queue.poll_pop(cx).map(Ok))
///     }
///     fn poll_progress(&mut self, _: &mut Context<'_>) -> Poll<Infallible> {
///         Poll::Pending
///     }
///     fn local_address(&self) -> Option<Address> {
///         None
///     }
///     fn control(&self) -> Control {
///         self.slot.control()
///     }
/// }
/// ```
pub struct Slot<L> {
    listener: Arc<Mutex<Option<L>>>,
    control: Control,
    watch: Watch,
    in_a_row: u8,
}

impl<L: Send + 'static> Slot<L> {
    /// Puts `listener` into a slot with a control of its own, in state [`State::Open`].
    pub fn new(listener: L) -> Self {
        let listener = Arc::new(Mutex::new(Some(listener)));
        let weak = Arc::downgrade(&listener);
        let control = Control::new(move |state| {
            if let (State::Closed, Some(listener)) = (state, weak.upgrade()) {
                let listener = lock(&listener).take();
                drop(listener); // after the lock
            }
        });
        Self { watch: control.watch(), listener, control, in_a_row: 0 }
    }

    /// Asks the listener through `poll`, if it is there and not paused.
    ///
    /// Every `Ready` of `poll` counts as a result. A listener that ends by itself has to close the
    /// control, from outside of `poll`.
    ///
    /// `Ready(None)` means closed. The lock of the slot is held while `poll` runs, and never while
    /// it waits; `poll` MUST NOT close the server itself, which would wait for that lock.
    pub fn poll_with<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut poll: impl FnMut(&mut L, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<Option<R>> {
        if self.in_a_row >= RESULTS_IN_A_ROW {
            self.in_a_row = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            let state = self.control.state();
            match state {
                State::Closed => return Poll::Ready(None),
                State::Paused => {}
                State::Open => {
                    let mut listener = lock(&self.listener);
                    let Some(listener) = listener.as_mut() else {
                        return Poll::Ready(None);
                    };
                    if let Poll::Ready(result) = poll(listener, cx) {
                        self.in_a_row += 1;
                        return Poll::Ready(Some(result));
                    }
                }
            }
            self.in_a_row = 0;
            if self.watch.poll_state(cx) == state {
                return Poll::Pending;
            }
        }
    }

    /// Looks at the listener; `None` if it is closed.
    pub fn with<R>(&self, look: impl FnOnce(&L) -> R) -> Option<R> {
        lock(&self.listener).as_ref().map(look)
    }

    /// Takes the listener out alive, to hand it on; the slot is closed then.
    pub fn take(&mut self) -> Option<L> {
        let listener = lock(&self.listener).take();
        self.control.close();
        listener
    }

    /// Looks at the listener from elsewhere, also while this slot is being polled.
    pub fn handle(&self) -> SlotHandle<L> {
        SlotHandle { listener: Arc::downgrade(&self.listener) }
    }

    /// The control of this slot.
    pub fn control(&self) -> Control {
        self.control.clone()
    }
}

impl<L> Drop for Slot<L> {
    fn drop(&mut self) {
        self.control.close();
    }
}

impl<L> fmt::Debug for Slot<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("state", &self.control.state()).finish()
    }
}

/// Looks at the listener of a [`Slot`] from any task, whoever owns the slot.
///
/// A clone looks at the same listener. It keeps nothing open: once the slot is closed or dropped
/// there is nothing to look at.
///
/// # Examples
///
/// ```
/// use socketry_server::Slot;
///
/// let slot = Slot::new("listener");
/// let handle = slot.handle();
/// assert_eq!(handle.with(|listener| listener.len()), Some(8));
///
/// slot.control().close();
/// assert_eq!(handle.with(|listener| listener.len()), None);
/// ```
pub struct SlotHandle<L> {
    listener: Weak<Mutex<Option<L>>>,
}

impl<L> SlotHandle<L> {
    /// Looks at the listener; `None` if it is closed.
    ///
    /// The lock of the slot is held meanwhile: `look` SHOULD return at once, and MUST NOT close the
    /// server, which would wait for that lock.
    pub fn with<R>(&self, look: impl FnOnce(&L) -> R) -> Option<R> {
        lock(&*self.listener.upgrade()?).as_ref().map(look)
    }
}

impl<L> Clone for SlotHandle<L> {
    fn clone(&self) -> Self {
        Self { listener: self.listener.clone() }
    }
}

impl<L> fmt::Debug for SlotHandle<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlotHandle").finish_non_exhaustive()
    }
}

/// A listener that panicked in a poll is no worse for those who close it.
fn lock<L>(listener: &Mutex<L>) -> MutexGuard<'_, L> {
    listener.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn poll(slot: &mut Slot<u32>, cx: &mut Context<'_>) -> Poll<Option<u32>> {
        slot.poll_with(cx, |next, _| {
            *next += 1;
            Poll::Ready(*next)
        })
    }

    #[test]
    fn it_yields_after_32_results_in_a_row_and_then_goes_on() {
        let mut slot = Slot::new(0);
        let mut cx = Context::from_waker(Waker::noop());
        for result in 1..=32 {
            assert_eq!(poll(&mut slot, &mut cx), Poll::Ready(Some(result)));
        }
        assert_eq!(poll(&mut slot, &mut cx), Poll::Pending);
        assert_eq!(poll(&mut slot, &mut cx), Poll::Ready(Some(33)));
    }

    #[test]
    fn closing_drops_the_listener_at_once_although_nobody_polls() {
        let listener = Arc::new(());
        let slot = Slot::new(listener.clone());
        slot.control().close();
        assert_eq!(Arc::strong_count(&listener), 1);
        assert_eq!(slot.with(|_| ()), None);
    }

    #[test]
    fn dropping_the_slot_drops_the_listener_although_a_control_is_kept() {
        let listener = Arc::new(());
        let slot = Slot::new(listener.clone());
        let control = slot.control();
        drop(slot);
        assert_eq!(Arc::strong_count(&listener), 1);
        assert!(control.is_closed());
    }

    #[test]
    fn a_paused_slot_does_not_ask_its_listener() {
        let mut slot = Slot::new(0);
        let mut cx = Context::from_waker(Waker::noop());
        slot.control().pause();
        assert_eq!(poll(&mut slot, &mut cx), Poll::Pending);
        slot.control().resume();
        assert_eq!(poll(&mut slot, &mut cx), Poll::Ready(Some(1)));
    }

    #[test]
    fn a_kept_handle_keeps_no_listener() {
        let listener = Arc::new(());
        let slot = Slot::new(listener.clone());
        let handle = slot.handle();
        drop(slot);
        assert_eq!(Arc::strong_count(&listener), 1);
        assert_eq!(handle.with(|_| ()), None);
    }

    #[test]
    fn a_listener_that_is_taken_lives_on_and_leaves_a_closed_slot() {
        let mut slot = Slot::new(7);
        assert_eq!(slot.take(), Some(7));
        assert_eq!(poll(&mut slot, &mut Context::from_waker(Waker::noop())), Poll::Ready(None));
    }
}
