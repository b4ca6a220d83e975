//! A chat with a limit: what one says, all others hear.
//!
//! It listens on whatever endpoints it is told, and ends on SIGTERM or Ctrl-C without cutting anybody
//! off in the middle of a line:
//!
//! ```text
//! cargo run --example limiting_chat -- tcp://127.0.0.1:8000 unix:///tmp/chat.sock
//! cargo run --example limiting_chat -- tls://127.0.0.1:8443 certificate.pem key.pem
//! ```

use std::{io, time::Duration};

use async_signal::{Signal, Signals};
use futures_lite::{
    AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, StreamExt, future, io::BufReader,
};
use socketry::{
    AcceptExt, IdentityConfig, Server, ServerGroup, Socket, TlsServerConfig,
    server::{Connections, Drained, LimitingServer, TrackedConnection, WhenBehind},
};

/// How many may talk at a time.
const PLACES: usize = 100;

/// How many bytes of a line are handed on at once.
const LONGEST_LINE: u64 = 1024;

/// How long those who talk may take to end when the server stops.
const DRAIN: Duration = Duration::from_secs(10);

fn main() -> io::Result<()> {
    let (endpoints, files): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|argument| argument.contains("://"));
    let mut tls = TlsServerConfig::default();
    if let [certificate, key] = &files[..] {
        tls.identity = Some(IdentityConfig::new(certificate, key));
    }
    smol::block_on(async {
        let server = listen(&endpoints, &tls).await?;
        for address in server.get_ref().local_addresses() {
            println!("listening on {address}");
        }
        println!("{}", run(server).await?);
        Ok(())
    })
}

/// One server on all endpoints, with one limit and one list.
pub async fn listen(
    endpoints: &[String],
    tls: &TlsServerConfig,
) -> io::Result<LimitingServer<ServerGroup<Server>>> {
    let mut servers = Vec::new();
    for endpoint in endpoints {
        servers.push(Server::builder().tls(tls.clone()).bind(endpoint).await?);
    }
    // Who does not read what others say is hung up on, and so holds up nobody.
    let server = LimitingServer::new(ServerGroup::new(servers), PLACES);
    Ok(server.when_behind(64 * 1024, WhenBehind::Close))
}

/// Serves until a signal comes and all have ended.
pub async fn run(server: LimitingServer<ServerGroup<Server>>) -> io::Result<Drained> {
    let mut signals = Signals::new([Signal::Term, Signal::Int])?;
    let connections = server.connections();
    let stopping = async {
        signals.next().await;
        connections.drain(DRAIN).await
    };
    let serving = async {
        serve(server).await;
        future::pending().await
    };
    // When all have ended the server is dropped, and with it whoever is still in a handshake.
    Ok(future::or(stopping, serving).await)
}

/// Lets clients in until the server is closed.
async fn serve(mut server: LimitingServer<ServerGroup<Server>>) {
    let connections = server.connections();
    while let Some(accepted) = server.accept().await {
        match accepted {
            Ok(client) => {
                let talking = talk(client, connections.clone());
                smol::spawn(async { talking.await.unwrap_or_else(|error| eprintln!("{error}")) })
                    .detach();
            }
            Err(error) => eprintln!("{error}"), // the server goes on
        }
    }
}

/// Hands on what one client says, until it has said everything or the server stops.
async fn talk(client: TrackedConnection<Socket>, all: Connections) -> io::Result<()> {
    let (me, mut draining) = (client.tracked().clone(), client.draining());
    let mut client = BufReader::new(client);
    client.write_all(format!("hello there, you are number {}\n", me.id()).as_bytes()).await?;
    let mut line = Vec::new();
    loop {
        // So much and no more: a line without an end must not fill the memory.
        let mut limited = (&mut client).take(LONGEST_LINE);
        let next = async { limited.read_until(b'\n', &mut line).await.map(Some) };
        let stop = async {
            (&mut draining).await;
            Ok(None)
        };
        match future::or(next, stop).await? {
            Some(1..) => {}
            Some(_) => return client.close().await,
            None => {
                client.write_all(b"the server stops, goodbye\n").await?;
                return Socket::from(client.into_inner()).shutdown().await;
            }
        }
        let said = [format!("{}: ", me.id()).as_bytes(), &line].concat();
        for other in all.iter().filter(|other| *other != me) {
            // Whoever has just gone need not hear it. One that waits for others carries what they say.
            let _ = client.get_mut().carry_while(other.write(&said)).await;
        }
        line.clear();
    }
}
