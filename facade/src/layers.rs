//! What is wired around a listener, in the order in which it has to be.

use std::{io, sync::Arc, time::Duration};

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
    /// That it means something.
    pub(crate) fn check(&self) -> io::Result<()> {
        let trusts_nobody = self.trusted.is_empty() && !self.trust_without_ip;
        if trusts_nobody && self.untrusted == UntrustedConfig::Refuse {
            return Err(invalid(
                "proxy: nobody is trusted, and so nobody could come in; name the networks of the proxies in trusted",
            ));
        }
        if self.most_headers == 0 {
            return Err(invalid(
                "proxy: most_headers is 0, and so nobody could come in; it is from 1 on",
            ));
        }
        match (232..=65535).contains(&self.longest_header) {
            true => Ok(()),
            false => Err(invalid(&format!(
                "proxy: longest_header is {}; it is from 232 to 65535",
                self.longest_header
            ))),
        }
    }

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
    /// That it means something.
    pub(crate) fn check(&self) -> io::Result<()> {
        for (name, prefix, most) in
            [("ipv4_prefix", self.ipv4_prefix, 32), ("ipv6_prefix", self.ipv6_prefix, 128)]
        {
            if prefix > most {
                return Err(invalid(&format!("gate: {name} is {prefix}; it is from 0 to {most}")));
            }
        }
        Ok(())
    }

    /// The handle that this describes, for several servers that are to share it
    /// ([`ServerBuilder::gate`](crate::ServerBuilder::gate)).
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput), if a setting has no meaning.
    pub fn to_gate(&self) -> io::Result<Gate> {
        self.check()?;
        Ok(self.to_gate_on(None))
    }

    pub(crate) fn to_gate_on(&self, clock: Option<&Arc<dyn Clock>>) -> Gate {
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
    /// Puts these limits around a server: one limit and one list for several endpoints, for example.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry::{LimitsConfig, Server, ServerGroup};
    ///
    /// # futures_lite::future::block_on(async {
    /// let mut limits = LimitsConfig::default();
    /// limits.max_connections = Some(50); // over both
    /// let both = [Server::bind("127.0.0.1:0").await?, Server::bind("[::1]:0").await?];
    /// let server = limits.around(ServerGroup::new(both).into());
    /// assert_eq!(server.connections().unwrap().limit(), Some(50));
    /// # std::io::Result::Ok(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn around(&self, server: Server) -> Server {
        self.around_on(server, &[], None)
    }

    /// The outermost layer.
    pub(crate) fn around_on(
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

fn invalid(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}
