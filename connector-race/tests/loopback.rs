//! Real sockets, on the real clock.

use std::{
    io,
    net::{SocketAddr, TcpStream},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use async_io::Async;
use futures_io::{AsyncRead, AsyncWrite};
use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socket2::{Domain, Socket, Type};
use socketry_connection::{AbortHandle, Address, Attributes, Connection};
use socketry_connector::{Attempts, Candidates, Connect, Trace};
use socketry_connector_race::RaceConnector;

/// Connects over TCP, and counts the sockets that are open.
#[derive(Clone, Debug, Default)]
struct Tcp {
    open: Arc<AtomicUsize>,
}

impl Connect<SocketAddr> for Tcp {
    type Connection = Stream;

    async fn connect_traced(&self, remote: SocketAddr, _: Trace<'_>) -> io::Result<Stream> {
        let counted = Counted::new(&self.open);
        let socket = Async::<TcpStream>::connect(remote).await?;
        Ok(Stream { socket, remote, attributes: Attributes::new(), _counted: counted })
    }
}

#[derive(Debug)]
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::SeqCst);
        Self(open.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Debug)]
struct Stream {
    socket: Async<TcpStream>,
    remote: SocketAddr,
    attributes: Attributes,
    _counted: Counted,
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_close(cx)
    }
}

impl Connection for Stream {
    fn local_address(&self) -> Option<Address> {
        None
    }

    fn remote_address(&self) -> Option<Address> {
        Some(self.remote.into())
    }

    fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    fn attributes_mut(&mut self) -> &mut Attributes {
        &mut self.attributes
    }

    fn abort_handle(&mut self) -> Option<AbortHandle> {
        None
    }
}

/// A port that is taken, at which nobody listens unless told to.
fn bound() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

fn listener() -> (std::net::TcpListener, SocketAddr) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[test]
fn a_refused_address_is_passed_over_and_the_next_one_talks() {
    let ((_nobody, refusing), (listener, listening)) = (bound(), listener());
    let connector = RaceConnector::new(Tcp::default());
    block_on(async {
        let candidates = Candidates::from(vec![refusing, listening]);
        let mut connection = connector.connect(candidates).await.unwrap();
        assert_eq!(connection.remote_address(), Some(listening.into()));
        assert_eq!(connection.attributes().get::<Attempts>().map(Attempts::len), Some(1));

        connection.write_all(b"hello").await.unwrap();
        drop(connection);
        let mut peer = Async::new(listener.accept().unwrap().0).unwrap();
        let mut heard = String::new();
        peer.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "hello");
    });
}

#[test]
fn when_every_address_refuses_each_is_told() {
    let ((_nobody, first), (_neither, second)) = (bound(), bound());
    let connector = RaceConnector::new(Tcp::default());
    let error = block_on(connector.connect(Candidates::from(vec![first, second]))).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    let text = error.to_string();
    assert!(text.contains(&first.to_string()) && text.contains(&second.to_string()), "{text}");
    assert_eq!(connector.get_ref().open.load(Ordering::SeqCst), 0);
}

/// On Linux a listener whose backlog is full drops what comes, like an address where nobody is.
#[cfg(target_os = "linux")]
#[test]
fn a_silent_address_is_raced_after_the_delay_and_its_socket_closed() {
    let ((full, silent), (_listener, listening)) = (bound(), listener());
    full.listen(0).unwrap();
    let _fills_it = TcpStream::connect(silent).unwrap();
    let connector = RaceConnector::new(Tcp::default()).attempt_delay(Duration::from_millis(10));
    let candidates = Candidates::from(vec![silent, listening]);
    let connection = block_on(connector.connect(candidates)).unwrap();
    assert_eq!(connection.remote_address(), Some(listening.into()));
    let attempts: &Attempts = connection.attributes().get().unwrap();
    assert!(attempts.is_empty() && attempts.unanswered() == [silent.into()], "{attempts}");
    assert_eq!(connector.get_ref().open.load(Ordering::SeqCst), 1);
}
