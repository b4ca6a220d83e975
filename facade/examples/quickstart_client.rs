//! A client that prints what the quickstart server says, and then says something itself.
//!
//! `cargo run --example quickstart_client`, while the quickstart server runs.

use std::io;

use futures_lite::{AsyncBufReadExt, AsyncWriteExt, io::BufReader};

fn main() -> io::Result<()> {
    smol::block_on(talk("127.0.0.1:8080", &mut io::stdout()))
}

/// Writes down what the server says, and answers its tip.
pub async fn talk(server: &str, heard: &mut impl io::Write) -> io::Result<()> {
    let socket = socketry::connect(server).await?;
    let (reader, mut writer) = futures_lite::io::split(socket);
    let mut lines = BufReader::new(reader);
    let mut line = String::new();
    while lines.read_line(&mut line).await? > 0 {
        heard.write_all(line.as_bytes())?;
        if line.starts_with("Here's a tip") {
            writer.write_all(b"Hello World!\n").await?;
        }
        line.clear();
    }
    Ok(())
}
