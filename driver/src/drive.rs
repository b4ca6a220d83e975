//! Which executors can be driven.

use std::{future::Future, rc::Rc, sync::Arc};

use async_executor::{Executor, LocalExecutor};

use crate::drive::sealed::Tick;

/// An executor that [`block_on`](crate::block_on()) can drive: a [`LocalExecutor`], an [`Executor`],
/// or what points to one of them (`&`, `Box`, `Rc`, `Arc`).
///
/// It is sealed: nothing outside this crate can implement it.
///
/// # Examples
///
/// ```
/// use std::{future::Future, sync::Arc};
///
/// use async_executor::Executor;
/// use socketry_driver::{Drive, block_on};
///
/// /// For those who have an executor, of whatever kind.
/// fn run<T>(executor: impl Drive, future: impl Future<Output = T>) -> T {
///     block_on(&executor, future)
/// }
///
/// assert_eq!(run(Arc::new(Executor::new()), async { 42 }), 42);
/// ```
pub trait Drive: Tick {}

impl<E: Tick + ?Sized> Drive for E {}

pub(crate) mod sealed {
    use std::future::Future;

    /// Running one task at a time.
    pub trait Tick {
        /// Runs a task that is ready, and says whether there was one.
        fn try_tick(&self) -> bool;

        /// Runs a task as soon as one is ready.
        fn tick(&self) -> impl Future<Output = ()>;
    }
}

/// By the methods of the same name of what is inside.
macro_rules! tick {
    ($([$($generics:tt)*] $who:ty => $inside:ty;)*) => {$(
        impl<$($generics)*> Tick for $who {
            fn try_tick(&self) -> bool {
                <$inside>::try_tick(self)
            }

            fn tick(&self) -> impl Future<Output = ()> {
                <$inside>::tick(self)
            }
        }
    )*};
}

tick! {
    ['a] LocalExecutor<'a> => LocalExecutor<'a>;
    ['a] Executor<'a> => Executor<'a>;
    ['a, E: Tick + ?Sized] &'a E => E;
    [E: Tick + ?Sized] Box<E> => E;
    [E: Tick + ?Sized] Rc<E> => E;
    [E: Tick + ?Sized] Arc<E> => E;
}
