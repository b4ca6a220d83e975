//! For those who write resolvers: many callers and one lookup, and a limit to how many run at once.
//!
//! Neither has a task or a thread. A caller may be dropped at any moment, and one that its owner
//! keeps and does not poll holds up nobody else, beyond the place that it has.

pub use self::{
    flight::{Flight, Passenger},
    places::{Place, Places, Take},
};

mod flight;
mod places;

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::{Context, Wake, Waker},
    };

    use super::*;

    /// A waker that counts.
    #[derive(Clone)]
    pub(super) struct Count {
        waker: Waker,
        woken: Arc<Woken>,
    }

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    impl Count {
        pub(super) fn new() -> Self {
            let woken = Arc::new(Woken::default());
            Self { waker: woken.clone().into(), woken }
        }

        pub(super) fn context(&self) -> Context<'_> {
            Context::from_waker(&self.waker)
        }

        pub(super) fn count(&self) -> usize {
            self.woken.0.load(Ordering::SeqCst)
        }
    }

    #[test]
    fn everything_may_go_from_thread_to_thread() {
        fn is_send_and_sync<T: Send + Sync + Unpin + 'static>() {}

        is_send_and_sync::<Flight<String>>();
        is_send_and_sync::<Passenger<String>>();
        is_send_and_sync::<Places>();
        is_send_and_sync::<Place>();
        is_send_and_sync::<Take>();
    }
}
