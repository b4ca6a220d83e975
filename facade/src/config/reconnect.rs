//! Connections that come back, as plain data.

use std::{io, time::Duration};

use socketry_connector::Connect;
use socketry_connector_reconnecting::{Heartbeat, Reconnecting, Targets};

use super::BackoffConfig;

/// How a connection comes back, as plain data: [`Connector::reconnect_with`](crate::Connector::reconnect_with).
///
/// With the feature `serde` it can be read; what is missing has its default, an unknown key is an
/// error, and durations are written as `60s` or `250ms`:
///
/// ```toml
/// order = "shuffled"
///
/// [backoff]
/// cap = "30s"
///
/// [heartbeat]
/// every = "30s"
/// says = "PING\r\n"
/// ```
///
/// A heartbeat asks the program at the other end, in the words of its protocol. Whether the other
/// *machine* is still there can be asked without any: that is an option of the socket, and so a part of
/// the connector ([`KeepaliveConfig`](crate::KeepaliveConfig), `[tcp.socket.keepalive]` in a file).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use socketry::{Connector, HeartbeatConfig, OrderConfig, ReconnectConfig};
///
/// let mut config = ReconnectConfig::default();
/// config.order = OrderConfig::Shuffled;
/// config.backoff.max_attempts = Some(10);
/// config.heartbeat = Some(HeartbeatConfig::new(Duration::from_secs(30), "PING\r\n"));
/// let endpoints = ["tcp://a.example:6379", "tcp://b.example:6379"];
/// let sessions = Connector::new().reconnect_with(endpoints, &config)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct ReconnectConfig {
    /// How long to wait between attempts, and when to give up.
    pub backoff: BackoffConfig,
    /// Which of several endpoints is tried after which. By default as they are given.
    pub order: OrderConfig,
    /// Whether the endpoint of the last session is tried before the others. By default not.
    pub last_good_first: bool,
    /// How a silent peer is asked whether it is still there. By default it is not.
    pub heartbeat: Option<HeartbeatConfig>,
}

/// Which of several endpoints is tried after which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum OrderConfig {
    /// As they are given.
    #[default]
    InOrder,
    /// By chance, another order for each round.
    Shuffled,
}

/// [`Heartbeat`] as plain data.
///
/// It is said while [`idle`](crate::reconnecting::Session::idle) waits, and only then.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        deny_unknown_fields,
        expecting = "a table such as { every = \"30s\", says = \"PING\\r\\n\" }"
    )
)]
#[non_exhaustive]
pub struct HeartbeatConfig {
    /// After how long a silence it is said. Zero means: as soon as there is nothing to do.
    #[cfg_attr(feature = "serde", serde(with = "super::duration"))]
    pub every: Duration,
    /// How long an answer may take, whatever it is; then the session is given up. By default 10
    /// seconds. Zero means that only what was there already counts.
    #[cfg_attr(feature = "serde", serde(default = "usual_patience", with = "super::duration"))]
    pub within: Duration,
    /// What is said, as it is: most protocols want the end of the line too. Nothing means that the
    /// peer has to speak unasked. For bytes that are no text there is
    /// [`Reconnecting::heartbeat`](crate::reconnecting::Reconnecting::heartbeat).
    pub says: String,
}

impl HeartbeatConfig {
    /// Says `says` after this much silence, and waits 10 seconds for an answer.
    pub fn new(every: Duration, says: impl Into<String>) -> Self {
        Self { every, within: usual_patience(), says: says.into() }
    }

    /// The heartbeat that this describes.
    pub fn to_heartbeat(&self) -> Heartbeat {
        Heartbeat::new(self.every, self.within, self.says.as_bytes())
    }
}

fn usual_patience() -> Duration {
    Duration::from_secs(10)
}

impl ReconnectConfig {
    /// What chooses the options of a connection as this describes them.
    pub(crate) fn to_choice<C, T>(
        &self,
    ) -> io::Result<impl Fn(Reconnecting<C, T>) -> Reconnecting<C, T> + Send + Sync + use<C, T>>
    where
        C: Connect<T> + 'static,
        T: Clone + Send + Sync + 'static,
    {
        let backoff = self.backoff.to_backoff()?;
        let heartbeat = self.heartbeat.as_ref().map(HeartbeatConfig::to_heartbeat);
        Ok(move |sessions: Reconnecting<C, T>| {
            let sessions = sessions.backoff(backoff.clone());
            match &heartbeat {
                Some(heartbeat) => sessions.heartbeat(heartbeat.clone()),
                None => sessions,
            }
        })
    }

    /// Puts targets into the order that this describes.
    pub(crate) fn arrange<T>(&self, targets: Targets<T>) -> Targets<T> {
        let targets = match self.order {
            OrderConfig::InOrder => targets,
            OrderConfig::Shuffled => targets.shuffled(),
        };
        if self.last_good_first { targets.last_good_first() } else { targets }
    }
}
