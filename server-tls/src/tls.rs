//! The handle of what a server proves and asks.

use std::{
    fmt, io, mem,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use socketry_connection::Connection;
use socketry_connection_tls::{
    Identity, Plain, TlsConnection, TlsOptions,
    rustls::{ServerConfig, server::ClientHello},
};

use crate::{
    ReloadFailed,
    names::{Certificates, Name},
    sources::Sources,
};

/// What a server proves to its clients and asks of them.
///
/// It is a handle: clones are the same, several servers may share one, and what is changed through
/// any of them is so for the next handshake of each server. Connections that are up, and handshakes
/// whose first message has come, keep what they have.
///
/// # Resumption and reloads
///
/// A client that comes again resumes its session, so that neither side proves anything anew. A
/// reload keeps sessions, unless clients are asked for certificates: then all of them prove anew
/// who they are, because one may have been revoked, or its authority be trusted no more.
///
/// # Examples
///
/// Several names, and certificates of clients:
///
/// ```no_run
/// use std::io;
///
/// use socketry_connection_tls::{Identity, Roots};
/// use socketry_server_tls::{ClientCertificates, ServerTls};
///
/// fn load() -> io::Result<ServerTls> {
///     ServerTls::builder()
///         .identity(Identity::from_files("/etc/tls/example.com.pem", "/etc/tls/example.com.key").load()?)
///         .identity_for("*.example.org", Identity::from_file("/etc/tls/example.org.pem").load()?)
///         .client_certificates(ClientCertificates::Required(Roots::none().with_pem_file("/etc/tls/clients.pem")))
///         .build()
/// }
/// # load().unwrap();
/// ```
#[derive(Clone)]
pub struct ServerTls {
    shared: Arc<Shared>,
}

/// Chooses the configuration for a client's first message.
pub(crate) type Choose = Box<dyn Fn(&ClientHello<'_>) -> Option<Arc<ServerConfig>> + Send + Sync>;

struct Shared {
    options: TlsOptions,
    choose: Option<Choose>,
    /// Held while files are read, so that changes come one after the other.
    sources: Mutex<Sources>,
    /// What the next handshake uses; `None` without an identity.
    current: RwLock<Option<Current>>,
}

#[derive(Clone)]
struct Current {
    config: Arc<ServerConfig>,
    certificates: Arc<Certificates>,
}

impl ServerTls {
    pub(crate) fn of(
        sources: Sources,
        options: TlsOptions,
        choose: Option<Choose>,
    ) -> io::Result<Self> {
        let current = match sources.has_identity() {
            true => Some(Current::of(&sources, sources.config()?)?),
            false => None,
        };
        let (sources, current) = (Mutex::new(sources), RwLock::new(current));
        Ok(Self { shared: Arc::new(Shared { options, choose, sources, current }) })
    }

    /// Reads all [files](Self::files) again: those of the identities and those of the roots of
    /// clients' certificates.
    ///
    /// Handshakes go on meanwhile, with what was there before. It blocks, for files are read: async
    /// programs call it on a thread for that (`blocking::unblock`), or let a server
    /// [look for changes](crate::TlsServer::watching).
    ///
    /// # Errors
    ///
    /// If any of them is bad, all stays as it was: a [`ReloadFailed`] that names the file.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    ///
    /// use blocking::unblock;
    /// use socketry_server_tls::ServerTls;
    ///
    /// /// What a program does when it is told to, by a signal for example.
    /// async fn reload(tls: &ServerTls) -> io::Result<()> {
    ///     let tls = tls.clone();
    ///     unblock(move || tls.reload()).await
    /// }
    /// ```
    pub fn reload(&self) -> io::Result<()> {
        let mut sources = self.sources();
        let (reloaded, current) = self.reloaded(&sources).map_err(ReloadFailed::new)?;
        self.set(current);
        let before = mem::replace(&mut *sources, reloaded);
        drop(sources);
        drop(before);
        Ok(())
    }

    fn reloaded(&self, sources: &Sources) -> io::Result<(Sources, Option<Current>)> {
        let sources = sources.reloaded()?;
        let Some(before) = self.current() else {
            return Ok((sources, None));
        };
        let mut config = sources.config()?;
        if !sources.clients.are_asked_for() {
            config.session_storage = before.config.session_storage.clone();
            config.ticketer = before.config.ticketer.clone();
        }
        let current = Current::of(&sources, config)?;
        Ok((sources, Some(current)))
    }

    /// Proves to be `identity` from now on, to clients who ask for no name or for one that no other
    /// identity is for. A later reload reads the files of this one.
    ///
    /// # Errors
    ///
    /// If the cryptography in use cannot sign with its key; then all stays as it was.
    pub fn replace(&self, identity: Identity) -> io::Result<()> {
        self.change(|sources| sources.default = Some(identity))
    }

    /// Proves to be `identity` from now on, to clients who ask for `name`, whether there was one for
    /// it or not. Names are written as [`identity_for`](crate::ServerTlsBuilder::identity_for) has them.
    ///
    /// # Errors
    ///
    /// Those of [`replace`](Self::replace), and [`InvalidInput`](io::ErrorKind::InvalidInput) for
    /// what is no name.
    pub fn replace_for(&self, name: &str, identity: Identity) -> io::Result<()> {
        let name = Name::parse(name)?;
        self.change(|sources| {
            sources.by_name.insert(name, identity);
        })
    }

    /// Changes the identities and keeps all else, so that no file is read.
    fn change(&self, change: impl FnOnce(&mut Sources)) -> io::Result<()> {
        let mut sources = self.sources();
        let mut changed = sources.clone();
        change(&mut changed);
        let config = match self.current() {
            Some(current) => ServerConfig::clone(&current.config),
            None => changed.config()?,
        };
        self.set(Some(Current::of(&changed, config)?));
        *sources = changed;
        Ok(())
    }

    /// The files that a reload reads, each once.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::from_iter(self.sources().files().map(Into::into));
        files.sort();
        files.dedup();
        files
    }

    /// Secures one connection as its server, as protocols do that begin in plain text (STARTTLS).
    ///
    /// Give it the connection, or the `BufReader` around it, whose
    /// buffer has to be empty: what is in there would be taken for a part of the secure stream,
    /// although anybody on the way may have written it.
    ///
    /// # Errors
    ///
    /// - [`UnexpectedPlaintext`](socketry_connection_tls::UnexpectedPlaintext), if the client has
    ///   said more than was read. Nothing of it reaches the connection under TLS, which is closed.
    /// - [`HandshakeFailed`](socketry_connection_tls::HandshakeFailed) with the kind of its reason.
    ///
    /// # Cancel safety
    ///
    /// A dropped call drops the connection.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::io;
    ///
    /// use futures_lite::{AsyncBufReadExt, AsyncWriteExt, io::BufReader};
    /// use socketry_connection::Connection;
    /// use socketry_connection_tls::TlsConnection;
    /// use socketry_server_tls::ServerTls;
    ///
    /// async fn start_tls<C: Connection>(client: C, tls: &ServerTls) -> io::Result<TlsConnection<C>> {
    ///     let mut client = BufReader::new(client);
    ///     let mut command = String::new();
    ///     client.read_line(&mut command).await?;
    ///     if command.trim_end() != "STARTTLS" {
    ///         return Err(io::Error::other(command));
    ///     }
    ///     client.get_mut().write_all(b"220 go ahead\r\n").await?;
    ///     tls.upgrade(client).await
    /// }
    /// ```
    pub async fn upgrade<C: Connection>(
        &self,
        plain: impl Into<Plain<C>>,
    ) -> io::Result<TlsConnection<C>> {
        let connection = plain.into().into_connection()?;
        let handshake = self.shared.options.accept(connection, |hello| self.config_for(hello));
        Ok(handshake.await?)
    }

    pub(crate) fn options(&self) -> &TlsOptions {
        &self.shared.options
    }

    /// The configuration for a client.
    pub(crate) fn config_for(&self, hello: &ClientHello<'_>) -> io::Result<Arc<ServerConfig>> {
        if let Some(config) = self.shared.choose.as_ref().and_then(|choose| choose(hello)) {
            return Ok(config);
        }
        let name = hello.server_name();
        match self.current() {
            Some(current) if current.certificates.find(name).is_some() => Ok(current.config),
            _ => Err(refused(name)),
        }
    }

    fn current(&self) -> Option<Current> {
        self.shared.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, current: Option<Current>) {
        let mut place = self.shared.current.write().unwrap_or_else(PoisonError::into_inner);
        let before = mem::replace(&mut *place, current);
        drop(place);
        drop(before); // after the lock
    }

    fn sources(&self) -> MutexGuard<'_, Sources> {
        self.shared.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Current {
    /// `config` with the certificates of `sources`.
    fn of(sources: &Sources, mut config: ServerConfig) -> io::Result<Self> {
        let certificates = Arc::new(sources.certificates(config.crypto_provider())?);
        config.cert_resolver = certificates.clone();
        Ok(Self { config: Arc::new(config), certificates })
    }
}

fn refused(name: Option<&str>) -> io::Error {
    let text = match name {
        Some(name) => format!("this server has no identity for the name {name:?}"),
        None => "the client asks for no name, and this server has no default identity".into(),
    };
    io::Error::new(io::ErrorKind::NotFound, text)
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").field("options", &self.shared.options).finish_non_exhaustive()
    }
}
