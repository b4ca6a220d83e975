//! How a server is put together.

use std::{fmt, sync::Arc};
#[cfg(feature = "tls")]
use std::{future::Future, pin::Pin};

use socketry_connection::Clock;
use socketry_server_gate::Gate;
use socketry_server_limiting::Alarm;
#[cfg(feature = "tls")]
use socketry_server_tls::ServerTls;

use crate::{
    GateConfig, LimitsConfig, ProxyConfig, ServerConfig, TlsServerConfig, layers::AlarmOptions,
};

/// How a [`Server`](crate::Server) is put together: [`Server::builder`](crate::Server::builder).
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
    pub(crate) config: ServerConfig,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<ServerTls>,
    #[cfg(feature = "tls")]
    pub(crate) spawner: Option<Spawner>,
    pub(crate) gate: Option<Gate>,
    pub(crate) alarms: Vec<AlarmOptions>,
    pub(crate) clock: Option<Arc<dyn Clock>>,
    #[cfg(unix)]
    pub(crate) name: Option<Arc<str>>,
}

#[cfg(feature = "tls")]
pub(crate) type Spawner = Arc<dyn Fn(Pin<Box<dyn Future<Output = ()> + Send>>) + Send + Sync>;

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

/// Who may come in: from a [`GateConfig`], or a [`Gate`], which other servers may share and which stays
/// a handle on it.
#[derive(Clone, Debug)]
pub struct GateSlot(GateChoice);

#[derive(Clone, Debug)]
enum GateChoice {
    Config(GateConfig),
    Gate(Gate),
}

impl From<GateConfig> for GateSlot {
    fn from(config: GateConfig) -> Self {
        Self(GateChoice::Config(config))
    }
}

impl From<Gate> for GateSlot {
    fn from(gate: Gate) -> Self {
        Self(GateChoice::Gate(gate))
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
            gate: None,
            alarms: Vec::new(),
            clock: None,
            #[cfg(unix)]
            name: None,
        }
    }

    /// Everything that is plain data. By default [`ServerConfig::default`]. A handle that was given before
    /// counts no more if this says the same: who may come in, or who the server is under TLS.
    pub fn config(mut self, config: ServerConfig) -> Self {
        if config.gate.is_some() {
            self.gate = None;
        }
        #[cfg(feature = "tls")]
        if config.tls.identity.is_some() || !config.tls.names.is_empty() {
            self.tls = None;
        }
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

    /// Which proxies stand in front of the server and say, in the PROXY protocol, whose connection it is.
    /// By default none. It is for all schemes, and below the gate and TLS.
    pub fn proxy(mut self, proxy: ProxyConfig) -> Self {
        self.config.proxy = Some(proxy);
        self
    }

    /// Who may come in and how many at once, before a byte is read and before TLS. By default everybody.
    /// Of a configuration and a handle the last one given counts. A handle has a clock of its own
    /// ([`Gate::with_clock`]).
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry::{GateConfig, Server};
    ///
    /// # futures_lite::future::block_on(async {
    /// let mut gate = GateConfig::default();
    /// gate.max_open_per_prefix = Some(100);
    /// let server = Server::builder().gate(gate).bind("127.0.0.1:0").await?;
    /// // and whenever somebody is a nuisance:
    /// let nuisance = "192.0.2.0/24".parse()?;
    /// server.gate().unwrap().change(|settings| settings.deny.push(nuisance));
    /// # std::io::Result::Ok(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn gate(mut self, slot: impl Into<GateSlot>) -> Self {
        match slot.into().0 {
            GateChoice::Config(config) => (self.config.gate, self.gate) = (Some(config), None),
            GateChoice::Gate(gate) => self.gate = Some(gate),
        }
        self
    }

    /// How many connections are open at a time, and how long; and the list of them. By default nobody
    /// counts them.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry::{AtLimitConfig, LimitsConfig, Server};
    ///
    /// # futures_lite::future::block_on(async {
    /// let mut limits = LimitsConfig::default();
    /// limits.max_connections = Some(1000);
    /// limits.at_limit = AtLimitConfig::Pause;
    /// let server = Server::builder().limits(limits).bind("127.0.0.1:0").await?;
    /// assert_eq!(server.connections().unwrap().limit(), Some(1000));
    /// # std::io::Result::Ok(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn limits(mut self, limits: LimitsConfig) -> Self {
        self.config.limits = Some(limits);
        self
    }

    /// Tells `hook` once when `raise_at` connections are open, and when no more than `clear_at` are open
    /// again ([`LimitingServer::alarm`](crate::server::LimitingServer::alarm)). It has no effect without
    /// [`limits`](Self::limits).
    pub fn alarm(
        mut self,
        raise_at: usize,
        clear_at: usize,
        hook: impl Fn(Alarm) + Send + Sync + 'static,
    ) -> Self {
        self.alarms.push((raise_at, clear_at, Arc::new(hook)));
        self
    }

    /// Waits on this clock. By default the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// What the listening socket is called between processes that follow each other: 1 to 255 bytes.
    /// By default as its endpoint is written in full: `tcp://127.0.0.1:8080`, also for `8080`.
    ///
    /// With a name of its own the endpoint may be another one in the next version of the program,
    /// `tls://` instead of `tcp://` for example. See [`take_or_bind`](Self::take_or_bind).
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry::Server;
    ///
    /// # futures_lite::future::block_on(async {
    /// let server = Server::builder().name("web").bind("127.0.0.1:0").await?;
    /// assert_eq!(server.handle().sockets()?[0].name, "web");
    /// # std::io::Result::Ok(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(unix)]
    #[cfg_attr(docsrs, doc(cfg(unix)))]
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}
