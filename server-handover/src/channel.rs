//! Messages over a connected Unix socket.

use std::{
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use async_io::Async;
use rustix::{
    cmsg_space,
    io::{Errno, retry_on_intr},
    net::{
        RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
        SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
    },
};
use socket2::Socket;

use crate::{
    error::Advised,
    message::{Frame, HEADER, Header, MOST_DESCRIPTORS, Malformed, Message},
};

/// What the reactor opens when it is first used: its epoll, event and timer descriptors, and one
/// to spare.
const OF_THE_REACTOR: usize = 4;

/// Room for the descriptors of one message, whole.
const ROOM: usize = cmsg_space!(ScmRights(MOST_DESCRIPTORS));

/// One end of the connection between two processes.
#[derive(Debug)]
pub(crate) struct Channel {
    socket: Async<Socket>,
}

impl Channel {
    pub(crate) fn new(socket: Socket) -> io::Result<Self> {
        Ok(Self { socket: register(socket)? })
    }

    /// Sends one message.
    ///
    /// # Cancel safety
    ///
    /// None: a part of the message may have been sent.
    pub(crate) async fn send(&self, frame: &Frame<'_>) -> io::Result<()> {
        let mut sent = 0;
        while sent < frame.bytes.len() {
            sent += self.socket.write_with(|socket| send_some(socket, frame, sent)).await?;
        }
        Ok(())
    }

    /// Sends a short message if there is room for it; whoever is gone need not hear it.
    pub(crate) fn try_send(&self, frame: &Frame<'_>) {
        let _ = send_some(self.socket.get_ref(), frame, 0);
    }

    /// That the other process has not closed its end, as far as this one can know by now.
    pub(crate) fn check_open(&self) -> io::Result<()> {
        let mut byte = [MaybeUninit::uninit()];
        match self.socket.get_ref().peek(&mut byte) {
            Ok(0) => Err(closed()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Err(closed()),
            _ => Ok(()),
        }
    }

    /// Receives one message. What has come with one that is malformed is closed.
    ///
    /// # Cancel safety
    ///
    /// None: a part of a message may have been received.
    pub(crate) async fn receive(&self) -> io::Result<Message> {
        let mut descriptors = Vec::new();
        let mut header = [0; HEADER];
        self.fill(&mut header, &mut descriptors).await?;
        let header = Header::read(header)?;
        let mut body = vec![0; header.length];
        self.fill(&mut body, &mut descriptors).await?;
        Ok(Message::read(header, &body, descriptors)?)
    }

    async fn fill(&self, bytes: &mut [u8], descriptors: &mut Vec<OwnedFd>) -> io::Result<()> {
        let mut filled = 0;
        while filled < bytes.len() {
            let rest = &mut bytes[filled..];
            let count = self.socket.read_with(|socket| receive_some(socket, rest, descriptors));
            filled += match count.await? {
                0 => return Err(closed()),
                count => count,
            };
        }
        Ok(())
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Gives a socket to the reactor, and makes it non-blocking.
///
/// async-io panics if there are no descriptors left when its reactor is first used, so it is made
/// sure first that there are some.
pub(crate) fn register(socket: Socket) -> io::Result<Async<Socket>> {
    let spare: Vec<Socket> =
        (0..OF_THE_REACTOR).map(|_| socket.try_clone()).collect::<io::Result<_>>()?;
    drop(spare);
    Async::new(socket)
}

/// Sends what is left behind the first `sent` bytes; the descriptors go with the first of all.
fn send_some(socket: &Socket, frame: &Frame<'_>, sent: usize) -> io::Result<usize> {
    let mut room = [MaybeUninit::uninit(); ROOM];
    let mut control = SendAncillaryBuffer::new(&mut room);
    if sent == 0 && !frame.descriptors.is_empty() {
        // There is room for as many as a frame has.
        control.push(SendAncillaryMessage::ScmRights(&frame.descriptors));
    }
    let bytes = IoSlice::new(&frame.bytes[sent..]);
    match retry_on_intr(|| sendmsg(socket, &[bytes], &mut control, SEND)) {
        Err(Errno::PIPE | Errno::CONNRESET) => Err(closed()),
        Err(error @ Errno::TOOMANYREFS) => Err(Advised::error(
            error,
            "more descriptors are on their way than this user may have open: raise its limit (ulimit -n)",
        )),
        sent => Ok(sent?),
    }
}

fn receive_some(
    socket: &Socket,
    bytes: &mut [u8],
    descriptors: &mut Vec<OwnedFd>,
) -> io::Result<usize> {
    let mut room = [MaybeUninit::uninit(); ROOM];
    let mut control = RecvAncillaryBuffer::new(&mut room);
    let mut bytes = [IoSliceMut::new(bytes)];
    let received = match retry_on_intr(|| recvmsg(socket, &mut bytes, &mut control, RECEIVE)) {
        Err(Errno::CONNRESET) => return Err(closed()),
        received => received?,
    };
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(more) = message {
            descriptors.extend(more);
        }
    }
    close_on_exec(descriptors)?;
    if received.flags.contains(ReturnFlags::CTRUNC) {
        return Err(Advised::error(
            Errno::MFILE,
            "not all of the sockets could be received: raise the limit of this process (ulimit -n)",
        ));
    }
    // Before more of them come than can belong to one message.
    if descriptors.len() > MOST_DESCRIPTORS {
        return Err(Malformed("it sent more descriptors than belong to a message").into());
    }
    Ok(received.bytes)
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "it closed the connection")
}

/// A peer that has gone is an error and no signal.
#[cfg(not(target_vendor = "apple"))]
const SEND: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
const SEND: SendFlags = SendFlags::empty(); // the socket has an option for it, which is set

#[cfg(any(target_os = "linux", target_os = "android"))]
const RECEIVE: RecvFlags = RecvFlags::CMSG_CLOEXEC;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const RECEIVE: RecvFlags = RecvFlags::empty();

/// They were received so.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn close_on_exec(_descriptors: &[OwnedFd]) -> io::Result<()> {
    Ok(())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn close_on_exec(descriptors: &[OwnedFd]) -> io::Result<()> {
    use rustix::io::{FdFlags, fcntl_setfd};

    for descriptor in descriptors {
        fcntl_setfd(descriptor, FdFlags::CLOEXEC)?;
    }
    Ok(())
}
