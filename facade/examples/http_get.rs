//! The smallest HTTP client: asks for a page and prints what comes back.
//!
//! `cargo run --example http_get 127.0.0.1:8000`, while for example `python3 -m http.server` runs.

use std::io;

use futures_lite::{AsyncReadExt, AsyncWriteExt};

fn main() -> io::Result<()> {
    let server = std::env::args().nth(1).unwrap_or("127.0.0.1:8000".into());
    let answer = smol::block_on(get(&server))?;
    println!("{answer}");
    Ok(())
}

/// All that comes back for `GET /`.
pub async fn get(server: &str) -> io::Result<String> {
    let mut socket = socketry::connect(server).await?;
    let request = format!("GET / HTTP/1.0\r\nHost: {server}\r\n\r\n");
    socket.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
