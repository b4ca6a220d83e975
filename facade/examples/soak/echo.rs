//! A helper that echoes. It is told `report`, and says what it holds.

use std::{cell::Cell, io, rc::Rc, sync::Arc};

use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt, future};
use smol::LocalExecutor;
use socketry::{
    Server, ServerBuilder,
    tls::{
        Identity, ServerTls, default_provider,
        rustls::{ServerConfig, sign::SingleCertAndKey},
    },
};
use socketry_testing::TestAuthority;

use crate::{
    helper::{answer, commands},
    system::{descriptors, memory, raise_descriptors},
};

/// The longest message that is echoed in one go.
pub(crate) const MESSAGE: usize = 64;

/// With a server of the facade.
pub(crate) fn run() -> io::Result<()> {
    serve(&Server::builder(), "tcp://127.0.0.1:0")
}

/// The same under TLS.
pub(crate) fn run_tls() -> io::Result<()> {
    serve(&Server::builder().tls(ServerTls::new(identity()?)?), "tls://127.0.0.1:0")
}

fn serve(builder: &ServerBuilder, endpoint: &str) -> io::Result<()> {
    raise_descriptors()?;
    let tasks = LocalExecutor::new();
    let open = Rc::new(Cell::new(0));
    smol::block_on(tasks.run(async {
        let mut server = builder.bind(endpoint).await?;
        answer("listening", server.local_address().ok_or(io::ErrorKind::AddrNotAvailable)?)?;
        let serving = async {
            while let Some(socket) = server.accept().await {
                tasks.spawn(echo(socket?, Visit::new(&open))).detach();
            }
            Ok(())
        };
        future::or(obey(&open), serving).await
    }))
}

/// Of an authority that nobody knows.
pub(crate) fn identity() -> io::Result<Identity> {
    let issued = TestAuthority::new().issue(["localhost"]);
    Identity::from_pem(issued.chain_pem(), issued.key_pem()).load()
}

/// The same with futures-rustls over async-net, to compare.
pub(crate) fn run_tls_raw() -> io::Result<()> {
    raise_descriptors()?;
    let tasks = LocalExecutor::new();
    let open = Rc::new(Cell::new(0));
    let provider = default_provider()?;
    let key = identity()?.certified_key(&provider)?;
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
    let acceptor = futures_rustls::TlsAcceptor::from(Arc::new(config));
    smol::block_on(tasks.run(async {
        let listener = smol::net::TcpListener::bind("127.0.0.1:0").await?;
        answer("listening", format_args!("tls://{}", listener.local_addr()?))?;
        let serving = async {
            loop {
                let (stream, _) = listener.accept().await?;
                let stream = acceptor.accept(stream).await?;
                tasks.spawn(echo(stream, Visit::new(&open))).detach();
            }
        };
        future::or(obey(&open), serving).await
    }))
}

/// With async-net's listener, to compare.
pub(crate) fn run_raw() -> io::Result<()> {
    raise_descriptors()?;
    let tasks = LocalExecutor::new();
    let open = Rc::new(Cell::new(0));
    smol::block_on(tasks.run(async {
        let listener = smol::net::TcpListener::bind("127.0.0.1:0").await?;
        answer("listening", format_args!("tcp://{}", listener.local_addr()?))?;
        let serving = async {
            loop {
                let (stream, _) = listener.accept().await?;
                tasks.spawn(echo(stream, Visit::new(&open))).detach();
            }
        };
        future::or(obey(&open), serving).await
    }))
}

async fn echo(mut stream: impl AsyncRead + AsyncWrite + Unpin, _visit: Visit) -> io::Result<()> {
    let mut buffer = [0; MESSAGE];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            count => {
                stream.write_all(&buffer[..count]).await?;
                stream.flush().await?;
            }
        }
    }
}

/// Says what this process holds whenever it is asked, until nobody is there to ask.
async fn obey(open: &Cell<u64>) -> io::Result<()> {
    let mut commands = commands()?;
    while commands.next().await.transpose()?.is_some() {
        answer("open", open.get())?;
        answer("descriptors", descriptors()?)?;
        answer("memory", memory()?)?;
    }
    Ok(())
}

/// Counts a connection for as long as it is open.
struct Visit {
    open: Rc<Cell<u64>>,
}

impl Visit {
    fn new(open: &Rc<Cell<u64>>) -> Self {
        open.set(open.get() + 1);
        Self { open: open.clone() }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.open.set(self.open.get() - 1);
    }
}
