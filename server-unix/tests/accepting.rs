//! Taking connections.

use std::{
    io::{Read, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
    thread,
};

use futures_lite::{AsyncReadExt, StreamExt, future};
use socket2::{Domain, SockAddr, SockRef, Socket, Type};
use socketry_connection::{Address, Connection};
use socketry_server::{Accept, AcceptExt};
use socketry_server_unix::{SocketOptions, UnixConnection, UnixServer, UnixServerOptions};
use socketry_testing::{check_abort, check_connection, check_control, check_drop};

use crate::support::{TempDir, address, bind};

#[test]
fn a_client_that_connects_is_yielded() {
    let directory = TempDir::new();
    let mut server = bind(directory.socket());
    let _client = UnixStream::connect(directory.socket()).unwrap();
    let accepted = future::block_on(server.accept());
    assert!(matches!(accepted, Some(Ok(_))), "{accepted:?}");
}

#[test]
fn three_clients_are_three_connections_and_no_more() {
    let directory = TempDir::new();
    let mut server = bind(directory.socket());
    let _clients = [(); 3].map(|()| UnixStream::connect(directory.socket()).unwrap());
    let accepted: Vec<UnixConnection> =
        future::block_on(server.incoming().take(3).try_collect()).unwrap();
    assert_eq!(accepted.len(), 3);
    assert!(future::block_on(future::poll_once(server.accept())).is_none());
}

#[test]
fn from_a_client_that_sends_nothing_nothing_is_read() {
    let directory = TempDir::new();
    let (mut connection, _client) = pair(&directory);
    let read = future::block_on(future::poll_once(connection.read(&mut [0; 8])));
    assert!(read.is_none(), "{read:?}");
}

#[test]
fn what_a_client_sends_is_read_once() {
    let directory = TempDir::new();
    let (mut connection, mut client) = pair(&directory);
    client.write_all(b"foo\n").unwrap();
    let mut heard = [0; 8];
    assert_eq!(future::block_on(connection.read(&mut heard)).unwrap(), 4);
    assert_eq!(&heard[..4], b"foo\n");
    assert!(future::block_on(future::poll_once(connection.read(&mut heard))).is_none());
}

#[test]
fn what_a_client_sent_before_it_finished_writing_is_read_and_then_the_end() {
    let directory = TempDir::new();
    let (mut connection, mut client) = pair(&directory);
    client.write_all(b"foo\n").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut heard = String::new();
    future::block_on(connection.read_to_string(&mut heard)).unwrap();
    assert_eq!(heard, "foo\n");
}

#[test]
fn a_client_that_closes_is_an_end_that_stays() {
    let directory = TempDir::new();
    let (mut connection, client) = pair(&directory);
    drop(client);
    for _ in 0..2 {
        assert_eq!(future::block_on(connection.read(&mut [0])).unwrap(), 0);
    }
}

#[test]
fn a_megabyte_arrives_whole_although_the_server_is_closed_meanwhile() {
    const LENGTH: usize = 1024 * 1024;
    let directory = TempDir::new();
    let mut server = bind(directory.socket());
    let mut client = UnixStream::connect(directory.socket()).unwrap();
    let client = thread::spawn(move || client.write_all(&vec![b'*'; LENGTH]).unwrap());
    let heard = future::block_on(async {
        let mut connection = server.accept().await.unwrap().unwrap();
        connection.read_exact(&mut [0]).await.unwrap();
        server.control().close();
        let mut rest = Vec::new();
        connection.read_to_end(&mut rest).await.unwrap();
        1 + rest.len()
    });
    client.join().unwrap();
    assert_eq!(heard, LENGTH);
}

#[test]
fn a_connection_closed_by_the_server_ends_for_the_client() {
    let directory = TempDir::new();
    let (connection, mut client) = pair(&directory);
    drop(connection);
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
}

#[test]
fn pausing_resuming_and_closing_follow_the_contract() {
    let directory = TempDir::new();
    let path = directory.socket();
    let server = bind(&path);
    future::block_on(check_control(server, || UnixStream::connect(&path).unwrap()));
}

#[test]
fn dropping_it_closes_it_although_its_control_is_kept() {
    let directory = TempDir::new();
    future::block_on(check_drop(bind(directory.socket())));
}

#[test]
fn its_connections_keep_the_contract_of_a_connection() {
    let directory = TempDir::new();
    let (connection, client) = pair(&directory);
    future::block_on(check_connection(connection, UnixConnection::try_from(client).unwrap()));
}

#[test]
fn its_connections_can_be_aborted_from_outside() {
    let directory = TempDir::new();
    let (connection, client) = pair(&directory);
    future::block_on(check_abort(connection, UnixConnection::try_from(client).unwrap()));
}

#[test]
fn a_connection_has_the_servers_address_and_none_of_an_unnamed_client() {
    let directory = TempDir::new();
    let (connection, _client) = pair(&directory);
    let path = Address::Unix(address(directory.socket()));
    assert_eq!((connection.local_address(), connection.remote_address()), (Some(path), None));
}

#[test]
fn a_client_with_a_name_is_known_by_it() {
    let directory = TempDir::new();
    let mut server = bind(directory.socket());
    let client = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    client.bind(&SockAddr::unix(directory.join("client")).unwrap()).unwrap();
    client.connect(&SockAddr::unix(directory.socket()).unwrap()).unwrap();
    let connection = future::block_on(server.accept()).unwrap().unwrap();
    let name = Address::Unix(address(directory.join("client")));
    assert_eq!(connection.remote_address(), Some(name));
}

#[test]
fn buffers_are_set_on_every_connection_and_options_of_tcp_have_no_effect() {
    let directory = TempDir::new();
    let options = SocketOptions::new().send_buffer(50_000).recv_buffer(20_000).ttl(7);
    let path = directory.socket();
    let mut server = UnixServerOptions::new().accepted(options).bind(&address(&path)).unwrap();
    let doubled = if cfg!(target_os = "linux") { 2 } else { 1 };
    for _ in 0..2 {
        let _client = UnixStream::connect(&path).unwrap();
        let connection = future::block_on(server.accept()).unwrap().unwrap();
        let socket = SockRef::from(&connection);
        assert_eq!(socket.send_buffer_size().unwrap(), 50_000 * doubled);
        assert_eq!(socket.recv_buffer_size().unwrap(), 20_000 * doubled);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_backlog_is_as_long_as_it_was_asked_to_be() {
    for backlog in [0, 1, 5] {
        let directory = TempDir::new();
        let path = directory.socket();
        let options = UnixServerOptions::new().backlog(backlog);
        let _server = options.bind(&address(&path)).unwrap();
        // Linux lets one more wait than it is told.
        assert_eq!(clients_that_fit(&path, 16), backlog as usize + 1);
    }
}

#[test]
fn it_serves_where_types_are_erased_and_from_any_thread() {
    fn assert_movable<T: Send + Sync + Unpin + 'static>(_: &T) {}

    let directory = TempDir::new();
    let server = bind(directory.socket());
    assert_movable(&server);
    let mut boxed = server.boxed();
    let _client = UnixStream::connect(directory.socket()).unwrap();
    let accepted = future::block_on(boxed.accept());
    assert!(matches!(accepted, Some(Ok(_))), "{accepted:?}");
}

#[test]
fn its_debug_line_names_state_and_address() {
    let directory = TempDir::new();
    let server = bind(directory.socket());
    let text = format!("{server:?}");
    assert!(text.contains("Open") && text.contains("UnixAddress"), "{text}");
}

/// A connection of a server, which is gone by now, and its client.
fn pair(directory: &TempDir) -> (UnixConnection, UnixStream) {
    let mut server: UnixServer = bind(directory.socket());
    let client = UnixStream::connect(directory.socket()).unwrap();
    let connection = future::block_on(server.accept()).unwrap().unwrap();
    (connection, client)
}

#[cfg(target_os = "linux")]
fn clients_that_fit(path: &std::path::Path, at_most: usize) -> usize {
    let mut waiting = Vec::new();
    while waiting.len() < at_most {
        let client = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        client.set_nonblocking(true).unwrap();
        match client.connect(&SockAddr::unix(path).unwrap()) {
            Ok(()) => waiting.push(client),
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
                break;
            }
        }
    }
    waiting.len()
}
