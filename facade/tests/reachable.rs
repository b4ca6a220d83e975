//! A client connects to what a server calls its local address.

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry::{Address, Endpoint};

use crate::support::{TempDir, accept, bind};

#[test]
fn on_ipv4() {
    assert_eq!(reached("127.0.0.1:0").ip(), Some("127.0.0.1".parse().unwrap()));
}

#[test]
fn on_ipv6() {
    assert_eq!(reached("[::1]:0").ip(), Some("::1".parse().unwrap()));
}

#[test]
fn on_every_ipv4_interface_it_is_the_loopback_one() {
    assert_eq!(reached("0.0.0.0:0").ip(), Some("127.0.0.1".parse().unwrap()));
}

#[test]
fn on_every_interface_it_is_the_loopback_one_of_ipv6() {
    assert_eq!(reached("[::]:0").ip(), Some("::1".parse().unwrap()));
}

#[test]
fn on_a_unix_path() {
    let directory = TempDir::new();
    assert_eq!(reached(&directory.endpoint()).to_string(), directory.endpoint());
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn on_an_abstract_unix_name() {
    let endpoint = format!("unix://@{}", crate::executors::unique_name());
    assert_eq!(reached(&endpoint).to_string(), endpoint);
}

/// Where a client arrives that connects to the local address of a server on `endpoint`, both as a
/// value and as text. The server's end of the connection says the same.
fn reached(endpoint: &str) -> Address {
    let mut server = bind(endpoint);
    let address = server.local_address().unwrap();
    let text = address.to_string();
    let [by_value, by_text] = [Endpoint::from(address), text.parse().unwrap()].map(|endpoint| {
        let mut client = block_on(socketry::connect(endpoint)).unwrap();
        let mut accepted = accept(&mut server);
        block_on(async {
            client.write_all(b"hello").await.unwrap();
            accepted.read_exact(&mut [0; 5]).await.unwrap();
        });
        assert_eq!(client.remote_address(), accepted.local_address());
        assert_eq!(client.local_address(), accepted.remote_address());
        client.remote_address().unwrap()
    });
    assert_eq!(by_value, by_text);
    by_value
}
