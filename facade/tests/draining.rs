//! The example of a chat with a limit, over TCP, TLS and a Unix socket, stopped by a signal.
//!
//! The signal goes to the whole process; so there is one test in this one.

#![cfg(unix)]

use std::{cell::Cell, io};

use futures_lite::{
    AsyncBufReadExt, AsyncWriteExt,
    future::{self, block_on},
    io::BufReader,
};
use rustix::process::{Signal, getpid, kill_process};
use socketry::{
    Connector, IdentityConfig, Socket, TlsConfig, TlsServerConfig, connection::Address,
};
use socketry_testing::{TestAuthority, TestDir};

#[path = "../examples/limiting_chat.rs"]
#[allow(dead_code, unreachable_pub, reason = "an example is a program of its own")]
mod limiting_chat;

#[test]
fn what_one_says_all_others_hear_until_a_signal_comes_and_then_they_hear_the_goodbye() {
    let folder = TestDir::new();
    let (server_tls, client_tls) = tls(&folder);
    let endpoints = [
        "tcp://127.0.0.1:0".to_string(),
        "tls://127.0.0.1:0".to_string(),
        format!("unix://{}", folder.path().join("s").display()),
    ];
    let is_over = Cell::new(false);
    let drained = block_on(async {
        let server = limiting_chat::listen(&endpoints, &server_tls).await?;
        let addresses: Vec<Address> = server.get_ref().local_addresses().collect();
        let connector = Connector::builder().tls(client_tls).build()?;
        let chat = async {
            let mut clients = Vec::new();
            for (index, address) in addresses.iter().enumerate() {
                clients.push(join(&connector, address, index + 1).await?);
            }
            for index in 0..clients.len() {
                say_and_hear(&mut clients, index).await?;
            }
            kill_process(getpid(), Signal::TERM)?;
            for client in &mut clients {
                assert_eq!(hear(client).await?, "the server stops, goodbye\n");
                assert_eq!(hear(client).await?, "");
                assert!(!is_over.get(), "this one has not said that it is well");
                client.close().await?;
            }
            io::Result::Ok(())
        };
        let running = async {
            let drained = limiting_chat::run(server).await;
            is_over.set(true);
            drained
        };
        future::try_zip(running, chat).await
    });
    let (drained, ()) = drained.unwrap();
    assert_eq!((drained.finished, drained.closed), (3, 0));
}

type Client = BufReader<Socket>;

async fn join(connector: &Connector, address: &Address, number: usize) -> io::Result<Client> {
    // The certificate is for a name.
    let target = match address.scheme() {
        "tls" => format!("tls://localhost:{}", address.port().unwrap_or_default()),
        _ => address.to_string(),
    };
    let mut client = BufReader::new(connector.connect(&target).await?);
    assert_eq!(hear(&mut client).await?, format!("hello there, you are number {number}\n"));
    Ok(client)
}

async fn say_and_hear(clients: &mut [Client], speaker: usize) -> io::Result<()> {
    clients[speaker].write_all(b"Hi!\n").await?;
    for (index, client) in clients.iter_mut().enumerate() {
        if index != speaker {
            assert_eq!(hear(client).await?, format!("{}: Hi!\n", speaker + 1));
        }
    }
    Ok(())
}

async fn hear(client: &mut Client) -> io::Result<String> {
    let mut line = String::new();
    client.read_line(&mut line).await?;
    Ok(line)
}

/// Both sides, for `localhost`.
fn tls(folder: &TestDir) -> (TlsServerConfig, TlsConfig) {
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let authority = TestAuthority::new();
    let issued = authority.issue(["localhost"]);
    let mut server = TlsServerConfig::default();
    server.identity = Some(IdentityConfig::new(
        file("localhost.pem", issued.chain_pem()),
        file("localhost.key", issued.key_pem()),
    ));
    let mut client = TlsConfig::default();
    client.ca_files = vec![file("ca.pem", &authority.certificate_pem())];
    (server, client)
}
