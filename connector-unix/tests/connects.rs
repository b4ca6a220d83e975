//! Connecting to a server that is there.

use std::{os::unix::net::UnixListener, sync::Mutex};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use socket2::SockRef;
use socketry_connection::{Address, Connection};
use socketry_connection_socket::UnixConnection;
use socketry_connector::{BoxConnector, Connect, Event, Observe, Trace};
use socketry_connector_unix::{SocketOptions, UnixAddress, UnixConnector};
use socketry_testing::{check_abort, check_connection};

use crate::support::{TestDir, address};

#[test]
fn a_server_that_is_there_is_connected_to_at_the_first_poll() {
    let directory = TestDir::new();
    let path = directory.join("s");
    let _listener = UnixListener::bind(&path).unwrap();
    let connector = UnixConnector::new();
    let connect = connector.connect(address(&path));
    let connected = future::block_on(future::poll_once(connect));
    assert!(matches!(connected, Some(Ok(_))), "{connected:?}");
}

#[test]
fn the_remote_address_is_the_one_given_and_there_is_no_local_one() {
    let directory = TestDir::new();
    let path = directory.join("s");
    let (connection, _server) = connected(&path);
    let given = Address::Unix(address(&path));
    assert_eq!((connection.remote_address(), connection.local_address()), (Some(given), None));
}

#[test]
fn both_ends_keep_the_contract_of_a_connection() {
    let directory = TestDir::new();
    let (connection, server) = connected(&directory.join("s"));
    future::block_on(check_connection(connection, server));
}

#[test]
fn it_can_be_aborted_from_outside() {
    let directory = TestDir::new();
    let (connection, server) = connected(&directory.join("s"));
    future::block_on(check_abort(connection, server));
}

#[test]
fn after_the_server_has_finished_writing_it_still_hears_the_client() {
    let directory = TestDir::new();
    let (mut connection, mut server) = connected(&directory.join("s"));
    let heard = future::block_on(async {
        server.close().await.unwrap();
        assert_eq!(connection.read(&mut [0; 8]).await.unwrap(), 0);
        connection.write_all(b"late").await.unwrap();
        connection.close().await.unwrap();
        let mut heard = String::new();
        server.read_to_string(&mut heard).await.unwrap();
        heard
    });
    assert_eq!(heard, "late");
}

#[cfg(target_os = "linux")]
#[test]
fn an_abstract_name_is_connected_to() {
    use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};

    let name = format!("socketry-connector-{}", std::process::id());
    let listening = SocketAddr::from_abstract_name(&name).unwrap();
    let _listener = UnixListener::bind_addr(&listening).unwrap();
    let target = UnixAddress::from_abstract(&name).unwrap();
    let connection = future::block_on(UnixConnector::new().connect(target.clone())).unwrap();
    assert_eq!(connection.remote_address(), Some(Address::Unix(target)));
}

#[cfg(target_os = "linux")]
#[test]
fn an_abstract_name_of_the_greatest_length_is_connected_to() {
    use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};

    let name = format!("{:x<107}", format!("socketry-connector-{}-", std::process::id()));
    let listening = SocketAddr::from_abstract_name(&name).unwrap();
    let _listener = UnixListener::bind_addr(&listening).unwrap();
    let target = UnixAddress::from_abstract(&name).unwrap();
    let connected = future::block_on(UnixConnector::new().connect(target));
    assert!(connected.is_ok(), "{connected:?}");
}

#[test]
fn a_path_of_the_greatest_length_is_connected_to() {
    let directory = TestDir::new();
    let longest = longest_path(&directory);
    let (connection, _server) = connected(longest.as_ref());
    assert_eq!(connection.remote_address().unwrap().path(), Some(longest.as_ref()));
}

#[test]
fn buffers_are_set_and_options_of_tcp_have_no_effect() {
    let directory = TestDir::new();
    let path = directory.join("s");
    let _listener = UnixListener::bind(&path).unwrap();
    let options = SocketOptions::new().send_buffer(50_000).recv_buffer(20_000).ttl(7).tos(8);
    let connector = UnixConnector::new().options(options);
    let connection = future::block_on(connector.connect(address(&path))).unwrap();
    let socket = SockRef::from(&connection);
    let doubled = if cfg!(target_os = "linux") { 2 } else { 1 };
    assert_eq!(socket.send_buffer_size().unwrap(), 50_000 * doubled);
    assert_eq!(socket.recv_buffer_size().unwrap(), 20_000 * doubled);
}

#[test]
fn a_trace_hears_the_attempt_and_that_it_was_won() {
    let directory = TestDir::new();
    let path = directory.join("s");
    let _listener = UnixListener::bind(&path).unwrap();
    let log = Log::default();
    let connector = UnixConnector::new();
    future::block_on(connector.connect_traced(address(&path), Trace::to(&log))).unwrap();
    let target = Address::Unix(address(&path));
    assert_eq!(log.lines(), [format!("trying {target}"), format!("connected to {target}")]);
}

#[test]
fn connects_that_never_wait_let_others_have_a_turn_after_every_32() {
    let directory = TestDir::new();
    let path = directory.join("s");
    let listener = UnixListener::bind(&path).unwrap();
    let connector = UnixConnector::new();
    let mut yields = 0;
    for _ in 0..100 {
        let mut connect = Box::pin(connector.connect(address(&path)));
        if future::block_on(future::poll_once(&mut connect)).is_none() {
            yields += 1;
            future::block_on(connect).unwrap();
        }
        listener.accept().unwrap();
    }
    assert_eq!(yields, 3);
}

#[test]
fn it_serves_where_types_are_erased_and_from_any_thread() {
    fn assert_shareable<T: Clone + Send + Sync + Unpin + 'static>(_: &T) {}
    fn assert_send<T: Send>(_: &T) {}

    let connector = UnixConnector::new();
    assert_shareable(&connector);
    assert_send(&connector.connect(address("/nowhere")));
    let directory = TestDir::new();
    let path = directory.join("s");
    let _listener = UnixListener::bind(&path).unwrap();
    let boxed: BoxConnector<UnixAddress> = BoxConnector::new(connector);
    let connection = future::block_on(boxed.connect(address(&path))).unwrap();
    assert_eq!(connection.remote_address(), Some(Address::Unix(address(&path))));
}

/// What a trace was told, a line each.
#[derive(Default)]
pub(crate) struct Log(Mutex<Vec<String>>);

impl Log {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Observe for Log {
    fn observe(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(event.to_string());
    }
}

/// A path of as many bytes as a Unix socket's may have.
pub(crate) fn longest_path(directory: &TestDir) -> String {
    let mut path = directory.join("s").into_os_string().into_string().unwrap();
    path.push_str(&"s".repeat(UnixAddress::MAX_LEN - path.len()));
    path
}

fn connected(path: &std::path::Path) -> (UnixConnection, UnixConnection) {
    let listener = UnixListener::bind(path).unwrap();
    let connection = future::block_on(UnixConnector::new().connect(address(path))).unwrap();
    let (server, _) = listener.accept().unwrap();
    (connection, UnixConnection::try_from(server).unwrap())
}
