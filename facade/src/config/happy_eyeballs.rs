//! How the addresses of a host are tried, as plain data.

use std::time::Duration;

/// How the addresses of a host are tried: side by side, each a moment after the other (RFC 8305).
///
/// In a file: `happy_eyeballs = false` tries one address after the other; a table changes what it
/// names:
///
/// ```toml
/// [happy_eyeballs]
/// attempt_delay = "100ms"
/// families = "prefer_v4"
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(default, deny_unknown_fields, expecting = "true, false, or a table of options")
)]
#[non_exhaustive]
pub struct HappyEyeballs {
    /// How long an attempt is left alone before the next address is tried beside it. By default 250
    /// milliseconds, at least 10. An attempt that fails makes room at once; one that is slow is kept.
    #[cfg_attr(feature = "serde", serde(with = "super::duration"))]
    pub attempt_delay: Duration,
    /// How long the preferred family is waited for when the other one has answered first. By default
    /// 50 milliseconds. Zero means: not at all.
    #[cfg_attr(feature = "serde", serde(with = "super::duration"))]
    pub resolution_delay: Duration,
    /// Which families are looked up and tried, and which comes first. By default both, IPv6 first.
    pub families: AddressFamilies,
    /// How many addresses of the first family are tried before the families take turns. By default
    /// 1.
    pub first_family_count: usize,
    /// How many attempts may be under way at the same time. By default 0, which means any number.
    pub most_in_flight: usize,
    /// How long one attempt may take. By default as long as the system lets it. The timeout of the
    /// whole call is another one.
    #[cfg_attr(feature = "serde", serde(with = "super::duration::option"))]
    pub attempt_timeout: Option<Duration>,
    /// For how many hosts the address that was good last is remembered, to be tried first. By default
    /// 0, which means for none.
    pub remembered_hosts: usize,
}

impl Default for HappyEyeballs {
    fn default() -> Self {
        Self {
            attempt_delay: Duration::from_millis(250),
            resolution_delay: Duration::from_millis(50),
            families: AddressFamilies::default(),
            first_family_count: 1,
            most_in_flight: 0,
            attempt_timeout: None,
            remembered_hosts: 0,
        }
    }
}

/// Which families of addresses a host is reached over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum AddressFamilies {
    /// Both, IPv6 first.
    #[default]
    Both,
    /// Both, IPv4 first.
    PreferV4,
    /// IPv4 only: IPv6 addresses are not even asked for.
    OnlyV4,
    /// IPv6 only: IPv4 addresses are not even asked for.
    OnlyV6,
}
