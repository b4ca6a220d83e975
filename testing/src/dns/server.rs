//! The nameserver as the test holds it.

use std::{
    fmt,
    future::poll_fn,
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    sync::Arc,
    task::Poll,
    thread::{self, JoinHandle},
};

use socketry_connection::Family;

use super::{
    held::HeldQuery,
    query::{DnsQuery, key},
    reply::DnsReply,
    script::Shared,
    serving::Serving,
};
use crate::bell::Bell;

/// How many ports are tried until one is free for both transports.
const TRIES: usize = 100;

/// A nameserver on loopback that follows a script, for the tests of resolvers.
///
/// It listens for datagrams and for connections on one port, in one thread of its own, which ends
/// when the server is dropped. Names are told apart without regard to case and to a dot at their
/// end. A name that is not in the script does not exist (NXDOMAIN; see
/// [`otherwise`](Self::otherwise)); a name that has no reply for one family stays unknown in that
/// one.
///
/// It serves 256 connections at once, and answers 65,536 queries.
///
/// # Examples
///
/// ```
/// use std::net::UdpSocket;
///
/// use socketry_connection::Family;
/// use socketry_testing::{DnsReply, DnsServer};
///
/// # fn main() -> std::io::Result<()> {
/// let server = DnsServer::start()?;
/// server.answer("a.example", [[192, 0, 2, 1].into(), "2001:db8::1".parse().unwrap()]);
/// server.reply("b.example", Family::V6, DnsReply::silence());
///
/// // A query for the addresses (A) of a.example, by hand.
/// let query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x07example\x00\x00\x01\x00\x01";
/// let client = UdpSocket::bind("127.0.0.1:0")?;
/// client.send_to(query, server.address())?;
/// let mut answer = [0; 512];
/// let length = client.recv(&mut answer)?;
///
/// assert!(answer[..length].ends_with(&[192, 0, 2, 1]));
/// assert_eq!(server.queries()[0].name(), "a.example");
/// # Ok(())
/// # }
/// ```
pub struct DnsServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl DnsServer {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// If no socket can be opened.
    pub fn start() -> io::Result<Self> {
        Self::start_on((Ipv4Addr::LOCALHOST, 0).into())
    }

    /// Starts on `address`; port 0 is any free one.
    ///
    /// # Errors
    ///
    /// If the address cannot be bound for both transports.
    pub fn start_on(address: SocketAddr) -> io::Result<Self> {
        let (listener, datagrams) = bind(address)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(Bell::new()?));
        let serving = Serving::new(shared.clone(), listener, datagrams)?;
        let thread = thread::Builder::new().name("dns-server".into()).spawn(|| serving.run())?;
        Ok(Self { shared, address, thread: Some(thread) })
    }

    /// Where it listens, for datagrams and for connections.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The name has these addresses. Of a family that is not among them it has none (NODATA).
    pub fn answer(&self, name: &str, ips: impl IntoIterator<Item = IpAddr>) {
        self.reply(name, None, DnsReply::addresses(ips));
    }

    /// Queries for the name and the family, or for both families (`None`), get this reply.
    pub fn reply(&self, name: &str, family: impl Into<Option<Family>>, reply: DnsReply) {
        self.reply_in_turn(name, family, [reply]);
    }

    /// The first query gets the first reply, the second one the second; the last reply stays. Each
    /// family has its own turns.
    ///
    /// # Panics
    ///
    /// If there is no reply.
    pub fn reply_in_turn(
        &self,
        name: &str,
        family: impl Into<Option<Family>>,
        replies: impl IntoIterator<Item = DnsReply>,
    ) {
        let replies: Vec<DnsReply> = replies.into_iter().collect();
        assert!(!replies.is_empty(), "{name} needs a reply, be it silence");
        let families = match family.into() {
            Some(family) => vec![family],
            None => vec![Family::V4, Family::V6],
        };
        let mut script = self.shared.lock();
        for family in families {
            script.plan(name, family, replies.clone().into());
        }
    }

    /// What names get that are not in the script; NXDOMAIN by default.
    pub fn otherwise(&self, reply: DnsReply) {
        self.shared.lock().otherwise(reply);
    }

    /// Lets queries for the name and the family wait until the test answers them.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    ///
    /// use futures_lite::future;
    /// use socketry_connection::Family;
    /// use socketry_resolver::Resolve;
    /// use socketry_testing::DnsServer;
    ///
    /// async fn one_family_does_not_wait_for_the_other(
    ///     server: &DnsServer,
    ///     resolver: &impl Resolve,
    /// ) -> io::Result<()> {
    ///     server.answer("a.example", [[192, 0, 2, 1].into()]);
    ///     let held = server.hold("a.example", Family::V6);
    ///     let slow = resolver.resolve("a.example", Family::V6);
    ///     let test = async {
    ///         held.asked().await;
    ///         let quick = resolver.resolve("a.example", Family::V4).await?;
    ///         assert_eq!(quick.len(), 1);
    ///         held.answer(["2001:db8::1".parse().unwrap()]);
    ///         Ok(())
    ///     };
    ///     future::try_zip(slow, test).await.map(drop)
    /// }
    /// ```
    pub fn hold(&self, name: &str, family: Family) -> HeldQuery {
        HeldQuery::new(self.shared.clone(), (key(name), family))
    }

    /// The queries so far, in the order in which they came.
    pub fn queries(&self) -> Vec<DnsQuery> {
        self.shared.lock().queries.clone()
    }

    /// The queries for a name so far.
    pub fn queries_for(&self, name: &str) -> Vec<DnsQuery> {
        let mut queries = self.queries();
        queries.retain(|query| query.is_for(name));
        queries
    }

    /// Waits for the query with this index; the first one has 0.
    ///
    /// # Cancel safety
    ///
    /// May be dropped and called again.
    pub async fn query(&self, index: usize) -> DnsQuery {
        poll_fn(|cx| {
            let mut script = self.shared.lock();
            if let Some(query) = script.queries.get(index) {
                return Poll::Ready(query.clone());
            }
            script.wait(cx);
            Poll::Pending
        })
        .await
    }

    /// How many connections there are: accepted, and not known to be closed by the client.
    pub fn connections(&self) -> usize {
        self.shared.lock().streams
    }

    /// Waits until every client has closed its connections.
    ///
    /// # Cancel safety
    ///
    /// May be dropped and called again.
    pub async fn hung_up(&self) {
        poll_fn(|cx| {
            let mut script = self.shared.lock();
            if script.streams == 0 {
                return Poll::Ready(());
            }
            script.wait(cx);
            Poll::Pending
        })
        .await;
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.bell().ring();
        let ended = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            assert!(!matches!(ended, Some(Err(_))), "the thread of the nameserver has panicked");
        }
    }
}

impl fmt::Debug for DnsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DnsServer").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Binds both sockets to one port.
fn bind(address: SocketAddr) -> io::Result<(TcpListener, UdpSocket)> {
    let mut tries = if address.port() == 0 { TRIES } else { 1 };
    loop {
        let listener = TcpListener::bind(address)?;
        match UdpSocket::bind(listener.local_addr()?) {
            Ok(datagrams) => return Ok((listener, datagrams)),
            Err(error) if error.kind() == ErrorKind::AddrInUse && tries > 1 => tries -= 1,
            Err(error) => return Err(error),
        }
    }
}
