//! Headers over TCP, by a listener of the tests.

use std::{
    convert::Infallible,
    io::{self, ErrorKind, IoSlice, IoSliceMut},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_lite::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt,
    future::{block_on, zip},
};
use smol::Async;
use socket2::SockRef;
use socketry_connection::{AbortHandle, Address, Attributes, Connection, os_error};
use socketry_server::{Accept, AcceptExt, Control, Slot};
use socketry_server_proxy::{ProxyFailure, ProxyHeader, ProxyOptions, ProxyServer};
use socketry_testing::{check_connection, check_control, check_drop};

use crate::support::{CLIENT, V1, failure, remote, v2};

/// Listens on a free port of this machine.
struct Tcp {
    slot: Slot<Async<TcpListener>>,
}

impl Accept for Tcp {
    type Connection = Stream;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Stream>>> {
        self.slot.poll_with(cx, |listener, cx| {
            loop {
                match listener.get_ref().accept() {
                    Ok((stream, peer)) => return Poll::Ready(Stream::new(stream, peer)),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
                std::task::ready!(listener.poll_readable(cx))?;
            }
        })
    }
    fn poll_progress(&mut self, _cx: &mut Context<'_>) -> Poll<Infallible> {
        Poll::Pending
    }
    fn local_address(&self) -> Option<Address> {
        self.slot.with(|listener| Some(listener.get_ref().local_addr().ok()?.into())).flatten()
    }
    fn control(&self) -> Control {
        self.slot.control()
    }
}

#[derive(Debug)]
struct Stream {
    inner: Async<TcpStream>,
    peer: SocketAddr,
    attributes: Attributes,
}

impl Stream {
    fn new(stream: TcpStream, peer: SocketAddr) -> io::Result<Self> {
        Ok(Self { inner: Async::new(stream)?, peer, attributes: Attributes::new() })
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_read_vectored(cx, bufs)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }
    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.inner.get_ref().shutdown(Shutdown::Write) {
            Err(error) if error.kind() != ErrorKind::NotConnected => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(())), // also if both sides have closed before
        }
    }
}

impl Connection for Stream {
    fn local_address(&self) -> Option<Address> {
        self.inner.get_ref().local_addr().ok().map(Address::from)
    }
    fn remote_address(&self) -> Option<Address> {
        Some(self.peer.into())
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

/// A server that trusts this machine, and where it is.
fn server() -> (ProxyServer<Tcp>, SocketAddr) {
    let listener = Async::<TcpListener>::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.get_ref().local_addr().unwrap();
    let trusted = ProxyOptions::trusting(["127.0.0.0/8".parse().unwrap()]);
    (ProxyServer::new(Tcp { slot: Slot::new(listener) }, trusted), address)
}

async fn connect(address: SocketAddr) -> Stream {
    let stream = Async::<TcpStream>::connect(address).await.unwrap().into_inner().unwrap();
    Stream::new(stream, address).unwrap()
}

#[test]
fn it_serves_as_a_server_does() {
    let (server, address) = server();
    block_on(check_control(server, move || {
        block_on(async {
            let mut client = connect(address).await;
            client.write_all(V1).await.unwrap();
            client
        })
    }));
    block_on(check_drop(self::server().0));
}

#[test]
fn its_connections_are_connections() {
    let (mut server, address) = server();
    block_on(async {
        let mut client = connect(address).await;
        client.write_all(&v2()).await.unwrap();
        let accepted = server.accept().await.unwrap().unwrap();
        assert_eq!(remote(&accepted), CLIENT);
        check_connection(accepted, client).await;
    });
}

#[test]
fn a_header_in_several_segments_and_data_in_several_more_arrive() {
    let (mut server, address) = server();
    let client = async {
        let mut client = connect(address).await;
        SockRef::from(client.inner.get_ref()).set_tcp_nodelay(true).unwrap();
        for piece in [&v2(), &b"hello "[..], b"world"].concat().chunks(7) {
            client.write_all(piece).await.unwrap();
            futures_lite::future::yield_now().await;
        }
        client.close().await.unwrap();
        client
    };
    let accepting = async {
        let mut accepted = server.accept().await.unwrap().unwrap();
        let mut heard = String::new();
        accepted.read_to_string(&mut heard).await.unwrap();
        heard
    };
    assert_eq!(block_on(zip(client, accepting)).1, "hello world");
}

#[test]
fn nine_who_say_nothing_do_not_hold_up_the_tenth() {
    let (mut server, address) = server();
    block_on(async {
        let mut silent = Vec::new();
        for _ in 0..9 {
            silent.push(connect(address).await);
        }
        let mut tenth = connect(address).await;
        tenth.write_all(V1).await.unwrap();
        assert_eq!(remote(&server.accept().await.unwrap().unwrap()), CLIENT);
        drop(server);
        for mut client in silent {
            assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        }
    });
}

#[test]
fn a_peer_that_resets_midway_is_told_with_the_number_of_the_system() {
    let (mut server, address) = server();
    block_on(async {
        let mut client = connect(address).await;
        client.write_all(&V1[..20]).await.unwrap();
        SockRef::from(client.inner.get_ref()).set_linger(Some(Duration::ZERO)).unwrap();
        drop(client);
        let error = server.accept().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
        assert!(matches!(failure(&error), ProxyFailure::Io(_)));
        assert!(os_error(&error).is_some(), "{error}");
    });
}

#[test]
fn what_comes_in_one_segment_with_a_header_is_read_with_it() {
    let (mut server, address) = server();
    block_on(async {
        let mut client = connect(address).await;
        client.write_all(&[V1, b"hello"].concat()).await.unwrap();
        let mut accepted = server.accept().await.unwrap().unwrap();
        assert_eq!(accepted.held(), 5);
        let mut heard = [0; 5];
        accepted.read_exact(&mut heard).await.unwrap();
        assert_eq!((&heard, accepted.held()), (b"hello", 0));
        let proxy = accepted.attributes().get::<ProxyHeader>().unwrap().proxy().unwrap().clone();
        assert_eq!(Some(proxy), client.local_address());
    });
}
