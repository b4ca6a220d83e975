//! A socket's place in the reactor.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_io::Async;

use crate::plain::AsSystemSocket;

/// What the reactor opens when it is first used: its epoll, event and timer descriptors, and one
/// to spare.
const DESCRIPTORS: usize = 4;

/// Whether the reactor has been used.
static IS_STARTED: AtomicBool = AtomicBool::new(false);

/// Gives a non-blocking socket to the reactor: two system calls and an allocation.
///
/// async-io panics if there are no descriptors left when its reactor is first used. Where that may
/// be now, it is made sure first that there are some, with the help of `duplicate`.
///
/// # Errors
///
/// That descriptors or memory have run out.
pub(crate) fn register<S: AsSystemSocket, D>(
    socket: Arc<S>,
    duplicate: impl Fn() -> io::Result<D>,
) -> io::Result<Async<Arc<S>>> {
    if IS_STARTED.load(Ordering::Relaxed) {
        return Async::new_nonblocking(socket);
    }
    let spare: Vec<D> = (0..DESCRIPTORS).map(|_| duplicate()).collect::<io::Result<_>>()?;
    drop(spare);
    let registration = Async::new_nonblocking(socket)?;
    IS_STARTED.store(true, Ordering::Relaxed);
    Ok(registration)
}
