//! What is wired around a listener, in the order in which it has to be.

use std::sync::Arc;

use socketry_connection::Clock;
use socketry_server::AtLimit;
use socketry_server_limiting::{Alarm, LimitingServer, WhenBehind};

use crate::{
    Server,
    config::{AtLimitConfig, LimitsConfig, WhenBehindConfig},
};

/// An alarm: raised at so many, cleared at so many, and who is told.
pub(crate) type AlarmOptions = (usize, usize, Arc<dyn Fn(Alarm) + Send + Sync>);

impl From<AtLimitConfig> for AtLimit {
    fn from(config: AtLimitConfig) -> Self {
        match config {
            AtLimitConfig::Reject => Self::Reject,
            AtLimitConfig::Pause => Self::Pause,
        }
    }
}

impl From<WhenBehindConfig> for WhenBehind {
    fn from(config: WhenBehindConfig) -> Self {
        match config {
            WhenBehindConfig::Wait => Self::Wait,
            WhenBehindConfig::Drop => Self::Drop,
            WhenBehindConfig::Close => Self::Close,
        }
    }
}

impl LimitsConfig {
    /// The outermost layer.
    pub(crate) fn around(
        &self,
        inner: Server,
        alarms: &[AlarmOptions],
        clock: Option<&Arc<dyn Clock>>,
    ) -> Server {
        let mut server = LimitingServer::new(inner, self.max_connections)
            .at_limit(self.at_limit.into())
            .idle_timeout(self.idle_timeout)
            .max_lifetime(self.max_lifetime)
            .when_behind(self.max_behind, self.when_behind.into());
        if self.local_addresses {
            server = server.local_addresses();
        }
        for (raise_at, clear_at, hook) in alarms.iter().cloned() {
            server = server.alarm(raise_at, clear_at, move |alarm| hook(alarm));
        }
        match clock {
            Some(clock) => server.with_clock(clock.clone()).into(),
            None => server.into(),
        }
    }
}
