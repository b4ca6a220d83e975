//! Pools of connections to whatever a URI says.

use std::io;

use crate::{
    Connector, Endpoint, InvalidEndpoint, PoolConfig,
    reconnect::{check, list},
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
        let targets = config.connections.arrange(list(endpoints)?);
        check(targets.as_slice())?;
        let choose = config.connections.to_choice()?;
        let mut pool = Pool::builder(self.clone())
            .to(targets)
            .options(config.to_options())
            .defaults(|sessions| sessions.retry_if(is_worth_another_attempt))
            .connections(choose);
        if let Some(clock) = &self.wiring.clock {
            pool = pool.with_clock(clock.clone());
        }
        Ok(pool)
    }
}
