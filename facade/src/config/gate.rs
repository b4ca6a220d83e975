//! Who may come in, as plain data.

use socketry_server::Network;

use super::AtLimitConfig;

/// Who may come in to a server and how many at once, before a byte is read and before TLS.
///
/// In a file:
///
/// ```toml
/// [gate]
/// max_open = 10000
/// max_open_per_prefix = 100
/// rate_per_prefix = { count = 10, per = "second", burst = 50 }
/// deny = ["192.0.2.0/24"]
/// exempt = ["10.0.0.0/8"]
/// ```
///
/// Deny goes before allow, and allow before the limits, which do not concern the exempt;
/// [`GateSettings`](crate::server::GateSettings) says it all. While the server runs the settings are
/// changed through [`Server::gate`](crate::Server::gate).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct GateConfig {
    /// How many sockets may be open at once, handshakes under way among them. By default any number;
    /// with 0 only the exempt come in. Behind proxies those are not among them whose proxy has not said
    /// yet who they are: [`ProxyConfig::most_headers`](crate::ProxyConfig::most_headers) limits these.
    pub max_open: Option<usize>,
    /// How many of them may be with one prefix: one address of IPv4, or the first 64 bits of IPv6, in
    /// which one host has as many addresses as it likes. By default any number.
    pub max_open_per_prefix: Option<usize>,
    /// How fast newcomers may come. By default at any rate.
    pub rate: Option<RateConfig>,
    /// How fast newcomers with one prefix may come. By default at any rate.
    pub rate_per_prefix: Option<RateConfig>,
    /// How many first bits of an IPv4 address are its prefix. By default 32, which is the address.
    pub ipv4_prefix: u8,
    /// How many first bits of an IPv6 address are its prefix. By default 64.
    pub ipv6_prefix: u8,
    /// Who may come in. By default the list is empty, and everybody may.
    #[cfg_attr(feature = "serde", serde(with = "super::networks"))]
    pub allow: Vec<Network>,
    /// Who may not come in, whatever the other lists say. By default nobody.
    #[cfg_attr(feature = "serde", serde(with = "super::networks"))]
    pub deny: Vec<Network>,
    /// Whom no limit concerns. By default nobody.
    #[cfg_attr(feature = "serde", serde(with = "super::networks"))]
    pub exempt: Vec<Network>,
    /// What becomes of newcomers when `max_open` is reached or `rate` is used up. By default they are
    /// closed. What concerns one prefix is refused in any case.
    pub at_limit: AtLimitConfig,
}

impl Default for GateConfig {
    fn default() -> Self {
        Self {
            max_open: None,
            max_open_per_prefix: None,
            rate: None,
            rate_per_prefix: None,
            ipv4_prefix: 32,
            ipv6_prefix: 64,
            allow: Vec::new(),
            deny: Vec::new(),
            exempt: Vec::new(),
            at_limit: AtLimitConfig::default(),
        }
    }
}

/// So many newcomers in a time, and so many at once.
///
/// # Examples
///
/// ```
/// use socketry::{GateConfig, RateConfig};
///
/// let mut gate = GateConfig::default();
/// gate.rate_per_prefix = Some(RateConfig::per_second(10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct RateConfig {
    /// How many. With 0 nobody comes in.
    pub count: u32,
    /// In what time.
    pub per: RatePeriod,
    /// How many at once, after nobody has come for a while. By default as many as in the time.
    #[cfg_attr(feature = "serde", serde(default))]
    pub burst: Option<u32>,
}

impl RateConfig {
    /// So many in a second.
    pub fn per_second(count: u32) -> Self {
        Self { count, per: RatePeriod::Second, burst: None }
    }

    /// So many in a minute.
    pub fn per_minute(count: u32) -> Self {
        Self { count, per: RatePeriod::Minute, burst: None }
    }
}

/// The time that a rate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RatePeriod {
    /// A second.
    Second,
    /// A minute.
    Minute,
}
