//! The bare client in a race: it knows which address lives, so that one round trip is all it takes.

use std::{
    io,
    net::{SocketAddr, TcpStream},
    time::Instant,
};

use crate::{socket::reset_when_dropped, totals::count_wait};

/// Connects one after another.
pub(super) fn run(live: SocketAddr) -> io::Result<()> {
    loop {
        let begun = Instant::now();
        let stream = TcpStream::connect(live)?;
        count_wait(begun.elapsed());
        reset_when_dropped(&stream)?;
    }
}
