//! The proxy as the test holds it.

use std::{
    fmt,
    future::poll_fn,
    io,
    net::SocketAddr,
    sync::Arc,
    thread::{self, JoinHandle},
};

use super::{
    fault::{Break, Fault, ProxyCounts},
    serving::Serving,
    shared::{Order, Shared},
};

/// A TCP proxy on loopback between a client under test and a server, which breaks connections as
/// the test says, while they are used and from any thread.
///
/// The connections get the [`Fault`]s that were [pushed](Self::push), in the order in which they
/// come, and then the [default](Self::set_default), which is to pass. A connection whose server
/// cannot be reached is reset.
///
/// It has one thread. Each call is carried out by it before it returns, and concerns what comes
/// later: who had connected before is accepted first. Dropped, it resets all connections, and its
/// thread and its sockets are gone.
///
/// A test that has no descriptor left for the connections fails: the thread panics, and so does
/// each call from then on.
///
/// Linux only.
///
/// # Examples
///
/// The first connection breaks in the middle of an answer, the second one does not:
///
/// ```
/// use std::{
///     io::{ErrorKind, Read, Write},
///     net::{TcpListener, TcpStream},
/// };
///
/// use socketry_testing::{Fault, FaultProxy};
///
/// let server = TcpListener::bind("127.0.0.1:0")?;
/// let proxy = FaultProxy::start(server.local_addr()?)?;
/// proxy.push(Fault::ResetAfter(3));
///
/// let ask = || {
///     let mut client = TcpStream::connect(proxy.address())?;
///     server.accept()?.0.write_all(b"hello")?;
///     let mut heard = String::new();
///     client.read_to_string(&mut heard).map(|_| heard)
/// };
/// assert_eq!(ask().unwrap_err().kind(), ErrorKind::ConnectionReset);
/// assert_eq!(ask()?, "hello");
/// assert_eq!(proxy.counts().to_client, 8);
/// # std::io::Result::Ok(())
/// ```
pub struct FaultProxy {
    shared: Arc<Shared>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl FaultProxy {
    /// Starts on a free port of 127.0.0.1, in front of the server at `target`.
    ///
    /// # Errors
    ///
    /// If a socket cannot be opened, or no thread started.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub fn start(target: SocketAddr) -> io::Result<Self> {
        let shared = Arc::new(Shared::new()?);
        let serving = Serving::new(shared.clone(), target)?;
        let address = serving.address();
        let thread = thread::Builder::new().name("fault-proxy".into()).spawn(|| serving.run())?;
        Ok(Self { shared, address, thread: Some(thread) })
    }

    /// Where it listens, also while it refuses.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections that come from now on go to this server.
    pub fn set_target(&self, target: SocketAddr) {
        self.shared.order(Order::Target(target));
    }

    /// One connection gets this fault: the next one, or the one after those that have one already.
    pub fn push(&self, fault: Fault) {
        self.shared.order(Order::Push(fault));
    }

    /// Connections for which no fault was pushed get this one.
    pub fn set_default(&self, fault: Fault) {
        self.shared.order(Order::Default(fault));
    }

    /// Stops listening: whoever connects is refused. The port stays reserved, so that it is nobody
    /// else's meanwhile, and connections go on.
    pub fn refuse(&self) {
        self.shared.order(Order::Refuse);
    }

    /// Listens again after [`refuse`](Self::refuse), at the same address.
    ///
    /// # Panics
    ///
    /// If the system does not allow it: because the process has no descriptor left, or another one
    /// insists on this very port.
    pub fn listen(&self) {
        self.shared.order(Order::Listen);
    }

    /// Ends all connections that are open now, also those that have fallen silent. What was read
    /// and not yet forwarded is lost.
    pub fn break_all(&self, how: Break) {
        self.shared.order(Order::Break(how));
    }

    /// What has come through so far: whatever a client or a server has got before the call is in
    /// it.
    pub fn counts(&self) -> ProxyCounts {
        self.shared.order(Order::Count)
    }

    /// Waits until so many connections were accepted, counted from the start.
    ///
    /// # Cancel safety
    ///
    /// May be dropped and called again.
    pub async fn accepted(&self, connections: usize) {
        self.until(|counts| counts.accepted >= connections).await;
    }

    /// Waits until the counts are as `condition` wants them; what they are then.
    ///
    /// # Cancel safety
    ///
    /// May be dropped and called again.
    ///
    /// # Examples
    ///
    /// A client that waits for its answer in vain, and goes:
    ///
    /// ```
    /// use std::net::{SocketAddr, TcpStream};
    ///
    /// use futures_lite::future::block_on;
    /// use socketry_testing::{Fault, FaultProxy};
    ///
    /// let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
    /// let proxy = FaultProxy::start(nobody)?;
    /// proxy.set_default(Fault::BlackHole);
    ///
    /// drop(TcpStream::connect(proxy.address())?);
    /// block_on(proxy.until(|counts| counts.hung_up == 1));
    /// # std::io::Result::Ok(())
    /// ```
    pub async fn until(&self, condition: impl Fn(&ProxyCounts) -> bool) -> ProxyCounts {
        poll_fn(|cx| self.shared.poll_counts(cx, &condition)).await
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.shared.stop();
        let ended = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            assert!(!matches!(ended, Some(Err(_))), "the thread of the proxy has panicked");
        }
    }
}

impl fmt::Debug for FaultProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultProxy").field("address", &self.address).finish_non_exhaustive()
    }
}
