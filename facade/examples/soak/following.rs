//! A helper that echoes, and is followed by another one of itself.
//!
//! It is told where to listen: an endpoint of TCP, and a directory for everything else. It answers until
//! it is followed or told `stop`, and then says how many clients it has answered.

use std::{cell::Cell, io, path::Path, rc::Rc, time::Duration};

use futures_lite::{AsyncReadExt, AsyncWriteExt, StreamExt, future};
use smol::LocalExecutor;
use socketry::{
    AcceptExt, Server, ServerGroup, Socket, UnixAddress,
    server::{Handover, LimitingServer, TrackedConnection},
};

use crate::helper::{answer, commands};

/// How many bytes a client says.
pub(crate) const MESSAGE: usize = 8;

/// How long the clients of a process that leaves may take.
const DRAIN: Duration = Duration::from_secs(10);

/// Takes over from an earlier process, if there is one, and is followed.
pub(crate) fn run() -> io::Result<()> {
    serve(async |[tcp, unix], directory| {
        let handover = Handover::new(UnixAddress::from_path(directory.join("handover"))?);
        let (builder, mut inherited) = (Server::builder(), handover.take().await?);
        let tcp = builder.take_or_bind(tcp, inherited.as_mut()).await?;
        let unix = builder.take_or_bind(unix, inherited.as_mut()).await?;
        if let Some(inherited) = inherited {
            inherited.ready().await?;
        }
        Ok(([tcp, unix], Some(handover)))
    })
}

/// The same with a restart, to compare: it binds, and nobody follows it.
pub(crate) fn run_restarted() -> io::Result<()> {
    serve(async |[tcp, unix], _| Ok(([Server::bind(tcp).await?, Server::bind(unix).await?], None)))
}

fn serve(
    listen: impl AsyncFnOnce([&str; 2], &Path) -> io::Result<([Server; 2], Option<Handover>)>,
) -> io::Result<()> {
    let (tasks, answered) = (LocalExecutor::new(), Rc::new(Cell::new(0)));
    smol::block_on(tasks.run(async {
        let mut commands = commands()?;
        let place = commands.next().await.transpose()?.unwrap_or_default();
        let (tcp, directory) = place.split_once(' ').ok_or(io::ErrorKind::InvalidInput)?;
        let unix = format!("unix://{directory}/socket");
        let (servers, handover) = listen([tcp, &unix], Path::new(directory)).await?;
        let offer = handover.map(|handover| handover.offer()).transpose()?;
        for server in &servers {
            answer("listening", server.local_address().ok_or(io::ErrorKind::NotConnected)?)?;
        }
        let server = LimitingServer::new(Server::from(ServerGroup::new(servers)), None);
        let (handle, connections) = (server.get_ref().handle(), server.connections());
        let followed = async {
            match offer {
                Some(mut offer) => offer.hand_on(|| handle.sockets()).await,
                None => future::pending().await,
            }
        };
        let told = async { commands.next().await.transpose().map(drop) };
        let leaving = async {
            future::or(followed, told).await?;
            Ok(connections.drain(DRAIN).await)
        };
        let ((), drained) = future::try_zip(echo_all(server, &tasks, &answered), leaving).await?;
        answer("answered", answered.get())?;
        answer("cut", drained.closed)
    }))
}

async fn echo_all<'a>(
    mut server: LimitingServer<Server>,
    tasks: &LocalExecutor<'a>,
    answered: &Rc<Cell<u64>>,
) -> io::Result<()> {
    while let Some(client) = server.accept().await {
        tasks.spawn(echo(client?, answered.clone())).detach();
    }
    Ok(())
}

/// One message, and the end.
async fn echo(mut client: TrackedConnection<Socket>, answered: Rc<Cell<u64>>) -> io::Result<()> {
    let mut message = [0; MESSAGE];
    client.read_exact(&mut message).await?;
    client.write_all(&message).await?;
    answered.set(answered.get() + 1);
    client.close().await
}
