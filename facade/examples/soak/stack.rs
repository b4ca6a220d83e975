//! A helper that serves through every layer: a header of a proxy, the gate, TLS, the limit.
//!
//! It echoes. It is told `report`, and says what it has counted and what it holds.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    io,
    rc::Rc,
    time::Duration,
};

use futures_lite::{AsyncReadExt, AsyncWriteExt, StreamExt, future};
use smol::LocalExecutor;
use socketry::{
    GateConfig, LimitsConfig, ProxyConfig, Server, ServerConfig, Socket, tls::ServerTls,
};

use crate::{
    echo,
    helper::{answer, commands},
    system::{descriptors, memory, raise_descriptors},
};

/// How many connections may be open.
pub(crate) const LIMIT: usize = 100;

/// How long a client may take to say who it is, and again to secure its connection.
pub(crate) const PATIENCE: Duration = Duration::from_millis(200);

pub(crate) fn run() -> io::Result<()> {
    raise_descriptors()?;
    let tasks = LocalExecutor::new();
    smol::block_on(tasks.run(async {
        let mut server = bind().await?;
        answer("listening", server.local_address().ok_or(io::ErrorKind::AddrNotAvailable)?)?;
        let tally = Rc::new(Tally::new(&server)?);
        let serving = async {
            while let Some(accepted) = server.accept().await {
                match accepted {
                    Ok(socket) => {
                        tally.accepted.set(tally.accepted.get() + 1);
                        tasks.spawn(echo(socket, tally.clone())).detach();
                    }
                    Err(error) => tally.refuse(&error),
                }
            }
            Ok(())
        };
        future::or(obey(&tally), serving).await
    }))
}

async fn bind() -> io::Result<Server> {
    let loopback = "127.0.0.0/8".parse()?;
    let mut proxy = ProxyConfig::trusting([loopback]);
    proxy.header_timeout = PATIENCE.into();
    let mut gate = GateConfig::default();
    gate.max_open = Some(4 * LIMIT);
    gate.max_open_per_prefix = Some(LIMIT);
    let mut limits = LimitsConfig::default();
    limits.max_connections = Some(LIMIT);
    limits.idle_timeout = Some(Duration::from_secs(5));
    let mut config = ServerConfig::default();
    config.tls.handshake_timeout = PATIENCE.into();
    config.tls.most_handshakes_per_address = LIMIT;
    (config.proxy, config.gate, config.limits) = (Some(proxy), Some(gate), Some(limits));
    let builder = Server::builder().config(config).tls(ServerTls::new(echo::identity()?)?);
    builder.bind("tls://127.0.0.1:0").await
}

async fn echo(mut socket: Socket, tally: Rc<Tally>) -> io::Result<()> {
    let mut buffer = [0; 64];
    let mut is_first = true;
    loop {
        match socket.read(&mut buffer).await? {
            0 => return socket.close().await,
            count => socket.write_all(&buffer[..count]).await?,
        }
        if std::mem::take(&mut is_first) {
            tally.echoed.set(tally.echoed.get() + 1);
        }
    }
}

/// What has become of those who came.
struct Tally {
    accepted: Cell<u64>,
    echoed: Cell<u64>,
    /// By kind.
    refused: RefCell<BTreeMap<String, u64>>,
    connections: socketry::server::Connections,
    gate: socketry::server::Gate,
}

impl Tally {
    fn new(server: &Server) -> io::Result<Self> {
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        Ok(Self {
            accepted: Cell::default(),
            echoed: Cell::default(),
            refused: RefCell::default(),
            connections: server.connections().ok_or_else(missing)?,
            gate: server.gate().ok_or_else(missing)?,
        })
    }

    fn refuse(&self, error: &io::Error) {
        *self.refused.borrow_mut().entry(format!("{:?}", error.kind())).or_default() += 1;
    }
}

async fn obey(tally: &Tally) -> io::Result<()> {
    let mut commands = commands()?;
    while commands.next().await.transpose()?.is_some() {
        let refused = tally.refused.borrow();
        answer("accepted", tally.accepted.get())?;
        answer("echoed", tally.echoed.get())?;
        answer("refused", refused.values().sum::<u64>())?;
        answer("rejected", tally.connections.rejected())?;
        answer("kinds", format!("{refused:?}"))?;
        answer("tracked", tally.connections.len())?;
        answer("gated", tally.gate.counts().open)?;
        answer("descriptors", descriptors()?)?;
        answer("memory", memory()?)?;
    }
    Ok(())
}
