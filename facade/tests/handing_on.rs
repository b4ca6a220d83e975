//! Listening sockets that one server of a program hands on to the next, with all that is around them.
//!
//! Both are in one process here; `handover` does the same with processes.

use std::{
    ffi::OsStr,
    io::{self, Write},
    net::{TcpListener, TcpStream},
    os::{
        fd::AsRawFd,
        unix::{ffi::OsStrExt, net::UnixStream},
    },
};

use futures_lite::future::{block_on, try_zip};
use socket2::SockRef;
use socketry::{
    AcceptExt, Address, GateConfig, LimitsConfig, ProxyConfig, Server, ServerBuilder, ServerConfig,
    ServerGroup, ServerHandle, UnixAddress,
    connection::os_error,
    server::{
        Handover, Inherited, LimitingServer, ListenFailed, NamedSocket, TcpServer, UnixServer,
    },
};

use crate::support::{Client, TempDir, accept, bind, tcp_server};

const ANY_PORT: &str = "tcp://127.0.0.1:0";

/// Hands `sockets` on to what `next` makes of them.
fn hand_on<T>(
    sockets: io::Result<Vec<NamedSocket>>,
    next: impl AsyncFnOnce(&mut Inherited) -> T,
) -> T {
    let directory = TempDir::new();
    let handover = Handover::new(UnixAddress::from_path(directory.join("h")).unwrap());
    let mut offer = handover.offer().unwrap();
    let following = async {
        let mut inherited = handover.take().await?.unwrap();
        let outcome = next(&mut inherited).await;
        inherited.ready().await.map(|()| outcome)
    };
    block_on(try_zip(offer.hand_on(|| sockets), following)).unwrap().1
}

/// What follows on what `handle` gives, at `endpoint`.
fn follow(handle: &ServerHandle, builder: &ServerBuilder, endpoint: &str) -> io::Result<Server> {
    hand_on(handle.sockets(), async |inherited| {
        let server = builder.take_or_bind(endpoint, Some(&mut *inherited)).await;
        assert_eq!(inherited.names().next(), None, "something was left");
        server
    })
}

fn names(handle: &ServerHandle) -> Vec<String> {
    handle.sockets().unwrap().into_iter().map(|socket| socket.name).collect()
}

fn come(server: &Server) -> Client {
    Client::connect(&server.local_address().unwrap()).unwrap()
}

#[test]
fn who_waited_at_one_server_is_served_by_the_next() {
    let directory = TempDir::new();
    for endpoint in [ANY_PORT, "tcp://[::1]:0", &directory.endpoint()] {
        let first = bind(endpoint);
        let address = first.local_address();
        let _waiting = come(&first);
        let mut next = follow(&first.handle(), &Server::builder(), endpoint).unwrap();
        drop(first);
        assert_eq!(next.local_address(), address);
        accept(&mut next);
        let _later = come(&next);
        accept(&mut next);
    }
}

#[test]
fn the_last_one_of_a_unix_socket_removes_its_files() {
    let directory = TempDir::new();
    let first = bind(directory.endpoint());
    let next = follow(&first.handle(), &Server::builder(), &directory.endpoint()).unwrap();
    let exist = || [directory.join("s").exists(), directory.join("s.lock").exists()];
    drop(first);
    assert_eq!(exist(), [true, true]);
    drop(next);
    assert_eq!(exist(), [false, false]);
}

#[test]
fn a_server_that_was_taken_over_is_handed_on_again_by_the_same_name() {
    let directory = TempDir::new();
    for endpoint in [ANY_PORT, &directory.endpoint()] {
        let mut server = bind(endpoint);
        let address = server.local_address();
        for _ in 0..3 {
            assert_eq!(names(&server.handle()), [endpoint]);
            let next = follow(&server.handle(), &Server::builder(), endpoint);
            server = next.unwrap();
        }
        assert_eq!(server.local_address(), address);
    }
    assert!(!directory.join("s").exists());
}

#[test]
fn what_was_not_handed_on_is_bound() {
    let directory = TempDir::new();
    let first = bind(ANY_PORT);
    let next = hand_on(first.handle().sockets(), async |inherited| {
        let builder = Server::builder();
        let unix = builder.take_or_bind(directory.endpoint(), Some(&mut *inherited)).await;
        assert_eq!(inherited.names().next(), Some("tcp://127.0.0.1:0")); // nobody has asked for it
        unix.unwrap()
    });
    assert_eq!(next.local_address().unwrap().path(), Some(&*directory.join("s")));
    let alone = block_on(Server::builder().take_or_bind(ANY_PORT, None)).unwrap();
    assert_ne!(alone.local_address(), first.local_address());
    assert_eq!(names(&alone.handle()), [ANY_PORT]);
}

#[test]
fn the_layers_are_around_an_adopted_socket() {
    let directory = TempDir::new();
    let mut gate = GateConfig::default();
    gate.max_open = Some(1);
    let builder = Server::builder().limits(LimitsConfig::default()).gate(gate);
    for endpoint in [ANY_PORT, &directory.endpoint()] {
        let first = block_on(builder.bind(endpoint)).unwrap();
        let mut next = follow(&first.handle(), &builder, endpoint).unwrap();
        drop(first);
        let _inside = come(&next);
        let accepted = accept(&mut next);
        assert!(accepted.tracked().is_some());
        assert_eq!(next.connections().unwrap().len(), 1);
        assert_eq!(next.gate().unwrap().counts().open, 1);
        let mut second = come(&next);
        assert!(block_on(next.accept()).unwrap().is_err(), "the gate has let two in");
        assert!(second.sees_the_end());
    }
}

#[test]
fn a_proxy_is_listened_to_before_an_adopted_socket_is_handed_out() {
    let builder = Server::builder().proxy(ProxyConfig::trusting(["127.0.0.1/32".parse().unwrap()]));
    let first = block_on(builder.bind(ANY_PORT)).unwrap();
    let mut next = follow(&first.handle(), &builder, ANY_PORT).unwrap();
    drop(first);
    let Client::Tcp(mut proxy) = come(&next) else { panic!() };
    proxy.write_all(b"PROXY TCP4 192.0.2.7 192.0.2.1 5000 80\r\n").unwrap();
    let remote: Address = "tcp://192.0.2.7:5000".parse().unwrap();
    assert_eq!(accept(&mut next).remote_address(), Some(remote));
}

#[test]
fn options_of_connections_hold_on_an_adopted_socket() {
    let mut config = ServerConfig::default();
    config.tcp.socket.ttl = Some(33);
    let first = tcp_server();
    let mut next = follow(&first.handle(), &config.to_builder(), ANY_PORT).unwrap();
    let _client = come(&next);
    let accepted = accept(&mut next);
    assert_eq!(SockRef::from(accepted.as_tcp().unwrap()).ttl_v4().unwrap(), 33);
}

#[test]
fn a_socket_of_another_kind_than_its_endpoint_is_refused_and_both_are_named() {
    let directory = TempDir::new();
    let (tcp, unix) = (Server::builder().name("web"), Server::builder().name("web"));
    let (tcp, unix) = (block_on(tcp.bind(0)), block_on(unix.bind(directory.endpoint())));
    let (tcp, unix) = (tcp.unwrap(), unix.unwrap());
    for (there, asked, advice) in
        [(&unix, "tcp://127.0.0.1:80", "unix"), (&tcp, "unix:///run/demo.sock", "tcp")]
    {
        let error = follow(&there.handle(), &Server::builder().name("web"), asked).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "listening on {asked} failed: the inherited socket \"web\" listens on {}; give this endpoint another name, or write one of {advice}://",
                there.local_address().unwrap()
            )
        );
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(error.get_ref().unwrap().is::<ListenFailed>());
    }
    assert!(directory.join("s").exists() && UnixStream::connect(directory.join("s")).is_ok());
}

#[test]
fn what_does_not_listen_is_refused_with_its_name_and_the_number_of_the_system() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connected = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let socket = NamedSocket::new("tcp://127.0.0.1:80", connected);
    let error = hand_on(Ok(vec![socket]), async |inherited| {
        Server::builder().take_or_bind("127.0.0.1:80", Some(inherited)).await.unwrap_err()
    });
    let connected = rustix::io::Errno::ISCONN;
    assert_eq!(os_error(&error), Some(connected.raw_os_error()));
    let reason = io::Error::from(connected);
    let on = r#"the inherited socket "tcp://127.0.0.1:80""#;
    assert_eq!(error.to_string(), format!("listening on {on} failed: {reason}"));
}

#[test]
fn bad_input_takes_nothing() {
    let first = Server::builder().name("web");
    let first = block_on(first.bind(ANY_PORT)).unwrap();
    let mut decimal = ServerConfig::default();
    decimal.unix.mode = Some(660);
    hand_on(first.handle().sockets(), async |inherited| {
        let builder = Server::builder();
        for (builder, endpoint) in [
            (builder.clone().name("web"), "tcp://example.org:80"),
            (builder.clone().name("x".repeat(256)), ANY_PORT),
            (builder.clone().name(""), ANY_PORT),
            (builder.name("web").config(decimal), "unix:///run/demo.sock"),
        ] {
            let error = builder.take_or_bind(endpoint, Some(&mut *inherited)).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        }
        assert_eq!(Vec::from_iter(inherited.names()), ["web"]);
    });
}

#[test]
fn the_name_is_the_endpoint_in_full_however_it_is_written() {
    let first = tcp_server();
    let port = first.local_address().unwrap().port().unwrap();
    let [full, short] = [format!("tcp://127.0.0.1:{port}"), port.to_string()];
    drop(first);
    let first = bind(&short);
    assert_eq!(names(&first.handle()), [full.as_str()]);
    let next = follow(&first.handle(), &Server::builder(), &full).unwrap();
    assert_eq!(next.local_address(), first.local_address());
}

#[test]
fn under_a_name_of_its_own_a_socket_stays_where_it_listens() {
    let builder = Server::builder().name("web");
    let first = block_on(builder.bind(ANY_PORT)).unwrap();
    let next = follow(&first.handle(), &builder, "tcp://[::1]:0").unwrap();
    assert_eq!(next.local_address(), first.local_address());
    assert_eq!(names(&next.handle()), ["web"]);
}

#[test]
fn sockets_of_one_name_are_taken_in_the_order_in_which_they_were_handed_on() {
    let firsts = [(); 3].map(|()| bind(ANY_PORT));
    let handle: ServerHandle = firsts.iter().map(Server::handle).collect();
    let nexts = hand_on(handle.sockets(), async |inherited| {
        let (builder, mut nexts) = (Server::builder(), Vec::new());
        for _ in 0..3 {
            let next = builder.take_or_bind(ANY_PORT, Some(&mut *inherited)).await;
            nexts.push(next.unwrap());
        }
        nexts
    });
    for (first, next) in firsts.iter().zip(nexts) {
        assert_eq!(next.local_address(), first.local_address());
    }
}

#[test]
fn a_closed_server_has_nothing_to_hand_on() {
    let directory = TempDir::new();
    let servers = [tcp_server(), bind(directory.endpoint())];
    for server in servers {
        let before = server.handle();
        assert_eq!(names(&before).len(), 1);
        server.control().close();
        assert!(names(&before).is_empty() && names(&server.handle()).is_empty());
        drop(server);
        assert!(names(&before).is_empty());
    }
}

#[test]
fn a_kept_handle_keeps_neither_a_port_nor_a_file() {
    let directory = TempDir::new();
    let servers = [tcp_server(), bind(directory.endpoint())];
    for server in servers {
        let (address, _handle) = (server.local_address().unwrap(), server.handle());
        drop(server);
        assert!(Client::connect(&address).is_err(), "somebody listens");
    }
    assert!(!directory.join("s").exists() && !directory.join("s.lock").exists());
}

#[test]
fn the_handle_is_found_through_all_layers_and_in_every_member_of_a_group() {
    let directory = TempDir::new();
    let builder = Server::builder().limits(LimitsConfig::default()).gate(GateConfig::default());
    let builder = builder.proxy(ProxyConfig::trusting(["127.0.0.0/8".parse().unwrap()]));
    let tcp = block_on(builder.bind(ANY_PORT)).unwrap();
    let unix = block_on(builder.bind(directory.endpoint())).unwrap();
    let group = Server::from(ServerGroup::new([tcp, unix]));
    let server = Server::from(LimitingServer::new(group, None));
    assert_eq!(names(&server.handle()), [ANY_PORT, &directory.endpoint()]);
    server.control().close();
    assert!(names(&server.handle()).is_empty());
}

#[test]
fn a_descriptor_that_was_inherited_at_the_start_is_handed_on_as_it_was_called() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("fd://{}", listener.as_raw_fd());
    let first = bind(&endpoint);
    drop(listener); // the next process will not have it
    assert_eq!(names(&first.handle()), [endpoint.as_str()]);
    let next = follow(&first.handle(), &Server::builder(), &endpoint).unwrap();
    assert_eq!(next.local_address(), first.local_address());
}

#[test]
fn all_sockets_of_a_name_of_systemd_are_taken_at_once() {
    let directory = TempDir::new();
    let builder = Server::builder().name("systemd://web");
    let firsts = [ANY_PORT, &directory.endpoint()].map(|it| block_on(builder.bind(it)).unwrap());
    let handle: ServerHandle = firsts.iter().map(Server::handle).collect();
    let mut next = follow(&handle, &Server::builder(), "systemd://web").unwrap();
    for first in firsts {
        let _client = come(&first);
        drop(first);
        accept(&mut next);
    }
    assert_eq!(names(&next.handle()), ["systemd://web", "systemd://web"]);
}

#[test]
fn a_server_of_a_room_is_called_by_its_address_and_one_of_ones_own_has_none_to_give() {
    let directory = TempDir::new();
    let address = UnixAddress::from_path(directory.join("s")).unwrap();
    let tcp = TcpServer::bind(([127, 0, 0, 1], 0).into()).unwrap();
    for server in [Server::from(tcp), UnixServer::bind(&address).unwrap().into()] {
        assert_eq!(names(&server.handle()), [server.local_address().unwrap().to_string()]);
    }
    assert!(names(&Server::from(tcp_server().boxed()).handle()).is_empty());
}

/// Not every file system has such names; those of Linux have.
#[cfg(target_os = "linux")]
#[test]
fn paths_that_print_the_same_are_two_names_and_long_ones_are_short_enough() {
    let directory = TempDir::new();
    let unix = |name: &[u8]| {
        let path = directory.join("").join(OsStr::from_bytes(name));
        Address::Unix(UnixAddress::from_path(path).unwrap())
    };
    let paths = [unix(b"\xfe"), unix(b"\xff"), unix(&[0xff; 40])];
    let servers = paths.clone().map(bind);
    let handle = servers.iter().map(Server::handle).collect::<ServerHandle>();
    let wanted = paths[1].clone();
    let next = hand_on(handle.sockets(), async |inherited| {
        Server::builder().take_or_bind(wanted, Some(inherited)).await
    });
    assert_eq!(next.unwrap().local_address(), Some(paths[1].clone()));
}
