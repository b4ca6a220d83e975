//! Connections that come back, to whatever a URI says.

use std::io;

use socketry_connector_reconnecting::Targets;

use crate::{
    Connector, Endpoint, InvalidEndpoint, ReconnectConfig, Socket, builder::usual_connector,
    retry::is_worth_another_attempt,
};

/// One connection after the other to an [`Endpoint`]: what [`reconnect`] returns.
///
/// It is [`reconnecting::Reconnecting`](crate::reconnecting::Reconnecting) over a [`Connector`].
pub type Reconnecting = socketry_connector_reconnecting::Reconnecting<Connector, Endpoint>;

/// One connection, from its beginning to its loss: what a [`Reconnecting`] yields.
///
/// It is [`reconnecting::Session`](crate::reconnecting::Session) around a [`Socket`].
pub type Session = socketry_connector_reconnecting::Session<Socket>;

/// Names a service once, and yields one connection to it after the other, with a [`Connector`] as
/// [`Connector::new`] makes it: [`Connector::reconnect`].
///
/// Nothing is opened before the first session is asked for.
///
/// # Errors
///
/// Those of [`Connector::reconnect`].
///
/// # Examples
///
/// A server hangs up on everybody, and its client comes again:
///
/// ```
/// use futures_lite::{AsyncReadExt, future};
///
/// # future::block_on(async {
/// let mut server = socketry::bind(0).await?;
/// let address = server.local_address().unwrap();
/// let mut sessions = socketry::reconnect(address)?
/// #   .backoff(socketry::reconnecting::Backoff::grpc().stable_after(std::time::Duration::ZERO))
///     .on_reset(|reset| println!("lost: {}", reset.cause())); // lost: the peer has closed it
///
/// let hanging_up = async {
///     loop {
///         drop(server.accept().await);
///     }
/// };
/// let coming_again = async {
///     while let Some(session) = sessions.next().await {
///         let mut session = session?; // an error only if it gives up
///         let error = session.read(&mut [0]).await.unwrap_err();
///         println!("{error}"); // session 1 with tcp://127.0.0.1:36423 was lost after 96.4µs: ...
///         if session.generation() == 2 {
///             break;
///         }
///     }
///     std::io::Result::Ok(())
/// };
/// future::or(hanging_up, coming_again).await
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn reconnect<E>(endpoint: E) -> io::Result<Reconnecting>
where
    E: TryInto<Endpoint>,
    E::Error: Into<InvalidEndpoint>,
{
    usual_connector().reconnect(endpoint)
}

impl Connector {
    /// Connections to `endpoint` that come back: one session after the other, each a [`Socket`] of
    /// its own. Nothing is opened before the first one is asked for.
    ///
    /// Names are looked up anew for each attempt, and everything else is done anew too: the race of
    /// the addresses, the handshake of TLS. The timeout of this connector, by default 60 seconds,
    /// bounds each attempt; the [`Backoff`](crate::reconnecting::Backoff) may end it before, by
    /// default after 20 seconds or when the delay is over, whichever is later. Delays wait on the
    /// [clock](crate::ConnectorBuilder::clock) of this connector, if it has one.
    ///
    /// [`is_worth_another_attempt`] says which errors
    /// are; all of that can be changed in what is returned.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput), if the text is no endpoint, or one for servers
    /// only ([`InvalidEndpoint`] says why). Everything else is told when a session is asked for, also
    /// that a scheme is switched off.
    pub fn reconnect<E>(&self, endpoint: E) -> io::Result<Reconnecting>
    where
        E: TryInto<Endpoint>,
        E::Error: Into<InvalidEndpoint>,
    {
        self.reconnect_to([endpoint])
    }

    /// The same to several endpoints, each as good as the other, tried in this order: the next one
    /// at once when one has failed, and the delay only when all have.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput), if one of them is no endpoint for a client, or
    /// if there is none.
    ///
    /// # Examples
    ///
    /// ```
    /// # let connector = socketry::Connector::new();
    /// let sessions = connector.reconnect_to(["tls://a.example:443", "tls://b.example:443"])?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn reconnect_to<E>(
        &self,
        endpoints: impl IntoIterator<Item = E>,
    ) -> io::Result<Reconnecting>
    where
        E: TryInto<Endpoint>,
        E::Error: Into<InvalidEndpoint>,
    {
        Ok(self.sessions_to(targets(endpoints)?))
    }

    /// The same to one or several endpoints, as `config` says.
    ///
    /// # Errors
    ///
    /// Those of [`reconnect_to`](Self::reconnect_to), and those of
    /// [`BackoffConfig::to_backoff`](crate::BackoffConfig::to_backoff).
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry::{BackoffPreset, ReconnectConfig};
    ///
    /// # let connector = socketry::Connector::new();
    /// let mut config = ReconnectConfig::default();
    /// config.backoff.preset = BackoffPreset::Immediate;
    /// let sessions = connector.reconnect_with(["unix:///run/demo.sock"], &config)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn reconnect_with<E>(
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
        Ok(choose(self.sessions_to(targets)))
    }

    /// The same to [`Targets`], which have more orders.
    ///
    /// # Errors
    ///
    /// Those of [`reconnect_to`](Self::reconnect_to).
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry::{Endpoint, reconnecting::Targets};
    ///
    /// # let connector = socketry::Connector::new();
    /// let endpoints: Vec<Endpoint> = vec!["a.example:80".parse()?, "b.example:80".parse()?];
    /// let targets = Targets::list(endpoints).shuffled().last_good_first();
    /// let sessions = connector.reconnect_among(targets)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn reconnect_among(&self, targets: Targets<Endpoint>) -> io::Result<Reconnecting> {
        check(targets.as_slice())?;
        Ok(self.sessions_to(targets))
    }

    /// The same to what was checked.
    fn sessions_to(&self, targets: Targets<Endpoint>) -> Reconnecting {
        let sessions = Reconnecting::new(self.clone(), targets).retry_if(is_worth_another_attempt);
        match &self.wiring.clock {
            Some(clock) => sessions.with_clock(clock.clone()),
            None => sessions,
        }
    }
}

/// These endpoints as targets, if each is one for a client and there is any.
pub(crate) fn targets<E>(endpoints: impl IntoIterator<Item = E>) -> io::Result<Targets<Endpoint>>
where
    E: TryInto<Endpoint>,
    E::Error: Into<InvalidEndpoint>,
{
    let endpoints = endpoints.into_iter().map(|endpoint| endpoint.try_into().map_err(Into::into));
    let endpoints: Vec<Endpoint> = endpoints.collect::<Result<_, _>>()?;
    check(&endpoints)?;
    Ok(Targets::list(endpoints))
}

/// Refuses what no attempt could ever reach.
fn check(endpoints: &[Endpoint]) -> io::Result<()> {
    if endpoints.is_empty() {
        let text = "connection refused: the list of endpoints is empty; give one";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    for endpoint in endpoints {
        endpoint.clone().for_client()?;
    }
    Ok(())
}
