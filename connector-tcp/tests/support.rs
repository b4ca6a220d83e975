//! What the tests share: listeners, and addresses at which nobody listens.

use std::{
    future::{Future, poll_fn},
    io,
    net::{SocketAddr, TcpListener},
    pin::Pin,
    task::Poll,
};

use futures_lite::future::block_on;
use socket2::{Domain, Socket, Type};
use socketry_connector::{Connect, ConnectFailed};
use socketry_connector_tcp::TcpConnector;

/// A listener that many clients can wait at, and where it is.
pub(crate) fn listener(on: &str) -> (TcpListener, SocketAddr) {
    let socket = bound(on);
    socket.listen(4096).unwrap();
    let listener = TcpListener::from(socket);
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// An address that is taken and at which nobody listens, for as long as the socket lives.
///
/// A port that is merely free could be taken by somebody else, or by the client itself.
pub(crate) fn nobody(at: &str) -> (Socket, SocketAddr) {
    let socket = bound(at);
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// The IPv4 address in the notation of IPv6, for which a connect has to wait for the reactor.
pub(crate) fn mapped(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) => (v4.ip().to_ipv6_mapped(), v4.port()).into(),
        SocketAddr::V6(_) => address,
    }
}

/// The error of a connect.
pub(crate) fn error_of(connector: &TcpConnector, remote: SocketAddr) -> io::Error {
    block_on(connector.connect(remote)).unwrap_err()
}

/// What a failed connect says of its one attempt.
pub(crate) fn failure(error: &io::Error) -> &ConnectFailed {
    error.get_ref().unwrap().downcast_ref().unwrap()
}

/// Runs all `futures` at the same time, in one task.
pub(crate) async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    poll_fn(|cx| {
        for (future, output) in running.iter_mut().filter(|(_, output)| output.is_none()) {
            if let Poll::Ready(ready) = Pin::new(future).poll(cx) {
                *output = Some(ready);
            }
        }
        match running.iter().all(|(_, output)| output.is_some()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}

fn bound(on: &str) -> Socket {
    let address: SocketAddr = on.parse().unwrap();
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
    socket.bind(&address.into()).unwrap();
    socket
}
