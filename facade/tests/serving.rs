//! Listening: where, with which errors, and until when.

use std::{
    convert::Infallible,
    fs, io,
    net::IpAddr,
    task::{Context, Poll, Waker},
};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt, StreamExt,
    future::{block_on, poll_once},
};
use rustix::io::Errno;
use socketry::{
    Accept, AcceptExt, Address, BoxConnection, Connection, Connector, Server, Socket,
    connection::os_error,
    server::{ListenFailed, State},
};
use socketry_testing::{pair, scripted_server};

use crate::support::{Client, TempDir, accept, bind, bind_error, tcp_server};

#[test]
fn port_0_lets_the_system_choose_one() {
    let address = bind("127.0.0.1:0").local_address().unwrap();
    assert_ne!(address.port(), Some(0));
}

#[test]
fn a_port_alone_is_one_of_this_machine() {
    let server = tcp_server();
    let port = server.local_address().unwrap().port().unwrap();
    // The port is taken, so that the errors tell what each text meant.
    for endpoint in [port.to_string(), format!("tcp://{port}"), format!("TCP://{port}")] {
        let error = bind_error(&endpoint).to_string();
        assert!(
            error.starts_with(&format!("listening on tcp://127.0.0.1:{port} failed")),
            "{error}"
        );
    }
}

#[test]
fn a_server_on_tcp_is_reached_over_tcp_and_one_on_unix_over_unix() {
    let directory = TempDir::new();
    for mut server in [bind("127.0.0.1:0"), bind("[::1]:0"), bind(directory.endpoint())] {
        let _client = Client::connect(&server.local_address().unwrap()).unwrap();
        let accepted = accept(&mut server);
        assert_eq!(accepted.local_address(), server.local_address());
    }
}

#[test]
fn a_server_on_every_interface_says_which_one_the_client_reached() {
    let mut server = bind("0.0.0.0:0");
    assert_eq!(server.local_address().unwrap().ip(), Some("0.0.0.0".parse::<IpAddr>().unwrap()));
    let _client = block_on(Connector::new().connect(server.local_address().unwrap())).unwrap();
    let reached = accept(&mut server).local_address().unwrap();
    assert_eq!(reached.ip(), Some("127.0.0.1".parse::<IpAddr>().unwrap()));
}

#[test]
fn a_busy_port_is_told_in_one_line_with_the_number_of_the_system() {
    let server = tcp_server();
    let address = server.local_address().unwrap();
    let error = bind_error(&address.to_string());
    let in_use = io::Error::from(Errno::ADDRINUSE);
    assert_eq!(error.to_string(), format!("listening on {address} failed: {in_use}"));
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    assert_eq!(os_error(&error), Some(Errno::ADDRINUSE.raw_os_error()));
}

#[test]
fn an_address_of_another_machine_is_told_with_the_number_of_the_system() {
    let error = bind_error("203.0.113.9:0");
    assert_eq!(error.kind(), io::ErrorKind::AddrNotAvailable);
    assert_eq!(os_error(&error), Some(Errno::ADDRNOTAVAIL.raw_os_error()));
    let failed: &ListenFailed = error.get_ref().unwrap().downcast_ref().unwrap();
    assert_eq!(failed.on(), "tcp://203.0.113.9:0");
}

#[test]
fn a_file_where_a_unix_socket_should_be_is_in_use_and_left_alone() {
    let directory = TempDir::new();
    fs::write(directory.join("s"), "precious").unwrap();
    let error = bind_error(&directory.endpoint());
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    assert_eq!(os_error(&error), Some(Errno::ADDRINUSE.raw_os_error()));
    assert_eq!(fs::read_to_string(directory.join("s")).unwrap(), "precious");
}

#[test]
fn a_unix_path_where_somebody_listens_is_in_use() {
    let directory = TempDir::new();
    let _server = bind(directory.endpoint());
    assert_eq!(bind_error(&directory.endpoint()).kind(), io::ErrorKind::AddrInUse);
}

#[test]
fn a_unix_path_is_free_again_after_its_server() {
    let directory = TempDir::new();
    drop(bind(directory.endpoint()));
    assert!(block_on(socketry::bind(directory.endpoint())).is_ok());
}

#[test]
fn after_a_close_connects_fail_and_open_connections_stay() {
    let directory = TempDir::new();
    for endpoint in ["127.0.0.1:0".to_string(), directory.endpoint()] {
        let mut server = bind(&endpoint);
        let address = server.local_address().unwrap();
        // Stays open, which keeps the port from being given to somebody else.
        let mut client = block_on(socketry::connect(&address)).unwrap();
        let mut accepted = accept(&mut server);
        server.control().close();
        assert!(block_on(socketry::connect(&address)).is_err(), "{endpoint}");
        block_on(exchange(&mut client, &mut accepted));
    }
}

#[test]
fn a_closed_server_has_no_address_and_ends() {
    let mut server = tcp_server();
    server.control().close();
    assert_eq!(server.local_address(), None);
    assert!(block_on(server.accept()).is_none());
    assert!(block_on(server.incoming().next()).is_none());
}

#[test]
fn while_paused_clients_connect_and_wait_and_are_taken_after_the_resume() {
    let mut server = tcp_server();
    let address = server.local_address();
    server.control().pause();
    let client = block_on(socketry::connect(address.clone().unwrap())).unwrap();
    assert!(block_on(poll_once(server.accept())).is_none());
    assert_eq!(server.local_address(), address);
    server.control().resume();
    assert_eq!(accept(&mut server).remote_address(), client.local_address());
}

#[test]
fn a_pause_and_a_resume_before_the_client_comes_change_nothing() {
    let mut server = tcp_server();
    server.control().pause();
    server.control().resume();
    let client = block_on(socketry::connect(server.local_address().unwrap())).unwrap();
    assert_eq!(accept(&mut server).remote_address(), client.local_address());
}

#[test]
fn a_given_up_accept_loses_nobody() {
    let mut server = tcp_server();
    assert!(block_on(poll_once(server.accept())).is_none());
    let client = block_on(socketry::connect(server.local_address().unwrap())).unwrap();
    drop(server.accept());
    assert_eq!(accept(&mut server).remote_address(), client.local_address());
}

#[test]
fn the_stream_of_connections_can_be_used_in_a_loop() {
    let mut server = tcp_server();
    let (address, control) = (server.local_address().unwrap(), server.control());
    let _clients = [(); 3].map(|()| Client::connect(&address).unwrap());
    let mut taken = 0;
    block_on(async {
        let mut incoming = server.incoming();
        while let Some(socket) = incoming.next().await {
            socket.unwrap();
            taken += 1;
            if taken == 3 {
                control.close();
            }
        }
    });
    assert_eq!(taken, 3);
}

#[test]
fn errors_are_handed_out_as_they_are_and_are_not_fatal() {
    let (inner, handle) = scripted_server();
    let mut server = Server::from(inner.boxed());
    handle.push_error(io::Error::from_raw_os_error(Errno::MFILE.raw_os_error()));
    handle.push_error(io::Error::other("Failed"));
    handle.push(pair().0);
    let numbered = block_on(server.accept()).unwrap().unwrap_err();
    assert_eq!(numbered.raw_os_error(), Some(Errno::MFILE.raw_os_error()));
    assert_eq!(block_on(server.accept()).unwrap().unwrap_err().to_string(), "Failed");
    assert!(block_on(server.accept()).unwrap().is_ok());
}

#[test]
fn a_server_of_ones_own_is_served_with_its_address_and_the_facts_of_its_connections() {
    let address: Address = "tls://192.0.2.1:443".parse().unwrap();
    let (inner, handle) = scripted_server();
    let mut server = Server::from(inner.with_local_address(address.clone()).boxed());
    let (mut accepted, _theirs) = pair();
    accepted.attributes_mut().insert("a fact");
    handle.push(accepted);
    assert_eq!(server.local_address(), Some(address));
    assert_eq!(accept(&mut server).attributes().get(), Some(&"a fact"));
}

#[test]
fn pause_resume_close_and_progress_reach_a_server_of_ones_own() {
    let (inner, handle) = scripted_server();
    let mut server = Server::from(inner.boxed());
    server.control().pause();
    assert_eq!(handle.state(), State::Paused);
    server.control().resume();
    assert_eq!(handle.state(), State::Open);
    let progress: Poll<Infallible> = server.poll_progress(&mut Context::from_waker(Waker::noop()));
    assert!(progress.is_pending() && handle.progress_polls() == 1);
    server.control().close();
    assert_eq!(handle.state(), State::Closed);
}

#[test]
fn a_server_of_ones_own_that_ends_ends_the_facade() {
    let (inner, handle) = scripted_server();
    let mut server = Server::from(inner.boxed());
    handle.finish();
    assert!(block_on(server.accept()).is_none());
}

#[test]
fn debug_says_where_it_listens_and_whether() {
    let server = tcp_server();
    let address = server.local_address().unwrap();
    let port = address.port().unwrap().to_string();
    let debug = format!("{server:?}");
    assert!(debug.contains(&port) && debug.contains("Open"), "{debug}");
}

#[test]
fn an_accepted_socket_fits_where_a_boxed_connection_is_wanted() {
    let mut server = tcp_server();
    let _client = Client::connect(&server.local_address().unwrap()).unwrap();
    let remote = accept(&mut server);
    let address = remote.remote_address();
    let boxed: BoxConnection = Box::new(remote);
    assert_eq!(boxed.remote_address(), address);
}

/// Each says something that the other hears.
async fn exchange(client: &mut Socket, accepted: &mut Socket) {
    let mut buffer = [0; 4];
    client.write_all(b"ping").await.unwrap();
    accepted.read_exact(&mut buffer).await.unwrap();
    accepted.write_all(&buffer).await.unwrap();
    client.read_exact(&mut buffer).await.unwrap();
    assert_eq!(&buffer, b"ping");
}
