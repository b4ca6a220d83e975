//! A server that is replaced by itself, and no client is refused.
//!
//! Start it, and start it again while it runs: the second process takes the listening sockets over,
//! and the first one ends. That is how a new version is brought in.
//!
//! ```text
//! cargo run --example handover       # listens on tcp://127.0.0.1:8080 and unix:///tmp/hello.sock
//! nc 127.0.0.1 8080                  # hello from process 4242
//! cargo run --example handover       # in another terminal; the first one says goodbye
//! nc 127.0.0.1 8080                  # hello from process 4243
//! ```

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    use socketry::UnixAddress;

    let places = unix::Places {
        meeting: UnixAddress::from_path("/tmp/hello.handover")?,
        tcp: ([127, 0, 0, 1], 8080).into(),
        unix: UnixAddress::from_path("/tmp/hello.sock")?,
    };
    smol::block_on(unix::run(&places, |line| println!("{line}"))).map(drop)
}

#[cfg(not(unix))]
fn main() {
    println!("one process can hand its sockets on to another where there are Unix sockets");
}

#[cfg(unix)]
pub mod unix {
    //! The program itself.

    use std::{io, net::SocketAddr, process};

    use futures_lite::{AsyncWriteExt, future};
    use socketry::{Accept, AcceptExt, Server, ServerGroup, UnixAddress};
    use socketry_server_handover::{Handover, Inherited, NamedSocket};
    use socketry_server_tcp::{TcpServer, TcpServerHandle};
    use socketry_server_unix::{UnixServer, UnixServerHandle};

    /// Where it listens, and where it meets its successor.
    #[derive(Debug)]
    pub struct Places {
        /// Where it meets its successor.
        pub meeting: UnixAddress,
        /// Where it listens on TCP, if it is the first.
        pub tcp: SocketAddr,
        /// Where it listens on a Unix socket, if it is the first.
        pub unix: UnixAddress,
    }

    /// Greets everybody until a successor does; how many that were.
    pub async fn run(places: &Places, mut say: impl FnMut(String)) -> io::Result<usize> {
        let handover = Handover::new(places.meeting.clone());
        let (tcp, unix) = match handover.take().await? {
            Some(inherited) => take_over(inherited).await?,
            None => (TcpServer::bind(places.tcp)?, UnixServer::bind(&places.unix)?),
        };
        let mut offer = handover.offer()?;
        for address in [tcp.local_address(), unix.local_address()].into_iter().flatten() {
            say(format!("listening on {address}"));
        }
        let handles = (tcp.handle(), unix.handle());
        let server = Server::from(ServerGroup::new([tcp.boxed(), unix.boxed()]).boxed());
        let control = server.control();
        let leaving = async {
            while let Err(error) = offer.hand_on(|| duplicates(&handles)).await {
                eprintln!("{error}"); // nobody has taken over; this one serves on
            }
            control.close(); // who waits in the backlog is served by the successor
        };
        let (greeted, ()) = future::zip(greet(server), leaving).await;
        say(format!("goodbye, after {greeted} clients"));
        Ok(greeted)
    }

    /// Serves what the earlier process serves, and lets it go.
    async fn take_over(mut inherited: Inherited) -> io::Result<(TcpServer, UnixServer)> {
        let mut take = |name: &str| {
            let missing = || io::Error::other(format!("the earlier process has no socket {name}"));
            inherited.take(name).ok_or_else(missing)
        };
        let tcp = TcpServer::from_fd(take("tcp")?.socket)?;
        let unix = take("unix")?;
        let unix = match unix.lock {
            Some(lock) => UnixServer::from_fd_with_lock(unix.socket, lock)?,
            None => UnixServer::from_fd(unix.socket)?,
        };
        inherited.ready().await?;
        Ok((tcp, unix))
    }

    /// What a successor gets; of servers that are closed there is nothing.
    fn duplicates(
        (tcp, unix): &(TcpServerHandle, UnixServerHandle),
    ) -> io::Result<Vec<NamedSocket>> {
        let tcp = tcp.duplicate()?.map(|listener| NamedSocket::new("tcp", listener));
        let unix = unix.duplicate()?.map(|duplicate| {
            NamedSocket::new("unix", duplicate.listener).with_lock(duplicate.lock)
        });
        Ok(tcp.into_iter().chain(unix).collect())
    }

    async fn greet(mut server: Server) -> usize {
        let mut greeted = 0;
        let greeting = format!("hello from process {}\n", process::id());
        while let Some(client) = server.accept().await {
            let outcome = match client {
                Ok(mut socket) => socket.write_all(greeting.as_bytes()).await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(()) => greeted += 1,
                Err(error) => eprintln!("{error}"), // the server goes on
            }
        }
        greeted
    }
}
