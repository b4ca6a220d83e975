//! A server with 64 clients, over real sockets.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream as StdStream},
    thread,
};

use smol::{
    Executor, LocalExecutor, Task, channel,
    net::{TcpListener, TcpStream},
    prelude::*,
};
use socketry_driver::block_on;

const CLIENTS: usize = 64;
const ROUNDS: usize = 50;

async fn echo(mut client: TcpStream) -> usize {
    let mut total = 0;
    let mut buffer = [0; 256];
    loop {
        let count = client.read(&mut buffer).await.unwrap();
        if count == 0 {
            return total;
        }
        client.write_all(&buffer[..count]).await.unwrap();
        total += count;
    }
}

/// Clients in a thread of their own, which all speak before they all listen.
fn clients(address: SocketAddr) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let connect = |_| StdStream::connect(address).unwrap();
        let mut clients: Vec<StdStream> = (0..CLIENTS).map(connect).collect();
        for round in 0..ROUNDS {
            let word = [round as u8; 16];
            clients.iter_mut().for_each(|client| client.write_all(&word).unwrap());
            for client in &mut clients {
                let mut heard = [0; 16];
                client.read_exact(&mut heard).unwrap();
                assert_eq!(heard, word);
            }
        }
    })
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Serves all clients, each in a task, and says how many bytes were heard.
async fn serve(spawn: impl Fn(TcpStream) -> Task<usize>) -> usize {
    let (listener, address) = listener().await;
    let clients = clients(address);
    let mut serving = Vec::new();
    for _ in 0..CLIENTS {
        let (client, _) = listener.accept().await.unwrap();
        serving.push(spawn(client));
    }
    let mut total = 0;
    for served in serving {
        total += served.await;
    }
    clients.join().unwrap();
    total
}

#[test]
fn a_local_executor_serves_64_clients() {
    let executor = LocalExecutor::new();
    let total = block_on(&executor, serve(|client| executor.spawn(echo(client))));
    assert_eq!(total, CLIENTS * ROUNDS * 16);
}

#[test]
fn three_threads_serve_64_clients_on_one_executor() {
    let executor = Executor::new();
    let (stop, stopped) = channel::bounded::<()>(1);
    let total = thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| block_on(&executor, stopped.recv()));
        }
        let total = block_on(&executor, serve(|client| executor.spawn(echo(client))));
        drop(stop);
        total
    });
    assert_eq!(total, CLIENTS * ROUNDS * 16);
}

#[test]
fn a_client_of_its_own_process_churns_through_connections() {
    let executor = LocalExecutor::new();
    let served: usize = block_on(&executor, async {
        let (listener, address) = listener().await;
        let serving = executor.spawn(async move {
            let mut total = 0;
            for _ in 0..CLIENTS * 4 {
                let (client, _) = listener.accept().await.unwrap();
                total += echo(client).await;
            }
            total
        });
        let clients = (0..CLIENTS).map(|_| {
            executor.spawn(async move {
                for _ in 0..4 {
                    let mut client = TcpStream::connect(address).await.unwrap();
                    client.write_all(b"four").await.unwrap();
                    client.read_exact(&mut [0; 4]).await.unwrap();
                }
            })
        });
        for client in clients.collect::<Vec<_>>() {
            client.await;
        }
        serving.await
    });
    assert_eq!(served, CLIENTS * 4 * 4);
}
