//! What is wired around a listener, in the order in which it has to be.

use std::{sync::Arc, time::Duration};

use socketry_connection::Clock;
use socketry_server::AtLimit;
use socketry_server_gate::{Gate, GateSettings, Rate};
use socketry_server_limiting::{Alarm, LimitingServer, WhenBehind};
use socketry_server_proxy::{ProxyOptions, ProxyServer, Untrusted};

use crate::{
    Server, Setting,
    config::{
        AtLimitConfig, GateConfig, LimitsConfig, ProxyConfig, RateConfig, RatePeriod,
        UntrustedConfig, WhenBehindConfig,
    },
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

impl From<UntrustedConfig> for Untrusted {
    fn from(config: UntrustedConfig) -> Self {
        match config {
            UntrustedConfig::Refuse => Self::Refuse,
            UntrustedConfig::PassThrough => Self::PassThrough,
        }
    }
}

impl ProxyConfig {
    /// The innermost layer.
    pub(crate) fn around(&self, inner: Server, clock: Option<&Arc<dyn Clock>>) -> Server {
        let options = ProxyOptions::trusting(self.trusted.iter().copied())
            .trust_without_ip(self.trust_without_ip)
            .untrusted(self.untrusted.into())
            .most_headers(self.most_headers)
            .longest_header(self.longest_header);
        let options = match self.header_timeout {
            Setting::Off => options.header_within(None),
            Setting::On => options,
            Setting::With(timeout) => options.header_within(Duration::from(timeout)),
        };
        let server = ProxyServer::new(inner, options);
        match clock {
            Some(clock) => server.with_clock(clock.clone()).into(),
            None => server.into(),
        }
    }
}

impl From<RateConfig> for Rate {
    fn from(config: RateConfig) -> Self {
        let rate = match config.per {
            RatePeriod::Second => Self::per_second(config.count),
            RatePeriod::Minute => Self::per_minute(config.count),
        };
        rate.with_burst(config.burst.unwrap_or(config.count))
    }
}

impl GateConfig {
    /// The handle that this describes.
    pub(crate) fn to_gate(&self, clock: Option<&Arc<dyn Clock>>) -> Gate {
        let mut settings = GateSettings::default();
        settings.most_open = self.max_open;
        settings.most_open_per_prefix = self.max_open_per_prefix;
        settings.rate = self.rate.map(Rate::from);
        settings.rate_per_prefix = self.rate_per_prefix.map(Rate::from);
        settings.ipv4_prefix = self.ipv4_prefix;
        settings.ipv6_prefix = self.ipv6_prefix;
        settings.allow = self.allow.clone();
        settings.deny = self.deny.clone();
        settings.exempt = self.exempt.clone();
        settings.at_limit = self.at_limit.into();
        let gate = Gate::new(settings);
        match clock {
            Some(clock) => gate.with_clock(clock.clone()),
            None => gate,
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
