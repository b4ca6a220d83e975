//! The first use of the reactor.

use std::{
    io,
    net::{Ipv4Addr, UdpSocket},
    sync::atomic::{AtomicBool, Ordering},
};

use async_io::Async;

/// What the reactor opens when it is first used: its epoll, event and timer descriptors, and one
/// to spare.
const DESCRIPTORS: usize = 4;

/// Whether the reactor has been used.
static IS_STARTED: AtomicBool = AtomicBool::new(false);

/// Uses the reactor, for a timer or a socket that is to come.
///
/// async-io panics if there are no descriptors left when its reactor is first used. So it is made
/// sure first that there are some.
///
/// # Errors
///
/// That descriptors or memory have run out.
pub(crate) fn start() -> io::Result<()> {
    if IS_STARTED.load(Ordering::Relaxed) {
        return Ok(());
    }
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let spare: Vec<_> = (0..DESCRIPTORS).map(|_| socket.try_clone()).collect::<io::Result<_>>()?;
    drop(spare);
    drop(Async::new(socket)?);
    IS_STARTED.store(true, Ordering::Relaxed);
    Ok(())
}
