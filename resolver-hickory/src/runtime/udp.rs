//! A UDP socket that talks to one nameserver.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
    task::{Context, Poll, ready},
};

use async_io::Async;
use hickory_resolver::net::runtime::DnsUdpSocket;

use super::{SmolTimer, reactor};

/// A UDP socket of async-io, connected to one nameserver.
///
/// Since it is connected, the system tells of a nameserver that is not there (ICMP "port
/// unreachable"), and drops what others send. Whatever address it is told to send to, it sends to
/// its nameserver.
#[derive(Debug)]
pub struct SmolUdpSocket {
    socket: Async<UdpSocket>,
    server: SocketAddr,
}

impl SmolUdpSocket {
    /// A socket at `local`, connected to `server`.
    pub(super) fn connect(local: SocketAddr, server: SocketAddr) -> io::Result<Self> {
        reactor::start()?;
        let socket = UdpSocket::bind(local)?;
        socket.connect(server)?;
        Ok(Self { socket: Async::new(socket)?, server })
    }
}

impl DnsUdpSocket for SmolUdpSocket {
    type Time = SmolTimer;

    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        loop {
            match self.socket.get_ref().recv(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                received => return Poll::Ready(received.map(|length| (length, self.server))),
            }
            ready!(self.socket.poll_readable(cx))?;
        }
    }

    fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        _: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.socket.get_ref().send(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                sent => return Poll::Ready(sent),
            }
            ready!(self.socket.poll_writable(cx))?;
        }
    }
}
