//! TLS on both sides, with a certificate authority that is made for the occasion.
//!
//! A client that trusts it connects; a name that the server cannot prove is refused; the second
//! connection resumes the session of the first; and the server's certificate is replaced while it
//! serves. It fails unless all of that comes to pass.

use std::{cell::Cell, fs, io, path::PathBuf, process::ExitCode};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{self, block_on},
};
use socketry::{
    Connector, Server, Socket, TlsConfig,
    connector::Timings,
    tls::{Identity, ServerTls, TlsInfo},
};
use socketry_testing::{TestAuthority, TestDir};

fn main() -> ExitCode {
    let result = Files::new().and_then(|files| block_on(show(&files)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn show(files: &Files) -> io::Result<()> {
    files.issue("localhost")?;
    let identity = Identity::from_files(files.path("server.pem"), files.path("server.key"));
    let tls = ServerTls::new(identity.load()?)?;
    let mut server = Server::builder().tls(tls.clone()).bind("tls://127.0.0.1:0").await?;
    let port = server.local_address().and_then(|address| address.port()).unwrap_or_default();
    let control = server.control();

    let mut config = TlsConfig::default();
    config.ca_files = vec![files.path("authority.pem")];
    let connector = Connector::builder().tls(config).build()?;

    let told = Cell::new(false);
    let serving = async {
        while let Some(client) = server.accept().await {
            let greeted = match client {
                Ok(mut socket) => greet(&mut socket).await,
                Err(error) => Err(error),
            };
            if let Err(error) = greeted {
                println!("  the server: {error}");
                told.set(true);
            }
        }
        Ok(())
    };
    let visiting = async {
        println!("a client that trusts the authority");
        let first = visit(&connector, &format!("tls://localhost:{port}")).await?;
        ensure(!first.is_resumed(), "the first handshake is a full one")?;

        println!("\na name that the server cannot prove");
        match visit(&connector, &format!("tls://127.0.0.1:{port}?hostname=bank.example")).await {
            Ok(_) => return Err(io::Error::other("the server proved to be bank.example")),
            Err(error) => println!("  the client: {error}"),
        }
        while !told.get() {
            future::yield_now().await; // the server hears of it, too
        }

        println!("\nthe second visit");
        let second = visit(&connector, &format!("tls://localhost:{port}")).await?;
        ensure(second.is_resumed(), "the session is resumed")?;

        println!("\na file that is no certificate, then the new certificate");
        fs::write(files.path("server.pem"), "not yet written")?;
        match tls.reload() {
            Ok(()) => return Err(io::Error::other("a bad file was taken for a certificate")),
            Err(error) => println!("  the server: {error}"),
        }
        files.issue("localhost")?;
        tls.reload()?;
        let mut config = TlsConfig::default();
        config.ca_files = vec![files.path("authority.pem")];
        config.sessions = 0;
        let forgetful = Connector::builder().tls(config).build()?;
        let third = visit(&forgetful, &format!("tls://localhost:{port}")).await?;
        let certificate = |info: &TlsInfo| info.peer_certificates().next().map(<[u8]>::to_vec);
        ensure(certificate(&first) != certificate(&third), "the certificate is a new one")?;
        Ok(())
    };
    let visiting = async {
        let result = visiting.await;
        control.close();
        result
    };
    future::try_zip(serving, visiting).await.map(drop)
}

async fn greet(socket: &mut Socket) -> io::Result<()> {
    socket.write_all(b"good day").await?;
    socket.shutdown().await
}

/// Connects, hears the greeting, and says how it went.
async fn visit(connector: &Connector, endpoint: &str) -> io::Result<TlsInfo> {
    let mut socket = connector.connect(endpoint).await?;
    let mut greeting = String::new();
    socket.read_to_string(&mut greeting).await?;
    socket.close().await?;
    ensure(greeting == "good day", "the greeting arrives whole")?;
    let Some(info) = socket.attributes().get::<TlsInfo>() else {
        return Err(io::Error::other("a connection without TLS"));
    };
    println!("  {endpoint}: {info}");
    if let Some(timings) = socket.attributes().get::<Timings>() {
        println!("  {timings}");
    }
    Ok(info.clone())
}

fn ensure(is_so: bool, what: &str) -> io::Result<()> {
    if is_so {
        println!("  {what}");
        return Ok(());
    }
    Err(io::Error::other(format!("not so: {what}")))
}

/// An authority, and the files of a server, which go away with it.
struct Files {
    folder: TestDir,
    authority: TestAuthority,
}

impl Files {
    fn new() -> io::Result<Self> {
        let files = Self { folder: TestDir::new(), authority: TestAuthority::new() };
        fs::write(files.path("authority.pem"), files.authority.certificate_pem())?;
        Ok(files)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A new certificate and a new key, in the place of those before.
    fn issue(&self, name: &str) -> io::Result<()> {
        let identity = self.authority.issue([name]);
        fs::write(self.path("server.key"), identity.key_pem())?;
        fs::write(self.path("server.pem"), identity.chain_pem())
    }
}
