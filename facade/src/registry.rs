//! All connections of a program, and its pools by their names.

use std::{io, sync::OnceLock, time::Duration};

use socketry_connector_reconnecting::{CircuitOptions, Circuits, Disconnected, Handle};

use crate::{
    Connector, Endpoint, InvalidEndpoint, Pool, PoolBuilder, PoolConfig, ReconnectConfig,
    Reconnecting, builder::usual_connector, pool::as_configured, reconnect::targets,
    retry::is_worth_another_attempt,
};

type Inner = socketry_connector_reconnecting::Registry<Connector, Endpoint>;

/// Knows all connections that come back and were made through it, and pools by their names: a handle for
/// any task.
///
/// It finds connections again by where they go, and ends all of them with one word. What it knows of an
/// endpoint all of them share, so that many connections to a dead server ask it no more often than
/// [`CircuitOptions`] say.
///
/// It holds pools, and only knows of single connections, which belong to who has the [`Reconnecting`]. A
/// clone is the same registry.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use futures_lite::future;
/// use socketry::{Endpoint, Registry};
///
/// # future::block_on(async {
/// # let server = socketry::bind(0).await?;
/// # let port = server.local_address().unwrap().port().unwrap();
/// let registry = Registry::default();
/// let mut sessions = registry.connect(("127.0.0.1", port))?;
/// let session = sessions.next().await.unwrap()?;
///
/// let handle = registry.get_connection(("127.0.0.1", port))?.unwrap();
/// assert!(handle.state().is_up());
///
/// let pool = registry.create_pool("my pool", |pool| pool)?;
/// pool.add_connection(Endpoint::try_from(("127.0.0.1", port))?, |sessions| sessions);
/// assert_eq!(registry.get_pool("my pool").unwrap().statistics().size, 1);
///
/// drop(session);
/// registry.disconnect_all(Duration::from_secs(5)).await;
/// assert!(handle.state().is_closed());
/// # std::io::Result::Ok(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Registry {
    inner: Inner,
}

impl Registry {
    /// A registry of connections that this connector makes.
    pub fn new(connector: Connector) -> Self {
        let clock = connector.wiring.clock.clone();
        let inner = Inner::new(connector)
            .with_defaults(|sessions: Reconnecting| sessions.retry_if(is_worth_another_attempt));
        Self {
            inner: match clock {
                Some(clock) => inner.with_clock(clock),
                None => inner,
            },
        }
    }

    /// Another, empty registry, in which all share circuits with these options: how often a dead endpoint is
    /// asked.
    pub fn with_circuits(self, options: CircuitOptions) -> Self {
        let mut circuits = Circuits::new(options);
        if let Some(clock) = &self.inner.get_ref().wiring.clock {
            circuits = circuits.with_clock(clock.clone());
        }
        Self { inner: self.inner.with_circuits(circuits) }
    }

    /// The one of this process, made with [`Connector::new`] when it is asked for first. Nothing but this
    /// uses it.
    pub fn global() -> &'static Self {
        static GLOBAL: OnceLock<Registry> = OnceLock::new();

        GLOBAL.get_or_init(Self::default)
    }

    /// The same without the texts: by [`Endpoint`]s, which includes what is not to be had here.
    pub fn get_ref(&self) -> &Inner {
        &self.inner
    }

    /// A connection that comes back, as with [`Connector::reconnect`].
    ///
    /// # Errors
    ///
    /// Those of [`Connector::reconnect`].
    pub fn connect<E>(&self, endpoint: E) -> io::Result<Reconnecting>
    where
        E: TryInto<Endpoint>,
        E::Error: Into<InvalidEndpoint>,
    {
        self.connect_to([endpoint])
    }

    /// A connection that comes back, to one of several endpoints, as with [`Connector::reconnect_to`].
    ///
    /// # Errors
    ///
    /// Those of [`Connector::reconnect_to`].
    pub fn connect_to<E>(&self, endpoints: impl IntoIterator<Item = E>) -> io::Result<Reconnecting>
    where
        E: TryInto<Endpoint>,
        E::Error: Into<InvalidEndpoint>,
    {
        Ok(self.inner.connect(targets(endpoints)?))
    }

    /// A connection that comes back, as with [`Connector::reconnect_with`].
    ///
    /// # Errors
    ///
    /// Those of [`Connector::reconnect_with`].
    pub fn connect_with<E>(
        &self,
        endpoints: impl IntoIterator<Item = E>,
        config: &ReconnectConfig,
    ) -> io::Result<Reconnecting>
    where
        E: TryInto<Endpoint>,
        E::Error: Into<InvalidEndpoint>,
    {
        let targets = config.arrange(targets(endpoints)?);
        let choose = config.to_choice()?;
        Ok(choose(self.inner.connect(targets)))
    }

    /// The first connection to this endpoint that there is, alone or among others: a handle that ends
    /// nothing when it is dropped.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput), if that is no endpoint.
    pub fn get_connection<E>(&self, endpoint: E) -> io::Result<Option<Handle>>
    where
        E: TryInto<Endpoint>,
        E::Error: Into<InvalidEndpoint>,
    {
        let endpoint = endpoint.try_into().map_err(Into::into)?;
        Ok(self.inner.get_connection(&endpoint))
    }

    /// All connections to this endpoint, alone or among others, in the order in which they were made.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput), if that is no endpoint.
    pub fn get_connections<E>(&self, endpoint: E) -> io::Result<Vec<Handle>>
    where
        E: TryInto<Endpoint>,
        E::Error: Into<InvalidEndpoint>,
    {
        let endpoint = endpoint.try_into().map_err(Into::into)?;
        Ok(self.inner.get_connections(&endpoint))
    }

    /// All connections, but for those of pools.
    pub fn connections(&self) -> Vec<Handle> {
        self.inner.connections()
    }

    /// A pool of that name. What it is like is chosen on the builder; without a target it has only the
    /// connections that are [added](crate::reconnecting::Pool::add_connection), and they are made when
    /// somebody asks for one or polls [`run`](crate::reconnecting::Pool::run).
    ///
    /// # Errors
    ///
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists), if there is a pool of that name.
    pub fn create_pool(
        &self,
        name: impl Into<String>,
        choose: impl FnOnce(PoolBuilder) -> PoolBuilder,
    ) -> io::Result<Pool> {
        self.inner.create_pool_with(name, choose)
    }

    /// A pool of that name, of connections to one or several endpoints, as `config` says.
    ///
    /// # Errors
    ///
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists), if there is a pool of that name; and those of
    /// [`Connector::pool_with`].
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry::{PoolConfig, Registry};
    ///
    /// # let registry = Registry::default();
    /// let mut config = PoolConfig::default();
    /// config.max_size = 50;
    /// let pool = registry.create_pool_with("cache", ["unix:///run/memcached.sock"], &config)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn create_pool_with<E>(
        &self,
        name: impl Into<String>,
        endpoints: impl IntoIterator<Item = E>,
        config: &PoolConfig,
    ) -> io::Result<Pool>
    where
        E: TryInto<Endpoint>,
        E::Error: Into<InvalidEndpoint>,
    {
        self.create_pool(name, as_configured(endpoints, config)?)
    }

    /// The pool of that name.
    pub fn get_pool(&self, name: &str) -> Option<Pool> {
        self.inner.get_pool(name)
    }

    /// Takes the pool of that name out, so that its name is free. It goes on as long as somebody has it.
    pub fn remove_pool(&self, name: &str) -> Option<Pool> {
        self.inner.remove_pool(name)
    }

    /// Ends everything that was made through it, connections and pools, all in this time: politely until
    /// `deadline`, and then both ways. It always ends, and nothing reconnects after that.
    ///
    /// # Cancel safety
    ///
    /// Once it was polled, all of this is asked for. If it is dropped then, nobody ends what is not over
    /// at the deadline.
    pub async fn disconnect_all(&self, deadline: Duration) -> Disconnected {
        self.inner.disconnect_all(deadline).await
    }
}

/// With [`Connector::new`].
impl Default for Registry {
    fn default() -> Self {
        Self::new(usual_connector().clone())
    }
}
