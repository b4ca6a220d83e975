//! How a server is put together.

use std::{fmt, io, net::SocketAddr, sync::Arc};
#[cfg(feature = "tls")]
use std::{future::Future, pin::Pin};

use socketry_connection::Clock;
#[cfg(feature = "tls")]
use socketry_server_tls::ServerTls;

use crate::{
    Endpoint, InvalidEndpoint, Server, ServerConfig, TlsServerConfig, endpoint::ServerTarget,
};

/// How a [`Server`] is put together: [`Server::builder`].
///
/// # Examples
///
/// ```no_run
/// use socketry::{Server, tls::{Identity, ServerTls}};
///
/// # async fn example() -> std::io::Result<()> {
/// let identity = Identity::from_files("example.org.pem", "example.org.key").load()?;
/// let tls = ServerTls::new(identity)?;
/// let server = Server::builder().tls(tls.clone()).bind("tls://0.0.0.0:443").await?;
/// // and whenever the files have changed, off the executor:
/// smol::unblock(move || tls.reload()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it binds"]
pub struct ServerBuilder {
    config: ServerConfig,
    #[cfg(feature = "tls")]
    tls: Option<ServerTls>,
    #[cfg(feature = "tls")]
    spawner: Option<Spawner>,
    clock: Option<Arc<dyn Clock>>,
}

#[cfg(feature = "tls")]
type Spawner = Arc<dyn Fn(Pin<Box<dyn Future<Output = ()> + Send>>) + Send + Sync>;

/// How a server secures its connections: from a [`TlsServerConfig`], or a `ServerTls`, which stays a
/// handle on it.
#[derive(Clone, Debug)]
pub struct ServerTlsSlot(Choice);

#[derive(Clone, Debug)]
enum Choice {
    Config(Box<TlsServerConfig>),
    #[cfg(feature = "tls")]
    Tls(ServerTls),
}

impl From<TlsServerConfig> for ServerTlsSlot {
    fn from(config: TlsServerConfig) -> Self {
        Self(Choice::Config(Box::new(config)))
    }
}

#[cfg(feature = "tls")]
impl From<ServerTls> for ServerTlsSlot {
    fn from(tls: ServerTls) -> Self {
        Self(Choice::Tls(tls))
    }
}

impl ServerBuilder {
    pub(crate) fn new() -> Self {
        Self {
            config: ServerConfig::default(),
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "tls")]
            spawner: None,
            clock: None,
        }
    }

    /// Everything that is plain data. By default [`ServerConfig::default`].
    pub fn config(mut self, config: ServerConfig) -> Self {
        self.config = config;
        self
    }

    /// How connections over `tls://` are secured. By default not at all: there has to be an
    /// identity. Of a configuration and a handle the last one given counts; limits of handshakes are
    /// those of the configuration in any case.
    pub fn tls(mut self, slot: impl Into<ServerTlsSlot>) -> Self {
        match slot.into().0 {
            Choice::Config(config) => {
                self.config.tls = *config;
                #[cfg(feature = "tls")]
                {
                    self.tls = None;
                }
            }
            #[cfg(feature = "tls")]
            Choice::Tls(tls) => self.tls = Some(tls),
        }
        self
    }

    /// Makes each TLS handshake in a task of its own: with `smol::spawn(future).detach()` or
    /// `tokio::spawn(future)` on all cores. By default they are made side by side in the task that
    /// accepts.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry::Server;
    ///
    /// let builder = Server::builder().spawner(|handshake| smol::spawn(handshake).detach());
    /// ```
    #[cfg(feature = "tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
    pub fn spawner(
        mut self,
        spawn: impl Fn(Pin<Box<dyn Future<Output = ()> + Send>>) + Send + Sync + 'static,
    ) -> Self {
        self.spawner = Some(Arc::new(spawn));
        self
    }

    /// Waits on this clock. By default the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Listens on `endpoint` with these options.
    ///
    /// # Errors
    ///
    /// Those of [`Server::bind`]. Under TLS also what is wrong with an identity, before anything is
    /// opened.
    ///
    /// # Cancel safety
    ///
    /// It does not wait, but for the files of `tls://`, which are read off the executor. Dropped, it
    /// has opened nothing.
    pub async fn bind<E>(&self, endpoint: E) -> io::Result<Server>
    where
        E: TryInto<Endpoint>,
        E::Error: Into<InvalidEndpoint>,
    {
        let endpoint = endpoint.try_into().map_err(Into::into)?;
        match endpoint.for_server()? {
            ServerTarget::Tcp(address) => {
                let server = self.config.tcp.to_options()?.bind(address)?;
                Ok(server.into())
            }
            ServerTarget::Tls(address) => self.bind_tls(address).await,
            ServerTarget::Unix(address) => self.bind_unix(&address),
            ServerTarget::Fd(number) => self.take_over(number),
            ServerTarget::Systemd(name) => self.take_over_from_systemd(name.as_deref()),
        }
    }

    #[cfg(feature = "tls")]
    async fn bind_tls(&self, address: SocketAddr) -> io::Result<Server> {
        let config = &self.config.tls;
        let tls = match self.tls.clone() {
            Some(tls) => tls,
            None if config.identity.is_none() && config.names.is_empty() => {
                // Nobody can be served, and no file need be read to say so.
                let tls = config.to_server_on(self.clock.as_ref());
                tls.map_err(|error| failed_under_tls(address, error))?
            }
            None => {
                let (config, clock) = (config.clone(), self.clock.clone());
                let loading = blocking::unblock(move || config.to_server_on(clock.as_ref()));
                loading.await.map_err(|error| failed_under_tls(address, error))?
            }
        };
        let tcp = self.config.tcp.to_options()?.bind(address);
        let tcp = tcp.map_err(|error| under_tls(address, error))?;
        let mut server = config.around(tcp, tls, self.clock.as_ref());
        if let Some(spawn) = self.spawner.clone() {
            server = server.spawner(move |handshake| spawn(handshake));
        }
        Ok(server.into())
    }

    #[cfg(not(feature = "tls"))]
    async fn bind_tls(&self, address: SocketAddr) -> io::Result<Server> {
        let text = format!(
            "listening on tls://{address} refused: TLS is not in this build; switch on the feature `tls` of socketry"
        );
        Err(io::Error::new(io::ErrorKind::Unsupported, text))
    }

    #[cfg(unix)]
    fn bind_unix(&self, address: &socketry_connection::UnixAddress) -> io::Result<Server> {
        let server = self.config.unix.to_options()?.bind(address)?;
        Ok(server.into())
    }

    #[cfg(unix)]
    fn take_over(&self, number: u32) -> io::Result<Server> {
        use socketry_connection_socket::Adopted;
        use socketry_server::ListenFailed;

        let adopted = crate::inherited::take_over(number)
            .map_err(|error| ListenFailed::new(format_args!("fd://{number}"), error))?;
        match adopted {
            Adopted::Tcp(listener) => {
                let server = self.config.tcp.to_options()?.from_fd(listener.into())?;
                Ok(server.into())
            }
            Adopted::Unix(listener) => {
                let server = self.config.unix.to_options()?.from_fd(listener.into())?;
                Ok(server.into())
            }
        }
    }

    #[cfg(unix)]
    fn take_over_from_systemd(&self, name: Option<&str>) -> io::Result<Server> {
        use socketry_server::{AcceptExt, ListenFailed, ServerGroup};

        let on = format!("systemd://{}", name.unwrap_or_default());
        let numbers =
            crate::inherited::listeners(name).map_err(|error| ListenFailed::new(on, error))?;
        if let [number] = numbers[..] {
            return self.take_over(number);
        }
        let servers: Vec<Server> =
            numbers.into_iter().map(|number| self.take_over(number)).collect::<io::Result<_>>()?;
        Ok(ServerGroup::new(servers).boxed().into())
    }

    #[cfg(not(unix))]
    fn bind_unix(&self, address: &socketry_connection::UnixAddress) -> io::Result<Server> {
        Err(missing(format_args!("unix://{address}")))
    }

    #[cfg(not(unix))]
    fn take_over(&self, number: u32) -> io::Result<Server> {
        Err(missing(format_args!("fd://{number}")))
    }

    #[cfg(not(unix))]
    fn take_over_from_systemd(&self, name: Option<&str>) -> io::Result<Server> {
        Err(missing(format_args!("systemd://{}", name.unwrap_or_default())))
    }
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}

/// What is wrong with the configuration of TLS, and where it was to be used.
#[cfg(feature = "tls")]
fn failed_under_tls(address: SocketAddr, error: io::Error) -> io::Error {
    socketry_server::ListenFailed::new(format_args!("tls://{address}"), error).into()
}

/// Names the address as `tls://` where the error of the listener says `tcp://`.
#[cfg(feature = "tls")]
fn under_tls(address: SocketAddr, error: io::Error) -> io::Error {
    match error.downcast::<socketry_server::ListenFailed>() {
        Ok(failed) => failed.renamed(format_args!("tls://{address}")).into(),
        Err(other) => other,
    }
}

#[cfg(not(unix))]
fn missing(on: fmt::Arguments<'_>) -> io::Error {
    let system = std::env::consts::OS;
    let text = format!("listening on {on} refused: {system} has no such sockets here");
    io::Error::new(io::ErrorKind::Unsupported, text)
}
