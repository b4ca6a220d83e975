//! Decorators around the facade: it is a connector and a server like any other.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_lite::future::{block_on, poll_once};
use socketry::{
    Accept, AcceptExt, Address, BoxConnector, BoxServer, Connect, Connection, Connector, Control,
    Server, ServerGroup, Socket, Trace,
    connector::{FixedConnector, TimeoutConnector},
};
use socketry_testing::ManualClock;

use crate::{
    slots::slot,
    support::{Client, TempDir, accept, bind, tcp_server},
};

/// A connector around a connector, as users write them.
#[derive(Debug)]
pub(crate) struct OnlyPort<C> {
    inner: C,
    port: u16,
}

impl<C> OnlyPort<C> {
    pub(crate) fn new(inner: C, port: u16) -> Self {
        Self { inner, port }
    }
}

impl<C: Connect<SocketAddr>> Connect<SocketAddr> for OnlyPort<C> {
    type Connection = C::Connection;

    async fn connect_traced(
        &self,
        target: SocketAddr,
        trace: Trace<'_>,
    ) -> io::Result<C::Connection> {
        if target.port() != self.port {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "another port"));
        }
        self.inner.connect_traced(target, trace).await
    }
}

/// A server around a server, as users write them.
pub(crate) struct LocalOnly<A> {
    inner: A,
}

impl<A> LocalOnly<A> {
    pub(crate) fn new(inner: A) -> Self {
        Self { inner }
    }
}

impl<A: Accept> Accept for LocalOnly<A> {
    type Connection = A::Connection;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<A::Connection>>> {
        let next = ready!(self.inner.poll_accept(cx));
        Poll::Ready(next.map(|result| {
            let connection = result?;
            let ip = connection.remote_address().and_then(|address| address.ip());
            match ip.is_none_or(|ip| ip.is_loopback()) {
                true => Ok(connection),
                false => Err(io::ErrorKind::PermissionDenied.into()),
            }
        }))
    }

    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Infallible> {
        self.inner.poll_progress(cx)
    }

    fn local_address(&self) -> Option<Address> {
        self.inner.local_address()
    }

    fn control(&self) -> Control {
        self.inner.control()
    }
}

#[test]
fn a_timeout_fits_around_the_connector() {
    let (hosts, handle) = slot::<socketry::HostPort>();
    let connector = Connector::builder().tcp(hosts).timeout(None).build().unwrap();
    let clock = ManualClock::new();
    let timed = TimeoutConnector::new(connector, Duration::from_secs(3))
        .with_clock(Arc::new(clock.clone()));
    let mut connecting = Box::pin(timed.connect("example.org:80"));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    clock.advance(Duration::from_secs(3));
    let error = block_on(poll_once(&mut connecting)).unwrap().unwrap_err();
    assert_eq!((error.kind(), handle.pending()), (io::ErrorKind::TimedOut, 0));
}

#[test]
fn a_fixed_connector_goes_where_it_was_told_whatever_it_is_asked_for() {
    let server = tcp_server();
    let address = server.local_address().unwrap();
    let fixed = FixedConnector::new(Connector::new(), address.clone());
    let socket: Socket = block_on(fixed.connect("ignored")).unwrap();
    assert_eq!(socket.remote_address(), Some(address));
}

#[test]
fn a_fixed_connector_returns_what_is_inside_as_it_is() {
    let (hosts, handle) = slot::<socketry::HostPort>();
    let connector = Connector::builder().tcp(hosts).build().unwrap();
    handle.answer_next(|target, _| Err(io::Error::other(format!("asked for {target}"))));
    let fixed = FixedConnector::new(connector, "test:80");
    let error = block_on(fixed.connect("ignored")).unwrap_err();
    assert_eq!(error.to_string(), "asked for test:80");
}

#[test]
fn a_decorator_of_ones_own_fits_around_the_connector() {
    let server = tcp_server();
    let address = server.local_address().unwrap().socket_address().unwrap();
    let guarded = OnlyPort::new(Connector::new(), address.port());
    let socket: Socket = block_on(guarded.connect(address)).unwrap();
    assert_eq!(socket.remote_address(), Some(address.into()));
    let error = block_on(guarded.connect(([127, 0, 0, 1], 1).into())).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
}

#[test]
fn the_connector_fits_into_a_box_and_into_its_own_slot() {
    let server = tcp_server();
    let address = server.local_address().unwrap();
    let boxed = BoxConnector::<SocketAddr>::new(Connector::new());
    let nested = Connector::builder().tcp(boxed).build().unwrap();
    let socket = block_on(nested.connect(&address)).unwrap();
    assert_eq!(socket.remote_address(), Some(address));
}

#[test]
fn a_borrowed_and_a_shared_connector_connect_as_it_does() {
    async fn remote<C: Connect<Address>>(connector: C, address: &Address) -> Option<Address> {
        connector.connect(address.clone()).await.unwrap().remote_address()
    }
    let server = tcp_server();
    let address = server.local_address().unwrap();
    let connector = Connector::new();
    assert_eq!(block_on(remote(&connector, &address)), Some(address.clone()));
    assert_eq!(block_on(remote(Arc::new(connector), &address)), Some(address));
}

#[test]
fn servers_on_tcp_and_unix_are_one_in_a_group() {
    let directory = TempDir::new();
    let mut group = ServerGroup::new([tcp_server(), bind("[::1]:0"), bind(directory.endpoint())]);
    let addresses: Vec<Address> = group.local_addresses().collect();
    let _clients: Vec<Client> =
        addresses.iter().map(|address| Client::connect(address).unwrap()).collect();
    let mut reached: Vec<Address> = (0..3)
        .map(|_| block_on(group.accept()).unwrap().unwrap().local_address().unwrap())
        .collect();
    reached.sort_by_key(|address| addresses.iter().position(|it| it == address));
    assert_eq!(reached, addresses);
}

#[test]
fn closing_a_group_closes_its_servers() {
    let mut group = ServerGroup::new([tcp_server(), tcp_server()]);
    group.control().close();
    assert_eq!(group.local_addresses().count(), 0);
    assert!(block_on(group.accept()).is_none());
}

#[test]
fn a_server_fits_into_a_box_and_the_box_into_a_server() {
    let boxed: BoxServer = tcp_server().boxed();
    let mut server = Server::from(boxed);
    let client = block_on(socketry::connect(server.local_address().unwrap())).unwrap();
    assert_eq!(accept(&mut server).remote_address(), client.local_address());
}

#[test]
fn a_decorator_of_ones_own_fits_around_a_server_and_into_one() {
    let decorated = LocalOnly::new(tcp_server());
    let mut server = Server::from(decorated.boxed());
    let client = block_on(socketry::connect(server.local_address().unwrap())).unwrap();
    assert_eq!(accept(&mut server).remote_address(), client.local_address());
}
