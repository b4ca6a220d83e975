//! The two ends of a connection, and how it prints.

use std::{
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry_connection::{Address, Connection};
use socketry_connection_socket::{TcpConnection, UnixConnection};

use crate::support::{reset, std_pair, tcp_and_peer, unix_pair};

fn ends(connection: &impl Connection) -> [Address; 2] {
    [connection.local_address().unwrap(), connection.remote_address().unwrap()]
}

#[test]
fn both_ends_are_known_by_their_ipv4_addresses() {
    let (connection, peer) = tcp_and_peer();
    let [local, remote] = [peer.peer_addr().unwrap(), peer.local_addr().unwrap()];
    assert_eq!(ends(&connection), [Address::Tcp(local), Address::Tcp(remote)]);
}

#[test]
fn both_ends_are_known_by_their_ipv6_addresses() {
    let (stream, peer) = std_pair("[::1]:0");
    let connection = TcpConnection::try_from(stream).unwrap();
    let [local, remote] = [peer.peer_addr().unwrap(), peer.local_addr().unwrap()];
    assert_eq!(ends(&connection), [Address::Tcp(local), Address::Tcp(remote)]);
    assert!(ends(&connection)[0].to_string().starts_with("tcp://[::1]:"));
}

#[test]
fn the_addresses_stay_after_both_sides_have_closed() {
    let (mut connection, peer) = tcp_and_peer();
    let before = ends(&connection);
    drop(peer);
    block_on(async {
        connection.read(&mut [0]).await.unwrap();
        connection.close().await.unwrap();
    });
    assert_eq!(ends(&connection), before);
}

#[test]
fn the_addresses_stay_after_the_peers_reset() {
    let (mut connection, peer) = tcp_and_peer();
    let before = ends(&connection);
    reset(peer);
    block_on(connection.read(&mut [0])).unwrap_err();
    assert_eq!(ends(&connection), before);
}

#[test]
fn the_addresses_stay_after_an_abort() {
    let (mut connection, _peer) = tcp_and_peer();
    let before = ends(&connection);
    connection.abort_handle().unwrap().abort();
    block_on(connection.read(&mut [0])).unwrap_err();
    assert_eq!(ends(&connection), before);
}

#[test]
fn a_socket_whose_peer_is_gone_already_becomes_a_connection_without_a_remote_address() {
    let (stream, peer) = std_pair("127.0.0.1:0");
    reset(peer);
    std::io::Read::read(&mut &stream, &mut [0]).unwrap_err();
    let connection = TcpConnection::try_from(stream).unwrap();
    assert_eq!(connection.remote_address(), None);
}

#[test]
fn the_ends_of_an_unnamed_unix_pair_have_no_addresses() {
    let (connection, _peer) = unix_pair();
    assert_eq!((connection.local_address(), connection.remote_address()), (None, None));
}

#[test]
fn a_unix_socket_is_known_by_its_path_and_its_client_has_no_name() {
    let directory = std::env::temp_dir().join(format!("socketry-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join("addresses.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let client = UnixConnection::try_from(UnixStream::connect(&path).unwrap()).unwrap();
    let server = UnixConnection::try_from(listener.accept().unwrap().0).unwrap();
    std::fs::remove_dir_all(directory).unwrap();

    let address = format!("unix://{}", path.display()).parse().ok();
    assert_eq!((client.local_address(), client.remote_address()), (None, address.clone()));
    assert_eq!((server.local_address(), server.remote_address()), (address, None));
}

#[test]
#[cfg(target_os = "linux")]
fn a_unix_socket_is_known_by_its_abstract_name() {
    use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};

    let name = format!("socketry addresses {}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let _listener = UnixListener::bind_addr(&address).unwrap();
    let client = UnixStream::connect_addr(&address).unwrap();
    let client = UnixConnection::try_from(client).unwrap();
    assert_eq!(client.remote_address().unwrap().to_string(), format!("unix://@{name}"));
}

#[test]
fn debug_is_one_line_with_both_ends() {
    let (connection, peer) = tcp_and_peer();
    let [local, remote] = [peer.peer_addr().unwrap(), peer.local_addr().unwrap()];
    let text = format!("{connection:?}");
    assert!(text.ends_with(&format!("(tcp://{local} -> tcp://{remote})")), "{text}");
    let (read, write) = connection.into_split();
    assert_eq!(format!("{read:#?}"), format!("ReadHalf(tcp://{local} -> tcp://{remote})"));
    assert_eq!(format!("{write:#?}"), format!("WriteHalf(tcp://{local} -> tcp://{remote})"));
}

#[test]
fn debug_of_an_end_without_a_name_says_so() {
    let (connection, peer) = unix_pair();
    peer.get_ref().shutdown(Shutdown::Both).unwrap();
    let text = format!("{connection:?}");
    assert!(text.ends_with("(unnamed -> unnamed)"), "{text}");
}

#[test]
fn facts_are_kept_with_the_connection() {
    let (mut connection, _peer) = tcp_and_peer();
    connection.attributes_mut().insert("a fact");
    assert_eq!(connection.attributes().get(), Some(&"a fact"));
}
