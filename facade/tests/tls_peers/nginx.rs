//! nginx, as a server of our client.

use futures_lite::{AsyncReadExt, future::block_on};
use socketry_connection_tls::{HandshakeFailure, rustls::ClientConfig};
use socketry_testing::{Program, ReservedPort};

use crate::ours::{BOTH, House, V13, connect, info, much, send};

const REQUEST: &str = "GET /file HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

fn http(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![b"http/1.1".into()];
    config
}

#[test]
fn a_file_arrives_as_it_is() {
    for version in BOTH {
        let house = House::new();
        house.dir.write("file", much());
        let protocols = "ssl_protocols TLSv1.2 TLSv1.3;";
        let nginx = Program::nginx(&house.server_files(), house.dir.path(), protocols);
        let mut nginx = nginx.start();
        let answer = block_on(async {
            let address = nginx.address().await;
            let config = http(house.client(version)).into();
            let mut connection = connect(address, "localhost", &config).await.unwrap();
            assert_eq!(info(&connection).alpn(), Some(&b"http/1.1"[..]));
            send(&mut connection, REQUEST).await;
            let mut answer = Vec::new();
            connection.read_to_end(&mut answer).await.unwrap();
            answer
        });
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"), "{version:?}");
        assert!(answer.ends_with(&much()), "{version:?}");
    }
}

#[test]
fn a_server_that_answers_in_plain_text_is_refused_as_one_without_tls() {
    let (house, plain) = (House::new(), ReservedPort::new());
    let listen = format!("listen {};", plain.address());
    let mut nginx = Program::nginx(&house.server_files(), house.dir.path(), &listen).start();
    let error = block_on(async {
        nginx.address().await;
        connect(plain.address(), "localhost", &house.client(V13).into()).await.unwrap_err()
    });
    assert_eq!(*error.failure(), HandshakeFailure::NotTls);
    let text = error.to_string();
    assert!(
        text.ends_with("the server answered in plain text: HTTP/1.1 400 Bad Request"),
        "{text}"
    );
}
