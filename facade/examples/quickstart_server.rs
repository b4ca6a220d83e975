//! A server that greets, and closes the connection if you send it anything.
//!
//! `cargo run --example quickstart_server`, then `nc 127.0.0.1 8080`, or the quickstart client.

use std::io;

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use socketry::{Server, Socket};

fn main() -> io::Result<()> {
    smol::block_on(async {
        let server = socketry::bind(8080).await?;
        if let Some(address) = server.local_address() {
            println!("listening on {address}");
        }
        serve(server).await
    })
}

/// Greets every client, until the server is closed.
pub async fn serve(mut server: Server) -> io::Result<()> {
    while let Some(socket) = server.accept().await {
        match socket {
            Ok(socket) => smol::spawn(greet(socket)).detach(),
            Err(error) => eprintln!("{error}"), // the server goes on
        }
    }
    Ok(())
}

async fn greet(mut socket: Socket) -> io::Result<()> {
    if let Some(address) = socket.remote_address() {
        socket.write_all(format!("Hello {address}!\n").as_bytes()).await?;
    }
    socket.write_all(b"Welcome to this amazing server!\n").await?;
    socket.write_all(b"Here's a tip: don't say anything.\n").await?;
    socket.read(&mut [0; 1024]).await?;
    Ok(()) // dropped: closed
}
