//! The accepting half of a server, on its own: no error makes it spin.

use std::{
    fs::File,
    future::poll_fn,
    io::Read,
    net::{Shutdown, TcpListener, TcpStream},
    os::{fd::OwnedFd, unix::net::UnixListener},
    sync::Arc,
    time::Duration,
};

use futures_lite::{AsyncWriteExt, future::block_on};
use socket2::SockRef;
use socketry_connection::Connection;
use socketry_connection_socket::{Listener, ListeningSocket};
use socketry_testing::{CountingWaker, ManualClock};

use crate::support::{hears_to_the_end, std_pair};

/// A listener on `socket` that waits on a clock of its own.
fn on_clock<L: ListeningSocket>(socket: L) -> (Listener<L>, ManualClock) {
    let clock = ManualClock::new();
    let listener = Listener::new(socket).unwrap();
    (listener.with_clock(Some(Arc::new(clock.clone()))), clock)
}

/// Checks that what `accept` always says of `socket` is told once, and asked again after waits of
/// 5 ms and more, up to 50 ms.
fn assert_told_once<L: ListeningSocket>(socket: L, errno: i32) {
    let (mut listener, clock) = on_clock(socket);
    let waker = CountingWaker::new();
    let told = block_on(poll_fn(|cx| listener.poll_accept(cx))).unwrap_err();
    assert_eq!(told.raw_os_error(), Some(errno));
    for wait in [5, 10, 20, 40, 50, 50, 50] {
        assert!(listener.poll_accept(&mut waker.context()).is_pending());
        let wait = Duration::from_millis(wait);
        assert_eq!(clock.until_next(), Some(wait));
        clock.advance(wait);
        assert_eq!(waker.take(), 1);
    }
}

#[test]
fn a_descriptor_that_cannot_be_waited_for_is_refused() {
    let no_socket = OwnedFd::from(File::open("/dev/null").unwrap());
    let error = Listener::new(TcpListener::from(no_socket)).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(1)); // EPERM, of epoll_ctl
}

#[test]
fn a_socket_that_does_not_listen_is_one_error_and_not_a_stream_of_them() {
    let (stream, _peer) = std_pair("127.0.0.1:0");
    assert_told_once(TcpListener::from(OwnedFd::from(stream)), 22); // EINVAL
}

#[test]
fn a_listener_that_somebody_else_has_shut_down_is_one_error_and_not_a_stream_of_them() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    SockRef::from(&listener).shutdown(Shutdown::Both).unwrap();
    assert_told_once(listener, 22); // EINVAL
}

#[test]
fn a_listener_accepts_who_waited_and_who_comes_while_it_waits() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut listener = Listener::new(listener).unwrap();
    assert_eq!(listener.local_address().unwrap().socket_address(), Some(address));
    block_on(async {
        for _ in 0..2 {
            let early = TcpStream::connect(address).unwrap();
            let accepted = poll_fn(|cx| listener.poll_accept(cx)).await.unwrap();
            assert_eq!(accepted.remote_address().unwrap().port(), Some(port(&early)));

            let mut accept = poll_fn(|cx| listener.poll_accept(cx));
            crate::support::until_it_waits(&mut accept).await;
            let late = TcpStream::connect(address).unwrap();
            let mut accepted = accept.await.unwrap();
            assert_eq!(accepted.remote_address().unwrap().port(), Some(port(&late)));
            accepted.write_all(b"hello").await.unwrap();
            drop(accepted);
            assert_eq!(hears_to_the_end(late), b"hello");
        }
    });
}

#[test]
fn a_socket_that_is_taken_out_of_a_listener_that_waited_listens_on() {
    let (mut listener, _clock) = on_clock(TcpListener::bind("127.0.0.1:0").unwrap());
    assert!(listener.poll_accept(&mut CountingWaker::new().context()).is_pending());
    let socket = listener.into_inner();
    let mut client = TcpStream::connect(socket.local_addr().unwrap()).unwrap();
    socket.set_nonblocking(false).unwrap();
    drop(socket.accept().unwrap());
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_unix_listener_without_a_name_has_no_address() {
    let socket = socketry_connection_socket::open(socket2::Domain::UNIX).unwrap();
    let listener = Listener::new(UnixListener::from(OwnedFd::from(socket))).unwrap();
    assert_eq!(listener.local_address(), None);
}

fn port(stream: &TcpStream) -> u16 {
    stream.local_addr().unwrap().port()
}
