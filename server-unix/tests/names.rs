//! Abstract names, and what an address is called.

use std::{io, os::unix::net::UnixStream};

use socketry_server::Accept;
use socketry_server_unix::{UnixAddress, UnixServer, UnixServerOptions};

use crate::support::{TempDir, bind};

#[test]
fn a_path_and_its_uri_are_the_same_address() {
    let directory = TempDir::new();
    let server = bind(directory.socket());
    let uri = format!("unix://{}", directory.socket().display());
    assert_eq!(server.local_address(), Some(uri.parse().unwrap()));
    let printed = server.local_address().unwrap().to_string();
    assert_eq!(printed, uri);
}

#[test]
fn a_path_of_the_greatest_length_is_not_cut_off() {
    let directory = TempDir::new();
    let mut path = directory.socket().into_os_string().into_string().unwrap();
    path.push_str(&"s".repeat(UnixAddress::MAX_LEN - path.len()));
    let server = bind(&path);
    assert_eq!(server.local_address().unwrap().path(), Some(path.as_ref()));
    assert!(UnixStream::connect(&path).is_ok());
    drop(server);
    assert!(directory.names().is_empty());
}

#[test]
fn a_mode_that_was_meant_to_be_octal_is_refused_and_says_so() {
    let directory = TempDir::new();
    let address = UnixAddress::from_path(directory.socket()).unwrap();
    let error = UnixServerOptions::new().mode(660).bind(&address).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("write it in octal, as in 0o660"), "{error}");
    assert!(directory.names().is_empty());
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[test]
fn an_abstract_name_is_unsupported_on_this_system() {
    let name = UnixAddress::from_abstract("demo").unwrap();
    let error = UnixServer::bind(&name).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    assert!(error.to_string().contains(std::env::consts::OS), "{error}");
}

#[cfg(target_os = "linux")]
mod abstract_names {
    use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};

    use futures_lite::future;
    use socketry_connection::{Address, Connection, os_error};
    use socketry_server::AcceptExt;

    use super::*;

    #[test]
    fn a_server_on_an_abstract_name_is_reached_by_it() {
        let name = unique("reached");
        let mut server = UnixServer::bind(&name).unwrap();
        let _client = connect(&name).unwrap();
        let connection = future::block_on(server.accept()).unwrap().unwrap();
        let local = connection.local_address();
        assert_eq!(local, Some(Address::Unix(name)));
    }

    #[test]
    fn a_second_server_on_an_abstract_name_is_refused_with_the_systems_error() {
        let name = unique("twice");
        let _first = UnixServer::bind(&name).unwrap();
        let error = UnixServer::bind(&name).unwrap_err();
        assert_eq!((error.kind(), os_error(&error)), (io::ErrorKind::AddrInUse, Some(98)));
        assert_eq!(
            error.to_string(),
            format!("listening on unix://{name} failed: Address already in use (os error 98)")
        );
    }

    #[test]
    fn an_abstract_name_is_free_again_once_its_server_is_closed() {
        let name = unique("again");
        let first = UnixServer::bind(&name).unwrap();
        first.control().close();
        assert!(UnixServer::bind(&name).is_ok());
    }

    #[test]
    fn a_mode_or_an_owner_of_an_abstract_name_is_refused_because_it_would_protect_nothing() {
        let options = [
            ("mode", UnixServerOptions::new().mode(0o600)),
            ("owner", UnixServerOptions::new().owner(None, Some(0))),
        ];
        for (option, options) in options {
            let error = options.bind(&unique("protected")).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            let text = error.to_string();
            assert!(
                text.contains(&format!("option {option}: an abstract name is no file")),
                "{text}"
            );
        }
    }

    fn unique(name: &str) -> UnixAddress {
        let name = format!("socketry-server-{}-{name}", std::process::id());
        UnixAddress::from_abstract(name).unwrap()
    }

    fn connect(name: &UnixAddress) -> io::Result<UnixStream> {
        let name = name.abstract_name().unwrap();
        UnixStream::connect_addr(&SocketAddr::from_abstract_name(name)?)
    }
}
