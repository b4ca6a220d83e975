//! What is done to connections, and what is counted.

/// What becomes of one connection through a [`FaultProxy`](crate::FaultProxy).
///
/// Bytes are counted in the server's answer, from the beginning of the connection. With zero bytes
/// the fault happens as soon as the connection is accepted, and the server never hears of it.
///
/// # Examples
///
/// ```
/// use std::{
///     io::{Read, Write},
///     net::{TcpListener, TcpStream},
/// };
///
/// use socketry_testing::{Fault, FaultProxy};
///
/// let server = TcpListener::bind("127.0.0.1:0")?;
/// let proxy = FaultProxy::start(server.local_addr()?)?;
/// proxy.push(Fault::CloseAfter(3)); // for the first connection; the others pass
///
/// let mut client = TcpStream::connect(proxy.address())?;
/// server.accept()?.0.write_all(b"hello")?;
/// let mut heard = String::new();
/// client.read_to_string(&mut heard)?;
/// assert_eq!(heard, "hel");
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// None: everything is forwarded until both sides are done. The end of one direction is the
    /// end of that direction on the other side, and a reset is a reset.
    #[default]
    Pass,
    /// It is accepted and closed at once. What the client sends is read and thrown away, so that
    /// it finds the end of the stream and no reset.
    AcceptThenClose,
    /// After so many bytes of the answer it is reset, on both sides. What the client has sent by
    /// then is forwarded.
    ///
    /// A reset overtakes what its receiver has no room for. Up to 32 KiB the client gets exactly so
    /// many bytes; of more it may get fewer, unless it keeps up.
    ResetAfter(u64),
    /// After so many bytes of the answer it is closed, on both sides. What they send from then on
    /// is read and thrown away, so that they find the end of the stream and no reset.
    CloseAfter(u64),
    /// It is accepted and never answered. Nothing is read either: a client that writes much has to
    /// wait at some point.
    BlackHole,
    /// After so many bytes of the answer nothing is forwarded any more, in neither direction, not
    /// even an end or a reset. Both sockets stay open, as if the other side was gone without a word.
    HalfOpen(u64),
}

/// How [`FaultProxy::break_all`](crate::FaultProxy::break_all) ends connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Break {
    /// By a reset of both sides (RST).
    Reset,
    /// By an end of the stream for both sides (FIN). What they send from then on is read and thrown
    /// away.
    Close,
}

/// What has come through a [`FaultProxy`](crate::FaultProxy).
///
/// All but `open` are totals since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProxyCounts {
    /// How many connections were accepted.
    pub accepted: usize,
    /// How many connections the proxy has a socket of now. One that is closed counts until both
    /// sides have closed theirs, and one that has fallen silent until the client resets it or the
    /// test breaks it.
    pub open: usize,
    /// How many clients have closed their connection, or the direction in which they write, or have
    /// reset it.
    pub hung_up: usize,
    /// How often a connection was reset, closed or fell silent, by a fault or by the test.
    pub faults: usize,
    /// How many connections were reset because their server could not be reached.
    pub unreachable: usize,
    /// How many bytes were forwarded from clients to servers.
    pub to_server: u64,
    /// How many bytes were forwarded from servers to clients.
    pub to_client: u64,
}

/// What happens to a connection in the end.
#[derive(Clone, Copy)]
pub(super) enum Strike {
    Reset,
    Close,
    Silence,
}

impl Fault {
    /// What happens, and after how many bytes of the answer.
    pub(super) fn strike(self) -> Option<(u64, Strike)> {
        match self {
            Self::Pass => None,
            Self::AcceptThenClose => Some((0, Strike::Close)),
            Self::ResetAfter(bytes) => Some((bytes, Strike::Reset)),
            Self::CloseAfter(bytes) => Some((bytes, Strike::Close)),
            Self::BlackHole => Some((0, Strike::Silence)),
            Self::HalfOpen(bytes) => Some((bytes, Strike::Silence)),
        }
    }
}

impl From<Break> for Strike {
    fn from(how: Break) -> Self {
        match how {
            Break::Reset => Self::Reset,
            Break::Close => Self::Close,
        }
    }
}
