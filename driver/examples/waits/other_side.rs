//! Clients and a server on plain blocking sockets, in this process.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

/// A server that says one word back to each client, on four threads, as long as this process lives.
pub(crate) fn serve() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    for _ in 0..4 {
        let listener = listener.try_clone()?;
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A client that has gone is none of ours.
                let _ = answer(client);
            }
        });
    }
    Ok(address)
}

fn answer(mut client: TcpStream) -> io::Result<()> {
    let mut word = [0; 16];
    client.read_exact(&mut word)?;
    client.write_all(&word)
}

/// So many clients who all speak before they all listen, `rounds` times.
pub(crate) fn talk(address: SocketAddr, clients: usize, rounds: usize) -> io::Result<()> {
    let connect = |_| TcpStream::connect(address);
    let mut clients = (0..clients).map(connect).collect::<io::Result<Vec<_>>>()?;
    for _ in 0..rounds {
        clients.iter_mut().try_for_each(|client| client.write_all(b"sixteen bytes..."))?;
        clients.iter_mut().try_for_each(|client| client.read_exact(&mut [0; 16]))?;
    }
    Ok(())
}
