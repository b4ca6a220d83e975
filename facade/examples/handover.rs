//! A server that is replaced by itself, and no client is refused.
//!
//! Start it, and start it again while it runs: the second process takes the listening sockets over,
//! and the first one ends when its clients have. That is how a new version is brought in.
//!
//! ```text
//! cargo run --example handover       # listens on tcp://127.0.0.1:8080 and unix:///tmp/hello.sock
//! nc 127.0.0.1 8080                  # hello from process 4242
//! cargo run --example handover       # in another terminal; the first one says goodbye
//! nc 127.0.0.1 8080                  # hello from process 4243
//! ```

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    use socketry::{UnixAddress, server::Handover};

    let handover = Handover::new(UnixAddress::from_path("/tmp/hello.handover")?);
    let endpoints = ["tcp://127.0.0.1:8080", "unix:///tmp/hello.sock"];
    smol::block_on(unix::run(&handover, &endpoints, |line| println!("{line}"))).map(drop)
}

#[cfg(not(unix))]
fn main() {
    println!("one process can hand its sockets on to another where there are Unix sockets");
}

#[cfg(unix)]
pub mod unix {
    //! The program itself.

    use std::{io, process, time::Duration};

    use futures_lite::{AsyncWriteExt, future};
    use socketry::{
        AcceptExt, Server, ServerGroup,
        server::{Handover, LimitingServer},
    };

    /// How long the clients of the earlier process may take to end.
    const DRAIN: Duration = Duration::from_secs(10);

    /// Greets everybody until a successor does; how many that were.
    pub async fn run(
        handover: &Handover,
        endpoints: &[impl AsRef<str>],
        mut say: impl FnMut(String),
    ) -> io::Result<u64> {
        let mut inherited = handover.take().await?; // from the earlier process, if there is one
        let (builder, mut servers) = (Server::builder(), Vec::new());
        for endpoint in endpoints {
            servers.push(builder.take_or_bind(endpoint.as_ref(), inherited.as_mut()).await?);
        }
        if let Some(inherited) = inherited {
            inherited.ready().await?; // and from now on it takes nobody
        }
        let mut offer = handover.offer()?;

        let group = ServerGroup::new(servers);
        group.local_addresses().for_each(|address| say(format!("listening on {address}")));
        let server = LimitingServer::new(Server::from(group), None);
        let (handle, connections) = (server.get_ref().handle(), server.connections());
        let leaving = async {
            while let Err(error) = offer.hand_on(|| handle.sockets()).await {
                eprintln!("{error}"); // nobody has taken over; this one serves on
            }
            connections.drain(DRAIN).await // who waits in the backlog is served by the successor
        };
        let ((), drained) = future::zip(serve(server), leaving).await;
        say(drained.to_string());
        say(format!("goodbye, after {} clients", connections.accepted()));
        Ok(connections.accepted())
    }

    async fn serve(mut server: LimitingServer<Server>) {
        let greeting = format!("hello from process {}\n", process::id());
        while let Some(client) = server.accept().await {
            match client {
                Ok(mut socket) => {
                    let greeting = greeting.clone();
                    let greet = async move { socket.write_all(greeting.as_bytes()).await };
                    smol::spawn(greet).detach();
                }
                Err(error) => eprintln!("{error}"), // the server goes on
            }
        }
    }
}
