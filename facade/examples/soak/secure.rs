//! A helper that serves TLS. It greets each client with one byte, and ends with it.
//!
//! It is told `report`, and says how many descriptors it holds.

use std::io;

use futures_lite::{AsyncReadExt, AsyncWriteExt, StreamExt, future};
use smol::LocalExecutor;
use socketry::{Accept, AcceptExt};
use socketry_connection_tls::{Identity, TlsConnection};
use socketry_server_tcp::{TcpConnection, TcpServer};
use socketry_server_tls::{ServerTls, TlsServer};
use socketry_testing::TestAuthority;

use crate::{
    helper::{answer, commands},
    system::{descriptors, raise_descriptors},
};

pub(crate) fn run() -> io::Result<()> {
    raise_descriptors()?;
    let tasks = LocalExecutor::new();
    smol::block_on(tasks.run(async {
        let authority = TestAuthority::new();
        let mut server = bind(&authority)?;
        let address = server.get_ref().local_address();
        answer("listening", address.ok_or(io::ErrorKind::AddrNotAvailable)?)?;
        answer("root", hex(&authority.certificate_der()))?;
        let serving = async {
            while let Some(accepted) = server.accept().await {
                // An error is one of those who never finish.
                if let Ok(connection) = accepted {
                    tasks.spawn(greet(connection)).detach();
                }
            }
            Ok(())
        };
        future::or(obey(), serving).await
    }))
}

/// A server that turns nobody away before the deadline.
fn bind(authority: &TestAuthority) -> io::Result<TlsServer<TcpServer>> {
    let identity = authority.issue(["localhost"]);
    let identity = Identity::from_pem(identity.chain_pem(), identity.key_pem()).load()?;
    let plain = TcpServer::bind(([127, 0, 0, 1], 0).into())?;
    let server = TlsServer::new(plain, ServerTls::new(identity)?);
    Ok(server.most_handshakes(usize::MAX).most_handshakes_per_address(usize::MAX))
}

async fn greet(mut client: TlsConnection<TcpConnection>) -> io::Result<()> {
    client.write_all(b"!").await?;
    client.read_to_end(&mut Vec::new()).await?;
    client.close().await
}

async fn obey() -> io::Result<()> {
    let mut commands = commands()?;
    while let Some(command) = commands.next().await {
        match &*command? {
            "report" => answer("descriptors", descriptors()?)?,
            command => return Err(io::Error::other(format!("there is no command {command:?}"))),
        }
    }
    Ok(()) // the other side has gone
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
