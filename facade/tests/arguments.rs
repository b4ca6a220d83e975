//! Everything that may be an endpoint, given to both sides.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use futures_lite::future::block_on;
use socketry::{
    Address, Connect, Connector, Endpoint, Host, HostPort, InvalidEndpoint, UnixAddress,
};

use crate::support::{TempDir, accept, bind, tcp_server};

#[test]
fn a_client_takes_every_kind_of_endpoint() {
    let mut server = tcp_server();
    let address = server.local_address().unwrap();
    let socket_address = address.socket_address().unwrap();
    let port = socket_address.port();
    let text = socket_address.to_string();
    let borrowed: &SocketAddr = &socket_address;
    let ip = Ipv4Addr::LOCALHOST;
    let host: Host = "127.0.0.1".parse().unwrap();
    let target: HostPort = text.parse().unwrap();
    let endpoint: Endpoint = text.parse().unwrap();

    let mut check = |remote: Option<Address>| {
        assert_eq!(remote.as_ref(), Some(&address));
        accept(&mut server);
    };
    check(remote(text.as_str()));
    check(remote(&text));
    check(remote(text));
    check(remote(format!("TCP://{socket_address}/path?query#fragment")));
    check(remote(socket_address));
    check(remote(borrowed));
    check(remote(&address));
    check(remote(address.clone()));
    check(remote(("127.0.0.1", port)));
    check(remote(("127.0.0.1".to_string(), port)));
    check(remote((host, port)));
    check(remote((ip, port)));
    check(remote((IpAddr::from(ip), port)));
    check(remote(target));
    check(remote(&endpoint));
    check(remote(endpoint));
}

#[test]
fn a_client_takes_the_name_of_a_unix_socket() {
    let directory = TempDir::new();
    let _server = bind(directory.endpoint());
    let name = UnixAddress::from_path(directory.join("s")).unwrap();
    assert_eq!(remote(name.clone()), Some(Address::Unix(name)));
}

#[test]
fn a_server_takes_every_kind_of_endpoint() {
    let ip = Ipv4Addr::LOCALHOST;
    let any_port = SocketAddr::from((ip, 0));
    let borrowed: (&SocketAddr, &Address) = (&any_port, &any_port.into());
    let host: Host = "127.0.0.1".parse().unwrap();
    let text = "127.0.0.1:0".to_string();
    let endpoint: Endpoint = text.parse().unwrap();
    for ip in [
        ip_of("127.0.0.1:0"),
        ip_of("tcp://127.0.0.1:0"),
        ip_of("TCP://127.0.0.1:0/path?hostname=ignored#fragment"),
        ip_of(&text),
        ip_of(text),
        ip_of(any_port),
        ip_of(borrowed.0),
        ip_of(Address::Tcp(any_port)),
        ip_of(borrowed.1),
        ip_of(("127.0.0.1", 0)),
        ip_of(("127.0.0.1".to_string(), 0)),
        ip_of((host, 0)),
        ip_of((ip, 0)),
        ip_of((IpAddr::from(ip), 0)),
        ip_of(HostPort::from(any_port)),
        ip_of(&endpoint),
        ip_of(endpoint),
        // A port alone is one of this machine.
        ip_of(0),
        ip_of("0"),
        ip_of("tcp://0"),
    ] {
        assert_eq!(ip, Some(Ipv4Addr::LOCALHOST.into()));
    }
}

#[test]
fn a_server_takes_the_name_of_a_unix_socket() {
    let directory = TempDir::new();
    let name = UnixAddress::from_path(directory.join("s")).unwrap();
    assert_eq!(bind(name.clone()).local_address(), Some(Address::Unix(name)));
}

#[test]
fn a_connector_is_one_for_every_kind_of_endpoint_at_once() {
    fn both<C>(connector: &C, address: SocketAddr) -> [Option<Address>; 2]
    where
        C: Connect<String, Connection = socketry::Socket>,
        C: Connect<SocketAddr, Connection = socketry::Socket>,
    {
        let by_text = block_on(connector.connect(address.to_string())).unwrap();
        let by_address = block_on(connector.connect(address)).unwrap();
        [by_text.remote_address(), by_address.remote_address()]
    }
    let server = tcp_server();
    let address = server.local_address();
    let socket_address = address.as_ref().unwrap().socket_address().unwrap();
    assert_eq!(both(&Connector::new(), socket_address), [address.clone(), address]);
}

/// Where a client that was given `endpoint` has arrived.
fn remote<E>(endpoint: E) -> Option<Address>
where
    E: TryInto<Endpoint> + Send,
    E::Error: Into<InvalidEndpoint>,
{
    block_on(socketry::connect(endpoint)).unwrap().remote_address()
}

/// Where a server that was given `endpoint` listens.
fn ip_of<E>(endpoint: E) -> Option<IpAddr>
where
    E: TryInto<Endpoint>,
    E::Error: Into<InvalidEndpoint>,
{
    let address = bind(endpoint).local_address().unwrap();
    assert_ne!(address.port(), Some(0));
    address.ip()
}
