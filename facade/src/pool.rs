//! Pools of connections to whatever a URI says.

use std::io;

use crate::{
    Connector, Endpoint, InvalidEndpoint, PoolConfig, reconnect::targets,
    retry::is_worth_another_attempt,
};

/// Several connections to the same, used in turn: what [`Connector::pool`] makes.
///
/// It is [`reconnecting::Pool`](crate::reconnecting::Pool) over a [`Connector`].
pub type Pool = socketry_connector_reconnecting::Pool<Connector, Endpoint>;

/// Chooses what a [`Pool`] is like.
///
/// It is [`reconnecting::PoolBuilder`](crate::reconnecting::PoolBuilder) over a [`Connector`].
pub type PoolBuilder = socketry_connector_reconnecting::PoolBuilder<Connector, Endpoint>;

impl Connector {
    /// A pool of connections to one or several endpoints. Nothing is opened before one is asked for.
    ///
    /// Each connection is made and comes back as with [`reconnect_to`](Self::reconnect_to). They share what
    /// they know of each endpoint.
    ///
    /// # Errors
    ///
    /// Those of [`reconnect_to`](Self::reconnect_to).
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
    /// use socketry::Connector;
    ///
    /// # future::block_on(async {
    /// # let mut server = socketry::bind(0).await?;
    /// # let address = server.local_address().unwrap();
    /// let pool = Connector::new().pool([address])?.build();
    /// let mut connection = pool.checkout().await?;
    /// connection.write_all(b"ping").await?;
    /// # let mut client = server.accept().await.unwrap()?;
    /// # client.write_all(b"pong").await?;
    /// let mut answer = [0; 4];
    /// connection.read_exact(&mut answer).await?;
    /// drop(connection); // returns it
    /// assert_eq!(pool.statistics().idle, 1);
    /// # std::io::Result::Ok(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn pool<E>(&self, endpoints: impl IntoIterator<Item = E>) -> io::Result<PoolBuilder>
    where
        E: TryInto<Endpoint>,
        E::Error: Into<InvalidEndpoint>,
    {
        self.pool_with(endpoints, &PoolConfig::default())
    }

    /// A pool of connections to one or several endpoints, as `config` says.
    ///
    /// # Errors
    ///
    /// Those of [`reconnect_with`](Self::reconnect_with).
    pub fn pool_with<E>(
        &self,
        endpoints: impl IntoIterator<Item = E>,
        config: &PoolConfig,
    ) -> io::Result<PoolBuilder>
    where
        E: TryInto<Endpoint>,
        E::Error: Into<InvalidEndpoint>,
    {
        let choose = as_configured(endpoints, config)?;
        let pool = choose(Pool::builder(self.clone()))
            .defaults(|sessions| sessions.retry_if(is_worth_another_attempt));
        Ok(match &self.wiring.clock {
            Some(clock) => pool.with_clock(clock.clone()),
            None => pool,
        })
    }
}

/// What makes a pool of connections to these endpoints, as `config` says.
pub(crate) fn as_configured<E>(
    endpoints: impl IntoIterator<Item = E>,
    config: &PoolConfig,
) -> io::Result<impl FnOnce(PoolBuilder) -> PoolBuilder>
where
    E: TryInto<Endpoint>,
    E::Error: Into<InvalidEndpoint>,
{
    let targets = config.connections.arrange(targets(endpoints)?);
    let (options, choose) = (config.to_options(), config.connections.to_choice()?);
    Ok(move |pool: PoolBuilder| pool.to(targets).options(options).connections(choose))
}
