//! A bell by which a test wakes a thread that waits for its sockets.

use std::{
    io,
    net::{Ipv4Addr, UdpSocket},
    os::fd::{AsFd, BorrowedFd},
};

/// Something that a thread can wait for beside its sockets: it is readable once it has rung.
pub(crate) struct Bell {
    /// Connected to itself.
    socket: UdpSocket,
}

impl Bell {
    pub(crate) fn new() -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(socket.local_addr()?)?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket })
    }

    /// Wakes the thread. A bell that is full has rung.
    pub(crate) fn ring(&self) {
        let _ = self.socket.send(&[1]);
    }

    /// Lets the thread wait for the next time.
    pub(crate) fn silence(&self) {
        while self.socket.recv(&mut [0; 16]).is_ok() {}
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
