//! The same code under any executor: here a bare `block_on`, which knows nothing of sockets.
//!
//! `cargo run --example everywhere`. The tests run [`talk`] under smol, async-std and tokio too.

use std::io;

use futures_lite::{AsyncReadExt, AsyncWriteExt, future};

fn main() -> io::Result<()> {
    for address in ["127.0.0.1:0", "unix://@socketry-everywhere"] {
        let answer = future::block_on(talk(address))?;
        println!("{address}: {answer}");
    }
    Ok(())
}

/// Starts a server, asks it something, hears it answer after having said everything, and closes
/// it, all in one task and without spawning anything.
pub async fn talk(listen_on: &str) -> io::Result<String> {
    let mut server = socketry::bind(listen_on).await?;
    let address = server.local_address().ok_or(io::ErrorKind::AddrNotAvailable)?;
    let control = server.control();

    let serving = async {
        while let Some(socket) = server.accept().await {
            let mut socket = socket?;
            let mut question = String::new();
            socket.read_to_string(&mut question).await?;
            socket.write_all(format!("you said: {question}").as_bytes()).await?;
        }
        io::Result::Ok(())
    };
    let asking = async {
        let mut socket = socketry::connect(address).await?;
        socket.write_all(b"who is there?").await?;
        socket.close().await?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await?;
        control.close();
        io::Result::Ok(answer)
    };
    let (served, answer) = future::zip(serving, asking).await;
    served?;
    answer
}
